package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/words"
)

func (a *App) whatIfCommand() *cobra.Command {
	var lose, change []string
	var on string
	c := a.command("what-if [GOAL]", "what_if", cobra.MaximumNArgs(1), func(cmd *cobra.Command, args []string) error {
		q, err := supposed(lose, change, on, time.Now())
		if err != nil {
			return err
		}
		all, err := a.guard().Ways(cmd.Context(), goalNamed(args), q)
		if err != nil {
			return err
		}
		return a.showWays(all, func(w io.Writer) { a.whatIf(w, q, all) })
	})
	c.Flags().StringArrayVar(&lose, "lose", nil, a.say("cli.flag_lose"))
	c.Flags().StringArrayVar(&change, "change", nil, a.say("cli.flag_change"))
	c.Flags().StringVar(&on, "on", "", a.say("cli.flag_on"))
	return c
}

// supposed reads what is to be supposed.
func supposed(lose, change []string, on string, now time.Time) (guard.Supposed, error) {
	q := guard.Supposed{Lose: lose}
	for _, c := range change {
		attr, value, ok := strings.Cut(c, "=")
		thing, name, ok2 := strings.Cut(attr, ".")
		if !ok || !ok2 || thing == "" || name == "" {
			return q, usage(chain.Say("cli.bad_change", "change", c), chain.Say("cli.bad_change_hint"))
		}
		if q.Change == nil {
			q.Change = map[string]string{}
		}
		q.Change[attr] = value
	}
	if on != "" {
		hint := chain.Say("cli.bad_day_hint", "example", now.AddDate(0, 3, 0))
		day, err := time.ParseInLocation(time.DateOnly, on, now.Location())
		if err != nil {
			return q, usage(chain.Say("cli.bad_day", "day", on), hint)
		}
		q.On = day.AddDate(0, 0, 1).Add(-time.Second) // all of that day is over
		if q.On.Before(now) {
			return q, usage(chain.Say("cli.past_day", "day", on), hint)
		}
	}
	if q.IsZero() {
		return q, usage(chain.Say("cli.lose_what"), chain.Say("cli.lose_what_hint"))
	}
	return q, nil
}

// whatIf prints what is supposed, what falls then, and for each goal what becomes of
// its margin, its ways, and the way back.
func (a *App) whatIf(w io.Writer, q guard.Supposed, all []guard.GoalWays) {
	fmt.Fprintln(w, bold.Render(a.say("cli.what_if")))
	for _, name := range q.Lose {
		fmt.Fprintf(w, "  %s\n", a.say("cli.what_if_lost", "name", a.called(all[0], name)))
	}
	for _, attr := range slices.Sorted(maps.Keys(q.Change)) {
		fmt.Fprintf(w, "  %s\n", a.say("cli.what_if_changed", "attr", attr, "value", q.Change[attr]))
	}
	if !q.On.IsZero() {
		fmt.Fprintf(w, "  %s\n", a.say("cli.what_if_on", "day", q.On))
	}
	a.falls(w, all[0])
	for _, g := range all {
		fmt.Fprintf(w, "\n%s\n", bold.Render(a.called(g, g.Name)))
		for _, way := range g.Ways {
			if len(way.Without) > 0 {
				fmt.Fprintf(w, "  %s %s\n", mark(way.Verdict), wrap(a.say("cli.ways_way", "way", way.Name)+": "+
					a.say("cli.what_if_needs", "names", a.allCalled(g, way.Without)), width(a.Out), 4))
			}
		}
		a.labelled(w, []labelled{{"cli.ways_margin", a.marginMoved(g)}, {"cli.ways_next", a.nextStep(g)}})
		if n := g.Margin.IfAllWell; n != nil && *n == 0 {
			a.items(w, "cli.ways_singles", a.sets(g, singles(g)))
		}
		a.wayBack(w, g)
	}
}

func (a *App) falls(w io.Writer, g guard.GoalWays) {
	if len(g.Falls) == 0 {
		fmt.Fprintf(w, "\n%s\n", a.say("cli.what_if_nothing"))
		return
	}
	fmt.Fprintf(w, "\n%s\n", bold.Render(a.say("cli.what_if_falls")))
	n := widest(g.Falls, func(f guard.FallenStatus) string { return f.Name })
	for _, f := range g.Falls {
		why := words.Clean(f.Because)
		if why == "" {
			why = a.say("cli.what_if_needs", "names", strings.Join(f.Needs, a.say("cli.ways_comma")))
		}
		why = a.say("cli.what_if_why", "why", why)
		fmt.Fprintf(w, "  %s %s  %s\n", mark(chain.Broken), pad(f.Name, n), wrap(a.named(g, f.Name)+faint.Render(why), width(a.Out), n+6))
	}
}

// marginMoved says a margin and what it was.
func (a *App) marginMoved(g guard.GoalWays) string {
	switch {
	case g.Before == nil || g.Before.Unknown || g.Margin.Unknown:
		return a.marginOf(g)
	case a.uncertain(g):
		return a.say("cli.ways_margin_to", "from", a.figure(g.Before.Now), "said", a.marginSaid(g))
	case a.figure(g.Before.Now) == a.figure(g.Margin.Now):
		return a.say("cli.ways_margin_same", "to", a.figure(g.Margin.Now), "said", a.marginSaid(g))
	}
	return a.say("cli.ways_margin_moved", "from", a.figure(g.Before.Now), "to", a.figure(g.Margin.Now), "said", a.marginSaid(g))
}
