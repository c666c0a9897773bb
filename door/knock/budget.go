package knock

import (
	"hash/maphash"
	"net/netip"
	"time"
)

const (
	// workRate is how many packets a second are opened, at about 150 µs each; as much
	// again for those that have shown a cookie.
	workRate, workBurst = 500, 100
	// sourceRate is the share of one network: an owner's retransmissions, and a few
	// owners behind one address.
	sourceRate, sourceBurst = 5, 10
	// sources is how many shares there are. Networks that fall on the same share it.
	sources = 1024
)

// bucket holds what may be done at once, and fills with time.
type bucket struct {
	level float64
	at    time.Time
}

func (b *bucket) fill(now time.Time, rate, burst float64) {
	if b.at.IsZero() {
		b.level = burst
	} else {
		b.level = min(burst, b.level+rate*max(0, now.Sub(b.at).Seconds()))
	}
	b.at = now
}

// budget bounds work, and shares it out by network.
type budget struct {
	all  bucket
	each [sources]bucket
	seed maphash.Seed
}

func newBudget() *budget { return &budget{seed: maphash.MakeSeed()} }

// take reports whether work may be done for somebody at an address.
func (b *budget) take(from netip.Addr, now time.Time) bool {
	one := &b.each[maphash.Comparable(b.seed, network(from))%sources]
	one.fill(now, sourceRate, sourceBurst)
	b.all.fill(now, workRate, workBurst)
	if one.level < 1 || b.all.level < 1 {
		return false
	}
	one.level--
	b.all.level--
	return true
}

// network is what one party is likely to have the whole of.
func network(a netip.Addr) netip.Prefix {
	bits := 56
	if a.Is4() {
		bits = 32
	}
	p, _ := a.Prefix(bits)
	return p
}
