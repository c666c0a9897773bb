package ssh

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe/probetest"
)

// enough is time for whatever answers in the end, on a machine however busy.
const enough = time.Minute

func TestLogin(t *testing.T) {
	s := newServer(t)
	expect(t, probetest.Prove(s.link(settings{}), enough), chain.Holds, "ssh.holds")
	// A fingerprint does not tell of which sort its key is.
	for _, kind := range []string{"ed25519", "ecdsa", "rsa"} {
		l := s.link(settings{HostKey: s.fingerprint("host_" + kind + ".pub")})
		expect(t, probetest.Prove(l, enough), chain.Holds, "ssh.holds")
		expect(t, probetest.Prove(l, enough), chain.Holds, "ssh.holds")
		expect(t, probetest.Prove(s.link(settings{HostKey: s.read("host_" + kind + ".pub")}), enough), chain.Holds, "ssh.holds")
	}
	// So does a key of another sort.
	s.keygen("rsakey", "rsa")
	s.write("authorized", s.read("key.pub")+"\n"+s.read("rsakey.pub")+"\n")
	expect(t, probetest.Prove(s.link(settings{Key: chain.Secret("file:" + s.path("rsakey"))}), enough), chain.Holds, "ssh.holds")
}

func TestHostKey(t *testing.T) {
	s := newServer(t)
	s.keygen("other", "ed25519")
	for _, pin := range []string{s.read("other.pub"), s.fingerprint("other.pub")} {
		l := s.link(settings{HostKey: pin, Service: "ssh"})
		p := probetest.Prove(l, enough)
		expect(t, p, chain.Broken, "ssh.host_key_changed")
		plan := l.Plan(p, chain.Evidence{Service: "ssh", Process: chain.Process{PID: 1, Running: true, State: "S"}})
		if p.Cause != "host_key_changed" || len(plan.Deeds) > 0 || plan.Next.IsZero() {
			t.Errorf("cause %s, planned %+v", p.Cause, plan)
		}
	}
	_, port, _ := net.SplitHostPort(s.address())
	s.write("known", "[127.0.0.1]:"+port+" "+s.read("host_ecdsa.pub")+"\n")
	expect(t, probetest.Prove(s.link(settings{KnownHosts: s.path("known")}), enough), chain.Holds, "ssh.holds")
	s.write("known", "[127.0.0.1]:"+port+" "+s.read("other.pub")+"\n")
	expect(t, probetest.Prove(s.link(settings{KnownHosts: s.path("known")}), enough), chain.Broken, "ssh.host_key_changed")
	s.write("known", "example.org "+s.read("other.pub")+"\n")
	expect(t, probetest.Prove(s.link(settings{KnownHosts: s.path("known")}), enough), chain.Unproven, "ssh.not_known")
	s.write("known", "@@ no known_hosts\n")
	expect(t, probetest.Prove(s.link(settings{KnownHosts: s.path("known")}), enough), chain.Unproven, "ssh.known_unread")
	expect(t, probetest.Prove(s.link(settings{KnownHosts: s.path("gone")}), enough), chain.Unproven, "ssh.known_missing")
	expect(t, probetest.Prove(s.link(settings{KnownHosts: s.dir}), enough), chain.Unproven, "ssh.known_unread")
}

func TestNotLetIn(t *testing.T) {
	s := newServer(t)
	s.keygen("stranger", "ed25519")
	expect(t, probetest.Prove(s.link(settings{Key: chain.Secret("file:" + s.path("stranger"))}), enough), chain.Broken, "ssh.wrong_key")
	expect(t, probetest.Prove(s.link(settings{User: "nobody-here"}), enough), chain.Broken, "ssh.wrong_key")
	s.authorize(`command="echo sorry >&2; exit 3"`)
	p := probetest.Prove(s.link(settings{}), enough)
	expect(t, p, chain.Broken, "ssh.command_code")
	if p.Because.Args["code"] != "3" || len(p.Evidence) == 0 || p.Evidence[0] != "it said sorry" {
		t.Errorf("said %v, %q", p.Because.Args, p.Evidence)
	}
	s.authorize(`command="yes >&2"`)
	expect(t, probetest.Prove(s.link(settings{}), enough), chain.Broken, "ssh.command_failed")
	s.authorize(`command="sleep 20"`)
	expect(t, probetest.Prove(s.link(settings{}), 5*time.Second), chain.Broken, "ssh.slow_command")

	s.keygen("locked", "ed25519", "-N", "sesame7")
	s.write("nokey", "sesame8\n")
	for name, want := range map[string]string{"locked": "ssh.key_locked", "nokey": "ssh.key_bad", "gone": "ssh.key_unread"} {
		expect(t, probetest.Prove(s.link(settings{Key: chain.Secret("file:" + s.path(name))}), enough), chain.Unproven, want)
	}
}

func TestSecondFactor(t *testing.T) {
	s := newServer(t, "AuthenticationMethods publickey,password", "PasswordAuthentication yes")
	expect(t, probetest.Prove(s.link(settings{}), enough), chain.Broken, "ssh.login_refused")
}

// hands knows one process.
type hands struct {
	chain.Services
	process chain.Process
}

func (h hands) Process(context.Context, string) (chain.Process, error) { return h.process, nil }

func TestDeathAndHang(t *testing.T) {
	s := newServer(t)
	l := s.link(settings{})
	if err := s.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	// One silence is only a timeout, a second a hang; a stopped process is one at once.
	p := probetest.Prove(l, 300*time.Millisecond)
	expect(t, p, chain.Broken, "ssh.no_banner")
	if p.Cause != "timeout" {
		t.Errorf("the first silence is %s", p.Cause)
	}
	if p = probetest.Prove(l, 300*time.Millisecond); p.Cause != "hung" {
		t.Errorf("the second silence is %s", p.Cause)
	}
	known := s.link(settings{Service: "ssh"})
	known.at.Hands = hands{process: chain.Process{PID: s.cmd.Process.Pid, Running: true, State: "T"}}
	p = probetest.Prove(known, 300*time.Millisecond)
	expect(t, p, chain.Broken, "ssh.stopped")
	plan := known.Plan(p, chain.Evidence{Service: "ssh", Process: chain.Process{PID: s.cmd.Process.Pid, Running: true, State: "T"}})
	if plan.Cause != "hung" || len(plan.Deeds) != 2 {
		t.Errorf("planned %+v", plan)
	}
	if err := s.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	expect(t, probetest.Prove(l, enough), chain.Holds, "ssh.holds")
	if l.silent != 0 {
		t.Error("an answer does not end the silence")
	}
	s.kill()
	if p = probetest.Prove(l, enough); p.Verdict != chain.Broken || p.Cause != "refused" || p.Hint.IsZero() {
		t.Errorf("a dead server is %v %s", p.Verdict, p.Cause)
	}
}

func TestCancelled(t *testing.T) {
	s := newServer(t)
	s.authorize(`command="sleep 40"`)
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(300*time.Millisecond, cancel)
	began := time.Now()
	if p := s.link(settings{}).Prove(ctx); p.Verdict != chain.Unproven || p.Because.IsZero() {
		t.Errorf("cut short: %v %s", p.Verdict, p.Because.Key)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("took %v to be cut short", took)
	}
}

func TestSettings(t *testing.T) {
	good := settings{Address: "example.org", User: "u", Key: "file:/k", HostKey: "SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDgJZ0pV6aJ0b0oZ3E"}
	if _, err := build(good, chain.Place{}); err != nil {
		t.Fatal(err)
	}
	for field, change := range map[string]func(*settings){
		"address":     func(s *settings) { s.Address = "a:b:c:d" },
		"user":        func(s *settings) { s.User = "" },
		"key":         func(s *settings) { s.Key = "" },
		"host_key":    func(s *settings) { s.HostKey = "SHA256:short" },
		"known_hosts": func(s *settings) { s.KnownHosts = "/etc/ssh/ssh_known_hosts" },
	} {
		s := good
		change(&s)
		_, err := build(s, chain.Place{})
		var bad *chain.SettingError
		if !errors.As(err, &bad) || bad.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	for in, want := range map[string]string{
		"example.org": "example.org:22", "example.org:2222": "example.org:2222", "::1": "[::1]:22", "[::1]:23": "[::1]:23",
	} {
		if got, ok := withPort(in); got != want || !ok {
			t.Errorf("%s: %s, %v", in, got, ok)
		}
	}
	for _, in := range []string{"", ":22", "a:0", "a:b", "a:70000"} {
		if got, ok := withPort(in); ok {
			t.Errorf("%s is taken as %s", in, got)
		}
	}
}

func FuzzParsePin(f *testing.F) {
	f.Add("SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDgJZ0pV6aJ0b0oZ3E")
	f.Add("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHy2CnsyuEGRFuQGrRzSH5nOBxG4VGoMvZGrWqzMKYUl root@host")
	f.Add("ssh-rsa AAAA")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePin(s)
		if err == nil && (len(p.fingerprint) != len("SHA256:")+43 || p.key != nil && !p.fits(p.key)) {
			t.Errorf("%q gives %+v", s, p)
		}
	})
}

func FuzzKnownHosts(f *testing.F) {
	f.Add("example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHy2CnsyuEGRFuQGrRzSH5nOBxG4VGoMvZGrWqzMKYUl\n")
	f.Add("|1|aaaa|bbbb ssh-rsa AAAA\n@revoked * x\n")
	f.Fuzz(func(t *testing.T, s string) {
		path := t.TempDir() + "/known"
		if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
		k, err := readKnown(path, "example.org:22")
		if err == nil && len(k.families) == 0 {
			t.Error("known, yet no key to ask for")
		}
	})
}
