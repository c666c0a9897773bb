package engine

import (
	"errors"
	"net"
	"syscall"
	"testing"

	"golang.zx2c4.com/wireguard/conn"
)

// A server whose port is taken takes no other, also when the library asks again for any.
func TestNoOtherPort(t *testing.T) {
	taken, err := net.ListenUDP("udp4", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := uint16(taken.LocalAddr().(*net.UDPAddr).Port)
	b := &narrow{Bind: conn.NewDefaultBind(), port: port}
	for _, asked := range []uint16{port, 0} {
		if _, got, err := b.Open(asked); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("asked for %d: got %d, %v", asked, got, err)
			_ = b.Close()
		}
	}
}
