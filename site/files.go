package site

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/chain"
)

// owner is who a file belongs to; nil is root.
type owner struct{ uid, gid int }

func findUser(name string) (*owner, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("find user: %w", err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, fmt.Errorf("find user %s: %w", name, err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, fmt.Errorf("find user %s: %w", name, err)
	}
	return &owner{uid, gid}, nil
}

func (o *owner) give(path string) error {
	if o == nil {
		return os.Lchown(path, 0, 0)
	}
	return os.Lchown(path, o.uid, o.gid)
}

// makeDir sees to it that a folder is there, with this mode and owner.
func makeDir(path string, mode fs.FileMode, who *owner) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	if err := who.give(path); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	if err := os.Chmod(path, mode); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	return nil
}

// makeOpen sees to it that a folder is there and that all may pass through it; those
// on the way to it that are not there yet are made alike, whatever the umask.
func makeOpen(path string) error {
	if up := filepath.Dir(path); up != path {
		if _, err := os.Stat(up); errors.Is(err, fs.ErrNotExist) {
			if err := makeOpen(up); err != nil {
				return err
			}
		}
	}
	return makeDir(path, 0o755, nil)
}

// writeFile sees to it that a file has this content, mode and owner. It is replaced
// in one step, so that nobody ever sees half of it; changed is false when nothing
// was to be done.
func writeFile(path string, content []byte, mode fs.FileMode, who *owner) (changed bool, err error) {
	old, err := os.ReadFile(path)
	if err == nil && bytes.Equal(old, content) {
		return false, errors.Join(who.give(path), os.Chmod(path, mode))
	}
	// The same name each time: what a killed one left, the next takes away.
	half := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
	if err := os.Remove(half); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("write file: %w", err)
	}
	f, err := os.OpenFile(half, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return false, fmt.Errorf("write file: %w", err)
	}
	defer os.Remove(f.Name()) // is gone when all went well
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(mode), who.give(f.Name()), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return false, fmt.Errorf("write file: %w", err)
	}
	return true, nil
}

// link sees to it that path is a symbolic link to target.
func link(target, path string) error {
	if now, err := os.Readlink(path); err == nil && now == target {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("make link: %w", err)
	}
	if err := os.Symlink(target, path); err != nil {
		return fmt.Errorf("make link: %w", err)
	}
	return nil
}

// touch makes an empty file for who to write into, unless it is there.
func touch(path string, mode fs.FileMode, who *owner) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND|unix.O_NOFOLLOW, mode)
	if err != nil {
		return fmt.Errorf("make file: %w", err)
	}
	uid, gid := 0, 0
	if who != nil {
		uid, gid = who.uid, who.gid
	}
	if err := errors.Join(f.Chown(uid, gid), f.Chmod(mode), f.Close()); err != nil {
		return fmt.Errorf("make file: %w", err)
	}
	return nil
}

func (l layout) secretFile(name string) string { return l.at("secrets", name) }

// secret is the secret of that name, made when it is needed for the first time.
func (l layout) secret(name string) (string, error) {
	path := l.secretFile(name)
	b, err := os.ReadFile(path)
	if s := strings.TrimSpace(string(b)); err == nil && s != "" {
		return s, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read secret: %w", err)
	}
	s := rand.Text()
	_, err = writeFile(path, []byte(s+"\n"), 0o600, nil)
	return s, err
}

// lock keeps a second Up or Down of the same site out until unlock is called, or we
// are gone.
func lock(l layout) (unlock func(), err error) {
	f, err := os.OpenFile(l.at(".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock site: %w", err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = problem(chain.Say("site.busy", "dir", l.dir), chain.Text{})
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}
