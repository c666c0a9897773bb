package ways

import (
	"cmp"
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
	// Steps are in the order in which they begin; none when nothing is lost. Each
	// begins when all that it needs is had.
	Steps []Step
	// Takes is the time of all: machine steps run side by side, those of a person
	// one after the other.
	Takes time.Duration
	// Uses names the things and links that the plan rests on as they are.
	Uses []string
}

// Back is the fastest way back to a goal, a link or a thing, unproven counting as
// lost: the shortest hyperpath, in which steps overlap as far as their needs allow,
// with one person's steps then put in series.
func (g *Graph) Back(name string, s State) Plan {
	n, ok := g.index[name]
	if !ok {
		return Plan{}
	}
	return g.back(n, g.stand(s), g.sheet())
}

func (g *Graph) back(n int32, st *standing, s sheet) Plan {
	p := g.problem(st, now, n, never, s)
	p.timed = slices.ContainsFunc(p.choices, func(c choice) bool { return c.takes > 0 })
	r := p.reach(nil, false, 0)
	if !r.had(0) {
		return Plan{}
	}
	order := p.inOrder(r)
	plan := Plan{Reached: true}
	for _, n := range order {
		if o := g.options[p.choices[r.by[n]].option]; o.itself {
			plan.Uses = append(plan.Uses, g.nodes[o.node].name)
		}
	}
	plan.Steps = g.schedule(p, order, r)
	for _, s := range plan.Steps {
		plan.Takes = max(plan.Takes, s.To)
	}
	return plan
}

// inOrder lists the nodes of a plan, each after what it needs.
func (p *problem) inOrder(r *reached) (order []int32) {
	const (
		open = 1 + iota
		done
	)
	mark := make([]uint8, len(p.nodes))
	for stack := []int32{0}; len(stack) > 0; {
		n := stack[len(stack)-1]
		switch mark[n] {
		case 0:
			mark[n] = open
			for _, need := range slices.Backward(p.choices[r.by[n]].needs) {
				if mark[need] == 0 {
					stack = append(stack, need)
				}
			}
			continue
		case open:
			mark[n] = done
			order = append(order, n)
		}
		stack = stack[:len(stack)-1]
	}
	return order
}

// schedule sets when each mend runs. Of a person's steps that could begin first, the
// one with the longest rest of the plan behind it goes first.
func (g *Graph) schedule(p *problem, order []int32, r *reached) []Step {
	if !slices.ContainsFunc(order, func(n int32) bool { return g.mendOf(p, r, n) != nil }) {
		return nil
	}
	// Only mends take time. What a mend waits for is the mends below it.
	tail := make(map[int32]time.Duration, len(order))
	for _, n := range slices.Backward(order) {
		c := &p.choices[r.by[n]]
		for _, need := range c.needs {
			tail[need] = max(tail[need], add(tail[n], c.takes))
		}
	}
	missing := make(map[int32]int, len(order))
	users := make(map[int32][]int32, len(order))
	for _, n := range order {
		c := &p.choices[r.by[n]]
		missing[n] = len(c.needs)
		for _, need := range c.needs {
			users[need] = append(users[need], n)
		}
	}
	type task struct {
		node int32
		at   time.Duration // when all that it needs is had
	}
	var steps []Step
	var ready, person []task
	for _, n := range order {
		if missing[n] == 0 {
			ready = append(ready, task{n, 0})
		}
	}
	begin := make(map[int32]time.Duration, len(order))
	done := func(n int32, at time.Duration) {
		for _, u := range users[n] {
			begin[u] = max(begin[u], at)
			if missing[u]--; missing[u] == 0 {
				ready = append(ready, task{u, begin[u]})
			}
		}
	}
	busy := time.Duration(0) // until when the person is
	for len(ready) > 0 || len(person) > 0 {
		// Whatever needs no person is settled first.
		if len(ready) > 0 {
			t := ready[len(ready)-1]
			ready = ready[:len(ready)-1]
			switch m := g.mendOf(p, r, t.node); {
			case m == nil:
				done(t.node, t.at)
			case m.By == chain.Machine:
				to := add(t.at, m.Takes)
				steps = append(steps, Step{*m, t.at, to})
				done(t.node, to)
			default:
				person = append(person, t)
			}
			continue
		}
		best := 0
		for i, t := range person {
			b := person[best]
			if cmp.Or(cmp.Compare(max(t.at, busy), max(b.at, busy)), cmp.Compare(tail[b.node], tail[t.node]), cmp.Compare(t.node, b.node)) < 0 {
				best = i
			}
		}
		t := person[best]
		person = slices.Delete(person, best, best+1)
		m := g.mendOf(p, r, t.node)
		from := max(t.at, busy)
		busy = add(from, m.Takes)
		steps = append(steps, Step{*m, from, busy})
		done(t.node, busy)
	}
	slices.SortStableFunc(steps, func(a, b Step) int { return cmp.Compare(a.From, b.From) })
	return steps
}

// mendOf is the mend by which a plan has node n, nil if there is none.
func (g *Graph) mendOf(p *problem, r *reached, n int32) *chain.Mend {
	if m := g.options[p.choices[r.by[n]].option].mend; m >= 0 {
		return &g.model.Mends[m]
	}
	return nil
}
