package ways

import (
	"container/heap"
	"math"
	"time"
)

// never is the time of what cannot be had.
const never = time.Duration(math.MaxInt64)

// reached is what can be had, when, and by which option.
type reached struct {
	when   []time.Duration
	choice []int // -1 for none
}

// reach computes the least fixpoint, and with it when each node can be had at the
// soonest: by itself at once, by a mend when the last of its needs is had and the
// mend's own time has passed.
//
// It is Knuth's generalisation of Dijkstra's algorithm (D. E. Knuth, A generalization
// of Dijkstra's algorithm, 1977): the time of an option is a superior function of
// those of its needs, never less than any of them, so that nodes can be settled in
// the order of their times. If goal is not negative it stops there.
func (g *Graph) reach(st standing, also []int, goal int) reached {
	r := reached{when: make([]time.Duration, len(g.nodes)), choice: make([]int, len(g.nodes))}
	waiting := make([][]int, len(g.nodes)) // needs still missing, by option
	lost := func(n int) bool {
		if st.lost[n] {
			return true
		}
		for _, a := range also {
			if a == n {
				return true
			}
		}
		return false
	}
	var queue nodeHeap
	for i, n := range g.nodes {
		r.when[i], r.choice[i] = never, -1
		waiting[i] = make([]int, len(n.options))
		for j, o := range n.options {
			waiting[i][j] = len(o.needs)
			if o.itself {
				if lost(i) {
					waiting[i][j] = math.MaxInt // never ready
					continue
				}
				for _, need := range o.needs {
					if st.waived[[2]int{i, need}] {
						waiting[i][j]--
					}
				}
			}
			if waiting[i][j] == 0 {
				queue = append(queue, offer{o.takes, i, j})
			}
		}
	}
	heap.Init(&queue)
	for len(queue) > 0 {
		best := heap.Pop(&queue).(offer)
		if r.choice[best.node] >= 0 {
			continue
		}
		r.when[best.node], r.choice[best.node] = best.when, best.option
		if best.node == goal {
			return r
		}
		for _, u := range g.users[best.node] {
			o := &g.nodes[u.node].options[u.option]
			if r.choice[u.node] >= 0 || o.itself && st.waived[[2]int{u.node, best.node}] {
				continue
			}
			if waiting[u.node][u.option]--; waiting[u.node][u.option] == 0 {
				heap.Push(&queue, offer{add(best.when, o.takes), u.node, u.option})
			}
		}
	}
	return r
}

// add adds times without going round at the end of their range.
func add(a, b time.Duration) time.Duration {
	if a > never-1-b {
		return never - 1
	}
	return a + b
}

// offer is an option that is ready: when its node could be had by it.
type offer struct {
	when         time.Duration
	node, option int
}

type nodeHeap []offer

func (h nodeHeap) Len() int { return len(h) }
func (h nodeHeap) Less(i, j int) bool {
	if h[i].when != h[j].when {
		return h[i].when < h[j].when
	}
	// What is there already goes before what must be mended first.
	if h[i].node != h[j].node {
		return h[i].node < h[j].node
	}
	return h[i].option < h[j].option
}
func (h nodeHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *nodeHeap) Push(x any)   { *h = append(*h, x.(offer)) }
func (h *nodeHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
