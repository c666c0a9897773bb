package guard

import (
	"cmp"
	"context"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/ways"
	"github.com/omamori-guard/omamori/words"
)

// Status says how things stand, in lang.
func (g *Guard) Status(ctx context.Context, lang words.Lang) (Status, error) {
	var s Status
	var stand ways.State
	var reckoned *outlooks
	var r *reckoning
	var f *foresight
	err := g.call(ctx, func() {
		view := g.state.Look(time.Now())
		g.standsLeft()
		s, stand, reckoned = g.status(view, lang), g.standing(view), g.outlooks
		if len(g.ends) > 0 || g.enders {
			r, f = g.reckon(view), g.foresaw
		}
	})
	if err != nil {
		return s, err
	}
	for i, o := range reckoned.of(ctx, stand) {
		s.Goals[i].Margin, s.Goals[i].WayBack = o.margin, o.wayBack
	}
	if r != nil {
		r.addEnds(&s, lang)
		ahead := f.foresee(ctx, r)
		for i := range s.Goals {
			s.Goals[i].Ahead = r.ahead(s.Goals[i].Name, ahead, lang)
		}
	}
	return s, ctx.Err()
}

// Glance gives the chain and how it stands, without what takes long to reckon: margins, and
// what is ahead. It is for who follows changes.
func (g *Guard) Glance(ctx context.Context, lang words.Lang) (m ModelStatus, s Status, err error) {
	return m, s, g.call(ctx, func() {
		view := g.state.Look(time.Now())
		m, s = g.reckon(view).model(), g.status(view, lang)
	})
}

// status is without what is reckoned of goals.
func (g *Guard) status(view *chain.View, lang words.Lang) Status {
	now := view.At()
	g.followGoals(view)
	m := g.file.Chain.Model()
	s := Status{
		At: now, Guard: g.about(lang), Goals: make([]GoalStatus, 0, len(m.Goals)), Links: make([]LinkStatus, 0, len(m.Links)),
		Incidents: []IncidentStatus{},
	}
	for _, goal := range m.Goals {
		s.Goals = append(s.Goals, GoalStatus{
			Name: goal.Name, Title: goal.Title, Verdict: view.Verdict(goal.Name),
			Since: g.stood[goal.Name].since, Blame: list(view.Blame(goal.Name)),
		})
	}
	waived := map[string][]string{}
	for _, o := range g.waived(view) {
		if view.Verdict(o.Link) != chain.Holds {
			continue // it says nothing by itself just now
		}
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
	switch t, away := g.handsTrouble(); {
	case !g.handsWanted():
	case g.o.Hands == nil:
		trouble(chain.Say("guard.trouble_no_hands", "why", g.o.NoHands))
	case away:
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

// handsWanted reports whether there is anything that hands could start: on a laptop, nothing.
func (g *Guard) handsWanted() bool {
	for _, l := range g.links {
		if m, ok := l.prover.(chain.Mender); ok && l.From == "" && m.Service() != "" {
			return true
		}
	}
	return false
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
		s.Person, s.Typed = rt.person(), rt.typed()
		if p, ok := rt.prover.(chain.Answerer); ok {
			s.Question = lang.Say(p.Ask())
		}
		if p, ok := rt.prover.(chain.Coder); ok {
			s.Code, s.Device = p.Code()
		}
		if p, ok := rt.prover.(chain.Judged); ok {
			s.Entry = p.Entry()
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
		if !comesAgain(i) {
			s.Next = ""
		}
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

// stood is how a goal has stood, and since when; since never if nothing was proved of
// it yet.
type stood struct {
	verdict chain.Verdict
	since   time.Time
}

// followGoals notes when the verdict of a goal changes.
func (g *Guard) followGoals(view *chain.View) {
	for _, goal := range g.file.Chain.Model().Goals {
		if v := view.Verdict(goal.Name); v != g.stood[goal.Name].verdict {
			g.stood[goal.Name] = stood{v, view.At()}
		}
	}
}

// list is s, but never nil: the JSON has an empty list where there is nothing.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
