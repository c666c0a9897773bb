package ways

import (
	"slices"
	"time"
)

// maxMargin is how many losses are tried at most: beyond it a margin says no more to
// anybody.
const maxMargin = 6

// Margin is how many further losses a goal survives. -1: it is out of reach now; 0:
// the next loss may be the last.
type Margin struct {
	// None says that no set of losses would take the goal.
	None bool
	// More says that the goal survives at least Survives losses; the exact number was
	// not computed.
	More     bool
	Survives int
	// Cut is a smallest set of losses that takes the goal.
	Cut []string
}

// Margins is the pair: Now counts what is unproven as lost, IfAllWell as holding.
type Margins struct{ Now, IfAllWell Margin }

// Margins computes the margins of a goal.
func (g *Graph) Margins(goal string, s State) Margins {
	return Margins{Now: g.margin(goal, s, true), IfAllWell: g.margin(goal, s, false)}
}

func (g *Graph) margin(goal string, s State, unprovenLost bool) Margin {
	c, ok := g.cutter(goal, s, unprovenLost)
	if !ok {
		return Margin{Survives: -1}
	}
	size, cut := c.smallest(maxMargin)
	switch {
	case size >= 0:
		return Margin{Survives: size - 1, Cut: g.namesOf(cut)}
	case c.unhittable():
		return Margin{None: true}
	}
	return Margin{More: true, Survives: maxMargin}
}

func (g *Graph) cutter(goal string, s State, unprovenLost bool) (*cutter, bool) {
	n, ok := g.index[goal]
	if !ok {
		return nil, false
	}
	return &cutter{g: g, st: g.stand(s, unprovenLost), goal: n, within: g.within(goal)}, true
}

func (g *Graph) within(goal string) time.Duration {
	for _, o := range g.model.Goals {
		if o.Name == goal {
			return o.Within
		}
	}
	return 0
}

// Cuts lists the minimal cut sets of a goal of at most order losses, the smallest
// first: single points of failure, pairs, triples. What is unproven counts as holding.
func (g *Graph) Cuts(goal string, s State, order int) [][]string {
	c, ok := g.cutter(goal, s, false)
	if !ok {
		return nil
	}
	var cuts [][]string
	for _, cut := range c.all(order) {
		cuts = append(cuts, g.namesOf(cut))
	}
	return cuts
}

func (g *Graph) namesOf(nodes []int) []string {
	names := make([]string, len(nodes))
	for i, n := range nodes {
		names[i] = g.nodes[n].name
	}
	slices.Sort(names)
	return names
}

// Weight is how much rests on one thing or link.
type Weight struct {
	Name string
	// Cuts is in how many minimal cut sets it is; Weight counts each by the inverse
	// of its size, so that a single point of failure weighs most.
	Cuts   int
	Weight float64
}

// Importance weighs what is in the cut sets, the heaviest first.
func Importance(cuts [][]string) []Weight {
	sum := map[string]*Weight{}
	for _, cut := range cuts {
		for _, name := range cut {
			w := sum[name]
			if w == nil {
				w = &Weight{Name: name}
				sum[name] = w
			}
			w.Cuts++
			w.Weight += 1 / float64(len(cut))
		}
	}
	all := make([]Weight, 0, len(sum))
	for _, w := range sum {
		all = append(all, *w)
	}
	slices.SortFunc(all, func(a, b Weight) int {
		switch {
		case a.Weight != b.Weight:
			return int(max(-1, min(1, (b.Weight-a.Weight)*1e9)))
		case a.Name < b.Name:
			return -1
		}
		return 1
	})
	return all
}
