package guard_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/guard"
)

func (w *world) deeds() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.did)
}

func (w *world) told() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.messages)
}

func want(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestKilled(t *testing.T) {
	w := newWorld(t)
	w.starting = 300 * time.Millisecond
	guarded(t, w, nil, func(g *guard.Guard) {
		t := w.t
		if s := status(t, g); s.Goals[0].Verdict != chain.Holds {
			t.Fatalf("the goal is %v at first", s.Goals[0].Verdict)
		}
		w.kill()
		after(time.Second)
		s := status(t, g)
		if verdict(s, "front") != chain.Holds || len(s.Incidents) != 1 || s.Incidents[0].Ended != nil || s.Incidents[0].Mending != "holding" {
			t.Fatalf("after a second: front %v, incidents %+v", verdict(s, "front"), s.Incidents)
		}
		after(9 * time.Second)
		if s := status(t, g); s.Incidents[0].Ended != nil {
			t.Error("ended before it has held for ten seconds")
		}
		after(10 * time.Second)
		s = status(t, g)
		i := s.Incidents[0]
		if i.Ended == nil || i.Link != "mariadb" || i.Cause != "killed" || len(i.Deeds) != 1 || i.Why == "" {
			t.Fatalf("got %+v", i)
		}
		if len(i.Outages) != 1 || i.Outages[0].Goal != "blog" || i.Outages[0].Seconds < 0.3 || i.Outages[0].Seconds > 1 || !i.Outages[0].Over {
			t.Errorf("outages: %+v", i.Outages)
		}
		want(t, "deeds", w.deeds(), []string{"plan", "start"})
		want(t, "told", w.told(), []string{"begin", "end"})
	})
}

func TestHung(t *testing.T) {
	w := newWorld(t)
	guarded(t, w, nil, func(g *guard.Guard) {
		w.set(func() { w.hung = true })
		after(8 * time.Second)
		want(w.t, "deeds", w.deeds(), []string{"plan", "kill", "start"})
		after(20 * time.Second)
		s := status(w.t, g)
		if i := s.Incidents[0]; i.Link != "sql" || i.Cause != "hung" || i.Ended == nil {
			w.t.Errorf("got %+v", i)
		}
	})
}

func TestWrongPassword(t *testing.T) {
	w := newWorld(t)
	guarded(t, w, nil, func(g *guard.Guard) {
		w.set(func() { w.password = "wrong" })
		after(5 * time.Minute)
		want(w.t, "deeds", w.deeds(), []string{"plan"})
		want(w.t, "told", w.told(), []string{"begin"})
		s := status(w.t, g)
		i := s.Incidents[0]
		if i.Cause != "wrong_password" || i.Next == "" || len(i.Deeds) != 0 || i.Mending != "told" {
			w.t.Errorf("got %+v", i)
		}
		w.set(func() { w.password = "" })
		after(30 * time.Second)
		want(w.t, "told", w.told(), []string{"begin", "end"})
	})
}

func TestGivesUpAndResumes(t *testing.T) {
	w := newWorld(t)
	w.failStart = 1000
	guarded(t, w, nil, func(g *guard.Guard) {
		w.kill()
		after(5 * time.Minute)
		starts := 0
		for _, d := range w.deeds() {
			if d == "start" {
				starts++
			}
		}
		if starts != 3 {
			w.t.Errorf("%d tries, want 3", starts)
		}
		want(w.t, "told", w.told(), []string{"begin", "gave_up"})
		if s := status(w.t, g); s.Incidents[0].Mending != "gave_up" || s.Incidents[0].Next == "" {
			w.t.Errorf("got %+v", s.Incidents[0])
		}
		w.set(func() { w.failStart, w.oom = 0, true }) // the evidence changes
		after(2 * time.Minute)
		if s := status(w.t, g); s.Incidents[0].Ended == nil {
			w.t.Errorf("not resumed: %+v", s.Incidents[0])
		}
		want(w.t, "told", w.told(), []string{"begin", "gave_up", "cause", "end"})
	})
}

// Without evidence nothing is done; once hands are back, they are asked again soon.
func TestMendsOnceHandsAreBack(t *testing.T) {
	w := newWorld(t)
	guarded(t, w, nil, func(g *guard.Guard) {
		w.set(func() { w.away = true })
		w.kill()
		after(20 * time.Second)
		for _, d := range w.deeds() {
			if d != "plan" {
				w.t.Errorf("did %s without evidence", d)
			}
		}
		w.set(func() { w.away = false })
		after(6 * time.Second)
		if s := status(w.t, g); verdict(s, "mariadb") != chain.Holds {
			w.t.Errorf("not mended: %+v", s.Incidents)
		}
	})
}

// A start that looks healthy for five seconds and then falls is no mend.
func TestFalseRecovery(t *testing.T) {
	w := newWorld(t)
	w.diesAfter = 5 * time.Second
	guarded(t, w, nil, func(g *guard.Guard) {
		w.kill()
		after(3 * time.Minute)
		want(w.t, "told", w.told(), []string{"begin", "gave_up"})
		s := status(w.t, g)
		if len(s.Incidents) != 1 || len(s.Incidents[0].Deeds) != 3 || s.Incidents[0].Ended != nil {
			w.t.Errorf("got %d incidents, the first %+v", len(s.Incidents), s.Incidents[0])
		}
	})
}

func TestNothingIsDone(t *testing.T) {
	for name, change := range map[string]func(*guard.Options){
		"without hands": func(o *guard.Options) { o.Hands = nil },
		"mending switched off": func(o *guard.Options) {
			for i := range o.Config.Links {
				o.Config.Links[i].Mend = false
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			guarded(t, w, change, func(g *guard.Guard) {
				w.kill()
				after(2 * time.Minute)
				want(w.t, "deeds", w.deeds(), []string{"plan"})
				s := status(w.t, g)
				if i := s.Incidents[0]; i.Next == "" || !strings.Contains(i.Next, "start mariadb") {
					w.t.Errorf("next: %q", i.Next)
				}
			})
		})
	}
}

// A guard that dies in the middle takes the incident up where it was.
func TestTakesUpAnIncident(t *testing.T) {
	w := newWorld(t)
	w.failStart = 1
	guarded(t, w, nil, func(g *guard.Guard) {
		w.kill()
		after(100 * time.Millisecond)
	})
	guarded(t, w, nil, func(g *guard.Guard) {
		after(time.Minute)
		s := status(w.t, g)
		if len(s.Incidents) != 1 || s.Incidents[0].Ended == nil || len(s.Incidents[0].Deeds) != 2 {
			w.t.Errorf("got %+v", s.Incidents)
		}
	})
	want(t, "told", w.told(), []string{"begin", "end"})
}

func TestJournalThatRefuses(t *testing.T) {
	w := newWorld(t)
	w.refuse = true
	guarded(t, w, nil, func(g *guard.Guard) {
		w.kill()
		after(30 * time.Second)
		want(w.t, "deeds", w.deeds(), []string{"plan", "start"})
	})
}

type panics struct{}

func (panics) Prove(context.Context) chain.Proof { panic("a mistake") }

func TestProverThatPanics(t *testing.T) {
	w := newWorld(t)
	change := func(o *guard.Options) {
		o.Config = w.file(w.t, func(l *config.Link) {
			if l.Name == "front" {
				l.Kind.New = func(any, chain.Place) (chain.Prover, error) { return panics{}, nil }
			}
		})
	}
	guarded(t, w, change, func(g *guard.Guard) {
		after(10 * time.Second)
		s := status(w.t, g)
		if verdict(s, "front") != chain.Unproven || verdict(s, "sql") != chain.Holds {
			w.t.Errorf("got %+v", s.Links)
		}
	})
}

func TestAnswers(t *testing.T) {
	w := newWorld(t)
	guarded(t, w, nil, func(g *guard.Guard) {
		t := w.t
		var unknown *guard.UnknownName
		if err := g.Answer(t.Context(), "code", true, "owner"); !errors.As(err, &unknown) || unknown.Nearest != "codes" {
			t.Errorf("got %v", err)
		}
		var not *guard.NotAPersons
		if err := g.Answer(t.Context(), "sql", true, "owner"); !errors.As(err, &not) {
			t.Errorf("got %v", err)
		}
		if err := g.Answer(t.Context(), "codes", true, "owner"); err != nil {
			t.Fatal(err)
		}
		if v := verdict(status(t, g), "codes"); v != chain.Holds {
			t.Errorf("answered: %v", v)
		}
	})
	guarded(t, w, nil, func(g *guard.Guard) { // the answer outlives the guard
		if v := verdict(status(w.t, g), "codes"); v != chain.Holds {
			w.t.Errorf("after a restart: %v", v)
		}
		after(3 * time.Hour)
		if v := verdict(status(w.t, g), "codes"); v != chain.Unproven {
			w.t.Errorf("after three hours: %v", v)
		}
	})
}

func TestReload(t *testing.T) {
	w := newWorld(t)
	var next *config.File
	var refusal error
	change := func(o *guard.Options) { o.Load = func() (*config.File, error) { return next, refusal } }
	guarded(t, w, change, func(g *guard.Guard) {
		t := w.t
		refusal = errors.New("line 3: nonsense")
		if err := g.Reload(t.Context()); err == nil {
			t.Error("a bad file was taken")
		}
		if s := status(t, g); len(s.Guard.Troubles) != 1 || !strings.Contains(s.Guard.Troubles[0], "line 3") || len(s.Links) != 4 {
			t.Errorf("troubles: %v", s.Guard.Troubles)
		}
		refusal, next = nil, w.file(t, func(l *config.Link) {
			if l.Name == "front" {
				l.Settings = "other" // so that it is made anew
			}
		})
		if err := g.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		s := status(t, g)
		if verdict(s, "sql") != chain.Holds || verdict(s, "front") != chain.Unproven || len(s.Guard.Troubles) != 0 {
			t.Errorf("sql %v, front %v, troubles %v", verdict(s, "sql"), verdict(s, "front"), s.Guard.Troubles)
		}
		after(10 * time.Second)
		if s := status(t, g); verdict(s, "front") != chain.Holds {
			t.Errorf("front %v", verdict(s, "front"))
		}
	})
}

func TestProveNow(t *testing.T) {
	w := newWorld(t)
	guarded(t, w, nil, func(g *guard.Guard) {
		before := status(w.t, g)
		time.Sleep(time.Second)
		if err := g.Prove(w.t.Context(), []string{"sql"}); err != nil {
			w.t.Fatal(err)
		}
		now := status(w.t, g)
		if !now.Links[1].ProvedAt.After(before.Links[1].ProvedAt) {
			w.t.Error("not proved anew")
		}
	})
}
