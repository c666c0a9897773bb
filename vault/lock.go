package vault

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// lockPatience is how long a writer waits for another: a change takes milliseconds.
const lockPatience = 10 * time.Second

// lock lets no other program write the vault until unlock is called. The kernel ends
// the lock of a program that dies.
func (s Store) lock(ctx context.Context) (unlock func(), err error) {
	path := filepath.Join(s.Dir, lockFile)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the vault: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { _ = f.Close() }, nil // which ends the lock
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			_ = f.Close()
			return nil, fmt.Errorf("lock the vault: %w", err)
		}
		select {
		case <-ctx.Done():
			_ = f.Close()
			return nil, &Fault{Code: Busy, Name: s.Dir, Err: context.Cause(ctx)}
		case <-time.After(pause):
		}
	}
}
