package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/due/notice"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/report/weekly"
)

// Due is what commands ask of a guard about what wants an answer.
type Due interface {
	Due(ctx context.Context) ([]guard.DueItem, error)
	Acknowledge(ctx context.Context, a guard.DueAck) ([]guard.DueItem, error)
	AnswerNotice(ctx context.Context, a guard.DueAnswer) ([]guard.DueItem, error)
	Here(ctx context.Context, who string) ([]guard.DueItem, error)
	Senders(ctx context.Context) ([]notice.Sender, error)
	AddNotice(ctx context.Context, f notice.Found, who string) (id string, err error)
	Week(ctx context.Context) (weekly.Week, error)
}

// dueItems lists what wants an answer, the most pressing first.
func (a *App) dueItems(w io.Writer, items []guard.DueItem) {
	if len(items) == 0 {
		fmt.Fprintln(w, a.say("cli.nothing_due"))
		return
	}
	n := widest(items, func(i guard.DueItem) string { return i.ID })
	d := widest(items, func(i guard.DueItem) string { return a.dueWhen(i) })
	indent := 2 + 2 + n + 2 + d + 2
	for _, i := range items {
		v := chain.Broken
		switch {
		case i.Acked != nil:
			v = chain.Holds
		case i.Sort == "drill" || i.Sort == "question":
			v = chain.Unproven
		}
		fmt.Fprintf(w, "  %s %s  %s  %s\n", mark(v), pad(i.ID, n), pad(colour(v, a.dueWhen(i)), d), wrap(i.What, width(a.Out), indent))
		below := i.Hint
		if i.Acked != nil {
			below = a.say("cli.due_acked", "who", i.Acked.Who, "because", i.Acked.Because)
		}
		if i.Quote != "" {
			below = "“" + i.Quote + "”\n" + below
		}
		for _, line := range strings.Split(below, "\n") {
			fmt.Fprintf(w, "%s%s\n", strings.Repeat(" ", indent), faint.Render(wrap(line, width(a.Out), indent)))
		}
	}
}

func (a *App) dueWhen(i guard.DueItem) string {
	if i.Acked != nil {
		return a.say("cli.due_silent", "day", i.Acked.Until)
	}
	return i.When
}

// ackCommand is `omamori due ack`.
func (a *App) ackCommand() *cobra.Command {
	var until, because string
	c := a.command("ack ID", "ack", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		items, err := a.guard().Acknowledge(cmd.Context(), guard.DueAck{ID: args[0], Until: until, Because: because, Who: whoAsks()})
		return a.afterDue(items, err)
	})
	c.Flags().StringVar(&until, "until", "", a.say("cli.flag_ack_until"))
	c.Flags().StringVar(&because, "because", "", a.say("cli.flag_ack_because"))
	c.ValidArgsFunction = a.completeDue
	return c
}

// answerCommand is `omamori due answer`.
func (a *App) answerCommand() *cobra.Command {
	var q guard.DueAnswer
	c := a.command("answer ID", "answer", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		q.ID, q.Who = args[0], whoAsks()
		if q.About == "" && q.Day == "" && !q.NoDay && !q.Nothing {
			return usage(chain.Say("cli.answer_what"), chain.Say("notice.unsure_hint", "link", q.ID))
		}
		items, err := a.guard().AnswerNotice(cmd.Context(), q)
		return a.afterDue(items, err)
	})
	c.Flags().StringVar(&q.About, "about", "", a.say("cli.flag_answer_about"))
	c.Flags().StringVar(&q.Day, "on", "", a.say("cli.flag_answer_on"))
	c.Flags().BoolVar(&q.NoDay, "no-day", false, a.say("cli.flag_answer_no_day"))
	c.Flags().BoolVar(&q.Nothing, "nothing", false, a.say("cli.flag_answer_nothing"))
	c.MarkFlagsMutuallyExclusive("on", "no-day", "nothing")
	c.ValidArgsFunction = a.completeDue
	return c
}

// hereCommand is `omamori due here`.
func (a *App) hereCommand() *cobra.Command {
	return a.command("here", "here", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		items, err := a.guard().Here(cmd.Context(), whoAsks())
		return a.afterDue(items, err)
	})
}

func (a *App) afterDue(items []guard.DueItem, err error) error {
	if err != nil {
		return err
	}
	if a.json {
		return a.encode(a.Out, items)
	}
	a.dueItems(a.style(a.Out), items)
	return nil
}

// addCommand is `omamori due add`: a mail on standard input is a notice.
func (a *App) addCommand() *cobra.Command {
	return a.command("add", "add", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		if f, ok := a.In.(*os.File); ok {
			if st, err := f.Stat(); err == nil && st.Mode()&os.ModeCharDevice != 0 && !a.json {
				fmt.Fprintln(a.style(a.Err), a.say("cli.add_reading"))
			}
		}
		m, err := notice.Parse(a.In)
		if err != nil {
			return err
		}
		g := a.guard()
		senders, err := g.Senders(cmd.Context())
		if err != nil {
			return err
		}
		found, _ := notice.Find(m, senders, true, time.Now())
		id, err := g.AddNotice(cmd.Context(), found, whoAsks())
		if err != nil {
			return a.afterDue(nil, err)
		}
		items, err := g.Due(cmd.Context())
		if err != nil {
			return err
		}
		for _, i := range items {
			if i.ID == id {
				items = []guard.DueItem{i}
				break
			}
		}
		return a.afterDue(items, nil)
	})
}

// weekCommand is `omamori due week`: the weekly letter, as it would be written now.
func (a *App) weekCommand() *cobra.Command {
	var page bool
	c := a.command("week", "week", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		w, err := a.guard().Week(cmd.Context())
		switch {
		case err != nil:
			return err
		case a.json:
			return a.encode(a.Out, w)
		case page:
			_, err = io.WriteString(a.Out, w.HTML(a.lang))
		default:
			_, err = io.WriteString(a.Out, w.Title(a.lang)+"\n\n"+w.Text(a.lang))
		}
		return err
	})
	c.Flags().BoolVar(&page, "html", false, a.say("cli.flag_week_html"))
	return c
}

func (a *App) completeDue(cmd *cobra.Command, args []string, _ string) (names []string, _ cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	items, err := a.guard().Due(cmd.Context())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	for _, i := range items {
		names = append(names, i.ID)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
