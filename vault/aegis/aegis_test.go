package aegis_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/vault/aegis"
	"github.com/omamori-guard/omamori/vault/otp"
	"github.com/omamori-guard/omamori/vault/otpauth"
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
	return aegis.Parse(b, password)
}

// The fixtures are made by ../testdata/make.py, which shares nothing with this package.
func TestExports(t *testing.T) {
	accounts, err := os.ReadFile("../testdata/accounts.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := otpauth.ParseList(string(accounts)).Accounts
	for _, name := range []string{"plain.json", "encrypted.json"} {
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
	for _, name := range []string{"encrypted.json"} {
		if _, err := parse(read(t, name), "wrong"); err != otp.WrongPassword {
			t.Errorf("%s: %v", name, err)
		}
		gone := errors.New("gone")
		b, password := read(t, name), func() ([]byte, error) { return nil, gone }
		if _, err := aegis.Parse(b, password); !errors.Is(err, gone) {
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
	is(t, read(t, "plain.json")[:300], otp.NotThis)
	is(t, altered(t, "plain.json", `"version": 3`, `"version": 4`), otp.NewerFormat)
	is(t, altered(t, "encrypted.json", `"n": 16384`, `"n": 1073741824`), otp.Costly)
	is(t, altered(t, "encrypted.json", `"p": 1`, `"p": 1000000`), otp.Costly)
	is(t, altered(t, "encrypted.json", `"type": 1`, `"type": 2`), otp.AccountBound)
	is(t, altered(t, "encrypted.json", `"db": "`, `"db": "AAAA`), otp.Damaged)
}

func TestFormat(t *testing.T) {
	all, err := parse(read(t, "plain.json"), "")
	if err != nil {
		t.Fatal(err)
	}
	b, err := aegis.Format(all.Accounts)
	if err != nil || !json.Valid(b) {
		t.Fatal(err)
	}
	again, err := parse(b, "")
	if err != nil || len(again.Accounts) != len(all.Accounts) {
		t.Fatalf("%+v %v", again, err)
	}
	for i, a := range again.Accounts {
		if !a.Same(all.Accounts[i]) || a.Counter != all.Accounts[i].Counter {
			t.Errorf("%+v", a)
		}
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
		all, err := aegis.Parse(b, password)
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
