package hands

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/linux"
)

// tracked is a process that hands keeps a descriptor of: it is told of the end at
// once, and a signal never reaches a stranger that got the same number later.
type tracked struct {
	pid     int
	start   uint64 // in ticks since boot: with pid, unmistakable
	started time.Time
	exe     string
	leader  bool // of its own process group
	child   bool // ours, to be reaped
	pidfd   *os.File
	cgroup  oomCounter

	ended chan struct{} // closed when exit is final
	exit  exit          // read only after ended
}

// exit is how a process ended.
type exit struct {
	at           time.Time
	known        bool
	signal, code int
}

var errGone = errors.New("process is gone")

// track opens a process. It fails with errGone if there is none, or a zombie.
func track(pid int) (*tracked, error) {
	fd, err := linux.PidfdOpen(pid, linux.PIDFD_NONBLOCK)
	if err != nil {
		if errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EINVAL) {
			return nil, errGone
		}
		return nil, fmt.Errorf("open process %d: %w", pid, err)
	}
	return trackFD(pid, fd, false)
}

// trackFD makes a tracked of a descriptor, which it owns from then on.
func trackFD(pid, fd int, child bool) (*tracked, error) {
	t := &tracked{pid: pid, child: child, ended: make(chan struct{}),
		pidfd: os.NewFile(uintptr(fd), "pidfd")}
	st, err := readStat(pid)
	if !child && (err != nil || st.state == "Z" || st.state == "X") {
		t.pidfd.Close()
		return nil, errGone
	}
	t.start, t.started, t.leader = st.start, st.started(), st.group == pid
	t.exe = exePath(pid)
	if child {
		t.started, t.leader = time.Now(), true
	}
	t.cgroup = findOOMCounter(pid)
	return t, nil
}

// follow waits for the end in a goroutine of group, then calls ended. Closing the
// descriptor makes it give up without that.
func (t *tracked) follow(group *sync.WaitGroup, ended func()) {
	group.Go(func() {
		raw, err := t.pidfd.SyscallConn()
		if err != nil {
			return
		}
		if err := raw.Read(func(fd uintptr) bool {
			poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
			n, err := unix.Poll(poll, 0)
			return n > 0 || err != nil && !errors.Is(err, unix.EINTR)
		}); err != nil {
			return
		}
		t.exit = t.readExit(raw.Control)
		close(t.ended)
		ended()
	})
}

// readExit learns how the process ended: by reaping it if it is ours, else from its
// zombie, or, when its parent was faster, from the descriptor (Linux 6.15).
func (t *tracked) readExit(control func(func(uintptr)) error) exit {
	e := exit{at: time.Now()}
	status := func(s unix.WaitStatus) {
		e.known = true
		if s.Signaled() {
			e.signal = int(s.Signal())
		} else {
			e.code = s.ExitStatus()
		}
	}
	if t.child {
		var s unix.WaitStatus
		if pid, err := wait(t.pid, &s); err == nil && pid == t.pid {
			status(s)
		}
		return e
	}
	if st, err := readStat(t.pid); err == nil && st.start == t.start && st.state == "Z" {
		status(unix.WaitStatus(st.exit))
		return e
	}
	if err := control(func(fd uintptr) {
		info := linux.PidfdInfo{Mask: linux.PIDFD_INFO_EXIT}
		if linux.IoctlPidfdInfo(int(fd), &info) == nil && info.Mask&linux.PIDFD_INFO_EXIT != 0 {
			status(unix.WaitStatus(info.Exit_code))
		}
	}); err != nil {
		e.known = false
	}
	return e
}

// wait reaps a child that has ended. Its number is its own until then.
func wait(pid int, s *unix.WaitStatus) (int, error) {
	for {
		got, err := unix.Wait4(pid, s, 0, nil)
		if !errors.Is(err, unix.EINTR) {
			return got, err
		}
	}
}

// began is when it started, by the clock as it goes now: should that have been set since,
// the lines of its log have other times than when it was first seen.
func (t *tracked) began() time.Time {
	now := stat{start: t.start}.started()
	if t.start == 0 || now.Sub(t.started).Abs() < time.Second { // but for rounding, the same
		return t.started
	}
	return now
}

// alive reports whether the end has not been seen yet.
func (t *tracked) alive() bool {
	select {
	case <-t.ended:
		return false
	default:
		return true
	}
}

// signal sends a signal to this very process.
func (t *tracked) signal(sig unix.Signal) error {
	raw, err := t.pidfd.SyscallConn()
	if err != nil {
		return fmt.Errorf("signal %d: %w", t.pid, err)
	}
	var sent error
	if err := raw.Control(func(fd uintptr) {
		sent = linux.PidfdSendSignal(int(fd), sig, nil, 0)
	}); err != nil {
		return fmt.Errorf("signal %d: %w", t.pid, err)
	}
	if sent != nil && !errors.Is(sent, unix.ESRCH) {
		return fmt.Errorf("signal %d: %w", t.pid, sent)
	}
	return nil
}

// exePath is the program that a process runs, "" if that cannot be told.
func exePath(pid int) string {
	exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		return ""
	}
	const replaced = " (deleted)" // by an upgrade
	if len(exe) > len(replaced) && exe[len(exe)-len(replaced):] == replaced {
		exe = exe[:len(exe)-len(replaced)]
	}
	return filepath.Clean(exe)
}
