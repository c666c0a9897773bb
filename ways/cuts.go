package ways

import (
	"slices"
	"time"
)

// cutter finds the minimal cut sets of one goal, from one standing.
//
// A set of losses is a cut if no plan brings the goal back within its time. The
// complement of cutting is having a plan; and a plan rests on certain things and
// links. So minimal cuts are the minimal sets that hit every plan. Not all plans are
// listed: whenever a set of losses hits all plans that are known, reach is asked; it
// answers that the set is a cut, or with a plan that the set does not hit (an implicit
// hitting set, R. M. Karp; R. Reiter, A theory of diagnosis from first principles,
// 1987). That is exact for any monotone question, with circles and times too.
type cutter struct {
	g      *Graph
	st     standing
	goal   int
	within time.Duration
	paths  [][]int // what each known plan rests on
	asked  int
}

// limit bounds how often reach is asked for one goal.
const limit = 200_000

// path is what a plan rests on that does without lost; ok is false if there is none
// in time.
func (c *cutter) path(lost []int) (path []int, ok bool) {
	for _, p := range c.paths { // a known plan that is not hit will do
		if !slices.ContainsFunc(p, func(n int) bool { return slices.Contains(lost, n) }) {
			return p, true
		}
	}
	c.asked++
	r := c.g.reach(c.st, lost, c.goal)
	if r.choice[c.goal] < 0 || r.when[c.goal] > c.within {
		return nil, false
	}
	seen := map[int]bool{}
	var visit func(n int)
	visit = func(n int) {
		if seen[n] {
			return
		}
		seen[n] = true
		o := c.g.nodes[n].options[r.choice[n]]
		if o.itself && c.g.nodes[n].atom {
			path = append(path, n)
		}
		for _, need := range o.needs {
			if !(o.itself && c.st.waived[[2]int{n, need}]) {
				visit(need)
			}
		}
	}
	visit(c.goal)
	c.paths = append(c.paths, path)
	return path, true
}

// smallest is the size of the smallest cut of at most most losses, -1 if there is
// none, and such a cut.
func (c *cutter) smallest(most int) (size int, cut []int) {
	for size := 0; size <= most; size++ {
		found := false
		c.search(nil, nil, size, func(h []int) bool {
			cut, found = slices.Clone(h), true
			return false
		})
		if found {
			return size, cut
		}
		if c.unhittable() {
			return -1, nil
		}
	}
	return -1, nil
}

// unhittable reports whether some plan rests on nothing that can be lost: then there
// is no cut at all.
func (c *cutter) unhittable() bool {
	return slices.ContainsFunc(c.paths, func(p []int) bool { return len(p) == 0 })
}

// search calls found with every cut of at most order losses that holds all of chosen
// and none of barred, each once; not all are minimal. It stops when found says false.
func (c *cutter) search(chosen, barred []int, order int, found func([]int) bool) bool {
	if c.asked > limit {
		return false
	}
	path, ok := c.path(chosen)
	if !ok {
		return found(chosen)
	}
	if len(chosen) == order {
		return true
	}
	barred = slices.Clone(barred)
	for _, n := range path {
		if slices.Contains(barred, n) {
			continue
		}
		if !c.search(append(chosen[:len(chosen):len(chosen)], n), barred, order, found) {
			return false
		}
		barred = append(barred, n) // sets with n have all been seen
	}
	return true
}

// minimal reports whether no loss of a cut can be left out.
func (c *cutter) minimal(cut []int) bool {
	for i := range cut {
		if _, ok := c.path(slices.Delete(slices.Clone(cut), i, i+1)); !ok {
			return false
		}
	}
	return true
}

// all lists the minimal cuts of at most order losses, in order of size.
func (c *cutter) all(order int) (cuts [][]int) {
	c.search(nil, nil, order, func(h []int) bool {
		if c.minimal(h) {
			h = slices.Clone(h)
			slices.Sort(h)
			cuts = append(cuts, h)
		}
		return true
	})
	slices.SortFunc(cuts, func(a, b []int) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return slices.Compare(a, b)
	})
	return cuts
}
