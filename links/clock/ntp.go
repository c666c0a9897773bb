package clock

import (
	"encoding/binary"
	"time"
)

const (
	packetSize = 48
	modeClient = 3
	modeServer = 4
	originAt   = 24 // where the client's transmit timestamp is given back
	receiveAt  = 32
	transmitAt = 40
)

// answer is what a server said: when the question came, and when the answer went.
type answer struct{ received, sent time.Time }

// parse reads an answer to the question that was marked with nonce. Fault is "" for a good
// one, "not_ours" for one to be passed over, else why the server cannot be used.
func parse(b []byte, nonce uint64) (a answer, fault string) {
	if len(b) < packetSize || b[0]&7 != modeServer || binary.BigEndian.Uint64(b[originAt:]) != nonce {
		return a, "not_ours"
	}
	switch version, stratum := b[0]>>3&7, b[1]; {
	case version < 1 || version > 4:
		return a, "not_ours"
	case stratum == 0: // a kiss of death: it wants to be left alone
		return a, "refuses"
	case b[0]>>6 == 3 || stratum > 15: // it does not know the time itself
		return a, "not_synchronised"
	}
	received, sent := binary.BigEndian.Uint64(b[receiveAt:]), binary.BigEndian.Uint64(b[transmitAt:])
	if received == 0 || sent == 0 {
		return a, "not_synchronised"
	}
	a = answer{stamp(received), stamp(sent)}
	if a.sent.Before(a.received) || a.sent.Sub(a.received) > time.Minute {
		return answer{}, "not_synchronised"
	}
	return a, ""
}

// stamp reads seconds and their fraction since 1900, or since 2036 where that lies nearer
// to our days.
func stamp(v uint64) time.Time {
	const to1970 = 2_208_988_800
	seconds := int64(v >> 32)
	if seconds < 1<<31 {
		seconds += 1 << 32
	}
	return time.Unix(seconds-to1970, int64(v&0xffffffff)*int64(time.Second)>>32)
}
