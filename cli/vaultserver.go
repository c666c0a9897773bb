package cli

import (
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/vault"
)

// vaultOnServer complains of a vault on a machine whose guard looks after services: those
// who reach a service from outside are those from whom the vault is to be kept.
func (a *App) vaultOnServer(file *config.File) error {
	dir := a.store(&keyring{}).Dir
	if !(vault.Store{Dir: dir}).There() {
		return nil
	}
	for _, l := range file.Links {
		if l.From != "" {
			continue
		}
		p, err := l.Kind.New(l.Settings, chain.Place{Link: l.Name})
		if err != nil {
			continue // the check of the configuration has said so
		}
		m, mends := p.(chain.Mender)
		serves := mends && m.Service() != ""
		if err := chain.CloseProver(p); err != nil {
			return err
		}
		if serves {
			return &Problem{Text: chain.Say("cli.vault_on_server", "dir", dir), Hint: chain.Say("cli.vault_on_server_hint")}
		}
	}
	return nil
}
