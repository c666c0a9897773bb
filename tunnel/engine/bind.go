package engine

import (
	"errors"
	"log/slog"
	"sync/atomic"
	"syscall"

	"golang.zx2c4.com/wireguard/conn"
	"golang.zx2c4.com/wireguard/device"
	"golang.zx2c4.com/wireguard/tun"

	"github.com/omamori-guard/omamori/tunnel"
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
	port    uint16 // that is wanted, 0 for any
	single  atomic.Bool
	out, in *window
	genuine *genuine
}

func (b *narrow) BatchSize() int { return min(few, b.Bind.BatchSize()) }

// Open opens the port that is wanted, whatever is asked for: once that could not be had, the
// library forgets it, and would take any at its next try.
func (b *narrow) Open(port uint16) ([]conn.ReceiveFunc, uint16, error) {
	if b.port != 0 {
		port = b.port
	}
	all, port, err := b.Bind.Open(port)
	for i := range all {
		all[i] = receiver(all[i], b.Bind.BatchSize(), b.in, b.genuine)
	}
	if err == nil {
		cutUp(port)
	}
	return all, port, err
}

func (b *narrow) Send(bufs [][]byte, ep conn.Endpoint) error {
	b.out.leave(bufs)
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

// newDevice is WireGuard between a TUN and a socket, nil for the system's. A port that is not
// 0 is the only one that it listens on.
func newDevice(dev tun.Device, bind conn.Bind, port int, own tunnel.Key, log *slog.Logger) (*device.Device, error) {
	if bind == nil {
		bind = conn.NewDefaultBind()
	}
	out, in := newWindow(), newWindow()
	l, err := newLean(dev, out, in)
	if err != nil {
		_ = dev.Close() // the first error tells
		return nil, err
	}
	return device.NewDevice(l, &narrow{Bind: bind, port: uint16(port), out: out, in: in, genuine: newGenuine(own.Public())}, logger(log)), nil
}
