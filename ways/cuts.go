package ways

import (
	"cmp"
	"slices"
)

// Cuts are the minimal cut sets of a goal: single points of failure, pairs, triples.
type Cuts struct {
	// Sets lists them, the smallest first.
	Sets [][]string
	// Complete is up to how many losses Sets holds all of them: what was asked for, or
	// less if that was too much work or they were too many to list.
	Complete int
	// Counts says how many there are of each size, beginning with 0, as far as is
	// known; that may be further than they are listed.
	Counts []int
	// By is the method that found them.
	By Method
}

// Method is how cut sets are found. All give the same.
type Method uint8

const (
	// Auto takes diagrams, and hitting sets where they grow too large.
	Auto Method = iota
	Diagrams
	HittingSets
)

func (m Method) String() string { return [...]string{"auto", "diagrams", "hitting sets"}[m] }

const (
	// mostSets is how many cut sets are listed.
	mostSets = 200_000
	// mostNodes and mostSteps bound the diagrams of one question: some 100 MB and
	// some seconds.
	mostNodes = 2 << 20
	mostSteps = 40_000_000
	// mostWork bounds hitting sets, in nodes and edges looked at: some seconds.
	mostWork = 50_000_000
	// mostLosses is how many losses are put into diagrams.
	mostLosses = 100_000
	// mostOrder is the largest order that diagrams can tell apart.
	mostOrder = 1000
)

// Cuts finds the minimal cut sets of a goal of at most order losses. What is unproven
// counts as holding. Of a goal that is out of reach, the one cut set is empty.
func (g *Graph) Cuts(goal string, s State, order int) Cuts { return g.CutsBy(Auto, goal, s, order) }

// CutsBy is Cuts by a method of one's choice.
func (g *Graph) CutsBy(m Method, goal string, s State, order int) Cuts {
	order = max(0, min(order, mostOrder))
	c := Cuts{Complete: order, Counts: make([]int, order+1), By: m}
	n, within, ok := g.goal(goal)
	if !ok {
		return c
	}
	p, out := g.problem(g.stand(s), ifAllWell, n, within, g.sheet()).cleared()
	switch out {
	case isOut:
		c.Sets, c.Counts[0] = [][]string{{}}, 1
		return c
	case isSecure:
		return c
	}
	c.Complete, c.Counts = 0, c.Counts[:1]
	steps, work := mostSteps, mostWork
	for k := 1; k <= order; k++ {
		more, all, ok := Cuts{}, false, false
		if m != HittingSets {
			more, all, ok = g.byDiagrams(p, k, &steps)
		}
		if !ok && m != Diagrams {
			more, ok = g.byHitting(p, k, &work)
		}
		if !ok {
			break
		}
		c = more
		if all { // no cut set has more losses
			c.Counts = append(c.Counts, make([]int, order-k)...)
			if c.Complete == k {
				c.Complete = order
			}
			break
		}
		if c.Complete < k {
			break // they cannot be listed any more
		}
	}
	return c
}

// byDiagrams finds the cut sets of at most order losses; all says that there are no
// others.
func (g *Graph) byDiagrams(p *problem, order int, steps *int) (c Cuts, all, ok bool) {
	if p.timed || len(p.losses) > mostLosses {
		return c, false, false
	}
	d := newDiagrams(mostNodes, *steps)
	f, ok := p.failure(d, order)
	*steps = d.work
	if !ok {
		return c, false, false
	}
	c = Cuts{By: Diagrams, Counts: d.counts(f, order, func(v int32) int { return len(p.losses[v]) })}
	total := 0
	for c.Complete = 0; c.Complete < order; c.Complete++ {
		if total = plus(total, c.Counts[c.Complete+1]); total > mostSets {
			break
		}
	}
	cut := d.cut
	d.each(d.upTo(f, c.Complete), func(set []int32) { c.Sets = g.spell(c.Sets, p, set) })
	sortSets(c.Sets)
	return c, !cut, true
}

// byHitting is byDiagrams by hitting sets.
func (g *Graph) byHitting(p *problem, order int, work *int) (c Cuts, ok bool) {
	h := newHitter(p, *work)
	found, ok := h.cuts(order, mostSets)
	*work = h.work
	if !ok {
		return c, false
	}
	c = Cuts{By: HittingSets, Complete: order, Counts: make([]int, order+1)}
	total := 0
	for _, set := range found {
		n := 1
		for _, l := range set {
			n = product(n, len(p.losses[l]))
		}
		c.Counts[len(set)] = plus(c.Counts[len(set)], n)
		total = plus(total, n)
	}
	if total > mostSets {
		return c, false
	}
	for _, set := range found {
		c.Sets = g.spell(c.Sets, p, set)
	}
	sortSets(c.Sets)
	return c, true
}

// spell adds to sets what a set of losses stands for: each loss is any of its members.
func (g *Graph) spell(sets [][]string, p *problem, losses []int32) [][]string {
	pick := make([]int, len(losses))
	for {
		set := make([]string, len(losses))
		for i, l := range losses {
			set[i] = g.nodes[p.losses[l][pick[i]]].name
		}
		slices.Sort(set)
		sets = append(sets, set)
		i := 0
		for ; i < len(losses); i++ {
			if pick[i]++; pick[i] < len(p.losses[losses[i]]) {
				break
			}
			pick[i] = 0
		}
		if i == len(losses) {
			return sets
		}
	}
}

func sortSets(sets [][]string) {
	slices.SortFunc(sets, func(a, b []string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), slices.Compare(a, b))
	})
}
