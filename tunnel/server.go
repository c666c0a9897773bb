package tunnel

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// Server is a tunnel's server and who may use it.
type Server struct {
	PrivateKey Key `json:"private_key"`
	// Port is the UDP port on which it listens; Endpoint where its peers find it.
	Port     int    `json:"port"`
	Endpoint string `json:"endpoint"`
	// Networks are the server's own addresses within the tunnel, each with the
	// network from which peers get theirs.
	Networks []netip.Prefix `json:"networks"`
	DNS      []netip.Addr   `json:"dns,omitempty"`
	MTU      int            `json:"mtu"`
	// Local are TCP ports of this machine's loopback that peers reach at the
	// server's address within the tunnel: so sshd may listen there alone.
	Local []int  `json:"local,omitempty"`
	Peers []Peer `json:"peers,omitempty"`
}

// Peer is a device that may use the tunnel.
type Peer struct {
	Name      string       `json:"name"`
	PublicKey Key          `json:"public_key"`
	Addresses []netip.Addr `json:"addresses"`
	Added     time.Time    `json:"added"`
	// Expires is when it may not any more; zero for never.
	Expires time.Time `json:"expires,omitzero"`
	// Only are the servers that it may reach, and nothing else: for a buddy, who
	// proves our site from his side. Empty for all.
	Only []netip.AddrPort `json:"only,omitempty"`
}

// Expired reports whether the peer's time is over.
func (p Peer) Expired(now time.Time) bool { return !p.Expires.IsZero() && !now.Before(p.Expires) }

// DefaultPort is WireGuard's own.
const DefaultPort = 51820

// DefaultMTU fits into what nearly every way carries, IPv6 within PPPoE too.
const DefaultMTU = 1420

// Overhead is what WireGuard puts around a packet, over IPv6.
const Overhead = 80

const maxPeers = 250

// Refusal is a request that cannot be granted, and why.
type Refusal struct{ Text, Hint chain.Text }

func (r *Refusal) Error() string { return fmt.Sprintf("%s %v", r.Text.Key, r.Text.Args) }

// Said gives the words for a user.
func (r *Refusal) Said() (text, hint chain.Text) { return r.Text, r.Hint }

func refuse(what string, pairs ...any) error {
	return &Refusal{chain.Say("tunnel."+what, pairs...), chain.Say("tunnel."+what+"_hint", pairs...)}
}

// FitsTUN fails if the server lends ports, as the stack of our own alone does.
func (s *Server) FitsTUN() error {
	if len(s.Local) > 0 {
		return refuse("local_tun", "address", s.Networks[0].Addr())
	}
	return nil
}

// FitsTUN fails if the peer may reach a few servers only: that the stack of our own
// alone keeps to.
func (p Peer) FitsTUN() error {
	if len(p.Only) > 0 {
		return refuse("only_tun", "name", p.Name)
	}
	return nil
}

// isPeerName reports whether s is a plain short name.
func isPeerName(s string) bool {
	return s != "" && len(s) <= 31 && s[0] != '-' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// Add lets a device in. It gets the first free address of each network.
func (s *Server) Add(name string, public Key, now, expires time.Time, only []netip.AddrPort) (Peer, error) {
	switch {
	case !isPeerName(name):
		return Peer{}, refuse("bad_name", "name", name)
	case slices.ContainsFunc(s.Peers, func(p Peer) bool { return p.Name == name }):
		return Peer{}, refuse("name_taken", "name", name)
	case slices.ContainsFunc(s.Peers, func(p Peer) bool { return p.PublicKey == public }) || public == s.PrivateKey.Public():
		return Peer{}, refuse("key_taken", "name", name)
	case !expires.IsZero() && !expires.After(now):
		return Peer{}, refuse("expiry_past", "name", name)
	case len(s.Peers) >= maxPeers:
		return Peer{}, refuse("full", "most", maxPeers)
	}
	p := Peer{Name: name, PublicKey: public, Added: now.UTC().Truncate(time.Second), Only: only}
	if !expires.IsZero() {
		p.Expires = expires.UTC().Truncate(time.Second)
	}
	for _, n := range s.Networks {
		a, ok := s.free(n)
		if !ok {
			return Peer{}, refuse("full", "most", len(s.Peers))
		}
		p.Addresses = append(p.Addresses, a)
	}
	s.Peers = append(s.Peers, p)
	return p, nil
}

// free is the first address of a network that nobody has.
func (s *Server) free(n netip.Prefix) (netip.Addr, bool) {
	taken := map[netip.Addr]bool{n.Addr(): true, n.Masked().Addr(): true}
	for _, p := range s.Peers {
		for _, a := range p.Addresses {
			taken[a] = true
		}
	}
	for a := n.Masked().Addr(); n.Contains(a); a = a.Next() {
		// The last of an IPv4 network is everybody's.
		if !taken[a] && (a.Is6() || n.Contains(a.Next())) {
			return a, true
		}
	}
	return netip.Addr{}, false
}

// Remove shuts a device out.
func (s *Server) Remove(name string) error {
	before := len(s.Peers)
	s.Peers = slices.DeleteFunc(s.Peers, func(p Peer) bool { return p.Name == name })
	if len(s.Peers) == before {
		return refuse("no_peer", "name", name)
	}
	return nil
}

// Conf is what a device needs to use the tunnel. Split sends only what is meant for
// the tunnel's own addresses, or a peer's few servers, through it; else all goes.
func (s *Server) Conf(p Peer, private Key, split bool) Conf {
	c := Conf{PrivateKey: private, MTU: s.MTU}
	peer := ConfPeer{PublicKey: s.PrivateKey.Public(), Endpoint: s.Endpoint, Keepalive: 25}
	for _, a := range p.Addresses {
		c.Addresses = append(c.Addresses, netip.PrefixFrom(a, a.BitLen()))
	}
	switch {
	case len(p.Only) > 0:
		for _, o := range p.Only {
			peer.AllowedIPs = append(peer.AllowedIPs, netip.PrefixFrom(o.Addr(), o.Addr().BitLen()))
		}
		slices.SortFunc(peer.AllowedIPs, netip.Prefix.Compare)
		peer.AllowedIPs = slices.Compact(peer.AllowedIPs)
	case split:
		for _, n := range s.Networks {
			peer.AllowedIPs = append(peer.AllowedIPs, n.Masked())
		}
	default:
		// Both, even where the tunnel has but one: what it cannot carry must not
		// leave beside it from another address.
		peer.AllowedIPs = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
		c.DNS = s.DNS
	}
	c.Peers = []ConfPeer{peer}
	return c
}

// check finds what cannot be in a server's file.
func (s *Server) check() error {
	switch {
	case s.PrivateKey.IsZero():
		return fmt.Errorf("no private key")
	case s.Port < 1 || s.Port > 65535:
		return fmt.Errorf("port %d", s.Port)
	case s.MTU < 1280 || s.MTU > 9000:
		return fmt.Errorf("mtu %d", s.MTU)
	case !isEndpoint(s.Endpoint):
		return fmt.Errorf("endpoint %q", s.Endpoint)
	case len(s.Networks) == 0 || len(s.Networks) > 2:
		return fmt.Errorf("%d networks", len(s.Networks))
	}
	taken := map[netip.Addr]string{}
	for i, n := range s.Networks {
		if !n.IsValid() || i > 0 && n.Overlaps(s.Networks[0]) {
			return fmt.Errorf("network %v", n)
		}
		taken[n.Addr()] = "the server"
	}
	for _, p := range s.Local {
		if p < 1 || p > 65535 {
			return fmt.Errorf("local port %d", p)
		}
	}
	names := map[string]bool{}
	for _, p := range s.Peers {
		if !isPeerName(p.Name) || names[p.Name] || p.PublicKey.IsZero() || len(p.Addresses) == 0 {
			return fmt.Errorf("peer %q", p.Name)
		}
		names[p.Name] = true
		for _, a := range p.Addresses {
			if who := taken[a]; who != "" {
				return fmt.Errorf("%s and %s have the same address %v", p.Name, who, a)
			}
			taken[a] = p.Name
			if !slices.ContainsFunc(s.Networks, func(n netip.Prefix) bool { return n.Contains(a) }) {
				return fmt.Errorf("%s has %v, which is in no network of the tunnel", p.Name, a)
			}
		}
	}
	return nil
}
