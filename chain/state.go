package chain

import (
	"slices"
	"time"
)

// State is what is known of a chain: the newest proof of each link. It is not
// safe for concurrent use.
type State struct {
	chain  *Chain
	known  []bool // by the link's number, as what follows
	proofs []Proof
	since  []time.Time
	// verdicts and proved are those of the proofs, apart: a look goes through all.
	verdicts []Verdict
	proved   []time.Time
}

// NewState returns the state of c before anything was proved.
func NewState(c *Chain) *State {
	n := len(c.model.Links)
	return &State{
		chain: c, known: make([]bool, n), proofs: make([]Proof, n), since: make([]time.Time, n),
		verdicts: make([]Verdict, n), proved: make([]time.Time, n),
	}
}

// Fold takes a proof of link in. It reports whether the verdict changed: a proof
// that began before the one already known changes nothing.
func (s *State) Fold(link string, p Proof) (changed bool) {
	i, ok := s.chain.links[link]
	if !ok {
		return false
	}
	last, known := s.proofs[i], s.known[i]
	if known && p.At.Before(last.At) {
		return false
	}
	s.proofs[i], s.known[i] = p, true
	s.verdicts[i], s.proved[i] = p.Verdict, p.At
	if !known || last.Verdict != p.Verdict {
		s.since[i] = p.At
		return known || p.Verdict != Unproven
	}
	return false
}

// Proof returns the newest proof of link, fresh or not.
func (s *State) Proof(link string) (Proof, bool) {
	i, ok := s.chain.links[link]
	if !ok || !s.known[i] {
		return Proof{}, false
	}
	return s.proofs[i], true
}

// Since is when the newest verdict of link was first found.
func (s *State) Since(link string) time.Time {
	i, ok := s.chain.links[link]
	if !ok {
		return time.Time{}
	}
	return s.since[i]
}

// Stale is the first moment after now at which a proof is fresh no more, zero if there is
// none.
func (s *State) Stale(now time.Time) (first time.Time) {
	for i, v := range s.verdicts {
		if v == Unproven {
			continue
		}
		if at := s.proved[i].Add(s.chain.model.Links[i].Fresh + 1); at.After(now) && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// View is what a state says at one moment. It does not change.
type View struct {
	chain *Chain
	at    time.Time
	// What follows is by the number of a link or a goal.
	verdicts []Verdict
	proved   []time.Time // of links alone
	// deeper marks what is broken, or not known, because something below is broken.
	deeper []bool
	broken []int32 // so that each comes after all that it needs
}

// Look computes the verdict of every link and goal at now.
func (s *State) Look(now time.Time) *View {
	c := s.chain
	v := &View{
		chain: c, at: now, deeper: make([]bool, len(c.needs)), verdicts: make([]Verdict, len(c.needs)),
		proved: slices.Clone(s.proved),
	}
	for _, n := range c.sorted {
		if i := int(n); i < len(c.model.Links) {
			v.verdicts[n] = verdictAt(s.verdicts[i], s.proved[i], now, c.model.Links[i].Fresh)
		} else {
			v.verdicts[n] = v.goal(c.ways[i-len(c.model.Links)])
		}
		if v.verdicts[n] == Broken {
			v.broken = append(v.broken, n)
		}
		for _, need := range c.needs[n] {
			if v.verdicts[need] == Broken || v.deeper[need] && (v.verdicts[need] == Unproven || v.aside(need)) {
				v.deeper[n] = true
				break
			}
		}
	}
	return v
}

// goal: holds when all of some way hold; broken when every way has a broken
// link; else unproven.
func (v *View) goal(ways [][]int32) Verdict {
	all := Broken
	for _, w := range ways {
		switch v.way(w) {
		case Holds:
			return Holds
		case Unproven:
			all = Unproven
		}
	}
	return all
}

func (v *View) way(links []int32) Verdict {
	verdict := Holds
	for _, n := range links {
		switch v.verdicts[n] {
		case Broken:
			return Broken
		case Unproven:
			verdict = Unproven
		}
	}
	return verdict
}

// At is the moment of the view.
func (v *View) At() time.Time { return v.at }

// Same reports whether another view, of the same chain, has the same verdicts.
func (v *View) Same(o *View) bool {
	return o != nil && v.chain == o.chain && slices.Equal(v.verdicts, o.verdicts)
}

// AnyBroken reports whether any link or goal is broken.
func (v *View) AnyBroken() bool { return len(v.broken) > 0 }

// Verdict is what is known of a link or a goal.
func (v *View) Verdict(name string) Verdict {
	n, ok := v.chain.number(name)
	if !ok || !v.chain.provable(n) {
		return Unproven
	}
	return v.verdicts[n]
}

// provedAt is when the newest proof of a link was made.
func (v *View) provedAt(link string) time.Time {
	i, ok := v.chain.links[link]
	if !ok {
		return time.Time{}
	}
	return v.proved[i]
}

// Blame returns the deepest broken links that explain why name, a link or a
// goal, is broken: broken links none of whose needs is broken, each reached from
// name through needs that do not hold. It is empty when name is not broken.
func (v *View) Blame(name string) []string {
	if v.Verdict(name) != Broken {
		return nil
	}
	from, _ := v.chain.number(name)
	var blame []string
	seen := map[int32]bool{from: true}
	for todo := []int32{from}; len(todo) > 0; {
		at := todo[0]
		todo = todo[1:]
		if v.verdicts[at] == Broken && !v.deeper[at] {
			blame = append(blame, v.chain.name(at))
		}
		for _, n := range v.chain.needs[at] {
			if (v.verdicts[n] != Holds || v.aside(n) && v.deeper[n]) && !seen[n] {
				seen[n] = true
				todo = append(todo, n)
			}
		}
	}
	return blame
}

// ByItself reports whether a link that does not hold is to blame for that itself:
// nothing that it needs is broken, or not known because of a break below.
func (v *View) ByItself(name string) bool {
	n, ok := v.chain.number(name)
	return ok && v.chain.provable(n) && v.verdicts[n] != Holds && !v.deeper[n]
}

// aside reports whether n is a link that holds, of which that says nothing of its needs.
func (v *View) aside(n int32) bool {
	return int(n) < len(v.chain.links) && v.verdicts[n] == Holds && v.chain.model.Links[n].Aside
}

// shown lists the links by which one has seen that the link n does without what it needs:
// itself, or where it was proved aside of its needs those that go by it and hold.
func (v *View) shown(n int32, seen map[int32]bool) (by []int32) {
	if !v.aside(n) {
		return []int32{n}
	}
	for _, u := range v.chain.users[n] {
		if int(u) < len(v.chain.links) && v.verdicts[u] == Holds && !seen[u] {
			seen[u] = true
			by = append(by, v.shown(u, seen)...)
		}
	}
	return by
}

// Shown lists the links whose proofs show an oddity.
func (v *View) Shown(o Oddity) (by []string) {
	if n, ok := v.chain.number(o.Link); ok && int(n) < len(v.chain.links) {
		for _, u := range v.shown(n, map[int32]bool{}) {
			by = append(by, v.chain.name(u))
		}
	}
	return by
}

// Oddity is a link that holds while one of its needs is broken: the model is
// wrong there. Such a need is waived for as long as the link holds.
type Oddity struct{ Link, Need string }

// Odd lists the oddities of the view, in the order of the links.
func (v *View) Odd() []Oddity {
	var without []int32 // links that hold without something
	for _, n := range v.broken {
		for _, u := range v.chain.users[n] {
			if int(u) < len(v.chain.links) && v.verdicts[u] == Holds {
				without = append(without, u)
			}
		}
	}
	slices.Sort(without)
	var odd []Oddity
	for _, n := range slices.Compact(without) {
		if len(v.shown(n, map[int32]bool{})) == 0 {
			continue
		}
		for _, need := range v.chain.needs[n] {
			if v.verdicts[need] == Broken {
				odd = append(odd, Oddity{v.chain.name(n), v.chain.name(need)})
			}
		}
	}
	return odd
}

// ByThemselves lists the links that are broken, and those that are unproven, for no
// break below them, in their order.
func (v *View) ByThemselves() (broken, unproven []string) {
	for i := range v.chain.model.Links {
		switch {
		case v.deeper[i] || v.verdicts[i] == Holds:
		case v.verdicts[i] == Broken:
			broken = append(broken, v.chain.model.Links[i].Name)
		default:
			unproven = append(unproven, v.chain.model.Links[i].Name)
		}
	}
	return broken, unproven
}
