package hands

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/linux"
)

const maxLinks = 16

// openAt opens a path of hands' file. It follows a symbolic link only if root (or
// hands' own user) made it: a service that may write to its log's folder is not to
// choose what hands opens.
func openAt(path string, flags int, mode uint32) (*os.File, error) {
	how := &linux.OpenHow{Flags: uint64(flags | unix.O_CLOEXEC), Resolve: linux.RESOLVE_NO_SYMLINKS}
	if flags&unix.O_CREAT != 0 {
		how.Mode = uint64(mode)
	}
	real := path
	for range maxLinks {
		fd, err := linux.Openat2(unix.AT_FDCWD, real, how)
		switch {
		case err == nil:
			return os.NewFile(uintptr(fd), path), nil
		case errors.Is(err, unix.EINTR):
			continue
		case !errors.Is(err, unix.ELOOP):
			return nil, &os.PathError{Op: "open", Path: path, Err: err}
		}
		if real, err = follow(real); err != nil {
			return nil, err
		}
	}
	return nil, &os.PathError{Op: "open", Path: path, Err: unix.ELOOP}
}

// openFile opens a file for reading, and refuses what is none: a pipe, which somebody
// may have put in the file's place, would be waited for.
func openFile(path string) (f *os.File, st unix.Stat_t, err error) {
	f, err = openAt(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, st, err
	}
	if err = unix.Fstat(int(f.Fd()), &st); err == nil && st.Mode&unix.S_IFMT != unix.S_IFREG {
		err = fmt.Errorf("%s is not a regular file: %w", path, os.ErrInvalid)
	}
	if err != nil {
		f.Close()
		return nil, st, err
	}
	return f, st, nil
}

// openOutput opens, or makes, the file that takes a child's output.
func openOutput(path string) (*os.File, error) {
	f, err := openAt(path, unix.O_WRONLY|unix.O_APPEND|unix.O_CREAT|unix.O_NONBLOCK|unix.O_NOCTTY, 0o640)
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	err = unix.Fstat(int(f.Fd()), &st)
	switch kind := st.Mode & unix.S_IFMT; {
	case err != nil:
	case kind == unix.S_IFREG && st.Nlink > 1: // the other name may be another's
		err = fmt.Errorf("%s has another name", path)
	case kind != unix.S_IFREG && kind != unix.S_IFCHR:
		err = fmt.Errorf("%s is not a file: %w", path, os.ErrInvalid)
	default:
		err = unix.SetNonblock(int(f.Fd()), false) // the child expects no such thing
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// follow replaces the first symbolic link in path by its target.
func follow(path string) (string, error) {
	parts := strings.Split(strings.TrimPrefix(filepath.Clean(path), "/"), "/")
	at := "/"
	for i, part := range parts {
		next := filepath.Join(at, part)
		target, link, err := readLink(next)
		if err != nil {
			return "", err
		}
		if link {
			if !filepath.IsAbs(target) {
				target = filepath.Join(at, target)
			}
			return filepath.Join(append([]string{target}, parts[i+1:]...)...), nil
		}
		at = next
	}
	return path, nil
}

// readLink reads a symbolic link and its owner by one descriptor: between two looks
// it could become another.
func readLink(path string) (target string, link bool, err error) {
	fd, err := unix.Open(path, linux.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", false, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return "", false, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFLNK {
		return "", false, nil
	}
	if st.Uid != 0 && int(st.Uid) != os.Geteuid() {
		return "", false, fmt.Errorf("%s is a symbolic link of user %d", path, st.Uid)
	}
	var b [unix.PathMax]byte
	n, err := unix.Readlinkat(fd, "", b[:])
	if err != nil {
		return "", false, &os.PathError{Op: "readlink", Path: path, Err: err}
	}
	return string(b[:n]), true, nil
}
