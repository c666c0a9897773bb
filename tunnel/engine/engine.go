// Package engine carries a tunnel's packets: WireGuard in user space, with a TUN that
// somebody with the right to has made, or wholly without.
package engine

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.zx2c4.com/wireguard/conn"
	"golang.zx2c4.com/wireguard/device"
	"golang.zx2c4.com/wireguard/tun"

	"github.com/omamori-guard/omamori/tunnel"
)

// Options say how a tunnel's packets go.
type Options struct {
	// TUN is the device for them; nil is a network stack of our own.
	TUN tun.Device
	// Bind is the UDP socket; nil is the system's.
	Bind conn.Bind
	Log  *slog.Logger
}

// Serving is a server's tunnel.
type Serving struct {
	device *device.Device
	egress *egress // nil with a TUN
	log    *slog.Logger
	since  time.Time

	// mu protects the fields below.
	mu     sync.Mutex
	server tunnel.Server
	inside map[tunnel.Key]bool // the peers that the device has
}

// Serve brings a server's tunnel up. Close ends it.
func Serve(s tunnel.Server, o Options) (*Serving, error) {
	if o.TUN != nil {
		if err := s.FitsTUN(); err != nil {
			return nil, err
		}
	}
	v := &Serving{log: o.Log, since: time.Now()}
	dev := o.TUN
	if dev == nil {
		v.egress = newEgress(s.MTU, o.Log)
		dev = v.egress
	}
	var err error
	if v.device, err = newDevice(dev, o.Bind, s.Port, s.PrivateKey, o.Log); err != nil {
		return nil, err
	}
	set := fmt.Sprintf("private_key=%s\nlisten_port=%d\n", s.PrivateKey.Hex(), s.Port)
	if err := v.device.IpcSet(set); err != nil {
		v.device.Close()
		return nil, fmt.Errorf("configure the tunnel: %w", err)
	}
	if err := v.Update(s, time.Now()); err != nil {
		v.device.Close()
		return nil, err
	}
	if err := v.device.Up(); err != nil {
		v.device.Close()
		return nil, fmt.Errorf("listen on UDP port %d: %w", s.Port, err)
	}
	return v, nil
}

// logger sends the library's complaints on; what goes well is not logged, as a flood
// of garbage would fill the disk with it.
func logger(log *slog.Logger) *device.Logger {
	l := &device.Logger{Verbosef: device.DiscardLogf, Errorf: device.DiscardLogf}
	if log != nil {
		l.Errorf = func(format string, args ...any) { log.Debug(fmt.Sprintf(format, args...)) }
	}
	return l
}

// Update lets in who is in s and shuts out who is not, or not any more. Sessions of
// those who stay go on. One who cannot be kept to what he may stays out; the others'
// way in does not depend on him.
func (v *Serving) Update(s tunnel.Server, now time.Time) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	var set strings.Builder
	inside := map[tunnel.Key]bool{}
	peers := map[netip.Addr]tunnel.Peer{}
	for _, p := range s.Peers {
		if p.Expired(now) {
			continue
		}
		if err := p.FitsTUN(); err != nil && v.egress == nil {
			v.log.Error("left out: with a TUN nothing keeps it to a few servers", "peer", p.Name)
			continue
		}
		inside[p.PublicKey] = true
		fmt.Fprintf(&set, "public_key=%s\nreplace_allowed_ips=true\n", p.PublicKey.Hex())
		for _, a := range p.Addresses {
			fmt.Fprintf(&set, "allowed_ip=%s/%d\n", a, a.BitLen())
			peers[a] = p
		}
	}
	for k := range v.inside {
		if !inside[k] {
			fmt.Fprintf(&set, "public_key=%s\nremove=true\n", k.Hex())
		}
	}
	if v.egress != nil { // before they are let in
		v.egress.allow(s, peers)
	}
	if err := v.device.IpcSet(set.String()); err != nil {
		return fmt.Errorf("configure peers: %w", err)
	}
	v.server, v.inside = s, inside
	return nil
}

// Watch shuts out those whose time is over, until ctx is done.
func (v *Serving) Watch(ctx context.Context) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			if s, ok := v.overdue(now); ok {
				if err := v.Update(s, now); err != nil {
					v.log.Error("shut out whose time is over", "error", err)
				}
			}
		}
	}
}

// overdue reports whether somebody is inside whose time is over.
func (v *Serving) overdue(now time.Time) (tunnel.Server, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.server, slices.ContainsFunc(v.server.Peers, func(p tunnel.Peer) bool { return v.inside[p.PublicKey] && p.Expired(now) })
}

// Status tells how the peers stand.
func (v *Serving) Status() (tunnel.Status, error) {
	all, err := peersOf(v.device)
	if err != nil {
		return tunnel.Status{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	st := tunnel.Status{Since: v.since, TUN: v.egress == nil, Peers: []tunnel.PeerStatus{}}
	for _, p := range v.server.Peers {
		one := all[p.PublicKey.Hex()]
		one.Name = p.Name
		st.Peers = append(st.Peers, one)
	}
	return st, nil
}

// Port is the UDP port on which the tunnel listens.
func (v *Serving) Port() (int, error) {
	text, err := v.device.IpcGet()
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(text, "listen_port=")
	line, _, _ := strings.Cut(rest, "\n")
	return strconv.Atoi(line)
}

// Wait returns a channel that is closed when the tunnel has ended by itself, as when
// its TUN was taken away.
func (v *Serving) Wait() <-chan struct{} { return v.device.Wait() }

// Close ends the tunnel and all that goes through it.
func (v *Serving) Close() {
	v.device.Close()
	if v.egress != nil {
		v.egress.wait()
	}
}

// peersOf asks a device for its peers, by their keys in hexadecimal.
func peersOf(d *device.Device) (map[string]tunnel.PeerStatus, error) {
	text, err := d.IpcGet()
	if err != nil {
		return nil, err
	}
	all := map[string]tunnel.PeerStatus{}
	key, p := "", tunnel.PeerStatus{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		n, _ := strconv.ParseInt(value, 10, 64) // 0 for what is no number
		switch name {
		case "public_key":
			key, p = value, tunnel.PeerStatus{}
		case "endpoint":
			p.Endpoint = value
		case "last_handshake_time_sec":
			if n > 0 {
				p.Handshake = time.Unix(n, 0)
			}
		case "rx_bytes":
			p.Received = uint64(n)
		case "tx_bytes":
			p.Sent = uint64(n)
		}
		if key != "" {
			all[key] = p
		}
	}
	return all, nil
}

// Resolve looks a server's name up, as the library takes addresses alone.
func Resolve(ctx context.Context, endpoint string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(endpoint)
	if err != nil {
		return netip.AddrPort{}, err
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return netip.AddrPort{}, err
	}
	all, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.AddrPortFrom(all[0].Unmap(), uint16(n)), nil
}
