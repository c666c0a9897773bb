package engine

import (
	"net"
	"net/netip"
	"slices"
	"time"
)

// target is where a flow to an address really goes. Ok is false if it may not: never
// to this machine's loopback but for the ports that are lent, nor to what is next to
// it by link alone, such as a cloud's service that gives out keys; nor to other peers.
// To this machine's own addresses, which would come in by its loopback and so past its
// firewall, and to private ones, only by what was asked for: the servers of a peer who
// has a few, and those of the DNS.
func (e *egress) target(from netip.Addr, to netip.AddrPort, isTCP bool) (_ netip.AddrPort, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	p, known := e.peers[from]
	a := to.Addr().Unmap() // the system takes the one for the other
	if within, ok := carried(a); ok && (!routable(within) || private(within) || e.isOwn(within, time.Now())) {
		return to, false
	}
	to = netip.AddrPortFrom(a, to.Port())
	switch {
	case !known, len(p.Only) > 0 && (!isTCP || !slices.Contains(p.Only, to)):
		return to, false
	case slices.ContainsFunc(e.server.Networks, func(n netip.Prefix) bool { return n.Addr() == a }):
		home := netip.AddrFrom4([4]byte{127, 0, 0, 1})
		return netip.AddrPortFrom(home, to.Port()), isTCP && slices.Contains(e.server.Local, int(to.Port()))
	case slices.ContainsFunc(e.server.Networks, func(n netip.Prefix) bool { return n.Contains(a) }):
		return to, false
	case !routable(a):
		return to, false
	}
	asked := len(p.Only) > 0 || to.Port() == 53 && slices.Contains(e.server.DNS, a)
	return to, asked || !private(a) && !e.isOwn(a, time.Now())
}

// routable reports whether an address is one beyond this machine and its link.
func routable(a netip.Addr) bool {
	a = a.Unmap()
	metadata := a == netip.AddrFrom16([16]byte{0xfd, 0, 0x0e, 0xc2, 14: 0x02, 15: 0x54}) // AWS's, by IPv6
	return a.IsValid() && !a.IsUnspecified() && !a.IsLoopback() && !a.IsMulticast() && !a.IsLinkLocalUnicast() &&
		!metadata && a != netip.AddrFrom4([4]byte{255, 255, 255, 255}) && !(a.Is4() && a.As4()[0] == 0)
}

// carried is the address of IPv4 to which a gateway carries on what is sent to one of IPv6:
// by NAT64 (RFC 6052), 6to4, or as it was first meant.
func carried(a netip.Addr) (netip.Addr, bool) {
	if !a.Is6() {
		return a, false
	}
	b := a.As16()
	switch {
	case b[0] == 0x00 && b[1] == 0x64 && b[2] == 0xff && b[3] == 0x9b, [12]byte(b[:12]) == [12]byte{}:
		return netip.AddrFrom4([4]byte(b[12:])), true
	case b[0] == 0x20 && b[1] == 0x02:
		return netip.AddrFrom4([4]byte(b[2:6])), true
	}
	return a, false
}

// private reports whether an address is one of a network of somebody's own, or of a
// cloud's own services: what is there trusts who is near, and the world is not.
func private(a netip.Addr) bool {
	b := a.AsSlice()
	switch {
	case a.IsPrivate():
		return true
	case a.Is4():
		return b[0] == 100 && b[1]&0xc0 == 64 || // of providers, and Alibaba's 100.100.100.200
			b[0] == 192 && b[1] == 0 && b[2] == 0 || // of protocols, and Oracle's 192.0.0.192
			a == netip.AddrFrom4([4]byte{168, 63, 129, 16}) // Azure's
	}
	return b[0] == 0xfe && b[1]&0xc0 == 0xc0 // site-local, of old
}

// fresh is for how long a look at this machine's addresses is good.
const fresh = time.Second

// isOwn reports whether an address is this machine's, or that by which all on one of
// its links are spoken to, itself too. e.mu is held.
func (e *egress) isOwn(a netip.Addr, now time.Time) bool {
	if now.Sub(e.looked) >= fresh {
		own, err := ownAddresses()
		if err != nil {
			e.log.Error("read this machine's addresses", "error", err)
			return true
		}
		e.own, e.looked = own, now
	}
	return slices.ContainsFunc(e.own, func(p netip.Prefix) bool {
		return p.Addr() == a || p.Contains(a) && p.Bits() < a.BitLen()-1 && (a == p.Masked().Addr() || a.Is4() && !p.Contains(a.Next()))
	})
}

func ownAddresses() ([]netip.Prefix, error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var own []netip.Prefix
	for _, n := range all {
		if n, ok := n.(*net.IPNet); ok {
			a, _ := netip.AddrFromSlice(n.IP)
			bits, _ := n.Mask.Size()
			own = append(own, netip.PrefixFrom(a.Unmap(), bits))
		}
	}
	return own, nil
}
