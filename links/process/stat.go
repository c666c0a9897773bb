package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/linux"
)

// self is a process, told apart from a later one of the same number.
type self struct {
	pid   int
	start uint64 // in ticks since the machine's start
}

// stat is what /proc/PID/stat tells that we need.
type stat struct {
	self
	comm, state string
}

// before reports whether s is rather the main process of a name than other, which
// may be none.
func (s stat) before(other stat) bool {
	dead, otherDead := s.state == "Z", other.state == "Z"
	switch {
	case other.pid == 0 || dead != otherDead:
		return other.pid == 0 || otherDead
	case s.start != other.start:
		return s.start < other.start
	}
	return s.pid < other.pid
}

// ticks is how many there are in a second: USER_HZ, which no Linux has changed.
const ticks = 100

func (s stat) started() time.Time {
	since, err := linux.SinceBoot()
	if err != nil {
		return time.Time{}
	}
	return time.Now().Add(time.Duration(s.start)*(time.Second/ticks) - time.Duration(since)).Round(0)
}

func (s stat) process() chain.Process {
	return chain.Process{PID: s.pid, Running: s.state != "Z" && s.state != "X", State: s.state, Started: s.started()}
}

func readStat(pid int) (stat, error) {
	f, err := os.Open("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return stat{}, err
	}
	defer f.Close()
	b := make([]byte, 1024) // 52 numbers and a short name
	n, err := f.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		return stat{}, err
	}
	return parseStat(pid, string(b[:n]))
}

var errStat = errors.New("unexpected form of stat")

// parseStat reads the line. The name stands in brackets and may hold anything,
// brackets too, so that the last bracket counts.
func parseStat(pid int, line string) (stat, error) {
	open, shut := strings.IndexByte(line, '('), strings.LastIndexByte(line, ')')
	if open < 0 || shut < open {
		return stat{}, errStat
	}
	f := strings.Fields(line[shut+1:])
	if len(f) < 20 {
		return stat{}, errStat
	}
	s := stat{self: self{pid: pid}, comm: line[open+1 : shut], state: f[0]}
	var err error
	if s.start, err = strconv.ParseUint(f[19], 10, 64); err != nil {
		return stat{}, errStat
	}
	return s, nil
}

// wait returns once the process has ended, at once if it has already. An error
// means that ctx is done, or that the process cannot be watched.
func (s self) wait(ctx context.Context) error {
	fd, err := linux.PidfdOpen(s.pid, linux.PIDFD_NONBLOCK)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open process %d: %w", s.pid, err)
	}
	f := os.NewFile(uintptr(fd), "pidfd")
	defer f.Close()
	if st, err := readStat(s.pid); err != nil || st.self != s {
		return nil // the number is another's already
	}
	stop := context.AfterFunc(ctx, func() { _ = f.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	raw, err := f.SyscallConn()
	if err != nil {
		return fmt.Errorf("watch process %d: %w", s.pid, err)
	}
	err = raw.Read(func(fd uintptr) bool {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		return n > 0 || err != nil && !errors.Is(err, unix.EINTR)
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("watch process %d: %w", s.pid, err)
	}
	return nil
}
