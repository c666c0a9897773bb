package guard

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/ways"
	"github.com/omamori-guard/omamori/words"
)

// fall is an incident of its own: a goal survives fewer losses than it would if
// nothing were lost, though nothing else need have gone wrong yet.
//
// Only what is known to be amiss lowers a margin here: a break that is an incident, a
// thing that somebody said is lost, a drill that is overdue. What is merely unproven,
// as after a start or while names do not resolve, does not.
type fall struct {
	ID    string    `json:"id"`
	Goal  string    `json:"goal"`
	Began time.Time `json:"began"`
	Ended time.Time `json:"ended,omitzero"`
	// Cause is "thing_lost", "link_broken" or "drill_overdue", of the first of Lost.
	Cause string   `json:"cause"`
	Lost  []string `json:"lost"`
	// From is the margin without these losses, To with them; nil has no bound.
	From *int       `json:"from"`
	To   *int       `json:"to"`
	Why  chain.Text `json:"why"`
	Next chain.Text `json:"next,omitzero"`
}

// loss is something that lowers margins.
type loss struct {
	name, cause string
	// over: the break is, but has not held for long enough yet. It keeps a fall, but
	// begins none.
	over bool
}

// losses lists what is known to be amiss.
func (g *Guard) losses(v *chain.View) (all []loss) {
	for _, t := range g.file.Chain.Model().Things {
		if g.said[t.Name].Lost {
			all = append(all, loss{name: t.Name, cause: "thing_lost"})
		}
	}
	for _, i := range g.incidents.Open() {
		all = append(all, loss{i.Link, "link_broken", v.Verdict(i.Link) == chain.Holds})
	}
	for _, name := range g.overdue(v.At()) {
		all = append(all, loss{name: name, cause: "drill_overdue"})
	}
	return all
}

// followMargins opens, moves and ends the falls, and reports whether any changed.
func (g *Guard) followMargins(v *chain.View) (changed bool) {
	all := g.losses(v)
	well := ways.State{}
	for _, t := range g.file.Chain.Model().Things {
		if missing(t, g.said) && !g.said[t.Name].Lost { // never there yet: no loss
			well.Lost = append(well.Lost, t.Name)
		}
	}
	waived := g.waived(v)
	key := fmt.Sprint(all, well, waived, g.outages())
	if key == g.fallenOf {
		return false
	}
	g.fallenOf = key
	begun := slices.DeleteFunc(slices.Clone(all), func(l loss) bool { return l.over })
	for _, goal := range g.file.Chain.Model().Goals {
		count := begun
		if g.alarms[goal.Name] != nil {
			count = all
		}
		s := ways.State{Lost: append(slices.Clone(well.Lost), named(count)...), Waived: waived}
		from := marginOf(g.graph(), goal.Name, well).Now
		to := from
		if len(count) > 0 {
			to = marginOf(g.graph(), goal.Name, s).Now
		}
		changed = g.followMargin(goal, count, s, from, to, v) || changed
	}
	for _, name := range slices.Sorted(maps.Keys(g.alarms)) {
		if _, known := g.file.Chain.Goal(name); !known { // a new configuration has dropped it
			g.marginBack(g.alarms[name], v.At())
			changed = true
		}
	}
	return changed
}

// outages names the goals of which an open incident already tells that they are out
// of reach.
func (g *Guard) outages() (names []string) {
	for _, i := range g.incidents.Open() {
		for _, goal := range goals(i) {
			if !over(i, goal) {
				names = append(names, goal)
			}
		}
	}
	return names
}

func (g *Guard) followMargin(goal chain.Goal, all []loss, s ways.State, from, to *int, v *chain.View) (changed bool) {
	now := v.At()
	f := g.alarms[goal.Name]
	switch {
	case !below(to, from):
		if f != nil {
			g.marginBack(f, now)
		}
		return f != nil
	case f == nil && *to < 0 && slices.Contains(g.outages(), goal.Name):
		return false // the incident of the break says so already
	case f != nil && equal(f.To, to) && slices.Equal(f.Lost, named(all)):
		return false
	}
	event, moved := "", f == nil || !equal(f.To, to)
	if f == nil {
		f = &fall{ID: now.UTC().Format("20060102T150405Z") + "-" + goal.Name, Goal: goal.Name, Began: now}
		g.alarms[goal.Name] = f
		event = "begin"
	} else if moved {
		event = "cause"
	}
	f.From, f.To, f.Lost, f.Cause = from, to, named(all), all[0].cause
	r := g.reckon(v)
	f.Why, f.Next = r.fallText(goal, all, s, f), r.fallNext(goal, all, s)
	g.append(journal.Entry{At: now, What: "margin", Link: goal.Name, Incident: f.ID, Text: f.Why, Body: f})
	if event != "" {
		g.tellMargin(event, f)
	}
	return true
}

func (g *Guard) marginBack(f *fall, now time.Time) {
	f.Ended = now
	delete(g.alarms, f.Goal)
	if g.fallen = append(g.fallen, f); len(g.fallen) > endedKept {
		g.fallen = g.fallen[len(g.fallen)-endedKept:]
	}
	g.append(journal.Entry{At: now, What: "margin", Link: f.Goal, Incident: f.ID, Body: f,
		Text: chain.Say("guard.margin_back", "goal", titleOf(g.file.Chain, f.Goal), "took", now.Sub(f.Began).Round(time.Second))})
	g.tellMargin("end", f)
}

func named(all []loss) (names []string) {
	for _, l := range all {
		names = append(names, l.name)
	}
	return names
}

func equal(a, b *int) bool { return !below(a, b) && !below(b, a) }

// fallText says what a fall means: how near the owner is to being locked out, by what,
// and why.
func (r *reckoning) fallText(goal chain.Goal, all []loss, s ways.State, f *fall) chain.Text {
	var because []chain.Text
	for _, l := range all {
		because = append(because, chain.Say("guard.because_"+l.cause, "name", r.called(l.name)))
	}
	pairs := []any{"goal", r.titleOf(goal.Name), "because", listOf(because)}
	switch {
	case *f.To < 0:
		plan := r.graph.Back(goal.Name, s)
		if !plan.Reached {
			return chain.Say("guard.margin_no_way", pairs...)
		}
		var steps []chain.Text
		for _, step := range plan.Steps {
			steps = append(steps, chain.Say("guard.name", "name", mendTitle(step.Mend)))
		}
		return chain.Say("guard.margin_out", append(pairs, "takes", plan.Takes, "steps", listOf(steps))...)
	case *f.To == 0:
		var singles []chain.Text
		cuts, _ := r.cuts(goal.Name, s, 1)
		for _, cut := range cuts {
			singles = append(singles, r.called(cut[0]))
		}
		return chain.Say("guard.margin_zero", append(pairs, "singles", listOf(singles))...)
	}
	return chain.Say("guard.margin_low", append(pairs, "n", *f.To)...)
}

// fallNext says what would bring most of the margin back.
func (r *reckoning) fallNext(goal chain.Goal, all []loss, s ways.State) chain.Text {
	var overdue []string
	for _, l := range all {
		if l.cause == "drill_overdue" {
			overdue = append(overdue, l.name)
		}
	}
	s.Lost = slices.DeleteFunc(slices.Clone(s.Lost), func(n string) bool { return slices.Contains(overdue, n) })
	s.Unproven = overdue
	next := r.nextStep(goal.Name, s)
	if next == nil {
		return chain.Text{}
	}
	return chain.Say("guard.margin_next", "step", r.stepText(next))
}

// listed is how many of a list are said.
const listed = 4

// listOf says one after the other.
func listOf(all []chain.Text) chain.Text {
	more := len(all) - listed
	if more > 0 {
		all = all[:listed]
	}
	var said chain.Text
	for i, t := range slices.Backward(all) {
		switch {
		case i == len(all)-1 && more > 0:
			said = chain.Say("guard.list_more", "first", t, "n", more)
		case said.IsZero():
			said = t
		default:
			said = chain.Say("guard.list", "first", t, "rest", said)
		}
	}
	return said
}

func (g *Guard) tellMargin(event string, f *fall) {
	told, title := *f, titleOf(g.file.Chain, f.Goal)
	now := time.Now()
	g.append(journal.Entry{At: now, What: "told", Link: f.Goal, Incident: f.ID,
		Text: chain.Say("guard.told", "event", chain.Say("guard.event_margin_"+event), "link", f.Goal)})
	g.o.Tell(Message{Event: event, Incident: f.ID, At: now, Say: func(lang words.Lang) (string, string) {
		say := func(key string, pairs ...any) string { return lang.Say(chain.Say(key, pairs...)) }
		head := say("guard.title_margin_"+event, "goal", title)
		if event == "end" {
			return head, say("guard.margin_back", "goal", title, "took", told.Ended.Sub(told.Began).Round(time.Second))
		}
		lines := []string{lang.Say(told.Why)}
		if !told.Next.IsZero() {
			lines = append(lines, lang.Say(told.Next))
		}
		return head, strings.Join(lines, "\n")
	}})
}

// fallStatus is a fall as the status has it.
func fallStatus(f *fall, lang words.Lang) IncidentStatus {
	s := IncidentStatus{
		ID: f.ID, Goal: f.Goal, Began: f.Began, Cause: f.Cause, Why: lang.Say(f.Why), Next: lang.Say(f.Next),
		Evidence: []string{}, Deeds: []DeedStatus{}, Fell: f.Lost, From: f.From, To: f.To,
	}
	if !f.Ended.IsZero() {
		s.Ended, s.Next = &f.Ended, ""
	}
	return s
}
