// Package lab boots a Debian host with a real systemd, to prove on it what cannot be
// proved elsewhere.
//
// The host is a systemd-nspawn container with a network of its own, and nothing in it
// but itself. lab/build makes it, once; each boot is on an overlay.
package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// bootTime is how long a host may take until all its units have been started.
const bootTime = 2 * time.Minute

const lookTime = 2 * time.Second

// Host is a host that runs.
type Host struct {
	run   string
	lock  *os.File
	boot  *exec.Cmd
	ended chan struct{}
}

// Boot boots the host that lab/build made in root. Its owner calls Close; should this
// process be killed, the host dies with it, and the next Boot removes what it wrote.
func Boot(ctx context.Context, root string) (*Host, error) {
	runs := filepath.Join(filepath.Dir(root), "run")
	if err := os.MkdirAll(runs, 0o755); err != nil {
		return nil, err
	}
	lock, err := lockFolder(ctx, runs)
	if err != nil {
		return nil, err
	}
	h := &Host{lock: lock, ended: make(chan struct{})}
	left, err := filepath.Glob(filepath.Join(runs, "*")) // by one whose process was killed
	for _, dir := range left {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	if err == nil {
		h.run, err = os.MkdirTemp(runs, "")
	}
	if err != nil {
		return nil, errors.Join(err, h.remove())
	}
	console, err := os.Create(h.console())
	if err != nil {
		return nil, errors.Join(err, h.remove())
	}
	defer console.Close()
	// With a pid namespace of its own, none of its processes can outlive it.
	h.boot = exec.Command("unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", "sh", "boot", root, h.run)
	h.boot.Stdout, h.boot.Stderr = console, console
	h.boot.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func() {
		defer close(h.ended)
		runtime.LockOSThread() // the host is to die with this program, but it dies with this thread
		err := h.boot.Start()
		if started <- err; err == nil {
			_ = h.boot.Wait() //nolint:errcheck // it is killed
		}
	}()
	if err := <-started; err != nil {
		return nil, errors.Join(err, h.remove())
	}
	if err := h.Booted(ctx); err != nil {
		log, _ := os.ReadFile(h.console()) //nolint:errcheck // as much as there is
		return nil, errors.Join(fmt.Errorf("%w\n%s", err, log), h.Close())
	}
	return h, nil
}

// lockFolder waits for the lock of a folder, and holds it for as long as the file is
// open. One host runs at a time: two would share the cgroup that systemd-nspawn makes.
func lockFolder(ctx context.Context, dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for tick := time.NewTicker(lookTime / 20); ; {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", dir, err)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("wait for the host of another run: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

func (h *Host) console() string { return filepath.Join(h.run, "console") }

// remove removes the run's folder; nothing is mounted there in our namespace.
func (h *Host) remove() error {
	return errors.Join(os.RemoveAll(h.run), h.lock.Close())
}

// Close ends the host as a power cut does, and removes what it wrote.
func (h *Host) Close() error {
	if err := h.boot.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-h.ended
	return h.remove()
}

// leader is the process id, as we see it, of the host's systemd.
func (h *Host) leader() (int, error) {
	at := h.boot.Process.Pid
	for range 3 { // unshare, boot, systemd-nspawn, systemd
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", at, at))
		if err != nil {
			return 0, err
		}
		first, _, _ := strings.Cut(string(b), " ")
		if at, err = strconv.Atoi(first); err != nil {
			return 0, errors.New("the host does not run")
		}
	}
	return at, nil
}

// Do runs a shell script on the host, as root, and gives what it printed.
func (h *Host) Do(ctx context.Context, script string) (string, error) {
	leader, err := h.leader()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "nsenter", "--target", strconv.Itoa(leader), "--all",
		"/bin/sh", "-euc", "cd /\n"+script)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=/root"}
	cmd.WaitDelay = time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s: %w\n%s", script, err, &out)
	}
	return out.String(), nil
}

// Booted waits until the host's systemd has nothing left to start. A unit that failed
// is for a test to find.
func (h *Host) Booted(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, bootTime)
	defer cancel()
	for tick := time.NewTicker(100 * time.Millisecond); ; {
		look, done := context.WithTimeout(ctx, lookTime) // asked too early, systemd may never answer
		state, err := h.Do(look, "systemctl is-system-running || true")
		done()
		switch state = strings.TrimSpace(state); {
		case err == nil && (state == "running" || state == "degraded"):
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("wait until the host has booted: %w (%s, %w)", ctx.Err(), state, err)
		}
		select {
		case <-h.ended:
			return errors.New("the host ended while it booted")
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// Put copies a file of ours to the host.
func (h *Host) Put(from, to string, mode fs.FileMode) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return h.Write(to, content, mode)
}

// Write writes a file of the host.
func (h *Host) Write(path string, content []byte, mode fs.FileMode) error {
	leader, err := h.leader()
	if err != nil {
		return err
	}
	// What is mounted on the host is seen by its own root alone.
	root, err := os.OpenRoot(fmt.Sprintf("/proc/%d/root", leader))
	if err != nil {
		return err
	}
	defer root.Close()
	path = strings.TrimPrefix(path, "/")
	if err := root.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := root.WriteFile(path, content, mode); err != nil {
		return err
	}
	return root.Chmod(path, mode)
}

// Reboot reboots the host as its owner would, and waits until it has booted.
func (h *Host) Reboot(ctx context.Context) error {
	was, err := h.leader()
	if err != nil {
		return err
	}
	if _, err := h.Do(ctx, "systemctl --no-block reboot"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, bootTime)
	defer cancel()
	for tick := time.NewTicker(lookTime / 20); ; {
		select {
		case <-h.ended:
			return errors.New("the host ended rather than reboot")
		case <-ctx.Done():
			return fmt.Errorf("wait for the reboot: %w", ctx.Err())
		case <-tick.C:
		}
		if is, err := h.leader(); err == nil && is != was {
			return h.Booted(ctx)
		}
	}
}
