package otpauth_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/vault/otp"
	"github.com/omamori-guard/omamori/vault/otpauth"
)

func fixture(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile("../testdata/accounts.txt")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestList(t *testing.T) {
	all := otpauth.ParseList(fixture(t) + "\n\nnonsense\notpauth://steam/Steam:gamer?secret=JBSWY3DP\n")
	if len(all.Accounts) != 4 || len(all.Refused) != 2 || all.Refused[1] != (otp.Refused{Title: "Steam (gamer)", Fault: otp.BadType}) {
		t.Fatalf("%+v", all)
	}
	if a := all.Accounts[1]; a.Issuer != "GitHub" || a.Algorithm != otp.SHA256 || a.Digits != 8 || a.Period != time.Minute {
		t.Errorf("%+v", a)
	}
	if a := all.Accounts[2]; a.Title() != "発行者 (持ち主@例.jp)" || a.Algorithm != otp.SHA512 {
		t.Errorf("%+v", a)
	}
	if a := all.Accounts[3]; a.Type != otp.HOTP || a.Counter != 41 {
		t.Errorf("%+v", a)
	}
	for _, a := range all.Accounts {
		again, err := otpauth.Parse(otpauth.Format(a))
		if err != nil || !again.Same(a) || again.Title() != a.Title() || again.Counter != a.Counter {
			t.Errorf("%s: %+v %v", a.Title(), again, err)
		}
		if strings.Contains(otpauth.Format(a), "+") {
			t.Error("a blank is written as a plus sign")
		}
	}
}

// The codes are those of oathtool, which shares nothing with this.
func TestCodesAgreeWithOathtool(t *testing.T) {
	program, err := exec.LookPath("oathtool")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	for _, a := range otpauth.ParseList(fixture(t)).Accounts {
		for _, at := range []time.Time{time.Unix(59, 0), time.Unix(1_799_999_999, 0)} {
			args := []string{"-b", "-d", string(rune('0' + a.Digits)), "--totp=" + a.Algorithm.String(), "-s", a.Period.String(), "-N", at.UTC().Format("2006-01-02 15:04:05 UTC"), a.Secret.Base32()}
			if a.Type == otp.HOTP {
				args = []string{"-b", "-c", "41", a.Secret.Base32()}
			}
			out, err := exec.Command(program, args...).CombinedOutput()
			if got := strings.TrimSpace(string(out)); err != nil || got != a.Code(at) {
				t.Errorf("%s: oathtool says %s %v, we %s", a.Title(), got, err, a.Code(at))
			}
		}
	}
}

func TestRefused(t *testing.T) {
	for uri, want := range map[string]otp.Fault{
		"":                               otp.Malformed,
		"https://totp/a?secret=JBSWY3DP": otp.Malformed,
		"otpauth://totp/a":               otp.NoSecret,
		"otpauth://totp/a?secret=1!":     otp.BadSecret,
		"otpauth://totp/a?secret=JBSWY3DP&digits=5":             otp.BadDigits,
		"otpauth://totp/a?secret=JBSWY3DP&digits=0":             otp.BadDigits,
		"otpauth://totp/a?secret=JBSWY3DP&period=0":             otp.BadPeriod,
		"otpauth://totp/a?secret=JBSWY3DP&period=99999999":      otp.BadPeriod,
		"otpauth://totp/a?secret=JBSWY3DP&algorithm=MD5":        otp.BadAlgorithm,
		"otpauth://hotp/a?secret=JBSWY3DP&counter=-1":           otp.BadCounter,
		"otpauth://totp/a%1b%5b2J?secret=JBSWY3DP":              otp.BadName,
		"otpauth://totp/" + strings.Repeat("a", 9000):           otp.Malformed,
		"otpauth://totp/a?secret=JBSWY3DP&issuer=%E2%80%AEevil": otp.BadName,
	} {
		if _, err := otpauth.Parse(uri); err != want {
			t.Errorf("%.60s: %v, want %v", uri, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for line := range strings.Lines(fixture(f)) {
		f.Add(line)
	}
	f.Add("otpauth://totp/%zz?secret=JBSWY3DP&period=1e9")
	f.Fuzz(func(t *testing.T, uri string) {
		a, err := otpauth.Parse(uri)
		if err != nil {
			if _, ok := err.(otp.Fault); !ok {
				t.Errorf("%T", err)
			}
			return
		}
		again, err := otpauth.Parse(otpauth.Format(a))
		if err != nil || !again.Same(a) {
			t.Errorf("%q: %v", uri, err)
		}
	})
}
