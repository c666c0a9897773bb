package cli

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/links/eol"
)

// refreshCommand is `omamori due refresh`: a newer table of the ends of releases.
func (a *App) refreshCommand() *cobra.Command {
	r := eol.Refresh{From: eol.Source}
	c := a.command("refresh", "refresh", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		if r.Path == "" {
			r.Path = filepath.Join(a.state, filepath.Base(eol.DefaultTable))
		}
		path, err := filepath.Abs(r.Path)
		if err != nil {
			return err
		}
		r.Path, r.Now = path, time.Now()
		if !strings.Contains(r.From, "://") { // a file
			if r.From, err = filepath.Abs(r.From); err != nil {
				return err
			}
		}
		out, err := r.Do(cmd.Context())
		if err != nil {
			return err
		}
		if a.json {
			return a.encode(a.Out, out)
		}
		w := a.style(a.Out)
		fmt.Fprintf(w, "%s %s\n", mark(chain.Holds), a.say("cli.refreshed", "path", out.Path, "updated", out.Updated))
		for _, part := range []struct {
			key   string
			names []string
		}{{"cli.refreshed_added", out.Added}, {"cli.refreshed_sooner", out.Sooner}, {"cli.refreshed_later", out.Later}} {
			if len(part.names) > 0 {
				fmt.Fprintf(w, "  %s\n", wrap(a.say(part.key, "names", strings.Join(part.names, ", ")), width(a.Out), 2))
			}
		}
		if out.Path != eol.DefaultTable {
			fmt.Fprintf(w, "  %s\n", wrap(a.say("cli.refreshed_elsewhere", "path", out.Path), width(a.Out), 2))
		}
		return nil
	})
	c.Flags().StringVar(&r.From, "from", r.From, a.say("cli.flag_refresh_from"))
	c.Flags().StringVar(&r.Path, "to", "", a.say("cli.flag_refresh_to"))
	return c
}
