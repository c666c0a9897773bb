package vault_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/vault"
	"github.com/omamori-guard/omamori/vault/otp"
	"github.com/omamori-guard/omamori/words"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

const passphrase = "correct horse battery staple"

// secret is a secret of the tests, different for each n.
func secret(n int) otp.Secret { return otp.Secret(fmt.Sprintf("never-shown-key-%08d", n)) }

func account(n int) otp.Account {
	return otp.Account{Issuer: fmt.Sprintf("Issuer %d", n), Name: "owner@example.jp", Secret: secret(n)}
}

func newStore(t *testing.T) (vault.Store, *age.X25519Identity) {
	t.Helper()
	s := vault.Store{Dir: filepath.Join(t.TempDir(), "vault"), Work: 6}
	id, err := s.Adopt(t.Context(), &vault.Vault{}, []byte(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	return s, id
}

// add adds the account n. On a machine that has much to do, several writers at once wait
// longer for each other than the store does: who is told so tries again, as a person would.
func add(t *testing.T, s vault.Store, id age.Identity, n int) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); ; {
		err := s.Change(t.Context(), []age.Identity{id}, func(v *vault.Vault) error {
			_, err := v.Add(account(n), nil, "", noon.Add(time.Duration(n)*time.Hour))
			return err
		})
		if err == nil {
			return
		}
		if !vault.Is(err, vault.Busy) || time.Now().After(end) {
			t.Error(err) // a writer that is no test's own goroutine cannot end it
			return
		}
	}
}

func opened(t *testing.T, s vault.Store, ids ...age.Identity) *vault.Vault {
	t.Helper()
	v, err := s.Open(ids...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func names(v *vault.Vault) (all []string) {
	for _, e := range v.Entries() {
		all = append(all, e.Name)
	}
	return all
}

// is checks a fault's code, and that it can be said.
func is(t *testing.T, err error, code vault.Code) {
	t.Helper()
	if !vault.Is(err, code) {
		t.Fatalf("got %v, want %s", err, code)
	}
	text, hint, ok := chain.Spoken(err)
	for _, m := range []chain.Text{text, hint} {
		if !ok || !words.Has(m.Key) || strings.Contains(words.English.Say(m), "  ") {
			t.Errorf("%s: says %q", code, words.English.Say(m))
		}
	}
}

func TestRoundTrip(t *testing.T) {
	s, id := newStore(t)
	all := []otp.Account{
		{Issuer: "Amazon Web Services", Name: "root", Secret: secret(1)},
		{Issuer: "発行者", Name: "名前", Secret: secret(2), Algorithm: otp.SHA512, Digits: 8, Period: time.Minute},
		{Name: "counted", Secret: secret(3), Type: otp.HOTP, Counter: 1 << 40, Algorithm: otp.SHA256, Digits: 7},
	}
	err := s.Change(t.Context(), []age.Identity{id}, func(v *vault.Vault) error {
		for _, a := range all {
			if _, err := v.Add(a, nil, "", noon); err != nil {
				return err
			}
		}
		_, err := v.Add(otp.Account{Issuer: "Amazon Web Services"}, otp.Secret("never-shown-key: hunter2"), "aws password", noon)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Unlock([]byte(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	v := opened(t, s, again)
	if got := names(v); !slices.Equal(got, []string{"amazon-web-services", "発行者", "counted", "aws password"}) {
		t.Errorf("%q", got)
	}
	for i, e := range v.Entries()[:3] {
		if !e.Same(all[i]) || e.Counter != all[i].Counter || e.Title() != all[i].Title() || !e.Added.Equal(noon) {
			t.Errorf("%d: %+v", i, e)
		}
	}
	if k := v.Entries()[3]; string(k.Key) != "never-shown-key: hunter2" || !k.IsKey() {
		t.Errorf("%+v", k)
	}
	if got := v.BothFactors(); len(got) != 1 || got[0] != [2]string{"aws password", "amazon-web-services"} {
		t.Errorf("both factors: %v", got)
	}
	for _, name := range []string{"aws password", "発行者", "COUNTED", "count", v.Entries()[1].ID[:6]} {
		if _, err := v.Find(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if e, err := v.Find("amazon-web-services"); err != nil || e.IsKey() {
		t.Errorf("%+v %v", e, err)
	}
	_, err = v.Find("amazon")
	if err != nil { // the name of one begins with it, no other's does
		t.Error(err)
	}
	_, err = v.Find("aws")
	is(t, err, vault.Ambiguous) // the initials of two
	_, err = v.Exact("amazon")  // a guess, which must not delete
	is(t, err, vault.Unknown)
	if _, err := v.Exact("AMAZON-web-services"); err != nil {
		t.Error(err)
	}
	_, err = v.Find("nothing")
	is(t, err, vault.Unknown)
}

func TestAddRefuses(t *testing.T) {
	s, id := newStore(t)
	add(t, s, id, 1)
	ids := []age.Identity{id}
	is(t, s.Change(t.Context(), ids, func(v *vault.Vault) error {
		a := account(1)
		a.Issuer = "called differently"
		_, err := v.Add(a, nil, "", noon)
		return err
	}), vault.Duplicate)
	is(t, s.Change(t.Context(), ids, func(v *vault.Vault) error {
		_, err := v.Add(account(2), nil, "Issuer-1", noon)
		return err
	}), vault.Duplicate)
	err := s.Change(t.Context(), ids, func(v *vault.Vault) error {
		_, err := v.Add(otp.Account{Name: "no secret"}, nil, "", noon)
		return err
	})
	if !errors.Is(err, otp.NoSecret) {
		t.Error(err)
	}
	if got := names(opened(t, s, id)); len(got) != 1 {
		t.Errorf("%q", got)
	}
	_, err = s.Adopt(t.Context(), &vault.Vault{}, []byte("x"))
	is(t, err, vault.There)
	_, err = vault.Store{Dir: t.TempDir()}.Adopt(t.Context(), &vault.Vault{}, nil)
	is(t, err, vault.NoPassphrase)
	_, err = vault.Store{Dir: t.TempDir()}.Open(id)
	is(t, err, vault.None)
}

// A counted account that comes in again, from where it was used more, is counted on.
func TestAddCountsOn(t *testing.T) {
	var v vault.Vault
	a := account(1)
	a.Type, a.Counter = otp.HOTP, 5
	if _, err := v.Add(a, nil, "", noon); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ in, want uint64 }{{9, 9}, {3, 9}} {
		a.Counter = c.in
		_, err := v.Add(a, nil, "", noon)
		is(t, err, vault.Duplicate)
		if got := v.Entries()[0].Counter; got != c.want {
			t.Errorf("%d after %d came in, want %d", got, c.in, c.want)
		}
	}
}

func TestFaultsAreToldApart(t *testing.T) {
	s, id := newStore(t)
	add(t, s, id, 1)
	_, err := s.Unlock([]byte("wrong"))
	is(t, err, vault.WrongPassphrase)
	_, err = s.Unlock(nil)
	is(t, err, vault.NoPassphrase)
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Open(other)
	is(t, err, vault.OtherKey)
	_, err = s.Open()
	is(t, err, vault.OtherKey)

	good, err := s.Sealed()
	if err != nil {
		t.Fatal(err)
	}
	t.Run("cut off", func(t *testing.T) {
		for n := range len(good) {
			_, err := vault.Open(good[:n], id)
			is(t, err, vault.Damaged)
		}
		_, err := vault.Open(append(slices.Clone(good), 0), id)
		is(t, err, vault.Damaged)
	})
	t.Run("one bit", func(t *testing.T) {
		header := bytes.Index(good, []byte("\n---"))
		mark := bytes.Index(good, []byte("-> omamori-vault"))
		for i := range good {
			bad := slices.Clone(good)
			bad[i] ^= 1 << (i % 8)
			_, err := vault.Open(bad, id)
			if err == nil {
				t.Fatalf("byte %d: opens", i)
			}
			// A vault whose mark was changed may be taken for another's; with our own key it
			// still opens far enough for its seal to be found broken.
			if !vault.Is(err, vault.Damaged) {
				t.Errorf("byte %d (mark at %d, header to %d): %v", i, mark, header, err)
			}
		}
	})
	t.Run("key.age", func(t *testing.T) {
		path := filepath.Join(s.Dir, "key.age")
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := range good {
			bad := slices.Clone(good)
			bad[i] ^= 1 << (i % 8)
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Unlock([]byte(passphrase)); !vault.Is(err, vault.Damaged) {
				t.Fatalf("byte %d: %v", i, err)
			}
		}
		for n := range len(good) {
			if err := os.WriteFile(path, good[:n], 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Unlock([]byte(passphrase)); !vault.Is(err, vault.Damaged) {
				t.Fatalf("cut off at %d: %v", n, err)
			}
		}
		// One that asks for a terabyte.
		hostile := bytes.Replace(good, []byte(" 6\n"), []byte(" 30\n"), 1)
		if err := os.WriteFile(path, hostile, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(s.Dir, "key.age.sha256")); err != nil {
			t.Fatal(err)
		}
		_, err = s.Unlock([]byte(passphrase))
		is(t, err, vault.Slow)
	})
	t.Run("newer", func(t *testing.T) {
		_, err := vault.Open(reseal(t, s, id, `"omamori_vault":1`, `"omamori_vault":2`), id)
		is(t, err, vault.Newer)
		_, err = vault.Open(reseal(t, s, id, `"omamori_vault":1`, `"omamori_vault":1,"more":1`), id)
		is(t, err, vault.Damaged)
	})
}

// reseal is what the store holds, with something in it replaced.
func reseal(t *testing.T, s vault.Store, id *age.X25519Identity, old, new string) []byte {
	t.Helper()
	sealed, err := s.Sealed()
	if err != nil {
		t.Fatal(err)
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), id)
	if err != nil {
		t.Fatal(err)
	}
	var plain, out bytes.Buffer
	if _, err := plain.ReadFrom(r); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(plain.String(), old) {
		t.Fatalf("no %s", old)
	}
	w, err := age.Encrypt(&out, id.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(strings.Replace(plain.String(), old, new, 1))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestPassphrase(t *testing.T) {
	s, id := newStore(t)
	add(t, s, id, 1)
	if err := s.SetPassphrase(t.Context(), id, []byte("another")); err != nil {
		t.Fatal(err)
	}
	_, err := s.Unlock([]byte(passphrase))
	is(t, err, vault.WrongPassphrase)
	again, err := s.Unlock([]byte("another"))
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	is(t, s.SetPassphrase(t.Context(), stranger, []byte("x")), vault.OtherKey)
	next, err := s.Rekey(t.Context(), []age.Identity{again}, []byte("third"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Open(id)
	is(t, err, vault.OtherKey)
	opened(t, s, next)
	if got, err := s.Unlock([]byte("third")); err != nil || got.String() != next.String() {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(s.Dir, "old", "*key.age")); len(left) > 0 {
		t.Errorf("the old passphrase still opens %q", left)
	}
}

func TestVersions(t *testing.T) {
	s, id := newStore(t)
	for n := range 15 {
		add(t, s, id, n)
	}
	all := s.Versions()
	if len(all) != 10 || all[0].Number != 15 || all[9].Number != 6 {
		t.Fatalf("%+v", all)
	}
	// The vault is damaged: a version brings it back, and what was damaged is kept.
	if err := os.WriteFile(filepath.Join(s.Dir, "vault.age"), []byte("age-encr"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := s.Open(id)
	is(t, err, vault.Damaged)
	is(t, s.Change(t.Context(), []age.Identity{id}, func(*vault.Vault) error { return nil }), vault.Damaged)
	is(t, s.Revert(t.Context(), 3, id), vault.NotRestored)
	if err := s.Revert(t.Context(), 15, id); err != nil {
		t.Fatal(err)
	}
	if got := opened(t, s, id).Entries(); len(got) != 14 {
		t.Errorf("%d entries", len(got))
	}
	if _, err := s.OpenVersion(16, id); !vault.Is(err, vault.Damaged) {
		t.Errorf("what was damaged is not kept: %v", err)
	}
}

// The versions are not used up by what is worth none: codes that were counted on, changes
// of nothing, and writes that fail.
func TestVersionsAreOfEdits(t *testing.T) {
	s, id := newStore(t)
	ids := []age.Identity{id}
	counted := account(1)
	counted.Type = otp.HOTP
	err := s.Change(t.Context(), ids, func(v *vault.Vault) error {
		_, err := v.Add(counted, nil, "counted", noon)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for n := range uint64(12) {
		err := s.Change(t.Context(), ids, func(v *vault.Vault) error {
			v.Used(v.Entries()[0].ID, n+1)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := opened(t, s, id).Entries()[0].Counter; got != 12 {
		t.Errorf("counted on to %d", got)
	}
	if all := s.Versions(); len(all) != 1 {
		t.Errorf("counting made versions: %+v", all)
	}
	if err := os.Link(filepath.Join(s.Dir, "vault.age"), filepath.Join(s.Dir, "old", "000002-vault.age")); err != nil {
		t.Fatal(err)
	}
	add(t, s, id, 2) // after a write that failed when it had kept what was before
	if all := s.Versions(); len(all) != 2 || all[0].Number != 2 {
		t.Errorf("a failed write left a version: %+v", all)
	}
	// The same where a file system has no hard links.
	b, err := s.Sealed()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.Dir, "old", "000003-vault.age"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	add(t, s, id, 3)
	if all := s.Versions(); len(all) != 3 {
		t.Errorf("a failed write left a version: %+v", all)
	}
	err = s.Change(t.Context(), ids, func(v *vault.Vault) error { v.Unseal("nobody", noon); return nil })
	if err != nil || len(s.Versions()) != 3 {
		t.Errorf("a change of nothing: %v %+v", err, s.Versions())
	}
	err = s.Change(t.Context(), ids, func(v *vault.Vault) error {
		v.Remove(v.Entries()[0].ID, noon)
		return nil
	})
	if err != nil || len(s.Versions()) != 4 {
		t.Errorf("an edit makes no version: %v %+v", err, s.Versions())
	}
}

func TestKey(t *testing.T) {
	k := vault.NewKey()
	id, err := k.Identity()
	if err != nil {
		t.Fatal(err)
	}
	s, own := newStore(t)
	err = s.Change(t.Context(), []age.Identity{own}, func(v *vault.Vault) error {
		if _, err := v.Add(account(1), nil, "", noon); err != nil {
			return err
		}
		return v.SealTo(id.Recipient().String(), "kit", noon)
	})
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := s.Sealed()
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open(sealed, id)
	if err != nil || len(v.Entries()) != 1 || v.Recipients()[0].Label != "kit" {
		t.Fatalf("%+v %v", v, err)
	}
	if s := fmt.Sprintf("%v %+v %#v %x %s", *k, *k, *k, *k, k); strings.Contains(strings.ToLower(s), fmt.Sprintf("%x", k[:4])) || strings.Contains(s, fmt.Sprint(k[0], k[1])) {
		t.Errorf("shown: %s", s)
	}
	if b, err := json.Marshal(k); err != nil || string(b) != `"(key)"` {
		t.Errorf("%s %v", b, err)
	}
	// Restored elsewhere, it has an identity of its own.
	there := vault.Store{Dir: filepath.Join(t.TempDir(), "v"), Work: 6}
	next, err := there.Adopt(t.Context(), v, []byte("new"))
	if err != nil {
		t.Fatal(err)
	}
	if got := opened(t, there, next).Entries(); len(got) != 1 || !got[0].Same(account(1)) {
		t.Errorf("%+v", got)
	}
	_, err = there.Open(own)
	is(t, err, vault.OtherKey)
	k.Wipe()
	if *k != (vault.Key{}) {
		t.Error("not wiped")
	}
}

func TestBadRecipients(t *testing.T) {
	var v vault.Vault
	private, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"", "age1", "age1xxx", "ssh-dss AAAA", "ssh-ed25519 AAAA", "age1pq1xyz", private.String()} {
		err := v.SealTo(key, "", noon)
		is(t, err, vault.BadRecipient)
		text, hint, _ := chain.Spoken(err)
		if said := words.English.Say(text) + words.English.Say(hint); strings.Contains(said, "SECRET") {
			t.Errorf("quotes a private key: %s", said)
		}
	}
}
