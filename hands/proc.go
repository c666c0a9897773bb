package hands

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/linux"
)

// stat is what /proc/PID/stat tells that we need.
type stat struct {
	comm    string
	state   string
	parent  int
	group   int
	session int
	start   uint64 // ticks since boot
	exit    int    // as wait(2) gives it; only of a zombie
}

// ticks is how many there are in a second: USER_HZ, which no Linux has changed.
const ticks = 100

// started is start as a time of day.
func (s stat) started() time.Time {
	boot, err := linux.SinceBoot()
	if s.start == 0 || err != nil {
		return time.Time{}
	}
	ago := boot - time.Duration(s.start)*(time.Second/ticks)
	return time.Now().Add(-ago).Round(0)
}

func readStat(pid int) (stat, error) {
	b, err := readShort(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, err
	}
	return parseStat(b)
}

var errStat = errors.New("unexpected form of stat")

// parseStat reads the line. The name in brackets may itself hold brackets, blanks
// and newlines, so that the last bracket counts.
func parseStat(b []byte) (stat, error) {
	open, shut := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if open < 0 || shut < open {
		return stat{}, errStat
	}
	s := stat{comm: string(b[open+1 : shut])}
	f := strings.Fields(string(b[shut+1:]))
	if len(f) < 50 {
		return stat{}, errStat
	}
	s.state = f[0]
	var errs [5]error
	s.parent, errs[0] = strconv.Atoi(f[1])
	s.group, errs[1] = strconv.Atoi(f[2])
	s.session, errs[2] = strconv.Atoi(f[3])
	s.start, errs[3] = strconv.ParseUint(f[19], 10, 64)
	s.exit, errs[4] = strconv.Atoi(f[49])
	if err := errors.Join(errs[:]...); err != nil {
		return stat{}, fmt.Errorf("%w: %w", errStat, err)
	}
	return s, nil
}

// readShort reads a small file of /proc or /sys.
func readShort(path string) ([]byte, error) {
	const most = 64 << 10
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, most))
}

// bootID tells one boot of the machine from another.
func bootID() string {
	b, err := readShort("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// pids lists all processes.
func pids() []int {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil
	}
	var list []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			list = append(list, pid)
		}
	}
	return list
}
