package guard

import (
	"context"
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/ways"
)

// GoalWays is how a goal can be reached, and what would take it.
type GoalWays struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	// Lost is what counts as lost: what is, and what was supposed.
	Lost   []string    `json:"lost"`
	Ways   []WayStatus `json:"ways"`
	Margin Margin      `json:"margin"`
	// Singles, Pairs and Triples are the minimal sets of losses after which the goal
	// cannot be had back within its time. What is unproven counts as holding.
	Singles []string   `json:"single_points_of_failure"`
	Pairs   [][]string `json:"pairs"`
	Triples [][]string `json:"triples"`
	// Back is nil where there is no way back.
	Back *PlanStatus `json:"way_back"`
	// Weights say how much rests on what, the heaviest first.
	Weights []WeightStatus `json:"weights"`
	// Next is the one thing whose return raises the margin most, nil if none does.
	Next *NextStep `json:"next"`
}

// WayStatus is one way of a goal.
type WayStatus struct {
	Name    string        `json:"name"`
	Verdict chain.Verdict `json:"verdict"`
	Links   []string      `json:"links"`
	// RestsOn lists the links and things below, nearest first.
	RestsOn []string `json:"rests_on"`
	// Without lists what of that is lost.
	Without []string `json:"without"`
}

// PlanStatus is the fastest way back.
type PlanStatus struct {
	Seconds float64      `json:"seconds"`
	Steps   []StepStatus `json:"steps"`
}

// StepStatus is one mend of a plan.
type StepStatus struct {
	Mend    string  `json:"mend"`
	Title   string  `json:"title,omitempty"`
	For     string  `json:"for"`
	By      string  `json:"by"` // "person" or "machine"
	FromS   float64 `json:"from_s"`
	ToS     float64 `json:"to_s"`
	Service string  `json:"service,omitempty"` // that hands start, for a machine's step
}

// WeightStatus is how much rests on one link or thing.
type WeightStatus struct {
	Name   string  `json:"name"`
	Cuts   int     `json:"cuts"`
	Weight float64 `json:"weight"`
}

// NextStep is what to get back first.
type NextStep struct {
	Name string `json:"name"`
	From int    `json:"margin_from"`
	To   *int   `json:"margin_to"` // nil for no bound
	Mend string `json:"mend,omitempty"`
}

// order is up to how many losses cut sets are listed.
const order = 3

// Ways reports on a goal, on all if goal is empty, as if lose were lost too.
func (g *Guard) Ways(ctx context.Context, goal string, lose []string) (all []GoalWays, err error) {
	var bad error
	e := g.call(ctx, func() { all, bad = g.goalWays(goal, lose) })
	if e != nil {
		return nil, e
	}
	return all, bad
}

func (g *Guard) goalWays(goal string, lose []string) ([]GoalWays, error) {
	m := g.file.Chain.Model()
	for _, name := range lose {
		if _, goal := g.file.Chain.Goal(name); goal || !g.file.Chain.Has(name) {
			return nil, &UnknownName{name, chain.Nearest(name, g.file.Chain.AllNames())}
		}
	}
	view := g.state.Look(time.Now())
	s := standing(m, view, g.lost)
	s.Lost = append(s.Lost, lose...)
	s.Unproven = slices.DeleteFunc(s.Unproven, func(n string) bool { return slices.Contains(lose, n) })
	all := []GoalWays{}
	for _, o := range m.Goals {
		if goal == "" || goal == o.Name {
			all = append(all, g.waysOf(o, s, view))
		}
	}
	if len(all) == 0 && goal != "" {
		return nil, &UnknownName{goal, chain.Nearest(goal, g.file.Chain.AllNames())}
	}
	return all, nil
}

func (g *Guard) waysOf(goal chain.Goal, s ways.State, view *chain.View) GoalWays {
	w := GoalWays{Name: goal.Name, Title: goal.Title, Lost: list(s.Lost), Ways: []WayStatus{}, Singles: []string{}, Pairs: [][]string{}, Triples: [][]string{}, Weights: []WeightStatus{}}
	for _, way := range goal.Ways {
		w.Ways = append(w.Ways, g.wayStatus(way, s, view))
	}
	graph := g.graph()
	margins := graph.Margins(goal.Name, s)
	w.Margin = Margin{Now: survives(margins.Now), IfAllWell: survives(margins.IfAllWell)}
	cuts := graph.Cuts(goal.Name, s, order).Sets
	for _, cut := range cuts {
		switch len(cut) {
		case 1:
			w.Singles = append(w.Singles, cut[0])
		case 2:
			w.Pairs = append(w.Pairs, cut)
		case 3:
			w.Triples = append(w.Triples, cut)
		}
	}
	for _, h := range ways.Importance(cuts) {
		w.Weights = append(w.Weights, WeightStatus(h))
	}
	w.Back = g.planStatus(graph.Back(goal.Name, ways.State{Lost: s.Lost, Waived: s.Waived}))
	w.Next = g.nextStep(graph, goal.Name, s)
	return w
}

func (g *Guard) wayStatus(way chain.Way, s ways.State, view *chain.View) WayStatus {
	w := WayStatus{Name: way.Name, Verdict: chain.Holds, Links: way.Links, RestsOn: []string{}, Without: []string{}}
	for _, l := range way.Links {
		switch v := view.Verdict(l); {
		case v == chain.Broken:
			w.Verdict = chain.Broken
		case v == chain.Unproven && w.Verdict == chain.Holds:
			w.Verdict = chain.Unproven
		}
	}
	todo := slices.Clone(way.Links)
	for len(todo) > 0 {
		name := todo[0]
		todo = todo[1:]
		if slices.Contains(w.RestsOn, name) {
			continue
		}
		w.RestsOn = append(w.RestsOn, name)
		if slices.Contains(s.Lost, name) {
			w.Without = append(w.Without, name)
			w.Verdict = chain.Broken
		}
		todo = append(todo, g.needsOf(name)...)
	}
	return w
}

// needsOf lists what a link or a thing needs; a goal counts as its first way.
func (g *Guard) needsOf(name string) []string {
	if l, ok := g.file.Chain.Link(name); ok {
		return l.Needs
	}
	m := g.file.Chain.Model()
	for _, t := range m.Things {
		if t.Name == name {
			return t.Needs
		}
	}
	if o, ok := g.file.Chain.Goal(name); ok {
		return o.Ways[0].Links
	}
	return nil
}

func (g *Guard) planStatus(p ways.Plan) *PlanStatus {
	if !p.Reached {
		return nil
	}
	s := &PlanStatus{Seconds: p.Takes.Seconds(), Steps: []StepStatus{}}
	for _, step := range p.Steps {
		s.Steps = append(s.Steps, StepStatus{
			Mend: step.Mend.Name, Title: step.Mend.Title, For: step.Mend.For, By: step.Mend.By.String(),
			FromS: step.From.Seconds(), ToS: step.To.Seconds(), Service: g.serviceOf(step.Mend),
		})
	}
	return s
}

// nextStep tries what each lost or unproven thing or link would be worth if it came
// back.
func (g *Guard) nextStep(graph *ways.Graph, goal string, s ways.State) *NextStep {
	before := graph.Margins(goal, s).Now
	if before.None {
		return nil
	}
	best := before
	var next *NextStep
	for _, name := range append(slices.Clone(s.Lost), s.Unproven...) {
		without := func(names []string) []string {
			return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == name })
		}
		after := graph.Margins(goal, ways.State{Lost: without(s.Lost), Unproven: without(s.Unproven), Waived: s.Waived}).Now
		if best.None || !after.None && after.Survives <= best.Survives {
			continue
		}
		best, next = after, &NextStep{Name: name, From: before.Survives, To: survives(after), Mend: g.mendTitle(name)}
	}
	return next
}

func (g *Guard) mendTitle(name string) string {
	for _, m := range g.file.Chain.Model().Mends {
		if m.For == name && m.Title != "" {
			return m.Title
		}
		if m.For == name {
			return m.Name
		}
	}
	return ""
}

// Lose notes that a thing is lost, or had again.
func (g *Guard) Lose(ctx context.Context, thing string, lost bool, who string) error {
	var bad error
	err := g.call(ctx, func() {
		known := slices.ContainsFunc(g.file.Chain.Model().Things, func(t chain.Thing) bool { return t.Name == thing })
		if !known {
			var things []string
			for _, t := range g.file.Chain.Model().Things {
				things = append(things, t.Name)
			}
			bad = &UnknownName{thing, chain.Nearest(thing, things)}
			return
		}
		if g.lost[thing] == lost {
			return
		}
		key := "guard.thing_had"
		if lost {
			key = "guard.thing_lost"
			g.lost[thing] = true
			g.forgetMended(thing)
		} else {
			delete(g.lost, thing)
		}
		g.append(journal.Entry{What: "thing", Link: thing, Text: chain.Say(key, "thing", thing, "who", who)})
		g.reckoned = nil
		g.save()
	})
	if err == nil {
		err = bad
	}
	return err
}
