package chain

import (
	"testing"
	"time"
)

func TestStale(t *testing.T) {
	c, bad := New(Model{Links: []Link{{Name: "a", Kind: "k", Fresh: time.Minute}, {Name: "b", Kind: "k", Fresh: time.Hour}, {Name: "c", Kind: "k", Fresh: time.Second}}})
	if bad != nil {
		t.Fatal(bad)
	}
	s, now := NewState(c), time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	if at := s.Stale(now); !at.IsZero() {
		t.Errorf("nothing was proved, and is fresh until %v", at)
	}
	s.Fold("a", Proof{Verdict: Holds, At: now})
	s.Fold("b", Proof{Verdict: Broken, At: now})
	s.Fold("c", Proof{Verdict: Unproven, At: now})
	for _, name := range []string{"a", "b"} {
		at := s.Stale(now)
		if s.Look(at.Add(-1)).Verdict(name) == Unproven || s.Look(at).Verdict(name) != Unproven {
			t.Errorf("%s is fresh until %v", name, at)
		}
		now = at
	}
	if at := s.Stale(now); !at.IsZero() {
		t.Errorf("nothing is fresh any more, and is until %v", at)
	}
}
