package guard

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/omamori-guard/omamori/chain"
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

// What a doer mends has no service, and nothing to do with what another one mends.
func TestDoersDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		on := func(link string) *mend { return &mend{incident: &chain.Incident{Link: link}} }
		proved, wants := on("machine"), on("firewall")
		proved.phase, proved.tried = proving, []string{"machine"}
		g := &Guard{mends: map[string]*mend{"1": proved, "2": wants}, mended: map[string][]time.Time{}}
		if g.serviceBusy(wants) {
			t.Error("it waits for another")
		}
		if !g.serviceBusy(on("machine")) {
			t.Error("it does not wait for its own")
		}
		g.remember(proved, time.Now())
		if g.tooSoon(wants) || !g.tooSoon(on("machine")) {
			t.Error("what was mended counts for another")
		}
	})
}

// An incident that moves takes along how often its service could not be started.
func TestFailuresStay(t *testing.T) {
	m := &mend{service: "mariadb", failures: map[string][]time.Time{"mariadb": {time.Now(), time.Now()}}}
	if m.begin(); len(m.failures["mariadb"]) != 2 {
		t.Errorf("%v", m.failures)
	}
}
