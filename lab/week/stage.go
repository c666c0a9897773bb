package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/aws/awstest"
	"github.com/omamori-guard/omamori/words"
)

// stage is an act's networks with all that runs in them.
type stage struct {
	ctx      context.Context
	dir, bin string
	out      io.Writer // events
	lang     words.Lang
	broken   string // the part that is left out
	page     string // the act whose page is shown, "" for none
	cloud    *awstest.Cloud
	owner    *awstest.User
	serial   string // of the MFA device
	pass     string // the door's line
	door     []*process
	seen     map[string]int64 // the last record of each journal that was shown
	acts     int              // of a person, as far as they count
}

// patience is how long anything may take on a machine that has other things to do.
const patience = 4 * time.Minute

// look is the time between two looks at something that is awaited.
const look = 30 * time.Millisecond

// failed is what a step of the stage panics with: like a test, the play ends at the first.
type failed struct{ err error }

func (s *stage) must(what string, err error) {
	if err != nil {
		panic(failed{fmt.Errorf("%s: %w", what, err)})
	}
}

// wait waits until ok.
func (s *stage) wait(what string, ok func() bool) {
	if !s.soon(patience, ok) {
		var said []string
		for _, host := range []string{"laptop", "server"} {
			out, _ := s.omamori(host, "", "status")
			said = append(said, host+":\n"+out)
		}
		s.must(what, fmt.Errorf("waited in vain\n%s", strings.Join(said, "\n")))
	}
}

// soon reports whether ok comes about within d.
func (s *stage) soon(d time.Duration, ok func() bool) bool {
	for end := time.Now().Add(d); !ok(); {
		select {
		case <-s.ctx.Done():
			s.must("play", s.ctx.Err())
		case <-time.After(look):
		}
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// in makes a command on one of the hosts.
func (s *stage) in(host, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(s.ctx, "nsenter", append([]string{"--net=/run/netns/" + host, name}, args...)...)
	cmd.Dir = s.dir
	cmd.WaitDelay = time.Second
	cmd.Env = append(os.Environ(), "PATH="+s.bin+":/usr/sbin:/usr/bin:/sbin:/bin")
	switch host {
	case "laptop":
		cmd.Dir = s.path("laptop")
		cmd.Env = append(cmd.Env, "OMAMORI_STATE="+s.path("laptop/state"))
		if s.cloud != nil {
			cmd.Env = append(append(cmd.Env, s.cloud.Env(s.owner)...), "AWS_CONFIG_FILE="+s.path("laptop/aws"))
		}
	case "server":
		cmd.Env = append(cmd.Env, "OMAMORI_STATE="+s.path("server/state"))
	}
	return cmd
}

// do runs a command on a host, typed is what a person types there.
func (s *stage) do(host, typed, name string, args ...string) (string, error) {
	cmd := s.in(host, name, args...)
	cmd.Stdin = strings.NewReader(typed)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// sh runs a script on a host, which must succeed.
func (s *stage) sh(host, script string) string {
	out, err := s.do(host, "", "sh", "-euc", script)
	if err != nil {
		s.must(host+": "+script, fmt.Errorf("%w: %s", err, out))
	}
	return out
}

// omamori runs the command on a host; any exit code is an answer.
func (s *stage) omamori(host, typed string, args ...string) (string, int) {
	out, err := s.do(host, typed, "omamori", append([]string{"--lang", string(s.lang)}, args...)...)
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		return out, ended.ExitCode()
	}
	s.must("omamori "+strings.Join(args, " "), err)
	return out, 0
}

// sure is omamori where anything but success ends the play.
func (s *stage) sure(host, typed string, args ...string) string {
	out, code := s.omamori(host, typed, args...)
	if code != 0 {
		s.must("omamori "+strings.Join(args, " "), fmt.Errorf("exit %d: %s", code, out))
	}
	return out
}

func (s *stage) path(name string) string { return filepath.Join(s.dir, name) }

func (s *stage) write(name, text string) string {
	path := s.path(name)
	s.must("write "+name, os.MkdirAll(filepath.Dir(path), 0o755))
	s.must("write "+name, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// process is a program that runs until it is stopped, or the act is over.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
	mu   sync.Mutex // protects said
	said bytes.Buffer
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.Write(b)
}

func (p *process) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.String()
}

func (s *stage) start(host, name string, args ...string) *process {
	p := &process{cmd: s.in(host, name, args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p, p
	s.must("start "+name, p.cmd.Start())
	go func() { defer close(p.done); _ = p.cmd.Wait() }()
	return p
}

// ended reports whether a process is no more.
func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(10 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// inside runs f on a thread that is on a host, and that ends with it.
func inside(host string, f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread goes
		ns, err := os.Open("/run/netns/" + host)
		if err == nil {
			defer ns.Close()
			if err = unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err == nil {
				err = f()
			}
		}
		done <- err
	}()
	return <-done
}

// dial connects from a host to an address.
func dial(ctx context.Context, host, address string) (c net.Conn, err error) {
	err = inside(host, func() (err error) {
		d := net.Dialer{Timeout: 2 * time.Second}
		c, err = d.DialContext(ctx, "tcp4", address)
		return err
	})
	return c, err
}

// listenOn listens on a host.
func listenOn(host, address string) (l net.Listener, err error) {
	err = inside(host, func() (err error) {
		l, err = net.Listen("tcp4", address)
		return err
	})
	return l, err
}
