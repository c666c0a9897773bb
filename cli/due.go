package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/support"
)

// claims are the links that a person proves, those that are due first, then those
// that will be soonest.
func claims(s guard.Status) []guard.LinkStatus {
	claims := slices.DeleteFunc(slices.Clone(s.Links), func(l guard.LinkStatus) bool { return !l.Person })
	when := func(l guard.LinkStatus) time.Time {
		if l.Verdict != chain.Holds {
			return time.Time{}
		}
		return l.FreshUntil
	}
	slices.SortStableFunc(claims, func(a, b guard.LinkStatus) int { return when(a).Compare(when(b)) })
	return claims
}

func (a *App) dueCommand() *cobra.Command {
	c := a.command("due", "due", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		s, err := a.guard().Status(cmd.Context())
		if err != nil {
			return err
		}
		items, err := a.guard().Due(cmd.Context())
		if err != nil || a.json {
			return errors.Join(err, a.encodeDue(items, err))
		}
		w := a.style(a.Out)
		a.dueItems(w, items)
		a.later(w, claims(s), s.At)
		desks, err := a.guard().Support(cmd.Context())
		if err == nil && slices.ContainsFunc(desks, func(d support.Status) bool { return d.Case != nil }) {
			fmt.Fprintf(w, "\n%s\n", bold.Render(a.say("cli.cases")))
			a.cases(w, desks, s.At)
		}
		return err
	})
	book := codeBook{keys: keyring{fd: -1}}
	drill := a.command("drill [LINK]", "drill", cobra.MaximumNArgs(1), func(cmd *cobra.Command, args []string) error {
		defer book.wipe()
		g := a.guard()
		s, err := g.Status(cmd.Context())
		if err != nil {
			return err
		}
		asked, err := drills(s, args)
		if err != nil {
			return err
		}
		questions := a.Out
		if a.json { // the answer is for programs
			questions = a.Err
		}
		after, err := a.drill(cmd, g, asked, questions, &book)
		switch {
		case err != nil:
			return err
		case after == nil:
			after = &s
		}
		if a.json {
			return a.encode(a.Out, claims(*after))
		}
		if len(asked) == 0 {
			_, err = fmt.Fprintln(a.Out, a.say("cli.drill_none"))
			return err
		}
		a.goals(a.style(a.Out), *after)
		return nil
	})
	drill.ValidArgsFunction = a.completeLinks
	a.keyFlags(drill, &book.keys)
	c.AddCommand(drill, a.ackCommand(), a.answerCommand(), a.addCommand(), a.hereCommand(), a.weekCommand())
	c.AddCommand(a.caseCommand(), a.letterCommand(), a.refreshCommand(), a.restoreCommand())
	a.withEnds(c)
	return c
}

func (a *App) encodeDue(items []guard.DueItem, err error) error {
	if err != nil {
		return nil
	}
	return a.encode(a.Out, items)
}

// later lists what a person proves and is not to prove yet, with what was last said.
func (a *App) later(w io.Writer, all []guard.LinkStatus, now time.Time) {
	claims := slices.DeleteFunc(slices.Clone(all), func(l guard.LinkStatus) bool { return l.Verdict != chain.Holds })
	when := func(l guard.LinkStatus) string { return a.say("cli.due_on", "day", l.FreshUntil) }
	if len(claims) > 0 {
		fmt.Fprintf(w, "\n%s\n", bold.Render(a.say("cli.due_later")))
	}
	n := widest(claims, func(l guard.LinkStatus) string { return l.Name })
	d := widest(claims, when)
	for _, l := range claims {
		said := a.say("cli.due_said", "because", l.Because, "age", max(0, now.Sub(l.ProvedAt)).Truncate(time.Second))
		indent := 2 + 2 + n + 2 + d + 2
		fmt.Fprintf(w, "  %s %s  %s  %s\n", mark(l.Verdict), pad(l.Name, n), pad(colour(l.Verdict, when(l)), d), wrap(l.Question, width(a.Out), indent))
		fmt.Fprintf(w, "%s%s\n", strings.Repeat(" ", indent), faint.Render(wrap(said, width(a.Out), indent)))
	}
	if len(claims) < len(all) {
		fmt.Fprintf(w, "\n%s\n", a.say("cli.due_hint"))
	}
}

// drills are the links to be asked: the one that is named, or all that are due.
func drills(s guard.Status, args []string) ([]guard.LinkStatus, error) {
	all := claims(s)
	if len(args) == 0 {
		return slices.DeleteFunc(all, func(l guard.LinkStatus) bool { return l.Verdict == chain.Holds }), nil
	}
	var names []string
	for _, l := range s.Links {
		if l.Name == args[0] && !l.Person {
			return nil, &guard.Refused{Code: "not_a_persons", Name: l.Name}
		}
	}
	for _, l := range all {
		if l.Name == args[0] {
			return []guard.LinkStatus{l}, nil
		}
		names = append(names, l.Name)
	}
	return nil, &guard.Refused{Code: "unknown_name", Name: args[0], Nearest: chain.Nearest(args[0], names)}
}

// drill asks, and passes on what was answered, as it is answered. It returns how
// things stand after the last answer, nil if there was none.
func (a *App) drill(cmd *cobra.Command, g Guard, asked []guard.LinkStatus, out io.Writer, book *codeBook) (*guard.Status, error) {
	who := whoAsks()
	in := bufio.NewScanner(a.In)
	var after *guard.Status
	for _, l := range asked {
		if l.Code != "" && !a.store(&book.keys).There() {
			fmt.Fprintf(a.style(out), "%s  %s\n", bold.Render(l.Name), a.say("cli.drill_elsewhere"))
			continue
		}
		if l.Typed {
			s, err := a.drillTyped(cmd.Context(), g, l, in, out, who, book)
			if err != nil {
				return after, err
			}
			if s != nil {
				after = s
			}
			continue
		}
		fmt.Fprintf(a.style(out), "%s  %s ", bold.Render(l.Name), a.say("cli.ask", "question", l.Question))
		said, more, err := nextLine(cmd.Context(), in)
		if !more {
			fmt.Fprintln(out)
			return after, err
		}
		yes, ok := a.yes(said)
		if !ok {
			fmt.Fprintln(out, a.say("cli.skipped"))
			continue
		}
		s, err := g.Answer(cmd.Context(), l.Name, yes, who)
		if err != nil {
			return after, err
		}
		after = &s
	}
	return after, nil
}

// drillTyped asks for what proves a link by being typed, until it is an answer, nothing
// is typed, or nobody is there. It returns nil if there was no answer.
func (a *App) drillTyped(ctx context.Context, g Guard, l guard.LinkStatus, in *bufio.Scanner, out io.Writer, who string, book *codeBook) (*guard.Status, error) {
	w := a.style(out)
	for {
		fmt.Fprintf(w, "%s  %s\n  %s ", bold.Render(l.Name), l.Question, a.say("cli.ask_typed"))
		said, more, err := nextLine(ctx, in)
		if !more {
			fmt.Fprintln(out)
			return nil, err
		}
		at := time.Now()
		typed := strings.TrimSpace(said)
		if typed == "" {
			fmt.Fprintln(out, a.say("cli.skipped"))
			return nil, nil
		}
		var s guard.Status
		if yes, ok := a.yes(typed); ok && !yes { // it is not there
			s, err = g.Answer(ctx, l.Name, false, who)
		} else {
			s, err = a.typed(ctx, g, l, typed, at, who, book)
		}
		var refused *guard.Refused
		if errors.As(err, &refused) && refused.Code == "no_answer" {
			fmt.Fprintf(w, "  %s %s %s\n", mark(chain.Unproven), refused.Text, refused.Hint)
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, now := range s.Links {
			if now.Name == l.Name {
				fmt.Fprintf(w, "  %s %s\n", mark(now.Verdict), now.Because)
				if now.Verdict != chain.Holds && now.Hint != "" {
					fmt.Fprintf(w, "    %s\n", now.Hint)
				}
			}
		}
		return &s, nil
	}
}

// nextLine reads what is typed next; more is false at the end of input, and when Ctrl-C
// ends the command.
func nextLine(ctx context.Context, in *bufio.Scanner) (line string, more bool, err error) {
	if ctx.Err() != nil {
		return "", false, nil
	}
	read := make(chan bool, 1)
	go func() { read <- in.Scan() }() // ends with the program, at the latest
	select {
	case <-ctx.Done():
		return "", false, nil
	case more = <-read:
		return in.Text(), more, in.Err()
	}
}

// whoAsks is the name under which what a person says is recorded.
func whoAsks() string {
	u, err := user.Current()
	if err != nil {
		return "owner"
	}
	return u.Username
}

// yes reads an answer; ok is false for one that is neither yes nor no.
func (a *App) yes(s string) (yes, ok bool) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "y", "yes", "はい", "うん":
		return true, true
	case "n", "no", "いいえ", "いや":
		return false, true
	}
	return false, false
}
