package hands_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/door"
)

// again starts the door's half anew, as a second omamori door install does before it asks
// for anything.
func (h *house) again(change func()) {
	h.t.Helper()
	h.stop()
	change()
	h.start()
}

// A file that is to close other ports takes away from nobody what is closed meanwhile.
func TestAnotherInstallThatNobodyConfirmsLeavesTheDoorUsable(t *testing.T) {
	h := newHouse(t)
	h.listen(22)
	h.install(22)
	h.again(func() { h.file.Ports = []uint16{2222} })
	fatal(t, h.ask.Try(t.Context(), []uint16{2222}, false, "root"))
	fatal(t, h.ask.Rollback(t.Context(), "root"))
	h.open(22, false)
	if _, err := h.knock(); err != nil {
		t.Fatalf("locked out: %v", err)
	}
	h.come(22)
	_, err := h.ask.Lease(t.Context(), door.Lease{From: netip.MustParsePrefix("198.51.100.1/32"), Ports: []uint16{22}}, time.Minute, "root")
	fatal(t, err)
	ended, cuts, err := h.ask.End(t.Context(), "", true, "root")
	if err != nil || len(ended) != 2 || cuts == 0 {
		t.Errorf("%v, %d cut, %v", ended, cuts, err)
	}
}

// The interfaces that are kept open are as they were confirmed, until an owner has come in
// by others.
func TestTheKeptInterfacesAreTriedToo(t *testing.T) {
	h := newHouse(t)
	h.listen(22)
	h.again(func() { h.file.Keep = []string{"eth0"} })
	h.install(22)
	h.open(22, true)
	was := h.Ruleset()
	h.again(func() { h.file.Keep = nil })
	st, err := h.ask.Look(t.Context())
	if now := h.Ruleset(); err != nil || !st.Wall.Sound || now != was {
		t.Errorf("%+v, %v; untried:\n%s", st, err, now)
	}
	fatal(t, h.ask.Try(t.Context(), []uint16{22}, false, "root"))
	fatal(t, h.ask.Rollback(t.Context(), "root"))
	if now := h.Ruleset(); now != was {
		t.Errorf("rolled back:\n%s\nwant\n%s", now, was)
	}
	for _, keep := range [][]string{nil, {"eth0"}} {
		h.again(func() { h.file.Keep = keep })
		h.install(22)
		h.open(22, keep != nil)
		refused(t, h.ask.Try(t.Context(), []uint16{22}, false, "root"), "hands.nothing_new")
		h.again(func() {})
		h.open(22, keep != nil)
		st, err := h.ask.Look(t.Context())
		if err != nil || !st.Wall.Sound || fmt.Sprint(st.Rules.Keep) != fmt.Sprint(keep) {
			t.Errorf("%+v, %v", st, err)
		}
	}
}
