package otp_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/vault/otp"
)

// RFC 4226, appendix D.
func TestRFC4226(t *testing.T) {
	a := otp.Account{Type: otp.HOTP, Secret: otp.Secret("12345678901234567890")}
	for n, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		if a.Counter = uint64(n); a.Code(time.Time{}) != want {
			t.Errorf("counter %d: %s, want %s", n, a.Code(time.Time{}), want)
		}
	}
}

// RFC 6238, appendix B; its secrets are as long as the hash (see its erratum 2866).
func TestRFC6238(t *testing.T) {
	seed := strings.Repeat("1234567890", 7)
	keys := map[otp.Algorithm]string{otp.SHA1: seed[:20], otp.SHA256: seed[:32], otp.SHA512: seed[:64]}
	for _, v := range []struct {
		at   int64
		want map[otp.Algorithm]string
	}{
		{59, map[otp.Algorithm]string{otp.SHA1: "94287082", otp.SHA256: "46119246", otp.SHA512: "90693936"}},
		{1111111109, map[otp.Algorithm]string{otp.SHA1: "07081804", otp.SHA256: "68084774", otp.SHA512: "25091201"}},
		{1111111111, map[otp.Algorithm]string{otp.SHA1: "14050471", otp.SHA256: "67062674", otp.SHA512: "99943326"}},
		{1234567890, map[otp.Algorithm]string{otp.SHA1: "89005924", otp.SHA256: "91819424", otp.SHA512: "93441116"}},
		{2000000000, map[otp.Algorithm]string{otp.SHA1: "69279037", otp.SHA256: "90698825", otp.SHA512: "38618901"}},
		{20000000000, map[otp.Algorithm]string{otp.SHA1: "65353130", otp.SHA256: "77737706", otp.SHA512: "47863826"}},
	} {
		for g, want := range v.want {
			a := otp.Account{Algorithm: g, Digits: 8, Secret: otp.Secret(keys[g])}
			if got := a.Code(time.Unix(v.at, 0)); got != want {
				t.Errorf("%v at %d: %s, want %s", g, v.at, got, want)
			}
		}
	}
}

func TestLeft(t *testing.T) {
	a := otp.Account{Secret: otp.Secret("x"), Period: time.Minute}
	for at, want := range map[int64]time.Duration{0: time.Minute, 59: time.Second, 60: time.Minute, 61: 59 * time.Second} {
		if got := a.Left(time.Unix(at, 0)); got != want {
			t.Errorf("at %d: %v", at, got)
		}
	}
}

func TestDrift(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	a := otp.Account{Secret: otp.Secret("12345678901234567890"), Digits: 8}
	for _, off := range []int{0, 1, -1, 7, -20, 20} {
		typed := a.Code(now.Add(time.Duration(off) * 30 * time.Second))
		if got, ok := a.Drift(typed[:4]+" "+typed[4:], now, 20); !ok || got != off {
			t.Errorf("off by %d: %d %v", off, got, ok)
		}
	}
	if _, ok := a.Drift(a.Code(now.Add(21*30*time.Second)), now, 20); ok {
		t.Error("found beyond what was looked at")
	}
	if _, ok := a.Drift("", now, 20); ok {
		t.Error("nothing is a code")
	}
	if got, ok := a.Drift(wide(a.Code(now)), now, 0); !ok || got != 0 {
		t.Error("wide digits are none")
	}
	// At the epoch there is no step before.
	if _, ok := a.Drift("00000000", time.Unix(3, 0), 3); ok {
		t.Error("found a code before the epoch")
	}
	h := a
	h.Type, h.Counter = otp.HOTP, 5
	if got, ok := h.Drift(h.CodeOf(9), now, 10); !ok || got != 4 {
		t.Errorf("four presses on: %d %v", got, ok)
	}
	if _, ok := h.Drift(h.CodeOf(4), now, 10); ok {
		t.Error("a used code counts again")
	}
}

func wide(s string) string {
	return strings.Map(func(r rune) rune { return r - '0' + '０' }, s)
}

func TestCheck(t *testing.T) {
	good := otp.Account{Secret: otp.Secret("x"), Issuer: "発行者", Name: "a@b"}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[otp.Fault]func(*otp.Account){
		otp.NoSecret:     func(a *otp.Account) { a.Secret = nil },
		otp.LongSecret:   func(a *otp.Account) { a.Secret = make([]byte, otp.MaxSecret+1) },
		otp.BadDigits:    func(a *otp.Account) { a.Digits = 5 },
		otp.BadPeriod:    func(a *otp.Account) { a.Period = 1500 * time.Millisecond },
		otp.BadName:      func(a *otp.Account) { a.Issuer = "a\x1b[2J" },
		otp.BadAlgorithm: func(a *otp.Account) { a.Algorithm = 9 },
		otp.BadType:      func(a *otp.Account) { a.Type = 9 },
	} {
		a := good
		change(&a)
		if err := a.Check(); err != want {
			t.Errorf("%v: %v", want, err)
		}
	}
}

func TestImportLosesNothing(t *testing.T) {
	var i otp.Import
	i.Take(otp.Account{Name: "good", Secret: otp.Secret("x")}, nil)
	i.Take(otp.Account{Name: "bad\x1b"}, nil)
	i.Take(otp.Account{Name: "other"}, otp.BadType)
	if i.In() != 3 || len(i.Refused) != 2 || i.Refused[0].Title != `"bad\u001b"` || i.Refused[1].Fault != otp.BadType {
		t.Errorf("%+v", i)
	}
}

func TestSecretsAreHidden(t *testing.T) {
	const plain = "PLAIN-SECRET"
	a := otp.Account{Name: "n", Secret: otp.Secret(plain)}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
		fmt.Fprintf(&out, verb+" "+verb+"\n", a, a.Secret)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "secret", a.Secret, "account", a)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "secret", a.Secret, "account", a)
	if err := json.NewEncoder(&out).Encode(a); err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{plain, fmt.Sprintf("%x", plain), fmt.Sprint([]byte(plain)), a.Secret.Base32(), "UExBSU4tU0VDUkVU"} {
		if strings.Contains(out.String(), form) {
			t.Errorf("%q is shown:\n%s", form, &out)
		}
	}
}

func TestParseSecret(t *testing.T) {
	for in, want := range map[string]string{
		"GEZDGNBVGY3TQOJQ": "1234567890", "gezd gnbv gy3t qojq": "1234567890", "GEZA====": "12", "geza": "12",
	} {
		if s, err := otp.ParseSecret(in); err != nil || string(s) != want {
			t.Errorf("%q: %q %v", in, string(s), err)
		}
	}
	for _, bad := range []string{"", "====", "1", "A", "ABC!", strings.Repeat("A", 3*otp.MaxSecret)} {
		if _, err := otp.ParseSecret(bad); err == nil {
			t.Errorf("%q is a secret", bad)
		} else if bad != "" && bad != "1" && bad != "A" && strings.Contains(err.Error(), bad) {
			t.Errorf("%q is quoted", bad)
		}
	}
}

func FuzzParseSecret(f *testing.F) {
	for _, s := range []string{"GEZDGNBVGY3TQOJQ", "gezd gnbv", "GEZA====", "", "１", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b, err := otp.ParseSecret(s)
		if err != nil {
			return
		}
		again, err := otp.ParseSecret(b.Base32())
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%q: %v", s, err)
		}
	})
}
