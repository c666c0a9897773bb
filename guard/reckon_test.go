package guard

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/ways"
	"github.com/omamori-guard/omamori/ways/waystest"
	"github.com/omamori-guard/omamori/words"
)

func chainOf(t testing.TB, m chain.Model) *chain.Chain {
	t.Helper()
	c, bad := chain.New(m)
	if bad != nil {
		t.Fatal(bad)
	}
	return c
}

// Whatever is lost and comes back: a goal has a fall exactly when its margin, reckoned
// from nothing, is lower than without the losses.
func TestFallsByDefinition(t *testing.T) {
	c := chainOf(t, waystest.Hosting(20))
	m := c.Model()
	graph := ways.New(m)
	w := newWatcher(c, func() *ways.Graph { return graph })
	told := map[string]*fall{}
	random := rand.New(rand.NewPCG(1, 2))
	lost := map[string]bool{}
	begun := 0
	for round := range 60 {
		for range 1 + random.IntN(2) {
			name := m.Things[random.IntN(len(m.Things))].Name
			if random.IntN(2) == 0 {
				name = m.Links[random.IntN(30)].Name // of the host
			}
			lost[name] = !lost[name]
		}
		a := &amiss{at: time.Now()}
		for _, name := range c.AllNames() {
			if lost[name] {
				a.losses = append(a.losses, loss{name: name, cause: "thing_lost"})
			}
		}
		for _, move := range w.reckon(t.Context(), &reckoning{Chain: c, graph: w.graph}, a, told) {
			if move.after == nil {
				delete(told, move.goal)
			} else {
				told[move.goal] = move.after
			}
			if move.event == "begin" {
				begun++
			}
		}
		for _, goal := range m.Goals {
			from := survives(graph.Margins(goal.Name, ways.State{}).Now)
			to := survives(graph.Margins(goal.Name, ways.State{Lost: named(a.losses)}).Now)
			f := told[goal.Name]
			if (f != nil) != below(to, from) || f != nil && (!equal(f.From, from) || !equal(f.To, to)) {
				t.Fatalf("round %d: %s without %v: %+v", round, goal.Name, named(a.losses), f)
			}
		}
	}
	if begun < 20 {
		t.Errorf("only %d falls: this proves little", begun)
	}
}

// What could not be found out is neither a fall nor the end of one, and is not said to
// be well.
func TestUnknownMarginsMoveNothing(t *testing.T) {
	because := []loss{{name: "phone", cause: "thing_lost"}}
	unknown, none, two := ways.Margin{More: true, Survives: -1}, ways.Margin{None: true}, ways.Margin{Survives: 2}
	atLeastOne := ways.Margin{More: true, Survives: 1}
	zero := 0
	for _, f := range []*fall{nil, {To: &zero, Lost: []string{"phone"}}} {
		for _, pair := range [][2]ways.Margin{{unknown, two}, {two, unknown}, {none, unknown}, {two, atLeastOne}, {unknown, unknown}} {
			if m, ok := moved(f, because, pair[0], pair[1], false); ok {
				t.Errorf("from %+v to %+v: %+v", pair[0], pair[1], m)
			}
		}
	}
	if s := marginStatus(ways.Margins{Now: unknown, IfAllWell: two}); s.Now != nil || !s.Unknown {
		t.Errorf("%+v", s)
	}
	if s := marginStatus(ways.Margins{Now: none, IfAllWell: none}); s.Now != nil || s.Unknown {
		t.Errorf("%+v", s)
	}
}

// However long it takes to reckon margins, the loop goes on.
func TestReckoningDoesNotHoldTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := chain.Model{Things: []chain.Thing{{Name: "phone"}}, Goals: []chain.Goal{{Name: "shell", Ways: []chain.Way{{Links: []string{"codes"}}}}}}
		m.Links = []chain.Link{{Name: "codes", Needs: []string{"phone"}, Fresh: time.Hour, Person: true}}
		var told []string
		g := New(Options{Config: &config.File{Chain: chainOf(t, m)}, Journal: nowhere{}, Tell: func(m Message) {
			title, _ := m.Say(words.English)
			told = append(told, title)
		}})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- g.Run(ctx) }()
		release := make(chan struct{})
		slow := func() *ways.Graph { <-release; return ways.New(m) }
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(g.call(ctx, func() {
			g.graph, g.outlooks, g.watcher = slow, newOutlooks(slow, []string{"shell"}), newWatcher(g.file.Chain, slow)
		}))
		lost, asked := make(chan error), make(chan Status)
		go func() { lost <- g.Lose(ctx, "phone", true, "owner") }()
		go func() {
			s, _ := g.Status(ctx, words.English)
			asked <- s
		}()
		synctest.Wait()
		must(g.call(ctx, g.look)) // comes back, else this test would not end
		if len(told) != 0 {
			t.Fatalf("told %q before anything was reckoned", told)
		}
		close(release)
		must(<-lost)
		if s := <-asked; *s.Goals[0].Margin.Now != -1 {
			t.Errorf("%+v", s.Goals[0])
		}
		if len(told) != 1 {
			t.Errorf("told %q", told)
		}
		// What is over while it is reckoned does not stay open.
		must(g.Lose(ctx, "phone", false, "owner"))
		release = make(chan struct{})
		must(g.call(ctx, func() { g.watcher = newWatcher(g.file.Chain, slow) }))
		go func() { lost <- g.Lose(ctx, "phone", true, "owner") }()
		synctest.Wait()
		go func() { lost <- g.Lose(ctx, "phone", false, "owner") }()
		synctest.Wait()
		close(release)
		must(<-lost)
		must(<-lost)
		must(g.call(ctx, func() {
			if len(g.alarms) != 0 {
				t.Errorf("the phone is there, and yet: %+v", g.alarms)
			}
		}))
		cancel()
		must(<-ended)
	})
}

// An impossible model is given up in time, and said to be unknown.
func TestOutlooksStopWithTheirContext(t *testing.T) {
	m := waystest.Hosting(1)
	graph := ways.New(m)
	o := newOutlooks(func() *ways.Graph { return graph }, []string{m.Goals[0].Name, m.Goals[1].Name})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for i, out := range o.of(ctx, ways.State{}) {
		if !out.margin.Unknown || out.margin.Now != nil {
			t.Errorf("goal %d: %+v", i, out.margin)
		}
	}
	for i, out := range o.of(t.Context(), ways.State{}) {
		if out.margin.Unknown || fmt.Sprint(out.wayBack) == "<nil>" {
			t.Errorf("goal %d: %+v", i, out.margin)
		}
	}
}
