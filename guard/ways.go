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
	var r *reckoning
	var f *foresight
	if err := g.call(ctx, func() { r, f = g.reckon(g.state.Look(time.Now())), g.foresaw }); err != nil {
		return nil, err
	}
	all, err = r.goalWays(ctx, goal, q, lang)
	if err != nil || !q.IsZero() || len(r.ends) == 0 {
		return all, err
	}
	ahead := f.foresee(ctx, r)
	for i := range all {
		all[i].Ahead = r.ahead(all[i].Name, ahead, lang)
	}
	return all, ctx.Err()
}

func (r *reckoning) goalWays(ctx context.Context, goal string, q Supposed, lang words.Lang) ([]GoalWays, error) {
	if err := r.check(q); err != nil {
		return nil, err
	}
	s := supposition{State: r.state}
	if !q.IsZero() {
		s = r.suppose(q)
	}
	s.out = r.out(slices.Concat(s.Lost, slices.Collect(maps.Keys(s.reasons))), s.Waived)
	falls := r.falls(s, lang)
	all := []GoalWays{}
	var names []string
	for _, o := range r.Model().Goals {
		if names = append(names, o.Name); goal != "" && goal != o.Name {
			continue
		}
		if err := ctx.Err(); err != nil { // nobody waits for it any more
			return nil, err
		}
		w := r.waysOf(o, s)
		r.sayByHand(w.Back, lang)
		if !q.IsZero() {
			before := r.marginOf(o.Name, r.state)
			w.Before, w.Falls = &before, falls
		}
		r.name(&w, s)
		all = append(all, w)
	}
	if len(all) == 0 && goal != "" {
		return nil, &UnknownName{goal, chain.Nearest(goal, names)}
	}
	return all, nil
}

func (r *reckoning) waysOf(goal chain.Goal, s supposition) GoalWays {
	w := GoalWays{
		Name: goal.Name, Title: goal.Title, Verdict: r.view.Verdict(goal.Name), Within: goal.Within.Seconds(),
		Lost: list(s.Lost), Unproven: list(s.Unproven), Ways: []WayStatus{},
		Singles: []string{}, Pairs: [][]string{}, Triples: [][]string{}, Stops: []StopStatus{}, Weights: []WeightStatus{},
	}
	for _, way := range goal.Ways {
		w.Ways = append(w.Ways, r.wayStatus(way, s))
	}
	w.Margin = r.marginOf(goal.Name, s.State)
	cuts, complete := r.cuts(goal.Name, s.State, order)
	w.CompleteTo = complete
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
	w.Stops = r.stops(goal, w, s.State)
	w.Back = r.planStatus(goal, r.graph().Back(goal.Name, ways.State{Lost: s.Lost, Waived: s.Waived}))
	w.Next = r.nextStep(goal.Name, s.State)
	return w
}

// cuts lists the minimal cut sets, the smallest first, and those of things before those
// of links: what people lose are things. They are complete to so many losses.
func (r *reckoning) cuts(goal string, s ways.State, order int) (cuts [][]string, complete int) {
	links := func(names []string) (n int) {
		for _, name := range names {
			if _, link := r.Link(name); link {
				n++
			}
		}
		return n
	}
	found := r.graph().Cuts(goal, s, order)
	cuts = found.Sets
	slices.SortStableFunc(cuts, func(a, b []string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(links(a), links(b)), slices.Compare(a, b))
	})
	for _, cut := range cuts {
		slices.SortStableFunc(cut, func(a, b string) int { return links([]string{a}) - links([]string{b}) })
	}
	return cuts, found.Complete
}

// maxStops bounds of how much it is asked what it alone stops.
const maxStops = 64

// stops finds what alone stops the goal, though only until it is mended.
func (r *reckoning) stops(goal chain.Goal, w GoalWays, s ways.State) []StopStatus {
	all := []StopStatus{}
	if now := r.graph().Back(goal.Name, ways.State{Lost: s.Lost, Waived: s.Waived}); !now.Reached || now.Takes > 0 {
		return all // it is stopped already
	}
	seen, asked := map[string]bool{}, 0
	for _, way := range w.Ways {
		for _, name := range way.RestsOn {
			t, thing := r.Thing(name)
			if _, goal := r.Goal(name); goal || thing && t.Given || seen[name] || asked == maxStops {
				continue
			}
			seen[name] = true
			asked++
			plan := r.graph().Back(goal.Name, ways.State{Lost: append(slices.Clone(s.Lost), name), Waived: s.Waived})
			if plan.Reached && plan.Takes > 0 && !slices.Contains(w.Singles, name) {
				all = append(all, StopStatus{name, plan.Takes.Seconds()})
			}
		}
	}
	return all
}

func (r *reckoning) wayStatus(way chain.Way, s supposition) WayStatus {
	w := WayStatus{Name: way.Name, Verdict: chain.Holds, Links: way.Links, RestsOn: []string{}, Without: []string{}}
	for _, l := range way.Links {
		switch v := r.view.Verdict(l); {
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
		todo = append(todo, needsOf(r.Chain, name)...)
	}
	return w
}

// name explains the names that w has.
func (r *reckoning) name(w *GoalWays, s supposition) {
	w.Names = map[string]NameStatus{}
	add := func(names ...string) {
		for _, name := range names {
			if r.Has(name) {
				w.Names[name] = r.nameStatus(name, s)
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

func (r *reckoning) nameStatus(name string, s supposition) NameStatus {
	n := NameStatus{Title: r.titleOf(name), What: "link", State: r.view.Verdict(name).String()}
	if _, goal := r.Goal(name); goal {
		n.What = "goal"
	}
	lost := slices.Contains(s.Lost, name)
	t, thing := r.Thing(name)
	switch {
	case thing:
		n.What, n.State = "thing", r.thingState(t, lost)
	case lost:
		n.State = chain.Broken.String()
	case slices.Contains(s.Unproven, name):
		n.State = chain.Unproven.String()
	case s.out[name]:
		n.State = "out"
	}
	return n
}

func (r *reckoning) thingState(t chain.Thing, lost bool) string {
	switch {
	case lost && t.Absent && !r.said[t.Name].Lost:
		return "absent"
	case lost:
		return "lost"
	case t.Given:
		return "given"
	}
	return "there"
}

// needsOf lists what a link or a thing needs; a goal counts as its first way.
func needsOf(c *chain.Chain, name string) []string {
	if l, ok := c.Link(name); ok {
		return l.Needs
	}
	if t, ok := c.Thing(name); ok {
		return t.Needs
	}
	if o, ok := c.Goal(name); ok {
		return o.Ways[0].Links
	}
	return nil
}

// sayByHand names the steps for which nothing but advice is known.
func (r *reckoning) sayByHand(p *PlanStatus, lang words.Lang) {
	if p == nil {
		return
	}
	for i, s := range p.Steps {
		if s.Title == "" && !slices.ContainsFunc(r.Model().Mends, func(m chain.Mend) bool { return m.Name == s.Mend }) && s.By == chain.Person.String() {
			l, _ := r.Link(s.For)
			p.Steps[i].Title = lang.Say(chain.Say("rescue.step_by_hand", "link", cmp.Or(l.Title, l.Name)))
		}
	}
}

func (r *reckoning) planStatus(goal chain.Goal, p ways.Plan) *PlanStatus {
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
			FromS: step.From.Seconds(), ToS: step.To.Seconds(), Service: r.serviceOf(step.Mend),
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
		if missing(t, g.said) == lost {
			return
		}
		g.alive(time.Now(), "answer")
		g.said[thing] = word{Lost: lost, At: time.Now(), Who: who}
		key := "guard.thing_had"
		if lost {
			key = "guard.thing_lost"
			g.forgetMended(thing)
		}
		g.append(journal.Entry{What: "thing", Link: thing, Text: chain.Say(key, "thing", called(g.file.Chain, thing), "who", who)})
		g.look()
		g.save()
	})
	if err == nil {
		err = bad
	}
	if err == nil {
		g.settled(ctx)
	}
	return err
}
