package vantage

import "time"

// What a peer whose key was stolen, or that has gone mad, may cost us: so many letters at
// once, each written to disk, and so many proofs for the record alone; one more after each
// time. An honest peer stays far below.
const (
	lettersAtOnce = 60
	letterEvery   = 2 * time.Second
	pastAtOnce    = maxOutbox
	pastEvery     = 10 * time.Second
)

// budget is what is left of one of them. The zero budget is a full one.
type budget struct {
	spent float64
	at    time.Time
}

// spend takes one of most, if one is left; one comes back after each time.
func (b *budget) spend(now time.Time, most int, each time.Duration) bool {
	if back := now.Sub(b.at); back > 0 && !b.at.IsZero() { // a clock may be put back
		b.spent = max(0, b.spent-back.Seconds()/each.Seconds())
	}
	b.at = now
	if b.spent+1 > float64(most) {
		return false
	}
	b.spent++
	return true
}
