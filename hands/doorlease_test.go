package hands

import (
	"net/netip"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/door"
)

// In its last second a wider lease that the firewall lost shadows a narrower one no more.
func TestStillOpen(t *testing.T) {
	wide, narrow, other := netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("203.0.113.0/25"), netip.MustParsePrefix("198.51.100.0/24")
	const now = time.Hour
	leased := func(left time.Duration) []held {
		return []held{
			{Lease: door.Lease{ID: "wide", From: wide, Ports: []uint16{22}}, ends: now + left},
			{Lease: door.Lease{ID: "narrow", From: narrow, Ports: []uint16{22}}, ends: now + time.Minute},
		}
	}
	for _, c := range []struct {
		what string
		left time.Duration
		has  []netip.Prefix
		want netip.Prefix
	}{
		{"over as good as, and lost", door.Shortest - 1, nil, narrow},
		{"over as good as, and there", door.Shortest - 1, []netip.Prefix{wide}, wide},
		{"over as good as, and another's is there", door.Shortest - 1, []netip.Prefix{other}, narrow},
		{"over as good as, and the narrower is there already", door.Shortest - 1, []netip.Prefix{narrow}, narrow},
		{"not over, and lost", door.Shortest, nil, wide},
	} {
		var has []door.Opening
		for _, p := range c.has {
			has = append(has, door.Opening{From: p, Port: 22})
		}
		all := leased(c.left)
		got := openingsOf(stillOpen(all, has, now), now)
		if len(got) != 1 || got[0].From != c.want {
			t.Errorf("%s: %v is opened, want %v", c.what, got, c.want)
		}
		if len(all) != 2 || all[0].ID != "wide" || all[1].ID != "narrow" {
			t.Errorf("%s: the leases given were changed: %v", c.what, all)
		}
	}
}
