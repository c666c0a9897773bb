package hands_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/door"
	"github.com/omamori-guard/omamori/hands"
)

// The guard lets nobody in by itself, unless root has said that its page may; then one
// address at a time, within the door's limits, and it cuts no session.
func TestTheGuardLetsInForItsPageOnly(t *testing.T) {
	const nobody, daemon = 65534, 1
	h := newHouse(t)
	h.listen(22)
	h.install(22)
	h.stop()
	h.file.Guard, h.file.Knock, h.file.Bits4 = "nobody", "daemon", 24
	lease := func(c *hands.DoorClient, from string, ports []uint16, d time.Duration) (door.Lease, error) {
		return c.Lease(t.Context(), door.Lease{From: netip.MustParsePrefix(from), Ports: ports}, d, "hanako")
	}
	for _, page := range []bool{false, true} {
		h.file.Page = page
		h.start()
		for uid, may := range map[int]bool{nobody: page, daemon: false} {
			c, err := h.as(uid)
			fatal(t, err)
			defer c.Close()
			for _, wrong := range []struct {
				from  string
				ports []uint16
				d     time.Duration
			}{
				{"0.0.0.0/0", []uint16{22}, time.Hour},
				{"192.0.2.0/31", []uint16{22}, time.Hour},
				{"::/0", []uint16{22}, time.Hour},
				{clientAt + "/32", []uint16{80}, time.Hour},
				{clientAt + "/32", []uint16{22}, 1000 * time.Hour},
				{clientAt + "/32", []uint16{22}, 0},
			} {
				if l, err := lease(c, wrong.from, wrong.ports, wrong.d); err == nil {
					t.Errorf("page %v, user %d: %+v", page, uid, l)
				}
			}
			h.open(22, false)
			l, err := lease(c, clientAt+"/32", []uint16{22}, time.Hour)
			if !may {
				refused(t, err, "hands.root_only")
				h.open(22, false)
				continue
			}
			fatal(t, err)
			h.open(22, true)
			if l.Who != "hanako" {
				t.Errorf("leased to %q", l.Who)
			}
			_, _, err = c.End(t.Context(), l.ID, true, "hanako")
			refused(t, err, "hands.root_only")
			_, _, err = c.End(t.Context(), "", false, "hanako") // all of them
			refused(t, err, "hands.root_only")
			refused(t, c.Try(t.Context(), []uint16{22}, true, "hanako"), "hands.root_only")
			_, _, err = c.End(t.Context(), l.ID, false, "hanako")
			fatal(t, err)
			h.open(22, false)
		}
		h.stop()
	}
}
