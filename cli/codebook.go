package cli

import (
	"context"
	"time"

	"filippo.io/age"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/vault"
	"github.com/omamori-guard/omamori/vault/otp"
)

// codeBook is the vault as drills need it: opened when the first code is to be compared.
type codeBook struct {
	keys  keyring
	store vault.Store
	ids   []age.Identity
	open  *vault.Vault
}

func (b *codeBook) wipe() {
	if b.open != nil {
		b.open.Wipe()
	}
}

// typed passes on what was typed at a time to prove a link. A one-time code of the vault
// stays here: it is compared, where the vault is. One that somebody else has refused, such
// as AWS, is compared too, so that a wrong clock is told apart from a wrong code.
func (a *App) typed(ctx context.Context, g Guard, l guard.LinkStatus, typed string, at time.Time, who string, book *codeBook) (s guard.Status, err error) {
	here := a.store(&book.keys).There()
	switch {
	case l.Code != "" && !here:
		typed = "" // the guard says where it is compared
	case l.Code != "":
		if typed, err = a.compare(ctx, book, l.Code, typed, at); err != nil {
			return s, err
		}
	}
	s, err = g.Typed(ctx, l.Name, typed, who)
	if err != nil || l.Entry == "" || !here {
		return s, err
	}
	for _, now := range s.Links {
		if now.Name != l.Name || now.Cause != chain.CodeRefused {
			continue
		}
		r, err := a.compare(ctx, book, l.Entry, typed, at)
		if err != nil { // that it was refused stands
			a.complain(l.Entry, err)
			return s, nil
		}
		return g.Typed(ctx, l.Name, r, who)
	}
	return s, nil
}

// farthest is how many steps off a code is looked for: an hour, as when summer time was
// taken for a change of the clock.
const farthest = 125

// compare says what a code is that was typed at a time, which opening the vault may have
// come after, as chain.Coder wants it.
func (a *App) compare(ctx context.Context, b *codeBook, entry, typed string, at time.Time) (string, error) {
	e, err := a.entryOf(b, entry)
	if err != nil {
		return "", err
	}
	r := compared(e, typed, at)
	if r.Found && e.Type == otp.HOTP {
		b.open.Used(e.ID, e.Counter+uint64(r.Steps)+1)
		r, err = countOn(ctx, b.store, b.ids, e, r)
	}
	return r.String(), err
}

// countOn notes that a device has shown a counted code: none that it showed counts again.
func countOn(ctx context.Context, s vault.Store, ids []age.Identity, e vault.Entry, r chain.CodeResult) (chain.CodeResult, error) {
	next := e.Counter + uint64(r.Steps) + 1
	r.Steps = 0 // counted codes have no clock
	return r, s.Change(ctx, ids, func(v *vault.Vault) error { v.Used(e.ID, next); return nil })
}

// entryOf finds an entry of the vault, which is opened for the first.
func (a *App) entryOf(b *codeBook, name string) (vault.Entry, error) {
	if b.open == nil {
		s, v, ids, err := a.opened(&b.keys)
		if err != nil {
			return vault.Entry{}, err
		}
		b.store, b.open, b.ids = s, v, ids
	}
	return b.open.Find(name)
}

// codeFor is the code that the vault makes for an entry now.
func (a *App) codeFor(ctx context.Context, b *codeBook, entry string) (string, error) {
	e, err := a.entryOf(b, entry)
	switch {
	case err != nil:
		return "", err
	case e.IsKey():
		return "", &Problem{Text: chain.Say("rescue.run_no_code", "entry", entry)}
	case e.Type != otp.HOTP:
		return e.Code(time.Now()), nil
	}
	code, err := counted(ctx, b.store, b.ids, e)
	if err == nil {
		b.open.Used(e.ID, e.Counter+1)
	}
	return code, err
}

func compared(e vault.Entry, typed string, now time.Time) chain.CodeResult {
	steps, found := e.Drift(typed, now, farthest)
	return chain.CodeResult{Found: found, Steps: steps, Period: e.Whole().Period}
}
