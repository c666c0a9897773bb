package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/journal"
)

func (a *App) journalCommand() *cobra.Command {
	var follow bool
	var since, link string
	var lines int
	c := a.command("journal", "journal", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		from, err := moment(since)
		if err != nil {
			return err
		}
		ctx := cmd.Context()
		all, err := a.records(ctx, from, link, lines)
		if err != nil {
			return err
		}
		last := int64(0)
		for _, l := range all {
			last = l.Seq
			if err := a.journalLine(l); err != nil {
				return err
			}
		}
		if !follow {
			return nil
		}
		return a.guard().Follow(ctx, last, func(l guard.JournalLine) error {
			if link != "" && l.Link != link {
				return nil
			}
			return a.journalLine(l)
		})
	})
	c.Flags().BoolVarP(&follow, "follow", "f", false, a.say("cli.flag_follow"))
	c.Flags().StringVar(&since, "since", "", a.say("cli.flag_since"))
	c.Flags().StringVar(&link, "link", "", a.say("cli.flag_link"))
	c.Flags().IntVarP(&lines, "lines", "n", 50, a.say("cli.flag_lines"))
	_ = c.RegisterFlagCompletionFunc("link", a.completeLinks) // fails for an unknown flag alone
	c.AddCommand(a.verifyCommand())
	return c
}

// moment reads a time as people give it: a duration ago, a day, or RFC 3339.
func moment(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if d, err := config.ParseDuration(s); err == nil {
		return time.Now().Add(-d), nil
	}
	for _, form := range []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(form, s, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usage(chain.Say("cli.bad_time", "time", s), chain.Say("cli.bad_time_hint"))
}

// records asks the running guard, or reads the journal itself where none runs.
func (a *App) records(ctx context.Context, since time.Time, link string, lines int) ([]guard.JournalLine, error) {
	newest := since.IsZero()
	all, err := a.guard().Journal(ctx, since, link, 0, newest, lines)
	if !errors.Is(err, guard.ErrNoGuard) {
		return all, err
	}
	r, err := journal.OpenRead(a.state)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	records, err := r.Records(ctx, journal.Filter{Since: since, Link: link, Newest: newest, Limit: lines})
	for _, rec := range records {
		all = append(all, guard.Line(rec, a.lang))
	}
	return all, err
}

func (a *App) journalLine(l guard.JournalLine) error {
	if a.json { // a line each, so that it can be followed
		return encode(a.Out, l, "")
	}
	clean(&l)
	at := l.At.Local().Format("2006-01-02 15:04:05.000")
	style, shape := look(l)
	_, err := fmt.Fprintf(a.style(a.Out), "%s  %s %s\n", faint.Render(at), shape, hang(style, l.Said, width(a.Out), 27))
	return err
}

// look is how a record appears: what broke in red, what is well again in green, what
// was done in bold.
func look(l guard.JournalLine) (style lipgloss.Style, shape string) {
	var body struct {
		What    chain.What    `json:"what"`
		Verdict chain.Verdict `json:"verdict"`
	}
	_ = json.Unmarshal(l.Body, &body) // a record of another kind, or none
	switch l.What {
	case "verdict":
		return plain, mark(body.Verdict)
	case "incident":
		if body.What == chain.Ended {
			return green, mark(chain.Holds)
		}
		return red, mark(chain.Broken)
	case "gave_up":
		return red, red.Render("!")
	case "deed", "plan":
		return bold, bold.Render("→")
	}
	return plain, faint.Render("·")
}

func (a *App) verifyCommand() *cobra.Command {
	var head string
	c := a.command("verify", "verify", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		var kept *journal.Head
		if head != "" {
			h, err := journal.ParseHead(head)
			if err != nil {
				return usage(chain.Say("cli.bad_head", "head", head), chain.Say("cli.bad_head_hint"))
			}
			kept = &h
		}
		r, err := journal.OpenRead(a.state)
		if err != nil {
			return err
		}
		defer r.Close()
		report, err := r.Verify(cmd.Context(), kept)
		if err != nil {
			return err
		}
		whole := report.Fault.IsZero()
		if a.json {
			err = a.encode(a.Out, map[string]any{
				"whole": whole, "records": report.Records, "head": report.Head.String(), "fault": a.lang.Say(report.Fault),
			})
		} else if whole {
			_, err = fmt.Fprintln(a.style(a.Out), a.say("cli.journal_whole", "n", report.Records, "head", report.Head))
		} else {
			_, err = fmt.Fprintln(a.style(a.Out), red.Render(a.say("cli.journal_broken", "fault", report.Fault)))
		}
		if err == nil && !whole {
			return errBadNews
		}
		return err
	})
	c.Flags().StringVar(&head, "head", "", a.say("cli.flag_head"))
	return c
}
