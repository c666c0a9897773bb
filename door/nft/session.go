package nft

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/door"
)

// What <linux/sock_diag.h> and <linux/inet_diag.h> say.
const (
	sockDiagByFamily = 20
	sockDestroy      = 21
	stateEstablished = 1
	requestLength    = 56
	replyLength      = 72
)

// Sessions lists the established TCP connections to these ports of the host, nil for all.
func (f *Firewall) Sessions(ports []uint16) (all []door.Session, err error) {
	c, err := netlink.Dial(unix.NETLINK_SOCK_DIAG, &netlink.Config{NetNS: f.fd()})
	if err != nil {
		return nil, fmt.Errorf("ask for connections: %w", err)
	}
	defer c.Close()
	for _, family := range []byte{unix.AF_INET, unix.AF_INET6} {
		answer, err := c.Execute(netlink.Message{
			Header: netlink.Header{Type: sockDiagByFamily, Flags: netlink.Request | netlink.Dump},
			Data:   request(family, door.Session{}),
		})
		if err != nil {
			return nil, fmt.Errorf("list connections: %w", err)
		}
		for _, m := range answer {
			if s, ok := parseSession(m.Data); ok && (ports == nil || slices.Contains(ports, s.Local.Port())) {
				all = append(all, s)
			}
		}
	}
	return all, nil
}

// Cut ends a connection at once: both ends are told so. One that is gone is no error.
func (f *Firewall) Cut(s door.Session) error {
	c, err := netlink.Dial(unix.NETLINK_SOCK_DIAG, &netlink.Config{NetNS: f.fd()})
	if err != nil {
		return fmt.Errorf("cut a connection: %w", err)
	}
	defer c.Close()
	families := []byte{unix.AF_INET6}
	if s.Local.Addr().Is4() { // which a socket of IPv6 may serve, too
		families = []byte{unix.AF_INET, unix.AF_INET6}
	}
	for _, family := range families {
		_, err = c.Execute(netlink.Message{
			Header: netlink.Header{Type: sockDestroy, Flags: netlink.Request | netlink.Acknowledge},
			Data:   request(family, s),
		})
		if err == nil || !errors.Is(err, unix.ENOENT) {
			break
		}
	}
	if err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("cut a connection: %w", err)
	}
	return nil
}

// request is an inet_diag_req_v2, about one session or, with none, about all.
func request(family byte, s door.Session) []byte {
	b := make([]byte, requestLength)
	b[0], b[1] = family, unix.IPPROTO_TCP
	binary.NativeEndian.PutUint32(b[4:], 1<<stateEstablished)
	if s == (door.Session{}) {
		return b
	}
	binary.BigEndian.PutUint16(b[8:], s.Local.Port())
	binary.BigEndian.PutUint16(b[10:], s.Remote.Port())
	address := func(into []byte, a netip.Addr) {
		if family == unix.AF_INET6 {
			x := a.As16()
			copy(into, x[:])
			return
		}
		copy(into, a.AsSlice())
	}
	address(b[12:], s.Local.Addr())
	address(b[28:], s.Remote.Addr())
	binary.NativeEndian.PutUint64(b[48:], s.Cookie)
	return b
}

// parseSession reads an inet_diag_msg.
func parseSession(b []byte) (s door.Session, ok bool) {
	if len(b) < replyLength || b[1] != stateEstablished {
		return s, false
	}
	address := func(b []byte) netip.Addr { return netip.AddrFrom16([16]byte(b)).Unmap() }
	if b[0] == unix.AF_INET {
		address = func(b []byte) netip.Addr { return netip.AddrFrom4([4]byte(b[:4])) }
	}
	s.Local = netip.AddrPortFrom(address(b[8:24]), binary.BigEndian.Uint16(b[4:]))
	s.Remote = netip.AddrPortFrom(address(b[24:40]), binary.BigEndian.Uint16(b[6:]))
	s.Cookie = binary.NativeEndian.Uint64(b[44:])
	s.Inode = binary.NativeEndian.Uint32(b[68:])
	return s, true
}
