package nft_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/door"
	"github.com/omamori-guard/omamori/door/doortest"
	"github.com/omamori-guard/omamori/door/nft"
)

// host is a server with our firewall, and a client on the same wire.
type host struct {
	*doortest.Space
	t      *testing.T
	fw     *nft.Firewall
	client *doortest.Space
}

const (
	server4, client4, other4 = "192.0.2.1", "192.0.2.2", "192.0.2.3"
	server6, client6         = "2001:db8::1", "2001:db8::2"
)

func newHost(t *testing.T) *host {
	t.Helper()
	h := &host{Space: doortest.New(t), t: t, client: doortest.New(t)}
	h.fw = nft.In(h.File)
	doortest.Wire(h.Space, h.client, server4+"/24 "+server6+"/64", client4+"/24 "+other4+"/24 "+client6+"/64")
	return h
}

// listen serves an echo on the port, inside the host.
func (h *host) listen(port uint16) {
	h.t.Helper()
	h.In(func() {
		l, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
		if err != nil {
			h.t.Error(err)
			return
		}
		h.t.Cleanup(func() { l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					defer c.Close()
					b := make([]byte, 100)
					for {
						n, err := c.Read(b)
						if err != nil {
							return
						}
						c.Write(b[:n]) //nolint:errcheck // the test sees it
					}
				}()
			}
		}()
	})
}

// dial connects from one of the client's addresses.
func (h *host) dial(from, to string, port uint16, patience time.Duration) (c net.Conn, err error) {
	h.client.In(func() {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		c, err = d.DialContext(ctx, "tcp", net.JoinHostPort(to, fmt.Sprint(port)))
	})
	return c, err
}

func (h *host) enters(from, to string, port uint16) {
	h.t.Helper()
	c, err := h.dial(from, to, port, 5*time.Second)
	if err != nil {
		h.t.Errorf("%s does not get in to %d: %v", from, port, err)
		return
	}
	defer c.Close()
	echoes(h.t, c)
}

// silent makes sure that nothing comes back: no refusal either.
func (h *host) silent(from, to string, port uint16) {
	h.t.Helper()
	c, err := h.dial(from, to, port, 150*time.Millisecond)
	if err == nil {
		c.Close()
		h.t.Errorf("%s gets in to %d", from, port)
	} else if !errors.Is(err, context.DeadlineExceeded) && !os.IsTimeout(err) {
		h.t.Errorf("%s is answered by %d: %v", from, port, err)
	}
}

func echoes(t *testing.T, c net.Conn) {
	t.Helper()
	c.SetDeadline(time.Now().Add(5 * time.Second)) //nolint:errcheck
	if _, err := c.Write([]byte("omamori")); err != nil {
		t.Error(err)
	}
	b := make([]byte, 7)
	if _, err := c.Read(b); err != nil || string(b) != "omamori" {
		t.Errorf("%q, %v", b, err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func lease(from string, port uint16, left time.Duration) []door.Opening {
	p, err := netip.ParsePrefix(from)
	if err != nil {
		p = netip.PrefixFrom(netip.MustParseAddr(from), netip.MustParseAddr(from).BitLen())
	}
	return []door.Opening{{From: p, Port: port, Lease: "0123456789abcdef", Left: left}}
}

var ssh = door.Rules{Closed: []uint16{22}}

func TestClosedAndLeased(t *testing.T) {
	h := newHost(t)
	h.listen(22)
	h.listen(80)
	before := h.Ruleset()
	must(t, h.fw.Load(ssh, nil))
	for _, pair := range [][2]string{{client4, server4}, {client6, server6}} {
		h.silent(pair[0], pair[1], 22)
		h.enters(pair[0], pair[1], 80)
		must(t, h.fw.Open(lease(pair[0], 22, time.Hour)))
		h.enters(pair[0], pair[1], 22)
		must(t, h.fw.Shut(lease(pair[0], 22, 0)))
		must(t, h.fw.Shut(lease(pair[0], 22, 0))) // gone already
		h.silent(pair[0], pair[1], 22)
	}
	must(t, h.fw.Open(append(lease("192.0.2.2/31", 22, time.Hour), lease("2001:db8::/64", 22, time.Hour)...)))
	h.enters(client4, server4, 22)
	h.enters(other4, server4, 22)
	h.enters(client6, server6, 22)
	// The host itself is not the world.
	h.In(func() {
		c, err := net.Dial("tcp", "127.0.0.1:22")
		if err != nil {
			t.Error(err)
			return
		}
		c.Close()
	})
	must(t, h.fw.Remove())
	must(t, h.fw.Remove())
	h.enters(client4, server4, 22)
	if after := h.Ruleset(); after != before {
		t.Errorf("left behind:\n%s", after)
	}
}

// The kernel ends a lease, and no lease is for ever by mistake.
func TestLeasesEndInTheKernel(t *testing.T) {
	h := newHost(t)
	h.listen(22)
	must(t, h.fw.Load(ssh, nil))
	for _, d := range []time.Duration{0, -1, time.Millisecond / 2, time.Second - 1, 100 * 365 * 24 * time.Hour} {
		if err := h.fw.Open(lease(client4, 22, d)); err == nil {
			t.Errorf("a lease of %v was made", d)
		}
	}
	for _, from := range []string{"0.0.0.0/0", "::/0", "::ffff:192.0.2.2", "192.0.2.2/24"} {
		if err := h.fw.Open(lease(from, 22, time.Minute)); err == nil {
			t.Errorf("a lease of %s was made", from)
		}
	}
	for _, from := range []string{client4, "192.0.2.2/31", client6, "2001:db8::/64"} {
		must(t, h.fw.Open(lease(from, 22, time.Second)))
		began := time.Now()
		doortest.Eventually(t, "the lease ends", func() bool {
			list, err := h.fw.Openings()
			must(t, err)
			for _, o := range list {
				if o.Left > time.Second || o.Lease == "" {
					t.Fatalf("%+v", o)
				}
			}
			return len(list) == 0
		})
		t.Logf("%s ended after %v", from, time.Since(began))
		h.silent(client4, server4, 22)
	}
	// A renewal gives the new time, longer or shorter.
	must(t, h.fw.Open(lease(client4, 22, time.Hour)))
	for _, d := range []time.Duration{2 * time.Hour, time.Minute} {
		for _, from := range []string{client4, "192.0.2.0/24"} {
			must(t, h.fw.Open(lease(from, 22, d)))
		}
		list, err := h.fw.Openings()
		must(t, err)
		if len(list) != 2 {
			t.Fatalf("%+v", list)
		}
		for _, o := range list {
			if o.Left > d || o.Left < d-time.Minute/2 {
				t.Errorf("%+v, want %v", o, d)
			}
		}
	}
}

// Whoever sits in a session when the door is installed goes on sitting there, even if
// the first to speak is he, and the kernel tracks no connections or has just begun to.
func TestSessionsAreNotCut(t *testing.T) {
	for _, tracking := range []bool{false, true} {
		t.Run(fmt.Sprint("tracking=", tracking), func(t *testing.T) {
			h := newHost(t)
			h.listen(22)
			c, err := h.dial(client4, server4, 22, 5*time.Second)
			must(t, err)
			defer c.Close()
			if tracking {
				h.Run("nft 'table inet theirs { chain c { type filter hook input priority 0; ct state established counter; }; }'")
			}
			must(t, h.fw.Load(ssh, nil))
			echoes(t, c)
			h.silent(client4, server4, 22)
			// One that came by a lease goes on after it, until it is cut.
			must(t, h.fw.Open(lease(client4, 22, time.Hour)))
			d, err := h.dial(client4, server4, 22, 5*time.Second)
			must(t, err)
			defer d.Close()
			must(t, h.fw.Shut(lease(client4, 22, 0)))
			echoes(t, d)
			list, err := h.fw.Sessions([]uint16{22})
			must(t, err)
			if len(list) != 2 {
				t.Fatalf("%+v", list)
			}
			for _, s := range list {
				if s.Remote.String() == d.LocalAddr().String() {
					must(t, h.fw.Cut(s))
					must(t, h.fw.Cut(s)) // it is gone, which is what was asked
				}
			}
			d.SetDeadline(time.Now().Add(5 * time.Second)) //nolint:errcheck
			if _, err := d.Read(make([]byte, 1)); err == nil || os.IsTimeout(err) {
				t.Errorf("the session was not cut: %v", err)
			}
			echoes(t, c)
		})
	}
}

// What a trial has closed, the kernel opens again, and what it has opened it closes.
func TestATrialEndsInTheKernel(t *testing.T) {
	h := newHost(t)
	h.listen(22)
	h.listen(2222)
	must(t, h.fw.Try(nil, ssh, time.Second))
	h.silent(client4, server4, 22)
	wall, err := h.fw.Read(nil)
	must(t, err)
	if !wall.There || !wall.Sound || len(wall.Closed) != 0 || fmt.Sprint(wall.Trying) != "[22]" || wall.Left > time.Second {
		t.Errorf("%+v", wall)
	}
	h.enters(client4, server4, 22) // its second SYN comes through
	must(t, h.fw.Settle(ssh))
	h.silent(client4, server4, 22)
	// From 22 to 2222, and back by itself.
	must(t, h.fw.Open(lease(client6, 22, time.Hour)))
	must(t, h.fw.Try(&ssh, door.Rules{Closed: []uint16{2222}}, time.Second))
	h.enters(client4, server4, 22)
	h.silent(client4, server4, 2222)
	doortest.Eventually(t, "the trial ends", func() bool {
		wall, err := h.fw.Read(nil)
		must(t, err)
		return wall.Left == 0 && len(wall.Freed) == 0 && fmt.Sprint(wall.Closed) == "[22]" && len(wall.Open) == 1
	})
	h.silent(client4, server4, 22)
	h.enters(client4, server4, 2222)
	must(t, h.fw.Try(&ssh, door.Rules{Closed: []uint16{2222}}, time.Minute))
	must(t, h.fw.Settle(door.Rules{Closed: []uint16{2222}}))
	h.enters(client4, server4, 22)
	h.silent(client4, server4, 2222)
}

// Read finds every change that somebody makes to our table.
func TestSoundOrNot(t *testing.T) {
	h := newHost(t)
	rules := door.Rules{Closed: []uint16{22, 8443}, Keep: []string{"wg0"}}
	if w, err := h.fw.Read(nil); err != nil || w.There {
		t.Errorf("%+v, %v", w, err)
	}
	for _, change := range []string{
		"insert rule inet omamori input accept",
		"add rule inet omamori input counter",
		"flush chain inet omamori input",
		"add chain inet omamori more '{ type filter hook input priority -20; }'",
		"chain inet omamori input '{ policy drop; }'",
		"add element inet omamori freed '{ 22 }'",
	} {
		must(t, h.fw.Load(rules, lease(client4, 22, time.Hour)))
		w, err := h.fw.Read(rules.Keep)
		if err != nil || !w.There || !w.Sound || fmt.Sprint(w.Closed) != "[22 8443]" || len(w.Open) != 1 {
			t.Errorf("%+v, %v\n%s", w, err, h.Ruleset())
		}
		if w, err := h.fw.Read(nil); err != nil || w.Sound {
			t.Errorf("an interface that should not be kept was not seen: %v", err)
		}
		h.Run("nft " + change)
		if w, err := h.fw.Read(rules.Keep); err != nil || w.Sound {
			t.Errorf("%s: not seen: %v", change, err)
		}
	}
	h.Run("nft delete element inet omamori closed '{ 22 }'; nft flush set inet omamori freed")
	if w, err := h.fw.Read(rules.Keep); err != nil || fmt.Sprint(w.Closed) != "[8443]" {
		t.Errorf("%+v, %v", w, err)
	}
	if !strings.Contains(h.Ruleset(), "tcp dport @closed tcp flags ! rst,ack drop") {
		t.Errorf("not what is meant:\n%s", h.Ruleset())
	}
}

// Packets made by hand: everything that says whether somebody listens is dropped, and an
// IPv6 packet in pieces too.
func TestPacketsOfAnAttacker(t *testing.T) {
	h := newHost(t)
	h.listen(22)
	must(t, h.fw.Load(ssh, nil))
	for flags, answered := range map[byte]bool{0x02: false, 0x00: false, 0x01: false, 0x29: false, 0x03: false, 0x04: false, 0x10: true, 0x12: true} {
		segment := tcp(flags, 40000+uint16(flags), 22)
		got := h.send6([][]byte{plain(segment)})
		if got != answered {
			t.Errorf("flags %#x: answered %v, want %v", flags, got, answered)
		}
	}
	// Without our rules, a SYN in two pieces, both of them with a part of TCP's header
	// or with all of it, is answered by some kernels: never with them.
	segment := append(tcp(0x02, 41000, 22), make([]byte, 20)...)
	for _, first := range []int{8, 16, 24} {
		if h.send6([][]byte{fragment(segment[:first], 0, true), fragment(segment[first:], first, false)}) {
			t.Errorf("a SYN in pieces, the first of %d bytes, was answered", first)
		}
	}
}

// send6 sends IPv6 payloads from the client, and says whether TCP answers them.
func (h *host) send6(packets [][]byte) (answered bool) {
	h.t.Helper()
	h.client.In(func() {
		send, err := unix.Socket(unix.AF_INET6, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
		must(h.t, err)
		defer unix.Close(send)
		receive, err := unix.Socket(unix.AF_INET6, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
		must(h.t, err)
		defer unix.Close(receive)
		must(h.t, unix.SetsockoptTimeval(receive, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 100000}))
		to := &unix.SockaddrInet6{Addr: netip.MustParseAddr(server6).As16()}
		for _, p := range packets {
			must(h.t, unix.Sendto(send, p, 0, to))
		}
		b := make([]byte, 100)
		n, _, err := unix.Recvfrom(receive, b, 0)
		answered = err == nil && n > 0
	})
	return answered
}

func header6(next byte, payload []byte) []byte {
	b := make([]byte, 40, 40+len(payload))
	b[0], b[6], b[7] = 6<<4, next, 64
	b[4], b[5] = byte(len(payload)>>8), byte(len(payload))
	from, to := netip.MustParseAddr(client6).As16(), netip.MustParseAddr(server6).As16()
	copy(b[8:], from[:])
	copy(b[24:], to[:])
	return append(b, payload...)
}

func plain(segment []byte) []byte { return header6(unix.IPPROTO_TCP, segment) }

func fragment(part []byte, offset int, more bool) []byte {
	h := []byte{unix.IPPROTO_TCP, 0, byte(offset >> 8), byte(offset), 0, 0, 0, 7}
	if more {
		h[3] |= 1
	}
	return header6(unix.IPPROTO_FRAGMENT, append(h, part...))
}

// tcp makes a segment with a right checksum (of zero bytes more, too).
func tcp(flags byte, from, to uint16) []byte {
	b := make([]byte, 20)
	b[0], b[1], b[2], b[3] = byte(from>>8), byte(from), byte(to>>8), byte(to)
	b[7], b[12], b[13], b[14] = 1, 5<<4, flags, 16
	n := len(b)
	if flags == 0x02 && from == 41000 {
		n += 20
	}
	sum := uint32(n) + unix.IPPROTO_TCP
	add := func(b []byte) {
		for i := 0; i < len(b); i += 2 {
			sum += uint32(b[i])<<8 | uint32(b[i+1])
		}
	}
	add(b)
	for _, a := range []string{client6, server6} {
		x := netip.MustParseAddr(a).As16()
		add(x[:])
	}
	for sum > 0xffff {
		sum = sum&0xffff + sum>>16
	}
	b[16], b[17] = byte(^sum>>8), byte(^sum)
	return b
}
