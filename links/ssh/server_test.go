package ssh

import (
	"crypto/ed25519"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe/probetest"
)

// server is a real sshd with keys and a configuration of its own.
type server struct {
	t    *testing.T
	dir  string
	port int
	cmd  *exec.Cmd
	done chan struct{}
	user string
}

// newServer starts one; lines are added to its configuration.
func newServer(t *testing.T, lines ...string) *server {
	t.Helper()
	sshd, err := exec.LookPath("sshd")
	if err != nil {
		sshd = "/usr/sbin/sshd"
	}
	if _, err := os.Stat(sshd); err != nil || os.Geteuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("CI must have Debian's openssh-server, and be root")
		}
		t.Skip("needs openssh-server, and root")
	}
	// Not t.TempDir: sshd looks whether others could write to the folders above.
	dir, err := os.MkdirTemp("/root", ".omamori-ssh-test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, dir: dir, user: u.Username}
	var keys []string
	for _, kind := range []string{"ed25519", "ecdsa", "rsa"} {
		s.keygen("host_"+kind, kind)
		keys = append(keys, "HostKey "+s.path("host_"+kind))
	}
	s.keygen("key", "ed25519")
	s.authorize("")
	s.config(append(lines, keys...)...)
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // sshd insists on it
		t.Fatal(err)
	}
	s.start(sshd)
	return s
}

func (s *server) path(name string) string { return filepath.Join(s.dir, name) }

func (s *server) keygen(name, kind string, more ...string) {
	s.t.Helper()
	args := append([]string{"-q", "-t", kind, "-f", s.path(name)}, more...)
	if kind == "rsa" {
		args = append(args, "-b", "2048") // made sooner
	}
	if len(more) == 0 {
		args = append(args, "-N", "")
	}
	if out, err := exec.Command("ssh-keygen", args...).CombinedOutput(); err != nil {
		s.t.Fatalf("ssh-keygen: %v: %s", err, out)
	}
}

func (s *server) read(name string) string {
	s.t.Helper()
	b, err := os.ReadFile(s.path(name))
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

func (s *server) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(s.path(name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// authorize lets key in with options, such as command="false".
func (s *server) authorize(options string) {
	s.write("authorized", strings.TrimSpace(options+" "+s.read("key.pub"))+"\n")
}

func (s *server) config(lines ...string) {
	// Of what stands twice the first counts.
	s.write("config", strings.Join(append(lines,
		fmt.Sprintf("ListenAddress 127.0.0.1:%d", s.freePort()),
		"PidFile none", "UsePAM no", "PermitRootLogin yes", "PasswordAuthentication no",
		"KbdInteractiveAuthentication no", "AuthorizedKeysFile "+s.path("authorized")), "\n")+"\n")
}

func (s *server) freePort() int {
	s.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	defer l.Close()
	s.port = l.Addr().(*net.TCPAddr).Port
	return s.port
}

func (s *server) start(sshd string) {
	s.t.Helper()
	s.cmd = exec.Command(sshd, "-D", "-e", "-f", s.path("config"))
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	log, err := os.Create(s.path("log"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	s.cmd.Stderr = log
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.done = make(chan struct{})
	go func() { defer close(s.done); _ = s.cmd.Wait() }()
	s.t.Cleanup(s.kill)
	probetest.Until(s.t, "sshd listens", func() bool {
		c, err := net.Dial("tcp", s.address())
		if err != nil {
			return false
		}
		_ = c.Close()
		return true
	})
}

func (s *server) kill() {
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	<-s.done
}

func (s *server) address() string { return fmt.Sprintf("127.0.0.1:%d", s.port) }

// link makes a link to the server; what set does not say is right.
func (s *server) link(set settings) *link {
	s.t.Helper()
	if set.Address == "" {
		set.Address = s.address()
	}
	if set.User == "" {
		set.User = s.user
	}
	if set.Key == "" {
		set.Key = chain.Secret("file:" + s.path("key"))
	}
	if set.HostKey == "" && set.KnownHosts == "" {
		set.HostKey = s.read("host_ed25519.pub")
	}
	p, err := build(set, chain.Place{Link: "shell"})
	if err != nil {
		s.t.Fatal(err)
	}
	return p.(*link)
}

// fingerprint of a public key's file.
func (s *server) fingerprint(name string) string {
	s.t.Helper()
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(s.read(name)))
	if err != nil {
		s.t.Fatal(err)
	}
	return ssh.FingerprintSHA256(key)
}

func expect(t *testing.T, p chain.Proof, verdict chain.Verdict, key string) {
	t.Helper()
	if p.Verdict != verdict || p.Because.Key != key {
		t.Errorf("got %v %s %q %v %q, want %v %s", p.Verdict, p.Because.Key, p.Cause, p.Because.Args, p.Evidence, verdict, key)
	}
	if verdict == chain.Broken && (p.Cause == "" || p.Hint.IsZero()) {
		t.Errorf("%s: cause %q, hint %q", key, p.Cause, p.Hint.Key)
	}
}

// newKey writes a private key for servers that are none.
func newKey(t *testing.T) chain.Secret {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return chain.Secret("file:" + path)
}
