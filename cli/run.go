package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
)

func (a *App) runCommand() *cobra.Command {
	o, gallery := RunOptions{}, ""
	c := a.command("run", "run", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		if gallery != "" {
			return a.Gallery(cmd.Context(), gallery, a.tell)
		}
		o.Config, o.State, o.Socket, o.Lang = a.config, a.state, a.socketPath(), a.lang
		return a.Run(cmd.Context(), o, a.tell)
	})
	c.Flags().StringVar(&o.User, "user", "omamori", a.say("cli.flag_user"))
	c.Flags().BoolVar(&o.Debug, "debug", false, a.say("cli.flag_debug"))
	c.Flags().StringVar(&gallery, "gallery", "", a.say("cli.flag_gallery"))
	c.Flags().Lookup("gallery").NoOptDefVal = "127.0.0.1:4650"
	_ = c.Flags().MarkHidden("gallery") // for working on the page
	return c
}

// tell says something on standard error, so that it does not mix with an answer.
func (a *App) tell(t chain.Text) {
	if a.json {
		return
	}
	fmt.Fprintln(a.style(a.Err), a.lang.Say(t))
}

func (a *App) reloadCommand() *cobra.Command {
	return a.command("reload", "reload", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		s, err := a.guard().Reload(cmd.Context())
		if err != nil {
			return err
		}
		if a.json {
			return a.encode(a.Out, s.Guard)
		}
		_, err = fmt.Fprintln(a.style(a.Out), a.say("cli.reloaded", "config", s.Guard.Config, "links", len(s.Links)))
		return err
	})
}
