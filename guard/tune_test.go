package guard_test

import (
	"context"
	"errors"
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
	_, err = tunedIn(t, h, "mariadb", (*world).kill)
	wantTuneError(t, err, "guard.tune_stopped")
	h.world = newWorld(t)
	_, err = tunedIn(t, h, "mariadb", func(w *world) { w.set(func() { w.away = true }) })
	wantTuneError(t, err, "guard.tune_failed")
	if len(h.asked) > 0 {
		t.Errorf("hands were asked to %v", h.asked)
	}
}
