package fixedaddress

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"syscall"

	"github.com/omamori-guard/omamori/linux"
	"github.com/omamori-guard/omamori/probe"
)

// noRoute is a connection that could not even set out the way that it was to.
type noRoute struct{ err error }

func (e *noRoute) Error() string { return e.err.Error() }
func (e *noRoute) Unwrap() error { return e.err }

// dial connects the way that the request is to leave, by the IP that is asked about.
func (l *link) dial(ctx context.Context, address string) (net.Conn, error) {
	if l.settings.Proxy != "" {
		return l.proxied(ctx, address)
	}
	network := "tcp4"
	if l.want.Is6() {
		network = "tcp6"
	}
	var d net.Dialer
	if l.source.IsValid() {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(l.source, 0))
	}
	if name := l.settings.Interface; name != "" {
		d.Control = func(_, _ string, c syscall.RawConn) error {
			var err error
			if e := c.Control(func(fd uintptr) { err = linux.BindToDevice(int(fd), name) }); e != nil {
				return e
			}
			if err != nil {
				return &noRoute{fmt.Errorf("leave by %s: %w", name, err)}
			}
			return nil
		}
	}
	c, err := d.DialContext(ctx, network, address)
	if errors.Is(err, syscall.EADDRNOTAVAIL) {
		err = &noRoute{err}
	}
	if err != nil {
		return nil, err
	}
	return probe.Bind(ctx, c), nil
}

// proxied connects through a SOCKS proxy of version 5 (RFC 1928). The name is looked
// up here, so that it is certain by which IP the request goes.
func (l *link) proxied(ctx context.Context, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, err
	}
	family := "ip4"
	if l.want.Is6() {
		family = "ip6"
	}
	all, err := net.DefaultResolver.LookupNetIP(ctx, family, host)
	if err != nil {
		return nil, err
	}
	c, err := probe.Dial(ctx, "tcp", l.settings.Proxy)
	if err != nil {
		return nil, &noRoute{err}
	}
	if err := socks(c, netip.AddrPortFrom(all[0].Unmap(), uint16(n))); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// socks asks a proxy for a connection to a.
func socks(c io.ReadWriter, a netip.AddrPort) error {
	if _, err := c.Write([]byte{5, 1, 0}); err != nil { // one way to log in: none
		return err
	}
	var b [22]byte
	if _, err := io.ReadFull(c, b[:2]); err != nil {
		return err
	}
	if b[0] != 5 || b[1] != 0 {
		return &noRoute{errors.New("not a SOCKS proxy of version 5 that is open to this machine")}
	}
	kind := byte(1)
	if a.Addr().Is6() {
		kind = 4
	}
	ask := append([]byte{5, 1, 0, kind}, a.Addr().AsSlice()...)
	if _, err := c.Write(binary.BigEndian.AppendUint16(ask, a.Port())); err != nil {
		return err
	}
	if _, err := io.ReadFull(c, b[:4]); err != nil {
		return err
	}
	length := map[byte]int{1: 6, 4: 18}[b[3]]
	if b[0] != 5 || length == 0 {
		return &noRoute{errors.New("the proxy does not speak SOCKS 5")}
	}
	switch b[1] {
	case 0:
	case 3, 4:
		return fmt.Errorf("through the proxy: %w", syscall.EHOSTUNREACH)
	case 5:
		return fmt.Errorf("through the proxy: %w", syscall.ECONNREFUSED)
	default:
		return fmt.Errorf("the proxy declines with %d", b[1])
	}
	_, err := io.ReadFull(c, b[:length])
	return err
}
