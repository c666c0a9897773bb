package hands

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// Tuning is a change to the configuration of services that is undone by itself unless
// hands hears in time that it is to be kept: also if whoever asked for it dies, if hands
// is killed, and if the machine reboots.
type Tuning struct {
	// ID is of the asker's choosing; by it he can ask what became of the tuning.
	ID      string   `json:"id,omitempty"`
	Changes []Change `json:"changes"`
	// Within is how long hands waits for the word, from when the services run again.
	Within time.Duration `json:"within"`
}

// Change is the new content of one of a service's files: see Tune.
type Change struct {
	Service string  `json:"service"`
	File    string  `json:"file"`
	Values  []Value `json:"values"`
}

// Outcome is what became of a tuning; "" is that of one that nothing is known of.
type Outcome string

// What may become of a tuning.
const (
	Pending Outcome = "pending" // it will be undone, if it is not kept
	Kept    Outcome = "kept"
	Undone  Outcome = "undone"
)

// Bounds of a tuning.
const (
	maxTuningID = 64
	leastWithin = time.Second
	mostWithin  = 10 * time.Minute
	// undoAgain is when an undoing that failed is tried again.
	undoAgain = 10 * time.Second
)

// tuner carries one tuning out at a time.
type tuner struct {
	server *Server

	// mu is held while files are written and services restarted, and protects the
	// fields below.
	mu      sync.Mutex
	pending *undo       // nil: none
	timer   *time.Timer // undoes it
	closed  bool
}

// file finds the service and its file that a change is about.
func (s *Server) tuneFile(c Change) (*service, Tune, error) {
	v, err := s.service(c.Service)
	if err != nil {
		return nil, Tune{}, err
	}
	i := slices.IndexFunc(v.Tunes, func(t Tune) bool { return t.File == c.File })
	if i < 0 {
		return nil, Tune{}, refuse(chain.Say("hands.unknown_tune", "path", c.File, "service", c.Service))
	}
	return v, v.Tunes[i], nil
}

// apply writes the files, restarts what runs of the services, and waits for the word. What
// fails is undone at once.
func (t *tuner) apply(q Tuning) error {
	if q.Within < leastWithin || q.Within > mostWithin {
		return refuse(chain.Say("hands.bad_within", "min", leastWithin, "max", mostWithin))
	}
	if len(q.ID) > maxTuningID {
		return refuse(chain.Say("hands.unknown_request"))
	}
	if len(q.Changes) == 0 || len(q.Changes) > maxTunes {
		return refuse(chain.Say("hands.too_many", "max", maxTunes))
	}
	if !t.mu.TryLock() {
		return refuse(chain.Say("hands.tuning_pending"))
	}
	defer t.mu.Unlock()
	if t.pending != nil || t.closed || t.server.shutting.Load() {
		return refuse(chain.Say("hands.tuning_pending"))
	}
	// A record that could not be taken up is the only one of what was before.
	if left := undoPath(t.server.file.state()); present(left) {
		return refuse(chain.Say("hands.tuning_left", "path", left))
	}
	u, services, err := t.plan(q)
	if err != nil {
		return err
	}
	for i, v := range services {
		if !v.deeds.TryLock() {
			for _, locked := range services[:i] {
				locked.deeds.Unlock()
			}
			return refuse(chain.Say("hands.busy", "service", v.Name))
		}
	}
	defer func() {
		for _, v := range services {
			v.deeds.Unlock()
		}
	}()
	for _, v := range services {
		if wait, ok := v.limit.allow(time.Now()); !ok {
			return refuse(chain.Say("hands.too_often", "service", v.Name, "wait", wait))
		}
	}
	if err := u.save(t.server.file.state()); err != nil { // before anything is changed
		return err
	}
	t.pending = u
	err = u.write()
	if err == nil {
		err = t.restart(u, services)
	}
	t.server.log.Info("tuned", "files", len(u.Files), "error", err)
	// From here on no error is a *Refused: that would say that nothing was done.
	if err != nil {
		err = errors.Join(err, t.undoLocked(services))
		return told(err.Error(), errno(err))
	}
	u.Until = time.Now().Add(q.Within)
	if err := u.save(t.server.file.state()); err != nil {
		err = errors.Join(err, t.undoLocked(services))
		return told(err.Error(), errno(err))
	}
	t.timer = time.AfterFunc(q.Within, t.late)
	return nil
}

// plan checks a tuning and reads what is there before it.
func (t *tuner) plan(q Tuning) (*undo, []*service, error) {
	u := &undo{ID: q.ID, Boot: bootID(), Within: q.Within, Until: time.Now().Add(q.Within + deedTimeout)}
	for _, c := range q.Changes {
		_, tune, err := t.server.tuneFile(c)
		if err != nil {
			return nil, nil, err
		}
		content, err := tune.Content(c.Values)
		if err != nil {
			return nil, nil, err
		}
		if slices.ContainsFunc(u.Files, func(f undoFile) bool { return f.Path == c.File }) {
			return nil, nil, refuse(chain.Say("hands.unknown_tune", "path", c.File, "service", c.Service))
		}
		f, err := before(tune)
		if err != nil {
			return nil, nil, err
		}
		f.Service, f.content = c.Service, content
		// systemd reads how a unit is restarted at once; how it runs, when it starts.
		f.Restart = tune.Form != FormUnit || slices.ContainsFunc(c.Values, func(v Value) bool { return v.Name == "OOMScoreAdjust" })
		u.Files = append(u.Files, f)
	}
	ctx, cancel := context.WithTimeout(t.server.ctx, askTimeout)
	defer cancel()
	var services []*service
	for _, v := range t.server.services { // in the order of their start
		if !slices.ContainsFunc(u.Files, func(f undoFile) bool { return f.Service == v.Name }) {
			continue
		}
		services = append(services, v)
		if v.running(ctx) { // one that was stopped is not started for this
			u.Ran = append(u.Ran, v.Name)
		} else if u.restarts(v.Name) { // nobody could tell whether it starts with it
			return nil, nil, refuse(chain.Say("hands.tune_stopped", "service", v.Name))
		}
	}
	return u, services, nil
}

// restart has systemd read its files, and restarts the services that the tuning is about
// and that ran: each of them, whatever becomes of the others. Their deeds are held.
func (t *tuner) restart(u *undo, services []*service) error {
	bounded := func(most time.Duration, f func(context.Context) error) error {
		ctx, cancel := context.WithTimeout(t.server.ctx, most)
		defer cancel()
		return f(ctx)
	}
	var failed []error
	if u.units() {
		failed = append(failed, bounded(deedTimeout, t.server.bus.reload))
	}
	for _, v := range services {
		if !u.restarts(v.Name) || !slices.Contains(u.Ran, v.Name) {
			continue
		}
		if err := bounded(deedTimeout+v.stopTime(), v.restart); err != nil {
			failed = append(failed, fmt.Errorf("restart %s: %w", v.Name, err))
		}
	}
	return errors.Join(failed...)
}

// keep makes the pending tuning last.
func (t *tuner) keep() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pending == nil {
		return refuse(chain.Say("hands.no_tuning"))
	}
	ctx, cancel := context.WithTimeout(t.server.ctx, askTimeout)
	defer cancel()
	for _, v := range t.server.services {
		if t.pending.restarts(v.Name) && !v.running(ctx) {
			return refuse(chain.Say("hands.tune_stopped", "service", v.Name))
		}
	}
	if err := t.pending.note(t.server.file.state(), Kept); err != nil {
		return err
	}
	if err := t.forget(); err != nil {
		return err
	}
	t.server.log.Info("tuning is kept")
	return nil
}

// became says what became of a tuning. It waits for what is under way.
func (t *tuner) became(id string) (Outcome, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pending != nil && t.pending.ID == id {
		return Pending, nil
	}
	return loadOutcome(t.server.file.state(), id)
}

// undo puts back what was before the pending tuning.
func (t *tuner) undo() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pending == nil {
		return refuse(chain.Say("hands.no_tuning"))
	}
	return t.undoAll()
}

// late is called when nobody has said in time that the tuning is to be kept.
func (t *tuner) late() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pending == nil || t.closed {
		return
	}
	t.server.log.Warn("nobody keeps the tuning: it is undone")
	if err := t.undoAll(); err != nil {
		t.server.log.Error("undo the tuning", "error", err)
	}
}

// undoAll waits for the deeds under way, and undoes. mu is held.
func (t *tuner) undoAll() error {
	var services []*service
	for _, v := range t.server.services {
		if slices.ContainsFunc(t.pending.Files, func(f undoFile) bool { return f.Service == v.Name }) {
			v.deeds.Lock()
			defer v.deeds.Unlock()
			services = append(services, v)
		}
	}
	return t.undoLocked(services)
}

// undoLocked puts the files back and restarts what ran, also where the files were back
// already: whoever put them there may have come no further. As long as a file cannot be put
// back it is tried again; a service that does not start is for the guard to mend.
func (t *tuner) undoLocked(services []*service) error {
	u := t.pending
	if err := u.restore(); err != nil {
		t.timer = time.AfterFunc(undoAgain, t.late)
		return err
	}
	for _, v := range services { // it is not refused, but it counts
		v.limit.count(time.Now())
	}
	err := errors.Join(t.restart(u, services), u.note(t.server.file.state(), Undone), t.forget())
	t.server.log.Info("tuning undone", "error", err)
	return err
}

// forget removes the record. mu is held.
func (t *tuner) forget() error {
	if err := remove(undoPath(t.server.file.state())); err != nil {
		return err
	}
	if t.timer != nil {
		t.timer.Stop()
	}
	t.pending, t.timer = nil, nil
	return nil
}

// resume takes up the tuning that an earlier hands has left. After a reboot there is
// nobody who could still keep it.
func (t *tuner) resume() error {
	u, err := loadUndo(t.server.file.state())
	if err != nil || u == nil {
		return err
	}
	var files []undoFile
	for _, f := range u.Files { // only what the file allows still is touched
		_, tune, err := t.server.tuneFile(Change{Service: f.Service, File: f.Path})
		if err != nil {
			t.server.log.Error("a file stays as it was tuned", "path", f.Path, "error", err)
			continue
		}
		f.tune = tune
		files = append(files, f)
	}
	u.Files = files
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pending = u
	left := time.Duration(0)
	if u.Boot == bootID() {
		left = min(max(time.Until(u.Until), 0), u.Within+deedTimeout) // whatever the clock did
	}
	t.timer = time.AfterFunc(left, t.late)
	return nil
}

// close leaves a pending tuning to the next hands.
func (t *tuner) close() {
	t.mu.Lock() // after what is under way
	defer t.mu.Unlock()
	t.closed = true
	if t.timer != nil {
		t.timer.Stop()
	}
}

var errForeign = errors.New("it is not of omamori")

// before reads what a file is before it is written.
func before(tune Tune) (undoFile, error) {
	f := undoFile{Path: tune.File, tune: tune}
	if err := trusted(tune); err != nil {
		return f, err
	}
	file, st, err := openFile(tune.File)
	if errors.Is(err, os.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return f, err
	}
	defer file.Close()
	if t, bad := writable(tune.File, &st); bad {
		return f, refuse(t)
	}
	content, err := readUpTo(file, maxTuneFile)
	if err != nil {
		return f, fmt.Errorf("read %s: %w", tune.File, err)
	}
	if _, ours := tune.Tuned(content); !ours {
		return f, fmt.Errorf("%s: %w", tune.File, errForeign)
	}
	f.There, f.Old = true, content
	return f, nil
}
