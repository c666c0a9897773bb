package cli

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"time"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/vault"
	"github.com/omamori-guard/omamori/vault/otp"
)

// soon is for how long a code must still count to be worth typing.
const soon = 5 * time.Second

func (a *App) vaultCodeCommand(k *keyring) *cobra.Command {
	var copied bool
	c := a.command("code NAME", "vault_code", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		s, v, ids, err := a.opened(k)
		if err != nil {
			return err
		}
		defer v.Wipe()
		e, err := v.Find(args[0])
		if err != nil {
			return err
		}
		if e.IsKey() {
			return a.reveal(e, string(e.Key), 0, "", copied)
		}
		if e.Type == otp.HOTP {
			code, err := counted(cmd.Context(), s, ids, e)
			if err != nil {
				return err
			}
			return a.reveal(e, code, 0, "", copied)
		}
		now := time.Now()
		left := e.Left(now)
		next := ""
		if left < soon {
			next = e.CodeOf(e.Step(now) + 1)
		}
		return a.reveal(e, e.Code(now), left, next, copied)
	})
	c.Flags().BoolVar(&copied, "copy", false, a.say("cli.flag_copy"))
	return c
}

// counted is the next code of an entry that counts. It is counted on before it is shown: a
// code that was shown twice opens nothing.
func counted(ctx context.Context, s vault.Store, ids []age.Identity, e vault.Entry) (code string, err error) {
	return code, s.Change(ctx, ids, func(v *vault.Vault) error {
		now, err := v.Find(e.ID)
		if err != nil {
			return err
		}
		code = now.CodeOf(now.Counter)
		v.Used(e.ID, now.Counter+1)
		return nil
	})
}

// reveal shows a code, or puts it where it can be pasted from.
func (a *App) reveal(e vault.Entry, code string, left time.Duration, next string, copied bool) error {
	if copied {
		way, err := a.copy(code)
		if err != nil {
			return err
		}
		return a.done(map[string]any{"name": e.Name, "copied": way, "left_s": int(left.Seconds())},
			chain.Say("cli.code_copied", "title", e.Title(), "way", way))
	}
	if a.json {
		out := map[string]any{"name": e.Name, "title": e.Title(), "code": code}
		if left > 0 {
			out["left_s"] = int(left.Seconds())
		}
		return a.encode(a.Out, out)
	}
	w := a.style(a.Out)
	said := ""
	if left > 0 {
		said = a.say("cli.code_left", "left", left.Truncate(time.Second))
	}
	if !e.IsKey() {
		code, next = grouped(code), grouped(next)
	}
	fmt.Fprintf(w, "  %s   %s\n", bold.Render(code), meter(left, e))
	fmt.Fprintf(w, "  %s\n", faint.Render(join2(e.Title(), said)))
	if next != "" {
		fmt.Fprintf(w, "  %s\n", a.say("cli.code_next", "code", next))
	}
	return nil
}

func join2(a, b string) string {
	if b == "" {
		return a
	}
	return a + " · " + b
}

// meter draws how much of its time a code has left.
func meter(left time.Duration, e vault.Entry) string {
	if left <= 0 {
		return ""
	}
	const cells = 10
	period := e.Whole().Period
	n := int((left*cells + period - 1) / period)
	style := green
	if left < soon {
		style = yellow
	}
	bar := ""
	for i := range cells {
		if i < n {
			bar += "━"
		} else {
			bar += " "
		}
	}
	return style.Render(bar)
}

// grouped writes a code as apps do: in two halves.
func grouped(code string) string {
	if len(code) < 6 {
		return code
	}
	return code[:len(code)/2] + " " + code[len(code)/2:]
}

// copy puts text where it can be pasted from: by the desktop's own tool, or else by the
// terminal (OSC 52), which also works through SSH. It never stands on a command line.
func (a *App) copy(text string) (way string, err error) {
	for _, tool := range []struct {
		display string
		args    []string
	}{
		{"WAYLAND_DISPLAY", []string{"wl-copy"}},
		{"DISPLAY", []string{"xclip", "-selection", "clipboard"}},
		{"DISPLAY", []string{"xsel", "--clipboard", "--input"}},
	} {
		if os.Getenv(tool.display) == "" {
			continue
		}
		path, err := exec.LookPath(tool.args[0])
		if err != nil {
			continue
		}
		c := exec.Command(path, tool.args[1:]...)
		c.Stdin = bytes.NewReader([]byte(text))
		if c.Run() == nil {
			return tool.args[0], nil
		}
	}
	tty, err := os.OpenFile("/dev/tty", os.O_WRONLY, 0)
	if err != nil {
		return "", &Problem{Text: chain.Say("cli.no_clipboard"), Hint: chain.Say("cli.no_clipboard_hint")}
	}
	defer tty.Close()
	_, err = fmt.Fprintf(tty, "\x1b]52;c;%s\a", base64.StdEncoding.EncodeToString([]byte(text)))
	return "OSC 52", err
}

// entryStatus is one entry as --json shows it: nothing of it is secret.
type entryStatus struct {
	Name    string    `json:"name"`
	ID      string    `json:"id"`
	Issuer  string    `json:"issuer,omitempty"`
	Account string    `json:"account,omitempty"`
	Type    string    `json:"type"`
	Digits  int       `json:"digits,omitempty"`
	PeriodS int       `json:"period_s,omitempty"`
	Hash    string    `json:"algorithm,omitempty"`
	Added   time.Time `json:"added"`
}

func statusOf(e vault.Entry) entryStatus {
	s := entryStatus{Name: e.Name, ID: e.ID, Issuer: e.Issuer, Account: e.Account.Name, Type: "key", Added: e.Added}
	if !e.IsKey() {
		w := e.Whole()
		s.Type, s.Digits, s.Hash = "totp", w.Digits, w.Algorithm.String()
		if s.PeriodS = int(w.Period.Seconds()); w.Type == otp.HOTP {
			s.Type, s.PeriodS = "hotp", 0
		}
	}
	return s
}

func (a *App) vaultListCommand(k *keyring) *cobra.Command {
	return a.command("list", "vault_list", cobra.NoArgs, func(*cobra.Command, []string) error {
		_, v, _, err := a.opened(k)
		if err != nil {
			return err
		}
		defer v.Wipe()
		all := []entryStatus{}
		for _, e := range v.Entries() {
			all = append(all, statusOf(e))
		}
		if a.json {
			return a.encode(a.Out, all)
		}
		w := a.style(a.Out)
		if len(all) == 0 {
			fmt.Fprintln(w, a.say("cli.vault_empty"))
		}
		n := widest(all, func(e entryStatus) string { return e.Name })
		for _, e := range all {
			title := otp.Account{Issuer: e.Issuer, Name: e.Account}.Title()
			fmt.Fprintf(w, "  %s  %s  %s\n", pad(bold.Render(e.Name), n), title, faint.Render(a.entryNote(e)))
		}
		a.bothFactors(v)
		return nil
	})
}

// entryNote says what is unusual about an entry.
func (a *App) entryNote(e entryStatus) string {
	switch {
	case e.Type == "key":
		return a.say("cli.entry_key")
	case e.Type == "hotp":
		return a.say("cli.entry_hotp", "digits", e.Digits)
	case e.Digits != otp.DefaultDigits || e.PeriodS != int(otp.DefaultPeriod/time.Second) || e.Hash != "SHA1":
		return a.say("cli.entry_totp", "digits", e.Digits, "period", time.Duration(e.PeriodS)*time.Second, "hash", e.Hash)
	}
	return ""
}

// bothFactors says of which accounts this device has become both factors.
func (a *App) bothFactors(v *vault.Vault) {
	for _, p := range v.BothFactors() {
		fmt.Fprintln(a.style(a.Err), yellow.Render("!"), wrap(a.say("cli.both_factors", "key", p[0], "code", p[1]), width(a.Err), 2))
	}
}
