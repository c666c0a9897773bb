package ssh

import (
	"io"
	"net"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe/probetest"
)

// TestHostile: whatever a peer does costs bounded time and memory, and gives a
// reason.
func TestHostile(t *testing.T) {
	key := newKey(t)
	const banner = "SSH-2.0-OpenSSH_9.2p1\r\n"
	for name, peer := range map[string]struct {
		talk func(net.Conn)
		want string
	}{
		"closes at once":      {func(net.Conn) {}, "ssh.closed"},
		"is an HTTP server":   {func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") }, "ssh.not_ssh"},
		"lines without end":   {probetest.Endless("welcome\r\n"), "ssh.not_ssh"},
		"a line without end":  {probetest.Endless("a"), "ssh.not_ssh"},
		"nothing but zeroes":  {probetest.Endless(string(make([]byte, 4096))), "ssh.not_ssh"},
		"turned away":         {func(c net.Conn) { _, _ = io.WriteString(c, "Exceeded MaxStartups\r\n") }, "ssh.too_many"},
		"greets, then closes": {func(c net.Conn) { _, _ = io.WriteString(c, banner); _, _ = c.Read(make([]byte, 4096)) }, "ssh.handshake"},
		"greets, then silence": {func(c net.Conn) { _, _ = io.WriteString(c, banner); _, _ = io.Copy(io.Discard, c) },
			"ssh.slow_login"},
		"greets, then zeroes": {func(c net.Conn) { _, _ = io.WriteString(c, banner); probetest.Endless(string(make([]byte, 4096)))(c) }, "ssh.handshake"},
		"announces 4 GB":      {func(c net.Conn) { _, _ = io.WriteString(c, banner); probetest.Endless("\xff\xff\xff\xff")(c) }, "ssh.handshake"},
		"packets without end": {func(c net.Conn) {
			_, _ = io.WriteString(c, banner)
			probetest.Endless(strings.Repeat("\x00\x00\x00\x0c\x0a\x02"+strings.Repeat("\x00", 10), 512))(c)
		}, "ssh.handshake"},
		"one byte at a time":     {probetest.Slowly(banner), "ssh.slow_login"},
		"one byte, then silence": {func(c net.Conn) { _, _ = io.WriteString(c, "S"); _, _ = io.Copy(io.Discard, c) }, "ssh.slow_login"},
		"nothing at all":         {func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, "ssh.no_banner"},
	} {
		t.Run(name, func(t *testing.T) {
			address := probetest.Serve(t, "tcp", peer.talk)
			p, err := build(settings{Address: address, User: "u", Key: key,
				HostKey: "SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDgJZ0pV6aJ0b0oZ3E"}, chain.Place{})
			if err != nil {
				t.Fatal(err)
			}
			expect(t, probetest.Bounded(t, p, 8<<20), chain.Broken, peer.want)
		})
	}
}
