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

// naming is broken, and names what it is told to.
type naming struct {
	mu    sync.Mutex
	cause string
}

func (n *naming) Prove(context.Context) chain.Proof {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cause == "" {
		return chain.Held(chain.Say("test.answers"))
	}
	return chain.Broke(n.cause, chain.Say("test.refused"), chain.Say("test.start"))
}

func (n *naming) name(cause string) { n.mu.Lock(); defer n.mu.Unlock(); n.cause = cause }

// What a person is told follows what is found: a database is caught while it loses its
// tables, and is empty soon after.
func TestTellsWhatItFindsNow(t *testing.T) {
	w := newWorld(t)
	front := &naming{}
	change := func(o *guard.Options) {
		o.Config = w.file(w.t, func(l *config.Link) {
			if l.Name == "front" {
				l.Kind.New = func(any, chain.Place) (chain.Prover, error) { return front, nil }
			}
		})
	}
	guarded(t, w, change, func(g *guard.Guard) {
		front.name("missing_table")
		after(6 * time.Second)
		front.name("empty_database")
		after(12 * time.Second)
		if i := status(w.t, g).Incidents; len(i) != 1 || i[0].Cause != "empty_database" {
			w.t.Errorf("%+v", i)
		}
		told := len(w.messages)
		for n := range 60 {
			front.name([]string{"missing_table", "empty_database"}[n%2])
			after(5 * time.Second)
		}
		if n := len(w.messages) - told; n > 12 {
			w.t.Errorf("told %d times in five minutes of one that alternates", n)
		}
	})
}

// What could not start for the sake of its disk is started once that is right, not only
// when it might have come back by itself.
func TestStartsWhatItsDiskKeptDown(t *testing.T) {
	w := newWorld(t)
	disk := &lagging{}
	change := func(o *guard.Options) {
		o.Config = w.file(w.t, func(l *config.Link) {
			if l.Name == "mariadb" { // on which sql rests, whose service is down
				l.Kind.New = func(any, chain.Place) (chain.Prover, error) { return disk, nil }
			}
		})
	}
	guarded(t, w, change, func(g *guard.Guard) {
		const full = 100 * time.Second
		disk.lag(full)
		back := time.Now().Add(full)
		w.kill()
		after(full - time.Second)
		if i := status(w.t, g).Incidents; len(i) != 1 || i[0].Link != "mariadb" || len(i[0].Deeds) > 0 {
			w.t.Errorf("while it is full: %+v", i)
		}
		after(time.Minute)
		s := status(w.t, g)
		if i := s.Incidents[0]; len(s.Incidents) != 1 || i.Ended == nil || len(i.Deeds) != 1 || i.Deeds[0].Verb != "start" || i.Deeds[0].At.Sub(back) > 8*time.Second {
			w.t.Errorf("afterwards, back at %v: %+v", back, s.Incidents)
		}
	})
}
