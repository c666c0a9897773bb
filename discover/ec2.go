package discover

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/probe"
)

// EC2 is what an instance's metadata tell. The rest of them (user data, credentials)
// is never asked for.
type EC2 struct {
	// Kind is the instance's type. What could not be learnt is "".
	Kind, Instance, Region string
	// Groups are the names of its security groups.
	Groups []string
}

// metadataService is where EC2 answers.
const metadataService = "http://169.254.169.254"

var plainWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$`)

// ec2 tells of the EC2 instance that this is, nil for none. The metadata service is
// asked only where the firmware says that it is there: elsewhere the address is
// anybody's.
func ec2(ctx context.Context, m machine, service string) *EC2 {
	firmware := m.read("/sys/class/dmi/id/sys_vendor") + m.read("/sys/class/dmi/id/board_vendor") + m.read("/sys/class/dmi/id/bios_version")
	if !strings.Contains(strings.ToLower(firmware), "amazon") && !strings.HasPrefix(m.read("/sys/hypervisor/uuid"), "ec2") {
		return nil
	}
	e := &EC2{}
	base, err := url.Parse(service)
	if err != nil {
		return e
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	ask := func(method, path, header, value string) string {
		u := *base
		u.Path = strings.TrimSuffix(base.Path, "/") + path
		a, err := probe.Do(ctx, probe.Request{Method: method, URL: &u, Header: map[string]string{header: value}, MaxBody: 4096})
		if err != nil || a.Status != 200 {
			return ""
		}
		return strings.TrimSpace(string(a.Body))
	}
	// Version 2: a token first.
	token := ask("PUT", "/latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds", "60")
	if token == "" || strings.ContainsAny(token, " \r\n") {
		return e
	}
	get := func(path string) string {
		return ask("GET", "/latest/meta-data/"+path, "X-aws-ec2-metadata-token", token)
	}
	for path, into := range map[string]*string{"instance-type": &e.Kind, "instance-id": &e.Instance, "placement/region": &e.Region} {
		if word := get(path); plainWord.MatchString(word) {
			*into = word
		}
	}
	for name := range strings.Lines(get("security-groups")) {
		if name = strings.TrimSpace(name); name != "" && len(name) <= 255 && len(e.Groups) < 5 {
			e.Groups = append(e.Groups, name)
		}
	}
	return e
}
