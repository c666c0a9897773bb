package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/omamori-guard/omamori/tunnel"
)

// The kernel's own WireGuard, where there is one, is asked for by ip(8) and told what to
// do by wg(8), over netlink. Nothing of a packet comes to this program then.

// mark is on the kernel's own packets, so that they do not go into the tunnel again.
const mark = "0x6f6d61"

// makeKernel makes a device of the kernel's WireGuard.
func makeKernel(ctx context.Context, name string) error {
	if _, err := exec.LookPath("wg"); err != nil {
		return err
	}
	return command(ctx, "", "ip", "link", "add", name, "type", "wireguard")
}

// isKernel reports whether a device is one.
func isKernel(ctx context.Context, name string) bool {
	return exec.CommandContext(ctx, "wg", "show", name, "listen-port").Run() == nil
}

// bare is a configuration as wg(8) takes it: what else is in one is for wg-quick. Names
// are left out, which wg would look up as root.
func bare(c tunnel.Conf, mark string) string {
	all := c
	all.Addresses, all.DNS, all.Search, all.MTU = nil, nil, nil, 0
	all.Peers = append([]tunnel.ConfPeer(nil), c.Peers...)
	for i, p := range all.Peers {
		if _, err := netip.ParseAddrPort(p.Endpoint); err != nil {
			all.Peers[i].Endpoint = ""
		}
	}
	text := all.String()
	if mark != "" {
		text = strings.Replace(text, "[Interface]\n", "[Interface]\nFwMark = "+mark+"\n", 1)
	}
	return text
}

// kernelServing is a server's tunnel that the kernel carries.
type kernelServing struct {
	name  string
	log   *slog.Logger
	since time.Time
	ended chan struct{}

	// mu protects the fields below.
	mu     sync.Mutex
	server tunnel.Server
	inside int // how many peers the device has
}

func serveKernel(s tunnel.Server, name string, log *slog.Logger) (*kernelServing, error) {
	if err := s.FitsTUN(); err != nil {
		return nil, err
	}
	v := &kernelServing{name: name, log: log, since: time.Now(), ended: make(chan struct{})}
	return v, v.Update(s, time.Now())
}

// inside are those who may come in now. One who cannot be kept to what he may stays out.
func inside(s tunnel.Server, now time.Time, log *slog.Logger) (peers []tunnel.ConfPeer) {
	for _, p := range s.Peers {
		if p.Expired(now) {
			continue
		}
		if p.FitsTUN() != nil {
			log.Error("left out: with a TUN nothing keeps it to a few servers", "peer", p.Name)
			continue
		}
		one := tunnel.ConfPeer{PublicKey: p.PublicKey}
		for _, a := range p.Addresses {
			one.AllowedIPs = append(one.AllowedIPs, netip.PrefixFrom(a, a.BitLen()))
		}
		peers = append(peers, one)
	}
	return peers
}

// Update lets in who is in s, and shuts out who is not; the others' sessions go on.
func (v *kernelServing) Update(s tunnel.Server, now time.Time) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	peers := inside(s, now, v.log)
	c := tunnel.Conf{PrivateKey: s.PrivateKey, ListenPort: s.Port, Peers: peers}
	if err := command(context.Background(), bare(c, ""), "wg", "syncconf", v.name, "/dev/stdin"); err != nil {
		return err
	}
	v.server, v.inside = s, len(peers)
	return nil
}

// Watch shuts out those whose time is over, until ctx is done, and notices the end of the
// device.
func (v *kernelServing) Watch(ctx context.Context) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			v.mu.Lock()
			s, before := v.server, v.inside
			v.mu.Unlock()
			if len(inside(s, now, slog.New(slog.DiscardHandler))) != before {
				if err := v.Update(s, now); err != nil {
					v.log.Error("shut out whose time is over", "error", err)
				}
			}
			if _, err := os.Stat("/sys/class/net/" + v.name); errors.Is(err, fs.ErrNotExist) {
				close(v.ended)
				return
			}
		}
	}
}

// Status tells how the peers stand.
func (v *kernelServing) Status() (tunnel.Status, error) {
	out, err := exec.Command("wg", "show", v.name, "dump").Output()
	if err != nil {
		return tunnel.Status{}, fmt.Errorf("wg show %s: %w", v.name, err)
	}
	all, err := dumped(string(out))
	if err != nil {
		return tunnel.Status{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	st := tunnel.Status{Since: v.since, TUN: true, Peers: []tunnel.PeerStatus{}}
	for _, p := range v.server.Peers {
		one := all[p.PublicKey.String()]
		one.Name = p.Name
		st.Peers = append(st.Peers, one)
	}
	return st, nil
}

func (v *kernelServing) Wait() <-chan struct{} { return v.ended }

// Close shuts all out: the device stays, for who made it to take away.
func (v *kernelServing) Close() {
	c := tunnel.Conf{PrivateKey: v.server.PrivateKey, ListenPort: v.server.Port}
	_ = command(context.Background(), bare(c, ""), "wg", "syncconf", v.name, "/dev/stdin") // it may be gone
}

// dumped reads what "wg show NAME dump" says of the peers: after a line about the device,
// one for each, of eight words between tabs.
func dumped(text string) (map[string]tunnel.PeerStatus, error) {
	all := map[string]tunnel.PeerStatus{}
	first := true
	for line := range strings.Lines(text) {
		if first {
			first = false
			continue
		}
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 8 {
			return nil, fmt.Errorf("wg says %d words of a peer, not 8", len(f))
		}
		var p tunnel.PeerStatus
		if f[2] != "(none)" {
			p.Endpoint = f[2]
		}
		at, err := strconv.ParseInt(f[4], 10, 64)
		received, err2 := strconv.ParseUint(f[5], 10, 64)
		sent, err3 := strconv.ParseUint(f[6], 10, 64)
		if err := errors.Join(err, err2, err3); err != nil {
			return nil, fmt.Errorf("read what wg says: %w", err)
		}
		if at > 0 {
			p.Handshake = time.Unix(at, 0)
		}
		p.Received, p.Sent = received, sent
		all[f[0]] = p
	}
	return all, nil
}
