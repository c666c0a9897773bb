package engine

import (
	"errors"
	"sync/atomic"
	"syscall"

	"golang.zx2c4.com/wireguard/conn"
)

// narrow is the system's UDP socket, also on a way that carries less than a packet of
// the tunnel. Linux cuts such packets up, but refuses them when several are handed
// over as one for speed (UDP_SEGMENT): WireGuard's own socket would lose them all, and
// a connection stall after its first packets. Once that has happened they are handed
// over one by one.
//
// Wrapped so, the library does not follow changes of routes; it notices one by a
// handshake that goes unanswered, after five seconds.
type narrow struct {
	conn.Bind
	single atomic.Bool
}

func newNarrow() conn.Bind { return &narrow{Bind: conn.NewDefaultBind()} }

func (b *narrow) Send(bufs [][]byte, ep conn.Endpoint) error {
	if len(bufs) == 1 || !b.single.Load() {
		err := b.Bind.Send(bufs, ep)
		if len(bufs) == 1 || !errors.Is(err, syscall.EMSGSIZE) && !errors.Is(err, syscall.EINVAL) {
			return err
		}
		b.single.Store(true)
	}
	// Some may have gone already: whoever gets one twice drops it.
	var first error
	for i := range bufs {
		if err := b.Bind.Send(bufs[i:i+1], ep); err != nil && first == nil {
			first = err
		}
	}
	return first
}
