// Package ways computes what can be had, the fastest way back, and how many losses
// a goal survives.
//
// A chain is seen as a monotone AND/OR graph. Each thing, link and goal is had by
// any of its options: a thing or link by itself, if it is not lost and all that it
// needs is had; by a mend, if all that the mend needs is had, after the time that
// it takes; a goal by any of its ways. Circles, which only mends can make, give
// nothing: what is had is the least fixpoint.
//
// It is pure: no I/O, no clock, no state of its own.
package ways

import (
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// Graph is a chain made ready for computing. It does not change and may be used by
// several goroutines.
type Graph struct {
	model chain.Model
	nodes []node
	index map[string]int
	// users lists, for each node, the options that name it.
	users [][]use
}

// node is a thing, a link or a goal.
type node struct {
	name string
	what what
	// atom says that the node can fail by itself: a link, or a thing that is not
	// given.
	atom    bool
	options []option
}

type what uint8

const (
	isThing what = iota
	isLink
	isGoal
)

// option is one means of having a node.
type option struct {
	// itself says that the node must not be lost.
	itself bool
	needs  []int
	// mend is the mend's place in the model, -1 for none.
	mend  int
	takes time.Duration
}

// use is an option that waits for a node.
type use struct{ node, option int }

// New makes a graph of a model that chain.New accepts.
func New(m chain.Model) *Graph {
	g := &Graph{model: m, index: map[string]int{}}
	add := func(name string, w what, atom bool) {
		g.index[name] = len(g.nodes)
		g.nodes = append(g.nodes, node{name: name, what: w, atom: atom})
	}
	for _, t := range m.Things {
		add(t.Name, isThing, !t.Given)
	}
	for _, l := range m.Links {
		add(l.Name, isLink, true)
	}
	for _, o := range m.Goals {
		add(o.Name, isGoal, false)
	}
	give := func(name string, o option) {
		n := &g.nodes[g.index[name]]
		n.options = append(n.options, o)
	}
	for _, t := range m.Things {
		give(t.Name, option{itself: true, needs: g.all(t.Needs), mend: -1})
	}
	for _, l := range m.Links {
		give(l.Name, option{itself: true, needs: g.all(l.Needs), mend: -1})
	}
	for _, o := range m.Goals {
		for _, w := range o.Ways {
			give(o.Name, option{needs: g.all(w.Links), mend: -1})
		}
	}
	for i, d := range m.Mends {
		give(d.For, option{needs: g.all(d.Needs), mend: i, takes: d.Takes})
	}
	g.users = make([][]use, len(g.nodes))
	for i, n := range g.nodes {
		for j, o := range n.options {
			for _, need := range o.needs {
				g.users[need] = append(g.users[need], use{i, j})
			}
		}
	}
	return g
}

// all maps names to nodes, each once.
func (g *Graph) all(names []string) []int {
	var nodes []int
	seen := map[int]bool{}
	for _, name := range names {
		if n := g.index[name]; !seen[n] {
			seen[n] = true
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// State is what is lost, and what is not known.
type State struct {
	// Lost names things that are lost, and links that are broken by themselves.
	Lost []string
	// Unproven names links that nobody has proved lately.
	Unproven []string
	// Waived lists needs that a link does without, as it holds while they are
	// broken.
	Waived []chain.Oddity
}

// standing is a state made ready: what each node is by itself.
type standing struct {
	lost   []bool
	waived map[[2]int]bool
}

// stand makes s ready; unproven counts as lost, or as holding.
func (g *Graph) stand(s State, unprovenLost bool) standing {
	st := standing{lost: make([]bool, len(g.nodes)), waived: map[[2]int]bool{}}
	mark := func(names []string) {
		for _, name := range names {
			if n, ok := g.index[name]; ok && g.nodes[n].what != isGoal {
				st.lost[n] = true
			}
		}
	}
	mark(s.Lost)
	if unprovenLost {
		mark(s.Unproven)
	}
	for _, o := range s.Waived {
		l, ok := g.index[o.Link]
		n, ok2 := g.index[o.Need]
		if ok && ok2 {
			st.waived[[2]int{l, n}] = true
		}
	}
	return st
}
