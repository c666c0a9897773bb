//go:build !linux

package mounts

import (
	"os"

	"golang.org/x/sys/unix"
)

// ReadOnly reports whether the file system that holds path is read-only.
func ReadOnly(path string) (bool, error) {
	err := unix.Access(path, unix.W_OK)
	switch {
	case err == nil || err == unix.EACCES || err == unix.EPERM:
		return false, nil
	case err == unix.EROFS:
		return true, nil
	}
	return false, &os.PathError{Op: "access", Path: path, Err: err}
}
