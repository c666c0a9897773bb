package hands

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/door"
)

// A record that the disk has not is told to nobody: after a restart its number is another's.
func TestOnlyWhatTheDiskHasIsTold(t *testing.T) {
	dir := t.TempDir()
	b, _, err := openBook(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()                                        //nolint:errcheck // of no account here
	if err := os.Symlink(os.DevNull, b.path); err != nil { // which is not written through
		t.Fatal(err)
	}
	b.write(DoorRecord{What: RecordLease})
	if all, err := b.since(0); err != nil || len(all) != 0 {
		t.Errorf("told, and not on the disk: %+v, %v", all, err)
	}
	if err := os.Remove(b.path); err != nil {
		t.Fatal(err)
	}
	b.retry()
	if all, err := b.since(0); err != nil || len(all) != 1 || all[0].Seq != 1 {
		t.Errorf("on the disk, and not told: %+v, %v", all, err)
	}
	again, all, err := openBook(dir, slog.New(slog.DiscardHandler))
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	if all, err := again.since(0); err != nil || len(all) != 1 {
		t.Errorf("after a restart: %+v, %v", all, err)
	}
}

// Records go where there is room already, and a file from before, torn at its end, gets
// its room behind what it has.
func TestRoomForRecords(t *testing.T) {
	dir := t.TempDir()
	open := func() (*doorBook, []DoorRecord) {
		b, all, err := openBook(dir, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return b, all
	}
	b, _ := open()
	if err := os.WriteFile(b.path, []byte("{\"seq\":1,\"what\":\"lease\"}\n\n{\"seq\":2,\"wh"), 0o600); err != nil {
		t.Fatal(err)
	}
	b, all := open()
	if len(all) != 1 {
		t.Fatal(all)
	}
	size := func() int64 {
		st, err := os.Stat(b.path)
		if err != nil {
			t.Fatal(err)
		}
		return st.Size()
	}
	b.write(DoorRecord{What: RecordTry})
	first := size()
	for range 20 {
		b.write(DoorRecord{What: RecordEnd})
	}
	if size() != first || first < room {
		t.Errorf("the file went from %d bytes to %d", first, size())
	}
	if err := b.close(); err != nil {
		t.Fatal(err)
	}
	b, all = open()
	b.write(DoorRecord{What: RecordCut}) // behind the others, not over them
	for range 2 * room / 200 {
		b.write(DoorRecord{What: RecordEnd, Note: strings.Repeat("n", 200)})
	}
	if size() <= first {
		t.Error("no new room was laid out")
	}
	if err := b.close(); err != nil {
		t.Fatal(err)
	}
	_, again := open()
	if len(all) != 22 || len(again) != 22+1+2*room/200 || again[22].What != RecordCut || again[len(again)-1].Seq != int64(len(again)) {
		t.Errorf("%d, then %d records, the last %+v", len(all), len(again), again[len(again)-1])
	}
}

// stillWall is a firewall where nothing happens; one session is there.
type stillWall struct{ session door.Session }

var _ Firewall = stillWall{}

func (stillWall) Load(door.Rules, []door.Opening) error            { return nil }
func (stillWall) Try(*door.Rules, door.Rules, time.Duration) error { return nil }
func (stillWall) Settle(door.Rules) error                          { return nil }
func (stillWall) Remove() error                                    { return nil }
func (stillWall) Open([]door.Opening) error                        { return nil }
func (stillWall) Shut([]door.Opening) error                        { return nil }
func (stillWall) Read([]string) (door.Wall, error)                 { return door.Wall{There: true, Sound: true}, nil }
func (w stillWall) Sessions([]uint16) ([]door.Session, error)      { return []door.Session{w.session}, nil }
func (stillWall) Cut(door.Session) error                           { return nil }
func (stillWall) Watch(ctx context.Context, _ func()) error        { <-ctx.Done(); return nil }

// Where the new rules of every boot are there, but not surely, the old ones are put back.
func TestRulesThatAreNotSurelySaved(t *testing.T) {
	for _, was := range []*door.Rules{nil, {Closed: []uint16{22}}} {
		dir := t.TempDir()
		if err := saveRules(dir, was); err != nil {
			t.Fatal(err)
		}
		wall := stillWall{door.Session{Local: netip.MustParseAddrPort("192.0.2.1:22"), Remote: netip.MustParseAddrPort("192.0.2.2:5"), Cookie: 1}}
		book, _, err := openBook(dir, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		now := sinceBoot()
		d := &Door{file: DoorFile{State: dir}, wall: wall, log: slog.New(slog.DiscardHandler), book: book, rules: was,
			trial: &trial{to: door.Rules{Closed: []uint16{2222}}, began: now, ends: now + Trial}}
		// A folder that may be written, and not read: its fsync alone fails.
		if err := os.Chmod(dir, 0o300); err != nil {
			t.Fatal(err)
		}
		failed := make(chan error)
		go func() {
			runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
			if err := dropOverride(); err != nil {
				t.Error(err)
			}
			failed <- d.confirm(wall.session, "root")
		}()
		if err := <-failed; !errors.Is(err, fs.ErrPermission) {
			t.Errorf("the folder was not synced, and confirm says %v", err)
		}
		if err := errors.Join(os.Chmod(dir, 0o700), book.close()); err != nil {
			t.Fatal(err)
		}
		switch is, err := savedRules(dir); {
		case err != nil:
			t.Error(err)
		case (is == nil) != (was == nil) || is != nil && is.Closed[0] != was.Closed[0]:
			t.Errorf("the next boot has %+v, not %+v", is, was)
		}
	}
}

// dropOverride takes from this thread what lets root read everything.
func dropOverride() error {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&head, &data[0]); err != nil {
		return err
	}
	data[0].Effective &^= 1<<unix.CAP_DAC_OVERRIDE | 1<<unix.CAP_DAC_READ_SEARCH
	return unix.Capset(&head, &data[0])
}
