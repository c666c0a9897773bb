package chain

import "time"

// State is what is known of a chain: the newest proof of each link. It is not
// safe for concurrent use.
type State struct {
	chain  *Chain
	proofs map[string]Proof
	since  map[string]time.Time
}

// NewState returns the state of c before anything was proved.
func NewState(c *Chain) *State {
	return &State{chain: c, proofs: map[string]Proof{}, since: map[string]time.Time{}}
}

// Fold takes a proof of link in. It reports whether the verdict changed: a proof
// that began before the one already known changes nothing.
func (s *State) Fold(link string, p Proof) (changed bool) {
	if _, ok := s.chain.links[link]; !ok {
		return false
	}
	last, known := s.proofs[link]
	if known && p.At.Before(last.At) {
		return false
	}
	s.proofs[link] = p
	if !known || last.Verdict != p.Verdict {
		s.since[link] = p.At
		return known || p.Verdict != Unproven
	}
	return false
}

// Proof returns the newest proof of link, fresh or not.
func (s *State) Proof(link string) (Proof, bool) {
	p, ok := s.proofs[link]
	return p, ok
}

// Since is when the newest verdict of link was first found.
func (s *State) Since(link string) time.Time { return s.since[link] }

// View is what a state says at one moment. It does not change.
type View struct {
	chain    *Chain
	at       time.Time
	verdicts map[string]Verdict
	proved   map[string]time.Time
	// deeper holds what is broken, or not known, because something below is broken.
	deeper map[string]bool
}

// Look computes the verdict of every link and goal at now.
func (s *State) Look(now time.Time) *View {
	v := &View{
		chain: s.chain, at: now, deeper: map[string]bool{},
		verdicts: make(map[string]Verdict, len(s.chain.order)),
		proved:   make(map[string]time.Time, len(s.proofs)),
	}
	for _, name := range s.chain.order {
		if i, ok := s.chain.links[name]; ok {
			p := s.proofs[name]
			v.verdicts[name] = p.verdictAt(now, s.chain.model.Links[i].Fresh)
			v.proved[name] = p.At
		} else {
			v.verdicts[name] = v.goal(s.chain.model.Goals[s.chain.goals[name]])
		}
		for _, n := range s.chain.needs[name] {
			if v.verdicts[n] == Broken || v.verdicts[n] == Unproven && v.deeper[n] {
				v.deeper[name] = true
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

// Verdict is what is known of a link or a goal.
func (v *View) Verdict(name string) Verdict { return v.verdicts[name] }

// Blame returns the deepest broken links that explain why name, a link or a
// goal, is broken: broken links none of whose needs is broken, each reached from
// name through needs that do not hold. It is empty when name is not broken.
func (v *View) Blame(name string) []string {
	if v.verdicts[name] != Broken {
		return nil
	}
	var blame []string
	seen := map[string]bool{name: true}
	for todo := []string{name}; len(todo) > 0; {
		at := todo[0]
		todo = todo[1:]
		if v.verdicts[at] == Broken && !v.deeper[at] {
			blame = append(blame, at)
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
func (v *View) ByItself(name string) bool { return v.verdicts[name] != Holds && !v.deeper[name] }

// Oddity is a link that holds while one of its needs is broken: the model is
// wrong there. Such a need is waived for as long as the link holds.
type Oddity struct{ Link, Need string }

// Odd lists the oddities of the view.
func (v *View) Odd() []Oddity {
	var odd []Oddity
	for _, l := range v.chain.model.Links {
		if v.verdicts[l.Name] != Holds {
			continue
		}
		for _, n := range v.chain.needs[l.Name] {
			if v.verdicts[n] == Broken {
				odd = append(odd, Oddity{l.Name, n})
			}
		}
	}
	return odd
}
