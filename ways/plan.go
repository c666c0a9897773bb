package ways

import (
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// Step is one mend of a plan.
type Step struct {
	Mend chain.Mend
	// From and To are when it can begin and end, counted from now.
	From, To time.Duration
}

// Plan is how a goal is reached from where things stand.
type Plan struct {
	// Reached says that there is a way at all.
	Reached bool
	// Steps are in the order in which they are done; none when nothing is lost.
	Steps []Step
	// Takes is the time of all: machine steps run side by side, those of a person
	// one after the other.
	Takes time.Duration
	// Uses names the things and links that the plan rests on as they are.
	Uses []string
}

// Back is the fastest way back to a goal, unproven counting as lost.
func (g *Graph) Back(goal string, s State) Plan {
	n, ok := g.index[goal]
	if !ok {
		return Plan{}
	}
	return g.plan(n, g.reach(g.stand(s, true), nil, n))
}

func (g *Graph) plan(goal int, r reached) Plan {
	if r.choice[goal] < 0 {
		return Plan{}
	}
	var order []int // nodes after what they need
	seen := make([]bool, len(g.nodes))
	var visit func(n int)
	visit = func(n int) {
		if seen[n] {
			return
		}
		seen[n] = true
		for _, need := range g.nodes[n].options[r.choice[n]].needs {
			if r.choice[need] >= 0 {
				visit(need)
			}
		}
		order = append(order, n)
	}
	visit(goal)
	p := Plan{Reached: true}
	for _, n := range order {
		if g.nodes[n].options[r.choice[n]].itself && g.nodes[n].what != isGoal {
			p.Uses = append(p.Uses, g.nodes[n].name)
		}
	}
	p.Steps = g.schedule(order, r)
	for _, s := range p.Steps {
		p.Takes = max(p.Takes, s.To)
	}
	return p
}

// schedule sets when each mend runs. Nodes stand after what they need. Of a person's
// steps that are ready, the one with the longest rest of the plan behind it goes
// first.
func (g *Graph) schedule(order []int, r reached) []Step {
	tail := make(map[int]time.Duration, len(order))
	for _, n := range slices.Backward(order) {
		o := g.nodes[n].options[r.choice[n]]
		for _, need := range o.needs {
			tail[need] = max(tail[need], add(tail[n], o.takes))
		}
	}
	done := make(map[int]time.Duration, len(order))
	var steps []Step
	person := time.Duration(0) // until when the person is busy
	left := slices.Clone(order)
	for len(left) > 0 {
		// Whatever is ready and needs no person is settled; of the rest one is chosen.
		best, bestAt := -1, time.Duration(0)
		var rest []int
		for _, n := range left {
			o := g.nodes[n].options[r.choice[n]]
			ready, at := true, time.Duration(0)
			for _, need := range o.needs {
				when, ok := done[need]
				if r.choice[need] < 0 { // waived
					ok = true
				}
				ready, at = ready && ok, max(at, when)
			}
			switch {
			case !ready:
				rest = append(rest, n)
			case o.mend < 0:
				done[n] = at
			case g.model.Mends[o.mend].By == chain.Machine:
				done[n] = add(at, o.takes)
				steps = append(steps, Step{g.model.Mends[o.mend], at, done[n]})
			default:
				rest = append(rest, n)
				at = max(at, person)
				if best < 0 || at < bestAt || at == bestAt && tail[n] > tail[best] {
					best, bestAt = n, at
				}
			}
		}
		if len(rest) == len(left) && best >= 0 {
			o := g.nodes[best].options[r.choice[best]]
			person = add(bestAt, o.takes)
			done[best] = person
			steps = append(steps, Step{g.model.Mends[o.mend], bestAt, person})
			rest = slices.DeleteFunc(rest, func(n int) bool { return n == best })
		}
		left = rest
	}
	slices.SortStableFunc(steps, func(a, b Step) int { return int(min(1, max(-1, a.From-b.From))) })
	return steps
}
