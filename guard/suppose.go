package guard

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/ways"
	"github.com/omamori-guard/omamori/words"
)

// Supposed is what is supposed, and is not so.
type Supposed struct {
	// Lose names things and links.
	Lose []string `json:"lose,omitempty"`
	// Change gives attributes of things, such as "laptop.os", other values.
	Change map[string]string `json:"change,omitempty"`
	// On is a moment to come, zero for now.
	On time.Time `json:"on,omitzero"`
}

// IsZero reports whether nothing is supposed.
func (s Supposed) IsZero() bool { return len(s.Lose) == 0 && len(s.Change) == 0 && s.On.IsZero() }

// IsGoal is a goal where what can be lost was wanted.
type IsGoal struct{ Name string }

func (e *IsGoal) Error() string { return e.Name + " is a goal: what it rests on is lost, not itself" }

// supposition is a standing with the reasons why it is another than the real one.
type supposition struct {
	ways.State
	// reasons are those of links and things that are lost, or unproven, by
	// themselves.
	reasons map[string]chain.Text
	// out is what cannot be had as it is.
	out map[string]bool
}

// check finds names that the chain does not have.
func (r *reckoning) check(s Supposed) error {
	m := r.Model()
	for _, name := range s.Lose {
		if _, goal := r.Goal(name); goal {
			return &IsGoal{name}
		}
		if !r.Has(name) {
			return &UnknownName{name, chain.Nearest(name, canBeLost(m))}
		}
	}
	attrs := m.Attrs()
	for _, attr := range slices.Sorted(maps.Keys(s.Change)) {
		if _, ok := attrs[attr]; ok {
			continue
		}
		thing, _, _ := strings.Cut(attr, ".")
		if _, ok := r.Thing(thing); !ok && chain.Nearest(attr, slices.Sorted(maps.Keys(attrs))) == "" {
			return &UnknownName{thing, chain.Nearest(thing, thingNames(m))}
		}
		return &UnknownName{attr, chain.Nearest(attr, slices.Sorted(maps.Keys(attrs)))}
	}
	return nil
}

func thingNames(m chain.Model) (names []string) {
	for _, t := range m.Things {
		names = append(names, t.Name)
	}
	return names
}

func canBeLost(m chain.Model) []string {
	names := thingNames(m)
	for _, l := range m.Links {
		names = append(names, l.Name)
	}
	return names
}

// suppose changes a standing as is supposed: what is told, what each link says that it
// would be then, and what a person would have to prove again by then.
func (r *reckoning) suppose(q Supposed) supposition {
	real := r.state
	s := supposition{State: ways.State{Lost: slices.Clone(real.Lost), Waived: real.Waived}, reasons: map[string]chain.Text{}}
	lose := func(name string, because chain.Text) {
		if !slices.Contains(s.Lost, name) {
			s.Lost = append(s.Lost, name)
			s.reasons[name] = because
		}
	}
	for _, name := range q.Lose {
		lose(name, chain.Say("guard.supposed_lost"))
	}
	at := chain.Supposition{At: r.at, Attrs: r.Model().Attrs()}
	maps.Copy(at.Attrs, q.Change)
	if !q.On.IsZero() {
		at.At = q.On
	}
	overdue := map[string]bool{}
	for _, l := range r.Model().Links {
		p := r.proofs[l.Name]
		if can, ok := r.provers[l.Name].(chain.Supposer); ok && p.Verdict != chain.Broken {
			if then := can.Suppose(p, at); then.Verdict == chain.Broken {
				lose(l.Name, then.Because)
				continue
			}
		}
		if e, ended := r.endedBy(l.Name, at.At); ended && !q.On.IsZero() && p.Verdict != chain.Broken {
			lose(l.Name, chain.Say("guard.supposed_end", "at", e.At.Add(-time.Second), "what", e.What))
			continue
		}
		due := p.At.Add(l.Fresh)
		if l.Person && p.Verdict == chain.Holds && at.At.After(due) && !r.at.After(due) {
			overdue[l.Name] = true
			s.reasons[l.Name] = chain.Say("guard.supposed_due", "due", due)
		}
	}
	for _, l := range r.Model().Links {
		if (overdue[l.Name] || slices.Contains(real.Unproven, l.Name)) && !slices.Contains(s.Lost, l.Name) {
			s.Unproven = append(s.Unproven, l.Name)
		}
	}
	if len(s.reasons) > 0 { // a need is waived until the next loss
		s.Waived = nil
	}
	return s
}

// falls lists, in the chain's order, what would be lost that is not yet, mends apart.
func (r *reckoning) falls(s supposition, lang words.Lang) (all []FallenStatus) {
	before := r.out(r.state.Lost, r.state.Waived)
	for _, name := range r.Order() {
		if !s.out[name] || before[name] {
			continue
		}
		f := FallenStatus{Name: name, Because: lang.Say(s.reasons[name])}
		if f.Because == "" {
			f.Needs = slices.DeleteFunc(slices.Clone(needsOf(r.Chain, name)), func(n string) bool { return !s.out[n] })
		}
		all = append(all, f)
	}
	return all
}

// out finds what cannot be had as it is: it is lost, or a need of it is out; a goal if
// that is so of all its ways.
func (r *reckoning) out(lost []string, waived []chain.Oddity) map[string]bool {
	out := map[string]bool{}
	for _, name := range lost {
		out[name] = true
	}
	for again := true; again; { // things may need links, which the order leaves out
		again = false
		for _, t := range r.Model().Things {
			if !out[t.Name] && slices.ContainsFunc(t.Needs, func(n string) bool { return out[n] }) {
				out[t.Name], again = true, true
			}
		}
		for _, name := range r.Order() {
			if out[name] {
				continue
			}
			bad := func(n string) bool { return out[n] && !slices.Contains(waived, chain.Oddity{Link: name, Need: n}) }
			if o, goal := r.Goal(name); goal {
				out[name] = !slices.ContainsFunc(o.Ways, func(w chain.Way) bool { return !slices.ContainsFunc(w.Links, bad) })
			} else if l, link := r.Link(name); link {
				out[name] = slices.ContainsFunc(l.Needs, bad)
			}
			again = again || out[name]
		}
	}
	return out
}
