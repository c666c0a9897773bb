package guard

import (
	"slices"
	"sync"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/ways"
)

// serviceMend is how long starting a service again is taken to last when a way back
// is reckoned.
const serviceMend = time.Minute

// graphOf makes of the chain what package ways sees of it: with the mends that the
// guard itself does for links whose kind has a mender. It is made when it is wanted
// first, beside the loop, as a model may be large.
func (g *Guard) graphOf() func() *ways.Graph {
	m := present(g.file.Chain.Model())
	m.Mends = g.mendsOf(m, nil)
	return sync.OnceValue(func() *ways.Graph { return ways.New(m) })
}

// present is a model without absent things: what is missing is for a state to say, as
// it may have come since.
func present(m chain.Model) chain.Model {
	m.Things = slices.Clone(m.Things)
	for i := range m.Things {
		m.Things[i].Absent = false
	}
	return m
}

// mendsOf lists the mends of a model with those of the guard's own, but for the links that
// are left to a person: for these with what a rescue would tell him to do.
func (g *Guard) mendsOf(m chain.Model, left []string) []chain.Mend {
	mends := slices.Clone(m.Mends)
	for _, l := range m.Links {
		if slices.Contains(left, l.Name) {
			if !slices.ContainsFunc(m.Mends, func(d chain.Mend) bool { return d.For == l.Name }) && !g.given(l.Name, time.Now()) {
				mends = append(mends, byHand(l))
			}
			continue
		}
		rt := g.links[l.Name]
		if rt == nil || !rt.Mend || g.o.Hands == nil {
			continue
		}
		if mender, ok := rt.prover.(chain.Mender); ok && mender.Service() != "" {
			mends = append(mends, chain.Mend{
				Name: "start " + mender.Service() + " for " + l.Name, For: l.Name, Needs: l.Needs, Takes: serviceMend, By: chain.Machine,
			})
		}
	}
	return mends
}

// byHand is the mend of a link that nothing but advice is known for.
func byHand(l chain.Link) chain.Mend {
	return chain.Mend{Name: "by hand: " + l.Name, For: l.Name, Needs: l.Needs, Takes: handMend}
}

// leftToPerson lists the links that the guard could mend by itself, and that it has left to
// a person: the evidence calls for nothing that it may do, it has given up, or its hands are
// away.
func (g *Guard) leftToPerson() (left []string) {
	for _, i := range g.incidents.Open() {
		l := g.links[i.Link]
		if l == nil || !l.Mend || l.From != "" || g.o.Hands == nil {
			continue
		}
		if m, ok := l.prover.(chain.Mender); ok && m.Service() != "" && g.mender(i.Link) == "" {
			left = append(left, i.Link)
		}
	}
	slices.Sort(left)
	return left
}

// standsLeft reckons anew once others are left to a person: else a way back would be told
// as if the guard were about to mend what it will not.
func (g *Guard) standsLeft() {
	left := g.leftToPerson()
	if slices.Equal(left, g.left) {
		return
	}
	g.left, g.present = left, g.graph
	if len(left) > 0 {
		m := present(g.file.Chain.Model())
		m.Mends = g.mendsOf(m, left)
		g.present = sync.OnceValue(func() *ways.Graph { return ways.New(m) })
	}
	g.outlooks, g.foresaw = newOutlooks(g.present, g.outlooks.goals), &foresight{}
}

// word is what somebody last said of a thing.
type word struct {
	Lost bool      `json:"lost"`
	At   time.Time `json:"at"`
	Who  string    `json:"who"`
}

// missing reports whether a thing is not there: somebody said so, or nobody said yet
// that an absent one has come.
func missing(t chain.Thing, said map[string]word) bool {
	if w, ok := said[t.Name]; ok {
		return w.Lost
	}
	return t.Absent
}

// gone reports whether name is a thing, and missing.
func (g *Guard) gone(name string) bool {
	t, thing := g.file.Chain.Thing(name)
	return thing && missing(t, g.said)
}

// standing is what the view says is lost, besides the things that are missing, and
// what nobody has proved lately.
func (g *Guard) standing(v *chain.View) ways.State {
	s := ways.State{Waived: g.waived(v)}
	for _, t := range g.file.Chain.Model().Things {
		if missing(t, g.said) {
			s.Lost = append(s.Lost, t.Name)
		}
	}
	broken, unproven := v.ByThemselves()
	s.Lost, s.Unproven = append(s.Lost, broken...), unproven
	return s
}

// waived lists the broken needs that a link demonstrably does without. A person's or
// a far-off proof shows that only if it was made since the last loss: an answer of
// last month says nothing of a VPN that broke today. Other proofs are made anew at
// every beat, and at once when a need breaks.
//
// A link that cannot be tried just now, as a door that is open already, shows nothing new:
// what it was shown to do without stays waived.
func (g *Guard) waived(v *chain.View) []chain.Oddity {
	odd := v.Odd()
	if len(odd)+len(g.waivers) == 0 {
		return nil
	}
	var last time.Time // loss
	for _, w := range g.said {
		if w.Lost && w.At.After(last) {
			last = w.At
		}
	}
	broken, _ := v.ByThemselves()
	for _, name := range broken {
		if since := g.state.Since(name); since.After(last) {
			last = since
		}
	}
	odd = slices.DeleteFunc(odd, func(o chain.Oddity) bool {
		if need, _ := g.state.Proof(o.Need); need.Ahead {
			return true
		}
		return !slices.ContainsFunc(v.Shown(o), func(name string) bool {
			p, _ := g.state.Proof(name)
			l := g.links[name]
			return !p.At.Before(last) || l != nil && !l.person() && l.From == ""
		})
	})
	if !last.Equal(g.waivedSince) {
		g.waivedSince, g.waivers = last, nil
	}
	for _, o := range g.waivers {
		if v.Verdict(o.Link) == chain.Unproven && v.Verdict(o.Need) == chain.Broken {
			odd = append(odd, o)
		}
	}
	g.waivers = slices.Clone(odd)
	return odd
}

// doubtful reports whether a link that holds without a need is being tried for the first time
// since that need broke. Until it is known how far the break goes, the need would be waived
// for a moment, and a margin told as better than it is.
func (g *Guard) doubtful(v *chain.View) bool {
	return slices.ContainsFunc(g.waived(v), func(o chain.Oddity) bool {
		since := g.state.Since(o.Need)
		return slices.ContainsFunc(v.Shown(o), func(name string) bool {
			l, last := g.links[name], g.provedAt(name)
			return l != nil && l.running && !l.person() && l.From == "" && last.Before(since)
		})
	})
}

func (g *Guard) provedAt(link string) time.Time {
	p, _ := g.state.Proof(link)
	return p.At
}

// overdue lists the links of which a person once said that they hold, and that are to
// be drilled again by now.
func (g *Guard) overdue(now time.Time) (names []string) {
	for _, l := range g.drilled {
		if p, ok := g.state.Proof(l.Name); ok && p.Verdict == chain.Holds && now.Sub(p.At) > l.Fresh {
			names = append(names, l.Name)
		}
	}
	return names
}

// drilledOf lists the links that only a person can prove.
func drilledOf(m chain.Model) (links []chain.Link) {
	for _, l := range m.Links {
		if l.Person {
			links = append(links, l)
		}
	}
	return links
}

// survives is the number of losses, nil where no losses would take the goal, or it is
// not known.
func survives(m ways.Margin) *int {
	if m.None || m.Unknown() {
		return nil
	}
	return &m.Survives
}

// marginStatus is a pair of margins as the status has it.
func marginStatus(m ways.Margins) Margin {
	return Margin{Now: survives(m.Now), IfAllWell: survives(m.IfAllWell), Unknown: m.Now.Unknown() || m.IfAllWell.Unknown()}
}

// below reports whether margin a is lower than b; nil is higher than any number.
func below(a, b *int) bool { return a != nil && (b == nil || *a < *b) }
