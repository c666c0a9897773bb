package vault

import (
	"bytes"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/vault/otp"
)

// FuzzDecode reads what a vault holds in plain. Whatever it is, it is read or is a Fault
// that quotes nothing of it; what is read is written and read again the same.
func FuzzDecode(f *testing.F) {
	var v Vault
	now := time.Unix(1764000000, 0).UTC()
	for _, a := range []otp.Account{
		{Issuer: "発行者", Name: "owner", Secret: otp.Secret("never-shown-key-1"), Algorithm: otp.SHA512, Digits: 8},
		{Name: "counted", Secret: otp.Secret("never-shown-key-2"), Type: otp.HOTP, Counter: 1 << 60},
	} {
		if _, err := v.Add(a, nil, "", now); err != nil {
			f.Fatal(err)
		}
	}
	if _, err := v.Add(otp.Account{Issuer: "x"}, otp.Secret("never-shown-key-3"), "key", now); err != nil {
		f.Fatal(err)
	}
	v.Remove(v.entries[0].ID, now)
	if err := v.SealTo("age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg", "kit", now); err != nil {
		f.Fatal(err)
	}
	v.next = []string{"age1x"}
	b, err := encode(&v)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"omamori_vault":1,"self":"","entries":[]}`))
	f.Add([]byte(`{"omamori_vault":2}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := decode(b)
		if err != nil {
			if !Is(err, Damaged) && !Is(err, Newer) {
				t.Errorf("no fault of a vault: %v", err)
			}
			if len(err.Error()) > 200 {
				t.Errorf("quotes what it read: %v", err)
			}
			return
		}
		once, err := encode(v)
		if err != nil {
			t.Fatal(err)
		}
		again, err := decode(once)
		if err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
		twice, err := encode(again)
		if err != nil || !bytes.Equal(once, twice) {
			t.Errorf("%v\n%s\n%s", err, once, twice)
		}
		var other Vault
		other.Merge(v)
		if len(other.Entries()) != len(v.Entries()) {
			t.Errorf("a merge makes %d entries of %d", len(other.Entries()), len(v.Entries()))
		}
		v.Wipe()
	})
}
