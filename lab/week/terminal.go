package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/sys/unix"
)

// terminal is a command at a terminal of its own, as a person sits at one.
type terminal struct {
	s      *stage
	cmd    *exec.Cmd
	master *os.File
	done   chan struct{} // it says nothing more

	mu   sync.Mutex // protects said
	said bytes.Buffer
	read int    // so much of it was shown
	echo string // what was typed last stands on the screen too
}

// wide is a terminal that breaks no line of ours.
const wide = 150

// sit starts omamori on a host at a terminal.
func (s *stage) sit(host string, args ...string) *terminal {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	s.must("terminal", err)
	// The raw connection leaves the file in the poller's care, so that Close ends Read.
	raw, err := master.SyscallConn()
	s.must("terminal", err)
	n := 0
	var bad error
	err = raw.Control(func(fd uintptr) {
		bad = errors.Join(unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0), unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: wide}))
		if bad == nil {
			n, bad = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	})
	s.must("terminal", errors.Join(err, bad))
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	s.must("terminal", err)
	defer tty.Close()
	t := &terminal{s: s, cmd: s.in(host, "omamori", append([]string{"--lang", string(s.lang)}, args...)...), master: master, done: make(chan struct{})}
	t.cmd.Env = append(t.cmd.Env, "TERM=xterm")
	t.cmd.Stdin, t.cmd.Stdout, t.cmd.Stderr = tty, tty, tty
	t.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	s.must("omamori "+strings.Join(args, " "), t.cmd.Start())
	go func() {
		defer close(t.done)
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf) // EIO once the command has ended
			t.mu.Lock()
			t.said.Write(buf[:n])
			t.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return t
}

// over is a line that was drawn over: what stood before it was on its way.
var over = regexp.MustCompile(`[^\n]*\r(?:\x1b\[K)`)

// fresh is what it has said since it was last shown, as it stands on the screen.
func (t *terminal) fresh() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.ReplaceAll(t.said.String()[t.read:], "\r\n", "\n")
	return ansi.Strip(over.ReplaceAllString(text, ""))
}

// shown passes over what was said until now, and tells it.
func (t *terminal) shown() {
	text := t.fresh()
	t.mu.Lock()
	t.read = t.said.Len()
	t.mu.Unlock()
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\n "); line != "" && line != t.echo {
			t.s.said("laptop", line)
		}
	}
}

// asks waits until it asks one of these, and gives which; "" once it has ended.
func (t *terminal) asks(prompts ...string) (asked string) {
	ended := false
	t.s.wait("omamori rescue asks, or ends", func() bool {
		select {
		case <-t.done:
			ended = true
			return true
		default:
		}
		text := strings.TrimSpace(t.fresh())
		for _, p := range prompts {
			if strings.HasSuffix(text, p) {
				asked = p
				return true
			}
		}
		return false
	})
	if ended {
		return ""
	}
	return asked
}

// types types a line.
func (t *terminal) types(line string) {
	t.echo = line
	_, err := t.master.WriteString(line + "\n")
	t.s.must("type", err)
}

// end waits for its end, and gives its exit code.
func (t *terminal) end() int {
	select {
	case <-t.done:
	case <-time.After(patience):
		_ = t.cmd.Process.Kill()
		t.s.must("omamori rescue", fmt.Errorf("does not end: %s", t.fresh()))
	}
	t.shown()
	_ = t.cmd.Wait() // its code is asked for
	_ = t.master.Close()
	return t.cmd.ProcessState.ExitCode()
}
