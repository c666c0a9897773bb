package engine

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.zx2c4.com/wireguard/conn"
	"golang.zx2c4.com/wireguard/tun"

	"github.com/omamori-guard/omamori/tunnel"
)

// crowd is a TUN that hands packets over by the hundred.
type crowd struct {
	tun.Device
	reads   [][]string
	written []string
}

func (c *crowd) BatchSize() int { return conn.IdealBatchSize }

func (c *crowd) Read(bufs [][]byte, sizes []int, offset int) (int, error) {
	if len(c.reads) == 0 {
		return 0, os.ErrClosed
	}
	all := c.reads[0]
	c.reads = c.reads[1:]
	for i, s := range all {
		sizes[i] = copy(bufs[i][offset:], s)
	}
	return len(all), nil
}

// Write puts all together into the first, as is done for the system.
func (c *crowd) Write(bufs [][]byte, offset int) (int, error) {
	for _, b := range bufs[1:] {
		bufs[0] = append(bufs[0], b[offset:]...)
	}
	c.written = append(c.written, string(bufs[0][offset:]))
	return len(bufs), nil
}

func buffers(n, size int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = make([]byte, size)
	}
	return all
}

// TestLean: what comes by the hundred is handed on few by few, whole and in order.
func TestLean(t *testing.T) {
	var said []string
	for i := range 100 {
		said = append(said, fmt.Sprintf("packet %d", i))
	}
	c := &crowd{reads: [][]string{said[:70], said[70:71], said[71:]}}
	out, in := newWindow(), newWindow()
	l, err := newLean(c, out, in)
	if err != nil {
		t.Fatal(err)
	}
	if l.BatchSize() != few {
		t.Errorf("%d at once", l.BatchSize())
	}
	var heard []string
	for {
		bufs, sizes := buffers(few, 64), make([]int, few)
		n, err := l.Read(bufs, sizes, 16)
		if errors.Is(err, os.ErrClosed) {
			break
		}
		if err != nil || n == 0 {
			t.Fatalf("%d, %v", n, err)
		}
		for i := range n {
			heard = append(heard, string(bufs[i][16:16+sizes[i]]))
		}
		out.leave(bufs)
	}
	if !slices.Equal(heard, said) {
		t.Errorf("heard %q", heard)
	}
	bufs := [][]byte{append(make([]byte, 16, 18), "ab"...), append(make([]byte, 16), "cd"...)}
	if _, err := l.Write(bufs, 16); err != nil || c.written[0] != "abcd" || !bytes.HasSuffix(bufs[0], []byte("ab")) {
		t.Errorf("written %q, %v", c.written, err)
	}
}

// TestReceiver: the same for what comes from the network.
func TestReceiver(t *testing.T) {
	n := 0
	receive := receiver(func(bufs [][]byte, sizes []int, eps []conn.Endpoint) (int, error) {
		if len(bufs) != conn.IdealBatchSize {
			return 0, errors.New("not all the room that it counts on")
		}
		for i := range 100 {
			sizes[i] = copy(bufs[i], fmt.Sprintf("\x04\x00\x00\x00%32d", n))
			if n%3 == 0 { // garbage
				bufs[i][1] = 1
			}
			eps[i] = &conn.StdNetEndpoint{}
			n++
		}
		return 100, nil
	}, conn.IdealBatchSize, newWindow(), newGenuine(tunnel.NewKey().Public()))
	for next := 1; next < 1000; {
		bufs, sizes, eps := buffers(few, 64), make([]int, few), make([]conn.Endpoint, few)
		got, err := receive(bufs, sizes, eps)
		if err != nil || got == 0 {
			t.Fatal(got, err)
		}
		for i := range got {
			if got := strings.TrimSpace(string(bufs[i][4:sizes[i]])); got != fmt.Sprint(next) || eps[i] == nil {
				t.Fatalf("%q for %d", got, next)
			}
			if next++; next%3 == 0 {
				next++
			}
		}
	}
}

// TestWindow: there is no room for more than most, until some come out, are handed back,
// or are not heard of any more.
func TestWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, bufs := newWindow(), buffers(most+3, 8)
		w.enter(bufs[:most])
		var entered atomic.Int32
		go func() {
			w.enter(bufs[most : most+2])
			entered.Add(1)
			w.enter(bufs[most+2:])
			entered.Add(1)
		}()
		synctest.Wait()
		if entered.Load() != 0 {
			t.Fatal("more than most")
		}
		w.leave(bufs[:1])
		synctest.Wait()
		if entered.Load() != 0 {
			t.Fatal("as if two had come out")
		}
		w.leave([][]byte{bufs[1][:2]}) // by its beginning, however long
		synctest.Wait()
		if entered.Load() != 1 {
			t.Fatal("there is room")
		}
		time.Sleep(2 * forgotten)
		synctest.Wait()
		if entered.Load() != 2 {
			t.Fatal("it waits for ever for what is lost")
		}
	})
}

// TestWindowOfLost: what WireGuard drops it hands back, and that makes room at once.
func TestWindowOfLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, bufs := newWindow(), buffers(few, 8)
		for range 1000 {
			w.leave(bufs)
			w.enter(bufs)
		}
		if len(w.within) != few {
			t.Errorf("%d within", len(w.within))
		}
	})
}

// TestGenuine: a device's own handshake is let through, and nothing like it.
func TestGenuine(t *testing.T) {
	settled(t)
	to := echoTCP(t, host4+":0")
	s := newServer()
	v := serve(t, &s)
	w := newWay(t, s.Endpoint)
	s.Endpoint = w.in.LocalAddr().String()
	c, _ := join(t, v, &s, "laptop")
	talk(t, c, to, 100)
	g, other := newGenuine(s.PrivateKey.Public()), newGenuine(tunnel.NewKey().Public())
	b := <-w.seen
	if len(b) != initiationSize || !g.is(b) || other.is(b) {
		t.Fatalf("%d bytes: for the server %v, for another %v", len(b), g.is(b), other.is(b))
	}
	for i := range len(b) - macSize {
		b[i] ^= 1
		if i < len(b)-macSize && g.is(b) {
			t.Errorf("byte %d changed, and let through", i)
		}
		b[i] ^= 1
	}
	for _, n := range []int{0, 3, 4, 31, 147} {
		if g.is(b[:n]) {
			t.Errorf("%d bytes of it are let through", n)
		}
	}
}

func FuzzGenuine(f *testing.F) {
	for _, n := range []int{0, 4, 32, cookieSize, responseSize, initiationSize} {
		b := make([]byte, n)
		if n > 0 {
			b[0] = byte(n % 5)
		}
		f.Add(b)
	}
	g := newGenuine(tunnel.NewKey().Public())
	f.Fuzz(func(t *testing.T, b []byte) {
		if g.is(b) && b[0] != transport && b[0] != cookie {
			t.Errorf("let through: %x", b)
		}
	})
}
