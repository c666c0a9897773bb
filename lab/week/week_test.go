package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var built struct {
	sync.Once
	dir string
	err error
}

// TestMain removes what was built.
func TestMain(m *testing.M) {
	code := m.Run()
	if built.dir != "" {
		os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

// programs builds the play and what it plays with, as they are shipped.
func programs(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("CI must run this as root")
		}
		t.Skip("makes networks of its own: needs root")
	}
	built.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "omamori-week"); built.err != nil {
			return
		}
		if built.err = os.Chmod(built.dir, 0o755); built.err != nil { // others run it too
			return
		}
		cmd := exec.Command("go", "build", "-o", built.dir, ".", "../../cmd/omamori", "../../cmd/omamori-hands", "../../cmd/omamori-aws", "../../cmd/omamori-knock")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("build: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.dir
}

// played are the events of a play, and its outcome.
type played struct {
	events []event
	outcome
	said string
}

func playIt(t *testing.T, args ...string) (p played) {
	t.Helper()
	dir := programs(t)
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "week"), append([]string{"-programs", dir, "-json", "-lang", "en"}, args...)...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, &said, &out)
	}
	p.said = said.String() + out.String()
	for line := range strings.Lines(out.String()) {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if e.Is != "outcome" {
			p.events = append(p.events, e)
		} else if err := json.Unmarshal([]byte(line), &p.outcome); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
	}
	return p
}

func (p played) row(what string) row {
	for _, r := range p.Rows {
		if r.What == what {
			return r
		}
	}
	return row{}
}

// record reports whether a guard's journal told of all the words in one record, in a chapter.
func (p played) record(act, chapter, host string, words ...string) bool {
	at := map[string]string{}
	for _, e := range p.events {
		if e.Is == isChapter {
			at[e.Act] = e.Text
		}
		if e.Is != isRecord || e.Act != act || at[act] != chapter || e.Host != host {
			continue
		}
		has := true
		for _, w := range words {
			has = has && strings.Contains(e.Text, w)
		}
		if has {
			return true
		}
	}
	return false
}

// The whole story: as it was the week comes, as it would have been it does not.
func TestWeek(t *testing.T) {
	t.Parallel()
	p := playIt(t)
	defer func() {
		if t.Failed() {
			t.Log(p.said)
		}
	}()
	var margins []int
	for _, e := range p.events {
		if e.Act == asItWas && e.Is == isMargin {
			margins = append(margins, *e.Margin)
		}
	}
	if fmt.Sprint(margins) != "[1 0 -1]" {
		t.Errorf("as it was, the margin went %v", margins)
	}
	if len(p.Rows) != len(systems) {
		t.Errorf("%d rows", len(p.Rows))
	}
	for _, r := range p.Rows {
		if !r.Good || r.Happened == "" || r.Did == "" || r.Proof == "" {
			t.Errorf("%+v", r)
		}
	}
	was, would := p.Sums[asItWas], p.Sums[asItWould]
	if was == nil || was.CountedS < 6*86400 || was.MachineS <= 0 {
		t.Errorf("as it was: %+v", was)
	}
	if would == nil || would.MachineS <= 0 || would.Acts < 1 || would.Acts > 3 || would.CountedS != 0 {
		t.Errorf("as it would have been: %+v", would)
	}
	p.notAFilm(t)
	if len(p.LeftOut) < 4 {
		t.Errorf("left out: %q", p.LeftOut)
	}
	for _, c := range []struct {
		act, chapter, host string
		words              []string
	}{
		{asItWas, "october", "laptop", []string{"my phone"}},
		{asItWas, "winter", "laptop", []string{"no_client"}},
		{asItWas, "night", "server", []string{"killed", "switched off"}},
		{asItWould, "june", "laptop", []string{"removal_ahead"}},
		{asItWould, "october", "laptop", []string{"my phone"}},
		{asItWould, "november", "laptop", []string{"PPTP is ended"}},
		{asItWould, "night", "server", []string{"done: start mariadb"}},
		{asItWould, "night", "server", []string{"is over after"}},
		{asItWould, "end", "server", []string{"switched off"}},
		{asItWould, "end", "server", []string{"walks back to blog"}},
		{asItWould, "end", "server", []string{"wp-admin/post.php?post="}},
	} {
		if !p.record(c.act, c.chapter, c.host, c.words...) {
			t.Errorf("%s, %s: the journal of the %s has no record with %q", c.act, c.chapter, c.host, c.words)
		}
	}
}

// Each part is taken away once: in its place, and there alone, the week comes back.
func TestWithout(t *testing.T) {
	for _, c := range []struct{ part, place, said string }{
		{"knock", "address", "nothing hears the knock"},
		{"vault", "phone", "no vault"},
		{"mend", "mysqld", "still down"},
	} {
		t.Run(c.part, func(t *testing.T) {
			t.Parallel()
			p := playIt(t, "-act", asItWould, "-break", c.part)
			defer func() {
				if t.Failed() {
					t.Log(p.said)
				}
			}()
			if r := p.row(c.place); r.Good || !strings.Contains(r.Did, c.said) {
				t.Errorf("%+v", r)
			}
			// Whatever it is, he does not get to his blog.
			if r := p.row("address"); r.Good || !strings.Contains(r.Did, "the week is back") {
				t.Errorf("%+v", r)
			}
			for what, good := range map[string]bool{"vpn": true, "warning": true, "mysqld": c.part != "mend", "phone": c.part != "vault", "support": false, "report": false} {
				if r := p.row(what); r.Good != good {
					t.Errorf("%s: %+v", what, r)
				}
			}
			would := p.Sums[asItWould]
			if would == nil || would.MachineS != 0 {
				t.Fatalf("%+v", would)
			}
			if c.part == "vault" && would.WayBackS < 6*86400 {
				t.Errorf("the guard reckons with %v s", would.WayBackS)
			}
		})
	}
}

// However it ends, it leaves nothing.
func TestInterrupted(t *testing.T) {
	for _, with := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(with.String(), func(t *testing.T) {
			t.Parallel()
			dir, temp := programs(t), t.TempDir()
			cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "week"), "-programs", dir, "-json", "-lang", "en")
			cmd.Env = append(os.Environ(), "TMPDIR="+temp)
			var said bytes.Buffer
			cmd.Stderr = &said
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewReader(out)
			for { // until the story is on its way, with all that runs in it
				line, err := lines.ReadString('\n')
				if err != nil {
					_ = cmd.Wait()
					t.Fatalf("%v\n%s", err, &said)
				}
				if strings.Contains(line, `"october"`) {
					break
				}
			}
			all := below(t, cmd.Process.Pid)
			if len(all) < 20 {
				t.Errorf("only %d processes", len(all))
			}
			if err := cmd.Process.Signal(with); err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, lines)
			if err := cmd.Wait(); err == nil {
				t.Error("exits as if it had come to its end")
			}
			if with != syscall.SIGKILL && !strings.Contains(said.String(), "interrupted; nothing of it is left") {
				t.Errorf("%s", &said)
			}
			for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
				left := []string{}
				for pid, start := range all {
					if now, cmdline := started(pid); now == start && cmdline != "" {
						left = append(left, cmdline)
					}
				}
				if len(left) == 0 {
					break
				}
				if time.Now().After(end) {
					t.Fatalf("still run: %q", left)
				}
			}
			if files, err := os.ReadDir(temp); err != nil || len(files) > 0 {
				t.Errorf("%v %v", files, err)
			}
			mounts, err := os.ReadFile("/proc/self/mountinfo")
			if err != nil || strings.Contains(string(mounts), " /mnt ") || strings.Contains(string(mounts), " /etc/hosts ") && strings.Contains(string(mounts), "/mnt/hosts") {
				t.Errorf("%v %s", err, mounts)
			}
			if _, err := os.Stat("/run/week"); err == nil {
				t.Error("/run/week is there")
			}
			if _, err := os.Stat("/run/netns/laptop"); err == nil {
				t.Error("the laptop's network is there")
			}
		})
	}
}

// started is when a process began, in ticks, and its command line, "" for a zombie.
func started(pid int) (start, cmdline string) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", ""
	}
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)) // it may have just ended
	return fields[19], strings.ReplaceAll(string(line), "\x00", " ")
}

// below are the processes that descend from one, and when each began.
func below(t *testing.T, root int) map[int]string {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	children := map[int][]int{}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // it has just ended
		}
		parent, err := strconv.Atoi(strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))[1])
		pid, err2 := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		children[parent] = append(children[parent], pid)
	}
	all := map[int]string{}
	for next := []int{root}; len(next) > 0; next = next[1:] {
		if next[0] != root {
			all[next[0]], _ = started(next[0])
		}
		next = append(next, children[next[0]]...)
	}
	return all
}

// Where it cannot run, each row says so, and nothing is summed.
func TestCannotHere(t *testing.T) {
	t.Parallel()
	dir := programs(t)
	run := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "week"), append([]string{"-programs", dir}, args...)...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		cmd.Dir = "/"
		out, err := cmd.CombinedOutput()
		if err == nil {
			t.Errorf("ends well: %s", out)
		}
		return string(out)
	}
	text := run("-lang", "en", "-columns", "80")
	if n := strings.Count(text, "not played here"); n != len(systems) || !strings.Contains(text, "sudo make week") || strings.Contains(text, "acts of a person") {
		t.Errorf("%d: %s", n, text)
	}
	if text := run("-lang", "ja"); !strings.Contains(text, "ここでは再現できません") {
		t.Error(text)
	}
	var o outcome
	first, _, _ := strings.Cut(run("-json", "-lang", "en"), "\n")
	if err := json.Unmarshal([]byte(first), &o); err != nil || len(o.Sums) > 0 || len(o.Rows) != len(systems) || o.Why == "" {
		t.Errorf("%v %+v", err, o)
	}
}

func TestFold(t *testing.T) {
	for _, c := range []struct {
		text    string
		columns int
		want    string
	}{
		{"", 10, ""},
		{"one two three", 7, "one two|three"},
		{"one two three", 8, "one two|three"},
		{"  indented so", 10, "  indented|so"},
		{"http://blog.example/", 8, "http://|blog.exa|mple/"},
		{"使えるものへ移る: a", 17, "使えるものへ移る:|a"},
		{"電話を買い替えました。", 20, "電話を買い替えまし|た。"},
		{"次の macOS（新版）", 10, "次の macOS|（新版）"},
		{"omamori は対応表で", 12, "omamori は対|応表で"},
	} {
		if got := strings.Join(fold(c.text, c.columns), "|"); got != c.want {
			t.Errorf("%q in %d: %q, want %q", c.text, c.columns, got, c.want)
		}
	}
}
