package vantage

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// secretOf is a key made of one byte.
func secretOf(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
}

func keyOf(secret ed25519.PrivateKey) (k Key) {
	copy(k[:], secret.Public().(ed25519.PublicKey))
	return k
}

func anybody(Key, Key, Pairing) error { return nil }

func randomText(r *rand.Rand) chain.Text {
	words := []string{"", "http.answers", "時計", "a\x00b", strings.Repeat("x", r.IntN(300))}
	t := chain.Text{Key: words[r.IntN(len(words))]}
	for range r.IntN(4) {
		if t.Args == nil {
			t.Args = map[string]string{}
		}
		t.Args[words[r.IntN(len(words))]] = words[r.IntN(len(words))]
	}
	return fitText(t)
}

func randomEnds(r *rand.Rand) (all []chain.End) {
	for i := range r.IntN(4) {
		e := chain.End{Of: strings.Repeat("e", i), At: time.Unix(1, r.Int64N(1<<60)).UTC(), What: chain.Say("tls.ends", "name", "時計"), Hint: randomText(r)}
		for range r.IntN(3) {
			e.Lead = append(e.Lead, time.Duration(r.Int64N(1<<50)))
		}
		all = append(all, e)
	}
	return all
}

func randomLetter(r *rand.Rand, secret ed25519.PrivateKey) *letter {
	l := &letter{
		from: keyOf(secret), to: keyOf(secretOf(2)), pairing: Pairing{byte(r.Int())},
		seq: 1 + r.Int64N(1<<40), sent: time.Unix(1, r.Int64N(1<<60)).UTC(), took: r.Int64N(9),
	}
	for i := range r.IntN(4) {
		l.wishes = append(l.wishes, Wish{"link" + strings.Repeat("y", i), Claim{byte(r.Int())}})
	}
	n := int64(0)
	for range r.IntN(5) {
		n += 1 + r.Int64N(5)
		l.proofs = append(l.proofs, Proof{N: n, Link: "sshd", Claim: Claim{byte(r.Int())}, Proof: chain.Proof{
			Verdict: chain.Verdict(r.IntN(3)), At: time.Unix(1, r.Int64N(1<<60)).UTC(), Took: time.Duration(r.Int64N(1 << 40)),
			Because: randomText(r), Hint: randomText(r), Cause: "refused", By: "owner", Ends: randomEnds(r),
		}})
	}
	return l
}

func TestLettersComeThroughWhole(t *testing.T) {
	secret := secretOf(1)
	for seed := range uint64(3000) {
		l := randomLetter(rand.New(rand.NewPCG(seed, 0)), secret)
		b := l.sign(secret)
		got, err := open(b, anybody)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if !reflect.DeepEqual(got, l) {
			t.Fatalf("seed %d: got %+v, want %+v", seed, got, l)
		}
		if read, ok, err := ReadLine(Line(b)); err != nil || !ok || !bytes.Equal(read, b) {
			t.Fatalf("seed %d: its line is read otherwise: %v", seed, err)
		}
	}
}

// No byte of a letter can be changed, and nothing be cut off or added.
func TestEveryByteIsSigned(t *testing.T) {
	secret := secretOf(1)
	b := randomLetter(rand.New(rand.NewPCG(7, 0)), secret).sign(secret)
	for i := range b {
		bad := bytes.Clone(b)
		bad[i] ^= 1 << (i % 8)
		if _, err := open(bad, anybody); err == nil {
			t.Fatalf("byte %d can be changed", i)
		}
		if _, err := open(b[:i], anybody); err == nil {
			t.Fatalf("the first %d bytes pass", i)
		}
	}
	if _, err := open(append(bytes.Clone(b), 0), anybody); err == nil {
		t.Error("a byte can be added")
	}
}

func TestAnothersSignature(t *testing.T) {
	l := randomLetter(rand.New(rand.NewPCG(3, 0)), secretOf(1))
	var refused *Refusal
	if _, err := open(l.sign(secretOf(9)), anybody); !errors.As(err, &refused) || refused.Code != Forged {
		t.Errorf("signed by another key: %v", err)
	}
	// What the same key has signed for another purpose is no letter.
	w := writer{b: []byte("another label 1\n")}
	body := append(w.b, l.sign(secretOf(1))[len(label):]...)
	body = body[:len(body)-ed25519.SignatureSize]
	other := append(body, ed25519.Sign(secretOf(1), body)...)
	if _, err := open(append([]byte(label), other[len(w.b):]...), anybody); !errors.As(err, &refused) || refused.Code != Forged {
		t.Errorf("signed for another purpose: %v", err)
	}
}

func TestBounds(t *testing.T) {
	secret := secretOf(1)
	for name, change := range map[string]func(*letter){
		"no number":          func(l *letter) { l.seq = 0 },
		"long name":          func(l *letter) { l.wishes = []Wish{{Link: strings.Repeat("x", maxName+1)}} },
		"bad UTF-8":          func(l *letter) { l.wishes = []Wish{{Link: "\xff"}} },
		"many wishes":        func(l *letter) { l.wishes = make([]Wish, maxLinks+1) },
		"numbers that fall":  func(l *letter) { l.proofs = append(l.proofs, l.proofs[0]) },
		"a verdict too much": func(l *letter) { l.proofs[0].Proof.Verdict = 3 },
		"negative time":      func(l *letter) { l.proofs[0].Proof.Took = -1 },
		"before 1970":        func(l *letter) { l.proofs[0].Proof.At = time.Unix(-1, 0) },
		"many ends":          func(l *letter) { l.proofs[0].Proof.Ends = slices.Repeat(someEnd(), maxEnds+1) },
		"an end of nothing":  func(l *letter) { l.proofs[0].Proof.Ends = []chain.End{{At: time.Unix(9, 0)}} },
		"an end before 1970": func(l *letter) { l.proofs[0].Proof.Ends = []chain.End{{What: chain.Say("a"), At: time.Unix(-1, 0)}} },
		"a negative lead": func(l *letter) {
			l.proofs[0].Proof.Ends = []chain.End{{What: chain.Say("a"), At: time.Unix(9, 0), Lead: []time.Duration{-1}}}
		},
		"long text": func(l *letter) { l.proofs[0].Proof.Because = chain.Say("a", "b", strings.Repeat("x", maxText+1)) },
	} {
		l := randomLetter(rand.New(rand.NewPCG(1, 0)), secret)
		l.proofs = []Proof{{N: 1, Link: "sshd", Proof: chain.Proof{At: time.Unix(5, 0)}}}
		if _, err := open(l.sign(secret), anybody); err != nil {
			t.Fatalf("%s: before the change: %v", name, err)
		}
		change(l)
		if _, err := open(l.sign(secret), anybody); err == nil {
			t.Errorf("%s: passes", name)
		}
	}
}

func someEnd() []chain.End { return []chain.End{{What: chain.Say("a"), At: time.Unix(9, 0).UTC()}} }

// What ends is told too, the next first; what does not fit is not.
func TestFitEnds(t *testing.T) {
	var many []chain.End
	for i := range 40 {
		many = append(many, chain.End{Of: strings.Repeat("x", i), At: time.Unix(int64(1000-i), 0), What: chain.Say("a", "b", strings.Repeat("y", 2*maxText)), Lead: chain.Days(3, -1)})
	}
	many = append(many, chain.End{}, chain.End{At: time.Unix(5, 0)}, chain.End{What: chain.Say("a"), At: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}, chain.End{Of: strings.Repeat("x", maxName+1), At: time.Unix(5, 0), What: chain.Say("a")})
	p := fit(chain.Proof{Verdict: chain.Holds, At: time.Now(), Ends: many})
	if len(p.Ends) != maxEnds || p.Ends[0].At.Unix() != 961 || p.Ends[0].What.Key != "vantage.long" || len(p.Ends[0].Lead) != 1 {
		t.Errorf("got %d ends, %+v", len(p.Ends), p.Ends[0])
	}
	l := randomLetter(rand.New(rand.NewPCG(1, 0)), secretOf(1))
	l.proofs = []Proof{{N: 1, Link: "cert", Proof: p}}
	got, err := open(l.sign(secretOf(1)), anybody)
	if err != nil || !reflect.DeepEqual(got.proofs[0].Proof.Ends, p.Ends) {
		t.Errorf("what was sent is read otherwise: %v", err)
	}
}

func TestFit(t *testing.T) {
	p := fit(chain.Proof{
		Verdict: chain.Broken, At: time.Now(), Evidence: []string{"secret"}, Figures: []chain.Figure{{Name: "x"}}, Cause: strings.Repeat("c", 99),
		Because: chain.Say("a", "b", strings.Repeat("x", maxText+1)), Hint: chain.Say("a", "b", "bad\xffbyte"), By: strings.Repeat("b", 999),
	})
	if p.Evidence != nil || p.Figures != nil || p.Because.Key != "vantage.long" || p.Hint.Args["b"] != "bad\uFFFDbyte" || p.Cause != "" || p.By != "" {
		t.Errorf("got %+v", p)
	}
}

// FuzzLetter reads what the fuzzer makes of a letter's inside, as if it were signed
// rightly: what a known but hostile guard could send. What is read is what was signed.
func FuzzLetter(f *testing.F) {
	const head = len(label) + 2*len(Key{}) + len(Pairing{})
	for seed := range uint64(20) {
		f.Add(randomLetter(rand.New(rand.NewPCG(seed, 0)), secretOf(1)).content()[head:])
	}
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{0xff}, 64))
	f.Fuzz(func(t *testing.T, inside []byte) {
		l := &letter{}
		if !l.read(&reader{b: inside}) {
			return
		}
		if again := l.content()[head:]; !bytes.Equal(again, inside) {
			t.Errorf("read otherwise than signed:\n%x\n%x", inside, again)
		}
		for _, p := range l.proofs {
			p.As("laptop", time.Now())
		}
	})
}

// FuzzLine reads a line from a stranger, to the end.
func FuzzLine(f *testing.F) {
	secret := secretOf(1)
	f.Add(Line(randomLetter(rand.New(rand.NewPCG(1, 0)), secret).sign(secret)))
	f.Add(RefusedLine(Clock))
	f.Add(RefusedLine("vantage.\x1b[31m"))
	f.Add("Welcome to Debian\n" + Line([]byte("x")))
	f.Fuzz(func(t *testing.T, line string) {
		b, err := Answer(strings.NewReader(line))
		var refused *Refusal
		if errors.As(err, &refused) && refused.Code.known() != refused.Code {
			t.Errorf("a refusal of code %q", refused.Code)
		}
		if err == nil {
			_, _ = open(b, anybody)
		}
	})
}

// FuzzOffer reads what another guard says of itself.
func FuzzOffer(f *testing.F) {
	f.Add(offer{name: "laptop", key: keyOf(secretOf(1))}.code(offerPrefix))
	f.Add(offerPrefix)
	f.Fuzz(func(t *testing.T, code string) {
		o, err := parseOffer(offerPrefix, code)
		if err == nil && (o.code(offerPrefix) != strings.TrimSpace(code) || !chain.ValidName(o.name)) {
			t.Errorf("%q is read as %q", code, o.code(offerPrefix))
		}
	})
}
