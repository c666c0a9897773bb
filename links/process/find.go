package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/chain"
)

// anyone stands for a process of whomever.
const anyone = -1

// finder looks for a process without hands: the one that a file names, or the main
// one of a name.
type finder struct {
	file, name string
	uid        int64
	// last is the process found last, so that looking again is one read.
	last self
}

var (
	errHidden = errors.New("the processes of others are hidden")
	errReused = errors.New("the process began after its number was written down")
)

// fileError says that a file does not name a process.
type fileError struct {
	path string
	err  error
}

func (e *fileError) Error() string { return e.path + ": " + e.err.Error() }

// find returns the process; one that is not Running if there is none.
func (f *finder) find(ctx context.Context) (self, chain.Process, error) {
	if f.file != "" {
		return f.byFile()
	}
	if st, err := readStat(f.last.pid); err == nil && st.self == f.last && st.state != "Z" && f.fits(st) {
		return st.self, st.process(), nil
	}
	return f.byName(ctx)
}

func (f *finder) byFile() (self, chain.Process, error) {
	pid, written, err := readPIDFile(f.file)
	if errors.Is(err, fs.ErrNotExist) { // daemons that end in order remove it
		return self{}, chain.Process{}, nil
	}
	if err != nil {
		return self{}, chain.Process{}, &fileError{f.file, err}
	}
	st, err := readStat(pid)
	switch {
	case errors.Is(err, fs.ErrNotExist) && errors.Is(unix.Kill(pid, 0), unix.EPERM):
		return self{}, chain.Process{}, errHidden
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ESRCH):
		return self{}, chain.Process{PID: pid}, nil
	case err != nil:
		return self{}, chain.Process{}, fmt.Errorf("read process %d: %w", pid, err)
	case f.name != "" && !f.fits(st): // the number belongs to a stranger by now
		return self{}, chain.Process{PID: pid}, nil
	case f.name == "" && st.started().After(written.Add(2*time.Second)):
		// A stranger with the same number, or a clock that was set since: the
		// name would tell, but is not known.
		return self{}, chain.Process{}, errReused
	}
	return st.self, st.process(), nil
}

// byName takes the main process: the eldest of the name, as workers begin after
// their master. A zombie counts only where nothing else is left.
func (f *finder) byName(ctx context.Context) (self, chain.Process, error) {
	if _, err := os.Stat("/proc/1"); err != nil {
		return self{}, chain.Process{}, errHidden
	}
	var best stat
	if err := eachProcess(ctx, func(pid int) {
		if st, err := readStat(pid); err == nil && f.fits(st) && st.before(best) {
			best = st
		}
	}); err != nil {
		return self{}, chain.Process{}, err
	}
	f.last = best.self
	if best.pid == 0 {
		return self{}, chain.Process{}, nil
	}
	return best.self, best.process(), nil
}

func (f *finder) fits(st stat) bool {
	if st.comm != f.name {
		return false
	}
	if f.uid == anyone {
		return true
	}
	var info unix.Stat_t
	err := unix.Stat("/proc/"+strconv.Itoa(st.pid), &info)
	return err == nil && int64(info.Uid) == f.uid
}

// eachProcess calls f with the number of each process.
func eachProcess(ctx context.Context, f func(pid int)) error {
	dir, err := os.Open("/proc")
	if err != nil {
		return err
	}
	defer dir.Close()
	for {
		names, err := dir.Readdirnames(256)
		for _, name := range names {
			if pid, err := strconv.Atoi(name); err == nil {
				f(pid)
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
}

// readPIDFile reads the number in a file, and when it was written.
func readPIDFile(path string) (pid int, written time.Time, err error) {
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDONLY|unix.O_NONBLOCK, 0) // a pipe must not make us wait
	if err != nil {
		return 0, time.Time{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, time.Time{}, err
	}
	if !info.Mode().IsRegular() {
		return 0, time.Time{}, errors.New("not a regular file")
	}
	b := make([]byte, 64)
	n, err := io.ReadFull(f, b)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return 0, time.Time{}, err
	}
	pid, err = parsePID(string(b[:n]))
	return pid, info.ModTime(), err
}

// parsePID reads the first word; some daemons write more below it.
func parsePID(s string) (int, error) {
	words := strings.Fields(s)
	if len(words) == 0 {
		return 0, errors.New("it is empty")
	}
	pid, err := strconv.ParseInt(words[0], 10, 32)
	if err != nil || pid <= 0 {
		return 0, errors.New("it does not begin with a process's number")
	}
	return int(pid), nil
}
