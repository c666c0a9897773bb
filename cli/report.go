package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/report"
)

// mostRecords bounds the timeline of a report.
const mostRecords = 1000

// reportCommand drafts the post-mortem of an incident, as the page does.
func (a *App) reportCommand() *cobra.Command {
	c := a.command("report [INCIDENT]", "report", cobra.MaximumNArgs(1), func(cmd *cobra.Command, args []string) error {
		s, err := a.guard().Status(cmd.Context())
		if err != nil {
			return err
		}
		i, err := reported(s.Incidents, args)
		if err != nil {
			return err
		}
		draft, err := a.postMortem(cmd.Context(), s, i)
		if err != nil {
			return err
		}
		if a.json {
			return a.encode(a.Out, map[string]string{"incident": i.ID, "markdown": draft.Markdown(a.lang)})
		}
		_, err = fmt.Fprintln(a.Out, strings.TrimSpace(draft.Markdown(a.lang)))
		return err
	})
	c.ValidArgsFunction = func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		var ids []string
		if len(args) == 0 && a.settle(cmd.Flags()) == nil {
			if s, err := a.guard().Status(cmd.Context()); err == nil {
				for _, i := range s.Incidents {
					ids = append(ids, cobra.CompletionWithDesc(i.ID, a.headline(i, s)))
				}
			}
		}
		return ids, cobra.ShellCompDirectiveNoFileComp
	}
	return c
}

// reported is the incident that was named, else the newest.
func reported(all []guard.IncidentStatus, args []string) (guard.IncidentStatus, error) {
	if len(all) == 0 {
		return guard.IncidentStatus{}, &Problem{Text: chain.Say("cli.report_none"), Hint: chain.Say("cli.report_none_hint")}
	}
	if len(args) == 0 {
		return slices.MaxFunc(all, func(a, b guard.IncidentStatus) int { return a.Began.Compare(b.Began) }), nil
	}
	var ids []string
	for _, i := range all {
		if i.ID == args[0] {
			return i, nil
		}
		ids = append(ids, i.ID)
	}
	return guard.IncidentStatus{}, usage(chain.Say("cli.report_unknown", "id", args[0]), chain.Say("cli.report_unknown_hint", "ids", strings.Join(ids, ", ")))
}

// postMortem is what a report tells: the incident in the words of the status, and what the
// journal has of it.
func (a *App) postMortem(ctx context.Context, s guard.Status, i guard.IncidentStatus) (report.Incident, error) {
	more := max(0, len(i.Evidence)-shownEvidence)
	out := report.Incident{About: a.headline(i, s), Began: i.Began, Cause: i.Cause, Why: i.Why, Next: i.Next, Evidence: i.Evidence[more:], Cut: more}
	if i.Ended != nil {
		out.Ended = *i.Ended
	}
	for _, o := range i.Outages {
		key := "cli.without_still"
		if o.Over {
			key = "cli.without"
		}
		out.Outages = append(out.Outages, a.say(key, "goal", a.goalTitle(s, o.Goal), "took", time.Duration(o.Seconds*float64(time.Second)).Round(10*time.Millisecond)))
	}
	titles := map[string]string{}
	for _, l := range s.Links {
		titles[l.Name] = l.Title
	}
	for _, name := range i.Fell {
		out.Fell = append(out.Fell, title(titles[name], name))
	}
	records, err := a.records(ctx, i.Began.Add(-time.Minute), "", mostRecords)
	if err != nil {
		return out, err
	}
	for _, l := range records {
		if l.Incident == i.ID {
			out.Timeline = append(out.Timeline, report.Event{At: l.At, Said: l.Said})
		}
	}
	return out, nil
}
