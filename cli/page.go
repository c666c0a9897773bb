package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"rsc.io/qr"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/web/signin"
)

// Pages is what commands ask of a guard that serves a page: who may see it.
type Pages interface {
	Link(ctx context.Context, who string) (signin.Link, error)
	Invite(ctx context.Context, i signin.Invitation) (signin.Invited, error)
	People(ctx context.Context) ([]signin.PersonStatus, error)
	Dismiss(ctx context.Context, name, who string) error
	SignOut(ctx context.Context, who string) (int, error)
}

func (c cleaned) Link(ctx context.Context, who string) (signin.Link, error) {
	return answer(c.g.Link(ctx, who))
}

func (c cleaned) Invite(ctx context.Context, i signin.Invitation) (signin.Invited, error) {
	return answer(c.g.Invite(ctx, i))
}

func (c cleaned) People(ctx context.Context) ([]signin.PersonStatus, error) {
	return answer(c.g.People(ctx))
}

func (c cleaned) Dismiss(ctx context.Context, name, who string) error {
	_, err := answer(struct{}{}, c.g.Dismiss(ctx, name, who))
	return err
}

func (c cleaned) SignOut(ctx context.Context, who string) (int, error) {
	return answer(c.g.SignOut(ctx, who))
}

func (a *App) pageCommand() *cobra.Command {
	var end bool
	c := a.command("page", "page", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		if end {
			return a.signOut(cmd.Context())
		}
		l, err := a.guard().Link(cmd.Context(), whoAsks())
		if err != nil {
			return err
		}
		if a.json {
			return a.encode(a.Out, l)
		}
		if _, err := fmt.Fprintln(a.Out, l.URL); err != nil {
			return err
		}
		s := a.style(a.Err)
		fmt.Fprintln(s, a.say("cli.page_once"))
		if os.Getenv("SSH_CONNECTION") != "" {
			fmt.Fprintln(s, a.say("cli.page_forward"))
		}
		return nil
	})
	c.Flags().BoolVar(&end, "end", false, a.say("cli.flag_page_end"))
	c.AddCommand(a.certificateCommand())
	return c
}

// signOut ends all sessions of the page.
func (a *App) signOut(ctx context.Context) error {
	n, err := a.guard().SignOut(ctx, whoAsks())
	if err != nil {
		return err
	}
	if a.json {
		return a.encode(a.Out, map[string]int{"sessions": n})
	}
	_, err = fmt.Fprintln(a.style(a.Out), a.say("cli.page_ended", "n", n))
	return err
}

func (a *App) inviteCommand() *cobra.Command {
	var i signin.Invitation
	var list bool
	var end string
	c := a.command("invite NAME", "invite", cobra.MaximumNArgs(1), func(cmd *cobra.Command, args []string) error {
		switch {
		case list && len(args) == 0 && end == "":
			return a.people(cmd.Context())
		case end != "" && len(args) == 0 && !list:
			if err := a.guard().Dismiss(cmd.Context(), end, whoAsks()); err != nil {
				return err
			}
			if a.json {
				return a.encode(a.Out, struct{}{})
			}
			_, err := fmt.Fprintln(a.style(a.Out), a.say("cli.dismissed", "name", end))
			return err
		case len(args) == 1 && !list && end == "":
			i.Name, i.By = args[0], whoAsks()
			return a.invite(cmd.Context(), i)
		}
		return usage(chain.Say("cli.invite_whom"), chain.Say("cli.invite_whom_hint"))
	})
	f := c.Flags()
	f.BoolVar(&i.Read, "read", false, a.say("cli.flag_invite_read"))
	f.BoolVar(&i.Replace, "replace", false, a.say("cli.flag_invite_replace"))
	f.BoolVar(&list, "list", false, a.say("cli.flag_invite_list"))
	f.StringVar(&end, "end", "", a.say("cli.flag_invite_end"))
	return c
}

func (a *App) invite(ctx context.Context, i signin.Invitation) error {
	d, err := a.guard().Invite(ctx, i)
	if err != nil {
		return err
	}
	if a.json {
		return a.encode(a.Out, d)
	}
	s := a.style(a.Out)
	out, ok := a.Out.(*os.File)
	if code, err := qr.Encode(d.URL, qr.L); ok && isTerminal(out) && err == nil {
		if _, err := a.Out.Write(drawQR(code)); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(s, "%s\n%s\n", d.URL, a.say("cli.invited", "code", d.Code, "name", i.Name)); err != nil {
		return err
	}
	if d.NoPasskey != "" {
		fmt.Fprintln(a.style(a.Err), a.say(d.NoPasskey))
	}
	return nil
}

func (a *App) people(ctx context.Context) error {
	all, err := a.guard().People(ctx)
	if err != nil {
		return err
	}
	if a.json {
		return a.encode(a.Out, all)
	}
	s := a.style(a.Out)
	if len(all) == 0 {
		_, err := fmt.Fprintln(s, a.say("cli.no_people"))
		return err
	}
	for _, p := range all {
		right := "cli.person_reads"
		if p.Act {
			right = "cli.person_acts"
		}
		if _, err := fmt.Fprintf(s, "%s  %s\n", p.Name, a.say(right, "sessions", p.Sessions)); err != nil {
			return err
		}
		for _, d := range p.Devices {
			key := "cli.device_totp"
			if d.Kind == "passkey" {
				key = "cli.device_passkey"
			}
			if _, err := fmt.Fprintf(s, "  %s\n", a.say(key, "host", d.Host, "at", d.Added)); err != nil {
				return err
			}
		}
	}
	return nil
}
