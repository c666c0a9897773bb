package ways

import (
	"math"
	"time"
)

// never is the time of what cannot be had.
const never = time.Duration(math.MaxInt64)

// reached is what can be had, when, and by which choice.
type reached struct {
	by      []int32         // -1 for none
	when    []time.Duration // nil where times do not count
	waiting []int32         // needs still missing, by choice
	queue   []int32
	offers  offers
}

func (r *reached) had(n int32) bool { return r.by[n] != none }

// at is when a node that is had is had.
func (r *reached) at(n int32) time.Duration {
	if r.when == nil {
		return 0
	}
	return r.when[n]
}

// reach computes the least fixpoint, without the losses that are dead, or without
// any that can be lost if all is true. If stop is not -1 it ends there.
func (p *problem) reach(dead []bool, all bool, stop int32) *reached {
	r := &reached{by: make([]int32, len(p.nodes)), waiting: make([]int32, len(p.choices))}
	if p.timed {
		r.when = make([]time.Duration, len(p.nodes))
	}
	p.reachInto(r, dead, all, stop)
	return r
}

// reachInto is reach with r used again.
//
// With times it is Knuth's generalisation of Dijkstra's algorithm (D. E. Knuth, A
// generalization of Dijkstra's algorithm, 1977): the time of an option is a superior
// function of those of its needs, never less than any of them, so that nodes can be
// settled in the order of their times.
func (p *problem) reachInto(r *reached, dead []bool, all bool, stop int32) {
	for n := range r.by {
		r.by[n] = none
	}
	r.queue, r.offers = r.queue[:0], r.offers[:0]
	for i := range p.choices {
		c := &p.choices[i]
		r.waiting[i] = int32(len(c.needs))
		if c.loss != none && (all || dead != nil && dead[c.loss]) {
			r.waiting[i] = math.MaxInt32 // never ready
		} else if len(c.needs) == 0 {
			p.ready(r, int32(i), 0)
		}
	}
	if !p.timed {
		for at := 0; at < len(r.queue); at++ {
			if r.queue[at] == stop {
				return
			}
			p.tell(r, r.queue[at], 0)
		}
		return
	}
	for len(r.offers) > 0 {
		best := r.offers.pop()
		n := p.choices[best.choice].node
		if r.by[n] != none {
			continue
		}
		r.by[n], r.when[n] = best.choice, best.when
		if n == stop {
			return
		}
		p.tell(r, n, best.when)
	}
}

// tell takes node n, had at when, off the needs of its users.
func (p *problem) tell(r *reached, n int32, when time.Duration) {
	for _, u := range p.usersOf(n) {
		if r.waiting[u]--; r.waiting[u] == 0 {
			p.ready(r, u, when)
		}
	}
}

// ready notes that all that choice i needs is had.
func (p *problem) ready(r *reached, i int32, when time.Duration) {
	c := &p.choices[i]
	switch {
	case r.by[c.node] != none:
	case p.timed:
		r.offers.push(offer{add(when, c.takes), i})
	default:
		r.by[c.node] = i
		r.queue = append(r.queue, c.node)
	}
}

// add adds times without going round at the end of their range.
func add(a, b time.Duration) time.Duration {
	if a > never-1-b {
		return never - 1
	}
	return a + b
}

// offer is a choice that is ready: when its node could be had by it.
type offer struct {
	when   time.Duration
	choice int32
}

// offers is a heap, the soonest first.
type offers []offer

func (h offers) less(i, j int) bool {
	if h[i].when != h[j].when {
		return h[i].when < h[j].when
	}
	return h[i].choice < h[j].choice
}

func (h *offers) push(o offer) {
	*h = append(*h, o)
	for i := len(*h) - 1; i > 0 && h.less(i, (i-1)/2); i = (i - 1) / 2 {
		(*h)[i], (*h)[(i-1)/2] = (*h)[(i-1)/2], (*h)[i]
	}
}

func (h *offers) pop() offer {
	q := *h
	first, last := q[0], len(q)-1
	q[0] = q[last]
	q = q[:last]
	*h = q
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			return first
		}
		if child+1 < last && q.less(child+1, child) {
			child++
		}
		if !q.less(child, i) {
			return first
		}
		q[i], q[child] = q[child], q[i]
		i = child
	}
}
