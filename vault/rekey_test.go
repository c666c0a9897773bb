package vault_test

import (
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"github.com/omamori-guard/omamori/vault"
)

// opensByPassphrase sees that key.age still opens the vault, which has so many entries.
func opensByPassphrase(t *testing.T, s vault.Store, word string, entries int) {
	t.Helper()
	id, err := s.Unlock([]byte(word))
	if err != nil {
		t.Fatal(err)
	}
	if got := opened(t, s, id).Entries(); len(got) != entries {
		t.Errorf("%d entries, want %d", len(got), entries)
	}
}

// rekeyed is a vault with a recipient and an entry whose identity is another than at first.
// Its versions: 1 empty, 2 with the recipient, 3 with the entry, 4 sealed to both identities.
func rekeyed(t *testing.T) (s vault.Store, given, next *age.X25519Identity) {
	t.Helper()
	s, id := newStore(t)
	given, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	err = s.Change(t.Context(), []age.Identity{id}, func(v *vault.Vault) error {
		return v.SealTo(given.Recipient().String(), "given", noon)
	})
	if err != nil {
		t.Fatal(err)
	}
	add(t, s, id, 1)
	next, err = s.Rekey(t.Context(), []age.Identity{id}, []byte("second"))
	if err != nil {
		t.Fatal(err)
	}
	return s, given, next
}

// A former state that is older than the identity comes back under the present one.
func TestRevertAfterRekey(t *testing.T) {
	t.Run("of before", func(t *testing.T) {
		s, given, _ := rekeyed(t)
		if err := s.Revert(t.Context(), 3, given); err != nil {
			t.Fatal(err)
		}
		opensByPassphrase(t, s, "second", 1)
	})
	t.Run("of between", func(t *testing.T) {
		s, _, next := rekeyed(t)
		if err := s.Revert(t.Context(), 4, next); err != nil {
			t.Fatal(err)
		}
		opensByPassphrase(t, s, "second", 1)
	})
	t.Run("of between, the present damaged", func(t *testing.T) {
		s, _, next := rekeyed(t)
		if err := os.WriteFile(filepath.Join(s.Dir, "vault.age"), []byte("age-encr"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.Revert(t.Context(), 4, next); err != nil {
			t.Fatal(err)
		}
		opensByPassphrase(t, s, "second", 1)
	})
}

// A rekey that was cut before its last write leaves what the next change puts right, even
// where the owner gives other keys too.
func TestRekeyCut(t *testing.T) {
	s, _, next := rekeyed(t)
	between, err := os.ReadFile(filepath.Join(s.Dir, "old", "000004-vault.age"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.Dir, "vault.age"), between, 0o600); err != nil {
		t.Fatal(err)
	}
	add(t, s, next, 2)
	opensByPassphrase(t, s, "second", 2)
}

// A key that opens nothing, or only as a recipient, becomes no vault's own.
func TestOwnIdentityStays(t *testing.T) {
	s, given, _ := rekeyed(t)
	stranger, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	err = s.Change(t.Context(), []age.Identity{stranger, given}, func(v *vault.Vault) error {
		v.Unseal("given", noon)
		_, err := v.Add(account(2), nil, "", noon)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	opensByPassphrase(t, s, "second", 2)
	_, err = s.Open(stranger, given)
	is(t, err, vault.OtherKey)
}

// A vault.age that is gone is not for ever: no new vault is made over its versions, which
// the passphrase brings back.
func TestLost(t *testing.T) {
	s, id := newStore(t)
	is(t, s.Vacant(), vault.There)
	add(t, s, id, 1)
	add(t, s, id, 2)
	if err := os.Remove(filepath.Join(s.Dir, "vault.age")); err != nil {
		t.Fatal(err)
	}
	is(t, s.Vacant(), vault.Lost)
	_, err := s.Adopt(t.Context(), &vault.Vault{}, []byte("x"))
	is(t, err, vault.Lost)
	_, err = s.Open(id)
	is(t, err, vault.Lost)
	if err := s.Locked(); err != nil {
		t.Error(err)
	}
	if id, err = s.Unlock([]byte(passphrase)); err != nil {
		t.Fatal(err)
	}
	if err := s.Revert(t.Context(), 2, id); err != nil {
		t.Fatal(err)
	}
	opensByPassphrase(t, s, passphrase, 1)

	if err := os.Remove(filepath.Join(s.Dir, "key.age")); err != nil {
		t.Fatal(err)
	}
	is(t, s.Locked(), vault.Lost)
	none := vault.Store{Dir: t.TempDir()}
	is(t, none.Locked(), vault.None)
	if err := none.Vacant(); err != nil {
		t.Error(err)
	}
}
