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
	a.troubles(w, s)
	a.goals(w, s)
	a.incidents(w, s, true)
	a.next(w, s)
	return news(s)
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
	fmt.Fprintln(w)
	a.goals(w, s)
	a.links(w, s)
	a.incidents(w, s, false)
	a.next(w, s)
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
	columns := width(a.Out)
	by := s.Guard.Config
	if by == "" {
		by = a.say("cli.by_discovery")
	}
	said := a.say("cli.about", "pid", s.Guard.PID, "since", s.Guard.Started, "config", by)
	fmt.Fprintln(w, hang(faint, said, columns, 0))
	a.troubles(w, s)
}

// troubles are what keeps the guard from doing all of its work.
func (a *App) troubles(w io.Writer, s guard.Status) {
	for _, t := range s.Guard.Troubles {
		fmt.Fprintf(w, "%s %s\n", yellow.Render("!"), wrap(t, width(a.Out), 2))
	}
}

func (a *App) goals(w io.Writer, s guard.Status) {
	fmt.Fprintln(w, bold.Render(a.say("cli.goals")))
	if len(s.Goals) == 0 {
		fmt.Fprintln(w, "  "+a.say("cli.no_goals"))
	}
	columns := width(a.Out)
	n := widest(s.Goals, func(g guard.GoalStatus) string { return title(g.Title, g.Name) })
	indent := 4 + n + 2
	below := columns > 0 && n > columns/2 // long titles: what is said of them stands below
	if below {
		indent = 4
	}
	for _, g := range s.Goals {
		v := g.Verdict
		if g.Margin.Gone(v) {
			v = chain.Unproven // of what was proved, no more is known to be so
		}
		fmt.Fprintf(w, "  %s %s", mark(v), hang(bold, title(g.Title, g.Name), columns, 4))
		if below {
			fmt.Fprintf(w, "\n%s", strings.Repeat(" ", indent))
		} else {
			fmt.Fprint(w, strings.Repeat(" ", indent-4-ansi.StringWidth(title(g.Title, g.Name))))
		}
		said, blame := a.goalVerdict(g, s), ""
		if len(g.Blame) > 0 {
			blame = a.say("cli.blame", "links", a.few(g.Blame))
		}
		fmt.Fprintln(w, beside(colour(v, said), plain, blame, columns, indent))
		if note := a.outlook(g, s); note != "" {
			fmt.Fprintf(w, "%s%s\n", strings.Repeat(" ", indent), hang(faint, note, columns, indent))
		}
		if len(g.Ahead) > 0 { // the next that becomes of it
			fmt.Fprintf(w, "%s%s\n", strings.Repeat(" ", indent), hang(faint, g.Ahead[0].Said, columns, indent))
		}
	}
}

// goalVerdict is the word for how a goal stands, and since when.
func (a *App) goalVerdict(g guard.GoalStatus, s guard.Status) string {
	said := a.verdict(g.Verdict)
	if g.Margin.Gone(g.Verdict) {
		return a.say("cli.goal_gone")
	}
	if g.Since.IsZero() || g.Verdict == chain.Unproven {
		return said
	}
	return a.say("cli.goal_since", "verdict", said, "age", max(0, s.At.Sub(g.Since)).Truncate(time.Second))
}

// outlook says how many further losses a goal survives, or who brings it back.
func (a *App) outlook(g guard.GoalStatus, s guard.Status) string {
	i := incidentOf(g.Name, s)
	// It is out of reach if it is broken, or if somebody said that it rests on is lost.
	out := g.Verdict == chain.Broken || g.Margin.IfAllWell != nil && *g.Margin.IfAllWell < 0 // gone, or unproven
	switch m := g.Margin.Now; {
	case g.Verdict == chain.Broken && i != nil && atWork(*i):
		return a.say("cli.goal_mending", "link", i.Link)
	case g.Verdict == chain.Broken && i != nil && i.Next != "":
		return a.say("cli.goal_yours")
	case out && g.WayBack == nil:
		return a.say("cli.no_way_back")
	case out:
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
		return title
	}
	return name
}

func (a *App) links(w io.Writer, s guard.Status) {
	fmt.Fprintf(w, "\n%s\n", bold.Render(a.say("cli.links")))
	links := inOrder(s.Links)
	n := widest(links, func(l guard.LinkStatus) string { return l.Name })
	v := widest(links, func(l guard.LinkStatus) string { return a.verdict(l.Verdict) })
	t := widest(links, func(l guard.LinkStatus) string { return a.ago(l.ProvedAt, s.At) })
	columns := width(a.Out)
	if columns > 0 {
		n = min(n, max(narrow, columns/4)) // of a longer name the rest stands below
	}
	indent, before := 2+2+n+2+v+2+t+2, "  " // before: between the age and the reason
	if columns > 0 && columns-indent < 3*narrow/2 {
		indent = 6 // few columns: the reason stands below
		before = "\n" + strings.Repeat(" ", indent)
	}
	for _, l := range links {
		fmt.Fprintf(w, "  %s %s  %s  %s%s%s\n", mark(l.Verdict), cell(l.Name, n, 4), pad(colour(l.Verdict, a.verdict(l.Verdict)), v),
			pad(faint.Render(a.ago(l.ProvedAt, s.At)), t), before, wrap(a.reason(l), columns, indent))
		if l.Verdict != chain.Holds && l.Hint != "" && !blamesOther(l) && !inHand(l.Name, s) {
			fmt.Fprintf(w, "%s%s\n", strings.Repeat(" ", indent), wrap("→ "+l.Hint, columns, indent+2))
		}
		for _, need := range l.Waived {
			fmt.Fprintf(w, "%s%s\n", strings.Repeat(" ", indent), hang(yellow, a.say("cli.waived", "need", need), columns, indent))
		}
	}
}

// few names the first of many: one cause may break dozens of links, which all have a line of
// their own.
func (a *App) few(names []string) string {
	const most = 4
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return a.say("cli.few", "first", strings.Join(names[:most-1], ", "), "n", len(names)-most+1)
}

func blamesOther(l guard.LinkStatus) bool {
	return len(l.Blame) > 0 && !slices.Contains(l.Blame, l.Name)
}

func (a *App) reason(l guard.LinkStatus) string {
	if blamesOther(l) {
		return a.say("cli.because_of", "because", l.Because, "links", a.few(l.Blame))
	}
	if l.Because == "" && l.Person {
		return a.say("cli.only_you", "question", l.Question, "link", l.Name)
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
