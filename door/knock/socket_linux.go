package knock

import (
	"encoding/binary"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// tellDestination has the kernel tell to which of our addresses a packet was sent.
func tellDestination(c *net.UDPConn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		var domain int
		if domain, failed = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DOMAIN); failed != nil {
			return
		}
		if domain == unix.AF_INET6 { // which tells it of IPv4's packets, too
			failed = unix.SetsockoptInt(int(fd), unix.SOL_IPV6, unix.IPV6_RECVPKTINFO, 1)
		} else {
			failed = unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_PKTINFO, 1)
		}
	})
	if err == nil {
		err = failed
	}
	return err
}

// answerFrom makes of what came with a packet what goes with its answer: whoever knocked at
// one of our addresses hears no other. The interface is left to the routes, but where the
// address means nothing without it.
func answerFrom(control []byte) []byte {
	all, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return nil
	}
	for _, m := range all {
		switch {
		case m.Header.Level == unix.SOL_IP && m.Header.Type == unix.IP_PKTINFO && len(m.Data) >= unix.SizeofInet4Pktinfo:
			return unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: [4]byte(m.Data[4:])})
		case m.Header.Level == unix.SOL_IPV6 && m.Header.Type == unix.IPV6_PKTINFO && len(m.Data) >= unix.SizeofInet6Pktinfo:
			to := unix.Inet6Pktinfo{Addr: [16]byte(m.Data)}
			switch a := netip.AddrFrom16(to.Addr); {
			case a.IsMulticast():
				return nil
			case a.Is6() && a.IsLinkLocalUnicast():
				to.Ifindex = binary.NativeEndian.Uint32(m.Data[16:])
			}
			return unix.PktInfo6(&to)
		}
	}
	return nil
}
