package vault_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"
	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/vault"
)

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatal("CI must run this as root")
	}
	t.Skip("mounts a small file system: needs root")
}

// A disk that fills up, at whatever point of a write, loses nothing.
func TestFullDisk(t *testing.T) {
	needRoot(t)
	const size = 256 << 10
	dir := t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("cannot mount a tmpfs:", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	s := vault.Store{Dir: filepath.Join(dir, "vault"), Work: 6}
	id, err := s.Adopt(t.Context(), &vault.Vault{}, []byte(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	add(t, s, id, 0)
	ballast := filepath.Join(dir, "ballast")
	full := 0
	for free := 0; free <= 16<<10; free += 4 << 10 {
		if err := os.RemoveAll(ballast); err != nil {
			t.Fatal(err)
		}
		var st unix.Statfs_t
		if err := unix.Statfs(dir, &st); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(ballast, make([]byte, int(st.Bavail)*int(st.Bsize)-free), 0o600); err != nil {
			t.Fatal(err)
		}
		before := len(opened(t, s, id).Entries())
		err := s.Change(t.Context(), []age.Identity{id}, func(v *vault.Vault) error {
			for n := range 40 { // larger than one block
				if _, err := v.Add(account(1000*(free+1)+n), nil, "", noon); err != nil {
					return err
				}
			}
			return nil
		})
		after := len(opened(t, s, id).Entries())
		switch {
		case errors.Is(err, syscall.ENOSPC):
			full++
			if after != before {
				t.Errorf("%d bytes free: %d entries, then %d", free, before, after)
			}
		case err != nil:
			t.Errorf("%d bytes free: %v", free, err)
		case after != before+40:
			t.Errorf("%d bytes free: %d entries, then %d", free, before, after)
		}
		if left, _ := filepath.Glob(filepath.Join(s.Dir, ".new-*")); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
		if again, err := s.Unlock([]byte(passphrase)); err != nil || again.String() != id.String() {
			t.Errorf("key.age: %v", err)
		}
		if err := s.SetPassphrase(t.Context(), id, []byte(passphrase)); err != nil && !errors.Is(err, syscall.ENOSPC) {
			t.Error(err)
		}
		if again, err := s.Unlock([]byte(passphrase)); err != nil || again.String() != id.String() {
			t.Errorf("key.age after a new passphrase: %v", err)
		}
	}
	if full == 0 {
		t.Error("the disk was never full")
	}
}

// Several writers at once, in one program and in several: nobody's entry is lost.
func TestManyWriters(t *testing.T) {
	s, id := newStore(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	for w := range 3 {
		work.Go(func() {
			for n := range 5 {
				add(t, s, id, 100*w+n)
			}
		})
	}
	for w := 3; w < 5; w++ {
		work.Go(func() {
			cmd := exec.Command(self, "-test.run=^TestWriterProcess$")
			cmd.Env = append(os.Environ(), "VAULT_WRITER="+s.Dir, "VAULT_FROM="+strconv.Itoa(100*w), "VAULT_COUNT=5")
			cmd.Stdin = strings.NewReader(passphrase)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	work.Wait()
	if got := len(opened(t, s, id).Entries()); got != 25 {
		t.Errorf("%d entries of 25", got)
	}
}

// TestWriterProcess is the other program of TestManyWriters and TestKilled.
func TestWriterProcess(t *testing.T) {
	s := vault.Store{Dir: os.Getenv("VAULT_WRITER"), Work: 6}
	if s.Dir == "" {
		return // it is a part of other tests
	}
	id, err := s.Unlock([]byte(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	from, _ := strconv.Atoi(os.Getenv("VAULT_FROM"))
	count, _ := strconv.Atoi(os.Getenv("VAULT_COUNT"))
	for n := range count {
		add(t, s, id, from+n)
		fmt.Println("wrote", from+n)
	}
}

// A writer that is killed at any moment loses nothing that it has acknowledged, and
// leaves the vault for others to write.
func TestKilled(t *testing.T) {
	s, id := newStore(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for round := range 5 {
		from := 1000 * (round + 1)
		cmd := exec.Command(self, "-test.run=^TestWriterProcess$")
		cmd.Env = append(os.Environ(), "VAULT_WRITER="+s.Dir, "VAULT_FROM="+strconv.Itoa(from), "VAULT_COUNT=1000000")
		var out lines
		out.want = 3 + round
		out.enough = func() { _ = cmd.Process.Signal(syscall.SIGKILL) }
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Run(); err == nil {
			t.Fatal("was not killed")
		}
		v := opened(t, s, id)
		wrote := strings.Count(out.said, "wrote ")
		for n := range wrote {
			if has(v, from+n) != 1 {
				t.Fatalf("round %d: %d of %d is lost\n%s", round, n, wrote, out.said)
			}
		}
		if wrote < 3 {
			t.Errorf("round %d: wrote %d\n%s", round, wrote, out.said)
		}
		add(t, s, id, from+900)
	}
}

// lines collects what a program says, and calls enough once it has said want lines.
type lines struct {
	said   string
	want   int
	enough func()
}

func (l *lines) Write(b []byte) (int, error) {
	l.said += string(b)
	if strings.Count(l.said, "\n") >= l.want {
		l.enough()
	}
	return len(b), nil
}

// Who waits for a writer that does not end is told so.
func TestBusy(t *testing.T) {
	s, id := newStore(t)
	f, err := os.OpenFile(filepath.Join(s.Dir, "lock"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := contextWithin(t, 50*time.Millisecond)
	defer cancel()
	is(t, s.Change(ctx, []age.Identity{id}, func(*vault.Vault) error { return nil }), vault.Busy)
	opened(t, s, id) // reading needs no lock
}

// A pipe in the place of a file is no vault, and nobody waits for who writes to it.
func TestPipe(t *testing.T) {
	s, id := newStore(t)
	for _, name := range []string{"vault.age", "key.age"} {
		path := filepath.Join(s.Dir, name)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := unix.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	said := make(chan error, 2)
	go func() {
		_, err := s.Open(id)
		said <- err
		_, err = s.Unlock([]byte(passphrase))
		said <- err
	}()
	for range 2 {
		select {
		case err := <-said:
			is(t, err, vault.Damaged)
		case <-time.After(time.Minute):
			t.Fatal("waits for a pipe")
		}
	}
}
