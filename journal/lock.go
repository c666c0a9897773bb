package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/omamori-guard/omamori/chain"
)

// Locked is a state folder that another guard holds.
type Locked struct {
	Dir string
	PID int // 0 if it cannot be told
}

func (e *Locked) Error() string { return fmt.Sprintf("%s is held by process %d", e.Dir, e.PID) }

// Said puts the error into words.
func (e *Locked) Said() (text, hint chain.Text) {
	return chain.Say("journal.locked", "dir", e.Dir, "pid", e.PID), chain.Say("journal.locked_hint", "pid", e.PID)
}

// lockDir locks dir for this process, for as long as the file is open: the kernel
// ends the lock with the process. Where no file can be made there is no lock, and
// no second guard could write either.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if errors.Is(err, syscall.EROFS) || errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.ENOSPC) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", dir, err)
		}
		b, _ := io.ReadAll(io.LimitReader(f, 32)) // no process id is no reason to fail otherwise
		pid, _ := strconv.Atoi(string(bytes.TrimSpace(b)))
		return nil, &Locked{dir, pid}
	}
	// A full disk may refuse the id; the lock counts all the same.
	if f.Truncate(0) == nil {
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	return f, nil
}
