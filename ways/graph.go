package ways

import (
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// Graph is a chain made ready for computing. It does not change and may be used by
// several goroutines.
type Graph struct {
	model   chain.Model
	nodes   []node
	options []option
	index   map[string]int32
	// users lists, for each node, the options that need it.
	users [][]int32
}

// node is a thing, a link or a goal.
type node struct {
	name string
	what what
	// atom says that the node can fail by itself: a link, or a thing that is neither
	// given nor absent.
	atom    bool
	options []int32
}

type what uint8

const (
	isThing what = iota
	isLink
	isGoal
)

// option is one means of having a node.
type option struct {
	node int32
	// itself says that the node must not be lost.
	itself bool
	// mend is the mend's place in the model, -1 for none.
	mend  int32
	takes time.Duration
	needs []int32
}

// New makes a graph of a model. What chain.New would refuse is not refused here, but
// gives nothing: a need that does not exist is never had, nor is a circle.
func New(m chain.Model) *Graph {
	size := len(m.Things) + len(m.Links) + len(m.Goals)
	g := &Graph{model: m, index: make(map[string]int32, size), nodes: make([]node, 0, size)}
	add := func(name string, w what, atom bool) {
		if _, twice := g.index[name]; !twice {
			g.index[name] = int32(len(g.nodes))
		}
		g.nodes = append(g.nodes, node{name: name, what: w, atom: atom})
	}
	for _, t := range m.Things {
		add(t.Name, isThing, !t.Given && !t.Absent)
	}
	for _, l := range m.Links {
		add(l.Name, isLink, true)
	}
	for _, o := range m.Goals {
		add(o.Name, isGoal, false)
	}
	give := func(n int32, o option, needs []string) {
		var ok bool
		if o.needs, ok = g.all(needs); !ok {
			return
		}
		o.node = n
		g.nodes[n].options = append(g.nodes[n].options, int32(len(g.options)))
		g.options = append(g.options, o)
	}
	n := int32(0)
	for _, t := range m.Things {
		if !t.Absent { // else only a mend gets it
			give(n, option{itself: true, mend: -1}, t.Needs)
		}
		n++
	}
	for _, l := range m.Links {
		give(n, option{itself: true, mend: -1}, l.Needs)
		n++
	}
	for _, o := range m.Goals {
		for _, w := range o.Ways {
			give(n, option{mend: -1}, w.Links)
		}
		n++
	}
	for i, d := range m.Mends {
		if n, ok := g.index[d.For]; ok && g.nodes[n].what != isGoal {
			give(n, option{mend: int32(i), takes: max(0, d.Takes)}, d.Needs)
		}
	}
	g.users = make([][]int32, len(g.nodes))
	for i, o := range g.options {
		for _, need := range o.needs {
			g.users[need] = append(g.users[need], int32(i))
		}
	}
	return g
}

// all maps names to nodes, each once; ok is false if one does not exist.
func (g *Graph) all(names []string) (nodes []int32, ok bool) {
	if len(names) == 0 {
		return nil, true
	}
	nodes = make([]int32, 0, len(names))
	for _, name := range names {
		n, ok := g.index[name]
		if !ok {
			return nil, false
		}
		nodes = append(nodes, n)
	}
	return compact(nodes), true
}

// compact drops what comes twice and keeps the order.
func compact(nodes []int32) []int32 {
	if len(nodes) < 16 {
		out := nodes[:0]
	next:
		for _, n := range nodes {
			for _, o := range out {
				if o == n {
					continue next
				}
			}
			out = append(out, n)
		}
		return out
	}
	seen := make(map[int32]bool, len(nodes))
	out := nodes[:0]
	for _, n := range nodes {
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

// goal finds a goal, and how long it may be out of reach.
func (g *Graph) goal(name string) (n int32, within time.Duration, ok bool) {
	n, ok = g.index[name]
	if !ok || g.nodes[n].what != isGoal {
		return 0, 0, false
	}
	return n, g.model.Goals[int(n)-len(g.model.Things)-len(g.model.Links)].Within, true
}

// RestsOn lists all that a goal, link or thing may rest on, by any way and any mend,
// itself first.
func (g *Graph) RestsOn(name string) (names []string) {
	return g.walk(name, func(n int32, visit func(int32)) {
		for _, o := range g.nodes[n].options {
			for _, need := range g.options[o].needs {
				visit(need)
			}
		}
	})
}

// Above lists all that may rest on a goal, link or thing, itself first.
func (g *Graph) Above(name string) (names []string) {
	return g.walk(name, func(n int32, visit func(int32)) {
		for _, o := range g.users[n] {
			visit(g.options[o].node)
		}
	})
}

func (g *Graph) walk(name string, next func(n int32, visit func(int32))) (names []string) {
	from, ok := g.index[name]
	if !ok {
		return nil
	}
	seen := make([]bool, len(g.nodes))
	var todo []int32
	visit := func(n int32) {
		if !seen[n] {
			seen[n] = true
			todo = append(todo, n)
		}
	}
	visit(from)
	for at := 0; at < len(todo); at++ {
		names = append(names, g.nodes[todo[at]].name)
		next(todo[at], visit)
	}
	return names
}

// State is what is lost, and what is not known.
type State struct {
	// Lost names things that are lost, and links that are broken by themselves.
	Lost []string
	// Unproven names links that nobody has proved lately.
	Unproven []string
	// Waived lists needs that a link does without, as it holds while they are
	// broken. Once the link is lost itself, only its mends count, with all they need.
	Waived []chain.Oddity
}

// standing is a state made ready: what each node is by itself.
type standing struct {
	mark   []mark
	waived map[[2]int32]bool // link and need
}

type mark uint8

const (
	isLost mark = 1 << iota
	isUnproven
	isWaiving // has needs that are waived
)

// stand makes s ready. Names that do not exist, and goals, are passed over.
func (g *Graph) stand(s State) *standing {
	st := &standing{mark: make([]mark, len(g.nodes))}
	set := func(names []string, as mark) {
		for _, name := range names {
			if n, ok := g.index[name]; ok && g.nodes[n].what != isGoal {
				st.mark[n] |= as
			}
		}
	}
	set(s.Lost, isLost)
	set(s.Unproven, isUnproven)
	for _, o := range s.Waived {
		l, ok := g.index[o.Link]
		n, ok2 := g.index[o.Need]
		if ok && ok2 {
			if st.waived == nil {
				st.waived = map[[2]int32]bool{}
			}
			st.waived[[2]int32{l, n}] = true
			st.mark[l] |= isWaiving
		}
	}
	return st
}

// view says how what is unproven counts.
type view uint8

const (
	now       view = iota // as lost
	ifAllWell             // as holding
)

// lost reports whether node n cannot be had by itself.
func (st *standing) lost(n int32, v view) bool {
	m := st.mark[n]
	return m&isLost != 0 || m&isUnproven != 0 && v == now
}
