// Package doortest makes throw-away network namespaces, so that tests meet real kernels and
// touch no host.
package doortest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Space is a network namespace that goes with the test.
type Space struct {
	t *testing.T
	// File is open on the namespace.
	File *os.File
}

// New makes a namespace of its own. Nothing of the host is touched.
func New(t *testing.T) *Space {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to make a network namespace")
	}
	s := &Space{t: t}
	err := aside(func() error { return unix.Unshare(unix.CLONE_NEWNET) }, func() (err error) {
		s.File, err = os.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.File.Close() })
	s.Run("ip link set lo up")
	return s
}

// aside has a thread go into a namespace, do something there, and come back. It does not
// end there: what was started from it before, with Pdeathsig, would be killed by that.
func aside(into, do func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		home, err := os.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()))
		if err != nil {
			runtime.UnlockOSThread()
			done <- err
			return
		}
		defer home.Close()
		defer func() {
			if unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) == nil {
				runtime.UnlockOSThread()
			} // else it ends with the goroutine
			done <- err
		}()
		if err = into(); err == nil {
			err = do()
		}
	}()
	return <-done
}

// In runs f inside the namespace.
func (s *Space) In(f func()) {
	err := aside(func() error { return unix.Setns(int(s.File.Fd()), unix.CLONE_NEWNET) }, func() error { f(); return nil })
	if err != nil {
		s.t.Fatal(err)
	}
}

// Run runs a shell script in the namespace and gives what it printed.
func (s *Space) Run(script string) string {
	s.t.Helper()
	cmd := exec.Command("nsenter", "--net=/dev/fd/3", "sh", "-euc", script)
	cmd.ExtraFiles = []*os.File{s.File}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		s.t.Fatalf("%s: %v\n%s", script, err, &out)
	}
	return out.String()
}

// Ruleset is what nft shows of the namespace.
func (s *Space) Ruleset() string {
	s.t.Helper()
	return s.Run("nft list ruleset")
}

// Wire joins two namespaces: "eth0" in both, with these addresses.
func Wire(a, b *Space, addressesA, addressesB string) {
	a.t.Helper()
	cmd := exec.Command("nsenter", "--net=/dev/fd/3", "sh", "-euc",
		"ip link add eth0 type veth peer name eth0 netns /dev/fd/4")
	cmd.ExtraFiles = []*os.File{a.File, b.File}
	if out, err := cmd.CombinedOutput(); err != nil {
		a.t.Fatalf("%v: %s", err, out)
	}
	for s, list := range map[*Space]string{a: addressesA, b: addressesB} {
		s.Run("sysctl -qw net.ipv6.conf.eth0.accept_dad=0 || true; ip link set eth0 up")
		for _, address := range strings.Fields(list) {
			s.Run("ip addr add " + address + " dev eth0 $(case " + address + " in *:*) echo nodad;; esac)")
		}
	}
}

// Eventually waits until ok, which is soon, on a busy machine too.
func Eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("in vain waited until %s", what)
		}
	}
}
