package shamir

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"testing"
	"testing/iotest"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestDraft: the test case of draft-mcgrew-tss-03, section 9.
func TestDraft(t *testing.T) {
	got, err := Combine([]Share{{1, unhex(t, "b9fa07e185")}, {2, unhex(t, "f5409b4511")}})
	if err != nil || !bytes.Equal(got, []byte("test\x00")) {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestSLIP39: the 256-bit vectors of SLIP-39 in which two of four groups are needed,
// one of them three of its members. Its secrets lie at x = 255. Each pair of groups
// must give the same secret.
func TestSLIP39(t *testing.T) {
	value := func(x byte, s string) Share { return Share{x, unhex(t, s)} }
	restore := func(points ...Share) []byte {
		got, err := at(255, points)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	zero := value(0, "bc41d7aec90d616217e3d505413186c5a96f1b78aea3ef47f6da666337107b86")
	one := value(1, "6b4b917c4263ba9978a28eee6c214dfa1ae31bacdf3d515516c6b508c3cb8204")
	two := Share{2, restore(
		value(0, "82a363ed145a49a4e37311253c105846c0afb13b74e5ddda9cc25d7aae49bc89"),
		value(1, "d127f1f9bc12e3856fb3983104783b71480d249d80101568def4a41100177dfb"),
		value(4, "4bde8a604105f3a6c32f2f547131aafea756725a28e80a14d59d8f05c4adcca5"))}
	three := Share{3, restore(
		value(1, "094ed0a7c9b50a3dcecc037bb4e34eb5b158a8ee3f8ea661e76521e07629e663"),
		value(2, "98091ab3396a2e9ab9d6889b6507fce1e3c12dd0a2676ee52bb1b389ec320a90"))}
	same := Share{3, restore(
		value(1, "094ed0a7c9b50a3dcecc037bb4e34eb5b158a8ee3f8ea661e76521e07629e663"),
		value(4, "a187959bc2cf66cf57e28540dcd4834947e83cac83aee5f6a8028c5bc304c96d"))}
	if !bytes.Equal(three.Value, same.Value) {
		t.Error("other members of a group restore another share")
	}
	want := restore(zero, one)
	for name, pair := range map[string][]Share{
		"one and three": {one, three}, "three and two": {three, two}, "zero and two": {zero, two},
	} {
		if got := restore(pair...); !bytes.Equal(got, want) {
			t.Errorf("%s restore %x, zero and one %x", name, got, want)
		}
	}
}

// TestField: AES's own example (FIPS 197, 4.2), and that each inverse is one.
func TestField(t *testing.T) {
	if got := mul(0x57, 0x83); got != 0xc1 {
		t.Errorf("57 × 83 = %x", got)
	}
	for a := 1; a < 256; a++ {
		if one := mul(byte(a), inverse(byte(a))); one != 1 {
			t.Errorf("%x × 1/%x = %x", a, a, one)
		}
	}
}

// choose calls f with each choice of k of n shares.
func choose(all []Share, k int, chosen []Share, f func([]Share)) {
	if len(chosen) == k {
		f(chosen)
		return
	}
	for i := range all {
		choose(all[i+1:], k, append(chosen, all[i]), f)
	}
}

// TestEveryChoice: any k of n restore a 256-bit key, and no k-1 do.
func TestEveryChoice(t *testing.T) {
	for n := 2; n <= 7; n++ {
		for k := 2; k <= n; k++ {
			key := make([]byte, 32)
			if _, err := rand.Read(key); err != nil {
				t.Fatal(err)
			}
			shares, err := Split(rand.Reader, key, k, n)
			if err != nil {
				t.Fatal(err)
			}
			choose(shares, k, nil, func(c []Share) {
				if got, err := Combine(c); err != nil || !bytes.Equal(got, key) {
					t.Errorf("%d of %d: %x, %v", k, n, got, err)
				}
			})
			if k > 2 {
				choose(shares, k-1, nil, func(c []Share) {
					if got, err := Combine(c); err != nil || bytes.Equal(got, key) {
						t.Errorf("%d of %d needed, %d are enough (%v)", k, n, k-1, err)
					}
				})
			}
		}
	}
}

// TestTooFewTellNothing: whatever k-1 shares there are, each secret is as likely as any
// other: over all random bytes, each pair of two shares comes up exactly once.
func TestTooFewTellNothing(t *testing.T) {
	for _, secret := range []byte{0, 1, 0xa5} {
		one := map[byte]int{}
		for a := range 256 {
			s, err := Split(bytes.NewReader([]byte{byte(a)}), []byte{secret}, 2, 2)
			if err != nil {
				t.Fatal(err)
			}
			one[s[1].Value[0]]++
		}
		pairs := map[[2]byte]int{}
		for a := range 256 {
			for b := range 256 {
				s, err := Split(bytes.NewReader([]byte{byte(a), byte(b)}), []byte{secret}, 3, 5)
				if err != nil {
					t.Fatal(err)
				}
				pairs[[2]byte{s[1].Value[0], s[4].Value[0]}]++
			}
		}
		if len(one) != 256 || len(pairs) != 256*256 {
			t.Errorf("of the secret %x, one share takes %d values of 256, two take %d of 65536", secret, len(one), len(pairs))
		}
	}
}

func TestBadInput(t *testing.T) {
	for _, c := range [][2]int{{1, 3}, {0, 0}, {4, 3}, {2, 256}} {
		if _, err := Split(rand.Reader, []byte("key"), c[0], c[1]); err == nil {
			t.Errorf("%d of %d is taken", c[0], c[1])
		}
	}
	if _, err := Split(rand.Reader, nil, 2, 3); err == nil {
		t.Error("nothing was split")
	}
	if _, err := Split(iotest.ErrReader(errors.New("no entropy")), []byte("key"), 2, 3); err == nil {
		t.Error("split without random bytes")
	}
	for name, s := range map[string][]Share{
		"none": nil, "one": {{1, []byte("a")}}, "the same twice": {{1, []byte("a")}, {1, []byte("a")}},
		"the secret itself": {{0, []byte("a")}, {1, []byte("a")}}, "unequal": {{1, []byte("a")}, {2, []byte("ab")}},
		"empty": {{1, nil}, {2, nil}},
	} {
		if _, err := Combine(s); !errors.Is(err, ErrShares) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
