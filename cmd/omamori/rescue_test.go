package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/guard"
)

// console is a command at a terminal of its own.
type console struct {
	t      *testing.T
	cmd    *exec.Cmd
	master *os.File
	done   chan struct{}

	// mu protects the fields below.
	mu   sync.Mutex
	said bytes.Buffer
	read int // so much of it has been answered
}

// console starts omamori at a pseudo-terminal.
func (b *blog) console(args ...string) *console {
	b.t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		b.t.Fatal(err)
	}
	// The raw connection leaves the file in the poller's care, so that Close ends Read.
	raw, err := master.SyscallConn()
	if err != nil {
		b.t.Fatal(err)
	}
	n := 0
	var bad error
	if err := raw.Control(func(fd uintptr) {
		if bad = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); bad == nil {
			n, bad = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	}); err != nil || bad != nil {
		b.t.Fatal(err, bad)
	}
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		b.t.Fatal(err)
	}
	defer tty.Close()
	c := &console{t: b.t, master: master, done: make(chan struct{})}
	c.cmd = exec.Command(filepath.Join(b.bin, "omamori"), append(args, "--state", b.state, "--lang", "en")...)
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = tty, tty, tty
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := c.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	go func() {
		defer close(c.done)
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf) // EIO once the command has ended
			c.mu.Lock()
			c.said.Write(buf[:n])
			c.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	b.t.Cleanup(func() { _ = c.cmd.Process.Kill(); _ = c.cmd.Wait(); master.Close() })
	return c
}

func (c *console) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.said.String()
}

// await waits until the command has said what since it was last answered.
func (c *console) await(what string) {
	c.t.Helper()
	for deadline := time.Now().Add(90 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		c.mu.Lock()
		rest := c.said.String()[c.read:]
		at := strings.Index(rest, what)
		if at >= 0 {
			c.read += at + len(what)
		}
		c.mu.Unlock()
		switch {
		case at >= 0:
			return
		case time.Now().After(deadline):
			c.t.Fatalf("never said %q:\n%s", what, c.text())
		}
		select {
		case <-c.done:
			if !strings.Contains(c.text()[c.read:], what) {
				c.t.Fatalf("ended without having said %q:\n%s", what, c.text())
			}
		default:
		}
	}
}

// answer waits for a question, and its prompt, and answers.
func (c *console) answer(question, with string) {
	c.t.Helper()
	c.await(question)
	c.await("stop here: ")
	if _, err := c.master.WriteString(with + "\n"); err != nil {
		c.t.Fatal(err)
	}
}

// end waits for the command's end and returns its exit code.
func (c *console) end() int {
	c.t.Helper()
	select {
	case <-c.done:
	case <-time.After(90 * time.Second):
		c.t.Fatalf("does not end:\n%s", c.text())
	}
	_ = c.cmd.Wait()
	return c.cmd.ProcessState.ExitCode()
}

// mendOff switches mending off for every link of the blog.
func (b *blog) mendOff() {
	b.t.Helper()
	path := filepath.Join(b.dir, "omamori.yaml")
	file, err := os.ReadFile(path)
	if err != nil {
		b.t.Fatal(err)
	}
	off := regexp.MustCompile(`(?m)^    kind: .*$`).ReplaceAll(file, []byte("$0\n    mend: no"))
	write(b.t, path, off)
	if out, code := b.omamori("reload"); code != 0 {
		b.t.Fatalf("reload: exit %d\n%s", code, out)
	}
}

func (b *blog) kill(service string) {
	b.t.Helper()
	if err := syscall.Kill(b.pid(service), syscall.SIGKILL); err != nil {
		b.t.Fatal(err)
	}
	b.until("broken", 30*time.Second, func(s guard.Status) bool { return s.Goals[0].Verdict.String() == "broken" })
}

// says fails unless out says each of want.
func says(t *testing.T, out string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(out, w) {
			t.Errorf("does not say %q:\n%s", w, out)
		}
	}
}

func TestRescueBlog(t *testing.T) {
	t.Parallel()
	b := newBlog(t)
	b.mendOff()
	t.Run("all is well", func(t *testing.T) {
		b.t = t
		before := b.pid("mariadb")
		out, code := b.omamori("rescue", "--yes")
		says(t, out, "nothing to rescue")
		out2, code2 := b.omamori("rescue", "blog", "--yes")
		says(t, out2, "Proved from the visitor's side", "there was nothing to do")
		if code != 0 || code2 != 0 || b.pid("mariadb") != before {
			t.Errorf("exit %d, %d; MariaDB %d, then %d", code, code2, before, b.pid("mariadb"))
		}
	})
	t.Run("killed", func(t *testing.T) {
		b.t = t
		b.kill("mariadb")
		out, code := b.omamori("rescue", "blog", "--dry-run")
		says(t, out, "omamori: start mariadb", "killed")
		if code != 0 || b.answers() {
			t.Errorf("a dry run: exit %d\n%s", code, out)
		}
		out, code = b.omamori("rescue", "blog") // nobody says yes
		says(t, out, "--yes")
		if code != 1 || b.answers() {
			t.Errorf("with nobody there: exit %d\n%s", code, out)
		}
		out, code = b.omamori("rescue", "blog", "--yes")
		says(t, out, "start mariadb", "Proved from the visitor's side", "back")
		if code != 0 || !b.answers() || !well(b.status()) {
			t.Errorf("exit %d\n%s", code, out)
		}
		log, _ := b.omamori("journal", "--since", "10m")
		says(t, log, "wants this done now: start mariadb", "blog is back")
		draft, code := b.omamori("report")
		says(t, draft, "# Incident: mariadb", "mariadb was killed by SIGKILL from outside", "done: start mariadb", "visitors read the blog")
		if code != 0 {
			t.Errorf("report: exit %d", code)
		}
		if out, code := b.omamori("report", "none"); code != 2 || !strings.Contains(out, "no incident is called none") {
			t.Errorf("report: exit %d\n%s", code, out)
		}
	})
	t.Run("hung, at a terminal", func(t *testing.T) {
		b.t = t
		if err := syscall.Kill(b.pid("mariadb"), syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		b.until("hung", 60*time.Second, func(s guard.Status) bool { return newest(s, "hung") != nil })
		c := b.console("rescue", "blog")
		c.answer("kill the hung mariadb, then start mariadb", "y")
		c.await("back")
		if code := c.end(); code != 0 || !b.answers() {
			t.Errorf("exit %d\n%s", code, c.text())
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
		write(t, config, regexp.MustCompile(`(DB_PASSWORD'\s*,\s*')`).ReplaceAll(good, []byte("${1}x")))
		b.until("told", 60*time.Second, func(s guard.Status) bool { return newest(s, "wrong_password") != nil })
		out, code := b.omamori("rescue", "blog", "--yes")
		says(t, out, "wp-config.php", "This needs you")
		if code != 1 {
			t.Errorf("exit %d\n%s", code, out)
		}
		c := b.console("rescue", "blog")
		c.answer("wp-config.php", "d") // not so
		c.await("broken")
		c.await("stop here: ")
		write(t, config, good)
		if _, err := c.master.WriteString("d\n"); err != nil {
			t.Fatal(err)
		}
		c.await("back")
		if code := c.end(); code != 0 {
			t.Errorf("exit %d\n%s", code, c.text())
		}
		if after := b.pid("mariadb"); after != before {
			t.Errorf("MariaDB was restarted: %d, then %d", before, after)
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		b.t = t
		b.kill("mariadb")
		c := b.console("rescue", "blog", "--yes")
		c.await("start mariadb (") // done
		if err := c.cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		if code := c.end(); code != 1 {
			t.Errorf("exit %d", code)
		}
		says(t, c.text(), "Stopped", "omamori rescue blog")
		out, code := b.omamori("rescue", "blog", "--yes", "--json")
		if code != 0 || !b.answers() {
			t.Errorf("exit %d\n%s", code, out)
		}
		var events []string
		for line := range strings.Lines(out) {
			var e struct {
				Event string `json:"event"`
				Deed  struct {
					Verb string `json:"verb"`
				} `json:"deed"`
			}
			if strings.HasPrefix(line, "{") {
				if err := json.Unmarshal([]byte(line), &e); err != nil {
					t.Fatalf("%v: %s", err, line)
				}
				events = append(events, e.Event)
			}
		}
		if slices.Contains(events, "deed") || events[0] != "begin" || events[len(events)-1] != "back" && events[len(events)-1] != "holds" {
			t.Errorf("taken up again: %v", events)
		}
		at := b.console("rescue", "blog") // at a question, by Ctrl-C
		at.end()
		b.kill("mariadb")
		at = b.console("rescue", "blog")
		at.await("stop here: ")
		if _, err := at.master.WriteString("\x03"); err != nil {
			t.Fatal(err)
		}
		if code := at.end(); code != 1 {
			t.Errorf("Ctrl-C at a question: exit %d", code)
		}
		says(t, at.text(), "Stopped")
		if out, code := b.omamori("rescue", "--yes"); code != 0 {
			t.Errorf("exit %d\n%s", code, out)
		}
	})
	t.Run("starts, but dies again", func(t *testing.T) {
		b.t = t
		b.kill("mariadb")
		conf := filepath.Join(b.dir, "etc", "my.cnf")
		good, err := os.ReadFile(conf)
		if err != nil {
			t.Fatal(err)
		}
		write(t, conf, append(bytes.Clone(good), "\n[mariadbd]\nnonsense=1\n"...))
		out, code := b.omamori("rescue", "blog", "--yes")
		says(t, out, "Things are not as planned", "nonsense", "This needs you")
		if code != 1 {
			t.Errorf("exit %d\n%s", code, out)
		}
		write(t, conf, good)
		c := b.console("rescue", "blog", "--yes")
		c.answer("nonsense", "d")
		c.await("start mariadb (")
		c.await("back")
		if code := c.end(); code != 0 {
			t.Errorf("exit %d\n%s", code, c.text())
		}
	})
}

// handsPID is the process of the site's hands, as their socket knows it.
func (b *blog) handsPID() int {
	b.t.Helper()
	file, err := os.ReadFile(filepath.Join(b.dir, "omamori.yaml"))
	if err != nil {
		b.t.Fatal(err)
	}
	path := regexp.MustCompile(`(?m)^  socket: (\S*hands\S*)$`).FindSubmatch(file)
	if path == nil {
		b.t.Fatalf("no socket of hands in\n%s", file)
	}
	c, err := net.Dial("unix", strings.Trim(string(path[1]), `"`))
	if err != nil {
		b.t.Fatal(err)
	}
	defer c.Close()
	raw, err := c.(*net.UnixConn).SyscallConn()
	if err != nil {
		b.t.Fatal(err)
	}
	var peer *unix.Ucred
	var bad error
	if err := raw.Control(func(fd uintptr) {
		peer, bad = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil || bad != nil {
		b.t.Fatal(err, bad)
	}
	return int(peer.Pid)
}

// Hands that are gone in the middle are said to be, and the rescue goes on once they
// are back.
func TestRescueWithoutHands(t *testing.T) {
	t.Parallel()
	b := newBlog(t)
	b.mendOff()
	b.kill("mariadb")
	c := b.console("rescue", "blog")
	c.await("start mariadb")
	c.await("stop here: ")
	if err := syscall.Kill(b.handsPID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := c.master.WriteString("y\n"); err != nil {
		t.Fatal(err)
	}
	c.await("omamori-hands")
	c.answer("put this right by hand", "s")
	if code := c.end(); code != 1 {
		t.Errorf("exit %d\n%s", code, c.text())
	}
	if out, code := b.omamori("site", "up", b.dir, "--address", strings.Trim(b.url, "htp:/"), "--guard-user", "nobody"); code != 0 {
		t.Fatalf("site up: exit %d\n%s", code, out)
	}
	if out, code := b.omamori("rescue", "--yes"); code != 0 || !b.answers() {
		t.Errorf("exit %d\n%s", code, out)
	}
}

func TestRescueStory(t *testing.T) {
	t.Parallel()
	needRoot(t)
	b := &blog{t: t, bin: programs(t), dir: open(t), state: filepath.Join(open(t), "state")}
	story, err := os.ReadFile("../../doc/examples/story.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.dir, "omamori.yaml"), story, 0o644); err != nil {
		t.Fatal(err)
	}
	b.start()
	for _, thing := range []string{"phone", "vpn-company"} {
		if out, code := b.omamori("lost", thing); code != 0 {
			t.Fatalf("exit %d\n%s", code, out)
		}
	}
	if out, code := b.omamori("rescue", "blog"); code != 1 || !strings.Contains(out, "This needs you") {
		t.Errorf("without a terminal: exit %d\n%s", code, out)
	}
	c := b.console("rescue", "blog")
	c.answer("Does the blog show its posts?", "n")
	c.answer("Does mysqld answer?", "n")
	c.await("The way back, about 7 days")
	c.answer("still yours?", "y")
	c.unsent("Now you: have AWS support take the MFA device off", "s") // it takes a week
	if code := c.end(); code != 1 {
		t.Errorf("exit %d\n%s", code, c.text())
	}
	out, code := b.omamori("rescue", "blog", "--dry-run")
	says(t, out, "about 7 days", "1. you: have AWS support", "2. you: register a new MFA device", "3. you: name my new address", "4. you: restart mysqld")
	if code != 0 {
		t.Errorf("exit %d\n%s", code, out)
	}
	c = b.console("rescue", "blog")
	c.unsent("Now you: have AWS support take the MFA device off", "d")
	c.answer("Does AWS accept the code", "y")
	c.answer("sign in to the AWS console?", "y")
	c.answer("Now you: register a new MFA device", "d")
	c.answer("one that you have?", "y")
	c.answer("Now you: name my new address", "d")
	c.answer("Does the security group name", "y")
	c.answer("work?", "y")
	c.answer("Now you: restart mysqld", "d")
	c.answer("Does mysqld answer?", "y")
	c.answer("Does the blog show its posts?", "y")
	c.await("back")
	if code := c.end(); code != 0 {
		t.Errorf("exit %d\n%s", code, c.text())
	}
	if out, code := b.omamori("rescue", "shell"); code != 0 { // it rests on what was put back
		t.Errorf("exit %d\n%s", code, out)
	}
}

// unsent answers a step that is a request to a support desk, which is not sent yet.
func (c *console) unsent(step, key string) {
	c.t.Helper()
	c.await(step)
	c.await("not sent yet): ")
	if _, err := c.master.WriteString("\n"); err != nil {
		c.t.Fatal(err)
	}
	c.answer("", key)
}
