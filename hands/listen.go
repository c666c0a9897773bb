package hands

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// Listen makes the socket at path, for the guard's group where hands is root, else
// for its own user alone. Who asks is looked at again for each connection. A socket
// that a predecessor left is replaced: New has made sure that it is gone.
func (s *Server) Listen(path string) (*net.UnixListener, error) {
	l, err := listen(path)
	if err != nil || s.file.Guard == "" || os.Geteuid() != 0 {
		return l, err
	}
	who, err := findUser(s.file.Guard)
	if err == nil {
		err = errors.Join(os.Lchown(path, 0, int(who.gid)), os.Chmod(path, 0o660))
	}
	if err != nil {
		l.Close()
		return nil, fmt.Errorf("give socket to the guard: %w", err)
	}
	return l, nil
}

// Listen makes the socket of the door's half. Two users may have business there, so
// anybody may connect; who asks is looked at for each connection, and strangers are
// turned away at once.
func (d *Door) Listen(path string) (*net.UnixListener, error) {
	l, err := listen(path)
	if err != nil || d.guard < 0 && d.knock < 0 {
		return l, err
	}
	if err := os.Chmod(path, 0o666); err != nil {
		l.Close()
		return nil, fmt.Errorf("open the door's socket: %w", err)
	}
	return l, nil
}

// listen makes a socket for our own user alone, in the place of one that was left.
func listen(path string) (*net.UnixListener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("make folder of socket: %w", err)
	}
	if st, err := os.Lstat(path); err == nil && st.Mode()&fs.ModeSocket != 0 {
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("remove old socket: %w", err)
		}
	}
	// Not for a moment is it open to all.
	old := unix.Umask(0o177)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	unix.Umask(old)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return l, nil
}

// Activated gives the socket that systemd has made for us, nil if there is none.
func Activated() (*net.UnixListener, error) {
	pid, n := os.Getenv("LISTEN_PID"), os.Getenv("LISTEN_FDS")
	for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		if err := os.Unsetenv(name); err != nil {
			return nil, err
		}
	}
	if pid != strconv.Itoa(os.Getpid()) || n == "" || n == "0" {
		return nil, nil
	}
	if n != "1" {
		return nil, fmt.Errorf("systemd gives %s sockets, want one", n)
	}
	f := os.NewFile(inheritedFD, "socket of systemd")
	defer f.Close() // FileListener has its own
	l, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("use socket of systemd: %w", err)
	}
	u, ok := l.(*net.UnixListener)
	if !ok {
		l.Close()
		return nil, errors.New("use socket of systemd: not a unix socket")
	}
	u.SetUnlinkOnClose(false)
	return u, nil
}

// Inherited gives the connection that hands was started with. Children do not get
// it.
func Inherited(fd int) (*net.UnixConn, error) {
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, unix.FD_CLOEXEC); err != nil {
		return nil, fmt.Errorf("use descriptor %d: %w", fd, err)
	}
	return unixConn(os.NewFile(uintptr(fd), "descriptor "+strconv.Itoa(fd)))
}
