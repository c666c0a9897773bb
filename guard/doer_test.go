package guard_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/guard"
)

// rule is a keeper: a rule in a cloud that is there or not, and leases that fall due.
type rule struct {
	w *world

	mu     sync.Mutex
	gone   bool
	due    int
	refuse bool
	vain   bool // what it does is of no use
	takes  time.Duration
	atOnce int // deeds under way
	most   int // of them
}

var _ chain.Keeper = (*rule)(nil)

func (r *rule) Prove(context.Context) chain.Proof {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone {
		return chain.Broke("no_rule", chain.Say("test.dead"), chain.Say("test.start"))
	}
	return chain.Held(chain.Say("test.alive"))
}

func (r *rule) Service() string { return "" }

func (r *rule) Plan(p chain.Proof, _ chain.Evidence) chain.Plan {
	return chain.Plan{Cause: p.Cause, Why: p.Because, Deeds: []chain.Deed{{Verb: chain.PutBack, Service: "sg-1"}}}
}

func (r *rule) Chores() []chain.Deed {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.due > 0 {
		return []chain.Deed{{Verb: chain.EndLeases, Service: "sg-1"}}
	}
	return nil
}

func (r *rule) Do(_ context.Context, d chain.Deed) error {
	r.w.set(func() { r.w.did = append(r.w.did, string(d.Verb)) })
	r.set(func() { r.atOnce++; r.most = max(r.most, r.atOnce) })
	time.Sleep(r.takes)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.atOnce--
	switch {
	case r.refuse:
		return errors.New("denied")
	case r.vain:
	case d.Verb == chain.PutBack:
		r.gone = false
	case d.Verb == chain.EndLeases:
		r.due--
	}
	return nil
}

func (r *rule) set(f func()) { r.mu.Lock(); defer r.mu.Unlock(); f() }

// kept runs a guard without hands whose link front is r.
func kept(t *testing.T, mend bool, play func(w *world, r *rule, g *guard.Guard)) {
	w := newWorld(t)
	r := &rule{w: w}
	guarded(t, w, func(o *guard.Options) {
		o.Hands = nil
		o.Config = w.file(w.t, func(l *config.Link) {
			if l.Name == "front" {
				l.Kind.New = func(any, chain.Place) (chain.Prover, error) { return r, nil }
				l.Mend = mend
			}
		})
	}, func(g *guard.Guard) { play(w, r, g) })
}

// A doer mends without hands: planned and journalled first, proved afterwards.
func TestDoerMends(t *testing.T) {
	kept(t, true, func(w *world, r *rule, g *guard.Guard) {
		r.set(func() { r.gone = true })
		after(time.Minute)
		if s := status(w.t, g); verdict(s, "front") != chain.Holds || len(s.Incidents) != 1 || s.Incidents[0].Ended == nil {
			w.t.Errorf("%+v", s.Incidents)
		}
		if want := []string{"plan", "put_back"}; !slices.Equal(w.did, want) {
			w.t.Errorf("did %v, want %v", w.did, want)
		}
	})
}

// One whose mend is not over yet keeps no other from mending.
func TestDoersMendAtOnce(t *testing.T) {
	w := newWorld(t)
	machine, firewall := &rule{w: w, vain: true}, &rule{w: w}
	change := func(o *guard.Options) {
		o.Config = w.file(w.t, func(l *config.Link) {
			if r := map[string]*rule{"front": machine, "codes": firewall}[l.Name]; r != nil {
				l.Kind.Person = false
				l.Kind.New = func(any, chain.Place) (chain.Prover, error) { return r, nil }
			}
		})
	}
	guarded(t, w, change, func(g *guard.Guard) {
		machine.set(func() { machine.gone = true })
		after(10 * time.Second)
		firewall.set(func() { firewall.gone = true })
		after(10 * time.Second)
		if s := status(w.t, g); verdict(s, "codes") != chain.Holds || verdict(s, "front") != chain.Broken {
			w.t.Errorf("did %v: %+v", w.deeds(), s.Incidents)
		}
	})
}

// What it cannot do it tries three times, and then calls a person.
func TestDoerGivesUp(t *testing.T) {
	kept(t, true, func(w *world, r *rule, _ *guard.Guard) {
		r.set(func() { r.gone, r.refuse = true, true })
		after(5 * time.Minute)
		n := 0
		for _, d := range w.did {
			if d == "put_back" {
				n++
			}
		}
		if n != 3 || !slices.Contains(w.messages, "gave_up") {
			w.t.Errorf("did %v, told %v", w.did, w.messages)
		}
	})
}

// Nothing is done where mending is switched off.
func TestDoerSwitchedOff(t *testing.T) {
	kept(t, false, func(w *world, r *rule, _ *guard.Guard) {
		r.set(func() { r.gone, r.due = true, 1 })
		after(time.Minute)
		if slices.Contains(w.did, "put_back") || slices.Contains(w.did, "end_leases") {
			w.t.Errorf("did %v", w.did)
		}
	})
}

// A chore is journalled before it is done, is no incident, and nobody is told.
func TestChores(t *testing.T) {
	kept(t, true, func(w *world, r *rule, g *guard.Guard) {
		r.set(func() { r.due = 1 })
		after(time.Minute)
		if s := status(w.t, g); len(s.Incidents) != 0 || len(w.messages) != 0 || r.Chores() != nil {
			w.t.Errorf("%+v, told %v", s.Incidents, w.messages)
		}
		var what []string
		for _, e := range w.entries {
			if e.Link == "front" && (e.What == "chore" || e.What == "deed") {
				what = append(what, e.What)
			}
		}
		if !slices.Equal(what, []string{"chore", "deed"}) || !slices.Equal(w.did, []string{"end_leases"}) {
			w.t.Errorf("journal %v, did %v", what, w.did)
		}
	})
}

// Chores and a mend of one link are done one after the other, whichever is first.
func TestNoChoresBesideAMend(t *testing.T) {
	for name, first := range map[string]func(*rule){
		"chores": func(r *rule) { r.due = 3 },
		"a mend": func(r *rule) { r.gone = true },
		"both":   func(r *rule) { r.due, r.gone = 3, true },
	} {
		t.Run(name, func(t *testing.T) {
			kept(t, true, func(w *world, r *rule, g *guard.Guard) {
				r.takes = 7 * time.Second // a beat and more
				r.set(func() { first(r) })
				after(5 * time.Second)
				r.set(func() { r.due, r.gone = 3, true })
				after(3 * time.Minute)
				if r.most != 1 || r.gone || r.due > 0 {
					w.t.Errorf("%d at once, %+v left", r.most, r.due)
				}
			})
		})
	}
}

// Chores that always fail are tried less and less often.
func TestChoresThatFail(t *testing.T) {
	kept(t, true, func(w *world, r *rule, g *guard.Guard) {
		r.set(func() { r.due, r.refuse = 1, true })
		after(20 * time.Minute)
		tries := len(w.deeds())
		if tries < 4 || tries > 8 {
			w.t.Errorf("%d tries", tries)
		}
		r.set(func() { r.refuse = false })
		after(11 * time.Minute)
		r.set(func() { r.due = 1 })
		after(10 * time.Second)
		if r.Chores() != nil || len(w.deeds()) != tries+2 {
			w.t.Errorf("then %d tries, not %d", len(w.deeds()), tries+2)
		}
	})
}

// What a deed came to is noted though the guard stops meanwhile.
func TestStopsWhileItDoes(t *testing.T) {
	for name, fall := range map[string]func(*rule){
		"chores": func(r *rule) { r.due = 1 },
		"a mend": func(r *rule) { r.gone = true },
	} {
		t.Run(name, func(t *testing.T) {
			var all *world
			kept(t, true, func(w *world, r *rule, g *guard.Guard) {
				all, r.takes = w, 30*time.Second
				r.set(func() { fall(r) })
				after(10 * time.Second)
			})
			if n := len(all.entries); n < 2 || all.entries[n-2].What != "deed" || all.entries[n-1].What != "stop" {
				t.Errorf("the journal ends with %+v", all.entries)
			}
			if bytes.Contains(all.state["guard"], []byte(`"open"`)) && !bytes.Contains(all.state["guard"], []byte(`"put_back"`)) {
				t.Errorf("it remembers %s", all.state["guard"])
			}
		})
	}
}
