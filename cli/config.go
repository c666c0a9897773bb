package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/words"
)

func (a *App) configCommand() *cobra.Command {
	c := a.command("config", "config", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error { return cmd.Help() })
	c.AddCommand(a.command("check [FILE]", "config_check", cobra.MaximumNArgs(1), func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			a.config = args[0]
		}
		return a.check()
	}), a.command("schema", "config_schema", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		b, err := config.Schema(a.Config)
		if err != nil {
			return err
		}
		_, err = a.Out.Write(b)
		return err
	}))
	return c
}

// check says every mistake of the configuration at once.
func (a *App) check() error {
	path, err := config.Find(a.config)
	if err != nil {
		return err
	}
	file, problems, err := config.Load(path, a.Config)
	if err != nil {
		return err
	}
	if a.json {
		type line struct {
			Line   int    `json:"line"`
			Column int    `json:"column"`
			Path   string `json:"path"`
			Error  string `json:"error"`
			Hint   string `json:"hint,omitempty"`
		}
		lines := []line{}
		for _, p := range problems {
			lines = append(lines, line{p.Line, p.Column, p.Path, a.lang.Say(p.Text), a.lang.Say(p.Hint)})
		}
		if err := a.encode(a.Out, map[string]any{"file": path, "problems": lines}); err != nil {
			return err
		}
	} else {
		a.problems(path, problems)
	}
	if len(problems) > 0 {
		return &Problem{Text: chain.Say("cli.config_bad", "path", path, "n", len(problems)), Usage: true}
	}
	if err := a.vaultOnServer(file); err != nil {
		return err
	}
	if !a.json {
		_, err = fmt.Fprintln(a.style(a.Out), green.Render("✓"), a.say("cli.config_good", "path", path,
			"links", len(file.Links), "goals", len(file.Chain.Model().Goals)))
	}
	return err
}

// problems prints each mistake as FILE:LINE:COLUMN, as editors understand it.
func (a *App) problems(path string, problems []config.Problem) {
	w, columns := a.style(a.Out), width(a.Out)
	for _, p := range problems {
		place := words.Clean(fmt.Sprintf("%s:%d:%d", path, p.Line, p.Column))
		said := wrap(clip(place+": "+a.lang.Say(p.Text), longest), columns, 4)
		fmt.Fprintln(w, strings.Replace(said, place, bold.Render(place), 1))
		if !p.Hint.IsZero() {
			fmt.Fprintf(w, "    → %s\n", wrap(clip(a.lang.Say(p.Hint), longest), columns, 6))
		}
	}
}

// writeNew writes a file that must not exist yet: whole, or not at all.
func writeNew(path string, content []byte, mode os.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".omamori-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err := errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	err = os.Link(f.Name(), path)                                               // fails if path is there, be it a link to nowhere
	if errors.Is(err, syscall.EPERM) || errors.Is(err, errors.ErrUnsupported) { // FAT, as on a stick to print from
		return writeOnce(path, content, mode)
	}
	return err
}

// writeOnce is writeNew for a file system without links: what is cut off leaves a part.
func writeOnce(path string, content []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		_ = os.Remove(path) // what failed before is what matters
	}
	return err
}
