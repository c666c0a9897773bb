package main

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/door/doortest"
	"github.com/omamori-guard/omamori/door/knock"
)

// An owner behind a router that puts its own address in the place of his: the door lets in the
// one that it sees, and nobody else's; when the router has got another one, he knocks again.
func TestThroughARouter(t *testing.T) {
	server, router, laptop := doortest.New(t), doortest.New(t), doortest.New(t)
	const first, next = "192.0.2.9", "192.0.2.8"
	doortest.Wire(server, router, serverAt+"/24", first+"/24 "+next+"/24")
	router.Run("ip link set eth0 down; ip link set eth0 name out; ip link set out up")
	doortest.Wire(router, laptop, "10.0.0.1/24", "10.0.0.2/24 10.0.0.3/24")
	laptop.Run("ip route add default via 10.0.0.1")
	router.Run("sysctl -qw net.ipv4.ip_forward=1; nft 'table ip nat { chain p { type nat hook postrouting priority 100; ip saddr 10.0.0.0/24 snat to " + first + "; }; }'")
	w := worldOf(t, 1, server, laptop)
	knocks := func(seen string) {
		t.Helper()
		var got knock.Answer
		var err error
		w.laptop.In(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			got, err = w.client.Knock(ctx, netip.MustParseAddrPort(serverAt+":4649"), knock.Ask{Ports: []uint16{22}, For: time.Hour})
		})
		if err != nil || got.From.String() != seen+"/32" || got.Seen.String() != seen {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	out := func(from string) {
		t.Helper()
		if w.dial(from, 100*time.Millisecond) == nil {
			t.Errorf("%s comes in without a lease", from)
		}
	}
	in := func(from string) {
		t.Helper()
		if err := w.dial(from, 30*time.Second); err != nil {
			t.Errorf("from %s: %v", from, err)
		}
	}
	out("10.0.0.2")
	knocks(first)
	in("10.0.0.2")
	in("10.0.0.3") // whoever is behind the same router shares the lease
	var err error
	router.In(func() { // somebody else on the server's wire does not
		d := net.Dialer{Timeout: 100 * time.Millisecond, LocalAddr: &net.TCPAddr{IP: net.ParseIP(next)}}
		var c net.Conn
		if c, err = d.Dial("tcp", serverAt+":22"); err == nil {
			_ = c.Close()
		}
	})
	if err == nil {
		t.Error("a stranger comes in")
	}
	router.Run("nft flush chain ip nat p; nft add rule ip nat p ip saddr 10.0.0.0/24 snat to " + next)
	out("10.0.0.2")
	knocks(next)
	in("10.0.0.2")
}
