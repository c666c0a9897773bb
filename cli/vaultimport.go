package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/vault"
	"github.com/omamori-guard/omamori/vault/aegis"
	"github.com/omamori-guard/omamori/vault/bitwarden"
	"github.com/omamori-guard/omamori/vault/ente"
	"github.com/omamori-guard/omamori/vault/google"
	"github.com/omamori-guard/omamori/vault/otp"
	"github.com/omamori-guard/omamori/vault/otpauth"
	"github.com/omamori-guard/omamori/vault/qr"
	"github.com/omamori-guard/omamori/vault/twofas"
)

// sealedFormats read a file, under a password where it has one. Skipped counts what is no
// entry in it.
var sealedFormats = map[string]func(b []byte, password func() ([]byte, error)) (all otp.Import, skipped int, err error){
	"aegis":     whole(aegis.Parse),
	"2fas":      whole(twofas.Parse),
	"bitwarden": bitwarden.Parse,
	"ente": func(b []byte, password func() ([]byte, error)) (otp.Import, int, error) {
		if strings.HasPrefix(strings.TrimSpace(string(b)), otpauth.Scheme) {
			return otpauth.ParseList(string(b)), 0, nil
		}
		return whole(ente.Parse)(b, password)
	},
}

func whole(parse func([]byte, func() ([]byte, error)) (otp.Import, error)) func([]byte, func() ([]byte, error)) (otp.Import, int, error) {
	return func(b []byte, password func() ([]byte, error)) (otp.Import, int, error) {
		all, err := parse(b, password)
		return all, 0, err
	}
}

func (a *App) vaultImportCommand(k *keyring) *cobra.Command {
	var passwordFile string
	formats := []string{"google", "otpauth", "aegis", "2fas", "bitwarden", "ente"}
	c := a.command("import google|otpauth|aegis|2fas|bitwarden|ente FILE…", "vault_import", cobra.MinimumNArgs(2), func(cmd *cobra.Command, args []string) error {
		for _, arg := range args[1:] {
			if strings.HasPrefix(strings.ToLower(arg), "otpauth") {
				// It stands in the list of processes already, and in the shell's history.
				return usage(chain.Say("cli.import_argv"), chain.Say("cli.import_argv_hint", "format", args[0]))
			}
		}
		vault.Harden()
		all, skipped, err := a.readExport(args[0], args[1:], passwordFile)
		if err != nil {
			return err
		}
		defer func() {
			for _, acc := range all.Accounts {
				acc.Secret.Wipe()
			}
		}()
		return a.importAll(cmd.Context(), k, all, skipped)
	})
	c.ValidArgs, c.ValidArgsFunction = formats, nil
	c.Flags().StringVar(&passwordFile, "password-file", "", a.say("cli.flag_import_password"))
	return c
}

// readExport reads an export, without the vault.
func (a *App) readExport(format string, paths []string, passwordFile string) (all otp.Import, skipped int, err error) {
	password := func() ([]byte, error) {
		return a.passphrase(&keyring{fd: -1, file: passwordFile}, chain.Say("cli.import_password"))
	}
	parse, sealed := sealedFormats[format]
	var parts []google.Part
	for _, path := range paths {
		b, err := readBounded(path)
		if err != nil {
			return all, 0, err
		}
		if sealed {
			some, n, err := parse(b, password)
			clear(b)
			if err != nil {
				return all, 0, importProblem(err, path)
			}
			all.Accounts, all.Refused, skipped = append(all.Accounts, some.Accounts...), append(all.Refused, some.Refused...), skipped+n
			continue
		}
		texts, err := codes(b)
		if err != nil {
			return all, 0, importProblem(err, path)
		}
		switch format {
		case "otpauth":
			for _, text := range texts {
				some := otpauth.ParseList(text)
				all.Accounts, all.Refused = append(all.Accounts, some.Accounts...), append(all.Refused, some.Refused...)
			}
		case "google":
			for _, text := range texts {
				for uri := range strings.FieldsSeq(text) {
					p, err := google.Parse(uri)
					if err != nil {
						return all, 0, importProblem(err, path)
					}
					parts = append(parts, p)
				}
			}
		default:
			return all, 0, usage(chain.Say("cli.import_format", "format", format), chain.Say("cli.see_help", "command", "omamori vault import"))
		}
	}
	if format == "google" {
		all, err = google.Join(parts)
		var missing *google.Incomplete
		if errors.As(err, &missing) {
			return all, 0, &Problem{Text: chain.Say("cli.import_incomplete", "have", missing.Size-len(missing.Missing), "size", missing.Size,
				"missing", a.ordinals(missing.Missing)), Hint: chain.Say("cli.import_incomplete_hint")}
		}
		if err != nil {
			return all, 0, &Problem{Text: chain.Say("cli.import_two_exports"), Hint: chain.Say("cli.import_two_exports_hint")}
		}
	}
	return all, skipped, nil
}

// ordinals are numbers as people count, from 1.
func (a *App) ordinals(indices []int) string {
	var s []string
	for _, i := range indices {
		s = append(s, fmt.Sprint(i+1))
	}
	return strings.Join(s, ", ")
}

// codes are the texts in a file: those of the QR codes of a picture, or itself.
func codes(b []byte) ([]string, error) {
	if qr.Picture(b) {
		return qr.Read(b)
	}
	return []string{string(b)}, nil
}

func importProblem(err error, path string) error {
	say := func(code string) error {
		return &Problem{Text: chain.Say("cli.import_"+code, "path", path), Hint: chain.Say("cli.import_" + code + "_hint")}
	}
	var p otp.Problem
	switch {
	case errors.As(err, &p):
		return say(string(p))
	case errors.Is(err, qr.ErrNoCode), errors.Is(err, qr.ErrNoPicture):
		return say("no_code")
	case errors.Is(err, qr.ErrTooLarge):
		return say("costly")
	}
	return err
}

// importAll takes accounts in, and shows that none is missing: what came in is what was
// added, was there already, or was refused by name.
func (a *App) importAll(ctx context.Context, k *keyring, all otp.Import, skipped int) error {
	var added, there []string
	err := a.changed(ctx, k, func(v *vault.Vault) error {
		for _, acc := range all.Accounts {
			e, err := v.Add(acc, nil, "", time.Now())
			var f *vault.Fault
			switch {
			case err == nil:
				added = append(added, e.Name)
			case errors.As(err, &f) && f.Code == vault.Duplicate:
				there = append(there, a.say("cli.import_twin", "title", acc.Title(), "name", f.Names[0]))
			default:
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	bad := len(all.Refused) > 0
	if a.json {
		refused := map[string]string{}
		for _, r := range all.Refused {
			refused[r.Title] = string(r.Fault)
		}
		if there == nil {
			there = []string{}
		}
		if added == nil {
			added = []string{}
		}
		if err := a.encode(a.Out, map[string]any{"in": all.In(), "added": added, "there": there, "refused": refused, "without_code": skipped}); err != nil {
			return err
		}
	} else {
		a.imported(all, added, there, skipped)
	}
	if len(added)+len(there)+len(all.Refused) != all.In() {
		return fmt.Errorf("import: %d in, but %d+%d+%d out", all.In(), len(added), len(there), len(all.Refused))
	}
	if bad {
		return errBadNews
	}
	return nil
}

func (a *App) imported(all otp.Import, added, there []string, skipped int) {
	w, columns := a.style(a.Out), width(a.Out)
	fmt.Fprintln(w, bold.Render(a.say("cli.import_counts", "in", all.In(), "added", len(added), "there", len(there), "refused", len(all.Refused))))
	for _, name := range added {
		fmt.Fprintln(w, " ", green.Render("+"), name)
	}
	for _, twin := range there {
		fmt.Fprintln(w, " ", faint.Render("="), wrap(twin, columns, 4))
	}
	for _, r := range all.Refused {
		fmt.Fprintln(w, " ", red.Render("✗"), wrap(a.say("cli.import_refused", "title", r.Title, "why", chain.Say("cli.fault_"+string(r.Fault))), columns, 4))
	}
	if skipped > 0 {
		fmt.Fprintln(w, " ", faint.Render(a.say("cli.import_without", "n", skipped)))
	}
	fmt.Fprintln(w, wrap(a.say("cli.import_after"), columns, 0))
}

func (a *App) vaultAddCommand(k *keyring) *cobra.Command {
	var issuer, account string
	var isKey bool
	c := a.command("add NAME", "vault_add", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		if strings.HasPrefix(strings.ToLower(args[0]), "otpauth") {
			return usage(chain.Say("cli.import_argv"), chain.Say("cli.import_argv_hint", "format", "otpauth"))
		}
		vault.Harden()
		question := chain.Say("cli.add_secret")
		if isKey {
			question = chain.Say("cli.add_key")
		}
		line, err := a.secretInput(question)
		if err != nil {
			return err
		}
		defer clear(line)
		acc := otp.Account{Issuer: issuer, Name: account}
		var key otp.Secret
		switch {
		case isKey:
			key = line
		case strings.HasPrefix(strings.ToLower(string(line)), otpauth.Scheme):
			acc, err = otpauth.Parse(string(line))
		default:
			acc.Secret, err = otp.ParseSecret(string(line))
		}
		if f, ok := err.(otp.Fault); ok {
			return &Problem{Text: chain.Say("cli.fault_" + string(f)), Hint: chain.Say("cli.add_hint")}
		}
		if acc.Issuer == "" {
			acc.Issuer = args[0]
		}
		var e vault.Entry
		err = a.changed(cmd.Context(), k, func(v *vault.Vault) error {
			e, err = v.Add(acc, key, args[0], time.Now())
			return err
		})
		if f, ok := err.(otp.Fault); ok {
			return &Problem{Text: chain.Say("cli.fault_" + string(f)), Hint: chain.Say("cli.add_hint")}
		}
		if err != nil {
			return err
		}
		return a.done(statusOf(e), chain.Say("cli.vault_added", "name", e.Name))
	})
	c.Flags().StringVar(&issuer, "issuer", "", a.say("cli.flag_issuer"))
	c.Flags().StringVar(&account, "account", "", a.say("cli.flag_account"))
	c.Flags().BoolVar(&isKey, "key", false, a.say("cli.flag_key"))
	return c
}

// secretInput reads a secret at the terminal, or the first line of an input that is none.
func (a *App) secretInput(question chain.Text) ([]byte, error) {
	if f, ok := a.In.(*os.File); ok && !isTerminal(f) {
		return firstLine(f)
	}
	return a.secretLine(question)
}

func (a *App) vaultRenameCommand(k *keyring) *cobra.Command {
	return a.command("rename NAME NEW", "vault_rename", cobra.ExactArgs(2), func(cmd *cobra.Command, args []string) error {
		err := a.changed(cmd.Context(), k, func(v *vault.Vault) error {
			e, err := v.Exact(args[0])
			if err != nil {
				return err
			}
			e.Name = args[1]
			return v.Change(e, time.Now())
		})
		if err != nil {
			return err
		}
		return a.done(map[string]string{"name": args[1]}, chain.Say("cli.vault_renamed", "name", args[1]))
	})
}

func (a *App) vaultRemoveCommand(k *keyring) *cobra.Command {
	return a.command("remove NAME", "vault_remove", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		name := ""
		err := a.changed(cmd.Context(), k, func(v *vault.Vault) error {
			e, err := v.Exact(args[0])
			if err != nil {
				return err
			}
			name = e.Name
			v.Remove(e.ID, time.Now())
			return nil
		})
		if err != nil {
			return err
		}
		return a.done(map[string]string{"removed": name}, chain.Say("cli.vault_removed", "name", name))
	})
}
