package engine

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/tunnel"
)

// way is a UDP relay between a device and its server that is as bad as it is told.
type way struct {
	in     *net.UDPConn
	server *net.UDPAddr
	work   sync.WaitGroup
	seen   chan []byte // of what went to the server, for replays

	mu     sync.Mutex
	out    *net.UDPConn
	client *net.UDPAddr
	there  lane
	back   lane
	closed bool
	rough  bool // loses one in 25, and has one in 10 overtaken
}

// lane is one direction of a way.
type lane struct {
	n    int
	held []byte
}

// late is how long a packet waits at most for the one that overtakes it.
const late = 5 * time.Millisecond

func newWay(t *testing.T, server string) *way {
	t.Helper()
	a, err := net.ResolveUDPAddr("udp4", server)
	if err != nil {
		t.Fatal(err)
	}
	w := &way{server: a, seen: make(chan []byte, 1000)}
	if w.in, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}); err != nil {
		t.Fatal(err)
	}
	w.roam(t)
	w.work.Go(func() {
		b := make([]byte, 65536)
		for {
			n, from, err := w.in.ReadFromUDP(b)
			if err != nil {
				return
			}
			w.mu.Lock()
			w.client = from
			w.pass(&w.there, b[:n], func(b []byte) {
				select {
				case w.seen <- append([]byte(nil), b...):
				default:
				}
				_, _ = w.out.WriteToUDP(b, w.server)
			})
			w.mu.Unlock()
		}
	})
	t.Cleanup(func() {
		w.mu.Lock()
		w.closed = true
		w.in.Close()
		w.out.Close()
		w.mu.Unlock()
		w.work.Wait()
	})
	return w
}

// pass passes a packet on in its direction, or not. w.mu is held.
func (w *way) pass(l *lane, b []byte, send func([]byte)) {
	l.n++
	switch {
	case w.rough && l.n%25 == 0:
	case w.rough && l.n%10 == 0:
		l.release(send)
		l.held = append([]byte(nil), b...)
		n := l.n
		time.AfterFunc(late, func() { // nothing may overtake it
			w.mu.Lock()
			defer w.mu.Unlock()
			if l.n == n && !w.closed {
				l.release(send)
			}
		})
	default:
		send(b)
		l.release(send)
	}
}

func (l *lane) release(send func([]byte)) {
	if l.held != nil {
		send(l.held)
		l.held = nil
	}
}

// roam gives the device another address, as the server sees it.
func (w *way) roam(t *testing.T) {
	t.Helper()
	out, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	if w.out != nil {
		w.out.Close()
	}
	w.out = out
	w.mu.Unlock()
	w.work.Go(func() {
		b := make([]byte, 65536)
		for {
			n, err := out.Read(b)
			if err != nil {
				return
			}
			w.mu.Lock()
			if w.client != nil && !w.closed {
				w.pass(&w.back, b[:n], func(b []byte) { _, _ = w.in.WriteToUDP(b, w.client) })
			}
			w.mu.Unlock()
		}
	})
}

func (w *way) be(rough bool) {
	w.mu.Lock()
	w.rough = rough
	w.mu.Unlock()
}

// TestRough: loss, reordering, and a change of address within one connection.
func TestRough(t *testing.T) {
	settled(t)
	to := echoTCP(t, host4+":0")
	s := newServer()
	v := serve(t, &s)
	w := newWay(t, s.Endpoint)
	s.Endpoint = w.in.LocalAddr().String()
	c, _ := join(t, v, &s, "laptop")
	talk(t, c, to, 1) // the handshake of WireGuard
	w.be(true)
	talk(t, c, to, 200<<10)
	w.be(false)
	conn, err := c.Dial(short(t), "tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	b := make([]byte, 64)
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := conn.Read(b); err != nil { // the greeting
		t.Fatal(err)
	}
	for i := range 3 {
		w.roam(t)
		if _, err := fmt.Fprintln(conn, "still here", i); err != nil {
			t.Fatal(err)
		}
		if n, err := conn.Read(b); err != nil || string(b[:n]) != fmt.Sprintln("still here", i) {
			t.Fatalf("after the move %d: %q, %v", i, b[:n], err)
		}
	}
	w.mu.Lock()
	want := w.out.LocalAddr().String()
	w.mu.Unlock()
	if st, _ := v.Status(); st.Peers[0].Endpoint != want {
		t.Errorf("the server sees it at %s, it is at %s", st.Peers[0].Endpoint, want)
	}
}

// TestRestart: after a restart of either end it goes on by itself.
func TestRestart(t *testing.T) {
	settled(t)
	to := echoTCP(t, host4+":0")
	s := newServer()
	v, err := Serve(s, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if s.Port, err = v.Port(); err != nil {
		t.Fatal(err)
	}
	s.Endpoint = fmt.Sprintf("127.0.0.1:%d", s.Port)
	private := tunnel.NewKey()
	p, err := s.Add("laptop", private.Public(), time.Now(), time.Time{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Update(s, time.Now()); err != nil {
		t.Fatal(err)
	}
	conf := s.Conf(p, private, false)
	c, err := Connect(t.Context(), conf, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	talk(t, c, to, 1000)
	c.Close() // the device
	if c, err = Connect(t.Context(), conf, Options{Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	talk(t, c, to, 1000)
	v.Close() // the server
	if v, err = Serve(s, Options{Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	for deadline := time.Now().Add(patience); ; { // a device notices after 15 seconds of silence
		conn, err := c.Dial(short(t), "tcp", to)
		if err == nil {
			conn.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// TestSilence: garbage, replays and a flood get no answer and take no memory.
func TestSilence(t *testing.T) {
	settled(t)
	to := echoTCP(t, host4+":0")
	s := newServer()
	v := serve(t, &s)
	server := s.Endpoint
	w := newWay(t, server)
	s.Endpoint = w.in.LocalAddr().String()
	c, _ := join(t, v, &s, "laptop")
	talk(t, c, to, 50<<10)
	before, err := v.Status()
	if err != nil {
		t.Fatal(err)
	}

	stranger, err := net.Dial("udp4", server)
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	garbage := make([]byte, 1200)
	_, _ = rand.Read(garbage)
	memory := heap()
	for i := range 20000 {
		garbage[0] = byte(i % 6) // of each kind, and of none
		garbage[1], garbage[2], garbage[3] = 0, 0, 0
		n := []int{148, 92, 64, 32, 1200}[i%5]
		_, _ = stranger.Write(garbage[:n])
	}
	replays := 0
	for len(w.seen) > 0 { // the device's own words, initiation and data, from elsewhere
		_, _ = stranger.Write(<-w.seen)
		replays++
	}
	talk(t, c, to, 1000) // all before it has been looked at
	_ = stranger.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	b := make([]byte, 2048)
	if n, err := stranger.Read(b); err == nil {
		t.Errorf("a stranger gets %d bytes: %x", n, b[:min(n, 16)])
	}
	small(t, memory, 2<<20)
	if after, _ := v.Status(); after.Peers[0].Endpoint != before.Peers[0].Endpoint || replays == 0 {
		t.Errorf("%d replays moved the session from %s to %s", replays, before.Peers[0].Endpoint, after.Peers[0].Endpoint)
	}
}
