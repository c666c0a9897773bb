package nft

import (
	"testing"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
)

// What the kernel answers is believed, but never to the point of a crash.
func FuzzAnswers(f *testing.F) {
	f.Add(make([]byte, 72))
	f.Add([]byte{0, 8, 0, 1, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		parseSession(b)
		half := len(b) / 2
		for _, set := range leaseSets {
			if o, ok := opening(set, nftables.SetElement{Key: b[:half], KeyEnd: b[half:]}); ok {
				if name, _, _, err := place(o.From, o.Port); err != nil || name != set {
					t.Errorf("%+v is of %s, not of %s: %v", o, name, set, err)
				}
			}
		}
		list := []nftables.SetElement{{Key: b[:half], Val: b[half:]}, {Key: b[half:], IntervalEnd: true}}
		lookup([]byte{0, 22}, list)
		lookup(nil, list)
		compare(b[:half], &expr.Cmp{Data: b[half:]})
		bitwise(b[:half], &expr.Bitwise{Mask: b[half:], Xor: b[half:]})
	})
}
