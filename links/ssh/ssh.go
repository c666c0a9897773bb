// Package ssh is the kind "ssh": a key gets a user into a server whose own key is
// known, and a command runs there.
package ssh

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/cause"
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

type settings struct {
	Address    string       `yaml:"address" doc:"host or host:port of the server; the port is 22 by default"`
	User       string       `yaml:"user" doc:"who logs in"`
	Key        chain.Secret `yaml:"key" doc:"where the private key is: file:PATH, env:NAME or credential:NAME; it has no passphrase"`
	HostKey    string       `yaml:"host_key" doc:"the server's key: its fingerprint (SHA256:…), or the line of its .pub file"`
	KnownHosts string       `yaml:"known_hosts" doc:"a known_hosts file with the server's key, in place of host_key"`
	Service    string       `yaml:"service" doc:"the service that hands start again to mend it"`
}

const example = `address: 127.0.0.1:22
user: omamori
key: file:/etc/omamori/ssh/id_ed25519
host_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHy2CnsyuEGRFuQGrRzSH5nOBxG4VGoMvZGrWqzMKYUl
service: ssh
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("ssh", example, settings{}, build)
	k.Beat, k.Timeout = "1m", "10s"
	return k
}

const defaultPort = "22"

func build(s settings, at chain.Place) (chain.Prover, error) {
	var bad []error
	wrong := func(field string, text chain.Text) {
		bad = append(bad, &chain.SettingError{Field: field, Text: text})
	}
	l := &link{settings: s, at: at}
	address, ok := withPort(s.Address)
	switch {
	case s.Address == "":
		wrong("address", chain.Say("ssh.no_address"))
	case !ok:
		wrong("address", chain.Say("ssh.bad_address", "value", s.Address))
	}
	l.address = address
	if s.User == "" {
		wrong("user", chain.Say("ssh.no_user"))
	}
	if s.Key == "" {
		wrong("key", chain.Say("ssh.no_key"))
	}
	switch {
	case s.HostKey != "" && s.KnownHosts != "":
		wrong("known_hosts", chain.Say("ssh.host_key_twice"))
	case s.HostKey != "":
		p, err := parsePin(s.HostKey)
		if err != nil {
			wrong("host_key", chain.Say("ssh.bad_host_key"))
		}
		l.pin = p
	case s.KnownHosts == "":
		wrong("host_key", chain.Say("ssh.no_host_key"))
	case !filepath.IsAbs(s.KnownHosts):
		wrong("known_hosts", chain.Say("ssh.not_absolute", "value", s.KnownHosts))
	}
	if len(bad) > 0 {
		return nil, errors.Join(bad...)
	}
	return l, nil
}

// withPort completes an address.
func withPort(s string) (address string, ok bool) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		host, port = s, defaultPort
	}
	if _, err := netip.ParseAddr(host); err != nil && strings.ContainsAny(host, ":[]/ ") {
		return "", false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return net.JoinHostPort(host, port), host != "" && err == nil && n > 0
}

// link proves that one can log in.
type link struct {
	settings settings
	at       chain.Place
	address  string
	pin      pin // the zero pin where known_hosts tells
	// family is the sort of host key that was the pinned one last time.
	family int
	// silent counts the proofs in a row that ended in silence.
	silent int
}

var (
	_ chain.Mender  = (*link)(nil)
	_ chain.Watcher = (*link)(nil)
)

func (l *link) Service() string { return l.settings.Service }

// Plan restarts nothing for what a living server has said by itself.
func (l *link) Plan(p chain.Proof, e chain.Evidence) chain.Plan {
	if p.Cause == "wrong_key" {
		if plan, ok := l.modes(p, e); ok {
			return plan
		}
	}
	if told(p.Cause) {
		return chain.Plan{Cause: p.Cause, Why: p.Because, Evidence: p.Evidence, Next: p.Hint}
	}
	return cause.Plan(p, e)
}

// modes finds in the server's log that it ignored the key of this trial because others
// could write to its file, or to a folder above it.
func (l *link) modes(p chain.Proof, e chain.Evidence) (chain.Plan, bool) {
	for _, line := range slices.Backward(cause.Recent(e, e.At.Sub(p.At.Add(-slack)))) {
		m := refused.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		plan := chain.Plan{
			Cause: "wrong_permissions", Evidence: append([]string{probe.Quote([]byte(line))}, p.Evidence...),
			Why:  chain.Say("ssh.modes", "path", m[1], "where", l.address),
			Next: chain.Say("ssh.modes_look", "user", l.settings.User, "service", l.name()),
		}
		if cause.PlainPath(m[1]) {
			plan.Next = chain.Say("ssh.modes_hint", "path", m[1], "user", l.settings.User)
		}
		return plan, true
	}
	return chain.Plan{}, false
}

// refused is the line, with or without what a syslog writes before it, and nothing else:
// other lines have in them what anybody on the network has given as his name.
var refused = regexp.MustCompile(`^(?:(?:[A-Z][a-z]{2} [ \d]\d [\d:]{8}|\d{4}-[-\d]+T\S+) \S+ sshd(?:-session)?\[\d+\]: )?` +
	`Authentication refused: bad ownership or modes for (?:file|directory) (.+)$`)

// slack is for the fractions of a second that a log leaves out.
const slack = 2 * time.Second

// told reports whether a cause is what an answering server has told.
func told(c string) bool {
	switch c {
	case "host_key_changed", "wrong_key", "login_refused", "command_failed", "not_ssh", "too_many_connections", "no_algorithm":
		return true
	}
	return false
}

var errNoService = errors.New("no service to watch")

// Watch wakes when the server's main process has ended.
func (l *link) Watch(ctx context.Context, wake func()) error {
	if l.settings.Service == "" || l.at.Hands == nil {
		return errNoService
	}
	return l.at.Hands.Watch(ctx, l.settings.Service, wake)
}
