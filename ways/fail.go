package ways

import (
	"cmp"
	"slices"
)

// failure computes the minimal cuts of at most order losses of a problem in which
// times do not count. A choice fails when its loss or one of its needs does, a node
// when all its choices do. The nodes of a circle begin as failed and are computed
// until they stand still. It reports false if the diagrams were full.
func (p *problem) failure(d *diagrams, order int) (family, bool) {
	fails := make([]family, len(p.nodes))
	var any []family
	node := func(n int32) family {
		f := always
		for _, c := range p.of(n) {
			if d.work -= 1 + len(c.needs); d.work < 0 {
				d.full = true
				return nothing
			}
			any = any[:0]
			if c.loss != none {
				any = append(any, d.node(c.loss, nothing, always))
			}
			for _, need := range c.needs {
				any = append(any, fails[need])
			}
			f = d.and(f, d.anyOf(any), order)
		}
		return f
	}
	for _, circle := range p.circles() {
		if n := circle[0]; len(circle) == 1 && !p.needsItself(n) {
			fails[n] = node(n)
			continue
		}
		waits := make(map[int32]bool, len(circle)) // whether it is to be computed, for each in the circle
		for _, n := range circle {
			fails[n], waits[n] = always, true
		}
		for todo := circle; len(todo) > 0 && !d.full; {
			n := todo[0]
			todo, waits[n] = todo[1:], false
			f := node(n)
			if f == fails[n] {
				continue
			}
			fails[n] = f
			for _, u := range p.usersOf(n) {
				user := p.choices[u].node
				if waiting, in := waits[user]; in && !waiting {
					waits[user] = true
					todo = append(todo, user)
				}
			}
		}
	}
	return fails[0], !d.full
}

func (p *problem) needsItself(n int32) bool {
	return slices.ContainsFunc(p.of(n), func(c choice) bool { return slices.Contains(c.needs, n) })
}

// anyOf joins families, those of the last losses first: many single losses are joined
// in one step each.
func (d *diagrams) anyOf(families []family) family {
	slices.SortFunc(families, func(f, g family) int {
		return cmp.Or(cmp.Compare(d.nodes[g].v, d.nodes[f].v), cmp.Compare(f, g))
	})
	all := nothing
	for _, f := range families {
		all = d.or(f, all)
	}
	return all
}
