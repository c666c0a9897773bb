package ways

import (
	"slices"
	"time"
)

// problem is what one goal rests on from one standing. Node 0 is the goal.
type problem struct {
	within time.Duration
	// timed says that the time of mends counts; if not, all are fast enough.
	timed   bool
	nodes   []int32 // the graph's, by number here
	first   []int32 // the options of node n are choices[first[n]:first[n+1]]
	choices []choice
	useAt   []int32 // the choices that need node n are uses[useAt[n]:useAt[n+1]]
	uses    []int32
	// losses are what can be lost, each by the loss of any of its members.
	losses [][]int32
}

// choice is an option of a problem.
type choice struct {
	node   int32
	loss   int32 // what makes it impossible, -1 for nothing
	option int32 // the graph's
	takes  time.Duration
	needs  []int32
}

const none = int32(-1)

// sheet is scratch paper, to be used again: for each node of a graph a number, -1
// whenever it is not in use.
type sheet []int32

func (g *Graph) sheet() sheet {
	s := make(sheet, len(g.nodes))
	for i := range s {
		s[i] = none
	}
	return s
}

// problem collects what goal rests on. Mends that take longer than limit are left
// out. The losses are not yet numbered: each is the node of the graph.
func (g *Graph) problem(st *standing, v view, goal int32, limit time.Duration, s sheet) *problem {
	p := &problem{within: limit, nodes: append(make([]int32, 0, 64), goal), first: make([]int32, 0, 65), choices: make([]choice, 0, 64)}
	s[goal] = 0
	var longest time.Duration
	for at := 0; at < len(p.nodes); at++ {
		n := p.nodes[at]
		p.first = append(p.first, int32(len(p.choices)))
		slowest := time.Duration(0)
		for _, i := range g.nodes[n].options {
			o := &g.options[i]
			if o.itself && st.lost(n, v) || o.takes > limit {
				continue
			}
			c := choice{node: int32(at), loss: none, option: i, takes: o.takes, needs: make([]int32, 0, len(o.needs))}
			if o.itself && g.nodes[n].atom {
				c.loss = n
			}
			waiving := o.itself && st.mark[n]&isWaiving != 0
			for _, need := range o.needs {
				if waiving && st.waived[[2]int32{n, need}] {
					continue
				}
				if s[need] == none {
					s[need] = int32(len(p.nodes))
					p.nodes = append(p.nodes, need)
				}
				c.needs = append(c.needs, s[need])
			}
			slowest = max(slowest, o.takes)
			p.choices = append(p.choices, c)
		}
		longest = add(longest, slowest)
	}
	p.first = append(p.first, int32(len(p.choices)))
	for _, n := range p.nodes {
		s[n] = none
	}
	p.timed = longest > limit
	p.index()
	return p
}

// index lists who needs what.
func (p *problem) index() {
	p.useAt = make([]int32, len(p.nodes)+1)
	total := 0
	for _, c := range p.choices {
		total += len(c.needs)
		for _, n := range c.needs {
			p.useAt[n+1]++
		}
	}
	for n := range p.nodes {
		p.useAt[n+1] += p.useAt[n]
	}
	p.uses = make([]int32, total)
	next := slices.Clone(p.useAt)
	for i, c := range p.choices {
		for _, n := range c.needs {
			p.uses[next[n]] = int32(i)
			next[n]++
		}
	}
}

func (p *problem) of(n int32) []choice     { return p.choices[p.first[n]:p.first[n+1]] }
func (p *problem) usersOf(n int32) []int32 { return p.uses[p.useAt[n]:p.useAt[n+1]] }

// size is how much work it is to go through a problem once.
func (p *problem) size() int {
	n := len(p.nodes) + len(p.choices) + len(p.uses)
	if p.timed {
		n *= 4
	}
	return n
}

// rewrite leaves out choices, and needs of those that stay, and then what the goal no
// longer rests on.
func (p *problem) rewrite(keep func(i int32) bool, needed func(n int32) bool) *problem {
	q := &problem{
		within: p.within, timed: p.timed, losses: p.losses, nodes: make([]int32, 0, len(p.nodes)),
		first: make([]int32, 0, len(p.nodes)+1), choices: make([]choice, 0, len(p.choices)),
	}
	room := make([]int32, 0, len(p.uses)) // for all needs together
	number := make([]int32, len(p.nodes))
	for i := range number {
		number[i] = none
	}
	old := append(make([]int32, 0, len(p.nodes)), 0)
	number[0] = 0
	for at := 0; at < len(old); at++ {
		n := old[at]
		q.nodes = append(q.nodes, p.nodes[n])
		q.first = append(q.first, int32(len(q.choices)))
		for i := p.first[n]; i < p.first[n+1]; i++ {
			if !keep(i) {
				continue
			}
			c := p.choices[i]
			c.node = int32(at)
			begin := len(room)
			for _, need := range c.needs {
				if !needed(need) {
					continue
				}
				if number[need] == none {
					number[need] = int32(len(old))
					old = append(old, need)
				}
				room = append(room, number[need])
			}
			c.needs = room[begin:len(room):len(room)]
			q.choices = append(q.choices, c)
		}
	}
	q.first = append(q.first, int32(len(q.choices)))
	q.index()
	return q
}

// outcome is what clearing a problem may find out at once.
type outcome uint8

const (
	open     outcome = iota
	isOut            // the goal is out of reach as things stand
	isSecure         // no loss takes the goal
)

// cleared makes a problem ready for questions about cuts.
func (p *problem) cleared() (*problem, outcome) {
	best := p.reach(nil, false, none)
	if !best.had(0) || best.at(0) > p.within {
		return nil, isOut
	}
	worst := p.reach(nil, true, none)
	if worst.had(0) && worst.at(0) <= p.within {
		return nil, isSecure
	}
	switch q, ok := p.untimed(best, worst); {
	case ok:
		p = q
	case p.timed:
		p = p.rewrite(func(i int32) bool { return p.possible(i, best) }, func(int32) bool { return true })
	default:
		p = p.rewrite(func(i int32) bool { return p.possible(i, best) }, func(n int32) bool { return !worst.had(n) })
	}
	if idle := p.dominated(); idle != nil {
		p = p.rewrite(func(i int32) bool { return !idle[i] }, func(int32) bool { return true })
	}
	if p.gather() && !p.timed {
		sure := p.reach(nil, true, none)
		p = p.rewrite(func(int32) bool { return true }, func(n int32) bool { return !sure.had(n) })
	}
	p.number()
	return p, open
}

// possible reports whether all that a choice needs can be had in time.
func (p *problem) possible(i int32, best *reached) bool {
	for _, n := range p.choices[i].needs {
		if !best.had(n) || best.at(n) > p.within {
			return false
		}
	}
	return true
}

// dominated finds choices beside which another of the same node needs no more, takes
// no longer and cannot be lost; nil if there are none.
func (p *problem) dominated() (idle []bool) {
	for n := range p.nodes {
		first, past := p.first[n], p.first[n+1]
		if past-first < 2 || past-first > 8 {
			continue
		}
		for i := first; i < past; i++ {
			for j := first; j < past; j++ {
				a, b := &p.choices[i], &p.choices[j]
				if i == j || b.loss != none || len(b.needs) > len(a.needs) || p.timed && b.takes > a.takes || idle != nil && idle[j] {
					continue
				}
				if contains(a.needs, b.needs) {
					if idle == nil {
						idle = make([]bool, len(p.choices))
					}
					idle[i] = true
					break
				}
			}
		}
	}
	return idle
}

// contains reports whether all of part is in whole; neither is long.
func contains(whole, part []int32) bool {
	if len(whole)*len(part) > 1000 {
		return false // so long that it is not worth the search
	}
	for _, n := range part {
		if !slices.Contains(whole, n) {
			return false
		}
	}
	return true
}

// gather takes losses of the same effect together: a node that can be had by one
// choice only, for the sake of one choice only, is lost exactly when that is. Each
// loss moves up as far as it has the same effect, and those that meet become one. It
// reports whether any did.
func (p *problem) gather() (moved bool) {
	kills := map[int32]int{}
	for _, c := range p.choices {
		if c.loss != none {
			kills[c.loss]++
		}
	}
	top := make([]int32, len(p.choices)) // where a loss moves to, plus one
	var path []int32
	find := func(i int32) int32 {
		path = path[:0]
		for top[i] == 0 {
			path = append(path, i)
			n := p.choices[i].node
			if n == 0 || p.first[n+1]-p.first[n] != 1 {
				break
			}
			users := p.usersOf(n)
			if len(users) != 1 {
				break
			}
			if l := p.choices[users[0]].loss; l != none && kills[l] != 1 {
				break
			}
			i = users[0]
		}
		end := i
		if top[i] != 0 {
			end = top[i] - 1
		}
		for _, i := range path {
			top[i] = end + 1
		}
		return end
	}
	type group struct{ members []int32 }
	groups := map[int32]*group{} // by the choice that is lost
	var order []int32
	for i := range p.choices {
		c := &p.choices[i]
		if c.loss == none || kills[c.loss] != 1 {
			continue
		}
		to := find(int32(i))
		if groups[to] == nil {
			groups[to] = &group{}
			order = append(order, to)
		}
		groups[to].members = append(groups[to].members, c.loss)
		moved = moved || to != int32(i)
		c.loss = none
	}
	// From here on a loss is a number of p.losses.
	several := map[int32]int32{}
	for i := range p.choices {
		c := &p.choices[i]
		if c.loss == none {
			continue
		}
		k, ok := several[c.loss]
		if !ok {
			k = int32(len(p.losses))
			several[c.loss] = k
			p.losses = append(p.losses, []int32{c.loss})
		}
		c.loss = k
	}
	for _, i := range order {
		p.choices[i].loss = int32(len(p.losses))
		p.losses = append(p.losses, groups[i].members)
	}
	return moved
}

// number gives the losses numbers in the order in which they are met going down from
// the goal, which keeps diagrams small, and drops those that are not met.
func (p *problem) number() {
	renamed := make([]int32, len(p.losses))
	for i := range renamed {
		renamed[i] = none
	}
	var losses [][]int32
	seen := make([]bool, len(p.nodes))
	for todo := []int32{0}; len(todo) > 0; {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[n] {
			continue
		}
		seen[n] = true
		for i := p.first[n+1] - 1; i >= p.first[n]; i-- {
			todo = append(todo, p.choices[i].needs...)
		}
		for i := p.first[n]; i < p.first[n+1]; i++ {
			c := &p.choices[i]
			if c.loss == none {
				continue
			}
			if renamed[c.loss] == none {
				renamed[c.loss] = int32(len(losses))
				losses = append(losses, p.losses[c.loss])
			}
			c.loss = renamed[c.loss]
		}
	}
	p.losses = losses
}
