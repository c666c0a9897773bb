package site

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/linux"
)

const (
	// patience is how long a daemon may take until it answers: MariaDB may have a
	// crash to recover from.
	patience = 90 * time.Second
	// look is the time between two looks at something that is awaited.
	look = 20 * time.Millisecond
)

// await calls ready until it is true or gives an error, at most for patience.
func await(ctx context.Context, what string, ready func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		if ok, err := ready(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		case <-tick.C:
		}
	}
}

// hands connects to the site's hands.
func (b *build) hands(ctx context.Context) (c *hands.Client, err error) {
	if !b.WithSystemd {
		return ask(ctx, b.layout, b.HandsBinary)
	}
	err = await(ctx, "hands", func() (bool, error) { // systemd has just started it
		c, err = hands.Connect(ctx, b.handsSocket())
		return err == nil, nil
	})
	return c, err
}

// leaveHands stops services that hands runs as its children, where systemd is to run
// them from now on.
func (b *build) leaveHands(ctx context.Context) error {
	if !b.WithSystemd {
		return nil
	}
	file, err := hands.Load(b.handsFile())
	if err != nil || !slices.ContainsFunc(file.Services, func(s hands.Service) bool { return s.Child != nil }) {
		return nil //nolint:nilerr // without a file there are none
	}
	return handsDown(ctx, b.layout, b.HandsBinary)
}

// ask connects to the site's hands, which are started if they are not there.
func ask(ctx context.Context, l layout, binary string) (*hands.Client, error) {
	if c, err := hands.Connect(ctx, l.handsSocket()); err == nil {
		return c, nil
	}
	out, err := os.OpenFile(l.at("log", "hands.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o640)
	if err != nil {
		return nil, fmt.Errorf("open log of hands: %w", err)
	}
	defer out.Close()
	begin, err := out.Seek(0, 2)
	if err != nil {
		return nil, fmt.Errorf("open log of hands: %w", err)
	}
	// It outlives us: no context, a session of its own.
	cmd := exec.Command(binary, "--listen", l.handsSocket(), "--file", l.handsFile())
	cmd.Dir, cmd.Stdout, cmd.Stderr = "/", out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); errors.Is(err, fs.ErrNotExist) {
		return nil, problem(chain.Say("site.no_hands", "path", binary), chain.Text{})
	} else if err != nil {
		return nil, fmt.Errorf("start hands: %w", err)
	}
	pid := cmd.Process.Pid
	if err := cmd.Process.Release(); err != nil {
		return nil, fmt.Errorf("start hands: %w", err)
	}
	var c *hands.Client
	err = await(ctx, "hands", func() (bool, error) {
		var err error
		if c, err = hands.Connect(ctx, l.handsSocket()); err == nil {
			return true, nil
		}
		if gone, _ := unix.Wait4(pid, nil, unix.WNOHANG, nil); gone == pid {
			return false, problem(chain.Say("site.hands_ended"), chain.Say("site.see_log", "path", l.at("log", "hands.log"), "line", lastLine(out.Name(), begin)))
		}
		return false, nil
	})
	return c, err
}

// lastLine is what a log ends with, if it has grown beyond begin.
func lastLine(path string, begin int64) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return ""
	}
	const tail = 4 << 10
	buf := make([]byte, tail)
	n, _ := f.ReadAt(buf, max(begin, st.Size()-tail)) // io.EOF is as it should be
	lines := strings.Split(strings.TrimSpace(string(buf[:n])), "\n")
	return lines[len(lines)-1]
}

// renewHands ends hands that run by an older file. What they look after goes on, and
// is taken over by the next.
func renewHands(ctx context.Context, l layout) error {
	pid := listener(ctx, l.handsSocket())
	if pid == 0 {
		return nil
	}
	fd, err := linux.PidfdOpen(pid, 0)
	if err != nil {
		return nil //nolint:nilerr // it has just ended
	}
	defer unix.Close(fd)
	if err := linux.PidfdSendSignal(fd, unix.SIGTERM, nil, 0); err != nil {
		return nil //nolint:nilerr // so here
	}
	return await(ctx, "the end of hands", func() (bool, error) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, 0)
		if errors.Is(err, unix.EINTR) {
			err = nil
		}
		return n > 0, err
	})
}

// listener is the process that listens on a Unix socket, 0 if there is none.
func listener(ctx context.Context, path string) int {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err != nil {
		return 0
	}
	defer conn.Close()
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		return 0
	}
	pid := 0
	err = raw.Control(func(fd uintptr) {
		if cred, err := linux.PeerCred(int(fd)); err == nil {
			pid = int(cred.Pid)
		}
	})
	if err != nil {
		return 0
	}
	return pid
}

// handsDown has hands stop the services and end. Where hands has died, new hands
// take over what it left running, to stop it.
func handsDown(ctx context.Context, l layout, binary string) error {
	if _, err := os.Stat(l.handsFile()); err != nil {
		return nil //nolint:nilerr // Up never came so far
	}
	c, err := ask(ctx, l, binary)
	if err != nil {
		return err
	}
	defer c.Close()
	pid := listener(ctx, l.handsSocket())
	if err := c.Shutdown(ctx); err != nil {
		return err
	}
	select {
	case <-c.Done():
	case <-ctx.Done():
		return ctx.Err()
	}
	return await(ctx, "the end of hands", func() (bool, error) {
		// Where it is our own child, somebody has to take its exit.
		if gone, _ := unix.Wait4(pid, nil, unix.WNOHANG, nil); pid == 0 || gone == pid {
			return true, nil
		}
		return errors.Is(unix.Kill(pid, 0), unix.ESRCH), nil
	})
}
