package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// daemon is a real process of a name of its own.
type daemon struct {
	t    *testing.T
	name string
	cmd  *exec.Cmd
	done chan struct{}
}

func binary(t *testing.T) (path, name string) {
	t.Helper()
	return copied(t, "/bin/sleep")
}

// copied copies a program under a name that nothing else has.
func copied(t *testing.T, program string) (path, name string) {
	t.Helper()
	name = "omt" + strconv.Itoa(os.Getpid()) + strconv.Itoa(len(t.Name()))
	path = filepath.Join(t.TempDir(), name)
	from, err := os.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	return path, name
}

func run(t *testing.T, path string) *daemon {
	t.Helper()
	d := &daemon{t: t, name: filepath.Base(path), cmd: exec.Command(path, "600"), done: make(chan struct{})}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { defer close(d.done); _ = d.cmd.Wait() }()
	t.Cleanup(d.kill)
	return d
}

func (d *daemon) kill() {
	_ = d.cmd.Process.Kill()
	<-d.done
}

func (d *daemon) signal(s syscall.Signal) {
	d.t.Helper()
	if err := d.cmd.Process.Signal(s); err != nil {
		d.t.Fatal(err)
	}
}

func newLink(t *testing.T, s settings, h chain.Services) *link {
	t.Helper()
	p, err := build(s, chain.Place{Link: "db", Hands: h})
	if err != nil {
		t.Fatal(err)
	}
	return p.(*link)
}

func prove(p chain.Prover) chain.Proof {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return p.Prove(ctx)
}

func expect(t *testing.T, p chain.Proof, verdict chain.Verdict, key string) {
	t.Helper()
	if p.Verdict != verdict || p.Because.Key != key {
		t.Errorf("got %v %s %v, want %v %s", p.Verdict, p.Because.Key, p.Because.Args, verdict, key)
	}
	if verdict == chain.Broken && p.Hint.IsZero() {
		t.Errorf("%s has no hint", key)
	}
}

// until polls: the kernel does not tell when a signal has been taken in.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

func pidOf(p chain.Proof) int {
	for _, f := range p.Figures {
		if f.Name == "pid" {
			return int(f.Value)
		}
	}
	return 0
}

func TestByName(t *testing.T) {
	path, name := binary(t)
	l := newLink(t, settings{Name: name, User: "root"}, nil)
	if os.Geteuid() != 0 {
		l.finder.uid = int64(os.Geteuid())
	}
	expect(t, prove(l), chain.Broken, "process.none")
	d := run(t, path)
	until(t, "it runs", func() bool { return prove(l).Verdict == chain.Holds })
	p := prove(l)
	if pidOf(p) != d.cmd.Process.Pid || len(p.Figures) != 2 || p.Figures[1].Value > 60 {
		t.Errorf("figures %v, the process is %d", p.Figures, d.cmd.Process.Pid)
	}
	other := newLink(t, settings{Name: name, User: "nobody"}, nil)
	expect(t, prove(other), chain.Broken, "process.none")

	d.signal(syscall.SIGSTOP)
	until(t, "it is stopped", func() bool { return prove(l).Verdict == chain.Broken })
	p = prove(l)
	expect(t, p, chain.Broken, "process.stopped")
	if p.Cause != "hung" || pidOf(p) != d.cmd.Process.Pid {
		t.Errorf("cause %s, figures %v", p.Cause, p.Figures)
	}
	d.signal(syscall.SIGCONT)
	until(t, "it goes on", func() bool { return prove(l).Verdict == chain.Holds })

	d.kill()
	expect(t, prove(l), chain.Broken, "process.none")
	again := run(t, path)
	until(t, "it is found anew", func() bool { return pidOf(prove(l)) == again.cmd.Process.Pid })
}

// TestMainProcess: of a master and its workers, the master is meant.
func TestMainProcess(t *testing.T) {
	path, name := copied(t, "/bin/sh")
	master := exec.Command(path, "-c", `exec 3<&0; "$0" -c 'read x <&3; :' & "$0" -c 'read x <&3; :' & wait`, path)
	stdin, err := master.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := master.Start(); err != nil {
		t.Fatal(err)
	}
	l := newLink(t, settings{Name: name}, nil)
	until(t, "all three run", func() bool {
		n := 0
		_ = eachProcess(t.Context(), func(pid int) {
			if st, err := readStat(pid); err == nil && st.comm == name {
				n++
			}
		})
		return n == 3
	})
	if got := pidOf(prove(l)); got != master.Process.Pid {
		t.Errorf("found %d, the master is %d", got, master.Process.Pid)
	}
	// By its beginning alone a name fits nothing.
	expect(t, prove(newLink(t, settings{Name: name[:len(name)-1]}, nil)), chain.Broken, "process.none")
	_ = stdin.Close()
	if err := master.Wait(); err != nil {
		t.Fatal(err)
	}
}

func TestBefore(t *testing.T) {
	of := func(pid int, start uint64, state string) stat { return stat{self: self{pid, start}, state: state} }
	for _, c := range []struct{ main, other stat }{
		{of(9, 5, "Z"), stat{}},
		{of(9, 5, "S"), of(2, 6, "S")},
		{of(2, 5, "S"), of(9, 5, "S")},
		{of(9, 6, "T"), of(2, 5, "Z")},
		{of(2, 5, "Z"), of(9, 6, "Z")},
	} {
		if !c.main.before(c.other) || c.other.pid > 0 && c.other.before(c.main) {
			t.Errorf("%+v and %+v", c.main, c.other)
		}
	}
}

func TestZombie(t *testing.T) {
	cmd := exec.Command("/bin/sh", "-c", "sleep 0.01")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// Not waited for, it becomes a zombie.
	until(t, "it is a zombie", func() bool { st, err := readStat(cmd.Process.Pid); return err == nil && st.state == "Z" })
	file := filepath.Join(t.TempDir(), "pid")
	write(t, file, strconv.Itoa(cmd.Process.Pid))
	expect(t, prove(newLink(t, settings{PIDFile: file}, nil)), chain.Broken, "process.zombie")
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	expect(t, prove(newLink(t, settings{PIDFile: file}, nil)), chain.Broken, "process.gone")
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestByPIDFile(t *testing.T) {
	path, name := binary(t)
	d := run(t, path)
	file := filepath.Join(t.TempDir(), "pid")
	l := newLink(t, settings{PIDFile: file}, nil)
	expect(t, prove(l), chain.Broken, "process.none")
	write(t, file, fmt.Sprintf(" %d\nmore\n", d.cmd.Process.Pid))
	expect(t, prove(l), chain.Holds, "process.holds")

	// The file is older than the process: its number may have gone to a stranger.
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(file, old, old); err != nil {
		t.Fatal(err)
	}
	expect(t, prove(l), chain.Unproven, "process.reused")
	until(t, "it has its name", func() bool { st, err := readStat(d.cmd.Process.Pid); return err == nil && st.comm == name })
	expect(t, prove(newLink(t, settings{PIDFile: file, Name: name}, nil)), chain.Holds, "process.holds")
	expect(t, prove(newLink(t, settings{PIDFile: file, Name: "another"}, nil)), chain.Broken, "process.gone")

	for _, text := range []string{"", "one\n", "-1\n", "0\n", "99999999999\n"} {
		write(t, file, text)
		expect(t, prove(l), chain.Unproven, "process.file_unread")
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(file, 0o644); err != nil {
		t.Fatal(err)
	}
	expect(t, prove(l), chain.Unproven, "process.file_unread")
}

func TestWatch(t *testing.T) {
	path, name := binary(t)
	l := newLink(t, settings{Name: name}, nil)
	ctx, cancel := context.WithCancel(context.Background())
	woken := make(chan time.Time, 8)
	ended := make(chan error, 1)
	go func() { ended <- l.Watch(ctx, func() { woken <- time.Now() }) }()
	for range 2 { // the second is found by a proof
		d := run(t, path)
		until(t, "it runs", func() bool { return prove(l).Verdict == chain.Holds })
		killed := time.Now()
		if err := d.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		select {
		case at := <-woken:
			t.Logf("known after %v", at.Sub(killed))
		case <-time.After(5 * time.Second):
			t.Fatal("its death wakes nobody")
		}
		<-d.done
		until(t, "it is gone", func() bool { return prove(l).Verdict == chain.Broken })
		for len(woken) > 0 {
			<-woken
		}
	}
	d := run(t, path)
	until(t, "it runs", func() bool { return prove(l).Verdict == chain.Holds })
	until(t, "it is being watched", func() bool { return len(l.seen) == 0 })
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("watching ended with %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("watching does not end")
	}
	d.kill()
}

// hands knows one process, or why it does not.
type hands struct {
	chain.Services
	process chain.Process
	err     error
}

func (h *hands) Process(ctx context.Context, service string) (chain.Process, error) {
	if service != "mariadb" {
		return chain.Process{}, fmt.Errorf("no service %s", service)
	}
	return h.process, h.err
}

func (h *hands) Watch(ctx context.Context, service string, ended func()) error {
	ended()
	<-ctx.Done()
	return ctx.Err()
}

func TestByHands(t *testing.T) {
	h := &hands{process: chain.Process{PID: 42, Running: true, State: "S", Started: time.Now().Add(-time.Hour)}}
	l := newLink(t, settings{Service: "mariadb"}, h)
	p := prove(l)
	expect(t, p, chain.Holds, "process.holds")
	if pidOf(p) != 42 || p.Figures[1].Name != "uptime" || p.Figures[1].Value < 3600 {
		t.Errorf("figures %v", p.Figures)
	}
	for _, c := range []struct {
		process chain.Process
		key     string
	}{
		{chain.Process{}, "process.none"},
		{chain.Process{PID: 42}, "process.gone"},
		{chain.Process{PID: 42, KnownExit: true, Signal: 9}, "process.by_signal"},
		{chain.Process{PID: 42, KnownExit: true, Code: 1}, "process.exited"},
		{chain.Process{PID: 42, Running: true, State: "Z"}, "process.zombie"},
		{chain.Process{PID: 42, Running: true, State: "T"}, "process.stopped"},
	} {
		h.process = c.process
		p = prove(l)
		expect(t, p, chain.Broken, c.key)
		plan := l.Plan(p, chain.Evidence{Service: "mariadb", Process: c.process})
		if len(plan.Deeds) == 0 || plan.Deeds[0].Service != "mariadb" || plan.Why.IsZero() {
			t.Errorf("%s: planned %+v", c.key, plan)
		}
	}
	// A debugger that only looks on holds a process for moments.
	h.process = chain.Process{PID: 42, Running: true, State: "t"}
	expect(t, prove(l), chain.Holds, "process.holds")
	expect(t, prove(l), chain.Broken, "process.traced")

	h.err = errors.New("connection to hands is closed")
	expect(t, prove(l), chain.Unproven, "process.hands_failed")
	expect(t, prove(newLink(t, settings{Service: "mariadb"}, nil)), chain.Unproven, "process.no_hands")
	file := filepath.Join(t.TempDir(), "pid")
	write(t, file, strconv.Itoa(os.Getpid()))
	expect(t, prove(newLink(t, settings{Service: "mariadb", PIDFile: file}, h)), chain.Holds, "process.holds")

	ctx, cancel := context.WithCancel(context.Background())
	if err := l.Watch(ctx, cancel); !errors.Is(err, context.Canceled) {
		t.Errorf("watching ended with %v", err)
	}
}

func TestSettings(t *testing.T) {
	for field, s := range map[string]settings{
		"service": {}, "pid_file": {PIDFile: "run/x.pid"}, "name": {Name: "a-name-of-16-byte"}, "user": {Service: "x", User: "root"},
	} {
		_, err := build(s, chain.Place{})
		var bad *chain.SettingError
		if !errors.As(err, &bad) || bad.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := build(settings{Name: "x", User: "no-such-user-here"}, chain.Place{}); err == nil {
		t.Error("an unknown user is taken")
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add("42 (a) b) S 1 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 12345 0 0")
	f.Add("1 () Z")
	f.Fuzz(func(t *testing.T, line string) {
		if st, err := parseStat(7, line); err == nil && (st.pid != 7 || st.state == "") {
			t.Errorf("%+v", st)
		}
	})
}

func FuzzParsePID(f *testing.F) {
	f.Add("42\n/var/lib/x\n")
	f.Add("-1")
	f.Fuzz(func(t *testing.T, s string) {
		if pid, err := parsePID(s); err == nil && pid <= 0 {
			t.Errorf("%q: %d", s, pid)
		}
	})
}

func BenchmarkProve(b *testing.B) {
	l, err := build(settings{PIDFile: "/nowhere", Name: ""}, chain.Place{})
	if err != nil {
		b.Fatal(err)
	}
	file := filepath.Join(b.TempDir(), "pid")
	if err := os.WriteFile(file, []byte(strconv.Itoa(os.Getpid())), 0o644); err != nil {
		b.Fatal(err)
	}
	l.(*link).finder.file = file
	for b.Loop() {
		if p := l.Prove(context.Background()); p.Verdict != chain.Holds {
			b.Fatal(p)
		}
	}
}
