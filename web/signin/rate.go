package signin

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

// How often one address may try to come in: so many at once, and then one in so long.
// Everybody on this machine has one address, and so has the owner's tunnel: a neighbour
// there must not keep him out, so that he has more.
const (
	burst, refill           = 30, 2 * time.Second
	localBurst, localRefill = 600, 20 * time.Millisecond
	maxBuckets              = 2048
)

// rate bounds tries by address. What does not fit shares one bucket.
type rate struct {
	mu      sync.Mutex // protects buckets
	buckets map[netip.Prefix]*bucket
}

type bucket struct {
	left float64
	at   time.Time
}

func newRate() *rate { return &rate{buckets: map[netip.Prefix]*bucket{}} }

// allow counts a try from an address.
func (r *rate) allow(a netip.Addr) bool {
	most, each := float64(burst), refill
	if a.IsLoopback() {
		most, each = localBurst, localRefill
	}
	bits := 32
	if a.Is6() {
		bits = 64 // one customer has all of it
	}
	p, _ := a.Prefix(bits)
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	b := r.buckets[p]
	if b == nil {
		if len(r.buckets) >= maxBuckets {
			r.forget(now)
		}
		if len(r.buckets) >= maxBuckets {
			p = netip.Prefix{}
			b = r.buckets[p]
		}
		if b == nil {
			b = &bucket{left: most, at: now}
			r.buckets[p] = b
		}
	}
	b.left = min(most, b.left+float64(now.Sub(b.at))/float64(each))
	b.at = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

// forget drops buckets that are full again. r.mu is held.
func (r *rate) forget(now time.Time) {
	for p, b := range r.buckets {
		if now.Sub(b.at) > burst*refill {
			delete(r.buckets, p)
		}
	}
}

// How many requests are answered at once. Those who have signed in do not wait for
// strangers; what streams is counted apart.
const (
	maxStrangers, maxVisitors         = 32, 64
	strangersStreams, visitorsStreams = 100, 240
	patience                          = 2 * time.Second
)

// crowd bounds how many are answered at once.
type crowd struct{ strangers, visitors, strangersStreams, visitorsStreams chan struct{} }

func newCrowd() *crowd {
	return &crowd{make(chan struct{}, maxStrangers), make(chan struct{}, maxVisitors), make(chan struct{}, strangersStreams), make(chan struct{}, visitorsStreams)}
}

// enter waits a little for a place; leave gives it back.
func (c *crowd) enter(ctx context.Context, known, stream bool) (leave func(), ok bool) {
	places := c.strangers
	switch {
	case known && stream:
		places = c.visitorsStreams
	case known:
		places = c.visitors
	case stream:
		places = c.strangersStreams
	}
	leave = func() { <-places }
	select {
	case places <- struct{}{}:
		return leave, true
	default:
	}
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case places <- struct{}{}:
		return leave, true
	case <-ctx.Done():
	case <-t.C:
	}
	return nil, false
}

// wrongTries gathers what is wrong, so that whoever tries for hours does not fill the
// journal.
type wrongTries struct {
	n    int
	told time.Time
}

// wrongsEach is how often wrong tries are journalled at most.
const wrongsEach = time.Minute

// add counts one, and returns how many are to be told now.
func (w *wrongTries) add(now time.Time) int {
	w.n++
	if now.Sub(w.told) < wrongsEach {
		return 0
	}
	n := w.n
	w.n, w.told = 0, now
	return n
}
