package twofas_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/vault/otp"
	"github.com/omamori-guard/omamori/vault/otpauth"
	"github.com/omamori-guard/omamori/vault/twofas"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// parse reads an export under a password, which is as good as none where there is no
// need of one.
func parse(b []byte, word string) (otp.Import, error) {
	password := func() ([]byte, error) { return []byte(word), nil }
	return twofas.Parse(b, password)
}

// The fixtures are made by ../testdata/make.py, which shares nothing with this package.
func TestExports(t *testing.T) {
	accounts, err := os.ReadFile("../testdata/accounts.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := otpauth.ParseList(string(accounts)).Accounts
	for _, name := range []string{"plain.2fas", "encrypted.2fas"} {
		all, err := parse(read(t, name), "fixture password")
		if err != nil || len(all.Accounts) != 4 || len(all.Refused) != 1 {
			t.Fatalf("%s: %d accounts, %d refused, %v", name, len(all.Accounts), len(all.Refused), err)
		}
		for i, w := range want {
			if a := all.Accounts[i]; !a.Same(w) || a.Title() != w.Title() || a.Counter != w.Counter {
				t.Errorf("%s: %+v, want %+v", name, a, w)
			}
		}
		if r := all.Refused[0]; r.Fault != otp.BadType || !strings.HasPrefix(r.Title, "Steam") {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestPassword(t *testing.T) {
	for _, name := range []string{"encrypted.2fas"} {
		if _, err := parse(read(t, name), "wrong"); err != otp.WrongPassword {
			t.Errorf("%s: %v", name, err)
		}
		gone := errors.New("gone")
		b, password := read(t, name), func() ([]byte, error) { return nil, gone }
		if _, err := twofas.Parse(b, password); !errors.Is(err, gone) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// altered is an export in which old stands as new.
func altered(t *testing.T, name, old, new string) []byte {
	t.Helper()
	s := string(read(t, name))
	if !strings.Contains(s, old) {
		t.Fatalf("%s has no %s", name, old)
	}
	return []byte(strings.ReplaceAll(s, old, new))
}

func is(t *testing.T, b []byte, want otp.Problem) {
	t.Helper()
	if _, err := parse(b, "fixture password"); err != want {
		t.Errorf("%v, want %v", err, want)
	}
}

func TestBad(t *testing.T) {
	is(t, []byte("{}"), otp.NotThis)
	is(t, altered(t, "plain.2fas", `"schemaVersion": 4`, `"schemaVersion": 5`), otp.NewerFormat)
	is(t, altered(t, "encrypted.2fas", `"servicesEncrypted": "`, `"servicesEncrypted": "AAAA:`), otp.Damaged)
	is(t, altered(t, "encrypted.2fas", `"servicesEncrypted": "`, `"servicesEncrypted": "AAAA`), otp.WrongPassword)
	if !json.Valid(read(t, "plain.2fas")) {
		t.Error("no JSON")
	}
}

func FuzzParse(f *testing.F) {
	entries, err := os.ReadDir("testdata")
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			f.Add(read(f, e.Name()))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		// A key costs time, and what it opens is made by the fixtures.
		gone := errors.New("gone")
		password := func() ([]byte, error) { return nil, gone }
		all, err := twofas.Parse(b, password)
		var problem otp.Problem
		if err != nil && !errors.Is(err, gone) && !errors.As(err, &problem) {
			t.Errorf("%T", err)
		}
		for _, a := range all.Accounts {
			if a.Check() != nil {
				t.Errorf("%+v is no account", a)
			}
		}
	})
}
