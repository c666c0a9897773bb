package linux

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The numbers of Linux.
const (
	AT_EMPTY_PATH       = unix.AT_EMPTY_PATH
	MFD_CLOEXEC         = unix.MFD_CLOEXEC
	O_PATH              = unix.O_PATH
	PIDFD_INFO_EXIT     = unix.PIDFD_INFO_EXIT
	PIDFD_NONBLOCK      = unix.PIDFD_NONBLOCK
	RESOLVE_NO_SYMLINKS = unix.RESOLVE_NO_SYMLINKS
	SOCK_CLOEXEC        = unix.SOCK_CLOEXEC
	SOCK_NONBLOCK       = unix.SOCK_NONBLOCK
)

// Its types.
type (
	OpenHow   = unix.OpenHow
	PidfdInfo = unix.PidfdInfo
	Siginfo   = unix.Siginfo
	Ucred     = unix.Ucred
)

// EndWithUs has the kernel send a signal to a child when the thread that started it ends.
func EndWithUs(signal syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: signal}
}

// OwnSession lets a child have a session of its own and another user, and gives its
// process as a descriptor, where the kernel can: else *pidfd stays as it is.
func OwnSession(pidfd *int, who *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, PidFD: pidfd, Credential: who}
}

// PeerCred is who is at the other end of a Unix socket.
func PeerCred(fd int) (*Ucred, error) {
	return unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
}

// SinceBoot is the time since the boot, the time asleep included.
func SinceBoot() (time.Duration, error) {
	var t unix.Timespec
	err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t)
	return time.Duration(t.Nano()), err
}

// Memory is how much the machine has, in bytes.
func Memory() (int64, error) {
	var i unix.Sysinfo_t
	err := unix.Sysinfo(&i)
	return int64(i.Totalram) * int64(i.Unit), err
}

// Unit is what a file system counts its blocks in, in bytes.
func Unit(fs *unix.Statfs_t) uint64 { return uint64(max(fs.Frsize, 1)) }

// ForgetInput has a terminal drop what was typed and not read yet.
func ForgetInput(fd int) error { return unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIFLUSH) }

func BindToDevice(fd int, name string) error { return unix.BindToDevice(fd, name) }

func Fdatasync(fd int) error { return unix.Fdatasync(fd) }

func IoctlPidfdInfo(fd int, info *PidfdInfo) error { return unix.IoctlPidfdInfo(fd, info) }

func MemfdCreate(name string, flags int) (int, error) { return unix.MemfdCreate(name, flags) }

func Openat2(dir int, path string, how *OpenHow) (int, error) { return unix.Openat2(dir, path, how) }

func PidfdGetfd(pidfd, fd, flags int) (int, error) { return unix.PidfdGetfd(pidfd, fd, flags) }

func PidfdOpen(pid, flags int) (int, error) { return unix.PidfdOpen(pid, flags) }

func PidfdSendSignal(pidfd int, s unix.Signal, info *Siginfo, flags int) error {
	return unix.PidfdSendSignal(pidfd, s, info, flags)
}
