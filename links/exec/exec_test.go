package exec

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe/probetest"
)

func newLink(t *testing.T, tolerant bool, argv ...string) *link {
	t.Helper()
	s := settings{Argv: argv, Warning: "broken"}
	if tolerant {
		s.Warning = "holds"
	}
	p, err := build(s, chain.Place{Link: "check"})
	if err != nil {
		t.Fatal(err)
	}
	return p.(*link)
}

// script is a program that runs text as a shell does. The shell is the test's.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "check_it")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func expect(t *testing.T, p chain.Proof, verdict chain.Verdict, key string) {
	t.Helper()
	if p.Verdict != verdict || p.Because.Key != key {
		t.Errorf("got %v %s %v %q, want %v %s", p.Verdict, p.Because.Key, p.Because.Args, p.Evidence, verdict, key)
	}
	if verdict == chain.Broken && (p.Cause == "" || p.Hint.IsZero()) {
		t.Errorf("%s: cause %q, hint %q", key, p.Cause, p.Hint.Key)
	}
}

const plugins = "/usr/lib/nagios/plugins/"

// TestDebiansPlugins: they work unchanged.
func TestDebiansPlugins(t *testing.T) {
	if _, err := os.Stat(plugins + "check_load"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("CI must have Debian's monitoring-plugins-basic")
		}
		t.Skip("needs monitoring-plugins-basic")
	}
	for _, c := range []struct {
		argv    []string
		verdict chain.Verdict
		cause   string
		figure  string
		unit    string
	}{
		{[]string{"check_load", "-w", "10000", "-c", "10000"}, chain.Holds, "", "load1", ""},
		{[]string{"check_load", "-w", "0", "-c", "0"}, chain.Broken, "critical", "load1", ""},
		{[]string{"check_procs", "-w", "0", "-c", "1000000"}, chain.Broken, "warning", "procs", ""},
		{[]string{"check_disk", "-w", "0", "-c", "0", "-p", "/"}, chain.Holds, "", "/", "B"},
		{[]string{"check_dummy", "3", "no idea"}, chain.Unproven, "", "", ""},
		{[]string{"check_tcp", "-H", "127.0.0.1", "-p", "1"}, chain.Broken, "critical", "", ""},
		{[]string{"check_file_age", "-w", "999999999", "-c", "999999999", "-f", "/etc/passwd"}, chain.Holds, "", "age", "s"},
		{[]string{"check_nothing_like_it"}, chain.Unproven, "", "", ""},
		{[]string{"check_load", "--no-such-option"}, chain.Unproven, "", "", ""},
	} {
		p := probetest.Prove(newLink(t, false, append([]string{plugins + c.argv[0]}, c.argv[1:]...)...), 10*time.Second)
		if p.Verdict != c.verdict || p.Cause != c.cause || p.Because.IsZero() || p.Verdict == chain.Broken && p.Hint.IsZero() {
			t.Errorf("%q: %v %q %v", c.argv, p.Verdict, p.Cause, p.Because)
		}
		if c.figure != "" && !slices.ContainsFunc(p.Figures, func(f chain.Figure) bool { return f.Name == c.figure && f.Unit == c.unit }) {
			t.Errorf("%q: no figure %s in %s: %v", c.argv, c.figure, c.unit, p.Figures)
		}
	}
}

func TestVerdicts(t *testing.T) {
	warn := script(t, "echo 'WARNING - hot | temp=71;70;90'; exit 1")
	expect(t, probetest.Prove(newLink(t, false, warn), 5*time.Second), chain.Broken, "exec.said")
	expect(t, probetest.Prove(newLink(t, true, warn), 5*time.Second), chain.Holds, "exec.said")
	expect(t, probetest.Prove(newLink(t, false, script(t, "exit 2")), 5*time.Second), chain.Broken, "exec.silent")
	expect(t, probetest.Prove(newLink(t, false, script(t, "echo odd; exit 77")), 5*time.Second), chain.Unproven, "exec.odd_code")
	expect(t, probetest.Prove(newLink(t, false, script(t, "kill -SEGV $$")), 5*time.Second), chain.Unproven, "exec.by_signal")
	expect(t, probetest.Prove(newLink(t, false, "/etc/passwd"), 5*time.Second), chain.Unproven, "exec.denied")
	expect(t, probetest.Prove(newLink(t, false, "/nowhere/at/all"), 5*time.Second), chain.Unproven, "exec.missing")
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\x00\x01"), 0o755); err != nil {
		t.Fatal(err)
	}
	expect(t, probetest.Prove(newLink(t, false, empty), 5*time.Second), chain.Unproven, "exec.no_program")
}

// TestNothingInherited: a plugin learns nothing from the guard's environment, and
// its arguments reach it as they are.
func TestNothingInherited(t *testing.T) {
	t.Setenv("SECRET", "sesame7")
	p := probetest.Prove(newLink(t, false, "/usr/bin/env"), 5*time.Second)
	if all := p.Because.Args["text"] + strings.Join(p.Evidence, " "); strings.Contains(all, "SECRET") || !strings.Contains(all, "LC_ALL=C") {
		t.Errorf("the environment is %s", all)
	}
	p = probetest.Prove(newLink(t, false, "/bin/echo", "$HOME; `id` * \"x\""), 5*time.Second)
	if got := p.Because.Args["text"]; got != "$HOME; `id` * \"x\"" {
		t.Errorf("the argument became %s", got)
	}
	p = probetest.Prove(newLink(t, false, script(t, "exit 2"), "--password=sesame8"), 5*time.Second)
	if s := p.Because.Args["text"] + p.Hint.Args["program"] + strings.Join(p.Evidence, " "); strings.Contains(s, "sesame8") {
		t.Errorf("an argument is shown: %s", s)
	}
}

// TestEnded: a program that does not end is ended, with all that it started.
func TestEnded(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	l := newLink(t, false, script(t, "echo waiting; sleep 60 & echo $! > "+pids+"; wait"))
	began := time.Now()
	p := probetest.Prove(l, 700*time.Millisecond)
	expect(t, p, chain.Broken, "exec.timeout")
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
	if len(p.Evidence) != 1 || p.Evidence[0] != "waiting" {
		t.Errorf("evidence %q", p.Evidence)
	}
	gone(t, pids)

	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(300*time.Millisecond, cancel)
	began = time.Now()
	expect(t, l.Prove(ctx), chain.Unproven, "probe.cancelled")
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("took %v to be cut short", took)
	}
	gone(t, pids)

	// One that ends at once, but leaves a child that holds its output open.
	l = newLink(t, false, script(t, "sleep 60 & echo $! > "+pids+"; echo fine"))
	began = time.Now()
	expect(t, probetest.Prove(l, 10*time.Second), chain.Holds, "exec.said")
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("took %v", took)
	}
	gone(t, pids)
}

func gone(t *testing.T, file string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) || strings.Contains(string(stat), ") Z ") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %d lives on", pid)
		}
	}
}

func TestMuch(t *testing.T) {
	began := time.Now()
	expect(t, probetest.Prove(newLink(t, false, "/usr/bin/yes"), 10*time.Second), chain.Unproven, "exec.too_much")
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
	p := probetest.Prove(newLink(t, false, script(t, "head -c 200000 /dev/zero; exit 2")), 10*time.Second)
	expect(t, p, chain.Broken, "exec.said")
	if n := len(p.Because.Args["text"]); n > 1000 {
		t.Errorf("said %d bytes", n)
	}
}

func TestParse(t *testing.T) {
	got := parse("DISK OK - free | /=2643MB;5948;5958;0;5968\nfirst more\nsecond\n| 'a b''c'=1,5ms;;;0; /home=69357kB bad= =3 x=U\nk=7c l=12%")
	if got.line != "DISK OK - free" || !slices.Equal(got.more, []string{"first more", "second"}) {
		t.Errorf("%q, %q", got.line, got.more)
	}
	want := []chain.Figure{
		{Name: "/", Value: 2643 << 20, Unit: "B"}, {Name: "a b'c", Value: 0.0015, Unit: "s"},
		{Name: "/home", Value: 69357 << 10, Unit: "B"}, {Name: "k", Value: 7}, {Name: "l", Value: 12, Unit: "%"},
	}
	if !slices.Equal(got.figures, want) {
		t.Errorf("got %v, want %v", got.figures, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("OK | a=1s;2;3 'b c'=4%")
	f.Add("CRITICAL\nmore\n|'x=1\n'y'''=2")
	f.Add("| a=1e999 b=NaN c=0x10 d=-")
	f.Fuzz(func(t *testing.T, s string) {
		got := parse(s)
		if len(got.figures) > maxFigures || len(got.more) > maxLines || strings.ContainsAny(got.line, "\n\x1b") {
			t.Errorf("%+v", got)
		}
		for _, f := range got.figures {
			if f.Name == "" || len(f.Name) > maxLabel || f.Value != f.Value || f.Value-f.Value != 0 {
				t.Errorf("figure %+v", f)
			}
		}
	})
}

func TestSettings(t *testing.T) {
	for field, s := range map[string]settings{
		"argv":    {Warning: "broken"},
		"warning": {Argv: []string{"/bin/true"}, Warning: "maybe"},
	} {
		_, err := build(s, chain.Place{})
		var bad *chain.SettingError
		if !errors.As(err, &bad) || bad.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	for _, argv := range [][]string{{"check_load"}, {"/bin/true", "a\x00b"}, {"/bin/true", strings.Repeat("a", 9000)}, make([]string, 300)} {
		if _, err := build(settings{Argv: argv, Warning: "holds"}, chain.Place{}); err == nil {
			t.Errorf("%.20q is taken", argv)
		}
	}
}
