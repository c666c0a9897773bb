package main_test

import (
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/aws/awstest"
	"github.com/omamori-guard/omamori/cloud"
)

// The real program, asked as the guard asks it.
func TestProgram(t *testing.T) {
	path := filepath.Join(t.TempDir(), "omamori-aws")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	const sg = "sg-0123456789abcdef0"
	c := awstest.New(t)
	u := c.AddUser("owner", awstest.Allow("ec2:*"))
	c.Use(t, u)
	c.AddGroup(awstest.Group{ID: sg})
	client := cloud.Client{Run: cloud.Program(path)}
	w := cloud.Wish{Target: cloud.Target{Group: sg}, From: netip.MustParsePrefix("203.0.113.5/32"), Ports: []uint16{22}, Last: time.Hour, Longest: time.Hour, Most: 1}
	got, err := client.Open(t.Context(), cloud.Access{}, w)
	if err != nil || !got.Seen || len(c.Rules(sg)) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	serial := c.AddDevice(u, "phone", "s")
	err = client.ProveCode(t.Context(), cloud.Access{}, cloud.Code{Serial: serial, Code: "918273"})
	var e *cloud.Error
	if !errors.As(err, &e) || e.Code != cloud.WrongCode {
		t.Errorf("%v", err)
	}
	for name, in := range map[string]string{
		"nothing": "", "no JSON": "hello", "two": `{"do":"serial","with":{}}{}`, "endless": strings.Repeat(" ", 1<<20), "unknown": `{"do":"rm","with":{}}`,
		"a field too many": `{"do":"serial","with":{},"shell":"sh"}`, "wrong type": `{"do":7}`,
	} {
		cmd := exec.Command(path)
		cmd.Stdin = strings.NewReader(in)
		out, err := cmd.Output()
		if err != nil || !strings.Contains(string(out), `"bad_request"`) {
			t.Errorf("%s: %s, %v", name, out, err)
		}
	}
	cmd := exec.Command(path, "--help")
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "standard input") {
		t.Errorf("%s, %v", out, err)
	}
}
