package ssh

import (
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// TestHostile: whatever a peer does costs bounded time and memory, and gives a
// reason.
func TestHostile(t *testing.T) {
	key := newKey(t)
	endless := func(b string) func(net.Conn) {
		return func(c net.Conn) {
			for {
				if _, err := io.WriteString(c, b); err != nil {
					return
				}
			}
		}
	}
	const banner = "SSH-2.0-OpenSSH_9.2p1\r\n"
	for name, peer := range map[string]struct {
		talk func(net.Conn)
		want string
	}{
		"closes at once":      {func(net.Conn) {}, "ssh.closed"},
		"is an HTTP server":   {func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") }, "ssh.not_ssh"},
		"lines without end":   {endless("welcome\r\n"), "ssh.not_ssh"},
		"a line without end":  {endless("a"), "ssh.not_ssh"},
		"nothing but zeroes":  {endless(string(make([]byte, 4096))), "ssh.not_ssh"},
		"turned away":         {func(c net.Conn) { _, _ = io.WriteString(c, "Exceeded MaxStartups\r\n") }, "ssh.too_many"},
		"greets, then closes": {func(c net.Conn) { _, _ = io.WriteString(c, banner); _, _ = c.Read(make([]byte, 4096)) }, "ssh.handshake"},
		"greets, then silence": {func(c net.Conn) { _, _ = io.WriteString(c, banner); _, _ = io.Copy(io.Discard, c) },
			"ssh.slow_login"},
		"greets, then zeroes": {func(c net.Conn) { _, _ = io.WriteString(c, banner); endless(string(make([]byte, 4096)))(c) }, "ssh.handshake"},
		"announces 4 GB":      {func(c net.Conn) { _, _ = io.WriteString(c, banner); endless("\xff\xff\xff\xff")(c) }, "ssh.handshake"},
		"packets without end": {func(c net.Conn) {
			_, _ = io.WriteString(c, banner)
			endless(strings.Repeat("\x00\x00\x00\x0c\x0a\x02"+strings.Repeat("\x00", 10), 512))(c)
		}, "ssh.handshake"},
		"one byte at a time":     {slowly(banner, 50*time.Millisecond), "ssh.slow_login"},
		"one byte, then silence": {func(c net.Conn) { _, _ = io.WriteString(c, "S"); _, _ = io.Copy(io.Discard, c) }, "ssh.slow_login"},
		"nothing at all":         {func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, "ssh.no_banner"},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go serve(l, peer.talk)
			p, err := build(settings{Address: l.Addr().String(), User: "u", Key: key,
				HostKey: "SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDgJZ0pV6aJ0b0oZ3E"}, chain.Place{})
			if err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			proof := prove(p, 500*time.Millisecond)
			took := time.Since(began)
			runtime.ReadMemStats(&after)
			expect(t, proof, chain.Broken, peer.want)
			if took > 1500*time.Millisecond {
				t.Errorf("took %v", took)
			}
			if grew := after.TotalAlloc - before.TotalAlloc; grew > 8<<20 {
				t.Errorf("took %d bytes", grew)
			}
		})
	}
}

func slowly(s string, pause time.Duration) func(net.Conn) {
	return func(c net.Conn) {
		for i := range len(s) {
			if _, err := io.WriteString(c, s[i:i+1]); err != nil {
				return
			}
			time.Sleep(pause)
		}
	}
}

func serve(l net.Listener, talk func(net.Conn)) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() { defer c.Close(); talk(c) }()
	}
}
