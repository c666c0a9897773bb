package ssh

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"strconv"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/omamori-guard/omamori/cause"
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

// unknown is for a server of which no key is known: whoever answered, it would prove
// nothing.
func (l *link) unknown(err error) chain.Proof {
	file := l.settings.KnownHosts
	because := chain.Say("ssh.known_unread", "file", file, "error", err.Error())
	switch {
	case errors.Is(err, errNotKnown):
		because = chain.Say("ssh.not_known", "file", file, "where", l.address)
	case errors.Is(err, fs.ErrNotExist):
		because = chain.Say("ssh.known_missing", "file", file)
	}
	return chain.Untried(because, chain.Say("ssh.known_hint", "file", file))
}

// name is the service as a person would call it.
func (l *link) name() string {
	if l.settings.Service != "" {
		return l.settings.Service
	}
	return "ssh"
}

// silence is a hang only if the process is known to be stopped, or it is not the
// first in a row: a busy host can be slow once, and a hang is answered by a kill.
func (l *link) silence(ctx context.Context, t *trial, took time.Duration) chain.Proof {
	l.silent++
	if l.settings.Service != "" && l.at.Hands != nil {
		p, err := l.at.Hands.Process(ctx, l.settings.Service)
		if err == nil && p.Running && p.State == "T" {
			proof := chain.Broke(cause.Hung, chain.Say("ssh.stopped", "where", l.address, "pid", p.PID), chain.Say("ssh.stopped_hint", "pid", p.PID))
			proof.Evidence = []string{"/proc/" + strconv.Itoa(p.PID) + "/stat: T"}
			return proof
		}
	}
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	var because chain.Text
	switch {
	case t.phase() == greeting:
		because = chain.Say("ssh.no_banner", "where", l.address, "after", took)
	case t.phase() == running:
		because = chain.Say("ssh.slow_command", "where", l.address, "after", took)
	default:
		because = chain.Say("ssh.slow_login", "where", l.address, "after", took)
	}
	if l.silent >= 2 && t.phase() == greeting {
		return chain.Broke(cause.Hung, because, chain.Say("ssh.hung_hint", "service", l.name()))
	}
	return chain.Broke("timeout", because, chain.Say("ssh.slow_hint", "service", l.name()))
}

// explain names what a server said, or how a login failed.
func (l *link) explain(ctx context.Context, t *trial, err error) chain.Proof {
	var none *ssh.AlgorithmNegotiationError
	switch {
	case t.phase() == connecting:
		return probe.Broke(ctx, err, l.address)
	case errors.Is(err, errHostKey):
		return l.changed(t)
	case errors.As(err, &none):
		p := chain.Broke("no_algorithm", chain.Say("ssh.no_algorithm", "where", l.address), chain.Say("ssh.no_algorithm_hint"))
		p.Evidence = []string{probe.Quote([]byte(none.Error()))}
		return p
	case t.phase() < entering:
		return l.notSSH(t)
	case t.phase() == entering && t.conn.ended():
		return chain.Broke("closed", chain.Say("ssh.closed", "where", l.address), chain.Say("ssh.log_hint", "service", l.name()))
	case t.phase() == entering && t.offered.Load():
		p := chain.Broke("login_refused", chain.Say("ssh.login_refused", "user", l.settings.User, "where", l.address),
			chain.Say("ssh.login_refused_hint", "user", l.settings.User, "service", l.name()))
		p.Evidence = []string{probe.Quote([]byte(err.Error()))}
		return p
	case t.phase() == entering:
		p := chain.Broke("wrong_key", chain.Say("ssh.wrong_key", "user", l.settings.User, "where", l.address),
			chain.Say("ssh.wrong_key_hint", "user", l.settings.User, "service", l.name()))
		p.Evidence = []string{probe.Quote([]byte(err.Error()))}
		return p
	}
	return l.commandFailed(t, err)
}

func (l *link) changed(t *trial) chain.Proof {
	key := t.shown.Load()
	shown := ssh.FingerprintSHA256(key.PublicKey)
	wanted := l.pin.fingerprint
	if wanted == "" {
		wanted = l.settings.KnownHosts
	}
	p := chain.Broke("host_key_changed", chain.Say("ssh.host_key_changed", "where", l.address, "shown", shown, "wanted", wanted),
		chain.Say("ssh.host_key_changed_hint", "shown", shown))
	p.Evidence = []string{key.Type() + " " + shown}
	return p
}

// notSSH is for a peer that did not get as far as showing a key.
func (l *link) notSSH(t *trial) chain.Proof {
	var p chain.Proof
	first := t.conn.heard()
	switch {
	case len(first) == 0:
		return chain.Broke("closed", chain.Say("ssh.closed", "where", l.address), chain.Say("ssh.log_hint", "service", l.name()))
	case bytes.HasPrefix(first, []byte("Exceeded MaxStartups")), bytes.HasPrefix(first, []byte("Not allowed at this time")):
		p = chain.Broke("too_many_connections", chain.Say("ssh.too_many", "where", l.address), chain.Say("ssh.too_many_hint"))
	case bytes.HasPrefix(first, []byte("SSH-")):
		p = chain.Broke("closed", chain.Say("ssh.handshake", "where", l.address), chain.Say("ssh.log_hint", "service", l.name()))
	default:
		p = chain.Broke("not_ssh", chain.Say("ssh.not_ssh", "where", l.address), chain.Say("ssh.not_ssh_hint"))
	}
	p.Evidence = []string{"it said " + probe.Quote(first)}
	return p
}

func (l *link) commandFailed(t *trial, err error) chain.Proof {
	hint := chain.Say("ssh.command_hint", "user", l.settings.User)
	because := chain.Say("ssh.command_failed", "user", l.settings.User, "where", l.address)
	var exit *ssh.ExitError
	if errors.As(err, &exit) {
		because = chain.Say("ssh.command_code", "user", l.settings.User, "where", l.address, "code", exit.ExitStatus())
	}
	p := chain.Broke("command_failed", because, hint)
	if said := probe.Quote(t.stderr.Bytes()); said != "" {
		p.Evidence = append(p.Evidence, "it said "+said)
	}
	p.Evidence = append(p.Evidence, probe.Quote([]byte(err.Error())))
	return p
}
