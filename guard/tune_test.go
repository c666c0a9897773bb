package guard_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/words"
)

// tuners are hands that can tune.
type tuners struct {
	*world
	asked []string
	// tune, keep and undo carry out; nil is a success.
	tune, keep, undo func(h *tuners) error
	became           func(h *tuners) (hands.Outcome, error)
}

var errLost = errors.New("the connection is lost")

func (h *tuners) ask(what string, f func(h *tuners) error) error {
	h.asked = append(h.asked, what)
	if f == nil {
		return nil
	}
	return f(h)
}

func (h *tuners) Tune(context.Context, hands.Tuning) error { return h.ask("tune", h.tune) }
func (h *tuners) Keep(context.Context) error               { return h.ask("keep", h.keep) }
func (h *tuners) Undo(context.Context) error               { return h.ask("undo", h.undo) }

func (h *tuners) Became(_ context.Context, id string) (hands.Outcome, error) {
	if id == "" || h.became == nil {
		return "", errors.New("nobody knows")
	}
	return h.became(h)
}

// tuned has a guard tune a service by these hands.
func tuned(t *testing.T, h *tuners, service string) (r guard.TuneResult, err error) {
	h.world = newWorld(t)
	return tunedIn(t, h, service, func(*world) {})
}

func tunedIn(t *testing.T, h *tuners, service string, before func(w *world)) (r guard.TuneResult, err error) {
	guarded(t, h.world, func(o *guard.Options) { o.Hands = h }, func(g *guard.Guard) {
		before(h.world)
		r, err = g.Tune(h.world.t.Context(), hands.Tuning{Changes: []hands.Change{{Service: service, File: "/etc/x.cnf"}}}, "owner")
	})
	return r, err
}

func wantTuneError(t *testing.T, err error, key string) {
	t.Helper()
	e, ok := errors.AsType[*guard.TuneError](err)
	if !ok || e.Text.Key != key || !words.Has(key) || !words.Has(e.Hint.Key) {
		t.Errorf("%v, not %s", err, key)
	}
}

func TestTuneIsKept(t *testing.T) {
	if r, err := tuned(t, &tuners{}, "mariadb"); err != nil || !r.Kept {
		t.Errorf("%+v %v", r, err)
	}
}

// Where nothing could be proved, nothing is tried.
func TestTuneOfWhatNothingProves(t *testing.T) {
	h := &tuners{}
	_, err := tuned(t, h, "php")
	wantTuneError(t, err, "guard.tune_unproved")
	h.world = newWorld(t)
	_, err = tunedIn(t, h, "mariadb", func(w *world) { w.set(func() { w.running = false }) })
	wantTuneError(t, err, "guard.tune_stopped")
	h.world = newWorld(t)
	_, err = tunedIn(t, h, "mariadb", func(w *world) { w.set(func() { w.away = true }) })
	wantTuneError(t, err, "guard.tune_failed")
	if len(h.asked) > 0 {
		t.Errorf("hands were asked to %v", h.asked)
	}
}

// What becomes of a tuning is what hands say of it, not what a lost reply suggests.
func TestWhatBecameOfATuning(t *testing.T) {
	lost := func(*tuners) error { return errLost }
	refused := func(*tuners) error { return &hands.Refused{} }
	is := func(how hands.Outcome) func(h *tuners) (hands.Outcome, error) {
		return func(*tuners) (hands.Outcome, error) { return how, nil }
	}
	dies := func(h *tuners) error { h.world.set(func() { h.world.hung = true }); return nil }
	for name, c := range map[string]struct {
		hands *tuners
		kept  bool
		why   string // "": not known
		asked string
	}{
		"kept, and the reply lost":        {hands: &tuners{keep: once(lost, refused), became: is(hands.Kept)}, kept: true},
		"undone before it was kept":       {hands: &tuners{keep: refused, undo: refused, became: is(hands.Undone)}, why: "guard.tune_failed"},
		"not kept":                        {hands: &tuners{keep: refused, became: is(hands.Pending)}, why: "guard.tune_failed", asked: "undo"},
		"refused":                         {hands: &tuners{tune: refused, undo: lost}, why: "guard.tune_failed"},
		"the reply lost":                  {hands: &tuners{tune: lost}, why: "guard.tune_failed", asked: "undo"},
		"lost, and then undone":           {hands: &tuners{tune: lost, undo: refused, became: is(hands.Undone)}, why: "guard.tune_failed", asked: "undo"},
		"hands are gone":                  {hands: &tuners{tune: lost, undo: lost}, asked: "undo"},
		"a file that is not to be undone": {hands: &tuners{tune: dies, undo: lost, became: is(hands.Pending)}, asked: "undo"},
		"broken and undone":               {hands: &tuners{tune: dies}, why: "guard.tune_broke", asked: "undo"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := tuned(t, c.hands, "mariadb")
			switch {
			case !c.kept && c.why == "":
				wantTuneError(t, err, "guard.tune_unknown")
			case err != nil || r.Kept != c.kept || r.Why.Key != c.why:
				t.Errorf("%+v %v", r, err)
			}
			if c.asked != "" && !slices.Contains(c.hands.asked, c.asked) {
				t.Errorf("hands were asked to %v", c.hands.asked)
			}
		})
	}
}

// once is the first function once, then the other.
func once(first, then func(*tuners) error) func(*tuners) error {
	return func(h *tuners) error {
		f := first
		first = then
		return f(h)
	}
}
