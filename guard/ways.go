package guard

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/ways"
	"github.com/omamori-guard/omamori/words"
)

// order is up to how many losses cut sets are listed.
const order = 3

// Ways reports on a goal, on all if goal is empty, as if q were so. The error may be an
// *UnknownName or an *IsGoal.
func (g *Guard) Ways(ctx context.Context, goal string, q Supposed, lang words.Lang) (all []GoalWays, err error) {
	var bad error
	e := g.call(ctx, func() { all, bad = g.goalWays(goal, q, lang) })
	if e != nil {
		return nil, e
	}
	return all, bad
}

func (g *Guard) goalWays(goal string, q Supposed, lang words.Lang) ([]GoalWays, error) {
	m := g.file.Chain.Model()
	if err := g.check(q); err != nil {
		return nil, err
	}
	now := time.Now()
	view := g.state.Look(now)
	real := g.standing(view)
	s := supposition{State: real}
	if !q.IsZero() {
		s = g.suppose(real, q, now)
	}
	s.out = g.out(slices.Concat(s.Lost, slices.Collect(maps.Keys(s.reasons))), s.Waived)
	falls := g.falls(real, s, lang)
	all := []GoalWays{}
	for _, o := range m.Goals {
		if goal != "" && goal != o.Name {
			continue
		}
		w := g.waysOf(o, s, view)
		if !q.IsZero() {
			before := g.marginOf(o.Name, real)
			w.Before, w.Falls = &before, falls
		}
		g.name(&w, s, view)
		all = append(all, w)
	}
	if len(all) == 0 && goal != "" {
		var goals []string
		for _, o := range m.Goals {
			goals = append(goals, o.Name)
		}
		return nil, &UnknownName{goal, chain.Nearest(goal, goals)}
	}
	return all, nil
}

func (g *Guard) waysOf(goal chain.Goal, s supposition, view *chain.View) GoalWays {
	w := GoalWays{
		Name: goal.Name, Title: goal.Title, Verdict: view.Verdict(goal.Name), Within: goal.Within.Seconds(),
		Lost: list(s.Lost), Unproven: list(s.Unproven), Ways: []WayStatus{},
		Singles: []string{}, Pairs: [][]string{}, Triples: [][]string{}, Stops: []StopStatus{}, Weights: []WeightStatus{},
	}
	for _, way := range goal.Ways {
		w.Ways = append(w.Ways, g.wayStatus(way, s, view))
	}
	w.Margin = g.marginOf(goal.Name, s.State)
	cuts := g.cuts(goal.Name, s.State, order)
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
	w.Stops = g.stops(goal, w, s.State)
	w.Back = g.planStatus(goal, g.graph().Back(goal.Name, ways.State{Lost: s.Lost, Waived: s.Waived}))
	w.Next = g.nextStep(goal.Name, s.State)
	return w
}

// cuts lists the minimal cut sets, the smallest first, and those of things before those
// of links: what people lose are things.
func (g *Guard) cuts(goal string, s ways.State, order int) [][]string {
	links := func(names []string) (n int) {
		for _, name := range names {
			if _, link := g.file.Chain.Link(name); link {
				n++
			}
		}
		return n
	}
	cuts := g.graph().Cuts(goal, s, order).Sets
	slices.SortStableFunc(cuts, func(a, b []string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(links(a), links(b)))
	})
	for _, cut := range cuts {
		slices.SortStableFunc(cut, func(a, b string) int { return links([]string{a}) - links([]string{b}) })
	}
	return cuts
}

// maxStops bounds of how much it is asked what it alone stops.
const maxStops = 64

// stops finds what alone stops the goal, though only until it is mended.
func (g *Guard) stops(goal chain.Goal, w GoalWays, s ways.State) []StopStatus {
	all := []StopStatus{}
	if now := g.graph().Back(goal.Name, ways.State{Lost: s.Lost, Waived: s.Waived}); !now.Reached || now.Takes > 0 {
		return all // it is stopped already
	}
	seen, asked := map[string]bool{}, 0
	for _, way := range w.Ways {
		for _, name := range way.RestsOn {
			t, thing := g.file.Chain.Thing(name)
			if _, goal := g.file.Chain.Goal(name); goal || thing && t.Given || seen[name] || asked == maxStops {
				continue
			}
			seen[name] = true
			asked++
			plan := g.graph().Back(goal.Name, ways.State{Lost: append(slices.Clone(s.Lost), name), Waived: s.Waived})
			if plan.Reached && plan.Takes > 0 && !slices.Contains(w.Singles, name) {
				all = append(all, StopStatus{name, plan.Takes.Seconds()})
			}
		}
	}
	return all
}

func (g *Guard) wayStatus(way chain.Way, s supposition, view *chain.View) WayStatus {
	w := WayStatus{Name: way.Name, Verdict: chain.Holds, Links: way.Links, RestsOn: []string{}, Without: []string{}}
	for _, l := range way.Links {
		switch v := view.Verdict(l); {
		case v == chain.Broken:
			w.Verdict = chain.Broken
		case v == chain.Unproven && w.Verdict == chain.Holds:
			w.Verdict = chain.Unproven
		}
	}
	seen := map[string]bool{}
	for todo := slices.Clone(way.Links); len(todo) > 0; {
		name := todo[0]
		todo = todo[1:]
		if seen[name] {
			continue
		}
		seen[name] = true
		w.RestsOn = append(w.RestsOn, name)
		if slices.Contains(s.Lost, name) {
			w.Without = append(w.Without, name)
			w.Verdict = chain.Broken
		} else if w.Verdict == chain.Holds && slices.Contains(s.Unproven, name) {
			w.Verdict = chain.Unproven
		}
		todo = append(todo, g.needsOf(name)...)
	}
	return w
}

// name explains the names that w has.
func (g *Guard) name(w *GoalWays, s supposition, view *chain.View) {
	w.Names = map[string]NameStatus{}
	add := func(names ...string) {
		for _, name := range names {
			if g.file.Chain.Has(name) {
				w.Names[name] = g.nameStatus(name, s, view)
			}
		}
	}
	add(w.Name)
	add(w.Lost...)
	add(w.Unproven...)
	for _, way := range w.Ways {
		add(way.RestsOn...)
	}
	for _, f := range w.Falls {
		add(f.Name)
		add(f.Needs...)
	}
	add(w.Singles...)
	for _, set := range slices.Concat(w.Pairs, w.Triples) {
		add(set...)
	}
	if w.Back != nil {
		add(w.Back.Uses...)
		for _, step := range w.Back.Steps {
			add(step.For)
			add(step.Needs...)
		}
	}
	if w.Next != nil {
		add(w.Next.Name)
	}
}

func (g *Guard) nameStatus(name string, s supposition, view *chain.View) NameStatus {
	n := NameStatus{Title: g.titleOf(name), What: "link", State: view.Verdict(name).String()}
	if _, goal := g.file.Chain.Goal(name); goal {
		n.What = "goal"
	}
	lost := slices.Contains(s.Lost, name)
	t, thing := g.file.Chain.Thing(name)
	switch {
	case thing:
		n.What, n.State = "thing", g.thingState(t, lost)
	case lost:
		n.State = chain.Broken.String()
	case slices.Contains(s.Unproven, name):
		n.State = chain.Unproven.String()
	case s.out[name]:
		n.State = "out"
	}
	return n
}

func (g *Guard) thingState(t chain.Thing, lost bool) string {
	switch {
	case lost && t.Absent && !g.said[t.Name].Lost:
		return "absent"
	case lost:
		return "lost"
	case t.Given:
		return "given"
	}
	return "there"
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

func (g *Guard) planStatus(goal chain.Goal, p ways.Plan) *PlanStatus {
	if !p.Reached {
		return nil
	}
	s := &PlanStatus{Seconds: p.Takes.Seconds(), Steps: []StepStatus{}, Uses: list(p.Uses)}
	had := map[string]bool{}
	for _, name := range p.Uses {
		had[name] = true
	}
	for _, step := range p.Steps {
		had[step.Mend.For] = true
		s.Steps = append(s.Steps, StepStatus{
			Mend: step.Mend.Name, Title: step.Mend.Title, For: step.Mend.For, Needs: step.Mend.Needs, By: step.Mend.By.String(),
			FromS: step.From.Seconds(), ToS: step.To.Seconds(), Service: g.serviceOf(step.Mend),
		})
	}
	for _, w := range goal.Ways {
		if s.Way == "" && !slices.ContainsFunc(w.Links, func(n string) bool { return !had[n] }) {
			s.Way = w.Name
		}
	}
	return s
}

// Lose notes that a thing is lost, or had again.
func (g *Guard) Lose(ctx context.Context, thing string, lost bool, who string) error {
	var bad error
	err := g.call(ctx, func() {
		t, known := g.file.Chain.Thing(thing)
		if !known {
			bad = &UnknownName{thing, chain.Nearest(thing, thingNames(g.file.Chain.Model()))}
			return
		}
		if g.missing(t) == lost {
			return
		}
		g.said[thing] = word{Lost: lost, At: time.Now(), Who: who}
		key := "guard.thing_had"
		if lost {
			key = "guard.thing_lost"
			g.forgetMended(thing)
		}
		g.append(journal.Entry{What: "thing", Link: thing, Text: chain.Say(key, "thing", g.called(thing), "who", who)})
		g.look()
		g.save()
	})
	if err == nil {
		err = bad
	}
	return err
}
