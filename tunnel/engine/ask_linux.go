package engine

import (
	"encoding/binary"
	"os"
	"time"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// echoWithin is how long an answer is waited for.
const echoWithin = 5 * time.Second

// ask sends the echo on and reports whether it was answered.
func (s *echoes) ask(p ping) bool {
	family, protocol, kind := unix.AF_INET, unix.IPPROTO_ICMP, byte(header.ICMPv4Echo)
	var to unix.Sockaddr = &unix.SockaddrInet4{Addr: [4]byte{}}
	if p.to.Is4() {
		to = &unix.SockaddrInet4{Addr: p.to.As4()}
	} else {
		family, protocol, kind = unix.AF_INET6, unix.IPPROTO_ICMPV6, byte(header.ICMPv6EchoRequest)
		to = &unix.SockaddrInet6{Addr: p.to.As16()}
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, protocol)
	if err != nil { // not for us, on this machine
		return false
	}
	if err := unix.Connect(fd, to); err != nil {
		_ = unix.Close(fd)
		return false
	}
	f := os.NewFile(uintptr(fd), "ping")
	if !s.e.keep(f, p.from) {
		_ = f.Close()
		return false
	}
	defer s.e.drop(f)
	_ = f.SetDeadline(time.Now().Add(echoWithin))
	ask := make([]byte, 8, 8+len(p.data))
	ask[0] = kind // the kernel puts in the number and the sum
	binary.BigEndian.PutUint16(ask[6:], p.seq)
	if _, err := f.Write(append(ask, p.data...)); err != nil {
		return false
	}
	answer := make([]byte, maxEcho+8)
	for {
		n, err := f.Read(answer)
		if err != nil {
			return false
		}
		if n >= 8 && binary.BigEndian.Uint16(answer[6:]) == p.seq && string(answer[8:n]) == string(p.data) {
			return true
		}
	}
}
