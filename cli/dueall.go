package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
)

// ends is all that will end, as `omamori due --all --json` writes it.
type ends struct {
	At        time.Time          `json:"at"`
	Deadlines []guard.Deadline   `json:"deadlines"`
	Drills    []guard.LinkStatus `json:"drills"`
}

// ending is one of them, as it is shown.
type ending struct {
	id         string
	at         time.Time
	what, hint string
	falls      []string // a line each
	lead       []time.Duration
	verdict    chain.Verdict
}

// withEnds gives `omamori due` the options that show everything that will end.
func (a *App) withEnds(due *cobra.Command) {
	var all, calendar bool
	due.Flags().BoolVar(&all, "all", false, a.say("cli.flag_due_all"))
	due.Flags().BoolVar(&calendar, "ics", false, a.say("cli.flag_due_ics"))
	plain := due.RunE
	due.RunE = func(cmd *cobra.Command, args []string) error {
		if !all && !calendar {
			return plain(cmd, args)
		}
		e, err := a.ends(cmd.Context())
		switch {
		case err != nil:
			return err
		case calendar:
			return a.calendar(a.Out, e)
		case a.json:
			return a.encode(a.Out, e)
		}
		a.showEnds(a.style(a.Out), e)
		return nil
	}
}

func (a *App) ends(ctx context.Context) (ends, error) {
	s, err := a.guard().Status(ctx)
	if err != nil {
		return ends{}, err
	}
	d, err := a.guard().Deadlines(ctx)
	return ends{At: s.At, Deadlines: d, Drills: claims(s)}, err
}

// endings are everything by the day, what has ended first.
func (a *App) endings(e ends) (all []ending) {
	for _, d := range e.Deadlines {
		one := ending{id: d.ID, at: d.At, what: d.What, hint: d.Hint, verdict: chain.Holds}
		for _, s := range d.LeadS {
			one.lead = append(one.lead, time.Duration(s*float64(time.Second)))
		}
		if len(d.Stops) > 0 {
			one.falls = append(one.falls, a.say("cli.end_stops", "goals", strings.Join(d.Stops, ", "), "n", len(d.Stops)))
		}
		for _, m := range d.Moves {
			from, to := m.From.Now, m.To.Now
			if reflect.DeepEqual(from, to) { // as things stand nothing changes, but it would if all held
				from, to = m.From.IfAllWell, m.To.IfAllWell
			}
			one.falls = append(one.falls, a.say("cli.end_margin", "goal", m.Goal, "from", a.figure(from), "to", a.figure(to)))
		}
		if links := slices.DeleteFunc(slices.Clone(d.Falls), func(n string) bool { return slices.Contains(d.Stops, n) }); len(links) > 0 {
			one.falls = append(one.falls, a.say("cli.end_falls", "names", strings.Join(links, ", ")))
		}
		if d.Unreckoned {
			one.falls = append(one.falls, a.say("cli.end_unreckoned"))
		}
		switch {
		case d.Ended:
			one.verdict = chain.Broken
		case d.Near:
			one.verdict = chain.Unproven
		}
		all = append(all, one)
	}
	for _, l := range e.Drills {
		one := ending{id: "drill/" + l.Name, at: l.FreshUntil, what: a.say("cli.end_drill", "link", l.Name), hint: a.say("cli.end_drill_hint", "link", l.Name), lead: chain.Days(3), verdict: chain.Holds}
		if l.Verdict != chain.Holds {
			one.at, one.verdict = e.At, chain.Unproven
		}
		all = append(all, one)
	}
	slices.SortStableFunc(all, func(x, y ending) int { return x.at.Compare(y.at) })
	return all
}

func (a *App) showEnds(w io.Writer, e ends) {
	all := a.endings(e)
	if len(all) == 0 {
		fmt.Fprintln(w, a.say("cli.no_ends"))
		return
	}
	day := func(o ending) string { return a.lang.Date(o.at.Add(-time.Second).Local()) }
	left := func(o ending) string {
		switch d := o.at.Sub(e.At); {
		case d <= 0 && o.verdict == chain.Broken:
			return a.say("cli.end_over")
		case d <= 0:
			return a.say("cli.end_now")
		case d >= 48*time.Hour:
			return a.say("cli.end_in", "in", d.Truncate(24*time.Hour))
		default:
			return a.say("cli.end_in", "in", d.Truncate(time.Hour))
		}
	}
	n, m := widest(all, day), widest(all, left)
	indent := 2 + 2 + n + 2 + m + 2
	rest := strings.Repeat(" ", indent)
	for _, o := range all {
		fmt.Fprintf(w, "  %s %s  %s  %s\n", mark(o.verdict), pad(day(o), n), pad(colour(o.verdict, left(o)), m), wrap(o.what, width(a.Out), indent))
		for _, f := range o.falls {
			fmt.Fprintf(w, "%s%s\n", rest, wrap(f, width(a.Out), indent))
		}
		if o.verdict != chain.Holds {
			fmt.Fprintf(w, "%s%s\n", rest, faint.Render(wrap("→ "+o.hint, width(a.Out), indent+2)))
		}
	}
}

// morning is when on its day an alarm rings: not at midnight.
const morning = 9 * time.Hour

// calendar writes everything that is still to end as a calendar (RFC 5545), for the
// owner's own: what moves keeps its UID, and there is an alarm at each lead time.
func (a *App) calendar(w io.Writer, e ends) error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	c := ics.NewCalendarFor("omamori")
	c.SetMethod(ics.MethodPublish)
	c.SetXWRCalName(a.say("cli.calendar", "host", host))
	for _, o := range a.endings(e) {
		if !o.at.After(e.At) {
			continue
		}
		sum := sha256.Sum256([]byte(host + "\n" + o.id))
		event := c.AddEvent(hex.EncodeToString(sum[:12]) + "@omamori")
		day := o.at.Add(-time.Second).Local() // the last on which it is good
		event.SetDtStampTime(e.At)
		event.SetAllDayStartAt(day)
		event.SetAllDayEndAt(day.AddDate(0, 0, 1))
		event.SetTimeTransparency(ics.TransparencyTransparent)
		event.SetSummary(o.what)
		event.SetDescription(strings.Join(append(slices.Clone(o.falls), "→ "+o.hint), "\n"))
		for _, lead := range o.lead {
			alarm := event.AddAlarm()
			alarm.SetAction(ics.ActionDisplay)
			alarm.SetDescription(o.what)
			alarm.SetTrigger(trigger(lead))
		}
	}
	return c.SerializeTo(w, ics.WithNewLineWindows)
}

// trigger is how long before the beginning of its day an alarm rings, as RFC 5545 writes it.
func trigger(lead time.Duration) string {
	if lead >= 24*time.Hour {
		lead -= morning
	}
	days := lead / (24 * time.Hour)
	return fmt.Sprintf("-P%dDT%dH%dM", days, lead%(24*time.Hour)/time.Hour, lead%time.Hour/time.Minute)
}
