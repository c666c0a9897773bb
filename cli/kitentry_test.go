package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/vault"
	"github.com/omamori-guard/omamori/vault/otp"
)

// kitVault has an entry of every sort.
func kitVault(t testing.TB) *vault.Vault {
	t.Helper()
	v := &vault.Vault{}
	for _, a := range []otp.Account{
		{Issuer: "AWS", Name: "root", Secret: otp.Secret("never-shown-key-1")},
		{Issuer: "発行者", Name: "持ち主", Secret: otp.Secret("never-shown-key-2"), Algorithm: otp.SHA512, Digits: 8, Period: time.Minute},
		{Issuer: "Bank", Secret: otp.Secret("never-shown-key-3"), Type: otp.HOTP, Counter: 7},
	} {
		if _, err := v.Add(a, nil, "", time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := v.Add(otp.Account{Issuer: "AWS", Name: "login"}, otp.Secret("never-shown-key-4"), "login", time.Now()); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestKitEntries: what a kit brings back is what it was made of, and brought back twice
// nothing is there twice, a key neither.
func TestKitEntries(t *testing.T) {
	v := kitVault(t)
	payload, err := writeKitEntries(v.Entries())
	if err != nil {
		t.Fatal(err)
	}
	all, err := readKitEntries(payload)
	if err != nil {
		t.Fatal(err)
	}
	back := &vault.Vault{}
	for _, want := range []int{len(all), 0} {
		added, there, err := addKitEntries(back, all, time.Now())
		if err != nil || len(added) != want || len(there) != len(all)-want {
			t.Errorf("added %q, there %q, %v", added, there, err)
		}
	}
	all[2].Counter = 12 // the kit is of a time when more codes were used
	if _, _, err := addKitEntries(back, all, time.Now()); err != nil || back.Entries()[2].Counter != 12 {
		t.Errorf("counted on to %d: %v", back.Entries()[2].Counter, err)
	}
	v.Used(v.Entries()[2].ID, 12)
	was, is := v.Entries(), back.Entries()
	if len(is) != len(was) {
		t.Fatalf("%d entries of %d", len(is), len(was))
	}
	for i := range is {
		if a, b := was[i], is[i]; a.Name != b.Name || a.Title() != b.Title() || !a.Same(b.Account) || a.Counter != b.Counter || !bytes.Equal(a.Key, b.Key) {
			t.Errorf("%s came back otherwise", a.Name)
		}
	}
}

// FuzzKitEntries: whatever a kit says it brings back, it is refused without a quote or
// is a vault that makes the same kit again.
func FuzzKitEntries(f *testing.F) {
	whole, err := writeKitEntries(kitVault(f).Entries())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte(`[{"n":"a\u001b[2J","s":"c2VjcmV0c2VjcmV0"}]`))
	f.Add([]byte(`[{"n":"a","s":"c2VjcmV0c2VjcmV0","p":36028797018963968},{"n":"A","k":"a2V5"}]`))
	f.Add([]byte(`{"a newer form":"c2VjcmV0"}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		all, err := readKitEntries(payload)
		if err != nil {
			if p := (*Problem)(nil); !errors.As(err, &p) || len(p.Text.Args) > 0 {
				t.Errorf("refused as %v", err)
			}
			return
		}
		v := &vault.Vault{}
		added, there, err := addKitEntries(v, all, time.Now())
		if err != nil {
			return
		}
		if len(added)+len(there) != len(all) || len(v.Entries()) != len(added) {
			t.Fatalf("%d in, %d added, %d there, %d in the vault", len(all), len(added), len(there), len(v.Entries()))
		}
		for _, e := range v.Entries() {
			if strings.ContainsAny(e.Name+e.Title(), "\x1b\n\u202e") {
				t.Errorf("an entry is called %q", e.Name+e.Title())
			}
		}
		one, err := writeKitEntries(v.Entries())
		if err != nil {
			t.Fatal(err)
		}
		var again []kitEntry
		if err := json.Unmarshal(one, &again); err != nil {
			t.Fatal(err)
		}
		second := &vault.Vault{}
		if _, there, err := addKitEntries(second, again, time.Now()); err != nil || len(there) > 0 {
			t.Errorf("a second kit: %q there, %v", there, err)
		}
		if two, err := writeKitEntries(second.Entries()); err != nil || !bytes.Equal(one, two) {
			t.Errorf("a second kit differs: %v", err)
		}
	})
}
