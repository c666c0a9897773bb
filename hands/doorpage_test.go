package hands_test

import (
	"context"
	"errors"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/door"
	"github.com/omamori-guard/omamori/hands"
)

// A guard that was taken over can open the door, where root has said so; it cannot fill
// it, so that its owner is kept out.
func TestThePageLeavesRoomForOwners(t *testing.T) {
	h := newHouse(t)
	h.listen(22)
	h.install(22)
	h.stop()
	h.file.Guard, h.file.Page, h.file.Most = "nobody", true, 4
	h.start()
	c, err := h.as(65534)
	fatal(t, err)
	defer c.Close()
	var last error
	for i := range 5 {
		from := netip.PrefixFrom(netip.AddrFrom4([4]byte{203, 0, 113, byte(i + 1)}), 32)
		if _, last = c.Lease(t.Context(), door.Lease{From: from, Ports: []uint16{22}}, time.Hour, "x"); last != nil {
			break
		}
	}
	if r, ok := errors.AsType[*door.Refusal](last); !ok || r.Code != door.CodeFull {
		t.Fatal("the guard is told", last)
	}
	if _, err := h.knock(); err != nil {
		t.Error("the owner is out:", err)
	}
	h.open(22, true)
}

// However much the guard asks, the owner's knock is heard meanwhile.
func TestAGuardThatAsksWithoutEnd(t *testing.T) {
	h := newHouse(t)
	h.listen(22)
	h.install(22)
	h.stop()
	h.file.Guard = "nobody"
	h.start()
	var asked atomic.Int64
	began := time.Now()
	for range 4 {
		c, err := h.as(65534)
		fatal(t, err)
		go func() {
			for {
				if _, err := c.Records(context.Background(), 0); err != nil {
					return
				}
				if c.Load(context.Background()) != nil {
					return
				}
				asked.Add(2)
			}
		}()
		t.Cleanup(func() { c.Close() })
	}
	for range 3 {
		_, err := h.knock()
		fatal(t, err)
	}
	// At most so many at once, and so many each second since.
	if n, most := asked.Load(), 40+20*(time.Since(began).Seconds()+1); float64(n) > most {
		t.Errorf("%d questions were answered, at most %.0f might", n, most)
	}
}

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
