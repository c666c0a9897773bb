package hands

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

func TestStartAndStop(t *testing.T) {
	c, _ := serve(t, t.TempDir(), File{Services: []Service{ofChild("/bin/sleep", "1000")}})
	if p := look(t, c); p.Running || p.PID != 0 {
		t.Fatalf("before the start: %+v", p)
	}
	p := do(t, c, chain.Start)
	if !p.Running || p.PID == 0 || time.Since(p.Started) > time.Minute {
		t.Fatalf("after the start: %+v", p)
	}
	st, err := readStat(p.PID)
	if err != nil || st.session != p.PID {
		t.Errorf("no session of its own: %+v, %v", st, err)
	}
	if again := do(t, c, chain.Start); again.PID != p.PID {
		t.Errorf("a start of what runs started another: %d, %d", p.PID, again.PID)
	}
	p = do(t, c, chain.Stop)
	if p.Running || !p.KnownExit || p.Signal != int(syscall.SIGTERM) || !p.Asked {
		t.Errorf("after the stop: %+v", p)
	}
	if q := do(t, c, chain.Stop); q != p {
		t.Errorf("a stop of what is stopped: %+v, was %+v", q, p)
	}
}

func TestRestart(t *testing.T) {
	c, _ := serve(t, t.TempDir(), File{Services: []Service{ofChild("/bin/sleep", "1000")}})
	first := do(t, c, chain.Restart) // of what does not run: a start
	second := do(t, c, chain.Restart)
	if !second.Running || second.PID == first.PID || alive(first.PID) {
		t.Errorf("%+v, then %+v", first, second)
	}
}

func TestOneThatDoesNotListen(t *testing.T) {
	dir := t.TempDir()
	deaf := sh(`trap "" TERM; : > ` + dir + `/ready; while :; do sleep 0.05; done`)
	for name, verb := range map[string]chain.Verb{"stop": chain.Stop, "kill": chain.Kill} {
		t.Run(name, func(t *testing.T) {
			c, _ := serve(t, t.TempDir(), File{Services: []Service{deaf}})
			p := do(t, c, chain.Start)
			eventually(t, "it is deaf", func() bool { _, err := os.Stat(dir + "/ready"); return err == nil })
			p = do(t, c, verb)
			if p.Running || p.Signal != int(syscall.SIGKILL) || !p.Asked {
				t.Errorf("%+v", p)
			}
			os.Remove(dir + "/ready")
		})
	}
}

func TestKillOfOneThatIsStopped(t *testing.T) {
	c, _ := serve(t, t.TempDir(), File{Services: []Service{ofChild("/bin/sleep", "1000")}})
	p := do(t, c, chain.Start)
	if err := syscall.Kill(p.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is stopped", func() bool { return look(t, c).State == "T" })
	if p = do(t, c, chain.Kill); p.Running || p.Signal != int(syscall.SIGKILL) {
		t.Errorf("%+v", p)
	}
	if p = do(t, c, chain.Start); !p.Running {
		t.Errorf("%+v", p)
	}
}

// Asked politely, one that is stopped is woken to obey.
func TestStopOfOneThatIsStopped(t *testing.T) {
	dir := t.TempDir()
	spec := sh(`trap "exit 3" TERM; : > ` + dir + `/ready; while :; do sleep 0.01; done`)
	spec.Child.StopTimeout = "10s"
	c, _ := serve(t, dir, File{Services: []Service{spec}})
	p := do(t, c, chain.Start)
	eventually(t, "it is ready", func() bool { _, err := os.Stat(dir + "/ready"); return err == nil })
	if err := syscall.Kill(p.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if p = do(t, c, chain.Stop); p.Signal != 0 || p.Code != 3 {
		t.Errorf("%+v", p)
	}
}

// A process that somebody else has started is found by itself where it is watched.
func TestWatchOfWhatAnotherStarts(t *testing.T) {
	dir := t.TempDir()
	spec := ofChild("/bin/sleep", "1000")
	spec.PIDFile = dir + "/pid"
	c, _ := serve(t, dir, File{Services: []Service{spec}})
	ctx, cancel := context.WithCancel(t.Context())
	told, watched := make(chan struct{}, 1), make(chan error, 1)
	go func() { watched <- c.Watch(ctx, "it", func() { told <- struct{}{} }) }()
	out, err := exec.Command("/bin/sh", "-c", "sleep 1000 >/dev/null 2>&1 & echo $!").Output()
	if err != nil {
		t.Fatal(err)
	}
	write(t, spec.PIDFile, string(out), 0o644)
	number := strings.TrimSpace(string(out))
	eventually(t, "it is found", func() bool { // a look by the client would find it itself
		files, _ := filepath.Glob("/proc/self/fdinfo/*")
		return slices.ContainsFunc(files, func(path string) bool {
			b, _ := os.ReadFile(path)
			return strings.Contains(string(b), "\nPid:\t"+number+"\n")
		})
	})
	pid, err := strconv.Atoi(number)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case <-told:
	case <-time.After(10 * time.Second):
		t.Error("nobody was told")
	}
	cancel()
	if err := <-watched; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestWatchTellsADeathAtOnce(t *testing.T) {
	c, _ := serve(t, t.TempDir(), File{Deeds: 100, Services: []Service{ofChild("/bin/sleep", "1000")}})
	ended := make(chan time.Time, 8)
	ctx, cancel := context.WithCancel(t.Context())
	watched := make(chan error, 1)
	go func() { watched <- c.Watch(ctx, "it", func() { ended <- time.Now() }) }()
	p := do(t, c, chain.Start)
	s := func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.watches["it"]) == 1
	}
	eventually(t, "it is watched", s)
	if _, err := c.Process(t.Context(), "it"); err != nil { // the watch has been asked before
		t.Fatal(err)
	}
	var took []time.Duration
	for range 20 {
		at := time.Now()
		if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		select {
		case end := <-ended:
			took = append(took, end.Sub(at))
		case <-time.After(10 * time.Second):
			t.Fatal("no word of its death")
		}
		if q := look(t, c); q.Running || q.Signal != int(syscall.SIGKILL) || q.Asked {
			t.Fatalf("after its death: %+v", q)
		}
		p = do(t, c, chain.Start)
	}
	slices.Sort(took)
	t.Logf("told after %v (median), %v (worst)", took[len(took)/2], took[len(took)-1])
	if took[0] > 20*time.Millisecond {
		t.Errorf("told after %v at best", took[0])
	}
	cancel()
	if err := <-watched; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestChildrenOutliveHands(t *testing.T) {
	dir, f := t.TempDir(), File{Services: []Service{ofChild("/bin/sleep", "1000")}}
	c, end := serve(t, dir, f)
	p := do(t, c, chain.Start)
	end()
	if !alive(p.PID) {
		t.Fatal("it died with hands")
	}
	c, _ = serve(t, dir, f)
	q := look(t, c)
	if !q.Running || q.PID != p.PID {
		t.Fatalf("the next hands sees %+v, was %+v", q, p)
	}
	if q = do(t, c, chain.Start); q.PID != p.PID {
		t.Error("the next hands started another")
	}
	if q = do(t, c, chain.Stop); q.Running || alive(p.PID) {
		t.Errorf("%+v", q)
	}
}

func TestARecordOfAnotherProcessIsNotBelieved(t *testing.T) {
	dir := t.TempDir()
	run := filepath.Join(dir, "run")
	if err := os.Mkdir(run, 0o700); err != nil {
		t.Fatal(err)
	}
	st, err := readStat(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]record{
		"another start": {os.Getpid(), st.start + 1, bootID()},
		"another boot":  {os.Getpid(), st.start, "d9b0a7f2"},
		"nobody":        {1 << 22, 5, bootID()},
	} {
		if err := r.write(recordPath(run, "it")); err != nil {
			t.Fatal(err)
		}
		c := &child{service: &service{}, record: recordPath(run, "it")}
		if got, err := c.find(t.Context()); !errors.Is(err, errGone) {
			t.Errorf("%s: found %+v, %v", name, got, err)
		}
	}
	write(t, recordPath(run, "it"), `{"pid":`, 0o600)
	if _, ok := readRecord(recordPath(run, "it")); ok {
		t.Error("half a record was believed")
	}
}

func TestAdoptionByPIDFile(t *testing.T) {
	dir := t.TempDir()
	spec := sh("echo $$ > " + dir + "/pid; exec sleep 1000")
	spec.PIDFile = dir + "/pid"
	c, end := serve(t, dir, File{Services: []Service{spec}})
	p := do(t, c, chain.Start)
	eventually(t, "it has written its number", func() bool { b, _ := os.ReadFile(dir + "/pid"); return len(b) > 1 })
	end()
	if err := os.Remove(recordPath(filepath.Join(dir, "run"), "it")); err != nil {
		t.Fatal(err)
	}
	c, _ = serve(t, dir, File{Services: []Service{spec}})
	if q := look(t, c); q.PID != p.PID || !q.Running {
		t.Errorf("%+v, was %+v", q, p)
	}
	do(t, c, chain.Kill)
}

func TestAPIDFileOfAnotherUserNamesHisOwnAlone(t *testing.T) {
	needRoot(t)
	path := filepath.Join(t.TempDir(), "pid")
	write(t, path, strconv.Itoa(os.Getpid())+"\n", 0o644)
	got, err := trackPIDFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got.pidfd.Close()
	if err := os.Chown(path, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if _, err := trackPIDFile(path); err == nil || !strings.Contains(err.Error(), "another's") {
		t.Errorf("it chose whom root signals: %v", err)
	}
}

func TestAnOldPIDFileIsNotBelieved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pid")
	write(t, path, strconv.Itoa(os.Getpid()), 0o644)
	before := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, before, before); err != nil {
		t.Fatal(err)
	}
	if _, err := trackPIDFile(path); !errors.Is(err, errGone) {
		t.Error(err)
	}
}

func TestASessionOfAnotherIsLeftAlone(t *testing.T) {
	c, _ := serve(t, t.TempDir(), File{Services: []Service{sh("sleep 1000 & wait")}})
	p := do(t, c, chain.Start)
	eventually(t, "it has a worker", func() bool { return len(workers(p.PID)) == 1 })
	st, err := readStat(p.PID)
	if err != nil {
		t.Fatal(err)
	}
	for _, start := range []uint64{st.start, st.start - 1} {
		if err := endSession(t.Context(), p.PID, start); err != nil {
			t.Error(err)
		}
		if len(workers(p.PID)) != 1 {
			t.Error("a session was ended of which the leader lives")
		}
	}
}

// The number of a dead leader is another's by now, who is dead too.
func TestASessionOfAnotherZombieIsLeftAlone(t *testing.T) {
	cmd := exec.Command("/bin/sh", "-c", "sleep 1000 & kill -9 $$")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	leader := cmd.Process.Pid
	eventually(t, "the leader is dead", func() bool { return !alive(leader) })
	st, err := readStat(leader)
	if err != nil {
		t.Fatal(err)
	}
	if err := endSession(t.Context(), leader, st.start+1); err != nil || len(workers(leader)) != 1 {
		t.Errorf("workers: %v, %v", workers(leader), err)
	}
	if err := endSession(t.Context(), leader, st.start); err != nil || len(workers(leader)) != 0 {
		t.Errorf("workers: %v, %v", workers(leader), err)
	}
	cmd.Wait() //nolint:errcheck // it was killed
}

func TestWhatCannotStart(t *testing.T) {
	missing := ofChild("/nonexistent/daemon")
	stranger := ofChild("/bin/sleep", "1")
	stranger.Child.User = "nobody-of-that-name"
	nowhere := ofChild("/bin/sleep", "1")
	nowhere.Child.Dir = "/nonexistent"
	for name, spec := range map[string]Service{"no program": missing, "no user": stranger, "no folder": nowhere} {
		t.Run(name, func(t *testing.T) {
			c, _ := serve(t, t.TempDir(), File{Services: []Service{spec}})
			done, err := c.Do(t.Context(), chain.Deed{Verb: chain.Start, Service: "it"})
			if err != nil || done.Error == "" {
				t.Errorf("%+v, %v", done, err)
			}
			if done.Verb != chain.Start || done.Service != "it" || done.At.IsZero() {
				t.Errorf("%+v", done)
			}
		})
	}
}

func TestExitCode(t *testing.T) {
	c, _ := serve(t, t.TempDir(), File{Services: []Service{sh("exit 7")}})
	do(t, c, chain.Start)
	eventually(t, "it has ended", func() bool { return !look(t, c).Running })
	if p := look(t, c); !p.KnownExit || p.Code != 7 || p.Signal != 0 || p.Asked {
		t.Errorf("%+v", p)
	}
}

func TestUserAndEnvironment(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	spec := sh(`id -un; id -Gn; pwd; env; ls -l /proc/self/fd; echo whole >&2`)
	spec.Child.User, spec.Child.Dir, spec.Child.Env = "nobody", "/usr", []string{"LANG=ja_JP.UTF-8", "X=1"}
	spec.Child.Output = filepath.Join(dir, "out")
	t.Setenv("SECRET_OF_HANDS", "x")
	c, _ := serve(t, dir, File{Services: []Service{spec}})
	do(t, c, chain.Start)
	eventually(t, "it has ended", func() bool { return !look(t, c).Running })
	b, err := os.ReadFile(spec.Child.Output)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(b), "\n")
	if lines[0] != "nobody" || lines[1] != "nogroup" || lines[2] != "/usr" {
		t.Errorf("%q", lines[:3])
	}
	for want, is := range map[string]bool{"X=1": true, "LANG=ja_JP.UTF-8": true, "USER=nobody": true, "whole": true} {
		if slices.Contains(lines, want) != is {
			t.Errorf("%q: want %v in %q", want, is, lines)
		}
	}
	if strings.Contains(string(b), "SECRET_OF_HANDS") || strings.Contains(string(b), "socket:") {
		t.Errorf("it inherited what is hands' own:\n%s", b)
	}
}
