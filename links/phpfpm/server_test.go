package phpfpm

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
	"github.com/omamori-guard/omamori/probe/probetest"
)

const program = "/usr/sbin/php-fpm8.2"

// server is a real PHP-FPM with one pool of at most one worker.
type server struct {
	t              *testing.T
	dir, sock, log string
	cmd            *exec.Cmd
	done           chan struct{}
}

func newServer(t *testing.T, more ...string) *server {
	t.Helper()
	if _, err := os.Stat(program); err != nil {
		probetest.Needs(t, "Debian's package php8.2-fpm: "+err.Error())
	}
	dir, err := os.MkdirTemp("", "omamori-fpm-") // t.TempDir is too long for a socket's name
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, dir: dir, sock: filepath.Join(dir, "s"), log: filepath.Join(dir, "log")}
	who := ""
	if os.Geteuid() == 0 {
		who = "user = www-data\ngroup = www-data\n"
	}
	s.file("conf", fmt.Sprintf("[global]\nerror_log = %s\ndaemonize = no\n[blog]\n%slisten = %s\nlisten.mode = 0600\n"+
		"pm = dynamic\npm.max_children = 1\npm.start_servers = 1\npm.min_spare_servers = 1\npm.max_spare_servers = 1\n"+
		"ping.path = /ping\npm.status_path = /status\npm.status_listen = %s\nsecurity.limit_extensions = .php\n%s\n",
		s.log, who, s.sock, s.statusSock(), strings.ReplaceAll(strings.Join(more, "\n"), "$dir", dir)))
	s.start()
	return s
}

// statusSock answers /status although the pool is busy.
func (s *server) statusSock() string { return filepath.Join(s.dir, "status") }

func (s *server) file(name, content string) (path string) {
	s.t.Helper()
	path = filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		s.t.Fatal(err)
	}
	return path
}

func (s *server) start() {
	s.t.Helper()
	s.cmd = exec.Command(program, "-n", "-d", "extension=posix", "-F", "-y", filepath.Join(s.dir, "conf"))
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.done = make(chan struct{})
	go func(c *exec.Cmd, done chan struct{}) { defer close(done); _ = c.Wait() }(s.cmd, s.done)
	s.t.Cleanup(s.kill)
	p := s.link(settings{})
	probetest.Until(s.t, "PHP-FPM answers", func() bool {
		select {
		case <-s.done:
			said, _ := os.ReadFile(s.log)
			s.t.Fatalf("PHP-FPM has ended: %s", said)
		default:
		}
		return probetest.Prove(p, time.Second).Verdict == chain.Holds
	})
}

// everyone are the master and its workers.
func (s *server) everyone() []int {
	s.t.Helper()
	all := []int{s.cmd.Process.Pid}
	c, err := probe.Dial(s.t.Context(), "unix", s.sock)
	if err != nil {
		return all
	}
	defer c.Close()
	for _, w := range probe.PeerOf(c).Workers() {
		all = append(all, w.PID)
	}
	return all
}

func (s *server) signal(sig syscall.Signal, pids ...int) {
	s.t.Helper()
	for _, pid := range pids {
		if err := syscall.Kill(pid, sig); err != nil {
			s.t.Fatalf("signal %d: %v", pid, err)
		}
		if sig == syscall.SIGSTOP {
			probetest.Until(s.t, "it is stopped", func() bool {
				b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
				return err == nil && strings.Contains(string(b), ") T ")
			})
		}
	}
}

// kill ends the workers too: they would go on without their master.
func (s *server) kill() {
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	<-s.done
}

func (s *server) link(set settings) *link {
	s.t.Helper()
	if set.Socket == "" && set.Address == "" {
		set.Socket = s.sock
	}
	if set.Ping == "" && set.Status == "" {
		set.Ping = "/ping"
	}
	p, err := build(set, chain.Place{Link: "fpm"})
	if err != nil {
		s.t.Fatal(err)
	}
	return p.(*link)
}

// evidence is what hands would read of the living master.
func (s *server) evidence() chain.Evidence {
	s.t.Helper()
	b, err := os.ReadFile(s.log)
	if err != nil {
		s.t.Fatal(err)
	}
	return chain.Evidence{
		Service: "php", Log: strings.Split(strings.TrimSpace(string(b)), "\n"),
		Process: chain.Process{PID: s.cmd.Process.Pid, Running: true, State: "S"},
	}
}
