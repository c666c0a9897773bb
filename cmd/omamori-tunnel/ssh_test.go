package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/tunnel"
)

// TestRealSSH: sshd listens at the loopback alone. Through the tunnel one comes in, beside
// it nobody does, and the session goes on when the device gets another address.
func TestRealSSH(t *testing.T) {
	if !hosted() {
		return
	}
	dir, conf := settle(t)
	top := filepath.Dir(conf)
	if err := tunnel.Dir(dir).Change(func(s *tunnel.Server) error { s.Local = []int{22}; return nil }); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"host", "owner"} {
		do(t, on("server", "", "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(top, key)))
	}
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("ListenAddress 127.0.0.1:22\nHostKey %[1]s/host\nAuthorizedKeysFile %[1]s/owner.pub\nPidFile none\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n", top)
	if err := os.WriteFile(filepath.Join(top, "sshd_config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, on("server", "", "/usr/sbin/sshd", "-D", "-e", "-f", filepath.Join(top, "sshd_config")))
	start(t, on("server", "program", "serve", "-dir", dir, "-user", "nobody"))
	start(t, on("device", "program", "up", "-user", "nobody", conf))
	ssh := func(to string, order ...string) *exec.Cmd {
		return on("device", "", append([]string{"ssh", "-F", "none", "-i", filepath.Join(top, "owner"), "-o", "BatchMode=yes", "-o", "ConnectTimeout=20",
			"-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "root@" + to}, order...)...)
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		out, err := ssh("10.77.0.1", "echo", "inside").CombinedOutput()
		if err == nil && strings.TrimSpace(string(out)) == "inside" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%v: %s", err, out)
		}
	}
	for _, beside := range []string{"192.0.2.1", "198.51.100.1"} {
		if out, err := ssh(beside, "true").CombinedOutput(); err == nil {
			t.Errorf("sshd is reached at %s: %s", beside, out)
		}
	}
	session := ssh("10.77.0.1", "cat")
	in, err := session.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := session.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := session.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = in.Close()
		_ = session.Wait()
	}()
	say := func(word string) {
		t.Helper()
		timer := time.AfterFunc(patience, func() { _ = session.Process.Kill() })
		defer timer.Stop()
		b := make([]byte, len(word))
		if _, err := io.WriteString(in, word); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(out, b); err != nil || string(b) != word {
			t.Fatalf("%q, %v", b, err)
		}
	}
	say("before")
	do(t, on("device", "", "ip", "addr", "add", "192.0.2.9/24", "dev", "to-server"))
	do(t, on("device", "", "ip", "addr", "del", "192.0.2.2/24", "dev", "to-server"))
	// The second of a network goes with the first unless it may follow it.
	do(t, on("device", "", "ip", "addr", "replace", "192.0.2.9/24", "dev", "to-server"))
	t.Cleanup(func() {
		do(t, on("device", "", "ip", "addr", "del", "192.0.2.9/24", "dev", "to-server"))
		do(t, on("device", "", "ip", "addr", "add", "192.0.2.2/24", "dev", "to-server"))
	})
	say("after")
}
