package phpfpm

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe/probetest"
)

func TestAnswers(t *testing.T) {
	port := probetest.FreePort(t)
	s := newServer(t, "[net]", "user = www-data", "group = www-data", "listen = 127.0.0.1:"+port, "pm = static", "pm.max_children = 1", "ping.path = /alive", "pm.status_path = /how")
	probetest.Expect(t, probetest.Prove(s.link(settings{}), 5*time.Second), chain.Holds, "")
	p := s.link(settings{Address: "127.0.0.1:" + port, Ping: "/alive", Status: "/how"})
	proof := probetest.Prove(p, 5*time.Second)
	probetest.Expect(t, proof, chain.Holds, "")
	var names []string
	for _, f := range proof.Figures {
		names = append(names, f.Name)
		if f.Name == "active" && f.Value != 1 {
			t.Errorf("%v processes are active, but the one that told of it", f.Value)
		}
	}
	if want := []string{"active", "idle", "queue", "max_active", "max_children_reached"}; !slices.Equal(names, want) {
		t.Errorf("figures %v", names)
	}

	// What the pool's file does not have is a file that is not there.
	probetest.Expect(t, probetest.Prove(s.link(settings{Ping: "/pong"}), 5*time.Second), chain.Broken, "wrong_answer")
	probetest.Expect(t, probetest.Prove(s.link(settings{Status: "/pong"}), 5*time.Second), chain.Broken, "wrong_answer")
	probetest.Expect(t, probetest.Prove(s.link(settings{Status: "/ping"}), 5*time.Second), chain.Broken, "wrong_answer")
	s.file("quiet.php", "<?php")
	proof = probetest.Prove(s.link(settings{Ping: s.dir + "/quiet.php"}), 5*time.Second)
	probetest.Expect(t, proof, chain.Broken, "wrong_answer")
	plan := s.link(settings{Service: "php"}).Plan(proof, s.evidence())
	if len(plan.Deeds) > 0 || plan.Cause != "wrong_answer" || plan.Next.IsZero() {
		t.Errorf("planned %+v", plan)
	}
}

func TestDeath(t *testing.T) {
	s := newServer(t)
	p := s.link(settings{Service: "php"})
	probetest.Expect(t, probetest.Prove(p, 5*time.Second), chain.Holds, "")
	s.kill()
	probetest.Until(t, "the worker is gone too", func() bool { return probetest.Prove(p, time.Second).Cause != "reset" })
	proof := probetest.Prove(p, 5*time.Second)
	probetest.Expect(t, proof, chain.Broken, "refused") // the socket stays
	plan := p.Plan(proof, chain.Evidence{Service: "php", Process: chain.Process{PID: 1, KnownExit: true, Signal: 9}})
	if plan.Cause != "killed" || probetest.Verbs(plan) != "start" {
		t.Errorf("planned %s for %s", probetest.Verbs(plan), plan.Cause)
	}
	if err := os.Remove(s.sock); err != nil {
		t.Fatal(err)
	}
	probetest.Expect(t, probetest.Prove(p, 5*time.Second), chain.Broken, "no_socket")
}

func TestStopped(t *testing.T) {
	s := newServer(t)
	p := s.link(settings{Service: "php"})
	probetest.Expect(t, probetest.Prove(p, 5*time.Second), chain.Holds, "")
	all := s.everyone()
	if len(all) != 2 {
		t.Fatalf("a master and a worker are %v", all)
	}

	// The workers answer without their master.
	s.signal(syscall.SIGSTOP, all[0])
	probetest.Expect(t, probetest.Prove(p, 5*time.Second), chain.Holds, "")

	s.signal(syscall.SIGSTOP, all[1])
	proof := probetest.Prove(p, 300*time.Millisecond)
	probetest.Expect(t, proof, chain.Broken, "hung")
	if proof.Because.Key != "phpfpm.stopped" {
		t.Errorf("a stopped process is told apart by %s", proof.Because.Key)
	}
	if plan := p.Plan(proof, s.evidence()); plan.Cause != "hung" || probetest.Verbs(plan) != "kill start" {
		t.Errorf("planned %s for %s", probetest.Verbs(plan), plan.Cause)
	}

	// Where the process is not known, only time can tell.
	blind := s.link(settings{Socket: relay(t, s.sock), Service: "php"})
	proof = probetest.Prove(blind, 300*time.Millisecond)
	probetest.Expect(t, proof, chain.Broken, "timeout")
	if plan := blind.Plan(proof, s.evidence()); len(plan.Deeds) > 0 {
		t.Errorf("one silence is answered by %s", probetest.Verbs(plan))
	}
	blind.silent = blind.silent.Add(-patience)
	proof = probetest.Prove(blind, 300*time.Millisecond)
	probetest.Expect(t, proof, chain.Broken, "hung")
	if plan := blind.Plan(proof, s.evidence()); probetest.Verbs(plan) != "kill start" {
		t.Errorf("planned %s for %s", probetest.Verbs(plan), plan.Cause)
	}

	s.signal(syscall.SIGCONT, all...)
	for _, l := range []*link{p, blind} {
		probetest.Until(t, "it answers again", func() bool { return probetest.Prove(l, time.Second).Verdict == chain.Holds })
		if !l.silent.IsZero() {
			t.Error("an answer does not end the silence")
		}
	}
}

// A silence that something else interrupts begins anew.
func TestSilenceInARow(t *testing.T) {
	s := newServer(t)
	p := s.link(settings{})
	p.silent = time.Now().Add(-patience)
	s.kill()
	if proof := probetest.Prove(p, 5*time.Second); proof.Cause != "refused" && proof.Cause != "reset" {
		t.Errorf("a dead pool is %s", proof.Cause)
	}
	if !p.silent.IsZero() {
		t.Error("a refusal does not end the silence")
	}
}

func TestPoolFull(t *testing.T) {
	port := probetest.FreePort(t)
	// Only of a TCP port does PHP-FPM know how many wait.
	s := newServer(t, "[net]", "user = www-data", "group = www-data", "listen = 127.0.0.1:"+port, "pm = static", "pm.max_children = 1",
		"pm.status_path = /status", "pm.status_listen = $dir/net-status")
	s.file("wait.php", "<?php fgets(fopen($_SERVER['QUERY_STRING'], 'r'));")
	p := s.link(settings{Service: "php"})
	busy := s.link(settings{Socket: s.statusSock(), Status: "/status", Service: "php"})
	queue := s.link(settings{Socket: filepath.Join(s.dir, "net-status"), Status: "/status", Service: "php"})
	for _, l := range []*link{p, busy, queue} {
		probetest.Expect(t, probetest.Prove(l, 5*time.Second), chain.Holds, "")
	}

	release := visit(t, s, "unix", s.sock)()
	proof := probetest.Prove(p, 300*time.Millisecond)
	probetest.Expect(t, proof, chain.Broken, "timeout")
	// One worker of the pool, two for the status pages.
	if len(proof.Evidence) != 1 || !strings.Contains(proof.Evidence[0], "workers, in the states S") {
		t.Errorf("evidence %q", proof.Evidence)
	}
	probetest.Until(t, "PHP-FPM says that the pool is full", func() bool {
		plan := p.Plan(proof, s.evidence())
		if len(plan.Deeds) > 0 {
			t.Fatalf("visitors are cut off: %+v", plan)
		}
		return plan.Cause == poolFull && strings.Contains(plan.Evidence[0], "max_children")
	})
	probetest.Expect(t, probetest.Prove(busy, 5*time.Second), chain.Holds, "") // nobody waits
	release()

	first := visit(t, s, "tcp", "127.0.0.1:"+port)()
	second := visit(t, s, "tcp", "127.0.0.1:"+port)
	probetest.Until(t, "somebody waits", func() bool { _ = probetest.Prove(queue, 5*time.Second); return queue.full > 0 })
	queue.full = 0
	if proof := probetest.Prove(queue, 5*time.Second); proof.Verdict != chain.Holds {
		t.Errorf("one full moment is taken for a full pool: %+v", proof)
	}
	proof = probetest.Prove(queue, 5*time.Second)
	probetest.Expect(t, proof, chain.Broken, poolFull)
	if plan := queue.Plan(proof, s.evidence()); len(plan.Deeds) > 0 || plan.Cause != poolFull || len(proof.Figures) == 0 {
		t.Errorf("planned %+v with %v", plan, proof.Figures)
	}
	first()
	second()()
	for _, l := range []*link{p, busy, queue} {
		probetest.Until(t, "the pool has room", func() bool { return probetest.Prove(l, time.Second).Verdict == chain.Holds })
	}
}

// visit asks for a page that takes as long as the test likes. What it returns waits
// until a worker is at it, and that returns what ends it.
func visit(t *testing.T, s *server, network, address string) (begun func() (end func())) {
	t.Helper()
	fifo := filepath.Join(s.dir, rand.Text())
	if err := errors.Join(syscall.Mkfifo(fifo, 0o666), os.Chmod(fifo, 0o666)); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, _, err := ask(c, s.dir+"/wait.php?"+fifo)
		done <- errors.Join(err, c.Close()) // a worker waits for that too
	}()
	return func() func() {
		var out *os.File
		probetest.Until(t, "a worker takes the visitor", func() bool {
			out, err = os.OpenFile(fifo, os.O_WRONLY|syscall.O_NONBLOCK, 0)
			return err == nil
		})
		return func() {
			if err := errors.Join(out.Close(), <-done); err != nil {
				t.Error(err)
			}
		}
	}
}

// A worker that crashes takes its request along, and is replaced.
func TestWorkerCrash(t *testing.T) {
	s := newServer(t)
	s.file("crash.php", "<?php posix_kill(posix_getpid(), 11);")
	p := s.link(settings{Ping: s.dir + "/crash.php", Service: "php"})
	proof := probetest.Prove(p, 5*time.Second)
	if proof.Cause != "closed" { // or so, where the crash left unread what was asked
		probetest.Expect(t, proof, chain.Broken, "reset")
	}
	probetest.Until(t, "the log tells of it", func() bool { return p.Plan(proof, s.evidence()).Cause == "crashed" })
	probetest.Until(t, "another worker answers", func() bool { return probetest.Prove(s.link(settings{}), time.Second).Verdict == chain.Holds })
}

// dialler stands in for hands, which dial where the guard may not.
type dialler struct {
	chain.Services
	err error
}

func (d dialler) Dial(_ context.Context, path string) (net.Conn, error) {
	if d.err != nil {
		return nil, fmt.Errorf("dial: %w", d.err)
	}
	type dialled struct {
		net.Conn
		error
	}
	done := make(chan dialled)
	go func() { c, err := net.Dial("unix", path); done <- dialled{c, err} }() // by a thread of root's
	d2 := <-done
	return d2.Conn, d2.error
}

func TestThroughHands(t *testing.T) {
	if os.Geteuid() != 0 {
		probetest.Needs(t, "root: it becomes another user")
	}
	s := newServer(t)
	if err := os.Chmod(s.sock, 0o600); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends here
		if err := unix.Setfsuid(65534); err != nil {
			t.Error(err)
			return
		}
		p := s.link(settings{})
		probetest.Expect(t, probetest.Prove(p, 5*time.Second), chain.Unproven, "")
		p.at.Hands = dialler{}
		probetest.Expect(t, probetest.Prove(p, 5*time.Second), chain.Holds, "")
		if p.master.PID != s.cmd.Process.Pid {
			t.Errorf("the listener is taken for %d", p.master.PID)
		}
		p.at.Hands = dialler{err: syscall.ECONNREFUSED}
		probetest.Expect(t, probetest.Prove(p, 5*time.Second), chain.Broken, "refused")
		p.at.Hands = dialler{err: syscall.EAGAIN}
		probetest.Expect(t, probetest.Prove(p, 5*time.Second), chain.Broken, "timeout")
		p.at.Hands = dialler{err: errors.New("hands are gone")}
		probetest.Expect(t, probetest.Prove(p, 5*time.Second), chain.Unproven, "")
	}()
	<-done
}

// relay listens in this process, so that the one behind it is not known.
func relay(t *testing.T, to string) string {
	t.Helper()
	return probetest.Serve(t, "unix", func(c net.Conn) {
		back, err := net.Dial("unix", to)
		if err != nil {
			return
		}
		go func() { _, _ = io.Copy(back, c); back.Close() }()
		_, _ = io.Copy(c, back)
	})
}

func TestMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		set   settings
		field string
	}{
		"nowhere":      {settings{Ping: "/ping"}, "socket"},
		"both":         {settings{Socket: "/s", Address: "h:1", Ping: "/ping"}, "address"},
		"no port":      {settings{Address: "h", Ping: "/ping"}, "address"},
		"relative":     {settings{Socket: "s", Ping: "/ping"}, "socket"},
		"no path":      {settings{Socket: "/s"}, "ping_path"},
		"odd path":     {settings{Socket: "/s", Ping: "ping"}, "ping_path"},
		"a query":      {settings{Socket: "/s", Status: "/status?full"}, "status_path"},
		"endless path": {settings{Socket: "/s", Ping: "/" + strings.Repeat("a", 1000)}, "ping_path"},
	} {
		_, err := build(c.set, chain.Place{})
		if e, ok := errors.AsType[*chain.SettingError](err); !ok || e.Field != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
}
