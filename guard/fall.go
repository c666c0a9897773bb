package guard

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/ways"
	"github.com/omamori-guard/omamori/words"
)

// explain says what a fall means: how near the owner is to being locked out, by what,
// why, and what would bring most of the margin back.
func (r *reckoning) explain(goal chain.Goal, s ways.State, f *fall) {
	title := r.titleOf(goal.Name)
	say := func(why, brief string, pairs ...any) {
		f.brief = chain.Say(brief, append(pairs, "goal", title)...)
		f.Why = chain.Say(why, append(pairs, "goal", title, "because", r.because(f.because))...)
	}
	switch {
	case *f.To < 0:
		plan := r.graph().Back(goal.Name, s)
		if !plan.Reached {
			say("guard.margin_no_way", "guard.margin_no_way_brief")
			break
		}
		var steps []chain.Text
		for _, step := range plan.Steps {
			steps = append(steps, chain.Say("guard.name", "name", mendTitle(step.Mend)))
		}
		say("guard.margin_out", "guard.margin_out_brief", "takes", plan.Takes, "steps", listOf(steps))
		f.Next = chain.Say("guard.margin_next_out", "goal", goal.Name)
		return
	case *f.To == 0:
		var singles []chain.Text
		cuts, _ := r.cuts(goal.Name, s, 1)
		for _, cut := range cuts {
			singles = append(singles, r.called(cut[0]))
		}
		say("guard.margin_zero", "guard.margin_zero_brief", "singles", listOf(singles))
	default:
		say("guard.margin_low", "guard.margin_low_brief", "n", *f.To)
	}
	f.Next = r.fallNext(goal, f.because, s)
}

// because says why margins have fallen.
func (r *reckoning) because(all []loss) chain.Text {
	var because []chain.Text
	for _, l := range all {
		because = append(because, chain.Say("guard.because_"+l.cause, "name", r.called(l.name)))
	}
	return listOf(because)
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

// toldGoals is of how many goals one message tells, toldNext how many next steps.
const (
	toldGoals = 20
	toldNext  = 3
)

// tellMargins tells of what has happened to the margins of goals at once, in one
// message, the worst first.
func (g *Guard) tellMargins(event string, falls []*fall) {
	now := time.Now()
	told := make([]fall, len(falls)) // as they are now; they are put into words later
	for i, f := range falls {
		told[i] = *f
	}
	slices.SortStableFunc(told, func(a, b fall) int { return cmp.Compare(*a.To, *b.To) })
	titles := map[string]string{}
	var names []chain.Text
	for _, f := range told {
		titles[f.Goal] = titleOf(g.file.Chain, f.Goal)
		names = append(names, chain.Say("guard.name", "name", f.Goal))
	}
	e := journal.Entry{At: now, What: "told", Incident: told[0].ID,
		Text: chain.Say("guard.told_margins", "event", chain.Say("guard.event_margin_"+event), "goals", listOf(names))}
	if len(told) == 1 {
		e.Link = told[0].Goal
		e.Text = chain.Say("guard.told", "event", chain.Say("guard.event_margin_"+event), "link", e.Link)
	}
	g.append(e)
	r := &reckoning{Chain: g.file.Chain}
	g.send(Message{Event: event, Incident: told[0].ID, At: now, Say: func(lang words.Lang) (string, string) {
		say := func(key string, pairs ...any) string { return lang.Say(chain.Say(key, pairs...)) }
		title := say("guard.title_margin_"+event, "goal", titles[told[0].Goal])
		var lines []string
		if len(told) > 1 {
			title = say("guard.title_margins_"+event, "n", len(told))
			if event != "end" {
				lines = append(lines, say("guard.margins_because", "because", r.because(allBecause(told))))
			}
		}
		for _, f := range told[:min(len(told), toldGoals)] {
			switch {
			case event == "end":
				lines = append(lines, say("guard.margin_back", "goal", titles[f.Goal], "took", f.Ended.Sub(f.Began).Round(time.Second)))
			case len(told) > 1:
				lines = append(lines, lang.Say(f.brief))
			default:
				lines = append(lines, lang.Say(f.Why))
			}
		}
		if more := len(told) - toldGoals; more > 0 {
			lines = append(lines, say("guard.margins_more", "n", more))
		}
		if event != "end" {
			lines = append(lines, nexts(told, lang)...)
		}
		return title, strings.Join(lines, "\n")
	}})
}

// allBecause lists the losses of several falls, each once.
func allBecause(falls []fall) (all []loss) {
	seen := map[loss]bool{}
	for _, f := range falls {
		for _, l := range f.because {
			if !seen[l] {
				seen[l] = true
				all = append(all, l)
			}
		}
	}
	return all
}

// nexts says what would bring margins back, each once, of the worst falls.
func nexts(falls []fall, lang words.Lang) (said []string) {
	for _, f := range falls {
		next := lang.Say(f.Next)
		if next != "" && !slices.Contains(said, next) && len(said) < toldNext {
			said = append(said, next)
		}
	}
	return said
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
