package cli

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/discover"
)

func (a *App) initCommand() *cobra.Command {
	var print, yes bool
	c := a.command("init", "init", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		paths := a.initPaths()
		for _, path := range paths { // before anything is asked
			if _, err := os.Lstat(path); err == nil && !print {
				return exists(path)
			}
		}
		steps := a.progress()
		steps.step(chain.Say("cli.looking"))
		// AWS's own programs look for a stand-in by the same variable.
		found, err := discover.Look(cmd.Context(), discover.Options{Metadata: os.Getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT")})
		steps.end(err)
		if err != nil {
			return err
		}
		a.found(found, print)
		var answers discover.Answers
		if in, ok := a.In.(*os.File); ok && !print && !yes && !a.json && term.IsTerminal(int(in.Fd())) {
			if answers, err = a.askOwner(cmd.Context(), found); err != nil {
				return err
			}
		}
		draft, err := found.Draft(a.lang, answers)
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
		return a.write(paths, found, draft)
	})
	c.Flags().BoolVar(&print, "print", false, a.say("cli.flag_print"))
	c.Flags().BoolVarP(&yes, "yes", "y", false, a.say("discover.flag_yes"))
	return c
}

// initPaths are where the draft goes, which is where the guard looks for it, and, for
// root, what hands may touch.
func (a *App) initPaths() []string {
	path := a.config
	switch {
	case path != "":
	case os.Geteuid() == 0:
		path = "/etc/omamori/omamori.yaml"
	default:
		path = "omamori.yaml"
	}
	if os.Geteuid() != 0 {
		return []string{path}
	}
	return []string{path, filepath.Join(filepath.Dir(path), "hands.json")}
}

// found says what was found, before anything is asked about it.
func (a *App) found(f *discover.Found, print bool) {
	if print || a.json {
		return
	}
	w, columns := a.style(a.Out), width(a.Out)
	for _, t := range f.Summary() {
		fmt.Fprintf(w, "  %s %s\n", green.Render("✓"), wrap(a.lang.Say(t), columns, 4))
	}
}

// askOwner asks what the machine cannot tell. The end of the input leaves the
// defaults to what was not asked yet.
func (a *App) askOwner(ctx context.Context, found *discover.Found) (discover.Answers, error) {
	answers := discover.Answers{}
	lines := make(chan string)
	// It ends with the input, or with the program: a terminal's read cannot be ended
	// otherwise.
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(a.In); in.Scan(); {
			select {
			case lines <- in.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	w := a.style(a.Out)
	for {
		q, ok := found.Ask(answers)
		if !ok {
			return answers, nil
		}
		if len(answers) == 0 {
			fmt.Fprintf(w, "\n%s\n", wrap(a.say("discover.intro"), width(a.Out), 0))
		}
		fmt.Fprintf(w, "%s %s ", bold.Render(a.lang.Say(q.Text)), faint.Render("["+cmp.Or(a.lang.Say(q.Default), a.say("discover.default_none"))+"]"))
		select {
		case <-ctx.Done():
			fmt.Fprintln(w)
			return nil, &Problem{Text: chain.Say("discover.interrupted")}
		case line, more := <-lines:
			if !more {
				fmt.Fprintln(w)
				return answers, nil
			}
			answers[q.Name] = line
		}
	}
}

// write puts the draft and what hands may touch into files. One that is there already
// is never overwritten, and then nothing is written at all.
func (a *App) write(paths []string, found *discover.Found, draft []byte) error {
	contents := [][]byte{draft}
	if len(paths) > 1 && found.Hands == nil { // hands that run have their file
		b, err := found.HandsFile()
		if err != nil {
			return err
		}
		contents = append(contents, b)
	}
	if err := os.MkdirAll(filepath.Dir(paths[0]), 0o755); err != nil {
		return err
	}
	var wrote []string
	for i, content := range contents {
		err := writeNew(paths[i], content, 0o644)
		if err != nil {
			for _, path := range wrote {
				err = errors.Join(err, os.Remove(path))
			}
			if errors.Is(err, fs.ErrExist) {
				return exists(paths[i])
			}
			return err
		}
		wrote = append(wrote, paths[i])
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

// drafted says what was written, and what comes next.
func (a *App) drafted(saw, wrote []string) error {
	if a.json {
		return a.encode(a.Out, map[string][]string{"found": saw, "wrote": wrote})
	}
	w := a.style(a.Out)
	for _, path := range wrote {
		fmt.Fprintln(w, a.say("cli.wrote", "path", path))
	}
	_, err := fmt.Fprintf(w, "\n%s\n", hang(bold, a.say("cli.init_next", "path", wrote[0]), width(a.Out), 0))
	return err
}
