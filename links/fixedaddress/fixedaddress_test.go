package fixedaddress

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

// echo answers with the address of whoever asks.
func echo(t *testing.T, address string) string {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Skip("no such loopback here:", err)
	}
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		fmt.Fprintln(w, host)
	})}}
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

func prove(t *testing.T, s settings) chain.Proof {
	t.Helper()
	p, err := build(s, chain.Place{})
	if err != nil {
		t.Fatal(err)
	}
	proof := p.Prove(t.Context())
	if !words.Has(proof.Because.Key) || proof.Verdict == chain.Broken && !words.Has(proof.Hint.Key) {
		t.Errorf("says too little: %+v", proof)
	}
	return proof
}

func TestAddress(t *testing.T) {
	four := echo(t, "127.0.0.1:0")
	for name, c := range map[string]struct {
		s     settings
		cause string
	}{
		"as named":            {settings{LeavesFrom: "127.0.0.1", URL: four}, ""},
		"another":             {settings{LeavesFrom: "203.0.113.7", URL: four}, "other_address"},
		"by its source":       {settings{LeavesFrom: "127.0.0.9", URL: four, Source: "127.0.0.9"}, ""},
		"source without home": {settings{LeavesFrom: "203.0.113.7", URL: four, Source: "203.0.113.7"}, "no_tunnel"},
		"by an interface":     {settings{LeavesFrom: "127.0.0.1", URL: four, Interface: "lo"}, ""},
		"no interface":        {settings{LeavesFrom: "127.0.0.1", URL: four, Interface: "nosuch0"}, "no_tunnel"},
		"no proxy":            {settings{LeavesFrom: "127.0.0.1", URL: four, Proxy: "127.0.0.1:1"}, "no_tunnel"},
	} {
		t.Run(name, func(t *testing.T) {
			if p := prove(t, c.s); p.Cause != c.cause || (p.Verdict == chain.Holds) != (c.cause == "") {
				t.Errorf("%+v", p)
			}
		})
	}
	t.Run("IPv6", func(t *testing.T) {
		if p := prove(t, settings{LeavesFrom: "::1", URL: echo(t, "[::1]:0")}); p.Verdict != chain.Holds {
			t.Errorf("%+v", p)
		}
	})
}

// TestProxy: the request leaves by the proxy, which leaves from an address of its own.
func TestProxy(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		var b [10]byte
		_, _ = io.ReadFull(c, b[:3])
		_, _ = c.Write([]byte{5, 0})
		_, _ = io.ReadFull(c, b[:10])
		to := netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[4:8])), uint16(b[8])<<8|uint16(b[9]))
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 7)}}
		out, err := d.Dial("tcp", to.String())
		if err != nil {
			return
		}
		defer out.Close()
		_, _ = c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
		go func() { _, _ = io.Copy(out, c) }()
		_, _ = io.Copy(c, out)
	}()
	defer func() { l.Close(); <-done }()
	if p := prove(t, settings{LeavesFrom: "127.0.0.7", URL: echo(t, "127.0.0.1:0"), Proxy: l.Addr().String()}); p.Verdict != chain.Holds {
		t.Errorf("%+v", p)
	}
}

func TestEcho(t *testing.T) {
	for text, want := range map[string]string{
		"203.0.113.7\n": "203.0.113.7", `{"ip":"2001:db8::1"}`: "2001:db8::1", `{"origin": "203.0.113.7"}`: "203.0.113.7",
		"fl=1\nip=203.0.113.7\nts=2\n": "203.0.113.7", "::ffff:203.0.113.7": "203.0.113.7",
	} {
		if got, ok := parseEcho([]byte(text)); !ok || got.String() != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	for _, text := range []string{"", "<html>", "{", `{"ip":7}`, "fe80::1%eth0", "203.0.113.7, 203.0.113.8"} {
		if got, ok := parseEcho([]byte(text)); ok {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}

func FuzzEcho(f *testing.F) {
	f.Add([]byte("203.0.113.7\n"))
	f.Add([]byte(`{"ip":"::1"}`))
	f.Add([]byte("ip=::1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, ok := parseEcho(b); ok && (!a.IsValid() || a.Zone() != "") {
			t.Errorf("%q: %v", b, a)
		}
	})
}

func FuzzSocks(f *testing.F) {
	f.Add([]byte{5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{5, 0, 5, 5, 0, 4})
	f.Fuzz(func(_ *testing.T, b []byte) {
		_ = socks(struct {
			io.Reader
			io.Writer
		}{bytes.NewReader(b), io.Discard}, netip.MustParseAddrPort("[::1]:80"))
	})
}
