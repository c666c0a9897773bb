package guard

import (
	"cmp"
	"context"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

// Status says how things stand, in lang.
func (g *Guard) Status(ctx context.Context, lang words.Lang) (Status, error) {
	var s Status
	err := g.call(ctx, func() { s = g.status(lang) })
	return s, err
}

func (g *Guard) status(lang words.Lang) Status {
	now := time.Now()
	view := g.state.Look(now)
	s := Status{At: now, Guard: g.about(lang), Goals: []GoalStatus{}, Links: []LinkStatus{}, Incidents: []IncidentStatus{}}
	m := g.file.Chain.Model()
	outlooks := g.outlooks(view)
	for _, goal := range m.Goals {
		s.Goals = append(s.Goals, GoalStatus{
			Name: goal.Name, Title: goal.Title, Verdict: view.Verdict(goal.Name),
			Since: g.goalSince(goal, view), Blame: list(view.Blame(goal.Name)),
			Margin: outlooks[goal.Name].margin, WayBack: outlooks[goal.Name].wayBack,
		})
	}
	waived := map[string][]string{}
	for _, o := range g.waived(view) {
		waived[o.Link] = append(waived[o.Link], o.Need)
	}
	for _, l := range m.Links {
		s.Links = append(s.Links, g.linkStatus(l, view, waived[l.Name], lang))
	}
	for _, t := range m.Things {
		s.Things = append(s.Things, ThingStatus{Name: t.Name, Title: t.Title, Given: t.Given, Absent: t.Absent && g.said[t.Name].At.IsZero(), Lost: g.said[t.Name].Lost, Attrs: t.Attrs})
	}
	s.Incidents = append(s.Incidents, g.incidentList(now, lang)...)
	return s
}

// incidentList has open incidents first, breaks before margins, then what is over, the
// newest of each first.
func (g *Guard) incidentList(now time.Time, lang words.Lang) (all []IncidentStatus) {
	for _, i := range slices.Backward(g.incidents.Open()) {
		all = append(all, g.incidentStatus(i, now, lang))
	}
	alarms := slices.SortedFunc(maps.Values(g.alarms), func(a, b *fall) int {
		return cmp.Or(cmp.Compare(*a.To, *b.To), cmp.Compare(a.Goal, b.Goal))
	})
	for _, f := range alarms {
		all = append(all, fallStatus(f, lang))
	}
	open := len(all)
	for _, i := range g.ended {
		all = append(all, g.incidentStatus(i, now, lang))
	}
	for _, f := range g.fallen {
		all = append(all, fallStatus(f, lang))
	}
	slices.SortStableFunc(all[open:], func(a, b IncidentStatus) int { return b.Ended.Compare(*a.Ended) })
	return all
}

func (g *Guard) about(lang words.Lang) About {
	a := About{Version: g.o.Version, PID: os.Getpid(), Started: g.started, Config: g.file.Path}
	trouble := func(t chain.Text) { a.Troubles = append(a.Troubles, lang.Say(t)) }
	if g.o.Hands == nil {
		trouble(chain.Say("guard.trouble_no_hands"))
	} else if t, away := g.handsTrouble(); away {
		trouble(t)
	}
	if t, bad := g.o.Journal.Trouble(); bad {
		trouble(t)
	}
	for _, t := range g.peerTroubles() {
		trouble(t)
	}
	if !g.refused.IsZero() {
		trouble(g.refused)
	}
	return a
}

// handsTrouble says what keeps hands, if there are any, from being asked.
func (g *Guard) handsTrouble() (chain.Text, bool) {
	if h, ok := g.o.Hands.(interface{ Trouble() (chain.Text, bool) }); ok {
		return h.Trouble()
	}
	return chain.Text{}, false
}

func (g *Guard) linkStatus(l chain.Link, view *chain.View, waived []string, lang words.Lang) LinkStatus {
	p, _ := g.state.Proof(l.Name)
	s := LinkStatus{
		Name: l.Name, Title: l.Title, Kind: l.Kind, Verdict: view.Verdict(l.Name),
		Because: lang.Say(p.Because), Hint: lang.Say(p.Hint), Cause: p.Cause,
		Blame: list(view.Blame(l.Name)), Needs: l.Needs, Waived: waived,
		TookMS: p.Took.Seconds() * 1000, Figures: p.Figures,
	}
	if rt := g.links[l.Name]; rt != nil {
		s.Vantage = rt.From
		s.Person = rt.person()
		if p, ok := rt.prover.(chain.Answerer); ok {
			s.Question = lang.Say(p.Ask())
		}
	}
	if !p.At.IsZero() {
		s.ProvedAt, s.FreshUntil = p.At, p.At.Add(l.Fresh)
	}
	if s.Verdict == chain.Unproven && p.Verdict != chain.Unproven {
		s.Because = lang.Say(chain.Say("guard.too_old", "because", p.Because))
	}
	if rt := g.links[l.Name]; rt != nil && rt.From != "" && s.Verdict == chain.Unproven {
		if because, hint, ok := g.unheard(rt, p, view.At()); ok {
			s.Because, s.Hint = lang.Say(because), lang.Say(hint)
		}
	}
	return s
}

func (g *Guard) incidentStatus(i *chain.Incident, now time.Time, lang words.Lang) IncidentStatus {
	s := IncidentStatus{
		ID: i.ID, Link: i.Link, Began: i.Began, Cause: i.Cause, Why: lang.Say(i.Why),
		Next: lang.Say(i.Next), Evidence: list(i.Evidence), Deeds: []DeedStatus{}, Fell: i.Fell,
	}
	if !i.Ended.IsZero() {
		s.Ended = &i.Ended
		s.Next = ""
	}
	for _, d := range i.Deeds {
		s.Deeds = append(s.Deeds, DeedStatus{
			At: d.At, Verb: string(d.Verb), Service: d.Service, Said: lang.Say(deedText(d)),
			TookMS: d.Took.Seconds() * 1000, Error: d.Error,
		})
	}
	for _, goal := range goals(i) {
		s.Outages = append(s.Outages, OutageStatus{Goal: goal, Seconds: i.Without(goal, now).Seconds(), Over: over(i, goal)})
	}
	if m := g.mends[i.ID]; m != nil {
		s.Mending = string(m.phase)
	}
	return s
}

// goalSince is when the goal's verdict began, as far as that is known: the newest
// change among the links that decide it.
func (g *Guard) goalSince(goal chain.Goal, view *chain.View) time.Time {
	var since time.Time
	for _, w := range goal.Ways {
		for _, n := range w.Links {
			if view.Verdict(n) == view.Verdict(goal.Name) && g.state.Since(n).After(since) {
				since = g.state.Since(n)
			}
		}
	}
	return since
}

// list is s, but never nil: the JSON has an empty list where there is nothing.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
