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

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cli"
	"github.com/omamori-guard/omamori/linux"
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
	fd, err := unix.Openat(dir, name, linux.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
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
	return unix.Fchownat(fd, "", who.uid, who.gid, linux.AT_EMPTY_PATH)
}

// toSyslog writes one line to the system's log.
func toSyslog(line string) error {
	w, err := syslog.New(syslog.LOG_WARNING|syslog.LOG_DAEMON, "omamori")
	if err != nil {
		return err
	}
	return errors.Join(w.Warning(line), w.Close())
}
