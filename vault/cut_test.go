package vault_test

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"filippo.io/age"

	"github.com/omamori-guard/omamori/vault"
)

var errCut = errors.New("the power fails")

// cutAfter is s where the power fails after so many files were written.
func cutAfter(s vault.Store, writes int) vault.Store {
	return s.Cutting(func() error {
		if writes--; writes < 0 {
			return errCut
		}
		return nil
	})
}

// copied is a store with the same files.
func copied(t *testing.T, s vault.Store) vault.Store {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(s.Dir)); err != nil {
		t.Fatal(err)
	}
	return vault.Store{Dir: dir, Work: s.Work}
}

// byPassphrase is what key.age holds, under the first of the words that opens it.
func byPassphrase(t *testing.T, s vault.Store, words ...string) (id age.Identity, word string) {
	t.Helper()
	for _, word := range words {
		if id, err := s.Unlock([]byte(word)); err == nil {
			return id, word
		}
	}
	t.Fatal("no passphrase opens key.age")
	return nil, ""
}

// Wherever a Rekey is cut off, and whoever changes the vault next, and wherever a second
// one is cut off then: what is in key.age opens the vault, and so does the recipient. The
// identity that was to go has gone once one of them has come to its end.
func TestRekeyCutAnywhere(t *testing.T) {
	base, first := newStore(t)
	given, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	err = base.Change(t.Context(), []age.Identity{first}, func(v *vault.Vault) error {
		return v.SealTo(given.Recipient().String(), "given", noon)
	})
	if err != nil {
		t.Fatal(err)
	}
	add(t, base, first, 1)
	whole := func(t *testing.T, s vault.Store, entries int) age.Identity {
		t.Helper()
		id, _ := byPassphrase(t, s, passphrase, "second", "third")
		for _, by := range []age.Identity{id, given} {
			if got := len(opened(t, s, by).Entries()); got != entries {
				t.Errorf("%d entries, want %d", got, entries)
			}
		}
		return id
	}
	// rekey is cut off after so many writes; true once there are no more.
	rekey := func(t *testing.T, s vault.Store, by age.Identity, word string, writes int) bool {
		t.Helper()
		_, err := cutAfter(s, writes).Rekey(t.Context(), []age.Identity{by}, []byte(word))
		if err != nil && !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		return err == nil
	}
	cuts := 0
	for n, ended := 0, false; !ended; n++ {
		s := copied(t, base)
		ended = rekey(t, s, first, "second", n)
		cuts++
		t.Run(fmt.Sprintf("after %d writes", n), func(t *testing.T) {
			whole(t, s, 1)
			for who, by := range map[string]func(*testing.T, vault.Store) age.Identity{
				"the recipient":  func(*testing.T, vault.Store) age.Identity { return given },
				"the passphrase": func(t *testing.T, s vault.Store) age.Identity { return whole(t, s, 1) },
			} {
				t.Run(who, func(t *testing.T) {
					s := copied(t, s)
					add(t, s, by(t, s), 2)
					whole(t, s, 2)
					if err := s.Revert(t.Context(), 2, given); err != nil { // of before the first entry
						t.Fatal(err)
					}
					whole(t, s, 0)
				})
				t.Run(who+", and again", func(t *testing.T) {
					for m, ended := 0, false; !ended; m++ {
						s := copied(t, s)
						ended = rekey(t, s, by(t, s), "third", m)
						whole(t, s, 1)
						add(t, s, given, 2)
						id := whole(t, s, 2)
						if ended {
							_, err := s.Open(first)
							is(t, err, vault.OtherKey)
						}
						add(t, s, id, 3)
						whole(t, s, 3)
					}
				})
			}
		})
	}
	if cuts < 5 {
		t.Errorf("cut at %d points: a Rekey writes more files", cuts)
	}
}

// The same of a new passphrase, and of a new vault: either it is there, or it can be made.
func TestOthersCutAnywhere(t *testing.T) {
	base, first := newStore(t)
	add(t, base, first, 1)
	for n, ended := 0, false; !ended; n++ {
		s := copied(t, base)
		err := cutAfter(s, n).SetPassphrase(t.Context(), first, []byte("second"))
		if ended = err == nil; !ended && !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		_, word := byPassphrase(t, s, passphrase, "second")
		opensByPassphrase(t, s, word, 1)
		_, err = s.Unlock([]byte("neither"))
		is(t, err, vault.WrongPassphrase)
	}
	for n, ended := 0, false; !ended; n++ {
		s := vault.Store{Dir: t.TempDir(), Work: 6}
		_, err := cutAfter(s, n).Adopt(t.Context(), &vault.Vault{}, []byte("second"))
		if ended = err == nil; !ended && !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		if !ended {
			if _, err := s.Adopt(t.Context(), &vault.Vault{}, []byte("second")); err != nil {
				t.Fatal(err)
			}
		}
		opensByPassphrase(t, s, "second", 0)
	}
}
