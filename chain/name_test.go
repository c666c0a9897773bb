package chain_test

import (
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/chain"
)

func TestValidName(t *testing.T) {
	for _, s := range []string{"a", "7", "vpn-company", "nginx_1.22", "電話番号", strings.Repeat("x", 64)} {
		if !chain.ValidName(s) {
			t.Errorf("%q is refused", s)
		}
	}
	for _, s := range []string{"", "-a", ".a", "_a", "a b", "a/b", "a\n", "a:b", "\xff", "a\x00", "€", strings.Repeat("x", 65)} {
		if chain.ValidName(s) {
			t.Errorf("%q is taken", s)
		}
	}
}
