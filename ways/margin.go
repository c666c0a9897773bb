package ways

import "slices"

// maxMargin is how many losses are tried at most: beyond it a margin says no more to
// anybody.
const maxMargin = 6

// Margin is how many further losses a goal survives. -1: it is out of reach now; 0:
// the next loss may be the last.
type Margin struct {
	// None says that no set of losses would take the goal.
	None bool
	// More says that the goal survives at least Survives losses; the exact number was
	// not computed, as it is large, or was too much work.
	More     bool
	Survives int
	// Cut is a smallest set of losses that takes the goal.
	Cut []string
}

// Unknown says that nothing was found out: it was too much work.
func (m Margin) Unknown() bool { return m.More && m.Survives < 0 }

// Compare is negative if m is the smaller margin, positive if o is.
func (m Margin) Compare(o Margin) int {
	switch {
	case m.None && o.None:
		return 0
	case m.None:
		return 1
	case o.None:
		return -1
	}
	return m.Survives - o.Survives
}

// Margins is the pair: Now counts what is unproven as lost, IfAllWell as holding.
type Margins struct{ Now, IfAllWell Margin }

// marginWork bounds the search for one margin, in nodes and edges looked at: a second
// or so.
const marginWork = 20_000_000

// Margins computes the margins of a goal. To watch many goals, take a Reckoner.
func (g *Graph) Margins(goal string, s State) Margins {
	n, _, ok := g.goal(goal)
	if !ok {
		return Margins{Now: Margin{Survives: -1}, IfAllWell: Margin{Survives: -1}}
	}
	work := marginWork
	return g.margins(n, g.stand(s), &evidence{}, g.sheet(), &work)
}

// evidence is what a margin was concluded from, in nodes of the graph: plans, each
// with all that it rests on, and a smallest cut. It saves most of the work when a
// margin is computed again: a plan none of which is lost is still one, whatever
// else is, unless it rests on a need that was waived or on a thing that was given.
type evidence [2]struct {
	plans [][]int32
	cut   []int32
}

// mostEvidence is how many nodes the plans kept for one margin may have.
const mostEvidence = 2000

// margins takes what it does off work.
func (g *Graph) margins(goal int32, st *standing, e *evidence, s sheet, work *int) Margins {
	if *work < 0 {
		unknown := Margin{More: true, Survives: -1}
		return Margins{unknown, unknown}
	}
	within := g.model.Goals[int(goal)-len(g.model.Things)-len(g.model.Links)].Within
	p := g.problem(st, ifAllWell, goal, within, s)
	nodes := p.nodes
	m := Margins{IfAllWell: g.margin(p, st, e, ifAllWell, s, work)}
	for _, n := range nodes {
		if st.mark[n]&isUnproven != 0 {
			m.Now = g.margin(g.problem(st, now, goal, within, s), st, e, now, s, work)
			return m
		}
	}
	m.Now = m.IfAllWell
	return m
}

// margin computes one of the pair.
func (g *Graph) margin(p *problem, st *standing, e *evidence, v view, s sheet, work *int) Margin {
	*work -= p.size()
	p, out := p.cleared()
	switch out {
	case isOut:
		return Margin{Survives: -1, Cut: []string{}}
	case isSecure:
		return Margin{None: true}
	}
	h := newHitter(p, min(*work, marginWork))
	before := h.work
	for l, members := range p.losses {
		for _, n := range members {
			s[n] = int32(l)
		}
	}
	for _, plan := range e[v].plans {
		if !slices.ContainsFunc(plan, func(n int32) bool { return st.lost(n, v) }) {
			h.plans = append(h.plans, lossesOf(plan, s))
		}
	}
	hint := lossesOf(e[v].cut, s)
	for _, members := range p.losses {
		for _, n := range members {
			s[n] = none
		}
	}
	cut, low := h.smallest(maxMargin, hint)
	*work -= before - h.work
	e[v].plans, e[v].cut = nil, nil
	for kept, plan := range h.plans {
		var nodes []int32
		for _, l := range plan {
			nodes = append(nodes, p.losses[l]...)
		}
		if (kept+1)*len(nodes) > mostEvidence {
			break
		}
		e[v].plans = append(e[v].plans, nodes)
	}
	if cut == nil {
		return Margin{More: true, Survives: low - 1}
	}
	m := Margin{Survives: len(cut) - 1}
	for _, l := range cut {
		n := p.losses[l][0]
		e[v].cut = append(e[v].cut, n)
		m.Cut = append(m.Cut, g.nodes[n].name)
	}
	slices.Sort(m.Cut)
	return m
}

// lossesOf are the losses that nodes stand for. A node that counts no longer, or no
// more than the rest, stands for none.
func lossesOf(nodes []int32, s sheet) []int32 {
	var losses []int32
	for _, n := range nodes {
		if s[n] != none {
			losses = append(losses, s[n])
		}
	}
	slices.Sort(losses)
	return slices.Compact(losses)
}
