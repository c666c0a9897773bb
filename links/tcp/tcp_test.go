package tcp

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe/probetest"
)

// sshd starts a real one, which greets whoever connects.
func sshd(t *testing.T) (address string, daemon *os.Process) {
	t.Helper()
	const program = "/usr/sbin/sshd"
	if _, err := os.Stat(program); err != nil {
		probetest.Needs(t, "Debian's package openssh-server: "+err.Error())
	}
	if os.Geteuid() != 0 {
		probetest.Needs(t, "root: sshd changes its user")
	}
	const jail = "/run/sshd" // what Debian's own service makes
	if err := os.MkdirAll(jail, 0o755); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	l.Close()
	var said bytes.Buffer
	cmd := exec.Command(program, "-D", "-e", "-f", "/dev/null", "-h", key, "-p", port, "-o", "ListenAddress=127.0.0.1", "-o", "PidFile=none")
	cmd.Stderr = &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-done })
	probetest.Until(t, "sshd answers", func() bool {
		select {
		case <-done:
			t.Fatalf("sshd has ended: %s", &said)
		default:
		}
		c, err := net.Dial("tcp", address)
		return err == nil && c.Close() == nil
	})
	return address, cmd.Process
}

func TestGreets(t *testing.T) {
	address, daemon := sshd(t)
	p := made(t, settings{Address: address, Greets: "^SSH-2", Service: "ssh"})
	probetest.Expect(t, probetest.Prove(p, 10*time.Second), chain.Holds, "")
	probetest.Expect(t, probetest.Prove(made(t, settings{Address: address}), 10*time.Second), chain.Holds, "")
	probetest.Expect(t, probetest.Prove(made(t, settings{Address: address, Greets: "^220 "}), time.Second), chain.Broken, "wrong_greeting")

	if err := daemon.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	alive := chain.Evidence{Service: "ssh", Process: chain.Process{PID: daemon.Pid, Running: true, State: "S"}}
	proof := probetest.Prove(p, 300*time.Millisecond)
	probetest.Expect(t, proof, chain.Broken, "silent")
	if plan := p.Plan(proof, alive); len(plan.Deeds) > 0 {
		t.Errorf("one silence is answered by %+v", plan.Deeds)
	}
	proof = probetest.Prove(p, 300*time.Millisecond)
	probetest.Expect(t, proof, chain.Broken, "hung")
	if plan := p.Plan(proof, alive); plan.Cause != "hung" || len(plan.Deeds) != 2 {
		t.Errorf("planned %+v", plan)
	}
	// It accepts, which is all that this one asks.
	probetest.Expect(t, probetest.Prove(made(t, settings{Address: address}), time.Second), chain.Holds, "")
	if err := daemon.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	probetest.Until(t, "it greets again", func() bool { return probetest.Prove(p, time.Second).Verdict == chain.Holds })
	if p.silent != 0 {
		t.Error("a greeting does not end the silence")
	}

	if err := daemon.Kill(); err != nil {
		t.Fatal(err)
	}
	probetest.Until(t, "nothing listens", func() bool { return probetest.Prove(p, time.Second).Cause == "refused" })
	plan := p.Plan(probetest.Prove(p, time.Second), chain.Evidence{Service: "ssh", Process: chain.Process{PID: 1, KnownExit: true, Signal: 9}})
	if plan.Cause != "killed" || len(plan.Deeds) != 1 {
		t.Errorf("planned %+v", plan)
	}
}

func TestSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	p := made(t, settings{Socket: path})
	probetest.Expect(t, probetest.Prove(p, time.Second), chain.Broken, "no_socket")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	probetest.Expect(t, probetest.Prove(p, time.Second), chain.Holds, "")
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	probetest.Expect(t, probetest.Prove(p, time.Second), chain.Broken, "refused")
}

// Whatever is said comes in pieces, slowly, or without end.
func TestHowItGreets(t *testing.T) {
	say := func(pieces ...string) func(net.Conn) {
		return func(c net.Conn) {
			for _, s := range pieces {
				_, _ = io.WriteString(c, s)
				time.Sleep(time.Millisecond)
			}
			_, _ = io.Copy(io.Discard, c)
		}
	}
	for name, c := range map[string]struct {
		greets string
		talk   func(net.Conn)
		cause  string
	}{
		"in pieces":          {"^220 mail", say("2", "20 m", "ail\r\n"), ""},
		"more than asked":    {"ready", say("220 mail\r\n", "220 ready\r\n", strings.Repeat("x", 4096)), ""},
		"at the very end":    {"ready$", say(strings.Repeat("x", maxGreeting-5) + "ready"), ""},
		"beyond the end":     {"ready$", say(strings.Repeat("x", maxGreeting) + "ready"), "wrong_greeting"},
		"something else":     {"^220 mail", say("554 no\r\n"), "wrong_greeting"},
		"escapes":            {"^220 mail", say("\x1b[2J\x00\xff\r\n"), "wrong_greeting"},
		"hangs up after it":  {"^220 mail", func(c net.Conn) { _, _ = io.WriteString(c, "220 mail") }, ""},
		"hangs up before it": {"^220 mail", func(c net.Conn) { _, _ = io.WriteString(c, "220 ") }, "wrong_greeting"},
		"hangs up":           {"^220 mail", func(net.Conn) {}, "closed"},
		"nothing is enough":  {"^$", say(), ""},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				if conn, err := l.Accept(); err == nil {
					c.talk(conn)
					conn.Close()
				}
			}()
			defer func() { l.Close(); <-done }()
			proof := probetest.Prove(made(t, settings{Address: l.Addr().String(), Greets: c.greets}), time.Second)
			if c.cause == "" {
				probetest.Expect(t, proof, chain.Holds, "")
				return
			}
			probetest.Expect(t, proof, chain.Broken, c.cause)
		})
	}
}

func TestMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		set   settings
		field string
	}{
		"nowhere":   {settings{}, "address"},
		"both":      {settings{Address: "h:1", Socket: "/s"}, "socket"},
		"no port":   {settings{Address: "h"}, "address"},
		"relative":  {settings{Socket: "s"}, "socket"},
		"a pattern": {settings{Address: "h:1", Greets: "("}, "greets"},
	} {
		_, err := build(c.set, chain.Place{})
		if e, ok := errors.AsType[*chain.SettingError](err); !ok || e.Field != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func made(t *testing.T, s settings) *link {
	t.Helper()
	p, err := build(s, chain.Place{Link: "it"})
	if err != nil {
		t.Fatal(err)
	}
	return p.(*link)
}
