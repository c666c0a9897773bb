package knock

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/omamori-guard/omamori/door"
	"github.com/omamori-guard/omamori/door/doortest"
)

// run runs one of OpenSSH's programs.
func run(t *testing.T, env string, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// opens has a signer knock at a door that knows its key.
func opens(t *testing.T, signer ssh.Signer) {
	t.Helper()
	w := newWorld(t)
	w.signers = "mika " + string(ssh.MarshalAuthorizedKey(signer.PublicKey()))
	w.serve()
	if got := w.told(w.knock(signer, nil), home); got.code != granted {
		t.Errorf("%s: %+v", signer.PublicKey().Type(), got)
	}
}

// Keys that OpenSSH's own agent holds, of each sort, open; what it holds besides is no hindrance.
func TestKeysOfTheAgent(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "agent")
	cmd := exec.Command("ssh-agent", "-D", "-a", socket)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	doortest.Eventually(t, "the agent listens", func() bool {
		c, err := net.Dial("unix", socket)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	at := "SSH_AUTH_SOCK=" + socket
	for _, kind := range []string{"rsa -b 4096", "rsa -b 3072", "ecdsa -b 256", "ecdsa -b 521", "ed25519"} {
		key := filepath.Join(dir, strings.ReplaceAll(kind, " ", ""))
		run(t, at, "ssh-keygen", append([]string{"-q", "-N", "", "-f", key, "-t"}, strings.Fields(kind)...)...)
		run(t, at, "ssh-add", "-q", key)
		if err := os.Remove(key); err != nil { // the agent alone has it from here on
			t.Fatal(err)
		}
		keys, err := FindKeys(key, socket)
		if strings.HasSuffix(kind, "4096") {
			if !errors.Is(err, ErrTooLarge) {
				t.Errorf("%s: %v", kind, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		opens(t, keys.Signers[0])
		_ = keys.Close()
	}
	keys, err := FindKeys("", socket)
	if err != nil || len(keys.Signers) != 4 {
		t.Fatalf("%v, %v", keys, err)
	}
	_ = keys.Close()
}

// tokens is an agent that holds hardware keys.
type tokens struct {
	agent.Agent
	all []*doortest.Hardware
}

func (a *tokens) List() (list []*agent.Key, err error) {
	for _, h := range a.all {
		list = append(list, &agent.Key{Format: h.PublicKey().Type(), Blob: h.PublicKey().Marshal()})
	}
	return list, nil
}

func (a *tokens) Sign(key ssh.PublicKey, data []byte) (*ssh.Signature, error) {
	for _, h := range a.all {
		if bytes.Equal(h.PublicKey().Marshal(), key.Marshal()) {
			return h.Sign(nil, data)
		}
	}
	return nil, errors.New("no such key")
}

// A hardware key opens through an agent as any other does, if it is touched.
func TestHardwareKeysOfAnAgent(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "agent")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	touched, untouched := doortest.NewHardware(t, 1), doortest.NewHardware(t, 0)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_ = agent.ServeAgent(&tokens{agent.NewKeyring(), []*doortest.Hardware{touched, untouched}}, c)
				_ = c.Close()
			}()
		}
	}()
	keys, err := FindKeys("", socket)
	if err != nil || len(keys.Signers) != 2 {
		t.Fatalf("%v, %v", keys, err)
	}
	defer keys.Close()
	opens(t, keys.Signers[0])
	p := &door.Permit{Time: time.Now(), For: time.Minute, Ports: []uint16{22}}
	if _, err := door.Sign(nil, keys.Signers[1], p.Marshal()); !errors.Is(err, &door.Refusal{Code: door.CodeTouch}) {
		t.Errorf("untouched: %v", err)
	}
}
