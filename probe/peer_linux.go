package probe

import "golang.org/x/sys/unix"

// listener is the process at the other end of a connected Unix socket, 0 if it is none
// that we can see.
func listener(fd int) (pid int) {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return 0
	}
	return int(cred.Pid)
}
