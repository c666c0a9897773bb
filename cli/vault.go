package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/vault"
)

// keyring says how the vault is opened. A passphrase never stands on a command line or in
// the environment: others can read those.
type keyring struct {
	dir        string
	fd         int
	file       string
	identities []string
	// from is what fd is, once it was read of: as long as it is kept, nothing closes it.
	from *os.File
}

func (a *App) vaultCommand() *cobra.Command {
	k := &keyring{fd: -1}
	c := a.command("vault", "vault", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error { return cmd.Help() })
	a.keyFlags(c, k)
	c.AddCommand(a.vaultInitCommand(k), a.vaultImportCommand(k), a.vaultExportCommand(k), a.vaultCodeCommand(k), a.vaultListCommand(k),
		a.vaultAddCommand(k), a.vaultRenameCommand(k), a.vaultRemoveCommand(k), a.vaultPassphraseCommand(k), a.vaultSealCommand(k),
		a.vaultMergeCommand(k), a.vaultVersionsCommand(k), a.vaultKitCommand(k), a.vaultRestoreCommand(k))
	return c
}

func (a *App) keyFlags(c *cobra.Command, k *keyring) {
	f := c.PersistentFlags()
	f.StringVar(&k.dir, "vault", "", a.say("cli.flag_vault"))
	f.IntVar(&k.fd, "passphrase-fd", -1, a.say("cli.flag_passphrase_fd"))
	f.StringVar(&k.file, "passphrase-file", "", a.say("cli.flag_passphrase_file"))
	f.StringArrayVar(&k.identities, "identity", nil, a.say("cli.flag_identity"))
}

// store is the vault's folder.
func (a *App) store(k *keyring) vault.Store {
	dir := k.dir
	if dir == "" {
		dir = filepath.Join(a.state, "vault")
	}
	return vault.Store{Dir: dir, UI: a.pluginUI()}
}

// opened opens the vault, and gives what opens it again. The caller wipes it.
func (a *App) opened(k *keyring) (vault.Store, *vault.Vault, []age.Identity, error) {
	vault.Harden()
	s := a.store(k)
	ids, err := a.unlock(s, k)
	if err != nil {
		return s, nil, nil, err
	}
	v, err := s.Open(ids...)
	return s, v, ids, err
}

// changed lets f change the vault.
func (a *App) changed(ctx context.Context, k *keyring, f func(*vault.Vault) error) error {
	vault.Harden()
	s := a.store(k)
	ids, err := a.unlock(s, k)
	if err != nil {
		return err
	}
	return a.change(ctx, s, ids, f)
}

// change lets f change a vault, and notes what the kit lacks of it then.
func (a *App) change(ctx context.Context, s vault.Store, ids []age.Identity, f func(*vault.Vault) error) error {
	var now [][]byte
	err := s.Change(ctx, ids, func(v *vault.Vault) error {
		err := f(v)
		now = prints(v)
		return err
	})
	if err == nil {
		a.kitLooks(s, now)
	}
	return err
}

func (a *App) vaultInitCommand(k *keyring) *cobra.Command {
	var to []string
	c := a.command("init", "vault_init", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		vault.Harden()
		s := a.store(k)
		if err := noPrivateKey(to...); err != nil {
			return err
		}
		if err := s.Vacant(); err != nil {
			return err
		}
		v := &vault.Vault{}
		for _, key := range to {
			key, err := recipientOf(key)
			if err != nil {
				return err
			}
			if err := v.SealTo(key, "", time.Now()); err != nil {
				return err
			}
		}
		word, err := a.newPassphrase(k)
		if err != nil {
			return err
		}
		defer clear(word)
		if err := a.sealing(func() error { _, err := s.Adopt(cmd.Context(), v, word); return err }); err != nil {
			return err
		}
		return a.done(map[string]any{"vault": s.Dir}, chain.Say("cli.vault_made", "dir", s.Dir))
	})
	c.Flags().StringArrayVar(&to, "to", nil, a.say("cli.flag_vault_to"))
	return c
}

// sealing shows that something is put under a passphrase, which takes a second on purpose.
func (a *App) sealing(f func() error) error {
	p := a.waiting(chain.Say("cli.vault_sealing"))
	err := f()
	p.end(err)
	return err
}

func (a *App) vaultPassphraseCommand(k *keyring) *cobra.Command {
	var newKey bool
	var newFile string
	c := a.command("passphrase", "vault_passphrase", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		s, v, ids, err := a.opened(k)
		if err != nil {
			return err
		}
		v.Wipe()
		word, err := a.newPassphrase(&keyring{fd: -1, file: newFile})
		if err != nil {
			return err
		}
		defer clear(word)
		own, isOwn := ids[0].(*age.X25519Identity)
		err = a.sealing(func() error {
			if newKey || !isOwn || len(k.identities) > 0 {
				_, err := s.Rekey(cmd.Context(), ids, word)
				return err
			}
			return s.SetPassphrase(cmd.Context(), own, word)
		})
		if err != nil {
			return err
		}
		return a.done(map[string]any{"vault": s.Dir}, chain.Say("cli.vault_passphrase_set"))
	})
	c.Flags().BoolVar(&newKey, "new-key", false, a.say("cli.flag_vault_new_key"))
	c.Flags().StringVar(&newFile, "new-passphrase-file", "", a.say("cli.flag_vault_new_file"))
	return c
}

// done says that something was done, or prints v with --json.
func (a *App) done(v any, text chain.Text) error {
	if a.json {
		return a.encode(a.Out, v)
	}
	_, err := fmt.Fprintln(a.style(a.Out), green.Render("✓"), wrap(a.lang.Say(text), width(a.Out), 2))
	return err
}

func (a *App) vaultSealCommand(k *keyring) *cobra.Command {
	var label string
	var remove bool
	c := a.command("seal [KEY…]", "vault_seal", cobra.ArbitraryArgs, func(cmd *cobra.Command, args []string) error {
		if err := noPrivateKey(args...); err != nil {
			return err
		}
		type recipient struct {
			Key   string    `json:"key"`
			Label string    `json:"label,omitempty"`
			Added time.Time `json:"added"`
		}
		all := []recipient{}
		look := func(v *vault.Vault) {
			for _, r := range v.Recipients() {
				all = append(all, recipient{r.Key, r.Label, r.Added})
			}
		}
		if len(args) > 0 {
			err := a.changed(cmd.Context(), k, func(v *vault.Vault) error {
				for _, key := range args {
					if remove {
						if !v.Unseal(key, time.Now()) {
							return &Problem{Text: chain.Say("cli.vault_no_recipient", "key", key), Hint: chain.Say("cli.vault_seal_hint"), Usage: true}
						}
						continue
					}
					key, err := recipientOf(key)
					if err != nil {
						return err
					}
					if err := v.SealTo(key, label, time.Now()); err != nil {
						return err
					}
				}
				look(v)
				return nil
			})
			if err != nil {
				return err
			}
		} else {
			_, v, _, err := a.opened(k)
			if err != nil {
				return err
			}
			defer v.Wipe()
			look(v)
		}
		if a.json {
			return a.encode(a.Out, all)
		}
		w := a.style(a.Out)
		fmt.Fprintln(w, a.say("cli.vault_sealed_to", "n", len(all)))
		for _, r := range all {
			fmt.Fprintf(w, "  %s  %s  %s\n", clip(r.Key, 40), faint.Render(a.lang.Date(r.Added)), r.Label)
		}
		return nil
	})
	c.Flags().StringVar(&label, "label", "", a.say("cli.flag_vault_label"))
	c.Flags().BoolVar(&remove, "remove", false, a.say("cli.flag_vault_unseal"))
	return c
}

func (a *App) vaultMergeCommand(k *keyring) *cobra.Command {
	return a.command("merge FILE", "vault_merge", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		vault.Harden()
		s := a.store(k)
		ids, err := a.unlock(s, k)
		if err != nil {
			return err
		}
		sealed, err := readBounded(args[0])
		if err != nil {
			return err
		}
		other, err := vault.Open(sealed, ids...)
		if err != nil {
			return named(err, args[0])
		}
		defer other.Wipe()
		var m vault.Merged
		if err := a.change(cmd.Context(), s, ids, func(v *vault.Vault) error { m = v.Merge(other); return nil }); err != nil {
			return err
		}
		if a.json {
			return a.encode(a.Out, map[string][]string{"added": m.Added, "changed": m.Changed, "removed": m.Removed, "both_kept": m.Both, "twice": m.Twice})
		}
		w := a.style(a.Out)
		fmt.Fprintln(w, a.say("cli.vault_merged", "added", len(m.Added), "changed", len(m.Changed), "removed", len(m.Removed)))
		for _, name := range m.Both {
			fmt.Fprintln(w, yellow.Render("!"), wrap(a.say("cli.vault_both_kept", "name", name), width(a.Out), 2))
		}
		for _, name := range m.Twice {
			fmt.Fprintln(w, yellow.Render("!"), wrap(a.say("cli.vault_twice", "name", name), width(a.Out), 2))
		}
		return nil
	})
}

func (a *App) vaultVersionsCommand(k *keyring) *cobra.Command {
	var restore int
	c := a.command("versions", "vault_versions", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		s := a.store(k)
		if restore > 0 {
			vault.Harden()
			ids, err := a.unlock(s, k)
			if err != nil {
				return err
			}
			if err := s.Revert(cmd.Context(), restore, ids...); err != nil {
				return err
			}
			v, err := s.Open(ids...)
			if err != nil {
				return err
			}
			defer v.Wipe()
			a.kitLooks(s, prints(v))
			return a.done(map[string]any{"restored": restore}, chain.Say("cli.vault_restored", "n", restore))
		}
		all := s.Versions()
		if a.json {
			type version struct {
				Number int       `json:"version"`
				Until  time.Time `json:"written"`
				Size   int64     `json:"size"`
			}
			out := []version{}
			for _, v := range all {
				out = append(out, version(v))
			}
			return a.encode(a.Out, out)
		}
		w := a.style(a.Out)
		if len(all) == 0 {
			_, err := fmt.Fprintln(w, a.say("cli.vault_no_versions"))
			return err
		}
		for _, v := range all {
			fmt.Fprintln(w, " ", a.say("cli.vault_version", "n", v.Number, "at", v.Until, "size", v.Size))
		}
		_, err := fmt.Fprintf(w, "\n%s\n", a.say("cli.vault_versions_hint", "n", all[0].Number))
		return err
	})
	c.Flags().IntVar(&restore, "restore", 0, a.say("cli.flag_vault_restore"))
	return c
}
