package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/vault"
	"github.com/omamori-guard/omamori/vault/otp"
	"github.com/omamori-guard/omamori/vault/otpauth"
)

// moveState is how far a move has come. It holds no secret, so that it can be kept while
// the vault is closed.
type moveState struct {
	Device string    `json:"device"`
	Began  time.Time `json:"began"`
	// Proved maps the ids of accounts to when the new device showed a code of each.
	Proved map[string]time.Time `json:"proved"`
	// Unwatched is that the owner wants no links for the accounts that have none.
	Unwatched bool `json:"unwatched,omitempty"`
}

func (a *App) movePath(device string) string {
	return filepath.Join(a.state, "move-"+strings.ReplaceAll(device, string(filepath.Separator), "-")+".json")
}

func (a *App) phoneCommand() *cobra.Command {
	k := &keyring{fd: -1}
	device, anew := "", false
	c := a.command("phone", "phone", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error { return cmd.Help() })
	move := a.command("move", "phone_move", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		return a.move(cmd.Context(), k, device, anew)
	})
	a.keyFlags(move, k)
	move.Flags().StringVar(&device, "device", "phone", a.say("cli.flag_device"))
	move.Flags().BoolVar(&anew, "anew", false, a.say("cli.flag_anew"))
	c.AddCommand(move)
	return c
}

// mover is one move under way.
type mover struct {
	a     *App
	state moveState
	store vault.Store
	ids   []age.Identity
	// guard is nil where none runs; links are its links by the id of the account that
	// they are for.
	guard Guard
	links map[string]guard.LinkStatus
	in    *bufio.Scanner
}

// move shows each account to the new device and has it proved there. What is not proved is
// a broken link of the guard from the beginning on, so that it falls on the margin however
// the move ends.
func (a *App) move(ctx context.Context, k *keyring, device string, anew bool) error {
	s, v, ids, err := a.opened(k)
	if err != nil {
		return err
	}
	defer v.Wipe()
	m := &mover{a: a, store: s, ids: ids, in: bufio.NewScanner(a.In)}
	begun, err := m.load(device, anew)
	if err != nil {
		return err
	}
	if begun {
		if err := m.same(ctx); err != nil {
			return err
		}
	}
	accounts := slices.DeleteFunc(v.Entries(), vault.Entry.IsKey)
	if len(accounts) == 0 {
		return &Problem{Text: chain.Say("cli.move_nothing"), Hint: chain.Say("cli.move_nothing_hint")}
	}
	if err := m.watch(ctx, v, accounts); err != nil {
		return err
	}
	w := a.style(a.Out)
	left := m.left(accounts)
	key := "cli.move_begin"
	if begun {
		key = "cli.move_resume"
	}
	fmt.Fprintf(w, "%s\n\n", wrap(a.say(key, "device", device, "n", len(accounts), "left", len(left)), width(a.Out), 0))
	for _, e := range left {
		n := 1 + slices.IndexFunc(accounts, func(o vault.Entry) bool { return o.ID == e.ID })
		more, err := m.account(ctx, e, n, len(accounts))
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	return m.end(accounts)
}

// load takes up a move that was interrupted, or begins one.
func (m *mover) load(device string, anew bool) (begun bool, err error) {
	m.state = moveState{Device: device, Began: time.Now().UTC(), Proved: map[string]time.Time{}}
	if anew {
		return false, m.save()
	}
	b, err := os.ReadFile(m.a.movePath(device))
	if errors.Is(err, fs.ErrNotExist) {
		return false, m.save()
	}
	if err != nil {
		return false, err
	}
	var old moveState
	if json.Unmarshal(b, &old) != nil || old.Device != device || old.Proved == nil {
		return false, m.save() // proves nothing
	}
	m.state = old
	return true, nil
}

// staleMove is after how long a move that was begun may be one to another phone.
const staleMove = 24 * time.Hour

// same says which move is taken up. One of long ago is not without a yes: what was proved
// then tells nothing of a phone that has come since, and the old one would be wiped.
func (m *mover) same(ctx context.Context) error {
	a := m.a
	began := []any{"device", m.state.Device, "began", m.state.Began, "proved", len(m.state.Proved)}
	fmt.Fprintln(a.style(a.Out), wrap(a.say("cli.move_began", began...), width(a.Out), 0))
	if time.Since(m.state.Began) < staleMove {
		return nil
	}
	fmt.Fprint(a.style(a.Out), a.say("cli.ask", "question", a.say("cli.move_same", began...))+" ")
	line, _, err := nextLine(ctx, m.in)
	if err != nil {
		return err
	}
	if yes, ok := a.yes(line); !ok || !yes {
		return &Problem{Text: chain.Say("cli.move_not_same", began...), Hint: chain.Say("cli.move_not_same_hint")}
	}
	return nil
}

// save keeps how far the move has come, whole or as it was.
func (m *mover) save() error {
	b, err := json.Marshal(m.state)
	if err != nil {
		return err
	}
	path := m.a.movePath(m.state.Device)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".move-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // what failed before is what matters
	}
	return err
}

// watch finds the guard's links of this device, and breaks those of the accounts that are
// still to be moved.
func (m *mover) watch(ctx context.Context, v *vault.Vault, accounts []vault.Entry) error {
	m.links = map[string]guard.LinkStatus{}
	g := m.a.guard()
	s, err := g.Status(ctx)
	if errors.Is(err, guard.ErrNoGuard) {
		fmt.Fprintln(m.a.style(m.a.Err), yellow.Render("!"), wrap(m.a.say("cli.move_no_guard"), width(m.a.Err), 2))
		return nil
	}
	if err != nil {
		return err
	}
	m.guard = g
	m.find(v, s)
	joined, err := m.join(ctx, s.Guard.Config, accounts)
	if err != nil {
		return err
	}
	if joined {
		if s, err = g.Status(ctx); err != nil {
			return err
		}
		m.find(v, s)
	}
	for _, e := range m.left(accounts) {
		if err := m.tell(ctx, e, chain.CodeResult{Moving: true}); err != nil {
			return err
		}
	}
	return nil
}

// find notes which links are of this device and an account.
func (m *mover) find(v *vault.Vault, s guard.Status) {
	for _, l := range s.Links {
		if l.Code == "" || l.Device != m.state.Device || l.Vantage != "" {
			continue
		}
		if e, err := v.Find(l.Code); err == nil {
			m.links[e.ID] = l
		}
	}
}

// left are the accounts that the new device has not proved.
func (m *mover) left(accounts []vault.Entry) []vault.Entry {
	return slices.DeleteFunc(slices.Clone(accounts), func(e vault.Entry) bool { return !m.state.Proved[e.ID].IsZero() })
}

// tell lets the guard know what came of an account, if it has a link for it.
func (m *mover) tell(ctx context.Context, e vault.Entry, r chain.CodeResult) error {
	l, ok := m.links[e.ID]
	if !ok {
		return nil
	}
	_, err := m.guard.Typed(ctx, l.Name, r.String(), whoAsks())
	return err
}

// account moves one account; more is false when the owner wants to stop.
func (m *mover) account(ctx context.Context, e vault.Entry, n, of int) (more bool, err error) {
	a := m.a
	w := a.style(a.Out)
	leave, err := a.aside()
	if err != nil {
		return false, err
	}
	defer leave()
	if err := a.showQR(a.say("cli.move_account", "n", n, "of", of, "title", e.Title()), otpauth.Format(e.Account)); err != nil {
		return false, err
	}
	fmt.Fprintln(w, wrap(a.say("cli.move_scan", "device", m.state.Device), width(a.Out), 0))
	for {
		fmt.Fprint(w, a.say("cli.move_code")+" ")
		line, ok, err := nextLine(ctx, m.in)
		if err != nil || !ok {
			return false, err
		}
		typed := strings.ToLower(strings.TrimSpace(line))
		switch typed {
		case "":
			continue
		case "q", "ｑ":
			return false, nil
		case "s", "ｓ":
			return true, nil
		}
		r := compared(e, typed, time.Now())
		switch off := max(r.Steps, -r.Steps); {
		case !r.Found:
			fmt.Fprintln(w, red.Render("✗"), wrap(a.say("cli.move_wrong"), width(a.Out), 2))
			continue
		case e.Type == otp.TOTP && off > chain.CodeTolerance:
			key := "cli.move_ahead"
			if r.Steps < 0 {
				key = "cli.move_behind"
			}
			fmt.Fprintln(w, red.Render("✗"), wrap(a.say(key, "steps", off, "apart", time.Duration(off)*r.Period), width(a.Out), 2))
			continue
		}
		return true, m.proved(ctx, e, r)
	}
}

// proved notes that the new device has an account.
func (m *mover) proved(ctx context.Context, e vault.Entry, r chain.CodeResult) error {
	if e.Type == otp.HOTP {
		var err error
		if r, err = countOn(ctx, m.store, m.ids, e, r); err != nil {
			return err
		}
	}
	if err := m.tell(ctx, e, r); err != nil {
		return err
	}
	m.state.Proved[e.ID] = time.Now().UTC()
	return m.save()
}

// end says what is left, or that the old phone may go.
func (m *mover) end(accounts []vault.Entry) error {
	a := m.a
	w, columns := a.style(a.Out), width(a.Out)
	left := m.left(accounts)
	for _, e := range accounts {
		sign, said := green.Render("✓"), a.say("cli.move_proved")
		if m.state.Proved[e.ID].IsZero() {
			sign, said = red.Render("✗"), a.say("cli.move_open")
			if l, ok := m.links[e.ID]; ok {
				said = a.say("cli.move_broken", "link", l.Name)
			}
		}
		fmt.Fprintf(w, "  %s %s  %s\n", sign, e.Title(), faint.Render(said))
	}
	fmt.Fprintln(w)
	m.suggest(accounts)
	if len(left) > 0 {
		fmt.Fprintln(w, wrap(a.say("cli.move_left", "left", len(left), "n", len(accounts)), columns, 0))
		return errBadNews
	}
	fmt.Fprintln(w, green.Render("✓"), wrap(a.say("cli.move_done", "n", len(accounts), "device", m.state.Device), columns, 2))
	return os.Remove(a.movePath(m.state.Device))
}

// suggest says what to write into the configuration so that the accounts that no link
// watches are drilled too.
func (m *mover) suggest(accounts []vault.Entry) {
	if m.guard == nil {
		return
	}
	var yaml strings.Builder
	for _, e := range accounts {
		if _, ok := m.links[e.ID]; !ok {
			fmt.Fprintf(&yaml, "    %s-%s: {kind: totp, entry: %q, device: %s, needs: [%s]}\n", e.Name, m.state.Device, e.Name, m.state.Device, m.state.Device)
		}
	}
	if yaml.Len() > 0 {
		w := m.a.style(m.a.Out)
		fmt.Fprintf(w, "%s\n\n  links:\n%s\n", wrap(m.a.say("cli.move_unwatched"), width(m.a.Out), 0), yaml.String())
	}
}

// aside shows what follows on a terminal's other screen, so that no secret stays in what
// can be scrolled back to. Leave goes back.
func (a *App) aside() (leave func(), err error) {
	f, ok := a.Out.(*os.File)
	if !ok || !isTerminal(f) {
		return func() {}, nil
	}
	_, err = fmt.Fprint(f, "\x1b[?1049h\x1b[2J\x1b[H")
	return func() { fmt.Fprint(f, "\x1b[2J\x1b[?1049l") }, err
}
