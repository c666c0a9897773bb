package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
)

func (a *App) waysCommand() *cobra.Command {
	return a.command("ways [GOAL]", "ways", cobra.MaximumNArgs(1), func(cmd *cobra.Command, args []string) error {
		return a.ways(cmd, args, nil)
	})
}

func (a *App) whatIfCommand() *cobra.Command {
	var lose []string
	c := a.command("what-if [GOAL]", "what_if", cobra.MaximumNArgs(1), func(cmd *cobra.Command, args []string) error {
		if len(lose) == 0 {
			return usage(chain.Say("cli.lose_what"), chain.Say("cli.see_help", "command", cmd.CommandPath()))
		}
		return a.ways(cmd, args, lose)
	})
	c.Flags().StringArrayVar(&lose, "lose", nil, a.say("cli.flag_lose"))
	return c
}

func (a *App) ways(cmd *cobra.Command, args, lose []string) error {
	goal := ""
	if len(args) == 1 {
		goal = args[0]
	}
	all, err := a.guard().Ways(cmd.Context(), goal, lose)
	if err != nil {
		return err
	}
	if a.json {
		return a.encode(a.Out, all)
	}
	w := a.style(a.Out)
	if len(lose) > 0 {
		fmt.Fprintln(w, a.say("cli.what_if", "names", strings.Join(lose, ", ")))
	}
	if len(all) == 0 {
		fmt.Fprintln(w, a.say("cli.no_goals_named"))
	}
	for _, g := range all {
		a.goalWays(w, g)
	}
	return nil
}

// goalWays prints the ways of one goal, what would take it, and the way back.
func (a *App) goalWays(w io.Writer, g guard.GoalWays) {
	columns := width(a.Out)
	fmt.Fprintf(w, "\n%s\n", bold.Render(title(g.Title, g.Name)))
	for _, way := range g.Ways {
		fmt.Fprintf(w, "  %s %s  %s\n", mark(way.Verdict), a.say("cli.ways_way", "way", way.Name),
			wrap(a.say("cli.ways_rests", "names", strings.Join(way.RestsOn, ", ")), columns, 4))
		if len(way.Without) > 0 {
			fmt.Fprintf(w, "    %s\n", red.Render(a.say("cli.ways_without", "names", strings.Join(way.Without, ", "))))
		}
	}
	var rows [][2]string
	row := func(key, text string) { rows = append(rows, [2]string{a.say(key), text}) }
	row("cli.ways_margin", a.marginOf(g.Margin))
	if n := g.Margin.Now; n == nil || *n >= 0 {
		if len(g.Singles) == 0 {
			row("cli.ways_singles", a.say("cli.ways_singles_none"))
		} else {
			row("cli.ways_singles", strings.Join(g.Singles, ", "))
		}
		row("cli.ways_pairs", a.sets(g.Pairs))
		row("cli.ways_triples", a.sets(g.Triples))
	}
	row("cli.ways_back", a.wayBack(g.Back))
	row("cli.ways_weights", a.weights(g.Weights))
	row("cli.ways_next", a.nextStep(g))
	n := widest(rows, func(r [2]string) string { return r[0] })
	for _, r := range rows {
		if r[1] == "" {
			continue
		}
		fmt.Fprintf(w, "    %s  %s\n", pad(faint.Render(r[0]), n), strings.ReplaceAll(wrap(r[1], columns, n+6), "\n", "\n"+strings.Repeat(" ", n+6)))
	}
}

func (a *App) marginOf(m guard.Margin) string {
	said := ""
	switch {
	case m.Now == nil:
		said = a.say("cli.ways_margin_none")
	case *m.Now < 0:
		said = "−1: " + a.say("cli.ways_margin_out")
	case *m.Now == 0:
		said = "0: " + a.say("cli.margin_zero")
	default:
		said = strconv.Itoa(*m.Now) + ": " + a.say("cli.margin", "n", *m.Now)
	}
	if m.Now != nil && m.IfAllWell != nil && *m.Now != *m.IfAllWell {
		said += " " + a.say("cli.ways_if_well", "n", *m.IfAllWell)
	}
	return said
}

// shownSets is how many sets of losses are printed; --json has all.
const shownSets = 6

func (a *App) sets(sets [][]string) string {
	var lines []string
	for i, s := range sets {
		if i == shownSets {
			lines = append(lines, a.say("cli.ways_more", "n", len(sets)-i))
			break
		}
		lines = append(lines, strings.Join(s, " + "))
	}
	return strings.Join(lines, "\n")
}

func (a *App) wayBack(p *guard.PlanStatus) string {
	switch {
	case p == nil:
		return a.say("cli.ways_back_none")
	case len(p.Steps) == 0:
		return a.say("cli.ways_back_now")
	}
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	lines := []string{a.say("cli.ways_back_in", "takes", seconds(p.Seconds))}
	for i, s := range p.Steps {
		when := a.say("cli.ways_at_once")
		if s.FromS > 0 {
			when = a.say("cli.ways_after", "at", seconds(s.FromS))
		}
		lines = append(lines, fmt.Sprintf("%d. %s (%s)", i+1, a.say("cli.ways_step_"+s.By, "mend", title(s.Title, s.Mend), "for", s.For), when))
	}
	return strings.Join(lines, "\n")
}

// shownWeights is how many of the heaviest are printed.
const shownWeights = 5

func (a *App) weights(all []guard.WeightStatus) string {
	var said []string
	for i, w := range all {
		if i == shownWeights {
			break
		}
		said = append(said, a.say("cli.ways_weight", "name", w.Name, "cuts", w.Cuts))
	}
	return strings.Join(said, ", ")
}

func (a *App) nextStep(g guard.GoalWays) string {
	if n := g.Next; n != nil {
		to := a.say("cli.ways_unbounded")
		if n.To != nil {
			to = strconv.Itoa(*n.To)
		}
		if n.Mend != "" {
			return a.say("cli.ways_next_mend", "name", n.Name, "mend", n.Mend, "from", n.From, "to", to)
		}
		return a.say("cli.ways_next_step", "name", n.Name, "from", n.From, "to", to)
	}
	if len(g.Singles) > 0 {
		return a.say("cli.ways_next_other", "name", g.Singles[0])
	}
	return ""
}

// loseCommand is `omamori lost` and `omamori have`.
func (a *App) loseCommand(name string, lost bool) *cobra.Command {
	return a.command(name+" THING", name, cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
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
		return nil
	})
}
