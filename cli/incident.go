package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
)

// shownEnded is how many ended incidents `omamori status` shows, shownEvidence how
// many lines of evidence each; --json has all.
const (
	shownEnded    = 3
	shownEvidence = 5
)

// incidents prints open incidents, and the last ended ones unless only open ones
// are wanted. The open ones come last, where the eye is.
func (a *App) incidents(w io.Writer, s guard.Status, open bool) {
	var shown, ended []guard.IncidentStatus
	for _, i := range s.Incidents {
		switch {
		case i.Ended == nil:
			shown = append(shown, i)
		case !open && len(ended) < shownEnded:
			ended = append(ended, i)
		}
	}
	slices.Reverse(ended)
	slices.Reverse(shown)
	shown = append(ended, shown...)
	if len(shown) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", bold.Render(a.say("cli.incidents")))
	for n, i := range shown {
		if n > 0 {
			fmt.Fprintln(w)
		}
		a.incident(w, i, s)
	}
	if !open {
		fmt.Fprintf(w, "  %s\n", faint.Render(a.say("cli.report_lead")))
	}
}

func (a *App) incident(w io.Writer, i guard.IncidentStatus, s guard.Status) {
	columns, labels := width(a.Out), a.labels()
	row := func(key string, texts ...string) {
		for n, text := range texts {
			label := ""
			if n == 0 {
				label = a.say(key)
			}
			fmt.Fprintf(w, "    %s  %s\n", pad(faint.Render(label), labels), wrap(text, columns, 6+labels))
		}
	}
	v, when := chain.Broken, a.say("cli.incident_open", "began", i.Began, "age", s.At.Sub(i.Began).Truncate(time.Second))
	if i.Ended != nil {
		v, when = chain.Holds, a.say("cli.incident_over", "began", i.Began, "took", i.Ended.Sub(i.Began).Round(10*time.Millisecond))
	}
	fmt.Fprintf(w, "  %s %s\n", mark(v), beside(hang(bold, a.headline(i, s), columns, 4), shade(v), when, columns, 4))
	row("cli.label_why", a.why(i))
	row("cli.label_evidence", a.evidence(i.Evidence)...)
	var deeds, outages []string
	for _, d := range i.Deeds {
		deeds = append(deeds, d.At.Local().Format(time.TimeOnly)+"  "+d.Said)
	}
	row("cli.label_deeds", deeds...)
	for _, o := range i.Outages {
		key := "cli.without_still"
		if o.Over {
			key = "cli.without"
		}
		took := time.Duration(o.Seconds * float64(time.Second)).Round(10 * time.Millisecond)
		outages = append(outages, a.say(key, "goal", a.goalTitle(s, o.Goal), "took", took))
	}
	row("cli.label_visitors", outages...)
	if i.Mending != "" && i.Ended == nil {
		row("cli.label_now", a.say("cli.mending_"+i.Mending))
	}
	if step, _ := a.step(s); i.Next != "" && i.Next != step { // that one ends the page
		row("cli.label_next", i.Next)
	}
}

// headline is what an incident is about: the link that broke, or the goal whose margin
// fell.
func (a *App) headline(i guard.IncidentStatus, s guard.Status) string {
	if i.Goal != "" {
		return a.say("cli.incident_margin", "goal", a.goalTitle(s, i.Goal))
	}
	return i.Link
}

// why is the sentence for the cause, with its code: what other tools and the
// documents call it.
func (a *App) why(i guard.IncidentStatus) string {
	switch {
	case i.Why == "" && i.Cause == "":
		return a.say("cli.why_unknown_yet")
	case i.Cause == "" || i.Cause == i.Why:
		return i.Why
	}
	return strings.TrimSpace(i.Why + " [" + i.Cause + "]")
}

// evidence is the last lines: what comes last in a log is nearest to the end.
func (a *App) evidence(lines []string) []string {
	more := len(lines) - shownEvidence
	if more <= 0 {
		return lines
	}
	return append([]string{a.say("cli.evidence_more", "n", more)}, lines[more:]...)
}

func (a *App) labels() int {
	n := 0
	for _, key := range []string{"cli.label_why", "cli.label_evidence", "cli.label_deeds", "cli.label_visitors", "cli.label_now", "cli.label_next"} {
		n = max(n, ansi.StringWidth(a.say(key)))
	}
	return n
}

func (a *App) goalTitle(s guard.Status, name string) string {
	for _, g := range s.Goals {
		if g.Name == name {
			return title(g.Title, g.Name)
		}
	}
	return name
}

// incidentOf is the open incident that keeps a goal out of reach.
func incidentOf(goal string, s guard.Status) *guard.IncidentStatus {
	for n, i := range s.Incidents {
		if i.Ended == nil && slices.ContainsFunc(i.Outages, func(o guard.OutageStatus) bool { return o.Goal == goal && !o.Over }) {
			return &s.Incidents[n]
		}
	}
	return nil
}

// inHand says that omamori is mending a link, or what it fell with: what a person
// could do about it would only be in the way.
func inHand(link string, s guard.Status) bool {
	return slices.ContainsFunc(s.Incidents, func(i guard.IncidentStatus) bool {
		return i.Ended == nil && atWork(i) && (i.Link == link || slices.Contains(i.Fell, link))
	})
}

// atWork says that the guard mends, rather than waits for a person.
func atWork(i guard.IncidentStatus) bool {
	return slices.Contains([]string{"looking", "waiting", "mending", "proving", "holding"}, i.Mending)
}

// next prints the one best next step: what a person alone can do comes before what
// omamori is doing by itself.
func (a *App) next(w io.Writer, s guard.Status) {
	style, text := bold, ""
	switch step, working := a.step(s); {
	case step != "":
		text = a.say("cli.next", "next", step)
	case working != "":
		text = a.say("cli.next_wait", "link", working)
	case slices.ContainsFunc(s.Links, func(l guard.LinkStatus) bool { return l.Verdict != chain.Holds }):
		style, text = yellow, a.say("cli.next_unproven")
	case len(s.Guard.Troubles) > 0:
		style, text = yellow, a.say("cli.next_troubles")
	default:
		style, text = green, a.say("cli.next_nothing")
	}
	fmt.Fprintf(w, "\n%s\n", style.Render(text)) // in one piece: it may end in a command to be copied
}

// step is what a person is to do; working the link that omamori is mending.
func (a *App) step(s guard.Status) (step, working string) {
	var wanted []guard.IncidentStatus
	for _, i := range s.Incidents {
		switch {
		case i.Ended != nil:
		case i.Next != "":
			wanted = append(wanted, i)
		default:
			working = i.Link + i.Goal // one of them is empty
		}
	}
	if len(wanted) > 0 {
		worst := max(0, slices.IndexFunc(wanted, func(i guard.IncidentStatus) bool { // a goal's before another
			return slices.ContainsFunc(i.Outages, func(o guard.OutageStatus) bool { return !o.Over })
		}))
		return wanted[worst].Next, ""
	}
	if working != "" {
		return "", working
	}
	for _, l := range s.Links {
		if l.Verdict != chain.Holds && l.Hint != "" {
			return l.Name + ": " + l.Hint, ""
		}
	}
	return "", ""
}
