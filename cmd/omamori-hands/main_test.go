package main_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/hands"
)

// program builds the real program.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "omamori-hands")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return path
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("in vain waited until %s", what)
		}
	}
}

func alive(pid int) bool {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, after, _ := strings.Cut(string(b), ") ")
	return !strings.HasPrefix(after, "Z") && !strings.HasPrefix(after, "X")
}

// file writes hands' file with one child that sleeps; it is ended with the test.
func file(t *testing.T) (dir, path string) {
	t.Helper()
	dir = t.TempDir()
	path = filepath.Join(dir, "hands.json")
	text := `{"run": "` + dir + `/run", "services": [{"name": "it", "child": {"argv": ["/bin/sleep", "1000"]}}]}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, path
}

func start(t *testing.T, c *hands.Client) int {
	t.Helper()
	done, err := c.Do(t.Context(), chain.Deed{Verb: chain.Start, Service: "it"})
	if err != nil || done.Error != "" {
		t.Fatalf("%+v, %v", done, err)
	}
	p, err := c.Process(t.Context(), "it")
	if err != nil || !p.Running {
		t.Fatalf("%+v, %v", p, err)
	}
	t.Cleanup(func() { syscall.Kill(p.PID, syscall.SIGKILL) })
	return p.PID
}

func spawn(t *testing.T, binary, path string) (*hands.Client, *os.Process) {
	t.Helper()
	c, p, err := hands.Spawn(t.Context(), binary, path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, p
}

func TestSpawnAndComeBack(t *testing.T) {
	binary := program(t)
	_, path := file(t)
	c, p := spawn(t, binary, path)
	pid := start(t, c)
	if _, ok := errors.AsType[*hands.Refused](c.Shutdown(t.Context())); !ok {
		t.Error("who was spawned for the guard obeyed a shutdown")
	}
	c.Close()
	if st, err := p.Wait(); err != nil || !st.Success() {
		t.Fatalf("%v, %v", st, err)
	}
	if !alive(pid) {
		t.Fatal("the child died with hands")
	}
	// Killed, hands leaves the child too.
	for _, sig := range []os.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		c, p = spawn(t, binary, path)
		if again := start(t, c); again != pid {
			t.Fatalf("%v: %d is not %d", sig, again, pid)
		}
		if err := p.Signal(sig); err != nil {
			t.Fatal(err)
		}
		<-c.Done()
		if _, err := p.Wait(); err != nil {
			t.Error(err)
		}
		if _, err := c.Names(t.Context()); err == nil {
			t.Error("the dead answer")
		}
	}
	c, _ = spawn(t, binary, path)
	told := make(chan time.Time, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	watched := make(chan error, 1)
	go func() { watched <- c.Watch(ctx, "it", func() { told <- time.Now() }) }()
	eventually(t, "it is watched", func() bool { // and a killed child is told of
		at := time.Now()
		syscall.Kill(start(t, c), syscall.SIGKILL)
		select {
		case end := <-told:
			t.Logf("told after %v", end.Sub(at))
			return true
		case <-time.After(100 * time.Millisecond):
			return false
		}
	})
	cancel()
	if err := <-watched; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestSpawnRefused(t *testing.T) {
	binary := program(t)
	dir, path := file(t)
	if err := os.WriteFile(dir+"/bad.json", []byte(`{"servics": []}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := hands.Spawn(t.Context(), binary, dir+"/bad.json"); err == nil {
		t.Error("a bad file was taken")
	} else if _, ok := errors.AsType[*hands.FileError](err); !ok {
		t.Error(err)
	}
	if _, _, err := hands.Spawn(t.Context(), dir+"/none", path); err == nil {
		t.Error("no program was started")
	}
	if _, _, err := hands.Spawn(t.Context(), "/bin/false", path); err == nil {
		t.Error("another program was taken for hands")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := hands.Spawn(ctx, binary, path); err == nil {
		t.Error("spawned after the end")
	}
}

func TestListenAndShutdown(t *testing.T) {
	binary := program(t)
	dir, path := file(t)
	var out bytes.Buffer
	cmd := exec.Command(binary, "--file", path, "--listen", dir+"/s")
	cmd.Stderr = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := connect(t, dir+"/s")
	pid := start(t, c)
	if st, err := os.Stat(dir + "/s"); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	if err := c.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, &out)
	}
	if alive(pid) {
		t.Error("the child is left after the shutdown")
	}
	if _, err := os.Stat(dir + "/s"); err == nil {
		t.Error("the socket is left")
	}
}

// As systemd does it, by a shell that knows its own number.
func TestSocketActivation(t *testing.T) {
	binary := program(t)
	dir, path := file(t)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: dir + "/s", Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f, err := l.File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd := exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"`, "sh", binary, "--file", path)
	cmd.ExtraFiles = []*os.File{f}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := connect(t, dir+"/s")
	if names, err := c.Names(t.Context()); err != nil || len(names) != 1 {
		t.Errorf("%v, %v", names, err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir + "/s"); err != nil {
		t.Error("it removed a socket that is systemd's")
	}
}

func connect(t *testing.T, socket string) (c *hands.Client) {
	t.Helper()
	eventually(t, "it listens", func() (ok bool) {
		var err error
		c, err = hands.Connect(t.Context(), socket)
		return err == nil
	})
	t.Cleanup(func() { c.Close() })
	return c
}

func TestCommandLine(t *testing.T) {
	binary := program(t)
	dir, path := file(t)
	if err := os.WriteFile(dir+"/bad.json", []byte("{\"servics\": [],\n \"guard\": 7}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		code int
		says []string
	}{
		"version":   {[]string{"--version"}, 0, []string{"omamori-hands dev"}},
		"help":      {[]string{"--help"}, 0, []string{"usage: omamori-hands", "--listen SOCKET"}},
		"check":     {[]string{"--check", "--file", path}, 0, nil},
		"mistakes":  {[]string{"--check", "--file", dir + "/bad.json"}, 2, []string{"bad.json:1: servics: ", "did you mean services?"}},
		"no file":   {[]string{"--file", dir + "/none.json"}, 1, []string{"no such file"}},
		"no flag":   {[]string{"--nonsense"}, 2, []string{"nonsense", "usage:"}},
		"too much":  {[]string{"please"}, 2, []string{"please"}},
		"two ways":  {[]string{"--fd", "3", "--listen", dir + "/s"}, 2, []string{"-listen"}},
		"no socket": {[]string{"--file", path, "--fd", "9"}, 1, []string{"descriptor 9"}},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(binary, c.args...)
			cmd.Env = append(os.Environ(), "LC_ALL=C")
			out, err := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != c.code {
				t.Errorf("exit %d, want %d (%v)\n%s", code, c.code, err, out)
			}
			for _, s := range c.says {
				if !strings.Contains(string(out), s) {
					t.Errorf("does not say %q:\n%s", s, out)
				}
			}
		})
	}
}

// A tuning that nobody keeps is undone in time, by the next hands if these are killed.
func TestTuningOutlivesAKill(t *testing.T) {
	binary := program(t)
	dir, path := file(t)
	drop := filepath.Join(dir, "zz-omamori.cnf")
	text := `{"run": "` + dir + `/run", "state": "` + dir + `/state", "services": [{"name": "it", "child": {"argv": ["/bin/sleep", "1000"]},
		"tunes": [{"form": "mariadb", "file": "` + drop + `"}]}]}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	tuning := hands.Tuning{Within: time.Second, Changes: []hands.Change{{Service: "it", File: drop,
		Values: []hands.Value{{Name: "max_connections", Value: "20"}}}}}
	for _, sig := range []os.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		c, p := spawn(t, binary, path)
		start(t, c)
		if err := c.Tune(t.Context(), tuning); err != nil {
			t.Fatal(err)
		}
		tuned := start(t, c)
		if err := p.Signal(sig); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Wait(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(drop); err != nil {
			t.Error("it was undone with its hands")
		}
		c, p = spawn(t, binary, path)
		eventually(t, "it is undone", func() bool {
			now, err := c.Process(t.Context(), "it")
			_, there := os.Stat(drop)
			return err == nil && now.Running && now.PID != tuned && errors.Is(there, os.ErrNotExist)
		})
		if err := c.Keep(t.Context()); err == nil {
			t.Error("what is undone was kept")
		}
		c.Close()
		if _, err := p.Wait(); err != nil {
			t.Error(err)
		}
	}
}
