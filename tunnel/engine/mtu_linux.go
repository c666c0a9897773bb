package engine

import (
	"context"
	"net/netip"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/tunnel"
)

// cutUp has routers cut up what is too large for the way of an UDP socket at this port, as
// with the kernel's WireGuard: else all would be lost on a way on which they are not heard
// that say how large it is. By IPv6 no router does.
func cutUp(port uint16) {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return // then it is as the system has it
	}
	for _, f := range open {
		fd, err := strconv.Atoi(f.Name())
		if err != nil {
			continue
		}
		kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
		if err != nil || kind != unix.SOCK_DGRAM {
			continue
		}
		if at, err := unix.Getsockname(fd); err == nil {
			if at, ok := at.(*unix.SockaddrInet4); ok && at.Port == int(port) {
				_ = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DONT)
			}
		}
	}
}

const (
	// mtuTries is how often the way is asked, as a packet may be lost, and mtuWithin how
	// long each answer is waited for.
	mtuTries  = 3
	mtuWithin = 300 * time.Millisecond
	// leastMTU is the least with which IPv6 works within the tunnel.
	leastMTU = 1280
)

// MTU finds out how large a packet of the tunnel goes whole to a server, by datagrams
// that may not be cut up: whoever on the way cannot carry one says what he can. The server
// drops them without a word.
func MTU(ctx context.Context, endpoint string) (int, error) {
	to, err := Resolve(ctx, endpoint)
	if err != nil {
		return 0, err
	}
	way, err := wayMTU(ctx, to)
	if err != nil {
		return 0, err
	}
	around := tunnel.Overhead
	if to.Addr().Is4() {
		around -= 20 // its header is so much shorter
	}
	return max(leastMTU, way-around), nil
}

// wayMTU is how large a packet a way carries, by what is said of it.
func wayMTU(ctx context.Context, to netip.AddrPort) (int, error) {
	family, level, discover, do, ask, headers := unix.AF_INET, unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DO, unix.IP_MTU, 28
	var at unix.Sockaddr
	if to.Addr().Is4() {
		at = &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}
	} else {
		family, level, discover, do, ask, headers = unix.AF_INET6, unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_DO, unix.IPV6_MTU, 48
		at = &unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	if err := unix.SetsockoptInt(fd, level, discover, do); err != nil {
		return 0, err
	}
	if err := unix.Connect(fd, at); err != nil {
		return 0, err
	}
	way, err := unix.GetsockoptInt(fd, level, ask)
	for try := 0; err == nil && try < mtuTries; try++ {
		if way <= headers || way > room { // loopback's own
			way = min(way, room-1)
		}
		_, _ = unix.Write(fd, make([]byte, way-headers)) // what is told of the last fails it
		t := time.NewTimer(mtuWithin)
		select {
		case <-ctx.Done():
			t.Stop()
			return 0, ctx.Err()
		case <-t.C:
		}
		var now int
		if now, err = unix.GetsockoptInt(fd, level, ask); err == nil && now < way {
			way, try = now, 0 // there may be a narrower one behind
		}
	}
	return way, err
}
