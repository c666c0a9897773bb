package ways

import "maps"

// Reckoner keeps the margins of goals and the ways back to them while the state
// changes, and computes anew only what a change can have touched, and only when it is
// asked for. Its answers are those of Graph.Margins and Graph.Back. It is not safe
// for concurrent use.
type Reckoner struct {
	g     *Graph
	st    *standing
	sheet sheet
	goals map[string]*reckoned
	// work is what may still be done before the next change.
	work int
	seen []bool
}

type reckoned struct {
	node     int32
	evidence evidence
	margins  *Margins // nil when not known
	back     *Plan
}

// reckonWork bounds the search for the margins of all goals after one change: some
// seconds.
const reckonWork = 10 * marginWork

// Reckoner returns one that knows the state s.
func (g *Graph) Reckoner(s State) *Reckoner {
	r := &Reckoner{g: g, st: g.stand(s), sheet: g.sheet(), goals: make(map[string]*reckoned, len(g.model.Goals)), work: reckonWork, seen: make([]bool, len(g.nodes))}
	for _, o := range g.model.Goals {
		n, _, _ := g.goal(o.Name)
		r.goals[o.Name] = &reckoned{node: n}
	}
	return r
}

// Change tells what the state is now. It returns the goals, in the model's order,
// for which the answers may be others than before.
func (r *Reckoner) Change(s State) (touched []string) {
	last := r.st
	r.st = r.g.stand(s)
	r.work = reckonWork
	var todo []int32
	forget := false
	for n, m := range r.st.mark {
		if m != last.mark[n] {
			todo = append(todo, int32(n))
			// A given thing that is lost after all: no plan names it as what it rests on.
			forget = forget || !r.g.nodes[n].atom
		}
	}
	if !maps.Equal(r.st.waived, last.waived) {
		forget = true
		for _, w := range []map[[2]int32]bool{r.st.waived, last.waived} {
			for pair := range w {
				todo = append(todo, pair[0])
			}
		}
	}
	var all []int32
	for _, n := range todo {
		r.seen[n] = true
	}
	for len(todo) > 0 {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		all = append(all, n)
		for _, o := range r.g.users[n] {
			if u := r.g.options[o].node; !r.seen[u] {
				r.seen[u] = true
				todo = append(todo, u)
			}
		}
	}
	for _, o := range r.g.model.Goals {
		t := r.goals[o.Name]
		if !r.seen[t.node] {
			continue
		}
		t.margins, t.back = nil, nil
		if forget {
			t.evidence = evidence{}
		}
		touched = append(touched, o.Name)
	}
	for _, n := range all {
		r.seen[n] = false
	}
	return touched
}

// Margins are the margins of a goal.
func (r *Reckoner) Margins(goal string) Margins {
	t := r.goals[goal]
	if t == nil {
		return Margins{Now: Margin{Survives: -1}, IfAllWell: Margin{Survives: -1}}
	}
	if t.margins == nil {
		m := r.g.margins(t.node, r.st, &t.evidence, r.sheet, &r.work)
		t.margins = &m
	}
	return *t.margins
}

// Back is the fastest way back to a goal.
func (r *Reckoner) Back(goal string) Plan {
	t := r.goals[goal]
	if t == nil {
		return Plan{}
	}
	if t.back == nil {
		p := r.g.back(t.node, r.st, r.sheet)
		t.back = &p
	}
	return *t.back
}
