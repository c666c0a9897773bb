package site

import (
	"context"
	"errors"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/omamori-guard/omamori/chain"
)

func statOf(st os.FileInfo) *syscall.Stat_t { return st.Sys().(*syscall.Stat_t) }

// dump is all that is in WordPress's tables, but for what visits leave there.
func dump(t *testing.T, dir string) string {
	t.Helper()
	out, err := exec.Command("mariadb-dump", "--no-defaults", "-S", layout{dir}.SQLSocket(), "--skip-dump-date", "--skip-extended-insert", "wordpress").Output()
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for line := range strings.Lines(string(out)) {
		if !strings.Contains(line, "_transient_") && !strings.Contains(line, "'cron'") && !strings.Contains(line, "AUTO_INCREMENT=") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

// testTwice: run again, Up writes no file and starts nothing.
func testTwice(t *testing.T, o Options) {
	files, running, tables := snapshot(t, o.Dir), daemons(t, layout{o.Dir}), dump(t, o.Dir)
	o = Options{Dir: o.Dir, HandsBinary: o.HandsBinary, Progress: func(step chain.Text) {
		if strings.HasPrefix(stepName(step), "start") || stepName(step) == "database" {
			t.Errorf("step %q", stepName(step))
		}
	}}
	try(t, o)
	again := snapshot(t, o.Dir)
	for name, was := range files {
		if now := again[name]; now != was {
			t.Errorf("%s was %+v and is %+v", name, was, now)
		}
	}
	if len(again) != len(files) {
		t.Errorf("%d files were there, %d are", len(files), len(again))
	}
	if now := daemons(t, layout{o.Dir}); !maps.Equal(now, running) {
		t.Errorf("ran %v, runs %v", running, now)
	}
	if now := dump(t, o.Dir); now != tables {
		t.Errorf("the tables were\n%s\nand are\n%s", tables, now)
	}
}

// testRefusals: what cannot be done is told, and changes nothing of a site that runs.
func testRefusals(t *testing.T, en, ja Options) {
	fresh := filepath.Join(openDir(t), "new")
	refused := func(what, want string, change func(o *Options)) {
		t.Run(what, func(t *testing.T) {
			o := Options{Dir: en.Dir, HandsBinary: en.HandsBinary}
			change(&o)
			_, err := Up(t.Context(), o)
			wantProblem(t, err, want)
		})
	}
	before := snapshot(t, en.Dir)
	refused("no such user", "there is no user nosuchuser", func(o *Options) { o.GuardUser = "nosuchuser" })
	refused("a bad address", "not an address", func(o *Options) { o.Address = "nowhere" })
	refused("another's port", "could not listen on "+ja.Address, func(o *Options) { o.Address = ja.Address })
	refused("another's port, at first", "could not listen on "+ja.Address, func(o *Options) { o.Dir, o.GuardUser, o.Address = fresh, "nobody", ja.Address })
	refused("no hands", "omamori-hands is not at", func(o *Options) { o.HandsBinary = "/nonexistent" })
	refused("hands is a folder", "omamori-hands is not at", func(o *Options) { o.HandsBinary = "/usr" })
	if _, err := os.Stat("/run/systemd/system"); err != nil {
		refused("no systemd", "systemd does not run here", func(o *Options) { o.WithSystemd = true })
	}
	unlock, err := lock(layout{en.Dir})
	if err != nil {
		t.Fatal(err)
	}
	refused("at work", "another omamori is at work", func(*Options) {})
	wantProblem(t, Down(t.Context(), en.Dir), "another omamori is at work")
	unlock()
	wantProblem(t, Down(t.Context(), fresh+"er"), "there is no site")
	if !maps.Equal(before, snapshot(t, en.Dir)) {
		t.Error("a refusal has changed files")
	}
	if found, err := os.ReadDir(fresh); err != nil || len(found) > 1 {
		t.Errorf("a refusal has left %v (%v)", found, err)
	}
}

// testMove: another address restarts nginx and PHP alone, also when Up was interrupted after it
// had written the files.
func testMove(t *testing.T, o Options) string {
	before := daemons(t, layout{o.Dir})
	to := freeAddress(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	interrupted := Options{Dir: o.Dir, HandsBinary: o.HandsBinary, Address: to, Progress: func(step chain.Text) {
		if stepName(step) == "start nginx" {
			cancel()
		}
	}}
	if _, err := Up(ctx, interrupted); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
	info := try(t, Options{Dir: o.Dir, HandsBinary: o.HandsBinary})
	if info.URL != "http://"+to+"/" {
		t.Errorf("the site is at %s, want %s", info.URL, to)
	}
	newVisitor(t, to).get("/", 200)
	if conn, err := net.Dial("tcp", o.Address); err == nil {
		conn.Close()
		t.Errorf("nginx still listens on %s", o.Address)
	}
	after := daemons(t, layout{o.Dir})
	for _, same := range []string{"mariadb", "hands"} {
		if before[same] != after[same] {
			t.Errorf("%s was restarted", same)
		}
	}
	if before["nginx"] == after["nginx"] {
		t.Error("nginx was not restarted")
	}
	return to
}

// testOwnersFile: an omamori.yaml that its owner has changed stays; one that is ours is
// written anew with the site.
func testOwnersFile(t *testing.T, o Options) {
	path := layout{o.Dir}.guardFile()
	ours, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(ours), o.Address) {
		t.Errorf("omamori.yaml does not guard %s:\n%s", o.Address, ours)
	}
	put(t, path, string(ours)+"# mine\n")
	kept := false
	try(t, Options{Dir: o.Dir, HandsBinary: o.HandsBinary, Progress: func(step chain.Text) {
		key, _ := step.Message()
		kept = kept || key == "site.keeps_guard_file"
	}})
	if now, err := os.ReadFile(path); err != nil || string(now) != string(ours)+"# mine\n" || !kept {
		t.Errorf("the owner's omamori.yaml was changed (%v), or he was not told", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	try(t, Options{Dir: o.Dir, HandsBinary: o.HandsBinary})
	if now, err := os.ReadFile(path); err != nil || string(now) != string(ours) {
		t.Errorf("omamori.yaml was not written again: %v", err)
	}
}
