package chain

import "time"

// State is what is known of a chain: the newest proof of each link. It is not
// safe for concurrent use.
type State struct {
	chain  *Chain
	known  []bool // by the link's number, as what follows
	proofs []Proof
	since  []time.Time
}

// NewState returns the state of c before anything was proved.
func NewState(c *Chain) *State {
	n := len(c.model.Links)
	return &State{chain: c, known: make([]bool, n), proofs: make([]Proof, n), since: make([]time.Time, n)}
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

// View is what a state says at one moment. It does not change.
type View struct {
	chain *Chain
	at    time.Time
	// What follows is by the number of a link or a goal.
	verdicts []Verdict
	proved   []time.Time // of links alone
	// deeper marks what is broken, or not known, because something below is broken.
	deeper []bool
}

// Look computes the verdict of every link and goal at now.
func (s *State) Look(now time.Time) *View {
	c := s.chain
	v := &View{
		chain: c, at: now, deeper: make([]bool, len(c.needs)), verdicts: make([]Verdict, len(c.needs)),
		proved: make([]time.Time, len(c.model.Links)),
	}
	for _, n := range c.sorted {
		if i := int(n); i < len(c.model.Links) {
			v.verdicts[n] = s.proofs[i].verdictAt(now, c.model.Links[i].Fresh)
			v.proved[i] = s.proofs[i].At
		} else {
			v.verdicts[n] = v.goal(c.model.Goals[i-len(c.model.Links)])
		}
		for _, need := range c.needs[n] {
			if v.verdicts[need] == Broken || v.verdicts[need] == Unproven && v.deeper[need] {
				v.deeper[n] = true
			}
		}
	}
	return v
}

// goal: holds when all of some way hold; broken when every way has a broken
// link; else unproven.
func (v *View) goal(g Goal) Verdict {
	all := Broken
	for _, w := range g.Ways {
		switch v.way(w) {
		case Holds:
			return Holds
		case Unproven:
			all = Unproven
		}
	}
	return all
}

func (v *View) way(w Way) Verdict {
	verdict := Holds
	for _, n := range w.Links {
		switch v.Verdict(n) {
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
			if v.verdicts[n] != Holds && !seen[n] {
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

// Oddity is a link that holds while one of its needs is broken: the model is
// wrong there. Such a need is waived for as long as the link holds.
type Oddity struct{ Link, Need string }

// Odd lists the oddities of the view.
func (v *View) Odd() []Oddity {
	var odd []Oddity
	for n := range v.chain.model.Links {
		if v.verdicts[n] != Holds {
			continue
		}
		for _, need := range v.chain.needs[n] {
			if v.verdicts[need] == Broken {
				odd = append(odd, Oddity{v.chain.name(int32(n)), v.chain.name(need)})
			}
		}
	}
	return odd
}
