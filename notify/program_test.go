package notify

import (
	"io"
	"strings"
	"testing"
)

// A program that never ends its answer costs no memory.
func TestLimited(t *testing.T) {
	var l limited
	n, err := io.Copy(&l, strings.NewReader(strings.Repeat("x", 1<<20)))
	if n != 1<<20 || err != nil || l.all.Len() != 64<<10 {
		t.Errorf("%d bytes, %v; kept %d", n, err, l.all.Len())
	}
}
