package guard_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/support"
)

// withDesk is a configuration with a support desk.
func withDesk(w *world) func(*guard.Options) {
	return func(o *guard.Options) {
		o.Config = w.file(w.t, func(l *config.Link) { l.Every, l.Fresh = 2*time.Hour, 5*time.Hour }) // days go by
		o.Config.Sections = map[string]any{"support": &support.Settings{Desks: []support.Desk{{Name: "aws", Title: "AWS Support", Mends: []string{"support-case"}}}}}
	}
}

// TestCase: a promised call is told of before its hour and asked after from then on, over
// a restart too, until the case is solved.
func TestCase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		told := func() (n int) {
			w.set(func() {
				n = len(slices.DeleteFunc(slices.Clone(w.messages), func(e string) bool { return e != "case" }))
			})
			return n
		}
		w.live(withDesk(w), func(g *guard.Guard) {
			if err := g.CaseAct(t.Context(), guard.CaseAct{Desk: "awss", Act: "open"}); err == nil || !strings.Contains(err.Error(), "awss") {
				t.Errorf("an unknown desk: %v", err)
			}
			if err := g.CaseAct(t.Context(), guard.CaseAct{Desk: "aws", Act: "missed"}); err == nil {
				t.Error("a call is missed of no case")
			}
			act := guard.CaseAct{Desk: "aws", Act: "open", Number: "123\x1b45", Promised: time.Now().Add(10 * time.Hour), Who: "owner"}
			if err := g.CaseAct(t.Context(), act); err != nil {
				t.Error(err)
			}
			after(9 * time.Hour)
			if told() != 0 {
				t.Errorf("told %d times before", told())
			}
		})
		w.live(withDesk(w), func(g *guard.Guard) { // once more, as after a restart
			all, err := g.Support(t.Context())
			if err != nil || len(all) != 1 || all[0].Case == nil || strings.Contains(all[0].Case.Number, "\x1b") {
				t.Errorf("after a restart: %+v, %v", all, err)
				return
			}
			after(45 * time.Minute)
			if told() != 1 {
				t.Errorf("told %d times before the hour", told())
			}
			after(49 * time.Hour)
			if told() != 4 {
				t.Errorf("told %d times after two days", told())
			}
			if err := g.CaseAct(t.Context(), guard.CaseAct{Desk: "aws", Act: "missed", Who: "owner"}); err != nil {
				t.Error(err)
			}
			all, _ = g.Support(t.Context())
			if c := all[0].Case; c == nil || c.Missed != 1 || !c.Promised.IsZero() {
				t.Errorf("missed: %+v", c)
			}
			if err := g.CaseAct(t.Context(), guard.CaseAct{Desk: "aws", Act: "solved", Who: "owner"}); err != nil {
				t.Error(err)
			}
			after(49 * time.Hour)
			if told() != 4 {
				t.Errorf("asked after a case that is solved: %d", told())
			}
		})
		kinds := 0
		w.set(func() {
			for _, e := range w.entries {
				if e.What == "case" {
					kinds++
				}
			}
		})
		if kinds != 3 {
			t.Errorf("%d records of what was said", kinds)
		}
	})
}

// typing is proved by the word "right".
type typing struct{ person }

func (typing) Check(_ context.Context, typed string) (chain.Proof, error) {
	switch typed {
	case "right":
		return chain.Held(chain.Say("test.right")), nil
	case "":
		return chain.Proof{}, errors.New("empty")
	}
	return chain.Broke("other", chain.Say("test.wrong"), chain.Say("test.hint")), nil
}

// TestTyped: a link that wants something typed takes no yes; what was answered for other
// settings counts for nothing after a restart.
func TestTyped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		asks := func(settings string) func(*guard.Options) {
			return func(o *guard.Options) {
				o.Config = w.file(t, func(l *config.Link) {
					if l.Kind.Person {
						l.Settings = &settings
						l.Kind.New = func(any, chain.Place) (chain.Prover, error) { return typing{}, nil }
					}
				})
			}
		}
		w.live(asks("one"), func(g *guard.Guard) {
			if err := g.Answer(t.Context(), "codes", true, "owner"); err == nil {
				t.Error("a yes is taken")
			}
			if err := g.Typed(t.Context(), "sql", "right", "owner"); err == nil {
				t.Error("a machine's link takes what is typed")
			}
			if err := g.Typed(t.Context(), "codes", "", "owner"); err == nil {
				t.Error("nothing is an answer")
			}
			for typed, want := range map[string]chain.Verdict{"wrong": chain.Broken, "right": chain.Holds} {
				if err := g.Typed(t.Context(), "codes", typed, "owner"); err != nil || verdict(status(t, g), "codes") != want {
					t.Errorf("%s: %v, %v", typed, verdict(status(t, g), "codes"), err)
				}
			}
			if err := g.Typed(t.Context(), "codes", "right", "owner"); err != nil {
				t.Error(err)
			}
			if s := status(t, g); !s.Links[3].Typed || s.Links[0].Typed {
				t.Error("the status does not say which link is typed")
			}
		})
		w.live(asks("one"), func(g *guard.Guard) {
			if v := verdict(status(t, g), "codes"); v != chain.Holds {
				t.Errorf("after a restart: %v", v)
			}
		})
		w.live(asks("two"), func(g *guard.Guard) {
			if v := verdict(status(t, g), "codes"); v != chain.Unproven {
				t.Errorf("with other settings: %v", v)
			}
		})
	})
}
