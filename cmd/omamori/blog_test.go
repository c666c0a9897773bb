package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := built(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// built is the folder of the real programs, made once.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "omamori-programs")
	if err != nil {
		return "", err
	}
	if out, err := exec.Command("go", "build", "-o", dir, "../omamori", "../omamori-hands", "../omamori-send", "../omamori-knock", "../omamori-passkey").CombinedOutput(); err != nil {
		return dir, fmt.Errorf("build: %w\n%s", err, out)
	}
	return dir, os.Chmod(dir, 0o755) // the guard's user runs omamori-send
})

func programs(t *testing.T) string {
	t.Helper()
	dir, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// output is what a program that runs still has said.
type output struct {
	mu   sync.Mutex // protects said
	said bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said.String()
}

// needRoot skips a test that only root can run; CI is root.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatal("CI must run this as root")
	}
	t.Skip("starts servers as other users: needs root")
}

// blog is a WordPress site with a guard over it, by the real programs.
type blog struct {
	t               *testing.T
	bin, dir, state string
	url             string
	run             *exec.Cmd
	stderr          *output
}

// open makes a folder that the site's users can reach, unlike t.TempDir's.
func open(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "omamori-test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (b *blog) omamori(args ...string) (out string, code int) {
	b.t.Helper()
	cmd := exec.Command(filepath.Join(b.bin, "omamori"), append(args, "--state", b.state, "--lang", "en")...)
	var buf bytes.Buffer
	cmd.Stdout, cmd.Stderr = &buf, &buf
	err := cmd.Run()
	if err != nil && cmd.ProcessState == nil {
		b.t.Fatal(err)
	}
	return buf.String(), cmd.ProcessState.ExitCode()
}

func (b *blog) status() guard.Status {
	b.t.Helper()
	out, _ := b.omamori("status", "--json")
	var s guard.Status
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		b.t.Fatalf("status: %v\n%s", err, out)
	}
	return s
}

// until waits for a status that is as wanted.
func (b *blog) until(what string, limit time.Duration, ok func(guard.Status) bool) guard.Status {
	b.t.Helper()
	for deadline := time.Now().Add(limit); ; {
		s := b.status()
		if ok(s) {
			return s
		}
		if time.Now().After(deadline) {
			out, _ := b.omamori("status")
			b.t.Fatalf("not %s within %v:\n%s\n%s", what, limit, out, b.stderr)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (b *blog) pid(service string) int {
	b.t.Helper()
	s := b.status()
	for _, l := range s.Links {
		for _, f := range l.Figures {
			if l.Name == service && f.Name == "pid" {
				return int(f.Value)
			}
		}
	}
	b.t.Fatalf("no pid of %s in the status", service)
	return 0
}

func (b *blog) start() {
	b.t.Helper()
	b.stderr = &output{}
	b.run = exec.Command(filepath.Join(b.bin, "omamori"), "run", "-c", filepath.Join(b.dir, "omamori.yaml"), "--state", b.state, "--user", "nobody")
	b.run.Stderr = b.stderr
	if err := b.run.Start(); err != nil {
		b.t.Fatal(err)
	}
	run := b.run
	b.t.Cleanup(func() { _ = run.Process.Kill(); _ = run.Wait() })
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if _, code := b.omamori("status"); code != 1 || strings.Contains(b.mustStatus(), "guarding") {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("the guard does not answer: %s", b.stderr)
		}
	}
}

func (b *blog) mustStatus() string { out, _ := b.omamori("status"); return out }

// newBlog brings a blog up and guards it.
func newBlog(t *testing.T) *blog {
	t.Helper()
	b := siteUp(t)
	b.start()
	b.until("well", 60*time.Second, well)
	return b
}

// siteUp brings a blog up, unguarded.
func siteUp(t *testing.T) *blog {
	t.Helper()
	needRoot(t)
	b := &blog{t: t, bin: programs(t), dir: filepath.Join(open(t), "site"), state: filepath.Join(open(t), "state")}
	address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	b.url = "http://" + address + "/"
	if out, code := b.omamori("site", "up", b.dir, "--sample", "--address", address, "--guard-user", "nobody"); code != 0 {
		t.Fatalf("site up: exit %d\n%s", code, out)
	}
	t.Cleanup(func() {
		if out, code := b.omamori("site", "down", b.dir); code != 0 {
			t.Errorf("site down: exit %d\n%s", code, out)
		}
	})
	return b
}

func well(s guard.Status) bool {
	for _, g := range s.Goals {
		if g.Verdict.String() != "holds" {
			return false
		}
	}
	for _, i := range s.Incidents {
		if i.Ended == nil {
			return false
		}
	}
	return len(s.Goals) > 0
}

func (b *blog) answers() bool {
	r, err := http.Get(b.url)
	if err != nil {
		return false
	}
	r.Body.Close()
	return r.StatusCode == http.StatusOK
}

// newest is the newest incident, if it is about what is wanted.
func newest(s guard.Status, causes ...string) *guard.IncidentStatus {
	if len(s.Incidents) == 0 || !slices.Contains(causes, s.Incidents[0].Cause) {
		return nil
	}
	return &s.Incidents[0]
}

func TestBlog(t *testing.T) {
	t.Parallel()
	b := newBlog(t)
	t.Run("killed", func(t *testing.T) {
		b.t = t
		pid := b.pid("mariadb")
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		s := b.until("mended", 60*time.Second, func(s guard.Status) bool { i := newest(s, "killed"); return i != nil && i.Ended != nil })
		i := s.Incidents[0]
		if i.Link != "mariadb" || len(i.Evidence) == 0 || len(i.Deeds) != 1 || len(i.Outages) != 1 || !i.Outages[0].Over {
			t.Errorf("got %+v", i)
		}
		if !b.answers() {
			t.Error("the blog does not answer")
		}
		out, _ := b.omamori("journal", "--since", "10m")
		for _, want := range []string{"an incident began: mariadb is broken", "start mariadb", "the incident on mariadb is over"} {
			if !strings.Contains(out, want) {
				t.Errorf("the journal does not say %q:\n%s", want, out)
			}
		}
	})
	t.Run("hung", func(t *testing.T) {
		b.t = t
		if err := syscall.Kill(b.pid("mariadb"), syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		s := b.until("mended", 90*time.Second, func(s guard.Status) bool { i := newest(s, "hung"); return i != nil && i.Ended != nil })
		if i := s.Incidents[0]; len(i.Deeds) != 2 || i.Deeds[0].Verb != "kill" {
			t.Errorf("got %+v", i)
		}
	})
	t.Run("wrong password", func(t *testing.T) {
		b.t = t
		before := b.pid("mariadb")
		config := b.wpConfig()
		good, err := os.ReadFile(config)
		if err != nil {
			t.Fatal(err)
		}
		bad := regexp.MustCompile(`(DB_PASSWORD'\s*,\s*')`).ReplaceAll(good, []byte("${1}x"))
		if bytes.Equal(good, bad) {
			t.Fatal("no password in wp-config.php")
		}
		write(t, config, bad)
		s := b.until("told", 60*time.Second, func(s guard.Status) bool {
			return newest(s, "wrong_password") != nil && s.Goals[0].Verdict == chain.Broken
		})
		if i := s.Incidents[0]; len(i.Deeds) != 0 || i.Next == "" || i.Ended != nil {
			t.Errorf("got %+v", i)
		}
		if out, code := b.omamori(); code != 1 || !strings.Contains(out, "wp-config.php") {
			t.Errorf("omamori alone: exit %d\n%s", code, out)
		}
		write(t, config, good)
		b.until("well", 60*time.Second, well)
		if after := b.pid("mariadb"); after != before {
			t.Errorf("MariaDB was restarted for a wrong password: %d, then %d", before, after)
		}
	})
	t.Run("a second guard", func(t *testing.T) {
		b.t = t
		out, code := b.omamori("run", "-c", filepath.Join(b.dir, "omamori.yaml"), "--user", "nobody")
		if code != 1 || !strings.Contains(out, strconv.Itoa(b.run.Process.Pid)) {
			t.Errorf("exit %d, and the first's process id is not named:\n%s", code, out)
		}
	})
	t.Run("a bad reload", func(t *testing.T) {
		b.t = t
		path := filepath.Join(b.dir, "omamori.yaml")
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		write(t, path, append(bytes.Clone(good), "\nnonsense: 1\n"...))
		if out, code := b.omamori("reload"); code != 2 || !strings.Contains(out, "nonsense") {
			t.Errorf("exit %d:\n%s", code, out)
		}
		if out, code := b.omamori("config", "check", path); code != 2 || !strings.Contains(out, "nonsense") {
			t.Errorf("config check: exit %d\n%s", code, out)
		}
		if s := b.status(); len(s.Guard.Troubles) == 0 || len(s.Links) == 0 {
			t.Errorf("the old configuration is not in force: %+v", s.Guard)
		}
		write(t, path, good)
		if err := b.run.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		b.until("in force again", 10*time.Second, func(s guard.Status) bool { return len(s.Guard.Troubles) == 0 })
	})
	t.Run("an ordinary user", func(t *testing.T) {
		b.t = t
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", b.run.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{`(?m)^Uid:\s+65534\s+65534\s+65534\s+65534$`, `(?m)^CapEff:\s+0+$`, `(?m)^CapBnd:`, `(?m)^NoNewPrivs:\s+1$`} {
			if !regexp.MustCompile(want).Match(line) {
				t.Errorf("the guard's process is not %s:\n%s", want, line)
			}
		}
	})
	t.Run("the journal is whole", func(t *testing.T) {
		b.t = t
		if out, code := b.omamori("journal", "verify"); code != 0 {
			t.Errorf("exit %d:\n%s", code, out)
		}
	})
	t.Run("stops", func(t *testing.T) {
		b.t = t
		if err := b.run.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := b.run.Wait(); err != nil {
			t.Errorf("the guard ended badly: %v\n%s", err, b.stderr)
		}
		if !b.answers() {
			t.Error("the blog fell with its guard")
		}
		if out, code := b.omamori("status"); code != 1 || !strings.Contains(out, "omamori run") {
			t.Errorf("without a guard: exit %d\n%s", code, out)
		}
		if out, code := b.omamori("journal", "-n", "1"); code != 0 || !strings.Contains(out, "stopped") {
			t.Errorf("the journal without a guard: exit %d\n%s", code, out)
		}
	})
}

func (b *blog) wpConfig() string {
	b.t.Helper()
	found, err := filepath.Glob(filepath.Join(b.dir, "*", "wp-config.php"))
	if err != nil || len(found) != 1 {
		b.t.Fatalf("wp-config.php: %v %v", found, err)
	}
	return found[0]
}

// write puts content into a file that is there, keeping its owner and mode.
func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0); err != nil {
		t.Fatal(err)
	}
}
