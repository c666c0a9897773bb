package disk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/chain"
)

func newLink(t *testing.T, s settings) *link {
	t.Helper()
	if s.MinFree == "" {
		s.MinFree = "5%"
	}
	if s.MinInodes == "" {
		s.MinInodes = "2%"
	}
	p, err := build(s, chain.Place{})
	if err != nil {
		t.Fatal(err)
	}
	return p.(*link)
}

func prove(p chain.Prover) chain.Proof {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return p.Prove(ctx)
}

func expect(t *testing.T, p chain.Proof, verdict chain.Verdict, key, cause string) {
	t.Helper()
	if p.Verdict != verdict || p.Because.Key != key || p.Cause != cause {
		t.Errorf("got %v %s %q %v, want %v %s %q", p.Verdict, p.Because.Key, p.Cause, p.Because.Args, verdict, key, cause)
	}
	if verdict == chain.Broken && p.Hint.IsZero() {
		t.Errorf("%s has no hint", key)
	}
}

// mounted is a small file system of our own.
func mounted(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("omamori-test", dir, "tmpfs", 0, options); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("CI must be able to mount: %v", err)
		}
		t.Skipf("needs to mount a tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestRoom(t *testing.T) {
	dir := mounted(t, "size=1m,nr_inodes=100")
	l := newLink(t, settings{Path: dir})
	p := prove(l)
	expect(t, p, chain.Holds, "disk.holds", "")
	if len(p.Figures) != 3 || p.Figures[1].Value != 1<<20 || p.Figures[2].Unit != "%" {
		t.Errorf("figures %v", p.Figures)
	}
	expect(t, prove(newLink(t, settings{Path: dir, MinFree: "2MiB"})), chain.Broken, "disk.full", "disk_full")
	if err := os.WriteFile(filepath.Join(dir, "big"), make([]byte, 1000<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	p = prove(l)
	expect(t, p, chain.Broken, "disk.full", "disk_full")
	if p.Figures[0].Value >= 50<<10 {
		t.Errorf("free %v", p.Figures[0])
	}
	expect(t, prove(newLink(t, settings{Path: dir, MinFree: "1%"})), chain.Holds, "disk.holds", "")
}

func TestInodes(t *testing.T) {
	dir := mounted(t, "size=1m,nr_inodes=100")
	l := newLink(t, settings{Path: dir, MinInodes: "10"})
	expect(t, prove(l), chain.Holds, "disk.holds", "")
	for i := range 95 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, prove(l), chain.Broken, "disk.no_inodes", "no_inodes")
	expect(t, prove(newLink(t, settings{Path: dir})), chain.Holds, "disk.holds", "")
}

func TestReadOnly(t *testing.T) {
	dir := mounted(t, "size=1m")
	l := newLink(t, settings{Path: dir})
	expect(t, prove(l), chain.Holds, "disk.holds", "")
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	expect(t, prove(l), chain.Broken, "disk.read_only", "read_only_disk")
	expect(t, prove(newLink(t, settings{Path: dir, ReadOnly: true, MinFree: "100%"})), chain.Holds, "disk.holds_read_only", "")
}

func TestNotThere(t *testing.T) {
	expect(t, prove(newLink(t, settings{Path: filepath.Join(t.TempDir(), "gone")})), chain.Broken, "disk.missing", "missing")
}

// TestHung: a file system that never answers costs one goroutine, however often it is
// asked.
func TestHung(t *testing.T) {
	l := newLink(t, settings{Path: "/"})
	l.asking = make(chan answer, 1)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	expect(t, l.Prove(ctx), chain.Broken, "disk.hung", "hung")
	cut, cutShort := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cutShort)
	expect(t, l.Prove(cut), chain.Unproven, "probe.cancelled", "")
	l.asking <- answer{err: unix.EIO}
	expect(t, prove(l), chain.Broken, "disk.failed", "io_error")
	expect(t, prove(l), chain.Holds, "disk.holds", "")
}

func TestSettings(t *testing.T) {
	for field, s := range map[string]settings{
		"path":       {Path: "var", MinFree: "5%", MinInodes: "5%"},
		"min_free":   {Path: "/", MinFree: "a lot", MinInodes: "5%"},
		"min_inodes": {Path: "/", MinFree: "5%", MinInodes: "101%"},
	} {
		_, err := build(s, chain.Place{})
		var bad *chain.SettingError
		if !errors.As(err, &bad) || bad.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}
