// Package knock is the kind "knock": from here a knock opens a door, SSH logs in behind it,
// and the lease ends: the whole way in, drilled.
package knock

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/door"
	"github.com/omamori-guard/omamori/door/knock"
	"github.com/omamori-guard/omamori/probe"
)

type settings struct {
	Pass       chain.Secret  `yaml:"pass" doc:"where the door's line (omamori-door1:…) is: file:PATH, env:NAME or credential:NAME"`
	Key        string        `yaml:"key" doc:"the file of the SSH key that knocks, without a passphrase; by default what the agent has"`
	Port       int           `yaml:"port" doc:"the TCP port behind the door"`
	User       string        `yaml:"user" doc:"who logs in by SSH, with the key that knocks"`
	HostKey    string        `yaml:"host_key" doc:"the SSH server's key, the line of its .pub file"`
	KnownHosts string        `yaml:"known_hosts" doc:"a known_hosts file with the SSH server's key, in place of host_key"`
	Greets     string        `yaml:"greets" doc:"what a service that is not SSH says first; then nobody logs in"`
	Lease      time.Duration `yaml:"lease" doc:"how long the lease of a trial lasts; a trial takes as long"`
}

const example = `pass: file:/etc/omamori/doors/server
key: /etc/omamori/ssh/id_ed25519
user: omamori
host_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHy2CnsyuEGRFuQGrRzSH5nOBxG4VGoMvZGrWqzMKYUl
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("knock", example, settings{Port: 22, Lease: 3 * time.Second}, build)
	k.Beat, k.Timeout = "1h", "30s"
	return k
}

const longestLease = 15 * time.Second

func build(s settings, _ chain.Place) (chain.Prover, error) {
	var bad []error
	wrong := func(field string, text chain.Text) {
		bad = append(bad, &chain.SettingError{Field: field, Text: text})
	}
	if s.Pass == "" {
		wrong("pass", chain.Say("knock.no_pass"))
	}
	if s.Port < 1 || s.Port > 65535 {
		wrong("port", chain.Say("knock.bad_port", "port", s.Port))
	}
	if s.Lease < door.Shortest || s.Lease > longestLease || s.Lease%time.Second != 0 {
		wrong("lease", chain.Say("knock.bad_lease", "min", door.Shortest, "max", longestLease))
	}
	switch {
	case s.Greets != "" && s.User != "":
		wrong("greets", chain.Say("knock.greets_and_user"))
	case s.Greets == "" && s.User == "":
		wrong("user", chain.Say("knock.no_user"))
	}
	l := &link{settings: s}
	switch {
	case s.User == "":
	case s.HostKey != "" && s.KnownHosts != "":
		wrong("known_hosts", chain.Say("ssh.host_key_twice"))
	case s.HostKey != "":
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(s.HostKey))
		if err != nil {
			wrong("host_key", chain.Say("knock.bad_host_key"))
		}
		l.pin = key
	case s.KnownHosts == "":
		wrong("host_key", chain.Say("ssh.no_host_key"))
	case !filepath.IsAbs(s.KnownHosts):
		wrong("known_hosts", chain.Say("ssh.not_absolute", "value", s.KnownHosts))
	}
	return l, errors.Join(bad...)
}

type link struct {
	settings
	pin ssh.PublicKey // nil where known_hosts tells
}

const (
	// closedTime is how long a port that drops is waited for.
	closedTime = time.Second
	// loginTime is how long a login is waited for: that of a busy server is slow.
	loginTime = 20 * time.Second
	// lateness is how long after its time a lease may still be seen.
	lateness = 500 * time.Millisecond
)

func (l *link) Prove(ctx context.Context) chain.Proof {
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	p := l.prove(ctx)
	if p.Verdict != chain.Holds && probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	return p
}

func (l *link) prove(ctx context.Context) chain.Proof {
	line, err := probe.Secret(l.Pass)
	var pass *knock.Pass
	if err == nil {
		pass, err = knock.ParsePass(line)
	}
	if err != nil {
		failed := &knock.PassError{Door: string(l.Pass), Where: string(l.Pass), Err: err}
		text, hint := failed.Said()
		return chain.Untried(text, hint)
	}
	way, keys, err := knock.Settings{Key: l.Key, For: l.Lease}.Way(pass)
	if err != nil {
		text, hint, _ := chain.Spoken(err)
		return chain.Untried(text, hint) // ours, not the door's
	}
	defer keys.Close()
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", pass.Host)
	if err != nil {
		return probe.Broke(ctx, err, pass.Host)
	}
	to := netip.AddrPortFrom(addresses[0].Unmap(), uint16(l.Port))
	var known *ssh.ClientConfig
	if l.User != "" {
		// Before anything is opened: whoever answered, it would prove nothing.
		if known, err = l.known(pass.Host, way.Keys); err != nil {
			return chain.Untried(chain.Say("ssh.known_unread", "file", l.KnownHosts, "error", err.Error()), chain.Say("ssh.known_hint", "file", l.KnownHosts))
		}
	}
	if c, err := dial(ctx, to, closedTime); err == nil {
		// Somebody at this address may have a lease; the kind firewall says whether the
		// port is closed to others.
		_ = c.Close()
		return chain.Untried(chain.Say("knock.open_before", "where", to), chain.Say("knock.open_before_hint"))
	}
	began := time.Now()
	a, err := way.Knock(ctx, to.Addr(), to.Port())
	if err != nil {
		return broke(err)
	}
	opened := time.Since(began)
	if p, ok := l.entered(ctx, to, pass.Host, known); !ok {
		return p
	}
	return l.ends(ctx, to, a, opened)
}

// broke is a knock that brought no lease.
func broke(err error) chain.Proof {
	text, hint, ok := chain.Spoken(err)
	if !ok {
		text = chain.ErrorText(err)
	}
	code := "door_silent"
	var refused *knock.RefusedError
	var silent *knock.SilentError
	switch {
	case errors.As(err, &refused):
		code = "door_" + refused.Code.String()
	case errors.As(err, &silent):
		if silent.Nobody {
			code = "nobody_knocks"
		}
	default: // our own network, or our own key
		return chain.Untried(text, hint)
	}
	if hint.IsZero() {
		hint = chain.Say("knock.refused_firewall_hint")
	}
	return chain.Broke(code, text, hint)
}

// entered says whether one gets in, or where nobody logs in, whether the service greets.
func (l *link) entered(ctx context.Context, to netip.AddrPort, host string, known *ssh.ClientConfig) (chain.Proof, bool) {
	c, err := dial(ctx, to, 5*time.Second)
	if err != nil {
		failed := &knock.WayError{Link: knock.LinkPort, Where: to.String(), Let: true, Err: err}
		text, hint := failed.Said()
		code := "dropped_behind"
		if errors.Is(err, syscall.ECONNREFUSED) {
			code = "refused"
		}
		return chain.Broke(code, text, hint), false
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(loginTime))
	defer context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })()
	if known != nil {
		return l.login(ctx, c, to, host, known)
	}
	heard := make([]byte, len(l.Greets))
	if _, err := io.ReadFull(c, heard); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return probe.Broke(ctx, err, to.String()), false
	}
	if string(heard) != l.Greets {
		p := chain.Broke("wrong_greeting", chain.Say("knock.wrong_greeting", "where", to), chain.Say("knock.wrong_greeting_hint"))
		p.Evidence = []string{probe.Quote(heard)}
		return p, false
	}
	return chain.Proof{}, true
}

// ends waits for the lease's end, and sees whether it is one.
func (l *link) ends(ctx context.Context, to netip.AddrPort, a knock.Answer, opened time.Duration) chain.Proof {
	over := time.NewTimer(time.Until(a.Until) + lateness)
	defer over.Stop()
	select {
	case <-ctx.Done():
		return chain.Untried(chain.Say("knock.no_time", "lease", l.Lease), chain.Say("knock.no_time_hint"))
	case <-over.C:
	}
	c, err := dial(ctx, to, closedTime)
	if err == nil {
		_ = c.Close()
		if inUse(to) {
			return chain.Untried(chain.Say("knock.in_use", "where", to), chain.Say("knock.in_use_hint"))
		}
		return chain.Broke("lease_stays", chain.Say("knock.lease_stays", "where", to, "lease", a.ID), chain.Say("knock.lease_stays_hint"))
	}
	if errors.Is(err, syscall.ECONNREFUSED) { // a closed door drops: this came past it
		return chain.Broke("lease_stays", chain.Say("knock.lease_answers", "where", to, "lease", a.ID), chain.Say("knock.lease_stays_hint"))
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, context.DeadlineExceeded) && !isTimeout(err) {
		return chain.Untried(chain.ErrorText(err), chain.Text{})
	}
	p := chain.Held(chain.Say("knock.holds", "where", to))
	if l.User != "" {
		p = chain.Held(chain.Say("knock.holds_login", "where", to, "user", l.User))
	}
	p.Figures = []chain.Figure{{Name: "open_ms", Value: float64(opened.Microseconds()) / 1000}}
	return p
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

func dial(ctx context.Context, to netip.AddrPort, patience time.Duration) (net.Conn, error) {
	d := net.Dialer{Timeout: patience}
	return d.DialContext(ctx, "tcp", net.JoinHostPort(to.Addr().String(), strconv.Itoa(int(to.Port()))))
}
