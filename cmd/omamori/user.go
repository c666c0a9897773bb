package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/syslog"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/landlock-lsm/go-landlock/landlock"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/psx"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cli"
)

// account is whom the guard runs as.
type account struct {
	name     string
	uid, gid int
	// become says that we are root and are to be somebody else.
	become bool
}

// chooseUser finds whom to become when started as root; another user stays who he
// is.
func chooseUser(name string) (account, error) {
	if os.Geteuid() != 0 {
		return account{uid: os.Geteuid(), gid: os.Getegid()}, nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return account{}, &cli.Problem{
			Text: chain.Say("run.no_user", "user", name), Hint: chain.Say("run.no_user_hint", "user", name),
		}
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return account{}, fmt.Errorf("user %s: %w", name, err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return account{}, fmt.Errorf("user %s: %w", name, err)
	}
	return account{name: name, uid: uid, gid: gid, become: uid != 0}, nil
}

// ownState makes the folder for state, and gives it and what is in it to who. It
// follows no link, and leaves alone what has another name besides, so that nobody can
// have another file given to him.
func ownState(dir string, who account) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the folder for state: %w", err)
	}
	if !who.become {
		return nil
	}
	if err := os.Lchown(dir, who.uid, who.gid); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := give(int(d.Fd()), name, who); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("give %s its owner: %w", filepath.Join(dir, name), err)
		}
	}
	return nil
}

// give gives a file in the folder dir to who. What it looks at is what it gives.
func give(dir int, name string, who account) error {
	fd, err := unix.Openat(dir, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG || st.Nlink != 1 {
		return nil
	}
	return unix.Fchownat(fd, "", who.uid, who.gid, unix.AT_EMPTY_PATH)
}

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

// toSyslog writes one line to the system's log.
func toSyslog(line string) error {
	w, err := syslog.New(syslog.LOG_WARNING|syslog.LOG_DAEMON, "omamori")
	if err != nil {
		return err
	}
	return errors.Join(w.Warning(line), w.Close())
}
