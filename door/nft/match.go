package nft

import (
	"github.com/google/nftables/expr"
	"github.com/google/nftables/xt"
	"golang.org/x/sys/unix"
)

// match understands those of iptables that matter here.
func (w *walk) match(m *expr.Match) answer {
	switch info := m.Info.(type) {
	case *xt.Tcp:
		return w.ports(unix.IPPROTO_TCP, info.SrcPorts, info.DstPorts, info.InvFlags&xt.TcpInvDestPorts != 0)
	case *xt.Udp:
		return w.ports(unix.IPPROTO_UDP, info.SrcPorts, info.DstPorts, info.InvFlags&xt.UdpInvDestPorts != 0)
	case *xt.ConntrackMtinfo3:
		return states(info.StateMask, info.MatchFlags, info.InvertFlags)
	case *xt.ConntrackMtinfo2:
		return states(info.StateMask, info.MatchFlags, info.InvertFlags)
	}
	switch info := m.Info.(type) {
	case *xt.AddrType:
		return toUs(info.Source, info.Dest, info.InvertSource, info.InvertDest)
	case *xt.AddrTypeV1:
		const invertSource, invertDest, limited = 1, 2, 4 | 8
		if uint32(info.Flags)&limited != 0 {
			return maybe
		}
		return toUs(info.Source, info.Dest, uint32(info.Flags)&invertSource != 0, uint32(info.Flags)&invertDest != 0)
	}
	if m.Name == "comment" {
		return yes
	}
	return maybe
}

// toUs: the packet goes to an address of the host itself.
func toUs(source, dest uint16, invertSource, invertDest bool) answer {
	if source != 0 || dest == 0 || invertSource {
		return maybe
	}
	return answered((dest&(1<<unix.RTN_LOCAL) != 0) != invertDest)
}

func states(mask, match, invert uint16) answer {
	const state = 1
	if match != state {
		return maybe
	}
	return answered((mask&stateNew != 0) == (invert&state == 0))
}

// ports says whether a match of ports, of one protocol, is about the packet.
func (w *walk) ports(proto byte, from, to [2]uint16, not bool) answer {
	in := (w.port >= to[0] && w.port <= to[1]) != not
	switch {
	case proto != w.proto || !in:
		return no
	case from != [2]uint16{0, 0xffff}:
		return maybe
	}
	return yes
}
