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
		steps := a.progress()
		steps.step(chain.Say("cli.looking"))
		found, err := discover.Look(cmd.Context(), discover.Options{})
		steps.end(err)
		if err != nil {
			return err
		}
		draft, err := found.Draft(a.lang)
		if err != nil {
			return err
		}
		switch {
		case print && a.json:
			return a.encode(a.Out, map[string]string{"draft": string(draft)})
		case print:
			_, err := a.Out.Write(draft)
			return err
		}
		return a.write(found, draft)
	})
	c.Flags().BoolVar(&print, "print", false, a.say("cli.flag_print"))
	return c
}

// write puts the draft where the guard looks for it, and beside it what hands may
// touch. A file that is there already is never overwritten, and then nothing is
// written at all.
func (a *App) write(found *discover.Found, draft []byte) error {
	path := a.config
	if path == "" {
		path = "omamori.yaml"
		if os.Geteuid() == 0 {
			path = "/etc/omamori/omamori.yaml"
		}
	}
	type file struct {
		path    string
		content []byte
	}
	files := []file{{path, draft}}
	if os.Geteuid() == 0 {
		b, err := found.HandsFile()
		if err != nil {
			return err
		}
		files = append(files, file{filepath.Join(filepath.Dir(path), "hands.json"), b})
	}
	for _, f := range files {
		if _, err := os.Lstat(f.path); err == nil {
			return exists(f.path)
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	var wrote []string
	for _, f := range files {
		switch err := writeNew(f.path, f.content, 0o644); {
		case errors.Is(err, fs.ErrExist):
			return exists(f.path)
		case err != nil:
			return err
		}
		wrote = append(wrote, f.path)
	}
	saw := []string{}
	for _, t := range found.Summary() {
		saw = append(saw, a.lang.Say(t))
	}
	return a.drafted(saw, wrote)
}

func exists(path string) error {
	return &Problem{Text: chain.Say("cli.exists", "path", path), Hint: chain.Say("cli.exists_hint", "path", path)}
}

// drafted says what was found and written, and what comes next.
func (a *App) drafted(saw, wrote []string) error {
	if a.json {
		return a.encode(a.Out, map[string][]string{"found": saw, "wrote": wrote})
	}
	w, columns := a.style(a.Out), width(a.Out)
	for _, s := range saw {
		fmt.Fprintf(w, "  %s %s\n", green.Render("✓"), wrap(s, columns, 4))
	}
	for _, path := range wrote {
		fmt.Fprintln(w, a.say("cli.wrote", "path", path))
	}
	_, err := fmt.Fprintf(w, "\n%s\n", hang(bold, a.say("cli.init_next", "path", wrote[0]), columns, 0))
	return err
}
