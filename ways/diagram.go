package ways

import (
	"math"
	"math/bits"
)

// family is a set of sets of losses, none within another: a node of the diagrams.
type family int32

const (
	nothing family = 0 // no set at all: cannot fail
	always  family = 1 // the empty set: has failed already
)

// diagrams are zero-suppressed binary decision diagrams of families that are kept
// minimal: no set of a family holds another.
type diagrams struct {
	nodes []diagram
	table []int32 // of nodes, by hash; 0 for free
	cache []entry // of results, by hash; newer ones overwrite
	// most is how many nodes there may be; work is how many steps are left. When
	// either is used up, full is set and all further results mean nothing.
	most, work int
	full       bool
	// cut says that sets were left out for having too many losses.
	cut bool
}

// diagram is a node: the sets of lo, and those of hi with the loss v added. least and
// largest are the sizes of its smallest and largest sets.
type diagram struct {
	v              int32
	lo, hi         family
	least, largest uint16
}

type entry struct {
	f, g family
	op   int32
	to   family
}

// The operations of the cache; opAnd and opUpTo have the order added.
const (
	opOr      = 1
	opWithout = 2
	opAnd     = 1 << 16
	opUpTo    = 1 << 17
)

const noLoss = int32(math.MaxInt32)

func newDiagrams(most, work int) *diagrams {
	return &diagrams{
		nodes: []diagram{{v: noLoss, least: math.MaxUint16}, {v: noLoss}},
		table: make([]int32, 1<<10), cache: make([]entry, 1<<10), most: most, work: work,
	}
}

func hash(a, b, c int32) uint32 {
	h := uint64(uint32(a))*0x9e3779b97f4a7c15 ^ uint64(uint32(b))*0xc2b2ae3d27d4eb4f ^ uint64(uint32(c))*0x165667b19e3779f9
	h ^= h >> 29
	h *= 0xbf58476d1ce4e5b9
	return uint32(h >> 32)
}

// node makes the family of lo, and of hi with v added.
func (d *diagrams) node(v int32, lo, hi family) family {
	if hi == nothing {
		return lo
	}
	mask := uint32(len(d.table) - 1)
	at := hash(v, int32(lo), int32(hi)) & mask
	for d.table[at] != 0 {
		if n := &d.nodes[d.table[at]]; n.v == v && n.lo == lo && n.hi == hi {
			return family(d.table[at])
		}
		at = (at + 1) & mask
	}
	if len(d.nodes) >= d.most {
		d.full = true
		return nothing
	}
	l, h := &d.nodes[lo], &d.nodes[hi]
	n := diagram{v: v, lo: lo, hi: hi, least: min(l.least, h.least+1), largest: h.largest + 1}
	if lo != nothing {
		n.largest = max(n.largest, l.largest)
	}
	d.nodes = append(d.nodes, n)
	d.table[at] = int32(len(d.nodes) - 1)
	if len(d.nodes)*2 > len(d.table) {
		d.grow()
	}
	return family(len(d.nodes) - 1)
}

func (d *diagrams) grow() {
	d.table = make([]int32, 2*len(d.table))
	d.cache = make([]entry, len(d.table))
	mask := uint32(len(d.table) - 1)
	for i := 2; i < len(d.nodes); i++ {
		n := &d.nodes[i]
		at := hash(n.v, int32(n.lo), int32(n.hi)) & mask
		for d.table[at] != 0 {
			at = (at + 1) & mask
		}
		d.table[at] = int32(i)
	}
}

// known looks a result up, and counts the step.
func (d *diagrams) known(f, g family, op int32) (family, bool) {
	if d.work--; d.work < 0 {
		d.full = true
	}
	if d.full {
		return nothing, true
	}
	e := &d.cache[hash(int32(f), int32(g), op)&uint32(len(d.cache)-1)]
	return e.to, e.f == f && e.g == g && e.op == op
}

func (d *diagrams) keep(f, g family, op int32, to family) family {
	d.cache[hash(int32(f), int32(g), op)&uint32(len(d.cache)-1)] = entry{f, g, op, to}
	return to
}

// or is the minimal sets of both.
func (d *diagrams) or(f, g family) family {
	switch {
	case f == g || g == nothing:
		return f
	case f == nothing:
		return g
	case f == always || g == always:
		return always
	}
	if f > g {
		f, g = g, f
	}
	if to, ok := d.known(f, g, opOr); ok {
		return to
	}
	a, b := d.nodes[f], d.nodes[g]
	var to family
	switch {
	case a.v < b.v:
		lo := d.or(a.lo, g)
		to = d.node(a.v, lo, d.without(a.hi, lo))
	case a.v > b.v:
		lo := d.or(f, b.lo)
		to = d.node(b.v, lo, d.without(b.hi, lo))
	default:
		lo := d.or(a.lo, b.lo)
		to = d.node(a.v, lo, d.without(d.or(a.hi, b.hi), lo))
	}
	return d.keep(f, g, opOr, to)
}

// without is the sets of f that hold no set of g.
func (d *diagrams) without(f, g family) family {
	switch {
	case f == nothing || g == always || f == g:
		return nothing
	case g == nothing || f == always || d.nodes[g].least > d.nodes[f].largest:
		return f
	}
	if to, ok := d.known(f, g, opWithout); ok {
		return to
	}
	a, b := d.nodes[f], d.nodes[g]
	var to family
	switch {
	case a.v < b.v:
		to = d.node(a.v, d.without(a.lo, g), d.without(a.hi, g))
	case a.v > b.v:
		to = d.without(f, b.lo)
	default:
		to = d.node(a.v, d.without(a.lo, b.lo), d.without(d.without(a.hi, b.hi), b.lo))
	}
	return d.keep(f, g, opWithout, to)
}

// and is the minimal unions of a set of each, of at most order losses.
func (d *diagrams) and(f, g family, order int) family {
	switch {
	case f == nothing || g == nothing:
		return nothing
	case int(max(d.nodes[f].least, d.nodes[g].least)) > order:
		d.cut = true
		return nothing
	case f == always || f == g:
		return d.upTo(g, order)
	case g == always:
		return d.upTo(f, order)
	}
	if f > g {
		f, g = g, f
	}
	op := opAnd + int32(order)
	if to, ok := d.known(f, g, op); ok {
		return to
	}
	a, b := d.nodes[f], d.nodes[g]
	if a.v > b.v {
		a, b, f, g = b, a, g, f
	}
	var lo, hi family
	if a.v < b.v {
		lo = d.and(a.lo, g, order)
		hi = d.and(a.hi, g, order-1)
	} else {
		lo = d.and(a.lo, b.lo, order)
		hi = d.or(d.and(a.hi, d.or(b.lo, b.hi), order-1), d.and(a.lo, b.hi, order-1))
	}
	to := d.node(a.v, lo, d.without(hi, lo))
	return d.keep(min(f, g), max(f, g), op, to)
}

// upTo is the sets of f of at most order losses.
func (d *diagrams) upTo(f family, order int) family {
	switch n := &d.nodes[f]; {
	case f == nothing || int(n.largest) <= order:
		return f
	case int(n.least) > order:
		d.cut = true
		return nothing
	}
	if to, ok := d.known(f, 0, opUpTo+int32(order)); ok {
		return to
	}
	n := d.nodes[f]
	to := d.node(n.v, d.upTo(n.lo, order), d.upTo(n.hi, order-1))
	return d.keep(f, 0, opUpTo+int32(order), to)
}

// counts says how many sets of each size f has, where loss v may be any of times(v).
func (d *diagrams) counts(f family, order int, times func(v int32) int) []int {
	seen := map[family][]int{}
	var count func(f family) []int
	count = func(f family) []int {
		if f <= always {
			return []int{int(f)}
		}
		if c, ok := seen[f]; ok {
			return c
		}
		n := d.nodes[f]
		lo, hi := count(n.lo), count(n.hi)
		c := make([]int, max(len(lo), len(hi)+1))
		copy(c, lo)
		for k, m := range hi {
			c[k+1] = plus(c[k+1], product(m, times(n.v)))
		}
		seen[f] = c
		return c
	}
	c := append([]int(nil), count(f)...)
	for len(c) <= order {
		c = append(c, 0)
	}
	return c[:order+1]
}

// plus and product stop at the largest number there is.
func plus(a, b int) int {
	if a > math.MaxInt-b {
		return math.MaxInt
	}
	return a + b
}

func product(a, b int) int {
	if high, low := bits.Mul64(uint64(a), uint64(b)); high == 0 && low <= math.MaxInt {
		return int(low)
	}
	return math.MaxInt
}

// each calls found with every set of f, which it must not keep.
func (d *diagrams) each(f family, found func(set []int32)) {
	var set []int32
	var walk func(f family)
	walk = func(f family) {
		for ; f > always; f = d.nodes[f].lo {
			n := d.nodes[f]
			set = append(set, n.v)
			walk(n.hi)
			set = set[:len(set)-1]
		}
		if f == always {
			found(set)
		}
	}
	walk(f)
}
