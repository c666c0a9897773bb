package mysql

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe/probetest"
)

// greeting of MariaDB 10.11, as it was sent.
const realGreeting = "\x59\x00\x00\x00\x0a5.5.5-10.11.6-MariaDB\x00\x05\x00\x00\x00abcdefgh\x00\xfe\xf7\x2d\x02\x00\xff\x81\x15\x00\x00\x00\x00\x00\x00\x1d\x00\x00\x00ijklmnopqrst\x00mysql_native_password\x00"

// TestHostile: whatever a peer does costs bounded time and memory, and gives a
// reason.
func TestHostile(t *testing.T) {
	for name, peer := range map[string]struct {
		talk func(net.Conn)
		want string
	}{
		"closes at once":      {func(net.Conn) {}, "closed"},
		"is an SSH server":    {func(c net.Conn) { _, _ = io.WriteString(c, "SSH-2.0-OpenSSH_9.2p1\r\n") }, "not_mysql"},
		"is an HTTP server":   {func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") }, "not_mysql"},
		"announces 16 MiB":    {probetest.Endless("\xff\xff\xff\x00aaaaaaaaaaaa"), "not_mysql"},
		"never ends a packet": {probetest.Endless("\xff\xff\x00\x00" + string(make([]byte, 65535))), "not_mysql"},
		"sends nothing but 0": {probetest.Endless(string(make([]byte, 4096))), "not_mysql"},
		"greets, then garbage": {func(c net.Conn) {
			_, _ = io.WriteString(c, realGreeting)
			probetest.Endless("\x05\x00\x00\x02\xfexxxx")(c)
		}, "not_mysql"},
		"greets, then closes":  {func(c net.Conn) { _, _ = io.WriteString(c, realGreeting); _, _ = c.Read(make([]byte, 512)) }, "closed"},
		"greets, then silence": {func(c net.Conn) { _, _ = io.WriteString(c, realGreeting); _, _ = io.Copy(io.Discard, c) }, "timeout"},
		"one byte at a time": {func(c net.Conn) {
			for i := range len(realGreeting) {
				if _, err := io.WriteString(c, realGreeting[i:i+1]); err != nil {
					return
				}
				time.Sleep(50 * time.Millisecond)
			}
		}, "timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			address := probetest.Serve(t, "unix", peer.talk)
			p, err := build(settings{Socket: address, User: "u"}, chain.Place{})
			if err != nil {
				t.Fatal(err)
			}
			expect(t, probetest.Bounded(t, p, 4<<20), chain.Broken, peer.want)
		})
	}
}
