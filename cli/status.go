package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/words"
)

func (a *App) statusCommand() *cobra.Command {
	return a.command("status", "status", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		s, err := a.guard().Status(cmd.Context())
		if err != nil {
			return err
		}
		return a.show(s)
	})
}

// bare is `omamori` alone: goals, what is wrong, and the one thing to do next.
func (a *App) bare(ctx context.Context) error {
	s, err := a.guard().Status(ctx)
	if err != nil {
		return err
	}
	if a.json {
		return a.show(s)
	}
	w := a.style(a.Out)
	a.goals(w, s)
	a.incidents(w, s, true)
	fmt.Fprintf(w, "\n%s\n", a.next(s))
	return news(s)
}

// next is the one best next step.
func (a *App) next(s guard.Status) string {
	for _, i := range s.Incidents {
		switch {
		case i.Ended != nil:
		case i.Next != "":
			return a.say("cli.next", "next", i.Next)
		default:
			return a.say("cli.next", "next", a.say("cli.next_wait", "link", i.Link))
		}
	}
	for _, t := range s.Guard.Troubles {
		return a.say("cli.next", "next", t)
	}
	for _, l := range s.Links {
		if l.Verdict != chain.Holds && l.Hint != "" {
			return a.say("cli.next", "next", l.Name+": "+l.Hint)
		}
	}
	return a.say("cli.next_nothing")
}

func (a *App) show(s guard.Status) error {
	if a.json {
		if err := a.encode(a.Out, s); err != nil {
			return err
		}
		return news(s)
	}
	w := a.style(a.Out)
	a.about(w, s)
	a.goals(w, s)
	a.links(w, s)
	a.incidents(w, s, false)
	return news(s)
}

// news is bad if a goal does not hold.
func news(s guard.Status) error {
	for _, g := range s.Goals {
		if g.Verdict != chain.Holds {
			return errBadNews
		}
	}
	return nil
}

func (a *App) about(w io.Writer, s guard.Status) {
	fmt.Fprintln(w, faint.Render(a.say("cli.about", "pid", s.Guard.PID, "since", s.Guard.Started, "config", s.Guard.Config)))
	for _, t := range s.Guard.Troubles {
		fmt.Fprintf(w, "%s %s\n", yellow.Render("!"), wrap(t, width(a.Out), 2))
	}
}

func (a *App) goals(w io.Writer, s guard.Status) {
	fmt.Fprintf(w, "\n%s\n", bold.Render(a.say("cli.goals")))
	if len(s.Goals) == 0 {
		fmt.Fprintln(w, "  "+a.say("cli.no_goals"))
	}
	n := widest(s.Goals, func(g guard.GoalStatus) string { return title(g.Title, g.Name) })
	for _, g := range s.Goals {
		said := a.verdict(g.Verdict)
		if !g.Since.IsZero() && g.Verdict != chain.Unproven {
			said = a.say("cli.goal_since", "verdict", said, "age", max(0, s.At.Sub(g.Since)).Truncate(time.Second))
		}
		fmt.Fprintf(w, "  %s %s  %s", mark(g.Verdict), pad(bold.Render(title(g.Title, g.Name)), n), colour(g.Verdict, said))
		if len(g.Blame) > 0 {
			fmt.Fprintf(w, "  %s", a.say("cli.blame", "links", strings.Join(g.Blame, ", ")))
		}
		fmt.Fprintln(w)
		if said := a.margin(g); said != "" {
			fmt.Fprintf(w, "    %s%s\n", pad("", n), faint.Render(said))
		}
	}
}

// margin says how many further losses a goal survives, or how far off it is.
func (a *App) margin(g guard.GoalStatus) string {
	switch m := g.Margin.Now; {
	case g.Verdict == chain.Broken && g.WayBack == nil:
		return a.say("cli.no_way_back")
	case g.Verdict == chain.Broken:
		return a.say("cli.way_back", "takes", time.Duration(*g.WayBack*float64(time.Second)))
	case g.Verdict != chain.Holds || m == nil || *m < 0:
		return ""
	case *m == 0:
		return a.say("cli.margin_zero")
	default:
		return a.say("cli.margin", "n", *m)
	}
}

func title(title, name string) string {
	if title != "" {
		return words.Clean(title)
	}
	return name
}

func (a *App) links(w io.Writer, s guard.Status) {
	fmt.Fprintf(w, "\n%s\n", bold.Render(a.say("cli.links")))
	links := inOrder(s.Links)
	n := widest(links, func(l guard.LinkStatus) string { return l.Name })
	v := widest(links, func(l guard.LinkStatus) string { return a.verdict(l.Verdict) })
	t := widest(links, func(l guard.LinkStatus) string { return a.ago(l.ProvedAt, s.At) })
	columns, indent := width(a.Out), 2+2+n+2+v+2+t+2
	for _, l := range links {
		fmt.Fprintf(w, "  %s %s  %s  %s  %s\n", mark(l.Verdict), pad(l.Name, n), pad(colour(l.Verdict, a.verdict(l.Verdict)), v),
			pad(faint.Render(a.ago(l.ProvedAt, s.At)), t), wrap(a.reason(l), columns, indent))
		if l.Verdict != chain.Holds && l.Hint != "" && !blamesOther(l) {
			fmt.Fprintf(w, "%s%s\n", strings.Repeat(" ", indent), wrap("→ "+l.Hint, columns, indent+2))
		}
		for _, need := range l.Waived {
			fmt.Fprintf(w, "%s%s\n", strings.Repeat(" ", indent), yellow.Render(wrap(a.say("cli.waived", "need", need), columns, indent)))
		}
	}
}

func blamesOther(l guard.LinkStatus) bool {
	return len(l.Blame) > 0 && !slices.Contains(l.Blame, l.Name)
}

func (a *App) reason(l guard.LinkStatus) string {
	if blamesOther(l) {
		return a.say("cli.because_of", "because", l.Because, "links", strings.Join(l.Blame, ", "))
	}
	return l.Because
}

// inOrder puts links so that each comes after what it needs, as a chain is read.
func inOrder(links []guard.LinkStatus) []guard.LinkStatus {
	at := map[string]int{}
	for i, l := range links {
		at[l.Name] = i
	}
	var out []guard.LinkStatus
	done := map[string]bool{}
	var visit func(i, deep int)
	visit = func(i, deep int) {
		l := links[i]
		if done[l.Name] || deep > len(links) {
			return
		}
		done[l.Name] = true
		for _, n := range l.Needs {
			if j, ok := at[n]; ok {
				visit(j, deep+1)
			}
		}
		out = append(out, l)
	}
	for i := range links {
		visit(i, 0)
	}
	return out
}

// shownEnded is how many ended incidents `omamori status` shows.
const shownEnded = 3

// incidents prints open incidents, and the last ended ones unless only open ones
// are wanted.
func (a *App) incidents(w io.Writer, s guard.Status, open bool) {
	var shown []guard.IncidentStatus
	ended := 0
	for _, i := range s.Incidents {
		if i.Ended != nil {
			if ended++; open || ended > shownEnded {
				continue
			}
		}
		shown = append(shown, i)
	}
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
}

func (a *App) incident(w io.Writer, i guard.IncidentStatus, s guard.Status) {
	columns := width(a.Out)
	line := func(label, text string) {
		label = pad(faint.Render(label), a.labels())
		fmt.Fprintf(w, "    %s  %s\n", label, wrap(text, columns, 6+a.labels()))
	}
	v, when := chain.Broken, a.say("cli.incident_open", "began", i.Began, "age", s.At.Sub(i.Began).Truncate(time.Second))
	if i.Ended != nil {
		v, when = chain.Holds, a.say("cli.incident_over", "began", i.Began, "took", i.Ended.Sub(i.Began).Round(10*time.Millisecond))
	}
	fmt.Fprintf(w, "  %s %s  %s  %s\n", mark(v), bold.Render(i.Link), colour(v, i.Cause), when)
	line(a.say("cli.label_why"), i.Why)
	for n, e := range i.Evidence {
		label := ""
		if n == 0 {
			label = a.say("cli.label_evidence")
		}
		line(label, words.Clean(e))
	}
	for n, d := range i.Deeds {
		label := ""
		if n == 0 {
			label = a.say("cli.label_deeds")
		}
		line(label, d.At.Local().Format("15:04:05.000")+"  "+d.Said)
	}
	for _, o := range i.Outages {
		key := "cli.without_still"
		if o.Over {
			key = "cli.without"
		}
		took := time.Duration(o.Seconds * float64(time.Second)).Round(10 * time.Millisecond)
		line(a.say("cli.label_visitors"), a.say(key, "goal", a.goalTitle(s, o.Goal), "took", took))
	}
	if i.Mending != "" {
		line(a.say("cli.label_now"), a.say("cli.mending_"+i.Mending))
	}
	if i.Next != "" {
		line(a.say("cli.label_next"), i.Next)
	}
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
