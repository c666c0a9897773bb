package cli

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
)

func (a *App) waysCommand() *cobra.Command {
	var dot bool
	c := a.command("ways [GOAL]", "ways", cobra.MaximumNArgs(1), func(cmd *cobra.Command, args []string) error {
		if dot {
			if len(args) > 0 {
				return usage(chain.Say("cli.ways_no_dot"), chain.Say("cli.see_help", "command", cmd.CommandPath()))
			}
			return a.dot(cmd)
		}
		all, err := a.guard().Ways(cmd.Context(), goalNamed(args), guard.Supposed{})
		if err != nil {
			return err
		}
		return a.showWays(all, func(w io.Writer) {
			for i, g := range all {
				if i > 0 {
					fmt.Fprintln(w)
				}
				a.goalWays(w, g)
			}
		})
	})
	c.Flags().BoolVar(&dot, "dot", false, a.say("cli.flag_dot"))
	return c
}

func goalNamed(args []string) string {
	if len(args) == 1 {
		return args[0]
	}
	return ""
}

func (a *App) showWays(all []guard.GoalWays, print func(io.Writer)) error {
	if a.json {
		return a.encode(a.Out, all)
	}
	w := a.style(a.Out)
	if len(all) == 0 {
		fmt.Fprintln(w, a.say("cli.no_goals_named"))
		return nil
	}
	print(w)
	return nil
}

// goalWays prints how near one goal is to being lost, what to do about it, its ways, and
// what would take it.
func (a *App) goalWays(w io.Writer, g guard.GoalWays) {
	fmt.Fprintf(w, "%s  %s\n", bold.Render(a.called(g, g.Name)), a.reachable(g))
	a.labelled(w, []labelled{{"cli.ways_margin", a.marginOf(g)}, {"cli.ways_next", a.nextStep(g)}})
	var ahead []string
	for _, to := range g.Ahead {
		ahead = append(ahead, to.Said)
	}
	a.items(w, "cli.ways_ahead", ahead)
	for _, way := range g.Ways {
		fmt.Fprintf(w, "\n  %s %s %s\n", mark(way.Verdict), bold.Render(a.say("cli.ways_way", "way", way.Name)), faint.Render(a.say("cli.ways_rests")))
		n := widest(way.RestsOn, func(s string) string { return s })
		for _, name := range way.RestsOn {
			line := a.named(g, name)
			switch g.Names[name].State {
			case "given":
				line += faint.Render(a.say("cli.ways_note", "note", a.say("cli.ways_given")))
			case "lost":
				line += red.Render(a.say("cli.ways_note", "note", a.say("cli.ways_lost")))
			}
			fmt.Fprintf(w, "      %s %s  %s\n", stateMark(g.Names[name].State), pad(name, n), wrap(line, width(a.Out), n+10))
		}
	}
	a.cuts(w, g)
	a.wayBack(w, g)
}

// reachable is whether a goal can be reached, losses that were told included.
func (a *App) reachable(g guard.GoalWays) string {
	best := chain.Broken
	for _, w := range g.Ways {
		if w.Verdict == chain.Holds || w.Verdict == chain.Unproven && best == chain.Broken {
			best = w.Verdict
		}
	}
	return colour(best, a.verdict(best))
}

// labelled is a label from the catalogue with its text; without one it is left out.
type labelled struct{ key, text string }

func (a *App) labelled(w io.Writer, rows []labelled) {
	rows = slices.DeleteFunc(rows, func(r labelled) bool { return r.text == "" })
	n := widest(rows, func(r labelled) string { return a.say(r.key) })
	for _, r := range rows {
		fmt.Fprintf(w, "  %s  %s\n", pad(bold.Render(a.say(r.key)), n), wrap(r.text, width(a.Out), n+4))
	}
}

// shown is how many items of a list are printed; --json has all.
const shown = 5

// items prints a list under its heading.
func (a *App) items(w io.Writer, heading string, items []string) {
	if len(items) == 0 {
		return
	}
	fmt.Fprintf(w, "\n  %s\n", bold.Render(a.say(heading)))
	for i, item := range items {
		if i == shown {
			fmt.Fprintf(w, "    %s\n", a.say("cli.ways_more", "n", len(items)-i))
			break
		}
		fmt.Fprintf(w, "    - %s\n", wrap(item, width(a.Out), 6))
	}
}

// cuts says what locks the owner out: alone, else in twos, else in threes; and what
// only stops the goal for a while.
func (a *App) cuts(w io.Writer, g guard.GoalWays) {
	if n := g.Margin.IfAllWell; n != nil && *n < 0 {
		return // it has happened
	}
	a.items(w, "cli.ways_singles", a.sets(g, singles(g)))
	a.items(w, "cli.ways_pairs", a.sets(g, g.Pairs))
	if len(g.Singles)+len(g.Pairs) == 0 {
		a.items(w, "cli.ways_triples", a.sets(g, g.Triples))
	}
	var stops, heavy []string
	for _, s := range g.Stops {
		stops = append(stops, a.say("cli.ways_stop", "name", a.called(g, s.Name), "takes", seconds(s.Seconds)))
	}
	a.items(w, "cli.ways_stops", stops)
	for _, h := range g.Weights[:min(len(g.Weights), shownWeights)] {
		heavy = append(heavy, a.called(g, h.Name))
	}
	a.items(w, "cli.ways_weights", heavy)
}

// shownWeights is how many of the heaviest are printed.
const shownWeights = 3

func singles(g guard.GoalWays) (sets [][]string) {
	for _, name := range g.Singles {
		sets = append(sets, []string{name})
	}
	return sets
}

func (a *App) sets(g guard.GoalWays, sets [][]string) (said []string) {
	for _, s := range sets {
		var names []string
		for _, name := range s {
			names = append(names, a.called(g, name))
		}
		said = append(said, strings.Join(names, a.say("cli.ways_and")))
	}
	return said
}

// called is a title, and the name that commands want.
func (a *App) called(g guard.GoalWays, name string) string {
	t := a.named(g, name)
	switch {
	case t == name:
		return name
	case g.Names[name].What == "link": // its title is a sentence
		return a.say("cli.ways_called_link", "title", t, "name", name)
	}
	return a.say("cli.ways_called", "title", t, "name", name)
}

// allCalled lists names as called does.
func (a *App) allCalled(g guard.GoalWays, names []string) string {
	var said []string
	for _, n := range names {
		said = append(said, a.called(g, n))
	}
	return strings.Join(said, a.say("cli.ways_comma"))
}

func (a *App) named(g guard.GoalWays, name string) string { return title(g.Names[name].Title, name) }

// stateMark shows the state of a name: a verdict's mark, or whether a thing is there.
func stateMark(state string) string {
	switch state {
	case "there", "given":
		return "·"
	case "lost", "out":
		return red.Render("✗")
	}
	var v chain.Verdict
	_ = v.UnmarshalText([]byte(state)) // cannot fail: what it does not know is unproven
	return mark(v)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// marginOf says a margin, as a figure and in words.
func (a *App) marginOf(g guard.GoalWays) string {
	if a.uncertain(g) || g.Margin.Unknown {
		return a.marginSaid(g)
	}
	return a.figure(g.Margin.Now) + ": " + a.marginSaid(g)
}

// uncertain reports whether the margin would be higher if all that is unproven held.
func (a *App) uncertain(g guard.GoalWays) bool {
	m := g.Margin
	return m.Now != nil && (m.IfAllWell == nil || *m.Now < *m.IfAllWell)
}

// shownNames is how many names stand in one line.
const shownNames = 4

func (a *App) marginSaid(g guard.GoalWays) string {
	within := seconds(g.Within)
	switch m := g.Margin; {
	case m.Unknown:
		return a.say("cli.ways_margin_unknown")
	case a.uncertain(g):
		names := strings.Join(g.Unproven[:min(len(g.Unproven), shownNames)], a.say("cli.ways_comma"))
		if more := len(g.Unproven) - shownNames; more > 0 {
			names = a.say("cli.ways_more_names", "names", names, "n", more)
		}
		return a.say("cli.ways_margin_unproven", "n", a.figure(m.IfAllWell), "names", names)
	case m.Now == nil:
		return a.say("cli.ways_margin_none")
	case *m.Now < 0:
		return a.say("cli.ways_margin_out", "within", within)
	case *m.Now == 0:
		return a.say("cli.ways_margin_zero")
	case *m.Now == 1:
		return a.say("cli.ways_margin_one", "within", within)
	default:
		return a.say("cli.ways_margin_n", "n", *m.Now, "within", within)
	}
}

// figure is a margin as a number.
func (a *App) figure(n *int) string {
	switch {
	case n == nil:
		return a.say("cli.ways_unbounded")
	case *n < 0:
		return "−" + strconv.Itoa(-*n)
	}
	return strconv.Itoa(*n)
}

// wayBack prints the way back to a goal, unless nothing is to be done for it.
func (a *App) wayBack(w io.Writer, g guard.GoalWays) {
	switch {
	case g.Back == nil:
		fmt.Fprintln(w)
		a.labelled(w, []labelled{{"cli.ways_back", a.say("cli.ways_back_none")}})
		return
	case len(g.Back.Steps) == 0:
		return
	}
	fmt.Fprintln(w)
	a.labelled(w, []labelled{{"cli.ways_back", a.say("cli.ways_back_in", "takes", seconds(g.Back.Seconds))}})
	line := func(text string) { fmt.Fprintf(w, "    %s\n", wrap(text, width(a.Out), 7)) }
	for i, s := range g.Back.Steps {
		line(a.say("cli.ways_step_"+s.By, "n", i+1, "mend", title(s.Title, s.Mend), "takes", seconds(s.ToS-s.FromS)))
		var with []string
		for _, n := range s.Needs {
			if st := g.Names[n].State; st != "given" && !slices.ContainsFunc(g.Back.Steps, func(o guard.StepStatus) bool { return o.For == n }) {
				with = append(with, n)
			}
		}
		if len(with) > 0 {
			line("   " + faint.Render(a.say("cli.ways_step_needs", "names", a.allCalled(g, with))))
		}
	}
	for _, way := range g.Ways {
		if way.Name == g.Back.Way {
			line(a.say("cli.ways_step_way", "n", len(g.Back.Steps)+1, "way", way.Name, "names", a.allCalled(g, way.Links)))
		}
	}
}

func (a *App) nextStep(g guard.GoalWays) string {
	n := g.Next
	switch {
	case n == nil && len(g.Singles) > 0:
		return a.say("cli.ways_next_other", "name", a.called(g, g.Singles[0]))
	case n == nil:
		return ""
	}
	from, to := a.figure(n.From), a.figure(n.To)
	switch {
	case n.Do == "prove":
		return a.say("cli.ways_next_prove", "to", to)
	case n.Mend != "":
		return a.say("cli.ways_next_mend", "mend", n.Mend, "takes", seconds(n.Seconds), "from", from, "to", to)
	}
	if g.Names[n.Name].What == "link" {
		return a.say("cli.ways_next_repair", "name", a.called(g, n.Name), "from", from, "to", to)
	}
	return a.say("cli.ways_next_find", "name", a.called(g, n.Name), "from", from, "to", to)
}

// loseCommand is `omamori lost` and `omamori have`.
func (a *App) loseCommand(name string, lost bool) *cobra.Command {
	c := a.command(name+" THING", name, cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		s, err := a.guard().Lose(cmd.Context(), args[0], lost, whoAsks())
		if err != nil {
			return err
		}
		if a.json {
			return a.encode(a.Out, s)
		}
		w := a.style(a.Out)
		key := "cli.thing_had"
		if lost {
			key = "cli.thing_lost"
		}
		fmt.Fprintln(w, a.say(key, "thing", args[0]))
		a.goals(w, s)
		a.incidents(w, s, true)
		if lost {
			a.lostNext(w, s)
		}
		return nil
	})
	return c
}

// lostNext says how to begin where a loss has put a goal out of reach.
func (a *App) lostNext(w io.Writer, s guard.Status) {
	for _, g := range s.Goals {
		if m := g.Margin.IfAllWell; m != nil && *m < 0 {
			fmt.Fprintf(w, "\n%s\n", a.say("cli.lost_next", "goal", g.Name))
			return
		}
	}
}
