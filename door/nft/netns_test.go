package nft_test

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

// space is a network namespace that goes with the test.
type space struct {
	t    *testing.T
	file *os.File
}

// newSpace makes a namespace of its own. Nothing of the host is touched.
func newSpace(t *testing.T) *space {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to make a network namespace")
	}
	s := &space{t: t}
	made := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			s.file, err = os.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()))
		}
		made <- err
	}()
	if err := <-made; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.file.Close() })
	s.run("ip link set lo up")
	return s
}

// in runs f inside the namespace.
func (s *space) in(f func()) {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := unix.Setns(int(s.file.Fd()), unix.CLONE_NEWNET)
		if err == nil {
			f()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		s.t.Fatal(err)
	}
}

// run runs a shell script in the namespace and gives what it printed.
func (s *space) run(script string) string {
	s.t.Helper()
	cmd := exec.Command("nsenter", "--net=/dev/fd/3", "sh", "-euc", script)
	cmd.ExtraFiles = []*os.File{s.file}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		s.t.Fatalf("%s: %v\n%s", script, err, &out)
	}
	return out.String()
}

func (s *space) ruleset() string {
	s.t.Helper()
	return s.run("nft list ruleset")
}

// wire joins two namespaces: "eth0" in both, with these addresses.
func wire(a, b *space, addressesA, addressesB string) {
	a.t.Helper()
	cmd := exec.Command("nsenter", "--net=/dev/fd/3", "sh", "-euc",
		"ip link add eth0 type veth peer name eth0 netns /dev/fd/4")
	cmd.ExtraFiles = []*os.File{a.file, b.file}
	if out, err := cmd.CombinedOutput(); err != nil {
		a.t.Fatalf("%v: %s", err, out)
	}
	for s, list := range map[*space]string{a: addressesA, b: addressesB} {
		s.run("sysctl -qw net.ipv6.conf.eth0.accept_dad=0 || true; ip link set eth0 up")
		for _, address := range strings.Fields(list) {
			s.run("ip addr add " + address + " dev eth0 $(case " + address + " in *:*) echo nodad;; esac)")
		}
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("in vain waited until %s", what)
		}
	}
}
