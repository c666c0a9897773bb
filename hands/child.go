package hands

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/linux"
)

// child runs a service as hands' own child, or as the child of a hands that is no
// more.
type child struct {
	service *service
	spec    *Child
	record  string
}

// find takes over what an earlier hands left, or what the pid file names.
func (c *child) find(context.Context) (*tracked, error) {
	if r, ok := readRecord(c.record); ok {
		if t, err := r.track(); err == nil {
			return t, nil
		}
	}
	return trackPIDFile(c.service.PIDFile)
}

func (c *child) start(ctx context.Context, old *tracked) error {
	if err := c.endOrphans(ctx, old); err != nil {
		return err
	}
	t, err := c.exec()
	if err != nil {
		return err
	}
	r := record{PID: t.pid, Start: t.start, Boot: bootID()}
	if c.service.take(t) == nil {
		return errClosing
	}
	if err := r.write(c.record); err != nil {
		c.service.log.Error("remember child", "error", err)
	}
	return nil
}

func (c *child) stop(ctx context.Context, now *tracked) error {
	sig, _ := stopSignal(c.spec.StopSignal)
	if err := end(ctx, now, sig, c.spec.stopTimeout()); err != nil {
		return err
	}
	return c.endOrphans(ctx, now)
}

func (c *child) kill(ctx context.Context, now *tracked) error {
	if err := end(ctx, now, unix.SIGKILL, 0); err != nil {
		return err
	}
	return c.endOrphans(ctx, now)
}

func (c *child) say(_ context.Context, e *chain.Evidence) { e.Manager = "hands" }

// endOrphans ends what a main process that is dead has left behind: workers would
// go on serving, and keep a new one from its sockets.
func (c *child) endOrphans(ctx context.Context, old *tracked) error {
	if r, ok := readRecord(c.record); ok && (old == nil || old.pid != r.PID) {
		if err := endSession(ctx, r.PID, r.Start); err != nil {
			return err
		}
	}
	return endOrphans(ctx, old)
}

// endOrphans does so where old led a process group of its own; one that did not
// shared its with strangers.
func endOrphans(ctx context.Context, old *tracked) error {
	if old == nil || !old.leader || old.alive() {
		return nil
	}
	return endSession(ctx, old.pid, old.start)
}

// exec starts the program. When it returns, the program runs: a failure to execute
// it is an error.
func (c *child) exec() (*tracked, error) {
	var who account
	if c.spec.User != "" {
		var err error
		if who, err = findUser(c.spec.User); err != nil {
			return nil, err
		}
	}
	null, err := os.OpenFile("/dev/null", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	out := null
	if c.spec.Output != "" {
		out, err = openOutput(c.spec.Output)
		if err != nil {
			return nil, fmt.Errorf("open output: %w", err)
		}
		defer out.Close()
	}
	pidfd := -1
	attr := &syscall.ProcAttr{
		Dir: c.spec.Dir, Env: c.environment(who),
		Files: []uintptr{null.Fd(), out.Fd(), out.Fd()},
		Sys:   linux.OwnSession(&pidfd, who.credential()),
	}
	if attr.Dir == "" {
		attr.Dir = "/"
	}
	var pid int
	err = withPlainScore(func() (err error) {
		pid, _, err = syscall.StartProcess(c.spec.Argv[0], c.spec.Argv, attr)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("execute %s: %w", c.spec.Argv[0], err)
	}
	if pidfd < 0 { // a kernel older than 5.4; the child is ours, so that its number is its own
		if pidfd, err = linux.PidfdOpen(pid, linux.PIDFD_NONBLOCK); err != nil {
			return nil, fmt.Errorf("open process %d: %w", pid, err)
		}
	} else if err := unix.SetNonblock(pidfd, true); err != nil {
		return nil, fmt.Errorf("open process %d: %w", pid, err)
	}
	return trackFD(pid, pidfd, true)
}

// credential is nil for hands' own user, which needs no privilege to stay.
func (a account) credential() *syscall.Credential {
	if a.name == "" || int(a.uid) == os.Geteuid() && a.uid != 0 {
		return nil
	}
	return &syscall.Credential{Uid: a.uid, Gid: a.gid, Groups: a.groups}
}

// environment is all that the child gets of it; the file's own entries win.
func (c *child) environment(who account) []string {
	name, home := "root", "/root"
	if who.name != "" {
		name, home = who.name, who.home
	}
	return append([]string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=" + home, "USER=" + name, "LOGNAME=" + name, "LANG=C.UTF-8",
	}, c.spec.Env...)
}

// withPlainScore calls f while hands is as likely a victim of the kernel's OOM
// killer as any process: what f forks would else be as unlikely a one as hands is.
func withPlainScore(f func() error) error {
	const path = "/proc/self/oom_score_adj"
	own, err := os.ReadFile(path)
	if err != nil || len(own) == 0 || own[0] != '-' {
		return f()
	}
	if err := os.WriteFile(path, []byte("0"), 0); err != nil {
		return fmt.Errorf("set oom score: %w", err)
	}
	return errors.Join(f(), os.WriteFile(path, own, 0))
}
