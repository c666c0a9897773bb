package knock

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/door"
)

// vectors are those of doc/knock.md.
func vectors(t testing.TB) map[string]string {
	t.Helper()
	doc, err := os.ReadFile("../../doc/knock.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(doc), "## Vectors")
	all := map[string]string{}
	for line := range strings.Lines(list) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			all[name] = value
		}
	}
	return all
}

func raw(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil || len(b) == 0 {
		t.Fatalf("vector %q: %v", s, err)
	}
	return b
}

func TestVectors(t *testing.T) {
	v := vectors(t)
	key, err := ParseKey(v["door-key"])
	if err != nil {
		t.Fatal(err)
	}
	pass, err := ParsePass(v["pass"])
	if err != nil || pass.String() != key.Pass("server.example", DefaultPort).String() {
		t.Errorf("pass: %v", err)
	}
	packet, c := raw(t, v["packet"]), newCheck(pass.Secret)
	if !c.knock(packet) {
		t.Error("the tag is another one")
	}
	o, err := key.open(packet)
	if err != nil || !bytes.Equal(o.permit, raw(t, v["permit"])) || !bytes.Equal(o.signature, raw(t, v["signature"])) {
		t.Fatalf("%+v %v", o, err)
	}
	signers, err := door.ParseSigners([]byte(v["allowed_signers"]))
	if err != nil {
		t.Fatal(err)
	}
	p, who, _, err := signers.Verify(o.permit, o.signature, time.Unix(1795500000, 0))
	if err != nil || who != "mika@example" || p.From.String() != "203.0.113.7/32" || p.For != time.Minute ||
		p.Door != pass.Fingerprint() || !bytes.Equal(p.Encapsulation[:], encOf(packet)) {
		t.Errorf("%+v %q %v", p, who, err)
	}
	w, err := unseal(o.answer, raw(t, v["answer"]))
	if err != nil || !bytes.Equal(w.marshal(), raw(t, v["word"])) {
		t.Errorf("answer: %+v %v", w, err)
	}
	if k, ok := offered(c, packet, raw(t, v["cookie-reply"])); !ok || !bytes.Equal(k[:], raw(t, v["cookie"])) {
		t.Errorf("cookie: %x %v", k, ok)
	}
}

func FuzzPacket(f *testing.F) {
	v := vectors(f)
	key, err := ParseKey(v["door-key"])
	if err != nil {
		f.Fatal(err)
	}
	c := newCheck(key.secret)
	f.Add(raw(f, v["packet"]))
	f.Add([]byte{})
	f.Add(make([]byte, 65535))
	f.Fuzz(func(t *testing.T, b []byte) {
		if c.knock(b) && !shaped(b) {
			t.Error("takes what is no knock")
		}
		if shaped(b) { // as with the pass
			retag(c, b)
			if o, err := key.open(b); err == nil && len(o.permit) == 0 {
				t.Error("opens nothing")
			}
		}
		_, _ = offered(c, raw(t, v["packet"]), b)
	})
}

func FuzzWord(f *testing.F) {
	f.Add(raw(f, vectors(f)["word"]))
	f.Fuzz(func(t *testing.T, b []byte) {
		if w, err := parseWord(b); err == nil {
			if again, err := parseWord(w.marshal()); err != nil || *again != *w {
				t.Errorf("%x: %v", b, err)
			}
		}
	})
}

func FuzzTexts(f *testing.F) {
	v := vectors(f)
	f.Add(v["door-key"])
	f.Add(v["pass"])
	f.Fuzz(func(t *testing.T, s string) {
		_, _ = ParseKey(s)
		if p, err := ParsePass(s); err == nil {
			if again, err := ParsePass(p.String()); err != nil || *again != *p {
				t.Errorf("%q: %v", s, err)
			}
		}
	})
}
