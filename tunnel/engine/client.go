package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"time"

	"golang.zx2c4.com/wireguard/device"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"github.com/omamori-guard/omamori/tunnel"
)

// Client is a device's end of a tunnel.
type Client struct {
	device *device.Device
	net    *netDevice // nil with a TUN
}

// Connect brings a device's tunnel up, by a standard configuration. Without a TUN it
// has a network stack of its own, and one dials through it. Close ends it.
func Connect(ctx context.Context, c tunnel.Conf, o Options) (*Client, error) {
	v := &Client{}
	dev := o.TUN
	if dev == nil {
		mtu := c.MTU
		if mtu == 0 {
			mtu = tunnel.DefaultMTU
		}
		v.net = newNetDevice(mtu)
		dev = v.net
		for _, p := range c.Addresses {
			v.address(p.Addr())
		}
	}
	var err error
	if v.device, err = newDevice(dev, o.Bind, c.ListenPort, c.PrivateKey, o.Log); err != nil {
		return nil, err
	}
	set, err := uapi(ctx, c)
	if err == nil {
		err = v.device.IpcSet(set)
	}
	if err == nil {
		err = v.device.Up()
	}
	if err != nil {
		v.device.Close()
		return nil, fmt.Errorf("bring the tunnel up: %w", err)
	}
	return v, nil
}

func (v *Client) address(a netip.Addr) {
	number := header.IPv4ProtocolNumber
	if a.Is6() {
		number = header.IPv6ProtocolNumber
	}
	must(v.net.stack.AddProtocolAddress(nic, tcpip.ProtocolAddress{Protocol: number, AddressWithPrefix: addr(a).WithPrefix()}, stack.AddressProperties{}))
}

// uapi is a configuration as the library takes it.
func uapi(ctx context.Context, c tunnel.Conf) (string, error) {
	var set strings.Builder
	fmt.Fprintf(&set, "private_key=%s\n", c.PrivateKey.Hex())
	if c.ListenPort != 0 {
		fmt.Fprintf(&set, "listen_port=%d\n", c.ListenPort)
	}
	for _, p := range c.Peers {
		fmt.Fprintf(&set, "public_key=%s\nreplace_allowed_ips=true\n", p.PublicKey.Hex())
		if !p.PresharedKey.IsZero() {
			fmt.Fprintf(&set, "preshared_key=%s\n", p.PresharedKey.Hex())
		}
		if p.Endpoint != "" {
			a, err := Resolve(ctx, p.Endpoint)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(&set, "endpoint=%s\n", a)
		}
		if p.Keepalive != 0 {
			fmt.Fprintf(&set, "persistent_keepalive_interval=%d\n", p.Keepalive)
		}
		for _, a := range p.AllowedIPs {
			fmt.Fprintf(&set, "allowed_ip=%s\n", a)
		}
	}
	return set.String(), nil
}

// errNoDial: with a TUN the system itself dials.
var errNoDial = errors.New("a tunnel with a TUN is dialled through by the system")

// Dial connects through the tunnel to an address.
func (v *Client) Dial(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error) {
	if v.net == nil {
		return nil, errNoDial
	}
	full := tcpip.FullAddress{NIC: nic, Addr: addr(to.Addr()), Port: to.Port()}
	number := header.IPv4ProtocolNumber
	if to.Addr().Is6() {
		number = header.IPv6ProtocolNumber
	}
	if network == "udp" {
		c, err := gonet.DialUDP(v.net.stack, nil, &full, number)
		if err != nil {
			return nil, err
		}
		return c, nil
	}
	c, err := gonet.DialContextTCP(ctx, v.net.stack, full, number)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Status tells how the servers stand, by their keys in hexadecimal.
func (v *Client) Status() (map[string]tunnel.PeerStatus, error) { return peersOf(v.device) }

// Wait returns a channel that is closed when the tunnel has ended by itself.
func (v *Client) Wait() <-chan struct{} { return v.device.Wait() }

// Close ends the tunnel.
func (v *Client) Close() { v.device.Close() }

// again is how often names of servers are looked up again.
const again = time.Minute

// Follow looks the servers' names up again while there is no answer, until ctx is
// done: the address of a server may change, and the library knows no names.
func (v *Client) Follow(ctx context.Context, c tunnel.Conf, log *slog.Logger) {
	t := time.NewTicker(again)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		all, err := v.Status()
		if err != nil {
			return
		}
		for _, p := range c.Peers {
			if p.Endpoint == "" || all[p.PublicKey.Hex()].Alive(time.Now()) {
				continue
			}
			a, err := Resolve(ctx, p.Endpoint)
			if err == nil && a.String() != all[p.PublicKey.Hex()].Endpoint {
				log.Info("the server has another address", "address", a)
				err = v.device.IpcSet(fmt.Sprintf("public_key=%s\nupdate_only=true\nendpoint=%s\n", p.PublicKey.Hex(), a))
			}
			if err != nil {
				log.Warn("look the server up again", "error", err)
			}
		}
	}
}

func addr(a netip.Addr) tcpip.Address { return tcpip.AddrFromSlice(a.AsSlice()) }
