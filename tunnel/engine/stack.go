package engine

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.zx2c4.com/wireguard/tun"
	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
)

const (
	nic = 1
	// queued is how many packets may wait for WireGuard; more are lost, as on any wire.
	queued = 1024
	// maxWindow bounds what one connection may have on its way, in bytes each way.
	maxWindow = 1 << 20
	// maxWait is after how long at most something unanswered is sent again. The stack's
	// own is two minutes, and a handshake of WireGuard that was lost (five seconds) makes
	// it think that the way is that long. It gives up as late as it does by itself: after
	// a quarter of an hour.
	maxWait = 10 * time.Second
)

// netDevice is a tun.Device whose packets go to and come from a network stack within
// this process, several at a time.
type netDevice struct {
	stack  *stack.Stack
	link   *channel.Endpoint
	events chan tun.Event
	mtu    int
	ctx    context.Context
	cancel context.CancelFunc
	once   sync.Once
}

func newNetDevice(mtu int) *netDevice {
	d := &netDevice{
		stack: stack.New(stack.Options{
			NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, ipv6.NewProtocol},
			TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol, icmp.NewProtocol4, icmp.NewProtocol6},
		}),
		link:   channel.New(queued, uint32(mtu), ""),
		events: make(chan tun.Event, 1),
		mtu:    mtu,
	}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	sack := tcpip.TCPSACKEnabled(true)
	// The stack's RACK (RFC 8985), its default, arms no timer when all that is on its
	// way is thought lost: on a way with loss a connection then stands still for good.
	noRACK := tcpip.TCPRecovery(0)
	wait, tries := tcpip.TCPMaxRTOOption(maxWait), tcpip.TCPMaxRetriesOption(15*time.Minute/maxWait)
	cubic := tcpip.CongestionControlOption("cubic")
	in := tcpip.TCPReceiveBufferSizeRangeOption{Min: 4 << 10, Default: 256 << 10, Max: maxWindow}
	out := tcpip.TCPSendBufferSizeRangeOption{Min: 4 << 10, Default: 256 << 10, Max: maxWindow}
	for _, o := range []tcpip.SettableTransportProtocolOption{&sack, &noRACK, &wait, &tries, &cubic, &in, &out} {
		must(d.stack.SetTransportProtocolOption(tcp.ProtocolNumber, o))
	}
	must(d.stack.CreateNIC(nic, d.link))
	d.stack.SetRouteTable([]tcpip.Route{
		{Destination: header.IPv4EmptySubnet, NIC: nic}, {Destination: header.IPv6EmptySubnet, NIC: nic},
	})
	d.events <- tun.EventUp
	return d
}

// must is for settings of the stack that cannot be refused.
func must(err tcpip.Error) {
	if err != nil {
		panic(fmt.Sprintf("engine: set up the network stack: %v", err))
	}
}

func (d *netDevice) Name() (string, error)    { return "omamori", nil }
func (d *netDevice) File() *os.File           { return nil }
func (d *netDevice) MTU() (int, error)        { return d.mtu, nil }
func (d *netDevice) Events() <-chan tun.Event { return d.events }
func (d *netDevice) BatchSize() int           { return few }

// Read waits for one packet, and takes along what is there besides.
func (d *netDevice) Read(bufs [][]byte, sizes []int, offset int) (n int, err error) {
	p := d.link.ReadContext(d.ctx)
	for ; p != nil; p = d.link.Read() {
		at := offset
		for _, s := range p.AsSlices() {
			at += copy(bufs[n][at:], s)
		}
		p.DecRef()
		sizes[n] = at - offset
		if n++; n == len(bufs) {
			return n, nil
		}
	}
	if n == 0 {
		return 0, os.ErrClosed
	}
	return n, nil
}

func (d *netDevice) Write(bufs [][]byte, offset int) (int, error) {
	for _, b := range bufs {
		d.inject(b[offset:])
	}
	return len(bufs), nil
}

// inject gives the stack one packet that came through the tunnel.
func (d *netDevice) inject(packet []byte) {
	if len(packet) == 0 {
		return
	}
	number := header.IPv4ProtocolNumber
	if packet[0]>>4 == 6 {
		number = header.IPv6ProtocolNumber
	}
	p := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(packet)})
	d.link.InjectInbound(number, p)
	p.DecRef()
}

// send puts a packet of our own making among those of the stack.
func (d *netDevice) send(packet []byte) {
	p := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(packet)})
	var list stack.PacketBufferList
	list.PushBack(p)
	_, _ = d.link.WritePackets(list) // one too many is lost
	p.DecRef()
}

func (d *netDevice) Close() error {
	d.once.Do(func() {
		d.cancel()
		d.stack.RemoveNIC(nic)
		d.stack.Close()
		d.link.Close()
		d.stack.Wait()
		close(d.events)
	})
	return nil
}
