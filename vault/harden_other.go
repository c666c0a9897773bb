//go:build unix && !linux

package vault

import "golang.org/x/sys/unix"

// Harden keeps what this program has in memory out of core dumps. It is called before a
// secret is read; what the system refuses cannot be helped.
func Harden() { _ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) }
