package nft_test

import (
	"testing"
	"time"
)

// What somebody puts into our sets by hand is neither ours nor in our way.
func TestElementsThatAreNotOurs(t *testing.T) {
	h := newHost(t)
	h.listen(22)
	for _, change := range []string{
		"add element inet omamori wide4 '{ 198.51.100.1-198.51.100.9 . 22 timeout 1h }'",
		"add element inet omamori wide4 '{ 198.51.100.0/24 . 22-80 timeout 1h }'",
		"add element inet omamori wide4 '{ 198.51.100.9 . 22 timeout 1h }'",
		"add element inet omamori leases4 '{ 198.51.100.9 . 0 timeout 1h }'",
		"add element inet omamori leases6 '{ ::ffff:198.51.100.9 . 22 timeout 1h }'",
		"add element inet omamori wide6 '{ ::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff . 22 timeout 1h }'",
	} {
		must(t, h.fw.Load(ssh, lease("203.0.113.0/24", 22, time.Hour)))
		h.Run("nft " + change)
		w, err := h.fw.Read(nil)
		if err != nil || w.Sound || len(w.Open) != 1 {
			t.Errorf("%s: %+v, %v", change, w, err)
		}
		if err := h.fw.Open(lease(client4, 22, time.Hour)); err != nil {
			t.Errorf("%s: nobody is let in: %v", change, err)
		}
		h.enters(client4, server4, 22)
		if err := h.fw.Shut(lease(client4, 22, 0)); err != nil {
			t.Errorf("%s: nothing is shut: %v", change, err)
		}
		h.silent(client4, server4, 22)
	}
	must(t, h.fw.Load(ssh, nil))
	h.Run("nft flush chain inet omamori input; nft delete set inet omamori leases4; nft delete set inet omamori freed")
	if w, err := h.fw.Read(nil); err != nil || w.Sound {
		t.Errorf("sets that are gone: %+v, %v", w, err)
	}
	h.Run("nft delete table inet omamori")
	if list, err := h.fw.Openings(); err != nil || len(list) != 0 {
		t.Errorf("without our table: %v, %v", list, err)
	}
}
