package engine

import (
	"context"
	"io"
	"log/slog"
	"math"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"

	"github.com/omamori-guard/omamori/tunnel"
)

const (
	dialWithin = 10 * time.Second
	// quiet is after how long without a packet a flow of UDP is over.
	quiet = 90 * time.Second
	// idle is after how long in silence a connection of TCP is.
	idle = 2 * time.Hour
	// maxFlows bounds how many there are at once, TCP and UDP each. A peer has at most a
	// quarter of them, so that one who takes all he gets leaves the others theirs.
	maxFlows = 1024
	// maxLent bounds a peer's connections to ports that are lent. They do not count
	// among the others: one of these may be the owner's way in.
	maxLent = 64
	// piece is what is copied at once, in bytes.
	piece = 32 << 10
)

// egress is a netDevice whose stack answers for every address in the world, and
// carries on from sockets of this process what is sent there: so it needs no right.
type egress struct {
	*netDevice
	log   *slog.Logger
	dial  net.Dialer
	flows sync.WaitGroup
	// buffers are for datagrams on their way.
	buffers sync.Pool

	// mu protects the fields below.
	mu     sync.Mutex
	server tunnel.Server
	peers  map[netip.Addr]tunnel.Peer
	count  map[whose]int // how many flows there are
	open   map[io.Closer]netip.Addr
	closed bool
	own    []netip.Prefix // this machine's addresses, as they were at
	looked time.Time

	echo *echoes
}

func newEgress(mtu int, log *slog.Logger) *egress {
	e := &egress{netDevice: newNetDevice(mtu), log: log, count: map[whose]int{}, open: map[io.Closer]netip.Addr{}}
	e.buffers.New = func() any { return new(datagram) }
	e.echo = newEchoes(e)
	must(e.stack.SetPromiscuousMode(nic, true))
	must(e.stack.SetSpoofing(nic, true))
	e.stack.SetTransportProtocolHandler(tcp.ProtocolNumber, tcp.NewForwarder(e.stack, 0, 2*maxFlows, e.forwardTCP).HandlePacket)
	e.stack.SetTransportProtocolHandler(udp.ProtocolNumber, udp.NewForwarder(e.stack, e.forwardUDP).HandlePacket)
	return e
}

// allow sets who may go where. What goes on against it ends.
func (e *egress) allow(s tunnel.Server, peers map[netip.Addr]tunnel.Peer) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for c, from := range e.open {
		now, ok := peers[from]
		if before := e.peers[from]; !ok || before.PublicKey != now.PublicKey || !slices.Equal(before.Only, now.Only) {
			_ = c.Close() // its flow ends with it
		}
	}
	e.server, e.peers = s, peers
}

// kind is a kind of flows, of which each has its bounds.
type kind int

const (
	byTCP kind = iota
	byUDP
	lent
	echo
)

// bounds are how many there may be at once, of all peers and of one.
func (k kind) bounds() (all, each int) {
	switch k {
	case lent:
		return math.MaxInt, maxLent
	case echo:
		return maxEchoes, maxEchoes / 4
	}
	return maxFlows, maxFlows / 4
}

// whose are flows that are counted together: a peer's, or all if there is no key.
type whose struct {
	kind
	tunnel.Key
}

// begin counts a peer's flow in, if there is room; end counts it out.
func (e *egress) begin(k kind, from netip.Addr) (end func(), ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	p, in := e.peers[from]
	every, own := whose{kind: k}, whose{k, p.PublicKey}
	all, each := k.bounds()
	if e.closed || !in || e.count[every] >= all || e.count[own] >= each {
		return nil, false
	}
	e.count[every]++
	e.count[own]++
	e.flows.Add(1)
	return func() {
		e.mu.Lock()
		e.count[every]--
		if e.count[own]--; e.count[own] == 0 {
			delete(e.count, own)
		}
		e.mu.Unlock()
		e.flows.Done()
	}, true
}

// keep has c closed when its peer is shut out, or the tunnel ends; false if it has.
func (e *egress) keep(c io.Closer, from netip.Addr) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, in := e.peers[from]; e.closed || !in {
		return false
	}
	e.open[c] = from
	return true
}

func (e *egress) drop(c io.Closer) {
	e.mu.Lock()
	delete(e.open, c)
	e.mu.Unlock()
	_ = c.Close() // it may be closed already
}

func ends(id stack.TransportEndpointID) (from netip.Addr, to netip.AddrPort) {
	f, _ := netip.AddrFromSlice(id.RemoteAddress.AsSlice())
	t, _ := netip.AddrFromSlice(id.LocalAddress.AsSlice())
	return f, netip.AddrPortFrom(t, id.LocalPort)
}

func (e *egress) forwardTCP(r *tcp.ForwarderRequest) {
	from, to := ends(r.ID())
	to, ok := e.target(from, to, true)
	if !ok {
		r.Complete(true)
		return
	}
	k := byTCP
	if to.Addr().IsLoopback() {
		k = lent
	}
	end, ok := e.begin(k, from)
	if !ok {
		r.Complete(true)
		return
	}
	defer end() // the forwarder gives each request a goroutine of its own
	ctx, cancel := context.WithTimeout(e.ctx, dialWithin)
	defer cancel()
	// Out first: so a closed port refuses honestly.
	out, err := e.dial.DialContext(ctx, "tcp", to.String())
	if err != nil {
		r.Complete(true)
		return
	}
	if !e.keep(out, from) {
		_ = out.Close()
		r.Complete(true)
		return
	}
	defer e.drop(out)
	var q waiter.Queue
	ep, problem := r.CreateEndpoint(&q)
	r.Complete(problem != nil)
	if problem != nil {
		return
	}
	in := gonet.NewTCPConn(&q, ep)
	defer in.Close()
	if !e.keep(in, from) {
		return
	}
	defer e.drop(in)
	Both(in, out)
}

// HalfCloser is a connection of which one direction can end.
type HalfCloser interface {
	net.Conn
	CloseWrite() error
}

// Both copies each way until both have ended, or one has failed.
func Both(in HalfCloser, out net.Conn) {
	var work sync.WaitGroup
	one := func(to, from net.Conn) {
		if err := pass(to, from, idle); err != nil {
			_ = to.Close()
			_ = from.Close()
			return
		}
		if h, ok := to.(HalfCloser); ok {
			_ = h.CloseWrite() // it may be gone
		}
	}
	work.Go(func() { one(out, in) })
	one(in, out)
	work.Wait()
}

// pass copies until from ends; its silence ends it too.
func pass(to, from net.Conn, silence time.Duration) error {
	b := make([]byte, piece)
	for {
		_ = from.SetReadDeadline(time.Now().Add(silence)) // fails on a closed one alone
		n, err := from.Read(b)
		if n > 0 {
			_ = to.SetWriteDeadline(time.Now().Add(silence))
			if _, err := to.Write(b[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (e *egress) forwardUDP(r *udp.ForwarderRequest) {
	from, to := ends(r.ID())
	to, ok := e.target(from, to, false)
	if !ok {
		return
	}
	end, ok := e.begin(byUDP, from)
	if !ok {
		return
	}
	var q waiter.Queue
	ep, problem := r.CreateEndpoint(&q)
	if problem != nil {
		end()
		return
	}
	in := gonet.NewUDPConn(&q, ep)
	go func() { // counted in flows, for which wait waits
		defer end()
		defer in.Close()
		out, err := e.dial.DialContext(e.ctx, "udp", to.String())
		if err != nil {
			return
		}
		if !e.keep(out, from) {
			_ = out.Close()
			return
		}
		defer e.drop(out)
		if !e.keep(in, from) {
			return
		}
		defer e.drop(in)
		e.datagrams(in, out, func() error { return readable(ep, &q) }, func() error { return arrived(out) })
	}()
}

// Write takes what came through the tunnel. Echo requests do not reach the stack: it
// would answer them itself, whether the host that is meant is there or not.
func (e *egress) Write(bufs [][]byte, offset int) (int, error) {
	for _, b := range bufs {
		if packet := b[offset:]; !e.echo.take(packet) {
			e.inject(packet)
		}
	}
	return len(bufs), nil
}

// Close ends all flows.
func (e *egress) Close() error {
	e.mu.Lock()
	e.closed = true
	for c := range e.open {
		_ = c.Close()
	}
	e.mu.Unlock()
	return e.netDevice.Close()
}

// wait returns once all flows have ended.
func (e *egress) wait() { e.flows.Wait() }
