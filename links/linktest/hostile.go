package linktest

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

const (
	patience  = 500 * time.Millisecond // of a trial of a hostile peer
	tolerance = 5 * time.Second        // for a busy machine to end it: unbounded is far more
	maxMemory = 32 << 20               // bytes that one may take, set free again or not
)

// peers are those who do not speak as they should. Each talks until it has said all,
// or cannot write any more.
func peers() map[string]func(net.Conn) {
	endless := func(piece string) func(net.Conn) {
		return func(c net.Conn) {
			for {
				if _, err := io.WriteString(c, piece); err != nil {
					return
				}
			}
		}
	}
	bomb := gzipBomb()
	garbage := strings.Repeat("\x9d\x00\xff\x13\n{\"<SSH-2.0-%s\x1b[2J\x80", 97)
	return map[string]func(net.Conn){
		"closes at once":  func(net.Conn) {},
		"says nothing":    func(c net.Conn) { _, _ = io.Copy(io.Discard, c) },
		"garbage":         func(c net.Conn) { _, _ = io.WriteString(c, garbage); _, _ = io.Copy(io.Discard, c) },
		"garbage, close":  func(c net.Conn) { _, _ = io.WriteString(c, garbage) },
		"endless garbage": endless(garbage),
		"endless zeroes":  endless(string(make([]byte, 32<<10))),
		"endless line":    endless(strings.Repeat("a", 32<<10)),
		"endless headers": func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n"); endless("X-A: b\r\n")(c) },
		"endless body": func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 500 No\r\n\r\n")
			endless(strings.Repeat("b", 32<<10))(c)
		},
		"endless interim answers": endless("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
		"endless chunks": func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n")
			endless("8000\r\n" + strings.Repeat("c", 0x8000) + "\r\n")(c)
		},
		"a chunk without end": func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n")
			endless(strings.Repeat("c", 0x8000))(c)
		},
		"a body that is never sent": func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n<html>")
		},
		"a gzip bomb": func(c net.Conn) { _, _ = c.Write(bomb) },
		"a redirect circle": func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")
		},
		"a broken handshake": func(c net.Conn) { _, _ = io.WriteString(c, "\x16\x03\x03\xff\xff\x02\xff\xff\xff"); endless("\x00")(c) },
		"a TLS alert": func(c net.Conn) {
			_, _ = c.Read(make([]byte, 512))
			_, _ = io.WriteString(c, "\x15\x03\x03\x00\x02\x02\x28")
		},
		"endless records":   endless("\x01\x06\x00\x01\xff\xff\xff\x00" + string(make([]byte, 0xffff+0xff))),
		"empty records":     endless(strings.Repeat("\x01\x06\x00\x01\x00\x00\x00\x00", 4096)),
		"a byte at a time":  slowly("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
		"closes when asked": func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) },
	}
}

// gzipBomb is an answer that is a gigabyte once it is unpacked.
func gzipBomb() []byte {
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 500 No\r\nContent-Encoding: gzip\r\nContent-Type: text/html\r\n\r\n")
	// A mebibyte each, as many as make a gigabyte: members of one stream.
	var member bytes.Buffer
	z := gzip.NewWriter(&member)
	_, _ = z.Write(make([]byte, 1<<20)) // a buffer takes all
	_ = z.Close()
	for range 1 << 10 {
		b.Write(member.Bytes())
	}
	return b.Bytes()
}

func slowly(s string) func(net.Conn) {
	return func(c net.Conn) {
		for i := range len(s) {
			if _, err := io.WriteString(c, s[i:i+1]); err != nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
}

// hostile: whatever a peer does costs bounded time and memory, proves nothing, and
// leaves nothing running.
func hostile(t *testing.T, k chain.Kind, o Options) {
	if o.At == nil && dials(k.Example) == "" {
		return
	}
	before := runtime.NumGoroutine()
	all := peers()
	for name, talk := range all {
		t.Run(name, func(t *testing.T) { withstand(t, k, serve(t, k, o, talk)) })
	}
	if dials(k.Example) == "url" {
		for _, name := range []string{"closes at once", "says nothing", "garbage", "endless garbage", "endless zeroes", "a broken handshake", "a TLS alert", "endless headers"} {
			t.Run(name+", for https", func(t *testing.T) {
				withstand(t, k, strings.Replace(serve(t, k, o, all[name]), "http://", "https://", 1))
			})
		}
	}
	t.Run("cancelled", func(t *testing.T) {
		p := build(t, k, serve(t, k, o, peers()["says nothing"]), place())
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(patience/2, cancel)
		proof := measured(t, p, ctx)
		if proof.Verdict != chain.Unproven {
			t.Errorf("a trial cut short is %v: %v", proof.Verdict, proof.Because)
		}
		reasoned(t, proof)
	})
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			all := make([]byte, 64<<10)
			t.Fatalf("%d goroutines more than before:\n%s", runtime.NumGoroutine()-before, all[:runtime.Stack(all, true)])
		}
	}
}

// withstand tries a link to a hostile peer.
func withstand(t *testing.T, k chain.Kind, yaml string) {
	p := build(t, k, yaml, place())
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	proof := measured(t, p, ctx)
	if proof.Verdict == chain.Holds {
		t.Errorf("holds: %v", proof.Because)
	}
	reasoned(t, proof)
}

func measured(t *testing.T, p chain.Prover, ctx context.Context) chain.Proof {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	proof := p.Prove(ctx)
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	if took > patience+tolerance {
		t.Errorf("took %v", took)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > maxMemory {
		t.Errorf("took %d bytes", got)
	}
	return proof
}

// serve lets talk answer, and returns settings of a link to it.
func serve(t *testing.T, k chain.Kind, o Options, talk func(net.Conn)) (yaml string) {
	t.Helper()
	network, address := "tcp", "127.0.0.1:0"
	if o.At == nil && dials(k.Example) == "socket" {
		network, address = "unix", filepath.Join(t.TempDir(), "s")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				defer c.Close()
				stop := context.AfterFunc(t.Context(), func() { _ = c.Close() }) // t.Context ends before the clean-up
				defer stop()
				talk(c)
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); work.Wait() })
	if o.At != nil {
		return o.At(l.Addr().String())
	}
	return redirect(k.Example, l.Addr().String())
}

var target = regexp.MustCompile(`(?m)^(address|url|socket): *(.*)$`)

// dials names the setting of an example that says where to dial, "" for none.
func dials(example string) string {
	m := target.FindStringSubmatch(example)
	if m == nil {
		return ""
	}
	return m[1]
}

// redirect makes an example's link lead to address.
func redirect(example, address string) string {
	return target.ReplaceAllStringFunc(example, func(line string) string {
		m := target.FindStringSubmatch(line)
		if m[1] != "url" {
			return m[1] + ": " + address
		}
		u, err := url.Parse(strings.Trim(m[2], `"'`))
		if err != nil {
			return line
		}
		u.Scheme, u.Host = "http", address
		return m[1] + ": " + u.String()
	})
}
