package cli

import (
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/vault"
)

// codeBook is the vault as drills need it: opened when the first code is to be compared.
type codeBook struct {
	keys keyring
	open *vault.Vault
}

func (b *codeBook) wipe() {
	if b.open != nil {
		b.open.Wipe()
	}
}

// farthest is how many steps off a code is looked for: an hour, as when summer time was
// taken for a change of the clock.
const farthest = 125

// compare says what a code that was typed is, as chain.Coder wants it.
func (a *App) compare(b *codeBook, entry, typed string) (string, error) {
	if b.open == nil {
		_, v, _, err := a.opened(&b.keys)
		if err != nil {
			return "", err
		}
		b.open = v
	}
	e, err := b.open.Find(entry)
	if err != nil {
		return "", err
	}
	return compared(e, typed, time.Now()).String(), nil
}

func compared(e vault.Entry, typed string, now time.Time) chain.CodeResult {
	steps, found := e.Drift(typed, now, farthest)
	return chain.CodeResult{Found: found, Steps: steps, Period: e.Whole().Period}
}
