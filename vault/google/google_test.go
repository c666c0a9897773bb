package google_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/vault/google"
	"github.com/omamori-guard/omamori/vault/otp"
)

func lines(t testing.TB, name string) []string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(b))
}

func parts(t *testing.T, uris []string) (all []google.Part) {
	t.Helper()
	for _, uri := range uris {
		p, err := google.Parse(uri)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

func TestExport(t *testing.T) {
	all := parts(t, lines(t, "parts.txt"))
	slices.Reverse(all)
	got, err := google.Join(append(all, all[0])) // in any order, and one twice
	if err != nil || len(got.Accounts) != 24 || got.In() != 25 {
		t.Fatalf("%d of %d, %v", len(got.Accounts), got.In(), err)
	}
	if got.Refused[0] != (otp.Refused{Title: "Ancient (md5)", Fault: otp.BadAlgorithm}) {
		t.Errorf("%+v", got.Refused)
	}
	if a := got.Accounts[0]; a.Issuer != "Amazon Web Services" || a.Secret.Base32() != "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP" {
		t.Errorf("%+v", a)
	}
	if a := got.Accounts[3]; a.Type != otp.HOTP || a.Counter != 41 {
		t.Errorf("%+v", a)
	}
	if one := parts(t, lines(t, "single.txt")); one[0].Size != 1 || one[0].Batch != -5 {
		t.Errorf("%+v", one)
	}
}

func TestIncomplete(t *testing.T) {
	all := parts(t, lines(t, "parts.txt"))
	for want, some := range map[string][]google.Part{
		"[0 2]": all[1:2], "[1]": {all[2], all[0]}, "[0 1]": {all[2], all[2]},
	} {
		got, err := google.Join(some)
		var missing *google.Incomplete
		if !errors.As(err, &missing) || fmt.Sprint(missing.Missing) != want || missing.Size != 3 || got.In() != 0 {
			t.Errorf("%v, want %s; %d taken", err, want, got.In())
		}
	}
	other := all[2]
	other.Batch++
	if _, err := google.Join([]google.Part{all[0], all[1], other}); err != otp.NotThis {
		t.Errorf("parts of two exports: %v", err)
	}
}

// Apps that write one part number no batch: two such exports are not taken for one.
func TestTwoSingles(t *testing.T) {
	one := parts(t, google.Format([]otp.Account{{Issuer: "A", Secret: otp.Secret("one-secret-of-one"), Digits: 6}}))[0]
	two := parts(t, google.Format([]otp.Account{{Issuer: "B", Secret: otp.Secret("two-secret-of-two"), Digits: 6}}))[0]
	one.Batch, two.Batch = 0, 0
	if got, err := google.Join([]google.Part{one, two}); err != otp.NotThis {
		t.Errorf("%d of 2 accounts taken: %v", len(got.Accounts), err)
	}
	if got, err := google.Join([]google.Part{one, one}); err != nil || len(got.Accounts) != 1 {
		t.Errorf("%d accounts: %v", len(got.Accounts), err)
	}
}

func TestFormat(t *testing.T) {
	got, err := google.Join(parts(t, lines(t, "parts.txt")))
	if err != nil {
		t.Fatal(err)
	}
	var fit []otp.Account
	for _, a := range got.Accounts {
		if google.Fits(a) {
			fit = append(fit, a)
		}
	}
	uris := google.Format(fit)
	again, err := google.Join(parts(t, uris))
	if err != nil || len(uris) != 3 || len(again.Accounts) != len(fit) {
		t.Fatalf("%d parts, %d accounts of %d, %v", len(uris), len(again.Accounts), len(fit), err)
	}
	for i, a := range again.Accounts {
		if !a.Same(fit[i]) || a.Title() != fit[i].Title() || a.Counter != fit[i].Counter {
			t.Errorf("%+v", a)
		}
	}
	if google.Fits(otp.Account{Digits: 7}) || google.Fits(otp.Account{Period: 60e9}) {
		t.Error("fits what Google's format cannot hold")
	}
}

func TestBad(t *testing.T) {
	good := lines(t, "parts.txt")[0]
	for uri, want := range map[string]otp.Problem{
		"":                 otp.NotThis,
		"otpauth://totp/a": otp.NotThis,
		good[:len(good)-7]: otp.Damaged,
		good[:60] + "!!":   otp.Damaged,
		google.Scheme + "offline?data=GP%2F%2F%2F%2F%2F%2F%2F%2F%2F%2FAQ": otp.Damaged, // ten billion parts
		google.Scheme + "offline?data=GAEgAQ":                             otp.Damaged, // the second of one
	} {
		if _, err := google.Parse(uri); err != want {
			t.Errorf("%.70s: %v, want %v", uri, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"parts.txt", "single.txt"} {
		for _, uri := range lines(f, name) {
			f.Add(uri)
		}
	}
	f.Fuzz(func(t *testing.T, uri string) {
		p, err := google.Parse(uri)
		if err != nil {
			if _, ok := err.(otp.Problem); !ok {
				t.Errorf("%T", err)
			}
			return
		}
		if p.Index < 0 || p.Index >= p.Size {
			t.Errorf("part %d of %d", p.Index, p.Size)
		}
		if all, err := google.Join([]google.Part{p}); (err == nil) != (p.Size == 1) || err == nil && all.In() != p.Accounts.In() {
			t.Error(err)
		}
	})
}
