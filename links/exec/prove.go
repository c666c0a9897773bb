package exec

import (
	"context"
	"errors"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

const (
	maxOutput = 64 << 10 // bytes of a program's output that are kept
	tooMuch   = 1 << 20  // bytes after which it is ended
	// linger is how long the end of the output is waited for once the program has
	// ended, as something that it started may hold it open.
	linger = 250 * time.Millisecond
	// reserve is the part of the time that is left for ending a program that
	// takes too long.
	reserve = 0.05
)

// Prove runs the program once. It gets no more of our environment than a place to
// look for programs, and dies with all that it started in its process group.
func (l *link) Prove(ctx context.Context) chain.Proof {
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	inner := ctx
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		inner, cancel = context.WithDeadline(ctx, deadline.Add(-time.Duration(reserve*float64(time.Until(deadline)))))
		defer cancel()
	}
	inner, stop := context.WithCancelCause(inner)
	defer stop(nil)
	out := &output{full: func() { stop(errTooMuch) }}
	cmd := exec.CommandContext(inner, l.argv[0], l.argv[1:]...)
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=/"}
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	group := func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }
	cmd.Cancel = group
	cmd.WaitDelay = linger

	began := time.Now()
	err := cmd.Start()
	if err == nil {
		err = cmd.Wait()
		_ = group() // what it left behind; mostly nothing is there any more
	}
	took := time.Since(began)
	var ended *exec.ExitError
	switch {
	case probe.Cancelled(ctx):
		return chain.Untried(probe.CancelledText(), chain.Text{})
	case errors.Is(context.Cause(inner), errTooMuch):
		return chain.Untried(chain.Say("exec.too_much", "program", l.program(), "most", tooMuch), chain.Say("exec.not_plugin_hint", "program", l.program()))
	case inner.Err() != nil:
		p := chain.Broke("timeout", chain.Say("exec.timeout", "program", l.program(), "after", took), chain.Say("exec.timeout_hint", "link", l.name))
		p.Evidence = lines(out.text())
		return p
	case cmd.ProcessState == nil:
		return l.unstarted(err)
	case err != nil && !errors.As(err, &ended) && !errors.Is(err, exec.ErrWaitDelay):
		return chain.Untried(chain.Say("exec.failed", "program", l.program(), "error", err.Error()), chain.Say("exec.not_plugin_hint", "program", l.program()))
	}
	return l.judge(cmd.ProcessState.Sys().(syscall.WaitStatus), out.text())
}

var errTooMuch = errors.New("the program said too much")

func (l *link) program() string { return filepath.Base(l.argv[0]) }

func (l *link) unstarted(err error) chain.Proof {
	path := l.argv[0]
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return chain.Untried(chain.Say("exec.missing", "path", path), chain.Say("exec.missing_hint", "path", path))
	case errors.Is(err, fs.ErrPermission):
		return chain.Untried(chain.Say("exec.denied", "path", path), chain.Say("exec.denied_hint", "path", path))
	case errors.Is(err, syscall.ENOEXEC):
		return chain.Untried(chain.Say("exec.no_program", "path", path), chain.Say("exec.denied_hint", "path", path))
	}
	return chain.Untried(chain.Say("exec.failed", "program", l.program(), "error", err.Error()), chain.Say("exec.missing_hint", "path", path))
}

// The exit codes of the protocol. All others count as unknown.
const (
	ok       = 0
	warning  = 1
	critical = 2
	unknown  = 3
)

func (l *link) judge(s syscall.WaitStatus, text string) chain.Proof {
	said := parse(text)
	because := chain.Say("exec.said", "text", said.line)
	if said.line == "" {
		because = chain.Say("exec.silent", "program", l.program(), "code", s.ExitStatus())
	}
	hint := chain.Say("exec.hint", "link", l.name, "program", l.program())
	var p chain.Proof
	switch code := s.ExitStatus(); {
	case s.Signaled():
		p = chain.Untried(chain.Say("exec.by_signal", "program", l.program(), "signal", signalName(s.Signal())), chain.Say("exec.not_plugin_hint", "program", l.program()))
	case code == ok, code == warning && l.tolerant:
		p = chain.Held(because)
	case code == warning:
		p = chain.Broke("warning", because, hint)
	case code == critical:
		p = chain.Broke("critical", because, hint)
	case code == unknown:
		p = chain.Untried(because, hint)
	default:
		p = chain.Untried(chain.Say("exec.odd_code", "program", l.program(), "code", code, "text", said.line), chain.Say("exec.not_plugin_hint", "program", l.program()))
	}
	p.Evidence, p.Figures = said.more, said.figures
	return p
}

func signalName(s syscall.Signal) string {
	if name := unix.SignalName(s); name != "" {
		return name
	}
	return strconv.Itoa(int(s))
}

// output keeps the beginning of what a program says. Only the command writes to it,
// from one goroutine.
type output struct {
	kept  strings.Builder
	heard int
	full  func()
}

func (o *output) Write(b []byte) (int, error) {
	o.heard += len(b)
	if room := maxOutput - o.kept.Len(); room > 0 {
		o.kept.Write(b[:min(room, len(b))])
	}
	if o.heard > tooMuch {
		o.full()
		return 0, errTooMuch
	}
	return len(b), nil
}

func (o *output) text() string { return o.kept.String() }
