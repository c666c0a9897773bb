// Package control is the local socket: a guard answers on it, and commands ask.
//
// It speaks HTTP and JSON over a Unix socket of mode 0600, and looks at the peer's
// user besides: only root and the guard's own user are answered.
package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/linux"
)

// maxBody bounds what is read of a request, maxAnswer of an answer.
const (
	maxBody   = 64 << 10
	maxAnswer = 64 << 20
	// maxLines is how many records of the journal one answer holds.
	maxLines = 1000
)

// Listen makes the socket at path, its folder if need be, and gives it to uid. A
// socket that nobody answers on any more is replaced; one that somebody does is
// a *Taken.
func Listen(path string, uid int) (*net.UnixListener, error) { return listen(path, uid, 0o600) }

func listen(path string, uid int, mode fs.FileMode) (*net.UnixListener, error) {
	if n := len(path); n > 107 {
		return nil, fmt.Errorf("the socket's path %s has %d bytes, more than the 107 that Linux allows", path, n)
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the socket's folder: %w", err)
	}
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		defer c.Close()
		cred, err := peer(c.(*net.UnixConn))
		if err != nil {
			return nil, fmt.Errorf("listen on %s: another guard answers there: %w", path, err)
		}
		return nil, &Taken{Path: path, PID: int(cred.Pid)}
	} else if errors.Is(err, syscall.ECONNREFUSED) {
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("replace the old socket: %w", err)
		}
	}
	// The socket is born with the mode that it is to have: no moment in which
	// others could connect.
	old := syscall.Umask(0o177)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	syscall.Umask(old)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	if err := give(path, uid, mode); err != nil {
		l.Close()
		return nil, fmt.Errorf("give the socket to its user: %w", err)
	}
	return l, nil
}

// give gives a socket its owner and mode. The folder may be that of the guard's user, and
// we be root: whatever he puts in the socket's place meanwhile is not what is given.
func give(path string, uid int, mode fs.FileMode) error {
	fd, err := unix.Open(path, linux.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFSOCK || st.Nlink != 1 || int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s is not the socket that was made there", path)
	}
	if err := os.Chmod(fmt.Sprintf("/proc/self/fd/%d", fd), mode); err != nil {
		return err
	}
	if uid == os.Geteuid() {
		return nil
	}
	return unix.Fchownat(fd, "", uid, -1, linux.AT_EMPTY_PATH)
}

// Taken says that another guard answers on the socket.
type Taken struct {
	Path string
	PID  int // of the process that listens
}

func (e *Taken) Error() string {
	return fmt.Sprintf("another guard, process %d, answers on %s", e.PID, e.Path)
}

// Said gives the words of it: see chain.Spoken.
func (e *Taken) Said() (text, hint chain.Text) {
	return chain.Say("control.taken", "path", e.Path, "pid", e.PID), chain.Say("control.taken_hint", "pid", e.PID)
}

// peer is who is at the other end of a Unix socket: the process that connected, or
// the one that listens.
func peer(c *net.UnixConn) (*linux.Ucred, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	var cred *linux.Ucred
	var inner error
	if err := raw.Control(func(fd uintptr) {
		cred, inner = linux.PeerCred(int(fd))
	}); err != nil {
		return nil, err
	}
	return cred, inner
}

// trusted reports whether a user is root or the guard's own.
func trusted(uid uint32) bool { return uid == 0 || int(uid) == os.Geteuid() }

// guarded is a listener that closes the connections of strangers unanswered.
type guarded struct{ *net.UnixListener }

func (g guarded) Accept() (net.Conn, error) {
	for {
		c, err := g.AcceptUnix()
		if err != nil {
			return nil, err
		}
		if cred, err := peer(c); err == nil && (trusted(cred.Uid)) {
			return c, nil
		}
		c.Close()
	}
}

// dial connects to the guard at path.
func dial(ctx context.Context, path string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "unix", path)
}
