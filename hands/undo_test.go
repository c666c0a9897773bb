package hands

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// needy is a manager whose service does not start while a file is there.
type needy struct {
	manager
	without string
}

func (n needy) start(ctx context.Context, old *tracked) error {
	if present(n.without) {
		return errors.New("a bad configuration")
	}
	return n.manager.start(ctx, old)
}

// two is a server with another service, which is tuned by a file beside the first's.
func two(t *testing.T) (h *tuned, q Tuning) {
	h = newTuned(t)
	h.Server.Close()
	other := h.dir + "/etc/zz-other.cnf"
	h.file.Services = append(h.file.Services, Service{Name: "other", Child: &Child{Argv: []string{"/bin/sleep", "1000"}},
		Tunes: []Tune{{Form: FormMariaDB, File: other}}})
	h.open()
	if done, err := h.services[1].do(chain.Start); err != nil || done.Error != "" {
		t.Fatal(done, err)
	}
	q = h.tuning("64M")
	q.Changes = append(q.Changes, Change{"other", other, q.Changes[0].Values})
	return h, q
}

func (h *tuned) pids() (all []int) {
	for _, v := range h.services {
		p, err := v.process(h.Context())
		if err != nil || !p.Running {
			h.Errorf("%s: %+v %v", v.Name, p, err)
		}
		all = append(all, p.PID)
	}
	return all
}

// late has the next hands undo what is pending at once.
func (h *tuned) late(change func(u *undo)) {
	h.Helper()
	h.Server.Close()
	u, err := loadUndo(h.file.State)
	if err != nil || u == nil {
		h.Fatal(u, err)
	}
	u.Until = time.Time{}
	if change != nil {
		change(u)
	}
	if err := u.save(h.file.State); err != nil {
		h.Fatal(err)
	}
}

// Hands that were killed after the files were back, but before the restarts, leave those
// to the next.
func TestUndoRestartsWhatIsBack(t *testing.T) {
	h := newTuned(t)
	if err := h.tuner.apply(h.tuning("64M")); err != nil {
		t.Fatal(err)
	}
	was := h.pid()
	h.late(nil)
	if err := os.Remove(h.path()); err != nil {
		t.Fatal(err)
	}
	h.open()
	eventually(t, "it is undone", func() bool { return !h.pendingOnDisk() })
	if h.pid() == was {
		t.Error("it runs with the tuning still")
	}
}

// One service that does not start keeps the others from nothing.
func TestUndoGoesThroughAll(t *testing.T) {
	h, q := two(t)
	if err := h.tuner.apply(q); err != nil {
		t.Fatal(err)
	}
	bad := h.dir + "/bad"
	write(t, bad, "", 0o600)
	h.services[0].manager = needy{h.services[0].manager, bad}
	was, err := h.services[1].process(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := h.tuner.undo(); err == nil || !strings.Contains(err.Error(), "restart sql") {
		t.Error(err)
	}
	if now, err := h.services[1].process(t.Context()); err != nil || now.PID == was.PID || !now.Running {
		t.Errorf("the other runs with the tuning still: %+v %v", now, err)
	}
	if h.content() != "" || h.pendingOnDisk() {
		t.Error("not undone")
	}
}

// What hands' file does not allow any more stays; all else is undone.
func TestUndoOfWhatIsStillAllowed(t *testing.T) {
	h, q := two(t)
	if err := h.tuner.apply(q); err != nil {
		t.Fatal(err)
	}
	was := h.pids()
	h.late(nil)
	h.file.Services[1].Tunes = nil
	h.open()
	eventually(t, "it is undone", func() bool { return !h.pendingOnDisk() })
	now := h.pids()
	if h.content() != "" || now[0] == was[0] {
		t.Error("what is allowed is not undone")
	}
	if !present(q.Changes[1].File) || now[1] != was[1] {
		t.Error("what is not allowed was touched")
	}
}

// A record that cannot be read is not written over.
func TestTheOnlyRecordStays(t *testing.T) {
	h := newTuned(t)
	if err := h.tuner.apply(h.tuning("64M")); err != nil {
		t.Fatal(err)
	}
	h.Server.Close()
	write(t, undoPath(h.file.State), "{", 0o600)
	h.open()
	tuned := h.content()
	if err := h.tuner.apply(h.tuning("32M")); !isRefused(err, "hands.tuning_left") {
		t.Error(err)
	}
	if b, err := os.ReadFile(undoPath(h.file.State)); err != nil || string(b) != "{" || h.content() != tuned {
		t.Errorf("%q %v", b, err)
	}
}

// What a killed one was writing is taken away by the next.
func TestNothingIsLeftHalfWritten(t *testing.T) {
	h := newTuned(t)
	for _, path := range []string{h.path(), undoPath(h.file.State)} {
		if err := os.MkdirAll(h.file.State, 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, half(path), "half", 0o600)
	}
	if err := h.tuner.apply(h.tuning("64M")); err != nil {
		t.Fatal(err)
	}
	write(t, half(h.path()), "half", 0o600)
	if err := h.tuner.undo(); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{h.dir + "/etc", h.file.State} {
		left, err := os.ReadDir(dir)
		if err != nil || slices.ContainsFunc(left, func(e os.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") }) {
			t.Errorf("left behind: %v %v", left, err)
		}
	}
}
