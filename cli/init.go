package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/discover"
)

func (a *App) initCommand() *cobra.Command {
	var print bool
	c := a.command("init", "init", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		a.tellProgress(chain.Say("cli.looking"))
		found, err := discover.Look(cmd.Context(), discover.Options{})
		if err != nil {
			return err
		}
		draft, err := found.Draft(a.lang)
		if err != nil {
			return err
		}
		if print {
			_, err := a.Out.Write(draft)
			return err
		}
		return a.write(found, draft)
	})
	c.Flags().BoolVar(&print, "print", false, a.say("cli.flag_print"))
	return c
}

// write puts the draft where the guard looks for it, and beside it what hands may
// touch. A file that is there already is never overwritten.
func (a *App) write(found *discover.Found, draft []byte) error {
	path := a.config
	if path == "" {
		path = "omamori.yaml"
		if os.Geteuid() == 0 {
			path = "/etc/omamori/omamori.yaml"
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	hands := filepath.Join(filepath.Dir(path), "hands.json")
	w := a.style(a.Out)
	for _, t := range found.Summary() {
		fmt.Fprintf(w, "  %s %s\n", green.Render("✓"), a.lang.Say(t))
	}
	if err := a.put(path, draft, 0o644); err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		b, err := found.HandsFile()
		if err != nil {
			return err
		}
		if err := a.put(hands, b, 0o644); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(w, a.say("cli.init_next", "path", path))
	return err
}

func (a *App) put(path string, content []byte, mode os.FileMode) error {
	err := writeNew(path, content, mode)
	if errors.Is(err, fs.ErrExist) {
		return &Problem{Text: chain.Say("cli.exists", "path", path), Hint: chain.Say("cli.exists_hint", "path", path)}
	}
	if err == nil {
		fmt.Fprintln(a.style(a.Out), a.say("cli.wrote", "path", path))
	}
	return err
}
