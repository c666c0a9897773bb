package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/site"
	"github.com/omamori-guard/omamori/words"
)

func (a *App) siteCommand() *cobra.Command {
	c := a.command("site", "site", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error { return cmd.Help() })
	c.AddCommand(a.siteUp(), a.siteDown(), a.siteStatus(), a.siteTune())
	return c
}

func (a *App) siteUp() *cobra.Command {
	o := site.Options{HandsBinary: a.HandsBinary}
	c := a.command("up DIR", "site_up", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		o.Dir = args[0]
		o.Lang = string(a.lang)
		steps := a.progress()
		o.Progress = steps.step
		info, err := site.Up(cmd.Context(), o)
		steps.end(err)
		if err != nil {
			return err
		}
		if err := a.siteInfo(info); err != nil || a.json {
			return err
		}
		_, err = fmt.Fprintf(a.style(a.Out), "\n%s\n", bold.Render(a.say("cli.site_next", "dir", info.Dir)))
		return err
	})
	f := c.Flags()
	f.StringVar(&o.Address, "address", "", a.say("cli.flag_address"))
	f.StringVar(&o.Title, "title", "", a.say("cli.flag_title"))
	f.BoolVar(&o.Sample, "sample", false, a.say("cli.flag_sample"))
	f.BoolVar(&o.WithSystemd, "with-systemd", false, a.say("cli.flag_systemd"))
	f.StringVar(&o.GuardUser, "guard-user", "", a.say("cli.flag_guard_user"))
	c.ValidArgsFunction = nil
	return c
}

func (a *App) siteDown() *cobra.Command {
	c := a.command("down DIR", "site_down", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		if err := site.Down(cmd.Context(), args[0]); err != nil {
			return err
		}
		if a.json {
			return a.encode(a.Out, map[string]string{"down": args[0]})
		}
		_, err := fmt.Fprintln(a.style(a.Out), a.say("cli.site_down", "dir", args[0]))
		return err
	})
	c.ValidArgsFunction = nil
	return c
}

func (a *App) siteStatus() *cobra.Command {
	c := a.command("status DIR", "site_status", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		info, err := site.Look(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		return a.siteInfo(info)
	})
	c.ValidArgsFunction = nil
	return c
}

func (a *App) siteInfo(i *site.Info) error {
	if a.json {
		return a.encode(a.Out, i)
	}
	w := a.style(a.Out)
	rows := [][2]string{{a.say("cli.site_url"), i.URL}}
	if i.PostURL != "" {
		rows = append(rows, [2]string{a.say("cli.site_post"), i.PostURL})
	}
	rows = append(rows, [2]string{a.say("cli.site_user"), i.User},
		[2]string{a.say("cli.site_password"), a.say("cli.site_in_file", "path", i.PasswordFile)})
	a.list(w, a.say("cli.site"), rows)
	rows = nil
	for _, r := range i.Budget.Rows() {
		rows = append(rows, [2]string{a.lang.Say(r.Text), fmt.Sprintf("%12s", words.Bytes(r.Bytes))})
	}
	a.list(w, a.say("cli.site_budget"), rows)
	return nil
}
