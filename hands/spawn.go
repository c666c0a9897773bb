package hands

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/linux"
)

// inheritedFD is where a spawned hands finds its end of the socket pair.
const inheritedFD = 3

// Spawn starts the program omamori-hands with a file, and connects to it by a
// socket pair that nobody else can reach; ctx bounds that. The program ends when
// the client is closed, its children go on. A file that hands would refuse gives
// its *FileError. Whoever calls closes the client and then waits for the process.
func Spawn(ctx context.Context, binary, file string) (*Client, *os.Process, error) {
	// Hands reads the file itself; we do to say in words what is wrong with it.
	if _, err := Load(file); err != nil {
		return nil, nil, err
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|linux.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make socket pair: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "hands"), os.NewFile(uintptr(pair[1]), "guard")
	defer theirs.Close()
	conn, err := unixConn(ours)
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.Command(binary, "--file", file, "--fd", strconv.Itoa(inheritedFD))
	cmd.Dir = "/"
	cmd.Stderr = os.Stderr
	cmd.ExtraFiles = []*os.File{theirs}
	// A Ctrl-C in the terminal is for the guard; hands ends after it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		conn.Close()
		return nil, nil, fmt.Errorf("start %s: %w", binary, err)
	}
	theirs.Close() // so that we see its end
	cut := context.AfterFunc(ctx, func() { conn.Close() })
	c, err := NewClient(conn)
	if !cut() && err == nil {
		c.Close()
		err = ctx.Err()
	}
	if err != nil {
		// It has nobody to serve, and ends; that it cannot start is in its log.
		cmd.Wait() //nolint:errcheck // the error that we have says more
		return nil, nil, err
	}
	return c, cmd.Process, nil
}

// unixConn makes a connection of a file, which it closes.
func unixConn(f *os.File) (*net.UnixConn, error) {
	defer f.Close() // FileConn has its own
	c, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("use %s: %w", f.Name(), err)
	}
	u, ok := c.(*net.UnixConn)
	if !ok {
		c.Close()
		return nil, fmt.Errorf("use %s: not a unix socket", f.Name())
	}
	return u, nil
}
