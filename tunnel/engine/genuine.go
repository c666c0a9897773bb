package engine

import (
	"crypto/subtle"
	"encoding/binary"

	"golang.org/x/crypto/blake2s"

	"github.com/omamori-guard/omamori/tunnel"
)

// Of the four messages of WireGuard, their kinds and sizes.
const (
	initiation, initiationSize = 1, 148
	response, responseSize     = 2, 92
	cookie, cookieSize         = 3, 64
	transport, leastTransport  = 4, 32
	macSize                    = blake2s.Size128
)

// genuine looks at what strangers send before WireGuard gets it, which keeps up to 1,024
// handshakes to look at, of 64 KiB each: who knows the public key of this end shows that by
// the first of two sums at the end of a handshake.
type genuine struct{ key [blake2s.Size]byte }

func newGenuine(public tunnel.Key) *genuine {
	return &genuine{blake2s.Sum256(append([]byte("mac1----"), public[:]...))}
}

// is reports whether a datagram can be one of WireGuard's to this end.
func (g *genuine) is(b []byte) bool {
	if len(b) < leastTransport {
		return false
	}
	switch kind := binary.LittleEndian.Uint32(b); {
	case kind == transport:
		return true
	case kind == cookie:
		return len(b) == cookieSize
	case kind == initiation && len(b) == initiationSize, kind == response && len(b) == responseSize:
		at := len(b) - 2*macSize
		sum, err := blake2s.New128(g.key[:])
		if err != nil {
			return false
		}
		_, _ = sum.Write(b[:at]) // never fails
		return subtle.ConstantTimeCompare(sum.Sum(nil), b[at:at+macSize]) == 1
	}
	return false
}
