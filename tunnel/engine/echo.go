package engine

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

const (
	maxEchoes = 64 // at once
	maxEcho   = 1500
)

// echoes carries pings on: each is sent by a socket of the kind that needs no right
// where net.ipv4.ping_group_range lets this process have one, and else not at all.
type echoes struct{ e *egress }

func newEchoes(e *egress) *echoes { return &echoes{e} }

// ping is an echo request that came through the tunnel.
type ping struct {
	from, to netip.Addr
	id, seq  uint16
	data     []byte
}

// parsePing reads an echo request whole; ok is false for anything else.
func parsePing(b []byte) (p ping, ok bool) {
	var body []byte
	switch {
	case len(b) >= header.IPv4MinimumSize && b[0]>>4 == 4:
		ip := header.IPv4(b)
		if !ip.IsValid(len(b)) || ip.TransportProtocol() != header.ICMPv4ProtocolNumber || ip.FragmentOffset() != 0 || ip.More() {
			return p, false
		}
		body = ip.Payload()
		if len(body) < header.ICMPv4MinimumSize || header.ICMPv4(body).Type() != header.ICMPv4Echo {
			return p, false
		}
		p.from, p.to = netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20]))
	case len(b) >= header.IPv6MinimumSize && b[0]>>4 == 6:
		ip := header.IPv6(b)
		if !ip.IsValid(len(b)) || ip.TransportProtocol() != header.ICMPv6ProtocolNumber {
			return p, false
		}
		body = ip.Payload()
		if len(body) < header.ICMPv6MinimumSize || header.ICMPv6(body).Type() != header.ICMPv6EchoRequest {
			return p, false
		}
		p.from, p.to = netip.AddrFrom16([16]byte(b[8:24])), netip.AddrFrom16([16]byte(b[24:40]))
	default:
		return p, false
	}
	p.id, p.seq = binary.BigEndian.Uint16(body[4:]), binary.BigEndian.Uint16(body[6:])
	p.data = body[8:]
	return p, len(p.data) <= maxEcho
}

// take takes a packet if it is an echo request. One that may not go there, or comes
// while too many are on their way, is lost.
func (s *echoes) take(packet []byte) bool {
	p, ok := parsePing(packet)
	if !ok {
		return false
	}
	p.data = slices.Clone(p.data)
	if s.e.home(p) {
		s.e.send(p.reply())
		return true
	}
	if _, ok := s.e.target(p.from, netip.AddrPortFrom(p.to, 0), false); !ok {
		return true
	}
	end, ok := s.e.begin(echo, p.from)
	if !ok {
		return true
	}
	go func() { // counted in flows
		defer end()
		if s.ask(p) {
			s.e.send(p.reply())
		}
	}()
	return true
}

// home reports whether the server itself is asked, by one who may.
func (e *egress) home(p ping) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	who, known := e.peers[p.from]
	return known && len(who.Only) == 0 && slices.ContainsFunc(e.server.Networks, func(n netip.Prefix) bool { return n.Addr() == p.to })
}

// reply is the packet that answers p.
func (p ping) reply() []byte {
	body := make([]byte, 8, 8+len(p.data))
	binary.BigEndian.PutUint16(body[4:], p.id)
	binary.BigEndian.PutUint16(body[6:], p.seq)
	body = append(body, p.data...)
	if p.to.Is4() {
		body[0] = byte(header.ICMPv4EchoReply)
		binary.BigEndian.PutUint16(body[2:], ^checksum.Checksum(body, 0))
		b := make([]byte, header.IPv4MinimumSize, header.IPv4MinimumSize+len(body))
		ip := header.IPv4(b)
		ip.Encode(&header.IPv4Fields{TotalLength: uint16(cap(b)), TTL: 64, Protocol: uint8(header.ICMPv4ProtocolNumber), SrcAddr: addr(p.to), DstAddr: addr(p.from)})
		ip.SetChecksum(^ip.CalculateChecksum())
		return append(b, body...)
	}
	body[0] = byte(header.ICMPv6EchoReply)
	sum := header.PseudoHeaderChecksum(header.ICMPv6ProtocolNumber, addr(p.to), addr(p.from), uint16(len(body)))
	binary.BigEndian.PutUint16(body[2:], ^checksum.Checksum(body, sum))
	b := make([]byte, header.IPv6MinimumSize, header.IPv6MinimumSize+len(body))
	header.IPv6(b).Encode(&header.IPv6Fields{PayloadLength: uint16(len(body)), TransportProtocol: header.ICMPv6ProtocolNumber, HopLimit: 64, SrcAddr: addr(p.to), DstAddr: addr(p.from)})
	return append(b, body...)
}
