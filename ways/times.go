package ways

import "time"

// untimed makes a problem in which times count one in which they do not. A node
// becomes one for each time by which it can be wanted: to have it by then is to have,
// by some choice, all needs by then less what the choice takes. That is exact, and
// there are few such times: one later than the node can ever take is none, one that
// the node makes whatever is lost leaves the need out, and one that it cannot make
// leaves the choice out.
//
// It reports false if p has no times, or if there were too many.
func (p *problem) untimed(best, worst *reached) (*problem, bool) {
	if !p.timed {
		return nil, false
	}
	latest := p.latest(best)
	type wanted struct {
		node int32
		by   time.Duration
	}
	number := map[wanted]int32{}
	var all []wanted
	get := func(n int32, by time.Duration) int32 {
		if by >= latest[n] {
			by = never
		}
		w := wanted{n, by}
		i, ok := number[w]
		if !ok {
			i = int32(len(all))
			number[w] = i
			all = append(all, w)
		}
		return i
	}
	most := 10_000 + p.size()/2 // for a small problem plenty, for a large one twice its size
	work := 0
	q := &problem{within: p.within}
	get(0, p.within)
	for at := 0; at < len(all); at++ {
		w := all[at]
		q.nodes = append(q.nodes, p.nodes[w.node])
		q.first = append(q.first, int32(len(q.choices)))
		for i := p.first[w.node]; i < p.first[w.node+1]; i++ {
			c := p.choices[i]
			if work += 1 + len(c.needs); work > most {
				return nil, false
			}
			if c.takes > w.by {
				continue
			}
			by := w.by
			if by != never {
				by -= c.takes
			}
			possible := true
			for _, n := range c.needs {
				possible = possible && best.had(n) && best.at(n) <= by
			}
			if !possible {
				continue
			}
			needs := make([]int32, 0, len(c.needs))
			for _, n := range c.needs {
				if !worst.had(n) || worst.at(n) > by {
					needs = append(needs, get(n, by))
				}
			}
			q.choices = append(q.choices, choice{node: int32(at), loss: c.loss, option: c.option, needs: needs})
		}
	}
	q.first = append(q.first, int32(len(q.choices)))
	q.index()
	return q, true
}

// latest is, for each node, a time by which it is had if it is had at all, whatever
// is lost: no plan does a mend twice.
func (p *problem) latest(best *reached) []time.Duration {
	latest := make([]time.Duration, len(p.nodes))
	for _, circle := range p.circles() {
		in := map[int32]bool{}
		for _, n := range circle {
			in[n] = true
		}
		var last, mends time.Duration
		for _, n := range circle {
			slowest := time.Duration(0)
			for i := p.first[n]; i < p.first[n+1]; i++ {
				c := &p.choices[i]
				begin := time.Duration(0)
				for _, need := range c.needs {
					if !best.had(need) {
						begin = -1
						break
					}
					if !in[need] {
						begin = max(begin, latest[need])
					}
				}
				if begin >= 0 {
					last, slowest = max(last, begin), max(slowest, c.takes)
				}
			}
			mends = add(mends, slowest)
		}
		for _, n := range circle {
			latest[n] = add(last, mends)
		}
	}
	return latest
}

// circles lists the strongly connected components, each after all that it needs
// (R. Tarjan, 1972; with a stack of its own, for the sake of long chains).
func (p *problem) circles() (all [][]int32) {
	type frame struct {
		node         int32
		choice, need int32
	}
	const unseen = int32(0)
	order := make([]int32, len(p.nodes)) // when met, from 1
	low := make([]int32, len(p.nodes))
	open := make([]bool, len(p.nodes))
	var stack []int32
	var met int32
	for root := range p.nodes {
		if order[root] != unseen {
			continue
		}
		var walk []frame
		enter := func(n int32) {
			met++
			order[n], low[n], open[n] = met, met, true
			stack = append(stack, n)
			walk = append(walk, frame{node: n, choice: p.first[n]})
		}
		enter(int32(root))
		for len(walk) > 0 {
			f := &walk[len(walk)-1]
			switch {
			case f.choice < p.first[f.node+1] && int(f.need) < len(p.choices[f.choice].needs):
				n := p.choices[f.choice].needs[f.need]
				f.need++
				if order[n] == unseen {
					enter(n)
				} else if open[n] {
					low[f.node] = min(low[f.node], order[n])
				}
			case f.choice < p.first[f.node+1]:
				f.choice++
				f.need = 0
			default:
				n := f.node
				walk = walk[:len(walk)-1]
				if len(walk) > 0 {
					up := walk[len(walk)-1].node
					low[up] = min(low[up], low[n])
				}
				if low[n] == order[n] {
					at := len(stack) - 1
					for stack[at] != n {
						at--
					}
					circle := append([]int32(nil), stack[at:]...)
					for _, m := range circle {
						open[m] = false
					}
					stack = stack[:at]
					all = append(all, circle)
				}
			}
		}
	}
	return all
}
