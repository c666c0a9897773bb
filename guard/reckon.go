package guard

import (
	"maps"
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/ways"
)

// reckoning is the chain with how it stands at one moment. It does not change: what is
// reckoned of it may take its time, beside the guard's loop.
type reckoning struct {
	*chain.Chain
	graph func() *ways.Graph
	mends []chain.Mend // with those of the guard's own
	view  *chain.View
	at    time.Time
	said  map[string]word
	state ways.State
	// proofs and provers are those of the links, by name.
	proofs  map[string]chain.Proof
	provers map[string]chain.Prover
	ends    []known // by the day
	// until is when no more next steps are tried; zero for never.
	until time.Time
}

// reckon takes how things stand now.
func (g *Guard) reckon(v *chain.View) *reckoning {
	g.standsLeft()
	m := g.file.Chain.Model()
	r := &reckoning{
		Chain: g.file.Chain, graph: g.present, mends: g.mendsOf(m, g.left), view: v, at: v.At(), said: maps.Clone(g.said), state: g.standing(v),
		proofs: make(map[string]chain.Proof, len(m.Links)), provers: make(map[string]chain.Prover, len(m.Links)),
	}
	for _, l := range m.Links {
		r.proofs[l.Name], _ = g.state.Proof(l.Name)
		if rt := g.links[l.Name]; rt != nil {
			r.provers[l.Name] = rt.prover
		}
	}
	r.ends = g.knownEnds()
	return r
}

// marginOf is the margin of a goal if things stood so.
func (r *reckoning) marginOf(goal string, s ways.State) Margin {
	return marginStatus(r.graph().Margins(goal, s))
}

// serviceOf is the service that a mend of the guard's own starts, "" for a mend of
// the configuration.
func (r *reckoning) serviceOf(m chain.Mend) string {
	own := r.mends[len(r.Model().Mends):]
	if m.By == chain.Person || !slices.ContainsFunc(own, func(o chain.Mend) bool { return o.Name == m.Name }) {
		return ""
	}
	return r.provers[m.For].(chain.Mender).Service()
}

func (r *reckoning) titleOf(name string) string { return titleOf(r.Chain, name) }

// titleOf is what the owner calls a thing, link or goal.
func titleOf(c *chain.Chain, name string) string {
	if t, ok := c.Thing(name); ok && t.Title != "" {
		return t.Title
	}
	if l, ok := c.Link(name); ok && l.Title != "" {
		return l.Title
	}
	if o, ok := c.Goal(name); ok && o.Title != "" {
		return o.Title
	}
	return name
}

// called is the title with the name that commands want. That of a link is a sentence,
// and quoted.
func called(c *chain.Chain, name string) chain.Text {
	title := titleOf(c, name)
	_, link := c.Link(name)
	switch {
	case title == name:
		return chain.Say("guard.name", "name", name)
	case link:
		return chain.Say("guard.called_link", "title", title, "name", name)
	}
	return chain.Say("guard.called", "title", title, "name", name)
}

func (r *reckoning) called(name string) chain.Text { return called(r.Chain, name) }
