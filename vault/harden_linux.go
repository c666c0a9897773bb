package vault

import "golang.org/x/sys/unix"

// Harden keeps what this program has in memory out of core dumps, out of the reach of
// other programs of the same user and, where the system grants it, out of the swap. It is
// called before a secret is read; what the system refuses cannot be helped.
func Harden() {
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	// Only where there is no limit: under one, the program's own memory would fail it.
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit) == nil && limit.Cur == unix.RLIM_INFINITY {
		_ = unix.Mlockall(unix.MCL_CURRENT | unix.MCL_FUTURE | unix.MCL_ONFAULT)
	}
}
