package guard

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/ways"
)

// watcher finds which margins have fallen by what is amiss, and asks only about the
// goals that rest on it.
type watcher struct {
	chain *chain.Chain
	graph func() *ways.Graph
	last  *amiss // what was last reckoned of; the loop's

	// What follows is of the one goroutine that reckons at a time. Well is how things
	// would stand if nothing were lost, less how they do.
	well, less *ways.Reckoner
}

func newWatcher(c *chain.Chain, graph func() *ways.Graph) *watcher {
	return &watcher{chain: c, graph: graph}
}

// move is what is to become of the fall of a goal: it begins, is another, or ends.
type move struct {
	goal  string
	event string // what to tell: "begin", "cause", "end", "" for nothing
	after *fall  // nil at its end
}

// reckon finds what has moved since what was told, in the order of the goals.
func (w *watcher) reckon(ctx context.Context, r *reckoning, a *amiss, told map[string]*fall) (moves []move) {
	r.until = time.Now().Add(reckonTime)
	begun := slices.DeleteFunc(slices.Clone(a.losses), func(l loss) bool { return l.over })
	on := map[string][]loss{} // what of it the goals rest on
	for _, l := range a.losses {
		for _, name := range w.graph().Above(l.name) {
			if _, goal := w.chain.Goal(name); goal {
				on[name] = append(on[name], l)
			}
		}
	}
	out := map[string]bool{}
	for _, goal := range a.out {
		out[goal] = true
	}
	// What is over, but has not held for long enough, keeps a fall and begins none.
	for _, old := range []bool{false, true} {
		losses := a.losses
		if !old {
			losses = begun
		}
		less := ways.State{Lost: append(slices.Clone(a.absent), named(losses)...), Waived: a.waived}
		changed := false
		for _, goal := range w.chain.Model().Goals {
			f, because := told[goal.Name], on[goal.Name]
			if !old {
				because = slices.DeleteFunc(slices.Clone(because), func(l loss) bool { return l.over })
			}
			switch {
			case (f != nil) != old || f == nil && len(because) == 0:
				continue
			case ctx.Err() != nil:
				return nil
			case len(because) == 0:
				moves = append(moves, move{goal: goal.Name, event: "end"})
				continue
			}
			if !changed {
				w.change(ways.State{Lost: a.absent}, less)
				changed = true
			}
			m, ok := moved(f, because, w.well.Margins(goal.Name).Now, w.less.Margins(goal.Name).Now, out[goal.Name])
			if !ok {
				continue
			}
			if m.goal = goal.Name; m.after != nil {
				m.after.Goal = goal.Name
				r.explain(goal, less, m.after)
			}
			moves = append(moves, m)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(told)) {
		if _, known := w.chain.Goal(name); !known { // a new configuration has dropped it
			moves = append(moves, move{goal: name, event: "end"})
		}
	}
	return moves
}

func (w *watcher) change(well, less ways.State) {
	if w.well == nil {
		w.well, w.less = w.graph().Reckoner(well), w.graph().Reckoner(less)
		return
	}
	w.well.Change(well)
	w.less.Change(less)
}

// moved tells what becomes of a fall, nil if there is none yet, when the margin is to
// and would be from; ok is false if nothing does. Out says that an incident tells
// already that the goal is out of reach. What could not be found out moves nothing.
func moved(f *fall, because []loss, from, to ways.Margin, out bool) (m move, ok bool) {
	fell := to.Compare(from) < 0
	switch left := survives(to); {
	case from.Unknown() || to.Unknown() || fell && to.More:
		return move{}, false
	case !fell:
		return move{event: "end"}, f != nil
	case f == nil && *left < 0 && out:
		return move{}, false
	case f != nil && equal(f.To, left) && slices.Equal(f.Lost, named(because)):
		return move{}, false
	case f == nil:
		m.event = "begin"
	case !equal(f.To, left):
		m.event = "cause"
	}
	m.after = &fall{From: survives(from), To: survives(to), Lost: named(because), Cause: because[0].cause, because: because}
	return m, true
}
