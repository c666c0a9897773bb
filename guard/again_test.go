package guard

import (
	"testing"
	"testing/synctest"
	"time"
)

// What was mended lately is left to itself for longer each time, and not for ever.
func TestTooSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Guard{mended: map[string][]time.Time{}}
		for n, want := range []time.Duration{0, time.Second, 4 * time.Second, 16 * time.Second, time.Minute, time.Minute} {
			m := &mend{service: "mariadb"}
			waits := g.tooSoon(m)
			if waits != (want > 0) || waits && (m.phase != waiting || time.Until(m.next) != want) {
				t.Errorf("after %d mends: %v, %v", n, waits, time.Until(m.next))
			}
			if g.tooSoon(m) {
				t.Error("it waits twice")
			}
			g.mended["mariadb"] = append(g.mended["mariadb"], time.Now())
		}
		if g.tooSoon(&mend{service: "mariadb", asked: true}) || g.tooSoon(&mend{service: "nginx"}) {
			t.Error("a person, or another service, waits")
		}
		time.Sleep(window + time.Second)
		if g.tooSoon(&mend{service: "mariadb"}) {
			t.Error("it waits for what is long over")
		}
	})
}
