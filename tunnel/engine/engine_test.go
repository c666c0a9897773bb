package engine

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/tunnel"
)

const inside = "OMAMORI_TEST_NETWORK"

// patience is for what must happen, on a machine that has much else to do. TCP without
// luck waits twice as long each time.
const patience = 3 * time.Minute

// Addresses of the network of its own in which these tests run: those of this machine,
// and those of the world, which is another.
const (
	here4, host4 = "192.0.2.1", "192.0.2.2"
	here6, host6 = "2001:db8::1", "2001:db8::2"
	world        = "/run/netns/world"
)

// TestMain runs the tests in a network of their own, with addresses of IPv4 and IPv6
// that are not loopback's.
func TestMain(m *testing.M) {
	if os.Getenv(inside) != "" {
		os.Exit(m.Run())
	}
	script := `mount -t tmpfs none /run; mkdir /run/netns; ip netns add world
		ip link add to-world type veth peer name to-here netns world
		ip link set lo up; ip -n world link set lo up
		ip addr add ` + here4 + `/24 dev to-world; ip -n world addr add ` + host4 + `/24 dev to-here
		ip addr add ` + here6 + `/64 dev to-world nodad; ip -n world addr add ` + host6 + `/64 dev to-here nodad
		ip link set to-world up; ip -n world link set to-here up
		ip route add default via ` + host4 + `
		echo "0 2147483647" > /proc/sys/net/ipv4/ping_group_range || echo "0 0" > /proc/sys/net/ipv4/ping_group_range
		exec "$0" "$@"`
	args := append([]string{"--net", "--mount", "sh", "-ec", script}, os.Args...)
	if os.Geteuid() != 0 {
		args = append([]string{"--user", "--map-root-user"}, args...)
	}
	cmd := exec.Command("unshare", args...)
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "in a network of its own:", err)
		os.Exit(1)
	}
}

// settled fails if goroutines are left of a test.
func settled(t *testing.T) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		for deadline := time.Now().Add(patience); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				all := make([]byte, 64<<10)
				t.Fatalf("%d goroutines more than before:\n%s", runtime.NumGoroutine()-before, all[:runtime.Stack(all, true)])
			}
		}
	})
}

func newServer(local ...int) tunnel.Server {
	return tunnel.Server{
		PrivateKey: tunnel.NewKey(), Endpoint: "127.0.0.1:1", MTU: 1420, Local: local,
		Networks: []netip.Prefix{netip.MustParsePrefix("10.77.0.1/24"), netip.MustParsePrefix("fd77::1/64")},
	}
}

func serve(t *testing.T, s *tunnel.Server) *Serving {
	t.Helper()
	v, err := Serve(*s, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	if s.Port, err = v.Port(); err != nil {
		t.Fatal(err)
	}
	s.Endpoint = fmt.Sprintf("127.0.0.1:%d", s.Port)
	return v
}

// join adds a device and connects it, by way of the server's endpoint.
func join(t *testing.T, v *Serving, s *tunnel.Server, name string, only ...netip.AddrPort) (*Client, tunnel.Peer) {
	t.Helper()
	private := tunnel.NewKey()
	p, err := s.Add(name, private.Public(), time.Now(), time.Time{}, only)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Update(*s, time.Now()); err != nil {
		t.Fatal(err)
	}
	c, err := Connect(t.Context(), s.Conf(p, private, false), Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, p
}

// abroad does something in the world: what is opened then stays there.
func abroad(t *testing.T, do func()) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with this
		f, err := os.Open(world)
		if err == nil {
			defer f.Close()
			if err = unix.Setns(int(f.Fd()), unix.CLONE_NEWNET); err == nil {
				do()
			}
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// at does something where an address is, here or in the world.
func at(t *testing.T, address string, do func()) {
	t.Helper()
	if host, _, _ := net.SplitHostPort(address); host == host4 || host == host6 {
		abroad(t, do)
		return
	}
	do()
}

// echoTCP answers with the address of whoever asks and then with all that is said.
func echoTCP(t *testing.T, address string) netip.AddrPort {
	t.Helper()
	var l net.Listener
	var err error
	at(t, address, func() { l, err = net.Listen("tcp", address) })
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				defer c.Close()
				fmt.Fprintln(c, c.RemoteAddr().(*net.TCPAddr).IP)
				_, _ = io.Copy(c, c)
			})
		}
	})
	t.Cleanup(func() { l.Close(); work.Wait() })
	return l.Addr().(*net.TCPAddr).AddrPort()
}

func short(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// talk sends so many bytes both ways, and returns from where the server was reached.
func talk(t *testing.T, c *Client, to netip.AddrPort, n int) string {
	t.Helper()
	conn, err := c.Dial(short(t), "tcp", to)
	if err != nil {
		t.Fatalf("dial %v: %v", to, err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	said := make([]byte, n)
	_, _ = rand.Read(said)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = conn.Write(said)
		_ = conn.(interface{ CloseWrite() error }).CloseWrite()
	}()
	heard, err := io.ReadAll(conn)
	<-done
	from, rest, _ := bytes.Cut(heard, []byte("\n"))
	if err != nil || !bytes.Equal(rest, said) {
		t.Fatalf("said %d bytes to %v and heard %d: %v", n, to, len(rest), err)
	}
	return string(from)
}

// TestFixedAddress: whoever is behind the tunnel is seen at the server's address, by
// both IPs.
func TestFixedAddress(t *testing.T) {
	settled(t)
	s := newServer()
	v := serve(t, &s)
	c, _ := join(t, v, &s, "laptop")
	for host, here := range map[string]string{host4: here4, host6: here6} {
		if from := talk(t, c, echoTCP(t, net.JoinHostPort(host, "0")), 1<<20); from != here {
			t.Errorf("%s is reached from %s", host, from)
		}
	}
	st, err := v.Status()
	if err != nil || len(st.Peers) != 1 || !st.Peers[0].Alive(time.Now()) || st.Peers[0].Received < 1<<20 || st.Peers[0].Sent < 1<<20 {
		t.Errorf("%+v, %v", st, err)
	}
}

// TestOverIPv6: the device reaches its server by IPv6, and through it the world by both.
func TestOverIPv6(t *testing.T) {
	settled(t)
	s := newServer()
	v := serve(t, &s)
	s.Endpoint = fmt.Sprintf("[%s]:%d", here6, s.Port)
	c, _ := join(t, v, &s, "laptop")
	for host, here := range map[string]string{host4: here4, host6: here6} {
		if from := talk(t, c, echoTCP(t, net.JoinHostPort(host, "0")), 100<<10); from != here {
			t.Errorf("%s is reached from %s", host, from)
		}
	}
	if st, err := v.Status(); err != nil || !strings.HasPrefix(st.Peers[0].Endpoint, "["+here6+"]:") {
		t.Errorf("%+v, %v", st, err)
	}
}

func TestUDP(t *testing.T) {
	settled(t)
	s := newServer()
	v := serve(t, &s)
	c, _ := join(t, v, &s, "laptop")
	for _, host := range []string{host4, host6} {
		var l net.PacketConn
		var err error
		abroad(t, func() { l, err = net.ListenPacket("udp", net.JoinHostPort(host, "0")) })
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			b := make([]byte, 2048)
			for {
				n, from, err := l.ReadFrom(b)
				if err != nil {
					return
				}
				_, _ = l.WriteTo(b[:n], from)
			}
		}()
		conn, err := c.Dial(short(t), "udp", l.LocalAddr().(*net.UDPAddr).AddrPort())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(patience))
		b := make([]byte, 2048)
		if _, err := conn.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		if n, err := conn.Read(b); err != nil || string(b[:n]) != "hello" {
			t.Errorf("%s: %q, %v", host, b[:n], err)
		}
		conn.Close()
		l.Close()
		<-done
	}
}

// TestWhatIsShut: a closed port refuses honestly; this machine's loopback, its link,
// other peers and a cloud's keys are out of reach, but for the ports that are lent, and
// so are its own addresses, where its firewall would not see who comes.
func TestWhatIsShut(t *testing.T) {
	settled(t)
	lent, other := echoTCP(t, "127.0.0.1:0"), echoTCP(t, "127.0.0.1:0")
	s := newServer(int(lent.Port()))
	v := serve(t, &s)
	c, p := join(t, v, &s, "laptop")
	join(t, v, &s, "phone")
	home := netip.MustParseAddr("10.77.0.1")
	if from := talk(t, c, netip.AddrPortFrom(home, lent.Port()), 1000); from != "127.0.0.1" {
		t.Errorf("the lent port sees %s", from)
	}
	own4, own6 := echoTCP(t, here4+":0"), echoTCP(t, net.JoinHostPort(here6, "0"))
	for _, to := range []netip.AddrPort{
		netip.AddrPortFrom(home, other.Port()), netip.AddrPortFrom(p.Addresses[0].Next(), 80),
		netip.MustParseAddrPort("169.254.169.254:80"), netip.MustParseAddrPort("[fd00:ec2::254]:80"), netip.MustParseAddrPort(host4 + ":9"),
		netip.MustParseAddrPort("[fe80::1]:80"), own4, own6, netip.AddrPortFrom(netip.MustParseAddr("::ffff:"+here4), own4.Port()),
	} {
		conn, err := c.Dial(short(t), "tcp", to)
		if err == nil {
			conn.Close()
			t.Errorf("%v is reached", to)
		}
		if to.Addr().String() == host4 && !strings.Contains(fmt.Sprint(err), "refused") {
			t.Errorf("a closed port: %v", err)
		}
	}
	for _, a := range []string{"127.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "224.0.0.1", "::", "169.254.1.1", "255.255.255.255"} {
		if routable(netip.MustParseAddr(a)) {
			t.Errorf("%s is routable", a)
		}
	}
}

// TestTarget: where a flow may go, by any protocol.
func TestTarget(t *testing.T) {
	settled(t)
	s := newServer(22)
	s.DNS = []netip.Addr{netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr(here4)}
	v := serve(t, &s)
	_, p := join(t, v, &s, "laptop")
	own := netip.MustParseAddrPort(here4 + ":443")
	_, buddy := join(t, v, &s, "buddy", own, netip.MustParseAddrPort("10.1.2.3:443"), netip.MustParseAddrPort("127.0.0.1:443"))
	for _, c := range []struct {
		to       string
		tcp, udp bool // the laptop may
		buddy    bool // so may who has a few servers, by TCP
	}{
		{to: host4 + ":443", tcp: true, udp: true},
		{to: "[" + host6 + "]:443", tcp: true, udp: true},
		{to: "198.51.100.7:443", tcp: true, udp: true},
		{to: own.String(), buddy: true},
		{to: here4 + ":0"},
		{to: "[" + here6 + "]:443"},
		{to: "[::ffff:" + here4 + "]:443", buddy: true},
		{to: "192.0.2.255:443"}, // all on the link
		{to: "192.0.2.0:443"},
		{to: "[2001:db8::]:443"}, // any router of the link, of which this may be one
		{to: "127.0.0.1:443"},
		{to: "10.1.2.3:443", buddy: true},
		{to: "10.1.2.3:444"},
		{to: "172.16.0.1:443"}, {to: "192.168.1.1:443"}, {to: "100.64.0.1:443"}, {to: "100.127.255.254:443"},
		{to: "100.100.100.200:80"}, {to: "168.63.129.16:80"}, {to: "192.0.0.192:80"}, {to: "[fd12::1]:443"}, {to: "[fec0::1]:443"},
		{to: "100.63.255.254:443", tcp: true, udp: true}, {to: "100.128.0.1:443", tcp: true, udp: true},
		{to: "10.0.0.2:53", tcp: true, udp: true},
		{to: "10.0.0.2:54"},
		{to: "[64:ff9b::127.0.0.1]:80"}, {to: "[64:ff9b::169.254.169.254]:80"}, {to: "[64:ff9b::10.1.2.3]:443"}, {to: "[64:ff9b:1::192.168.1.1]:443"},
		{to: "[64:ff9b::" + here4 + "]:443"}, {to: "[2002:a9fe:a9fe::1]:80"}, {to: "[2002:7f00:1::1]:80"}, {to: "[::127.0.0.2]:80"}, {to: "[::a9fe:a9fe]:80"},
		{to: "[64:ff9b::198.51.100.7]:443", tcp: true, udp: true}, {to: "[2002:c633:6407::1]:443", tcp: true, udp: true},
		{to: here4 + ":53", tcp: true, udp: true},
		{to: "10.77.0.1:22", tcp: true},
		{to: "10.77.0.1:23"},
	} {
		to := netip.MustParseAddrPort(c.to)
		from := p.Addresses[0]
		if to.Addr().Is6() {
			from = p.Addresses[1]
		}
		_, tcp := v.egress.target(from, to, true)
		_, udp := v.egress.target(from, to, false)
		_, few := v.egress.target(buddy.Addresses[0], to, true)
		_, fewUDP := v.egress.target(buddy.Addresses[0], to, false)
		if tcp != c.tcp || udp != c.udp || few != c.buddy || fewUDP {
			t.Errorf("%s: by TCP %v, by UDP %v; the buddy %v and %v", to, tcp, udp, few, fewUDP)
		}
	}
	// An address that this machine gets later is its own too.
	e, now := v.egress, time.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.own, e.looked = nil, now
	if a := netip.MustParseAddr(here4); e.isOwn(a, now) || !e.isOwn(a, now.Add(fresh)) {
		t.Error("not looked at afresh")
	}
}

// TestSpoofed: who takes another device's address within the tunnel, or one of the world's,
// gets nothing carried on, and the other's session goes on.
func TestSpoofed(t *testing.T) {
	settled(t)
	to := echoTCP(t, host4+":0")
	s := newServer()
	v := serve(t, &s)
	laptop, p := join(t, v, &s, "laptop")
	talk(t, laptop, to, 100)
	for i, address := range []string{p.Addresses[0].String(), "10.77.0.1", "127.0.0.1", host4, here4} {
		private := tunnel.NewKey()
		thief, err := s.Add(fmt.Sprintf("thief%d", i), private.Public(), time.Now(), time.Time{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := v.Update(s, time.Now()); err != nil {
			t.Fatal(err)
		}
		conf := s.Conf(thief, private, false)
		conf.Addresses = []netip.Prefix{netip.PrefixFrom(netip.MustParseAddr(address), 32)}
		c, err := Connect(t.Context(), conf, Options{Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() { // until its session is there, so that what it says is heard
			for ctx.Err() == nil {
				if st, err := v.Status(); err == nil && st.Peers[i+1].Alive(time.Now()) && st.Peers[i+1].Received > 400 {
					cancel()
				}
				time.Sleep(10 * time.Millisecond)
			}
		}()
		conn, err := c.Dial(ctx, "tcp", to)
		cancel()
		if err == nil {
			conn.Close()
			t.Errorf("as %s the world is reached", address)
		}
		c.Close()
	}
	talk(t, laptop, to, 100)
}

// TestBuddy: a peer who may reach a few servers reaches nothing else.
func TestBuddy(t *testing.T) {
	settled(t)
	site, other := echoTCP(t, host4+":0"), echoTCP(t, host4+":0")
	s := newServer()
	v := serve(t, &s)
	c, p := join(t, v, &s, "buddy", site)
	talk(t, c, site, 100)
	// The device's own configuration keeps it too: so the server is asked by itself.
	for _, from := range p.Addresses {
		for to, isTCP := range map[netip.AddrPort]bool{other: true, netip.MustParseAddrPort(host4 + ":443"): true, site: false} {
			if _, ok := v.egress.target(from, to, isTCP); ok {
				t.Errorf("a buddy reaches more than was agreed: %v, by TCP %v", to, isTCP)
			}
		}
	}
	if _, ok := v.egress.target(p.Addresses[0], site, true); !ok {
		t.Error("a buddy does not reach what was agreed")
	}
}

// TestWithTUN: with a TUN nothing keeps a buddy to what was agreed, so he stays out,
// and the others come in; no port can be lent.
func TestWithTUN(t *testing.T) {
	settled(t)
	s := newServer()
	for name, only := range map[string][]netip.AddrPort{"buddy": {netip.MustParseAddrPort("198.51.100.7:443")}, "laptop": nil} {
		if _, err := s.Add(name, tunnel.NewKey().Public(), time.Now(), time.Time{}, only); err != nil {
			t.Fatal(err)
		}
	}
	v, err := Serve(s, Options{TUN: newNetDevice(1420), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if err := v.Update(s, time.Now()); err != nil {
		t.Fatal(err)
	}
	all, err := peersOf(v.device)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range s.Peers {
		if _, in := all[p.PublicKey.Hex()]; in != (p.Name == "laptop") {
			t.Errorf("%s inside: %v", p.Name, in)
		}
	}
	if st, err := v.Status(); err != nil || !st.TUN {
		t.Errorf("%+v, %v", st, err)
	}
	s.Local = []int{22}
	spare := newNetDevice(1420)
	defer spare.Close()
	if w, err := Serve(s, Options{TUN: spare, Log: slog.New(slog.DiscardHandler)}); err == nil {
		w.Close()
		t.Error("a port is lent that nobody reaches")
	}
}

// TestExpiry: who has expired is shut out, his connections too.
func TestExpiry(t *testing.T) {
	settled(t)
	var l net.Listener
	var err error
	abroad(t, func() { l, err = net.Listen("tcp", host4+":0") })
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	to := l.Addr().(*net.TCPAddr).AddrPort()
	s := newServer()
	v := serve(t, &s)
	c, p := join(t, v, &s, "guest")
	conn, err := c.Dial(short(t), "tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	s.Peers[0].Expires = time.Now().Add(time.Hour)
	if err := v.Update(s, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, over := v.overdue(time.Now()); over {
		t.Error("shut out before his time")
	}
	b := make([]byte, 8)
	_ = far.SetDeadline(time.Now().Add(patience))
	if _, err := conn.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if n, err := far.Read(b); err != nil || string(b[:n]) != "hello" {
		t.Errorf("before his time: %q, %v", b[:n], err)
	}
	later := time.Now().Add(2 * time.Hour)
	if _, over := v.overdue(later); !over {
		t.Error("not shut out")
	}
	if err := v.Update(s, later); err != nil {
		t.Fatal(err)
	}
	if n, err := far.Read(b); n > 0 || err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("his connection goes on: %q, %v", b[:n], err)
	}
	if st, err := v.Status(); err != nil || !st.Peers[0].Handshake.IsZero() {
		t.Errorf("still inside: %+v", st)
	}
	if _, ok := v.egress.target(p.Addresses[0], to, true); ok {
		t.Error("he may still go there")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if conn, err := c.Dial(ctx, "tcp", to); err == nil {
		conn.Close()
		t.Error("he still comes through")
	}
}

func TestPing(t *testing.T) {
	settled(t)
	s := newServer()
	v := serve(t, &s)
	_, p := join(t, v, &s, "laptop")
	for _, c := range []struct {
		from, to netip.Addr
		answered bool
	}{
		{p.Addresses[0], netip.MustParseAddr(host4), true},
		{p.Addresses[1], netip.MustParseAddr(host6), true},
		{p.Addresses[0], netip.MustParseAddr("10.77.0.1"), true},
		{p.Addresses[0], netip.MustParseAddr("127.0.0.1"), false},
		{p.Addresses[0], netip.MustParseAddr(here4), false},
		{p.Addresses[1], netip.MustParseAddr(here6), false},
		{netip.MustParseAddr("10.77.0.9"), netip.MustParseAddr(host4), false},
	} {
		_, allowed := v.egress.target(c.from, netip.AddrPortFrom(c.to, 0), false)
		q := ping{from: c.from, to: c.to, id: 7, seq: 9, data: []byte("omamori")}
		got := v.egress.home(q)
		for deadline := time.Now().Add(patience); !got && allowed && time.Now().Before(deadline); {
			got = v.egress.echo.ask(q)
		}
		if got != c.answered {
			t.Errorf("%v → %v: answered %v", c.from, c.to, got)
		}
	}
	// What is made is what is read, the kind aside.
	r := ping{from: netip.MustParseAddr(host6), to: netip.MustParseAddr("fd77::2"), id: 7, seq: 9, data: []byte("x")}.reply()
	r[40] = 128
	if q, ok := parsePing(r); !ok || q.id != 7 || q.seq != 9 || string(q.data) != "x" || q.from.String() != "fd77::2" {
		t.Errorf("%+v", q)
	}
}

func FuzzPing(f *testing.F) {
	for _, a := range [][2]string{{host4, "10.77.0.2"}, {host6, "fd77::2"}} {
		b := ping{from: netip.MustParseAddr(a[0]), to: netip.MustParseAddr(a[1]), data: []byte("x")}.reply()
		f.Add(b)
		b = bytes.Clone(b)
		if b[0]>>4 == 4 {
			b[20] = 8
		} else {
			b[40] = 128
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, ok := parsePing(b); ok && len(p.reply()) > len(b)+60 {
			t.Errorf("%d bytes answer %d", len(p.reply()), len(b))
		}
	})
}
