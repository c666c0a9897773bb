package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/landlock-lsm/go-landlock/landlock"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/psx"
)

// leaveTerminal makes the terminal that we were started from no longer our controlling
// one: else the guard could type into it what root's shell would read. It can be
// written to, and Ctrl-C reaches us, as before. Who leads the session has no shell
// behind him.
func leaveTerminal() error {
	if sid, err := unix.Getsid(0); err != nil || sid == os.Getpid() {
		return err
	}
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil //nolint:nilerr // there is none
	}
	defer tty.Close()
	return unix.IoctlSetInt(int(tty.Fd()), unix.TIOCNOTTY, 0)
}

// oomScore makes the kernel choose others first when memory runs out: a guard
// that dies with what it guards is none.
const oomScore = "-900"

// becomeUser gives up root for good, and whatever else the guard does not need:
// no new privileges, no files to write but its own.
func becomeUser(who account, state string) error {
	if os.Geteuid() == 0 {
		// Refused in some containers; the guard is then as mortal as others.
		_ = os.WriteFile("/proc/self/oom_score_adj", []byte(oomScore), 0)
	}
	if who.become {
		for _, step := range []struct {
			name string
			do   func() error
		}{
			{"terminal", leaveTerminal},
			{"groups", func() error { return syscall.Setgroups([]int{who.gid}) }},
			{"group", func() error { return syscall.Setresgid(who.gid, who.gid, who.gid) }},
			{"user", func() error { return syscall.Setresuid(who.uid, who.uid, who.uid) }},
		} {
			if err := step.do(); err != nil {
				return fmt.Errorf("give up root: set %s: %w", step.name, err)
			}
		}
		if syscall.Setuid(0) == nil {
			return errors.New("give up root: it could be taken back")
		}
	}
	// psx works with and without cgo, where the standard library's own does not.
	if _, _, errno := psx.Syscall6(syscall.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0); errno != 0 {
		return fmt.Errorf("set no_new_privs: %w", errno)
	}
	// Where the kernel has no Landlock this does nothing. Provers may read what the
	// user may read, and run checks; only these places may be written.
	writable := []string{state, os.TempDir()}
	rules := []landlock.Rule{landlock.RODirs("/"), landlock.RWDirs(writable...), landlock.RWFiles("/dev/null").IgnoreIfMissing()}
	if err := landlock.V5.BestEffort().RestrictPaths(rules...); err != nil {
		return fmt.Errorf("confine to %s: %w", filepath.Clean(state), err)
	}
	return nil
}
