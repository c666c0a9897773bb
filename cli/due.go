package cli

import (
	"bufio"
	"fmt"
	"os/user"
	"strings"

	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
)

// claims are the links that a person proves, those that want an answer first.
func claims(s guard.Status) []guard.LinkStatus {
	var due, done []guard.LinkStatus
	for _, l := range s.Links {
		switch {
		case !l.Person:
		case l.Verdict == chain.Holds:
			done = append(done, l)
		default:
			due = append(due, l)
		}
	}
	return append(due, done...)
}

func (a *App) dueCommand() *cobra.Command {
	c := a.command("due", "due", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		s, err := a.guard().Status(cmd.Context())
		if err != nil {
			return err
		}
		s.Links = claims(s)
		if a.json {
			return a.encode(a.Out, s.Links)
		}
		if len(s.Links) == 0 {
			_, err = fmt.Fprintln(a.Out, a.say("cli.nothing_due"))
			return err
		}
		a.links(a.style(a.Out), s)
		return nil
	})
	drill := a.command("drill [LINK]", "drill", cobra.MaximumNArgs(1), func(cmd *cobra.Command, args []string) error {
		g := a.guard()
		s, err := g.Status(cmd.Context())
		if err != nil {
			return err
		}
		who := whoAsks()
		in := bufio.NewScanner(a.In)
		for _, l := range claims(s) {
			if len(args) == 1 && args[0] != l.Name || len(args) == 0 && l.Verdict == chain.Holds {
				continue
			}
			fmt.Fprintf(a.style(a.Out), "%s  %s ", bold.Render(l.Name), a.say("cli.ask", "question", l.Question))
			if !in.Scan() {
				return in.Err()
			}
			yes, ok := a.yes(in.Text())
			if !ok {
				fmt.Fprintln(a.Out, a.say("cli.skipped"))
				continue
			}
			if _, err := g.Answer(cmd.Context(), l.Name, yes, who); err != nil {
				return err
			}
		}
		return nil
	})
	drill.ValidArgsFunction = a.completeLinks
	c.AddCommand(drill)
	return c
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
