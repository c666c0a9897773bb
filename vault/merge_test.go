package vault_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/omamori-guard/omamori/vault"
	"github.com/omamori-guard/omamori/vault/otp"
)

// twoDevices are two stores with a copy each of one vault of three entries.
func twoDevices(t *testing.T) (here, there *vault.Vault) {
	t.Helper()
	s, id := newStore(t)
	for n := range 3 {
		add(t, s, id, n)
	}
	return opened(t, s, id), opened(t, s, id)
}

func change(t *testing.T, v *vault.Vault, name string, at time.Time, f func(*vault.Entry)) {
	t.Helper()
	e, err := v.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	f(&e)
	if err := v.Change(e, at); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, v *vault.Vault, name string) {
	t.Helper()
	e, err := v.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	v.Remove(e.ID, noon)
}

// has counts the entries that make the codes of an account of the tests.
func has(v *vault.Vault, n int) (count int) {
	for _, e := range v.Entries() {
		if e.Same(account(n)) {
			count++
		}
	}
	return count
}

func TestMerge(t *testing.T) {
	t.Run("each added one", func(t *testing.T) {
		here, there := twoDevices(t)
		for n, v := range map[int]*vault.Vault{10: here, 11: there} {
			if _, err := v.Add(account(n), nil, "", noon); err != nil {
				t.Fatal(err)
			}
		}
		m := here.Merge(there)
		if len(here.Entries()) != 5 || !slices.Equal(m.Added, []string{"issuer-11"}) {
			t.Errorf("%+v %q", m, names(here))
		}
		if m := here.Merge(there); len(m.Added)+len(m.Changed)+len(m.Removed)+len(m.Both) != 0 {
			t.Errorf("a second merge changes something: %+v", m)
		}
	})
	t.Run("both added the same account", func(t *testing.T) {
		here, there := twoDevices(t)
		for _, v := range []*vault.Vault{here, there} {
			if _, err := v.Add(account(10), nil, "mine", noon); err != nil {
				t.Fatal(err)
			}
		}
		if m := here.Merge(there); !slices.Equal(m.Twice, []string{"mine"}) {
			t.Errorf("%+v", m)
		}
		_, err := here.Find("mine")
		is(t, err, vault.Ambiguous)
	})
	t.Run("one was renamed there", func(t *testing.T) {
		here, there := twoDevices(t)
		change(t, there, "issuer-1", noon, func(e *vault.Entry) { e.Name = "new" })
		if m := here.Merge(there); !slices.Equal(m.Changed, []string{"new"}) || len(here.Entries()) != 3 {
			t.Errorf("%+v %q", m, names(here))
		}
	})
	t.Run("one was given another secret on each", func(t *testing.T) {
		here, there := twoDevices(t)
		change(t, here, "issuer-1", noon, func(e *vault.Entry) { e.Secret = secret(20) })
		change(t, there, "issuer-1", noon.Add(time.Hour), func(e *vault.Entry) { e.Secret = secret(21) })
		m := here.Merge(there)
		if len(m.Both) != 1 || has(here, 20) != 1 || has(here, 21) != 1 || has(here, 1) != 0 {
			t.Errorf("%+v %q", m, names(here))
		}
		if e, err := here.Find("issuer-1"); err != nil || !e.Same(account(21)) {
			t.Errorf("the later edit has not won: %v", err)
		}
	})
	t.Run("removed there, unchanged here", func(t *testing.T) {
		here, there := twoDevices(t)
		remove(t, there, "issuer-1")
		if m := here.Merge(there); !slices.Equal(m.Removed, []string{"issuer-1"}) || has(here, 1) != 0 {
			t.Errorf("%+v", m)
		}
		if m := there.Merge(here); len(m.Added) != 0 || has(there, 1) != 0 {
			t.Errorf("a merge brought it back: %+v", m)
		}
	})
	t.Run("removed there, changed here", func(t *testing.T) {
		here, there := twoDevices(t)
		change(t, here, "issuer-1", noon.Add(-time.Hour), func(e *vault.Entry) { e.Secret = secret(20) })
		remove(t, there, "issuer-1")
		here.Merge(there)
		if has(here, 20) != 1 {
			t.Error("lost")
		}
		there.Merge(here)
		if has(there, 20) != 1 {
			t.Error("lost")
		}
	})
	t.Run("counters only go on", func(t *testing.T) {
		s, id := newStore(t)
		err := s.Change(t.Context(), []age.Identity{id}, func(v *vault.Vault) error {
			_, err := v.Add(otp.Account{Name: "h", Type: otp.HOTP, Secret: secret(1)}, nil, "", noon)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		here, there := opened(t, s, id), opened(t, s, id)
		e := here.Entries()[0]
		here.Used(e.ID, 7)
		there.Used(e.ID, 5)
		change(t, there, "h", noon, func(e *vault.Entry) { e.Name = "later" })
		here.Merge(there)
		if e := here.Entries()[0]; e.Counter != 7 || e.Name != "later" {
			t.Errorf("%+v", e)
		}
	})
	t.Run("a recipient that was taken away stays away", func(t *testing.T) {
		here, there := twoDevices(t)
		key, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		if err := here.SealTo(key.Recipient().String(), "lost laptop", noon); err != nil {
			t.Fatal(err)
		}
		there.Merge(here)
		if len(there.Recipients()) != 1 || !here.Unseal("lost laptop", noon.Add(time.Hour)) {
			t.Fatal("no recipient")
		}
		here.Merge(there)
		there.Merge(here)
		if len(here.Recipients())+len(there.Recipients()) != 0 {
			t.Errorf("%+v %+v", here.Recipients(), there.Recipients())
		}
	})
}

// A former state that the owner brings back stays, whoever still has what it replaced.
func TestMergeAfterRevert(t *testing.T) {
	s, id := newStore(t)
	for n := range 3 {
		add(t, s, id, n) // versions 1 to 3; the fourth is the one to come back to
	}
	ids := []age.Identity{id}
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []func(*vault.Vault) error{
		func(v *vault.Vault) error { return v.SealTo(key.Recipient().String(), "lost laptop", noon) },
		func(v *vault.Vault) error {
			change(t, v, "issuer-0", noon, func(e *vault.Entry) { e.Secret = secret(20) })
			remove(t, v, "issuer-1")
			_, err := v.Add(account(30), nil, "", noon)
			return err
		},
		func(v *vault.Vault) error { v.Unseal("lost laptop", noon.Add(time.Hour)); return nil },
	} {
		if err := s.Change(t.Context(), ids, f); err != nil {
			t.Fatal(err)
		}
	}
	there := opened(t, s, id)
	if err := s.Revert(t.Context(), 5, id); err != nil { // of before the change, with the laptop
		t.Fatal(err)
	}
	here := opened(t, s, id)
	if len(here.Recipients()) != 0 {
		t.Errorf("a key that was taken away opens the vault again: %+v", here.Recipients())
	}
	for _, v := range []*vault.Vault{here, there} {
		v.Merge(map[bool]*vault.Vault{true: there, false: here}[v == here])
		for n, want := range map[int]int{0: 1, 1: 1, 2: 1, 20: 0, 30: 1} {
			if got := has(v, n); got != want {
				t.Errorf("account %d: %d of them, want %d: %q", n, got, want, names(v))
			}
		}
	}
}

// Whatever three devices do, bring back of their former states, and in whatever order they
// merge: no secret is lost that nobody removed or replaced since it was there last, and all
// end up alike.
func TestMergeLosesNothing(t *testing.T) {
	s, id := newStore(t)
	for n := range 3 {
		add(t, s, id, n)
	}
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 6))
		devices := []*vault.Vault{opened(t, s, id), opened(t, s, id), opened(t, s, id)}
		former := make([][]*vault.Vault, len(devices))
		alive := map[int]bool{0: true, 1: true, 2: true}
		next := 100
		at := noon
		for range 16 {
			at = at.Add(time.Minute)
			d := r.IntN(3)
			v := devices[d]
			former[d] = append(former[d], v.Copy())
			all := v.Entries()
			switch op := r.IntN(6); {
			case op == 0 || len(all) == 0:
				if _, err := v.Add(account(next), nil, "", at); err != nil {
					t.Fatal(err)
				}
				alive[next] = true
				next++
			case op <= 2: // a new secret
				e := all[r.IntN(len(all))]
				gone := e.Account
				e.Secret = secret(next)
				if err := v.Change(e, at); err != nil {
					t.Fatal(err)
				}
				alive[next] = true
				next++
				for n := range alive {
					if gone.Same(account(n)) {
						delete(alive, n)
					}
				}
			case op == 3:
				e := all[r.IntN(len(all))]
				for n := range alive {
					if e.Same(account(n)) {
						delete(alive, n)
					}
				}
				v.Remove(e.ID, at)
			case op == 4:
				old := former[d][r.IntN(len(former[d]))].Copy()
				old.Restored(v, at)
				// What is not in it is gone by the owner's wish; a merge may bring it again.
				for n := range alive {
					if has(v, n) > 0 && has(old, n) == 0 {
						delete(alive, n)
					}
				}
				for _, e := range old.Entries() {
					for n := range next {
						if e.Same(account(n)) && has(v, n) == 0 {
							alive[n] = true
						}
					}
				}
				devices[d] = old
			default:
				v.Merge(devices[r.IntN(3)])
			}
		}
		for range 2 {
			for _, pair := range r.Perm(9) {
				devices[pair/3].Merge(devices[pair%3])
			}
		}
		for d, v := range devices {
			for n := range alive {
				if has(v, n) == 0 {
					t.Fatalf("seed %d: device %d has lost %d", seed, d, n)
				}
			}
			if !slices.Equal(ids(v), ids(devices[0])) {
				t.Fatalf("seed %d: device %d differs:\n%q\n%q", seed, d, ids(v), ids(devices[0]))
			}
		}
	}
}

func ids(v *vault.Vault) (all []string) {
	for _, e := range v.Entries() {
		all = append(all, e.ID+" "+e.Secret.Base32())
	}
	slices.Sort(all)
	return all
}
