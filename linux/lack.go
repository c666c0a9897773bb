//go:build !linux

package linux

import (
	"errors"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	AT_EMPTY_PATH       = 0
	MFD_CLOEXEC         = 0
	O_PATH              = 0
	PIDFD_INFO_EXIT     = 0
	PIDFD_NONBLOCK      = 0
	RESOLVE_NO_SYMLINKS = 0
	SOCK_CLOEXEC        = 0
	SOCK_NONBLOCK       = 0
)

type (
	OpenHow   struct{ Flags, Mode, Resolve uint64 }
	PidfdInfo struct {
		Mask      uint64
		Exit_code int32
	}
	Siginfo struct{}
	Ucred   struct {
		Pid      int32
		Uid, Gid uint32
	}
)

var errNot = errors.ErrUnsupported

// EndWithUs asks for nothing: a child ends when its input does, or by its own time limit.
func EndWithUs(syscall.Signal) *syscall.SysProcAttr { return &syscall.SysProcAttr{} }

func OwnSession(_ *int, who *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Credential: who}
}

func PeerCred(int) (*Ucred, error) { return nil, errNot }

func SinceBoot() (time.Duration, error) { return 0, errNot }

func Memory() (int64, error) { return 0, errNot }

func Unit(fs *unix.Statfs_t) uint64 { return uint64(max(fs.Bsize, 1)) }

func ForgetInput(int) error { return errNot }

func BindToDevice(int, string) error { return errNot }

func Fdatasync(fd int) error { return unix.Fsync(fd) }

func IoctlPidfdInfo(int, *PidfdInfo) error { return errNot }

func MemfdCreate(string, int) (int, error) { return -1, errNot }

func Openat2(int, string, *OpenHow) (int, error) { return -1, errNot }

func PidfdGetfd(int, int, int) (int, error) { return -1, errNot }

func PidfdOpen(int, int) (int, error) { return -1, errNot }

func PidfdSendSignal(int, unix.Signal, *Siginfo, int) error { return errNot }
