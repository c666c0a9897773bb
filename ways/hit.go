package ways

import (
	"slices"
	"time"
)

// hitter answers questions about cuts by implicit hitting sets. A set of losses is a
// cut if it hits every plan; but not all plans are listed: whenever a set hits all
// that are known, reach is asked, and answers that it is a cut, or with a plan that
// it does not hit.
type hitter struct {
	p     *problem
	r     *reached
	plans [][]int32 // what each known plan rests on
	// chosen are the losses of the set in hand, dead the same by number; barred ones
	// are not to be chosen, as all sets with them have been seen.
	chosen []int32
	dead   []bool
	barred []bool
	// work is what is left to be done before it gives up.
	work  int
	stamp []int32
	turn  int32
}

func newHitter(p *problem, work int) *hitter {
	r := &reached{by: make([]int32, len(p.nodes)), waiting: make([]int32, len(p.choices))}
	if p.timed {
		r.when = make([]time.Duration, len(p.nodes))
	}
	n := len(p.losses)
	return &hitter{p: p, r: r, dead: make([]bool, n), barred: make([]bool, n), stamp: make([]int32, n), work: work}
}

// ask looks for a plan without what is dead. It is kept.
func (h *hitter) ask() (plan []int32, ok bool) {
	h.work -= h.p.size()
	h.p.reachInto(h.r, h.dead, false, 0)
	if !h.r.had(0) || h.r.at(0) > h.p.within {
		return nil, false
	}
	h.turn++
	seen := make([]bool, len(h.p.nodes))
	seen[0] = true
	for todo := []int32{0}; len(todo) > 0; {
		c := &h.p.choices[h.r.by[todo[len(todo)-1]]]
		todo = todo[:len(todo)-1]
		if c.loss != none && h.stamp[c.loss] != h.turn {
			h.stamp[c.loss] = h.turn
			plan = append(plan, c.loss)
		}
		for _, n := range c.needs {
			if !seen[n] {
				seen[n] = true
				todo = append(todo, n)
			}
		}
	}
	slices.Sort(plan)
	h.plans = append(h.plans, plan)
	return plan, true
}

func (h *hitter) choose(loss int32) {
	h.chosen = append(h.chosen, loss)
	h.dead[loss] = true
}

func (h *hitter) unchoose() {
	last := len(h.chosen) - 1
	h.dead[h.chosen[last]] = false
	h.chosen = h.chosen[:last]
}

// hit reports whether the set in hand hits plan.
func (h *hitter) hit(plan []int32) bool {
	for _, l := range plan {
		if h.dead[l] {
			return true
		}
	}
	return false
}

// unhit picks a known plan that the set in hand does not hit, the one with the fewest
// losses to choose from; nil if all are hit. It reports false if the plans that are
// not hit cannot be hit by left losses more, as that many and one have nothing in
// common.
func (h *hitter) unhit(left int) (plan []int32, ok bool) {
	h.turn++
	fewest, apart := -1, 0
	for _, p := range h.plans {
		h.work -= len(p)
		free, common := 0, false
		if h.hit(p) {
			continue
		}
		for _, l := range p {
			if !h.barred[l] {
				free++
				common = common || h.stamp[l] == h.turn
			}
		}
		if !common {
			if apart++; apart > left {
				return nil, false
			}
			for _, l := range p {
				if !h.barred[l] {
					h.stamp[l] = h.turn
				}
			}
		}
		if fewest < 0 || free < fewest {
			fewest, plan = free, p
		}
	}
	return plan, fewest != 0
}

// search calls found with every cut that holds the set in hand, none of the barred
// and at most left losses more, each once; not all are minimal. It stops, and says
// false, when found says false or the work is used up.
func (h *hitter) search(left int, found func() bool) bool {
	if h.work < 0 {
		return false
	}
	plan, ok := h.unhit(left)
	if !ok {
		return true
	}
	if plan == nil {
		if plan, ok = h.ask(); !ok {
			return found()
		}
	}
	if left == 0 {
		return true
	}
	var seen []int32
	going := true
	for _, l := range plan {
		if h.barred[l] {
			continue
		}
		h.choose(l)
		going = h.search(left-1, found)
		h.unchoose()
		if !going {
			break
		}
		h.barred[l] = true
		seen = append(seen, l)
	}
	for _, l := range seen {
		h.barred[l] = false
	}
	return going
}

// smallest finds a cut of the fewest losses, if it has at most most. Without one, low
// is how many losses a cut has at least.
func (h *hitter) smallest(most int, hint []int32) (cut []int32, low int) {
	low = h.apart(most)
	for ; low <= most; low++ {
		if hint != nil && len(hint) == low && h.isCut(hint) {
			return hint, low
		}
		h.search(low, func() bool {
			cut = slices.Clone(h.chosen)
			return false
		})
		if cut != nil || h.work < 0 {
			return cut, low
		}
	}
	return nil, low
}

// apart gathers plans that have no loss in common, each of which takes one, up to
// one more than most. It returns how many losses a cut has at least.
func (h *hitter) apart(most int) (low int) {
	for _, p := range slices.Clone(h.plans) {
		if !h.hit(p) {
			low++
			h.chooseAll(p)
		}
	}
	for low <= most && h.work >= 0 {
		plan, ok := h.ask()
		if !ok {
			break
		}
		low++
		h.chooseAll(plan)
	}
	h.clear()
	return low
}

func (h *hitter) chooseAll(losses []int32) {
	for _, l := range losses {
		h.choose(l)
	}
}

func (h *hitter) clear() {
	for len(h.chosen) > 0 {
		h.unchoose()
	}
}

// isCut reports whether a set of losses is a cut.
func (h *hitter) isCut(losses []int32) bool {
	h.chooseAll(losses)
	defer h.clear()
	for _, p := range h.plans {
		if !h.hit(p) {
			return false
		}
	}
	_, ok := h.ask()
	return !ok
}

// minimal reports whether no loss of the cut in hand can be left out.
func (h *hitter) minimal() bool {
	for _, l := range h.chosen {
		h.dead[l] = false
		cut := true
		for _, p := range h.plans {
			if cut = h.hit(p); !cut {
				break
			}
		}
		if cut {
			_, ok := h.ask()
			cut = !ok
		}
		h.dead[l] = true
		if cut {
			return false
		}
	}
	return true
}

// cuts lists the minimal cuts of at most order losses; ok is false if there were too
// many or the work was used up.
func (h *hitter) cuts(order, most int) (cuts [][]int32, ok bool) {
	ok = h.search(order, func() bool {
		if h.minimal() {
			cuts = append(cuts, slices.Clone(h.chosen))
		}
		return len(cuts) <= most
	})
	return cuts, ok
}
