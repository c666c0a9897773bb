package engine

import (
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"
)

// TestRoom: one device that takes all it gets leaves the others room, and itself the
// ports that are lent.
func TestRoom(t *testing.T) {
	settled(t)
	s := newServer()
	v := serve(t, &s)
	_, greedy := join(t, v, &s, "greedy")
	_, laptop := join(t, v, &s, "laptop")
	e := v.egress
	for _, k := range []kind{byTCP, byUDP, echo, lent} {
		var ends []func()
		begin := func(from netip.Addr) bool {
			end, ok := e.begin(k, from)
			if ok {
				ends = append(ends, end)
			}
			return ok
		}
		_, each := k.bounds()
		for i := range each {
			if !begin(greedy.Addresses[i%2]) {
				t.Fatalf("kind %d: there is no room for flow %d", k, i)
			}
		}
		if begin(greedy.Addresses[0]) || begin(greedy.Addresses[1]) {
			t.Errorf("kind %d: one device has more than its part", k)
		}
		if !begin(laptop.Addresses[0]) {
			t.Errorf("kind %d: one device leaves the others no room", k)
		}
		if begin(netip.MustParseAddr("10.77.0.9")) {
			t.Errorf("kind %d: a flow of nobody's", k)
		}
		if all, _ := byTCP.bounds(); k == byTCP { // all is full, and not the way in
			e.mu.Lock()
			before := e.count[whose{kind: k}]
			e.count[whose{kind: k}] = all
			e.mu.Unlock()
			if begin(laptop.Addresses[0]) {
				t.Error("more flows than there is room for")
			}
			end, ok := e.begin(lent, laptop.Addresses[0])
			if !ok {
				t.Fatal("the port that is lent is out of reach")
			}
			end()
			e.mu.Lock()
			e.count[whose{kind: k}] = before
			e.mu.Unlock()
		}
		for _, end := range ends {
			end()
		}
	}
	for w, n := range e.count {
		if n != 0 {
			t.Errorf("%d flows of kind %d are left", n, w.kind)
		}
	}
}

// TestLentIsApart: a connection to a port that is lent is counted as one.
func TestLentIsApart(t *testing.T) {
	settled(t)
	to := echoTCP(t, "127.0.0.1:0")
	s := newServer(int(to.Port()))
	v := serve(t, &s)
	c, p := join(t, v, &s, "laptop")
	conn, err := c.Dial(short(t), "tcp", netip.AddrPortFrom(netip.MustParseAddr("10.77.0.1"), to.Port()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	v.egress.mu.Lock()
	defer v.egress.mu.Unlock()
	if n := v.egress.count; n[whose{lent, p.PublicKey}] != 1 || n[whose{kind: byTCP}] != 0 {
		t.Errorf("%v", n)
	}
}

// TestQuietFlowsAreSmall: a flow of datagrams that is quiet for now holds no buffer for
// one.
func TestQuietFlowsAreSmall(t *testing.T) {
	settled(t)
	var l net.PacketConn
	var err error
	abroad(t, func() { l, err = net.ListenPacket("udp", host4+":0") })
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := newServer()
	v := serve(t, &s)
	c, p := join(t, v, &s, "laptop")
	const flows = 200
	before := heap()
	b := make([]byte, 2048)
	for range flows {
		conn, err := c.Dial(short(t), "udp", l.LocalAddr().(*net.UDPAddr).AddrPort())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(patience))
		_ = l.SetDeadline(time.Now().Add(patience))
		if _, err := conn.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		n, from, err := l.ReadFrom(b)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.WriteTo(b[:n], from); err != nil {
			t.Fatal(err)
		}
		if n, err := conn.Read(b); err != nil || string(b[:n]) != "hello" {
			t.Fatalf("%q, %v", b[:n], err)
		}
	}
	v.egress.mu.Lock()
	open := v.egress.count[whose{byUDP, p.PublicKey}]
	v.egress.mu.Unlock()
	if open != flows {
		t.Errorf("%d flows", open)
	}
	small(t, before, 12<<20) // two buffers each would be 26 MB
}

// small: soon the heap has grown by no more than most since it was measured; what is
// being worked on takes some too.
func small(t *testing.T, before, most int64) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		grown := heap() - before
		if grown <= most {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d bytes more than before", grown)
		}
	}
}

// heap is how much of it is in use, in bytes.
func heap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // what a pool held
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
