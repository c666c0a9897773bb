package guard

import (
	"fmt"
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/ways"
)

// serviceMend is how long starting a service again is taken to last when a way back
// is reckoned.
const serviceMend = time.Minute

// graph is the chain as package ways sees it: with the mends that the guard itself
// does for links whose kind has a mender.
func (g *Guard) graph() *ways.Graph {
	m := g.file.Chain.Model()
	m.Mends = append([]chain.Mend(nil), m.Mends...)
	for _, l := range m.Links {
		rt := g.links[l.Name]
		if rt == nil || !rt.Mend || g.o.Hands == nil {
			continue
		}
		if mender, ok := rt.prover.(chain.Mender); ok && mender.Service() != "" {
			m.Mends = append(m.Mends, chain.Mend{
				Name: "start " + mender.Service() + " for " + l.Name, For: l.Name, Needs: l.Needs, Takes: serviceMend, By: chain.Machine,
			})
		}
	}
	return ways.New(m)
}

// serviceOf is the service that a mend of the guard's own starts, "" for a mend of
// the configuration.
func (g *Guard) serviceOf(m chain.Mend) string {
	rt := g.links[m.For]
	if rt == nil || g.o.Hands == nil || slices.ContainsFunc(g.file.Chain.Model().Mends, func(o chain.Mend) bool { return o.Name == m.Name }) {
		return ""
	}
	if mender, ok := rt.prover.(chain.Mender); ok {
		return mender.Service()
	}
	return ""
}

// standing is what the view says is lost, besides the things of which somebody said
// so, and what nobody has proved lately.
func standing(m chain.Model, v *chain.View, lost map[string]bool) ways.State {
	s := ways.State{Waived: v.Odd()}
	for _, t := range m.Things {
		if lost[t.Name] {
			s.Lost = append(s.Lost, t.Name)
		}
	}
	for _, l := range m.Links {
		switch v.Verdict(l.Name) {
		case chain.Broken:
			if v.ByItself(l.Name) {
				s.Lost = append(s.Lost, l.Name)
			}
		case chain.Unproven:
			if v.ByItself(l.Name) {
				s.Unproven = append(s.Unproven, l.Name)
			}
		}
	}
	return s
}

// outlook is what is reckoned of a goal.
type outlook struct {
	margin  Margin
	wayBack *float64
}

// outlooks reckons margins and ways back, anew only when something has changed.
func (g *Guard) outlooks(v *chain.View) map[string]outlook {
	m := g.file.Chain.Model()
	s := standing(m, v, g.lost)
	if key := fmt.Sprint(s); key != g.reckonedOf || g.reckoned == nil {
		if g.ways == nil {
			g.ways = g.graph()
		}
		g.reckonedOf, g.reckoned = key, map[string]outlook{}
		for _, goal := range m.Goals {
			o := outlook{}
			margins := g.ways.Margins(goal.Name, s)
			o.margin = Margin{Now: survives(margins.Now), IfAllWell: survives(margins.IfAllWell)}
			if plan := g.ways.Back(goal.Name, s); plan.Reached {
				seconds := plan.Takes.Seconds()
				o.wayBack = &seconds
			}
			g.reckoned[goal.Name] = o
		}
	}
	return g.reckoned
}

// survives is the number of losses, nil where no losses would take the goal.
func survives(m ways.Margin) *int {
	if m.None {
		return nil
	}
	return &m.Survives
}
