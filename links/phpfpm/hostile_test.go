package phpfpm

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe/probetest"
)

// record is one of FastCGI's, whatever is in it.
func record(kind byte, content string) string {
	return string([]byte{1, kind, 0, 1, byte(len(content) >> 8), byte(len(content)), 0, 0}) + content
}

const ended = "\x00\x00\x00\x00\x00\x00\x00\x00"

// pong is what PHP-FPM answers to a ping, as it was sent.
const pong = "Content-type: text/plain;charset=UTF-8\r\nExpires: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\npong"

// TestHostile: whatever a peer does costs bounded time and memory, and gives a
// reason.
func TestHostile(t *testing.T) {
	for name, peer := range map[string]struct {
		talk func(net.Conn)
		want string
	}{
		"is an HTTP server":   {probetest.Say("HTTP/1.1 400 Bad Request\r\n\r\n"), "not_fastcgi"},
		"is an SSH server":    {probetest.Say("SSH-2.0-OpenSSH_9.2p1\r\n"), "not_fastcgi"},
		"speaks of version 2": {probetest.Say("\x02\x06\x00\x01\x00\x00\x00\x00"), "not_fastcgi"},
		"answers another":     {probetest.Say(strings.Replace(record(6, pong), "\x00\x01", "\x00\x02", 1)), "not_fastcgi"},
		"an unknown record":   {probetest.Say(record(99, "x")), "not_fastcgi"},
		"a record of 64 KiB":  {probetest.Say("\x01\x06\x00\x01\xff\xff\xff\x00abc"), "timeout"},
		"a record cut off": {func(c net.Conn) {
			_, _ = c.Read(make([]byte, 1024))
			_, _ = io.WriteString(c, "\x01\x06\x00\x01\xff\xff\x00\x00abc")
		}, "closed"},
		"endless empty records":    {probetest.Endless(strings.Repeat(record(6, ""), 4096)), "not_fastcgi"},
		"endless records":          {probetest.Endless(record(6, strings.Repeat("a", 65535))), "not_fastcgi"},
		"endless errors":           {probetest.Endless(strings.Repeat(record(7, "PHP Warning: x"), 1024)), "not_fastcgi"},
		"padding alone":            {probetest.Endless(strings.Repeat("\x01\x06\x00\x01\x00\x00\xff\x00"+strings.Repeat("p", 255), 128)), "not_fastcgi"},
		"ends at once":             {probetest.Say(record(3, ended)), "not_fastcgi"},
		"ends in half an end":      {probetest.Say(record(6, pong) + record(3, "\x00")), "not_fastcgi"},
		"is overloaded":            {probetest.Say(record(3, "\x00\x00\x00\x00\x02\x00\x00\x00")), "not_fastcgi"},
		"no header":                {probetest.Say(record(6, "pong") + record(3, ended)), "not_fastcgi"},
		"an impossible status":     {probetest.Say(record(6, "Status: 99999 x\r\n\r\npong") + record(3, ended)), "not_fastcgi"},
		"a header that is garbage": {probetest.Say(record(6, "\xff\x00:\r\n\r\npong") + record(3, ended)), "not_fastcgi"},
		"an empty pong":            {probetest.Say(record(6, "Status: 200\r\n\r\n \n") + record(3, ended)), "wrong_answer"},
		"a failing pong":           {probetest.Say(record(6, "Status: 500 x\r\n\r\npong") + record(3, ended)), "wrong_answer"},
		"one byte at a time": {func(c net.Conn) {
			for _, b := range []byte(record(6, pong)) {
				if _, err := c.Write([]byte{b}); err != nil {
					return
				}
				time.Sleep(50 * time.Millisecond)
			}
		}, "timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			address := probetest.Serve(t, "unix", peer.talk)
			p, err := build(settings{Socket: address, Ping: "/ping"}, chain.Place{})
			if err != nil {
				t.Fatal(err)
			}
			probetest.Expect(t, probetest.Bounded(t, p, 4<<20), chain.Broken, peer.want)
		})
	}
}

// FuzzAnswer: whatever comes, an answer is no longer than what it was read from, and
// has a status that there is.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(record(6, pong) + record(3, ended)))
	f.Add([]byte(record(6, pong[:20]) + record(7, "PHP Warning") + record(6, pong[20:]) + record(6, "") + record(3, ended)))
	f.Add([]byte(record(6, "Status: 404 Not Found\r\nContent-type: text/html\r\n\r\nFile not found.\n") + record(3, ended)))
	f.Add([]byte("\x01\x06\x00\x01\xff\xff\xff\x00"))
	f.Add([]byte("\x01\x03\x00\x01\x00\x08\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00"))
	f.Add([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		said, err := readAnswer(bufio.NewReader(bytes.NewReader(b)))
		if err != nil {
			return
		}
		if len(said) > len(b) {
			t.Errorf("%d bytes of %d", len(said), len(b))
		}
		status, body, err := parseAnswer(said)
		if err == nil && (status < 100 || status > 599 || len(body) > len(said)) {
			t.Errorf("status %d with %d bytes of %d", status, len(body), len(said))
		}
	})
}

// FuzzStatus: whatever comes, figures can be plotted and a proof be written down.
func FuzzStatus(f *testing.F) {
	f.Add([]byte(`{"pool":"blog","process manager":"dynamic","start time":1795528369,"start since":4,"accepted conn":7,` +
		`"listen queue":2,"max listen queue":2,"listen queue len":511,"idle processes":0,"active processes":5,` +
		`"total processes":5,"max active processes":5,"max children reached":1,"slow requests":0}`))
	f.Add([]byte(`{"pool":"\u001b[2J","listen queue":1e308,"idle processes":-1}`))
	f.Add([]byte(`{"pool":1}`))
	f.Add([]byte("pool:                 blog\nprocess manager:      dynamic\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		now, ok := parseStatus(b)
		if ok && now.Pool == "" {
			t.Error("a pool without a name")
		}
		l := &link{full: 1}
		p := l.judge(chain.Proof{}, now)
		for _, f := range p.Figures {
			if f.Value-f.Value != 0 {
				t.Errorf("%s is %v", f.Name, f.Value)
			}
		}
		for _, e := range p.Evidence {
			if len(e) > 1024 || strings.ContainsAny(e, "\x1b\n") {
				t.Errorf("evidence %q", e)
			}
		}
	})
}
