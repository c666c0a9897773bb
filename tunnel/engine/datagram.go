package engine

import (
	"errors"
	"net"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/waiter"
)

// datagram has room for any.
type datagram [64 << 10]byte

// datagrams passes datagrams each way until it is quiet both ways. It takes a buffer
// only once there is one: of flows that are quiet for now there may be a thousand.
func (e *egress) datagrams(in, out net.Conn, inReady, outReady func() error) {
	end := func() {
		_ = in.Close()
		_ = out.Close()
	}
	over := time.AfterFunc(quiet, end)
	defer over.Stop()
	one := func(to, from net.Conn, ready func() error) {
		defer end()
		for ready() == nil {
			b := e.buffers.Get().(*datagram)
			n, err := from.Read(b[:])
			if err == nil {
				_, err = to.Write(b[:n])
			}
			e.buffers.Put(b)
			if err != nil {
				return
			}
			over.Reset(quiet) // what goes one way keeps the other open
		}
	}
	var work sync.WaitGroup
	work.Go(func() { one(out, in, inReady) })
	one(in, out, outReady)
	work.Wait()
}

// readable waits until something can be read of an endpoint, or it is closed.
func readable(ep tcpip.Endpoint, q *waiter.Queue) error {
	entry, told := waiter.NewChannelEntry(waiter.ReadableEvents)
	q.EventRegister(&entry)
	defer q.EventUnregister(&entry)
	for ep.Readiness(waiter.ReadableEvents) == 0 {
		<-told
	}
	return nil
}

// arrived waits until something can be read of a socket; it fails once it is closed.
func arrived(c net.Conn) error {
	s, ok := c.(syscall.Conn)
	if !ok {
		return errors.ErrUnsupported
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return err
	}
	var wrong error
	err = raw.Read(func(fd uintptr) bool {
		_, _, wrong = unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
		return wrong != unix.EAGAIN && wrong != unix.EINTR
	})
	return errors.Join(err, wrong)
}
