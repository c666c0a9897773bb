package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/vault"
	"github.com/omamori-guard/omamori/vault/kit"
	"github.com/omamori-guard/omamori/vault/pages"
	"github.com/omamori-guard/omamori/vault/qr"
)

func (a *App) vaultKitCommand(k *keyring) *cobra.Command {
	var need, of int
	var out string
	c := a.command("kit", "vault_kit", cobra.NoArgs, func(_ *cobra.Command, _ []string) error {
		s, v, _, err := a.opened(k)
		if err != nil {
			return err
		}
		defer v.Wipe()
		entries := v.Entries()
		if len(entries) == 0 {
			return &Problem{Text: chain.Say("cli.kit_empty"), Hint: chain.Say("cli.kit_empty_hint")}
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name+"  "+e.Title())
		}
		payload, err := writeKitEntries(entries)
		defer clear(payload)
		if err != nil {
			return err
		}
		made, err := kit.Make(payload, len(entries), need, of, time.Now())
		if err != nil {
			return err
		}
		defer made.Wipe()
		record, err := kit.NewRecord(made, prints(v))
		if err != nil {
			return err
		}
		if err := os.MkdirAll(out, 0o700); err != nil {
			return err
		}
		var files []string
		for x := 0; x <= of; x++ {
			var pdf []byte
			if x == 0 {
				pdf, err = pages.Owner(made, names, a.lang)
			} else {
				pdf, err = pages.Share(made, x, a.lang)
			}
			if err != nil {
				return err
			}
			path := filepath.Join(out, pages.Name(made, x))
			if err := writeNew(path, pdf, 0o600); err != nil {
				return err
			}
			files = append(files, path)
		}
		if err := record.Write(s.Dir); err != nil {
			return err
		}
		path := filepath.Join(s.Dir, kit.RecordFile)
		if a.json {
			return a.encode(a.Out, map[string]any{"kit": made.ID, "need": need, "of": of, "accounts": len(entries), "files": files, "record": path})
		}
		w := a.style(a.Out)
		for _, f := range files {
			fmt.Fprintln(w, " ", f)
		}
		fmt.Fprintln(w, green.Render("✓"), wrap(a.say("cli.kit_made", "kit", kit.IDWords(made.ID), "need", need, "of", of, "n", len(entries)), width(a.Out), 2))
		fmt.Fprintln(w, wrap(a.say("cli.kit_print"), width(a.Out), 0))
		fmt.Fprintf(w, "\n%s\n\n", wrap(a.say("cli.kit_links"), width(a.Out), 0))
		for x := 1; x <= of; x++ {
			fmt.Fprintf(w, "  kit-%d: {kind: kit, record: %q, kit: %s, share: %d}\n", x, path, made.ID, x)
		}
		return nil
	})
	c.Flags().IntVar(&need, "shares", 3, a.say("cli.flag_kit_shares"))
	c.Flags().IntVar(&of, "of", 5, a.say("cli.flag_kit_of"))
	c.Flags().StringVar(&out, "out", ".", a.say("cli.flag_kit_out"))
	return c
}

func (a *App) vaultRestoreCommand(k *keyring) *cobra.Command {
	return a.command("restore [FILE…]", "vault_restore", cobra.ArbitraryArgs, func(cmd *cobra.Command, args []string) error {
		vault.Harden()
		var g kit.Gatherer
		defer g.Wipe()
		for _, path := range args {
			if err := a.gather(&g, path); err != nil {
				return err
			}
		}
		if !g.State().Done() {
			if len(args) > 0 && !isTerminalReader(a.In) {
				return g.Short()
			}
			if err := a.typeKit(cmd.Context(), &g); err != nil {
				return err
			}
		}
		opened, err := g.Open()
		if err != nil {
			return err
		}
		defer clear(opened.Payload)
		return a.keepRestored(cmd.Context(), k, opened)
	})
}

func isTerminalReader(r io.Reader) bool {
	f, ok := r.(*os.File)
	return ok && isTerminal(f)
}

// gather reads a picture of a page, the PDF itself, or a text. What is wrong with it is
// said, and the rest of it counts.
func (a *App) gather(g *kit.Gatherer, path string) error {
	b, err := readBounded(path)
	if err != nil {
		return err
	}
	defer clear(b)
	var texts []string
	switch {
	case bytes.HasPrefix(b, []byte("%PDF-")):
		texts = []string{kit.Notes(b)}
	case qr.Picture(b):
		if texts, err = qr.Read(b); errors.Is(err, qr.ErrNoCode) {
			texts = nil
		} else if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	default:
		texts = []string{string(b)}
	}
	found := 0
	for _, t := range texts {
		n, err := g.Scan(t)
		found += n
		a.complain(path, err)
	}
	fmt.Fprintln(a.style(a.Err), wrap(a.say("cli.kit_read", "path", path, "n", found, "shares", len(g.State().Have)), width(a.Err), 2))
	return nil
}

// complain says what is wrong with lines.
func (a *App) complain(where string, err error) {
	if err == nil {
		return
	}
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	for _, e := range all {
		text, hint, _ := chain.Spoken(e)
		said := a.lang.Say(text) + " — " + a.lang.Say(hint)
		if where != "" {
			said = where + ": " + said
		}
		fmt.Fprintln(a.style(a.Err), yellow.Render("!"), wrap(said, width(a.Err), 2))
	}
}

// typeKit asks for one line after another, and says at once what is wrong with one.
func (a *App) typeKit(ctx context.Context, g *kit.Gatherer) error {
	in := bufio.NewScanner(a.In)
	w := a.style(a.Err)
	fmt.Fprintln(w, wrap(a.say("cli.kit_type"), width(a.Err), 0))
	for label := g.Next(); label != ""; label = g.Next() {
		s := g.State()
		if label == "S" {
			fmt.Fprintln(w, a.say("cli.kit_next_share", "have", len(s.Have), "more", s.More()))
			fmt.Fprintf(w, "  %s ", a.say("cli.kit_first_line"))
		} else {
			fmt.Fprintf(w, "  %s: ", label)
		}
		line, more, err := nextLine(ctx, in)
		if !more {
			fmt.Fprintln(w)
			return errors.Join(err, g.Short())
		}
		typed := strings.TrimSpace(line)
		if typed == "" {
			continue
		}
		if first, rest, ok := strings.Cut(typed, " "); ok { // the label was typed too
			if l, is := kit.Label(first); is {
				label, typed = l, rest
			}
		}
		a.complain("", g.Take(label, typed))
	}
	return nil
}

// keepRestored puts what a kit gave back into a new vault, or into the one that is there.
func (a *App) keepRestored(ctx context.Context, k *keyring, o kit.Opened) error {
	all, err := readKitEntries(o.Payload)
	if err != nil {
		return err
	}
	var added, there []string
	add := func(v *vault.Vault) (err error) {
		added, there, err = addKitEntries(v, all, time.Now())
		return err
	}
	s := a.store(k)
	if s.There() {
		if err := a.changed(ctx, k, add); err != nil {
			return err
		}
	} else {
		v := &vault.Vault{}
		defer v.Wipe()
		if err := add(v); err != nil {
			return err
		}
		word, err := a.newPassphrase(k)
		if err != nil {
			return err
		}
		defer clear(word)
		if err := a.sealing(func() error { _, err := s.Adopt(ctx, v, word); return err }); err != nil {
			return err
		}
	}
	return a.done(map[string]any{"kit": o.Kit, "made": o.Made, "accounts": len(all), "added": len(added), "there": there, "vault": s.Dir},
		chain.Say("cli.kit_restored", "kit", kit.IDWords(o.Kit), "day", o.Made, "n", len(all), "added", len(added), "there", len(there), "dir", s.Dir))
}
