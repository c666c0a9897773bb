package engine

import (
	"runtime"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
	"golang.zx2c4.com/wireguard/conn"
	"golang.zx2c4.com/wireguard/tun"
)

// WireGuard's library takes 64 KiB for each packet that it has, however small, and takes
// as many as come. What stands here bounds how many it has: few at once, and no more than
// a window's on their way through it. Between them and the system, which hands packets
// over by the hundred, are buffers outside the heap of which only the pages in use cost
// memory.
const (
	// few is how many packets WireGuard is given at once.
	few = 16
	// most is how many may be on their way through it, in each direction.
	most = 64
	// forgotten is after how long in which none came out those within do not count any
	// more: WireGuard keeps some for a peer who does not answer yet.
	forgotten = 50 * time.Millisecond
	// room is for any packet.
	room = 64 << 10
)

// window knows the buffers that are on their way in one direction: from when they were
// handed over full until they come out, or are handed back empty, as those are soon of
// which WireGuard drops the packet.
type window struct {
	out chan struct{} // told when some have come out

	// mu protects the fields below.
	mu     sync.Mutex
	within map[uintptr]struct{} // by address, so that none is kept from the collector
}

func newWindow() *window {
	return &window{out: make(chan struct{}, 1), within: map[uintptr]struct{}{}}
}

// where is a buffer's address.
func where(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }

// leave takes buffers for empty.
func (w *window) leave(bufs [][]byte) {
	w.mu.Lock()
	for _, b := range bufs {
		delete(w.within, where(b))
	}
	w.mu.Unlock()
	select {
	case w.out <- struct{}{}:
	default:
	}
}

// enter takes buffers for full, and waits until there is room.
func (w *window) enter(bufs [][]byte) {
	w.mu.Lock()
	for _, b := range bufs {
		w.within[where(b)] = struct{}{}
	}
	n := len(w.within)
	w.mu.Unlock()
	if n <= most {
		return
	}
	t := time.NewTimer(forgotten)
	defer t.Stop()
	for n > most {
		select {
		case <-w.out:
			t.Reset(forgotten)
		case <-t.C:
			w.mu.Lock()
			clear(w.within)
			w.mu.Unlock()
		}
		w.mu.Lock()
		n = len(w.within)
		w.mu.Unlock()
	}
}

// stock is buffers outside the heap.
type stock struct{ bufs [][]byte }

func newStock(n int) (*stock, error) {
	all, err := unix.Mmap(-1, 0, n*room, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE|unix.MAP_NORESERVE)
	if err != nil {
		return nil, err
	}
	s := &stock{make([][]byte, n)}
	for i := range s.bufs {
		s.bufs[i] = all[i*room : (i+1)*room : (i+1)*room]
	}
	runtime.AddCleanup(s, func(b []byte) { _ = unix.Munmap(b) }, all)
	return s, nil
}

// held are packets that the system has handed over, and WireGuard has not yet taken.
type held struct {
	*stock
	sizes      []int
	next, have int
}

func newHeld(n int) (held, error) {
	s, err := newStock(n)
	return held{stock: s, sizes: make([]int, n)}, err
}

// lean is a TUN that gives WireGuard few packets at once.
type lean struct {
	tun.Device
	out, in *window
	read    held
	write   *stock
	view    [][]byte
}

// newLean wraps a TUN. One that hands few packets over at once needs no buffers.
func newLean(d tun.Device, out, in *window) (*lean, error) {
	l := &lean{Device: d, out: out, in: in}
	if d.BatchSize() <= few {
		return l, nil
	}
	var err error
	if l.read, err = newHeld(d.BatchSize()); err != nil {
		return nil, err
	}
	l.write, err = newStock(few)
	return l, err
}

func (l *lean) BatchSize() int { return min(few, l.Device.BatchSize()) }

func (l *lean) Read(bufs [][]byte, sizes []int, offset int) (n int, err error) {
	l.out.leave(bufs)
	if l.read.stock == nil {
		n, err = l.Device.Read(bufs, sizes, offset)
		l.out.enter(bufs[:n])
		return n, err
	}
	h := &l.read
	if h.next == h.have {
		h.next = 0
		if h.have, err = l.Device.Read(h.bufs, h.sizes, 0); h.have == 0 {
			return 0, err
		}
	}
	for ; n < len(bufs) && h.next < h.have; n++ {
		sizes[n] = copy(bufs[n][offset:], h.bufs[h.next][:h.sizes[h.next]])
		h.next++
	}
	l.out.enter(bufs[:n])
	return n, err
}

// Write puts packets together for the system, in buffers that are meant for that.
func (l *lean) Write(bufs [][]byte, offset int) (int, error) {
	l.in.leave(bufs)
	if l.write == nil || len(bufs) > len(l.write.bufs) {
		return l.Device.Write(bufs, offset)
	}
	l.view = l.view[:0]
	for i, b := range bufs {
		l.view = append(l.view, l.write.bufs[i][:copy(l.write.bufs[i], b)])
	}
	return l.Device.Write(l.view, offset)
}

// receiver gives WireGuard few at once of the datagrams that came, and none that cannot be
// its own.
func receiver(receive conn.ReceiveFunc, batch int, in *window, g *genuine) conn.ReceiveFunc {
	if batch <= few {
		return receive
	}
	h, err := newHeld(batch)
	if err != nil {
		return func([][]byte, []int, []conn.Endpoint) (int, error) { return 0, err }
	}
	from := make([]conn.Endpoint, batch)
	return func(bufs [][]byte, sizes []int, eps []conn.Endpoint) (n int, err error) {
		in.leave(bufs)
		for n == 0 { // until one is for us
			if h.next == h.have {
				h.next = 0
				if h.have, err = receive(h.bufs, h.sizes, from); err != nil {
					h.have = 0
					return 0, err
				}
			}
			for ; n < len(bufs) && h.next < h.have; h.next++ {
				if b := h.bufs[h.next][:h.sizes[h.next]]; g.is(b) {
					sizes[n], eps[n] = copy(bufs[n], b), from[h.next]
					n++
				}
				from[h.next] = nil
			}
		}
		in.enter(bufs[:n])
		return n, nil
	}
}
