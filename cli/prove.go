package cli

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
)

func (a *App) proveCommand() *cobra.Command {
	c := a.command("prove [LINK…]", "prove", cobra.ArbitraryArgs, func(cmd *cobra.Command, args []string) error {
		wait := a.waiting(chain.Say("cli.proving"))
		s, err := a.guard().Prove(cmd.Context(), args)
		wait.end(err)
		if err != nil {
			return err
		}
		if len(args) > 0 {
			s.Links = slices.DeleteFunc(s.Links, func(l guard.LinkStatus) bool { return !slices.Contains(args, l.Name) })
		}
		if a.json {
			err = a.encode(a.Out, s.Links)
		} else {
			a.links(a.style(a.Out), s)
		}
		if err == nil && slices.ContainsFunc(s.Links, func(l guard.LinkStatus) bool { return l.Verdict != chain.Holds }) {
			return errBadNews
		}
		return err
	})
	c.ValidArgsFunction = a.completeLinks
	return c
}

// completeLinks completes the names of links, as the running guard knows them.
func (a *App) completeLinks(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	if a.settle(cmd.Flags()) != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	s, err := a.guard().Status(cmd.Context())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, l := range s.Links {
		names = append(names, cobra.CompletionWithDesc(l.Name, l.Title))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
