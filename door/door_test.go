package door

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/omamori-guard/omamori/door/doortest"
)

var at = time.Unix(1_790_000_000, 0)

func newPermit() *Permit {
	p := &Permit{
		Door: Fingerprint{1}, Encapsulation: [32]byte{2}, Time: at, For: 10 * time.Minute,
		From: netip.MustParsePrefix("203.0.113.7/32"), Ports: []uint16{22},
	}
	_, _ = rand.Read(p.Nonce[:])
	return p
}

func newSigner(t testing.TB, key crypto.Signer) ssh.Signer {
	t.Helper()
	if key == nil {
		_, k, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		key = k
	}
	s, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sign(t testing.TB, s ssh.Signer, message []byte) []byte {
	t.Helper()
	sig, err := Sign(rand.Reader, s, message)
	if err != nil {
		t.Fatal(err)
	}
	return sig.Marshal()
}

// line is one of allowed_signers.
func line(who, options string, key ssh.PublicKey) string {
	if options != "" {
		options += " "
	}
	return who + " " + options + string(ssh.MarshalAuthorizedKey(key))
}

func signersOf(t testing.TB, text string) Signers {
	t.Helper()
	s, err := ParseSigners([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func code(err error) Code {
	var r *Refusal
	if errors.As(err, &r) {
		return r.Code
	}
	return 0
}

func TestPermitHasOneForm(t *testing.T) {
	for _, from := range []string{"203.0.113.7/32", "10.1.2.0/24", "2001:db8::/64", "2001:db8::1/128", ""} {
		p := newPermit()
		p.Challenge, p.Ports = Challenge{9}, []uint16{22, 80, 443}
		p.From = netip.Prefix{}
		if from != "" {
			p.From = netip.MustParsePrefix(from)
		}
		b := p.Marshal()
		q, err := ParsePermit(b)
		if err != nil || !bytes.Equal(q.Marshal(), b) || q.From != p.From || !q.Time.Equal(p.Time) || q.For != p.For {
			t.Errorf("%s: %v %+v", from, err, q)
		}
		for cut := range b {
			if _, err := ParsePermit(b[:cut]); err == nil {
				t.Fatalf("%s: reads a permit of %d bytes", from, cut)
			}
		}
	}
	for name, spoil := range map[string]func(*Permit){
		"mapped":       func(p *Permit) { p.From = netip.MustParsePrefix("::ffff:203.0.113.7/128") },
		"not masked":   func(p *Permit) { p.From = netip.MustParsePrefix("203.0.113.7/24") },
		"port 0":       func(p *Permit) { p.Ports = []uint16{0} },
		"twice":        func(p *Permit) { p.Ports = []uint16{22, 22} },
		"many":         func(p *Permit) { p.Ports = make([]uint16, MostPorts+1) },
		"negative":     func(p *Permit) { p.For = -time.Second },
		"half":         func(p *Permit) { p.For = time.Second / 2 },
		"too long":     func(p *Permit) { p.For = 200 * 365 * 24 * time.Hour },
		"before times": func(p *Permit) { p.Time = time.Unix(-1, 0) },
	} {
		p := newPermit()
		spoil(p)
		if p.Marshal() != nil {
			t.Errorf("%s: written", name)
		}
	}
}

func TestLimits(t *testing.T) {
	l := DefaultLimits(22, 2222)
	l.Bits4, l.Bits6 = 24, 56
	for _, c := range []struct {
		from  string
		ports []uint16
		last  time.Duration
		want  Code
	}{
		{"203.0.113.7/32", []uint16{22}, time.Second, 0},
		{"203.0.113.0/24", []uint16{22, 2222}, l.Longest, 0},
		{"2001:db8::/56", []uint16{22}, time.Hour, 0},
		{"203.0.112.0/23", []uint16{22}, time.Hour, CodeWide},
		{"0.0.0.0/0", []uint16{22}, time.Hour, CodeAddress},
		{"::/0", []uint16{22}, time.Hour, CodeAddress},
		{"128.0.0.0/1", []uint16{22}, time.Hour, CodeWide},
		{"0.0.0.0/32", []uint16{22}, time.Hour, CodeAddress},
		{"0.1.2.3/32", []uint16{22}, time.Hour, CodeAddress},
		{"255.255.255.255/32", []uint16{22}, time.Hour, CodeAddress},
		{"127.0.0.1/32", []uint16{22}, time.Hour, CodeAddress},
		{"::1/128", []uint16{22}, time.Hour, CodeAddress},
		{"224.0.0.1/32", []uint16{22}, time.Hour, CodeAddress},
		{"ff02::1/128", []uint16{22}, time.Hour, CodeAddress},
		{"fe80::1/128", []uint16{22}, time.Hour, CodeAddress},
		{"::ffff:203.0.113.7/128", []uint16{22}, time.Hour, CodeAddress},
		{"203.0.113.7/24", []uint16{22}, time.Hour, CodeAddress},
		{"203.0.113.7/32", nil, time.Hour, CodePorts},
		{"203.0.113.7/32", []uint16{23}, time.Hour, CodePorts},
		{"203.0.113.7/32", []uint16{2222, 22}, time.Hour, CodePorts},
		{"203.0.113.7/32", []uint16{22}, 0, CodeShort},
		{"203.0.113.7/32", []uint16{22}, -time.Hour, CodeShort},
		{"203.0.113.7/32", []uint16{22}, time.Second - 1, CodeShort},
		{"203.0.113.7/32", []uint16{22}, l.Longest + 1, CodeLong},
		{"203.0.113.7/32", []uint16{22}, 100 * 365 * 24 * time.Hour, CodeLong},
	} {
		if got := code(l.Check(netip.MustParsePrefix(c.from), c.ports, c.last)); got != c.want {
			t.Errorf("%s %v %v: %v, want %v", c.from, c.ports, c.last, got, c.want)
		}
	}
	if code(l.Check(netip.Prefix{}, []uint16{22}, time.Hour)) != CodeAddress {
		t.Error("an address that is none is let in")
	}
	if code(Limits{}.Check(netip.MustParsePrefix("203.0.113.7/32"), []uint16{22}, time.Hour)) == 0 {
		t.Error("the zero Limits lease")
	}
}

func keys(t *testing.T) map[string]ssh.Signer {
	t.Helper()
	all := map[string]ssh.Signer{"ed25519": newSigner(t, nil)}
	for name, curve := range map[string]elliptic.Curve{"p256": elliptic.P256(), "p384": elliptic.P384(), "p521": elliptic.P521()} {
		k, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = newSigner(t, k)
	}
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	all["rsa"] = newSigner(t, k)
	all["sk"] = doortest.NewHardware(t, 1)
	return all
}

// ssh-keygen takes our signatures, and says the same of those who may sign.
func TestKeygenVerifiesOurs(t *testing.T) {
	keygen(t)
	dir := t.TempDir()
	for name, signer := range keys(t) {
		message := newPermit().Marshal()
		sig := sign(t, signer, message)
		if len(sig) > SignatureSize(signer.PublicKey()) {
			t.Errorf("%s: %d bytes, at most %d were said", name, len(sig), SignatureSize(signer.PublicKey()))
		}
		write(t, filepath.Join(dir, "sig"), Armor(sig))
		for options, good := range map[string]bool{
			"":                                       true,
			`namespaces="git,knock@omamori-guard.*"`: true,
			`namespaces="git"`:                       false,
			`namespaces="*,!knock@omamori-guard.github.io"`:                           false,
			`valid-before="20200101"`:                                                 false,
			`valid-after="20200101Z",valid-before="20990101000000Z"`:                  true,
			`valid-after="209901010000"`:                                              false,
			`NAMESPACES="knock@omamori-guard.github.io",valid-after="20200101120000"`: true,
		} {
			text := "# the owners\n\n" + line("mika@example.jp", options, signer.PublicKey())
			write(t, filepath.Join(dir, "allowed"), []byte(text))
			cmd := exec.Command("ssh-keygen", "-Y", "verify", "-n", Namespace, "-I", "mika@example.jp",
				"-f", filepath.Join(dir, "allowed"), "-s", filepath.Join(dir, "sig"))
			cmd.Stdin = bytes.NewReader(message)
			out, err := cmd.CombinedOutput()
			if (err == nil) != good {
				t.Errorf("%s, %s: ssh-keygen says %v: %s", name, options, err, out)
			}
			_, who, key, err := signersOf(t, text).Verify(message, sig, time.Now())
			if (err == nil) != good || good && (who != "mika@example.jp" || key != ssh.FingerprintSHA256(signer.PublicKey())) {
				t.Errorf("%s, %s: we say %v %q %q", name, options, err, who, key)
			}
		}
	}
}

func TestWeVerifyKeygens(t *testing.T) {
	keygen(t)
	for _, kind := range []string{"ed25519", "ecdsa", "rsa"} {
		dir := t.TempDir()
		key := filepath.Join(dir, "key")
		run(t, nil, "ssh-keygen", "-q", "-t", kind, "-N", "", "-f", key)
		message := newPermit().Marshal()
		for _, hash := range []string{"sha512", "sha256"} {
			armored := run(t, message, "ssh-keygen", "-Y", "sign", "-f", key, "-n", Namespace, "-O", "hashalg="+hash)
			sig, err := Unarmor(armored)
			if err != nil {
				t.Fatal(err)
			}
			public, err := os.ReadFile(key + ".pub")
			if err != nil {
				t.Fatal(err)
			}
			all := signersOf(t, "mika "+string(public))
			if _, _, _, err := all.Verify(message, sig, time.Now()); err != nil {
				t.Errorf("%s %s: %v", kind, hash, err)
			}
			message[40] ^= 1
			if _, _, _, err := all.Verify(message, sig, time.Now()); code(err) != CodeSignature {
				t.Errorf("%s %s: takes what was changed: %v", kind, hash, err)
			}
			message[40] ^= 1
		}
		// Key confusion: what was signed for git is no permit.
		armored := run(t, message, "ssh-keygen", "-Y", "sign", "-f", key, "-n", "git")
		sig, _ := Unarmor(armored)
		public, _ := os.ReadFile(key + ".pub")
		if _, _, _, err := signersOf(t, "mika "+string(public)).Verify(message, sig, time.Now()); code(err) != CodeSignature {
			t.Errorf("%s: takes a signature for git: %v", kind, err)
		}
	}
}

func TestWhoMaySign(t *testing.T) {
	owner, other := newSigner(t, nil), newSigner(t, nil)
	message := newPermit().Marshal()
	sig := sign(t, owner, message)
	pub := owner.PublicKey()
	for name, c := range map[string]struct {
		file string
		want Code
	}{
		"nobody":          {"", CodeUnknown},
		"other":           {line("x", "", other.PublicKey()), CodeUnknown},
		"expired":         {line("x", `valid-before="20200101"`, pub), CodeExpired},
		"too early":       {line("x", `valid-after="20990101"`, pub), CodeTooEarly},
		"other purpose":   {line("x", `namespaces="git"`, pub), CodeUnknown},
		"a second line":   {line("x", `valid-before="20200101"`, pub) + line("y", "", pub), 0},
		"to the second":   {line("x", `valid-before="`+at.UTC().Format("20060102150405")+`Z"`, pub), CodeExpired},
		"the one before":  {line("x", `valid-before="`+at.Add(time.Second).UTC().Format("20060102150405")+`Z"`, pub), 0},
		"quoted, of many": {line(`"a@x,b@y"`, "", pub), 0},
	} {
		if _, _, _, err := signersOf(t, c.file).Verify(message, sig, at); code(err) != c.want {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	// Who has a key that is over, but not the key itself, hears nothing of it.
	bad := sign(t, owner, []byte("something else"))
	if _, _, _, err := signersOf(t, line("x", `valid-before="20200101"`, pub)).Verify(message, bad, at); code(err) != CodeSignature {
		t.Errorf("a forger hears %v", err)
	}
}

func TestBadLinesAuthoriseNobody(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Skip(err)
	}
	good := strings.TrimSpace(line("mika", "", newSigner(t, nil).PublicKey()))
	for name, text := range map[string]string{
		"cert-authority": line("x", "cert-authority", newSigner(t, nil).PublicKey()),
		"unknown option": line("x", "everything", newSigner(t, nil).PublicKey()),
		"no quotes":      line("x", "namespaces=git", newSigner(t, nil).PublicKey()),
		"no namespace":   line("x", `namespaces=""`, newSigner(t, nil).PublicKey()),
		"no time":        line("x", `valid-before="tomorrow"`, newSigner(t, nil).PublicKey()),
		"never":          line("x", `valid-after="20300101",valid-before="20200101"`, newSigner(t, nil).PublicKey()),
		"pattern":        line("*", "", newSigner(t, nil).PublicKey()),
		"negation":       line("!x", "", newSigner(t, nil).PublicKey()),
		"control":        "x\x1b[31m" + strings.TrimPrefix(good, "mika"),
		"short rsa":      line("x", "", newSigner(t, small).PublicKey()),
		"no key":         "mika",
		"half a key":     good[:len(good)-9],
		"wrong sort":     strings.Replace(good, "ssh-ed25519", "ssh-rsa", 1),
		"long":           strings.Repeat("x", 200) + strings.TrimPrefix(good, "mika"),
	} {
		all, err := ParseSigners([]byte(text + "\n" + good + "\n"))
		if err == nil || len(all) != 1 || all[0].Who != "mika" {
			t.Errorf("%s: %v %v", name, err, all)
		}
	}
}

func TestHardwareKeyMustBeTouched(t *testing.T) {
	for flags, touched := range map[byte]bool{0: false, 1: true, 4: false, 5: true} {
		signer := doortest.NewHardware(t, flags)
		message := newPermit().Marshal()
		_, err := Sign(rand.Reader, signer, message)
		if (err == nil) != touched || !touched && code(err) != CodeTouch {
			t.Errorf("flags %d: signed: %v", flags, err)
		}
		if touched {
			continue
		}
		// A client of another make sends it all the same.
		sig := &Signature{Key: signer.PublicKey(), Namespace: Namespace, Hash: hashName}
		sig.Signature, _ = signer.Sign(nil, sig.signed(message))
		_, _, _, err = signersOf(t, line("mika", "", signer.PublicKey())).Verify(message, sig.Marshal(), at)
		if code(err) != CodeSignature {
			t.Errorf("flags %d: %v", flags, err)
		}
	}
}

func TestShortRSAIsNotUsed(t *testing.T) {
	k, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Skip(err)
	}
	if _, err := Sign(rand.Reader, newSigner(t, k), []byte("x")); code(err) != CodeKeySort {
		t.Error(err)
	}
}

func FuzzParsePermit(f *testing.F) {
	p := newPermit()
	f.Add(p.Marshal())
	p.From, p.Ports = netip.MustParsePrefix("2001:db8::/64"), []uint16{1, 65535}
	f.Add(p.Marshal())
	f.Add(make([]byte, 65535))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := ParsePermit(b); err == nil && !bytes.Equal(p.Marshal(), b) {
			t.Errorf("%x is written as %x", b, p.Marshal())
		}
	})
}

func FuzzParseSignature(f *testing.F) {
	for _, s := range []ssh.Signer{newSigner(f, nil), doortest.NewHardware(f, 1)} {
		f.Add(sign(f, s, []byte("x")))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseSignature(b)
		if err != nil {
			return
		}
		_ = s.Verify([]byte("x"))
		if again, err := ParseSignature(s.Marshal()); err != nil || !bytes.Equal(again.Key.Marshal(), s.Key.Marshal()) {
			t.Errorf("%x: %v", b, err)
		}
	})
}

func FuzzParseSigners(f *testing.F) {
	f.Add([]byte(line("a@b,c", `namespaces="git,knock*",valid-before="20300101Z"`, newSigner(f, nil).PublicKey())))
	f.Add([]byte("# x\n\n* cert-authority ssh-rsa AAAA\n\"a b\" ssh-ed25519"))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, _ := ParseSigners(b)
		for _, s := range all {
			if s.Key == nil || s.Who == "" || checkKey(s.Key) != nil {
				t.Errorf("%q gives %+v", b, s)
			}
		}
	})
}

func keygen(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("CI must have Debian's openssh-client")
		}
		t.Skip("needs openssh-client")
	}
}

func run(t *testing.T, in []byte, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v", name, args, err)
	}
	return out
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
