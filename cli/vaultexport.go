package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/vault"
	"github.com/omamori-guard/omamori/vault/aegis"
	"github.com/omamori-guard/omamori/vault/google"
	"github.com/omamori-guard/omamori/vault/otp"
	"github.com/omamori-guard/omamori/vault/otpauth"
	"github.com/omamori-guard/omamori/vault/qr"
)

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// export is one thing that is written out: a file, or what is shown of it.
type export struct {
	name string
	uri  string // what a QR code of it holds
	text []byte // what is written where no QR code is wanted
}

func (a *App) vaultExportCommand(k *keyring) *cobra.Command {
	var to string
	var asQR, asPNG bool
	c := a.command("export otpauth|google|aegis [NAME…]", "vault_export", cobra.MinimumNArgs(1), func(cmd *cobra.Command, args []string) error {
		_, v, _, err := a.opened(k)
		if err != nil {
			return err
		}
		defer v.Wipe()
		all, left, err := exported(v, args[0], args[1:])
		if err != nil {
			return err
		}
		out, err := exports(args[0], all)
		if err != nil {
			return err
		}
		if asPNG && to == "" || (asPNG || asQR) && args[0] == "aegis" {
			return usage(chain.Say("cli.export_png"), chain.Say("cli.see_help", "command", "omamori vault export"))
		}
		if err := a.writeExports(out, to, asQR, asPNG); err != nil {
			return err
		}
		w := a.style(a.Err)
		fmt.Fprintln(w, a.say("cli.export_counts", "in", len(all)+len(left), "out", len(all), "left", len(left)))
		for _, name := range left {
			fmt.Fprintln(w, " ", red.Render("✗"), wrap(a.say("cli.export_left", "name", name), width(a.Err), 4))
		}
		fmt.Fprintln(w, yellow.Render("!"), wrap(a.say("cli.export_readable"), width(a.Err), 2))
		if len(left) > 0 {
			return errBadNews
		}
		return nil
	})
	c.ValidArgs, c.ValidArgsFunction = []string{"otpauth", "google", "aegis"}, nil
	f := c.Flags()
	f.StringVar(&to, "out", "", a.say("cli.flag_export_out"))
	f.BoolVar(&asQR, "qr", false, a.say("cli.flag_export_qr"))
	f.BoolVar(&asPNG, "png", false, a.say("cli.flag_export_png"))
	return c
}

// exported are the entries that are meant, all if none is named; left are those that the
// format cannot hold.
func exported(v *vault.Vault, format string, names []string) (all []vault.Entry, left []string, err error) {
	entries := v.Entries()
	if len(names) > 0 {
		entries = nil
		for _, name := range names {
			e, err := v.Find(name)
			if err != nil {
				return nil, nil, err
			}
			entries = append(entries, e)
		}
	}
	for _, e := range entries {
		if e.IsKey() || format == "google" && !google.Fits(e.Account) {
			left = append(left, e.Name)
			continue
		}
		all = append(all, e)
	}
	return all, left, nil
}

func exports(format string, all []vault.Entry) (out []export, err error) {
	var accounts []otp.Account
	for _, e := range all {
		accounts = append(accounts, e.Account)
	}
	switch format {
	case "otpauth":
		for _, e := range all {
			uri := otpauth.Format(e.Account)
			out = append(out, export{e.Name, uri, []byte(uri + "\n")})
		}
	case "google":
		for i, uri := range google.Format(accounts) {
			out = append(out, export{fmt.Sprintf("google-%d", i+1), uri, []byte(uri + "\n")})
		}
	case "aegis":
		b, err := aegis.Format(accounts)
		if err != nil {
			return nil, err
		}
		out = []export{{"aegis", "", append(b, '\n')}}
	default:
		return nil, usage(chain.Say("cli.import_format", "format", format), chain.Say("cli.see_help", "command", "omamori vault export"))
	}
	return out, nil
}

// writeExports writes pictures into the folder to, text into the file to, or to standard
// output, as text or as QR codes. No file that is there is written over.
func (a *App) writeExports(out []export, to string, asQR, asPNG bool) error {
	var text []byte
	defer func() { clear(text) }()
	for _, e := range out {
		switch {
		case asPNG:
			c, err := qr.Encode(e.uri)
			if err != nil {
				return err
			}
			b, err := c.PNG(8)
			if err != nil {
				return err
			}
			name := strings.ReplaceAll(e.name, string(filepath.Separator), "-") + ".png"
			if err := writeNew(filepath.Join(to, name), b, 0o600); err != nil {
				return err
			}
		case asQR:
			if err := a.showQR(e.name, e.uri); err != nil {
				return err
			}
		default:
			text = append(text, e.text...)
		}
	}
	switch {
	case asPNG || asQR:
		return nil
	case to != "":
		return writeNew(to, text, 0o600)
	}
	_, err := a.Out.Write(text)
	return err
}

// showQR draws a QR code, with what it is of above.
func (a *App) showQR(title, text string) error {
	c, err := qr.Encode(text)
	if err != nil {
		return err
	}
	if n := width(a.Out); n > 0 && n < len(c) {
		return &Problem{Text: chain.Say("cli.qr_narrow", "have", n, "need", len(c)), Hint: chain.Say("cli.qr_narrow_hint")}
	}
	f, ok := a.Out.(*os.File)
	fmt.Fprintf(a.style(a.Out), "%s\n", bold.Render(title))
	_, err = fmt.Fprint(a.Out, c.Terminal(ok && isTerminal(f)))
	return err
}
