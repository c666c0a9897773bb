package guard_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/guard"
)

// lagging rests on the service, and comes back long after it.
type lagging struct {
	mu   sync.Mutex
	till time.Time
}

func (l *lagging) Prove(context.Context) chain.Proof {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Now().Before(l.till) {
		return chain.Broke("refused", chain.Say("test.refused"), chain.Say("test.start"))
	}
	return chain.Held(chain.Say("test.answers"))
}

func (l *lagging) lag(d time.Duration) { l.mu.Lock(); defer l.mu.Unlock(); l.till = time.Now().Add(d) }

// A service that is mended again and again waits longer each time, also where what rests
// on it comes back so late that each incident ends with that.
func TestPausesThoughItMoved(t *testing.T) {
	w := newWorld(t)
	w.starting = 8 * time.Second // so that what rests on it is seen to fall
	lags := &lagging{}
	change := func(o *guard.Options) {
		o.Config = w.file(w.t, func(l *config.Link) {
			if l.Name == "front" {
				l.Kind.New = func(any, chain.Place) (chain.Prover, error) { return lags, nil }
			}
		})
	}
	guarded(t, w, change, func(g *guard.Guard) {
		for n, pause := range []time.Duration{0, time.Second, 4 * time.Second} {
			w.set(func() { w.hung = true })
			lags.lag(100 * time.Second)
			after(150 * time.Second)
			i := status(w.t, g).Incidents[0]
			if i.Link != "front" || i.Ended == nil || len(i.Deeds) != 2 {
				w.t.Errorf("it has not moved: %+v", i)
				return
			}
			const timeout = 2 * time.Second // until it is found to hang
			if waited := i.Deeds[0].At.Sub(i.Began) - timeout; waited < pause || waited >= pause+time.Second {
				w.t.Errorf("mended after %v the %d. time", waited, n+1)
			}
		}
	})
}
