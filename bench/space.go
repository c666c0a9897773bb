package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// space is a network namespace of its own, gone when nobody uses it any more.
type space struct{ file *os.File }

func newSpace() (*space, error) {
	s := &space{}
	err := aside(func() error { return unix.Unshare(unix.CLONE_NEWNET) }, func() (err error) {
		s.file, err = os.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("make a network namespace: %w", err)
	}
	return s, s.run("ip link set lo up")
}

// aside has a thread go into a namespace, do something there, and come back. It must not
// end there: programs that it has started meanwhile would get their death signal.
func aside(into, do func() error) error {
	runtime.LockOSThread()
	home, err := os.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()))
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	defer home.Close()
	if err = into(); err == nil {
		err = do()
	}
	if back := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); back != nil {
		return back // the thread stays locked, and is used no more
	}
	runtime.UnlockOSThread()
	return err
}

// command makes a command that runs in the namespace; files are its 4, 5, ….
func (s *space) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command("nsenter", append([]string{"--net=/dev/fd/3", name}, args...)...)
	cmd.ExtraFiles = []*os.File{s.file}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

func (s *space) run(script string) error {
	if out, err := s.command("sh", "-euc", script).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", script, err, out)
	}
	return nil
}

// in does something inside the namespace.
func (s *space) in(f func() error) error {
	return aside(func() error { return unix.Setns(int(s.file.Fd()), unix.CLONE_NEWNET) }, f)
}

// wire joins two namespaces by an interface of that name in both.
func wire(a, b *space, name string, addressesA, addressesB []string) error {
	cmd := a.command("ip", "link", "add", name, "type", "veth", "peer", "name", name, "netns", "/dev/fd/4")
	cmd.ExtraFiles = append(cmd.ExtraFiles, b.file)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make a wire: %w: %s", err, out)
	}
	for s, list := range map[*space][]string{a: addressesA, b: addressesB} {
		script := "ip link set " + name + " up\n"
		for _, address := range list {
			script += "ip addr add " + address + " dev " + name + "\n"
		}
		if err := s.run(script); err != nil {
			return err
		}
	}
	return nil
}

// until repeats what is not so yet.
func until(ctx context.Context, what string, patience time.Duration, ok func() bool) error {
	for end := time.Now().Add(patience); !ok(); {
		if time.Now().After(end) || !pause(ctx, 5*time.Millisecond) {
			return fmt.Errorf("in vain waited until %s", what)
		}
	}
	return nil
}

// dialFrom connects from one of our addresses.
func dialFrom(local, to string, patience time.Duration) (net.Conn, error) {
	d := net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{IP: net.ParseIP(local)}}
	return d.Dial("tcp", to)
}

// lines counts what is written, and keeps the last of it.
type lines struct {
	n    int
	last []byte
}

func (l *lines) Write(b []byte) (int, error) {
	l.n += strings.Count(string(b), "\n")
	l.last = append(l.last, b...)
	if over := len(l.last) - 4096; over > 0 {
		l.last = l.last[over:]
	}
	return len(b), nil
}
