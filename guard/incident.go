package guard

import (
	"context"
	"reflect"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/journal"
)

// incidentChanged writes down what happened to an incident and acts on it.
func (g *Guard) incidentChanged(ch chain.Change, view *chain.View) {
	i := ch.Incident
	g.append(incidentEntry(ch))
	switch ch.What {
	case chain.Opened:
		m := &mend{incident: i}
		m.broke, _ = g.state.Proof(i.Link)
		g.mends[i.ID] = m
		g.diagnose(m)
	case chain.Moved:
		m := g.mends[i.ID]
		if m == nil {
			m = &mend{incident: i}
			g.mends[i.ID] = m
		}
		g.remember(m, view.At())
		m.begin()
		m.broke, _ = g.state.Proof(i.Link)
		g.diagnose(m)
	case chain.Merged:
		g.remember(g.mends[i.ID], i.Ended)
		delete(g.mends, i.ID)
	case chain.Ended:
		g.remember(g.mends[i.ID], i.Ended)
		delete(g.mends, i.ID)
		g.ended = append(g.ended, i)
		if len(g.ended) > endedKept {
			g.ended = g.ended[len(g.ended)-endedKept:]
		}
		g.tell("end", i)
		g.proveUnproven(view)
	}
}

// proveUnproven tries what could not be found out while something was broken: the beat of
// what asks the database for its updates is hours. They may be many, and wait for their turn.
func (g *Guard) proveUnproven(view *chain.View) {
	for name, l := range g.links {
		if !l.person() && l.From == "" && view.Verdict(name) == chain.Unproven {
			g.prove(l, false)
		}
	}
}

// diagnose gathers evidence for an incident and has the cause named, beside the
// loop. The plan comes back to planned.
func (g *Guard) diagnose(m *mend) {
	l := g.links[m.incident.Link]
	if m.busy || l == nil {
		return
	}
	proof, _ := g.state.Proof(l.Name)
	broke := m.broke
	m.busy = true
	m.phase = looking
	m.found, m.foundAt = proof.Cause, time.Now()
	about, service, felt, here := l.Name, "", l.want, l.From == "" // l is the loop's: not read beside it
	mender, can := l.prover.(chain.Mender)
	can = can && here // nothing is done here on the word of another
	var witnesses []string
	if can {
		service = mender.Service()
		if w, ok := mender.(chain.Witnessed); ok {
			witnesses = w.Witnesses()
		}
	}
	g.work.Go(func() {
		var e chain.Evidence
		blind := false
		if service != "" && g.o.Hands != nil {
			ctx, cancel := context.WithTimeout(g.ctx, evidenceTime)
			defer cancel()
			var err error
			if e, err = g.o.Hands.Evidence(ctx, service); err != nil {
				g.o.Log.Warn("gather evidence", "service", service, "error", err)
				blind = true
			}
		}
		for _, name := range witnesses {
			if g.o.Hands == nil {
				break
			}
			ctx, cancel := context.WithTimeout(g.ctx, evidenceTime)
			if o, err := g.o.Hands.Evidence(ctx, name); err == nil { // without it, less is said
				e.Others = append(e.Others, o)
			}
			cancel()
		}
		plan := planFor(proof, broke, func(p chain.Proof) chain.Plan {
			if can {
				return mender.Plan(p, e)
			}
			return plain(p)
		})
		if here {
			plan = felt.explain(plan, e)
		}
		g.later(g.ctx, func() {
			m.busy = false
			if m.incident.Link != about {
				g.diagnose(m) // it has moved meanwhile
				return
			}
			m.service, m.blind, m.late = service, blind, e.LogLate
			g.planned(m, m.afterRighting(plan, e))
		})
	})
}

// planFor is the plan for the newest proof of a link that is blamed for another, broke. Where
// it holds again, that tells nothing of why it did not; and nothing is done to what holds.
func planFor(newest, broke chain.Proof, plan func(chain.Proof) chain.Plan) chain.Plan {
	if newest.Verdict != chain.Holds || broke.Verdict != chain.Broken {
		return plan(newest)
	}
	p := plan(broke)
	p.Deeds = nil
	return p
}

// plain is the plan for a link that nothing mends: a person is told.
func plain(p chain.Proof) chain.Plan {
	cause := p.Cause
	if cause == "" {
		cause = "unknown"
	}
	return chain.Plan{Cause: cause, Why: p.Because, Evidence: p.Evidence, Next: p.Hint}
}

// allowed takes the deeds out of a plan that may not be done, and says why.
func (g *Guard) allowed(m *mend, plan chain.Plan) chain.Plan {
	l := g.links[m.incident.Link]
	switch {
	case len(plan.Deeds) == 0 || l == nil:
		return plan
	case g.doer(l) == nil && g.o.Hands == nil:
		plan.Next = chain.Say("guard.no_hands", "deed", deedsText(plan.Deeds), "why", g.o.NoHands)
	case m.blind:
		plan.Next = chain.Say("guard.blind", "deed", deedsText(plan.Deeds))
	case !l.Mend && !m.asked:
		plan.Next = chain.Say("guard.mend_off", "deed", deedsText(plan.Deeds), "link", l.Name)
	default:
		return plan
	}
	plan.Deeds = nil
	return plan
}

// planned takes a plan in: it is journalled, told, and done if it may be.
func (g *Guard) planned(m *mend, plan chain.Plan) {
	i := m.incident
	if g.mends[i.ID] != m {
		return // it has ended meanwhile
	}
	print := fingerprint(plan)
	m.looked, m.would = true, plan.Deeds
	plan = g.allowed(m, plan)
	known := print == m.print
	if known && (m.phase == gaveUp || m.gaveUp) {
		m.rest(gaveUp, reconsider)
		return
	}
	news := !known || !reflect.DeepEqual([]any{i.Cause, i.Why, i.Evidence, i.Next}, []any{plan.Cause, plan.Why, plan.Evidence, plan.Next})
	i.Cause, i.Why, i.Evidence, i.Next = plan.Cause, plan.Why, plan.Evidence, plan.Next
	if !known {
		m.print, m.gaveUp = print, false
	}
	if event := m.toTell(plan.Cause); event != "" {
		news = true
		g.tell(event, i)
		g.followMargins(g.state.Look(time.Now())) // which waits for the begin to be told
	}
	if news {
		g.save()
	}
	if !known && (len(plan.Deeds) == 0 || g.serviceBusy(m)) {
		g.append(planEntry(i, plan))
	}
	switch {
	case len(plan.Deeds) == 0 && (m.blind || m.late):
		m.rest(told, lookAgain)
	case len(plan.Deeds) == 0:
		m.rest(told, g.reconsider(m))
	case g.serviceBusy(m):
		m.rest(waiting, time.Second)
	case g.tooSoon(m):
	default:
		g.commit(planEntry(i, plan)) // each try stands in the journal before it is done
		g.do(m, plan.Deeds)
	}
}

// reconsider is when the evidence of an incident of which nothing is done is read again:
// where there is no service, its only evidence is the next proof.
func (g *Guard) reconsider(m *mend) time.Duration {
	if l := g.links[m.incident.Link]; l != nil && m.service == "" {
		return max(reconsider, l.Every)
	}
	return reconsider
}

func incidentEntry(ch chain.Change) journal.Entry {
	i := ch.Incident
	e := journal.Entry{What: "incident", Link: i.Link, Incident: i.ID, Body: struct {
		What chain.What `json:"what"`
		*chain.Incident
	}{ch.What, i}}
	switch ch.What {
	case chain.Opened:
		e.Text = chain.Say("guard.incident_opened", "link", i.Link)
	case chain.Moved:
		e.Text = chain.Say("guard.incident_moved", "link", i.Link)
	case chain.Merged:
		e.Text = chain.Say("guard.incident_merged", "into", i.Into)
	case chain.Ended:
		e.Text = chain.Say("guard.incident_ended", "link", i.Link, "took", i.Ended.Sub(i.Began).Round(time.Millisecond))
	}
	return e
}

func planEntry(i *chain.Incident, plan chain.Plan) journal.Entry {
	text := chain.Say("guard.plan_none", "cause", plan.Cause, "why", plan.Why, "next", plan.Next)
	if len(plan.Deeds) > 0 {
		text = chain.Say("guard.plan", "cause", plan.Cause, "why", plan.Why, "deed", deedsText(plan.Deeds))
	}
	return journal.Entry{What: "plan", Link: i.Link, Incident: i.ID, Text: text, Body: struct {
		Cause    string       `json:"cause"`
		Why      chain.Text   `json:"why,omitzero"`
		Evidence []string     `json:"evidence,omitempty"`
		Deeds    []chain.Deed `json:"deeds,omitempty"`
		Next     chain.Text   `json:"next,omitzero"`
	}{plan.Cause, plan.Why, plan.Evidence, plan.Deeds, plan.Next}}
}

func verdictEntry(name string, p chain.Proof) journal.Entry {
	text := chain.Say("guard.unproven", "link", name, "because", p.Because)
	switch p.Verdict {
	case chain.Holds:
		text = chain.Say("guard.holds", "link", name, "because", p.Because)
	case chain.Broken:
		text = chain.Say("guard.broken", "link", name, "because", p.Because)
	}
	return journal.Entry{At: p.At.Add(p.Took), What: "verdict", Link: name, Text: text, Body: p}
}
