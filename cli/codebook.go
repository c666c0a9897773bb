package cli

import (
	"context"
	"time"

	"filippo.io/age"

	"github.com/omamori-guard/omamori/chain"
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

// farthest is how many steps off a code is looked for: an hour, as when summer time was
// taken for a change of the clock.
const farthest = 125

// compare says what a code is that was typed at a time, which opening the vault may have
// come after, as chain.Coder wants it.
func (a *App) compare(ctx context.Context, b *codeBook, entry, typed string, at time.Time) (string, error) {
	if b.open == nil {
		s, v, ids, err := a.opened(&b.keys)
		if err != nil {
			return "", err
		}
		b.store, b.open, b.ids = s, v, ids
	}
	e, err := b.open.Find(entry)
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

func compared(e vault.Entry, typed string, now time.Time) chain.CodeResult {
	steps, found := e.Drift(typed, now, farthest)
	return chain.CodeResult{Found: found, Steps: steps, Period: e.Whole().Period}
}
