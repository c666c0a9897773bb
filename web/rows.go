package web

import (
	"cmp"
	"slices"
)

// rows orders the nodes of each column so that few lines cross, and sets them level with
// their neighbours.
func (l *layout) rows() {
	var columns [][]*node
	order := 0
	seen := map[*node]bool{}
	var visit func(n *node)
	visit = func(n *node) { // a goal, its ways one after the other, and what they rest on
		if seen[n] {
			return
		}
		seen[n] = true
		for _, f := range n.from {
			visit(f)
		}
		n.order, order = order, order+1
	}
	for _, n := range l.nodes {
		if n.Sort == "goal" {
			visit(n)
		}
	}
	for _, n := range l.nodes {
		visit(n)
	}
	for _, n := range l.nodes {
		for len(columns) <= n.column {
			columns = append(columns, nil)
		}
		columns[n.column] = append(columns[n.column], n)
	}
	for _, c := range columns {
		slices.SortFunc(c, func(a, b *node) int { return cmp.Compare(a.order, b.order) })
		place(c, func(n *node) (float64, bool) { return 0, false })
	}
	for i := range sweeps {
		for j := range columns {
			c, near := columns[j], func(n *node) []*node { return n.from }
			if i%2 == 1 {
				c, near = columns[len(columns)-1-j], func(n *node) []*node { return n.to }
			}
			place(c, func(n *node) (float64, bool) {
				sum := 0.0
				for _, o := range near(n) {
					sum += o.row
				}
				return sum / float64(max(1, len(near(n)))), len(near(n)) > 0
			})
		}
	}
}

// place sets the nodes of a column as near as can be to where they want to be, in the
// order of that, none on another.
func place(c []*node, want func(n *node) (float64, bool)) {
	at := make(map[*node]float64, len(c))
	for _, n := range c {
		at[n] = n.row
		if w, ok := want(n); ok {
			at[n] = w
		}
	}
	slices.SortStableFunc(c, func(a, b *node) int { return cmp.Compare(at[a], at[b]) })
	// Blocks of touching nodes move together to the mean of their wishes.
	type block struct{ sum, size, top float64 }
	var blocks []block
	var members [][]*node
	for _, n := range c {
		size := float64(n.H + rowGap)
		b := block{sum: at[n], size: size, top: at[n] - size/2}
		m := []*node{n}
		for len(blocks) > 0 {
			before := blocks[len(blocks)-1]
			if before.top+before.size <= b.top {
				break
			}
			all := append(members[len(members)-1], m...)
			sum, offset := 0.0, 0.0
			for _, o := range all {
				size := float64(o.H + rowGap)
				sum += at[o] - offset - size/2
				offset += size
			}
			b = block{size: offset, top: sum / float64(len(all))}
			m, blocks, members = all, blocks[:len(blocks)-1], members[:len(members)-1]
		}
		blocks, members = append(blocks, b), append(members, m)
	}
	for i, b := range blocks {
		top := b.top
		for _, n := range members[i] {
			size := float64(n.H + rowGap)
			n.row = top + size/2
			top += size
		}
	}
}
