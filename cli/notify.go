package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
)

func (a *App) notifyCommand() *cobra.Command {
	c := a.command("notify", "notify", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error { return cmd.Help() })
	c.AddCommand(a.command("test", "notify_test", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		wait := a.waiting(chain.Say("cli.sending"))
		results, err := a.guard().TestNotify(cmd.Context())
		wait.end(err)
		if err != nil {
			return err
		}
		if len(results) == 0 {
			return &Problem{Text: chain.Say("cli.no_channels"), Hint: chain.Say("cli.no_channels_hint")}
		}
		if a.json {
			err = a.encode(a.Out, results)
		}
		bad := false
		for _, r := range results {
			bad = bad || r.Error != ""
			if a.json {
				continue
			}
			v, said := chain.Holds, a.say("cli.sent")
			if r.Error != "" {
				v, said = chain.Broken, r.Error
			}
			if _, err := fmt.Fprintf(a.style(a.Out), "%s %s  %s\n", mark(v), r.Channel, said); err != nil {
				return err
			}
		}
		if err == nil && bad {
			return errBadNews
		}
		return err
	}))
	return c
}
