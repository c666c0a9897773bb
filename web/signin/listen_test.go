package signin

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// live serves a page on a free port for the length of a test.
func live(t *testing.T, s *Settings, page http.Handler) (*Gate, string) {
	t.Helper()
	s.Listen = "127.0.0.1:0"
	l, err := Listen(s)
	if err != nil {
		t.Fatal(err)
	}
	g, _, err := New(Options{Settings: s, State: t.TempDir(), Journal: &book{}, Log: slog.New(slog.DiscardHandler), Open: func(*http.Request) bool { return true }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.Serve(ctx, l, g.Handler(page)) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	eventually(t, "it is served", func() bool { _, err := g.served(); return err == nil })
	return g, fmt.Sprintf("127.0.0.1:%d", l.Port())
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

func request(t *testing.T, address, cookie string) (*http.Response, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+address+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Close = true
	if cookie != "" {
		r.AddCookie(&http.Cookie{Name: "omamori", Value: cookie})
	}
	return http.DefaultClient.Do(r)
}

// Whoever opens ten thousand connections keeps nobody out, and costs what so many as are
// kept cost.
func TestTenThousandConnections(t *testing.T) {
	g, address := live(t, Defaults(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, From(r.Context()).Name) }))
	g.mu.Lock()
	token := g.begin(session{Name: "hanako", How: "link", Act: true})
	g.mu.Unlock()
	// The owner's own connection is there before: it is not the one that makes room.
	owner, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close()
	ask := func() error {
		if _, err := fmt.Fprintf(owner, "GET / HTTP/1.1\r\nHost: %s\r\nCookie: omamori=%s\r\n\r\n", address, token); err != nil {
			return err
		}
		res, err := http.ReadResponse(bufio.NewReader(owner), nil)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if b, err := io.ReadAll(res.Body); err != nil || string(b) != "hanako" {
			return fmt.Errorf("%s %w", b, err)
		}
		return nil
	}
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	var held []net.Conn
	defer func() {
		for _, c := range held {
			c.Close()
		}
	}()
	for i := range 10_000 {
		if i%500 == 0 { // he goes on all the while; a connection that is idle for long is let go
			if err := ask(); err != nil {
				t.Fatalf("the owner's connection, after %d others: %v", i, err)
			}
		}
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(c, "GET / HT") //nolint:errcheck // it may have been let go already
		held = append(held, c)
		if len(held) == 500 { // what was let go need not be held here
			for _, old := range held[:100] {
				old.Close()
			}
			held = held[100:]
		}
	}
	g.lines.mu.Lock()
	n := g.lines.n
	g.lines.mu.Unlock()
	if n > maxLines {
		t.Errorf("%d connections are open", n)
	}
	if err := ask(); err != nil {
		t.Errorf("the owner's connection: %v", err)
	}
	// Anew, he comes in too.
	res, err := request(t, address, token)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if b, _ := io.ReadAll(res.Body); string(b) != "hanako" {
		t.Errorf("%d %s", res.StatusCode, b)
	}
}

// Whoever sends his form a byte at a time has a connection, but no place among those who are
// answered: however many do, others are answered at once.
func TestSlowFormsKeepNobodyOut(t *testing.T) {
	g, address := live(t, Defaults(), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "in") }))
	began := time.Now()
	for range maxLines - 50 {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := fmt.Fprintf(c, "POST /signin/totp HTTP/1.1\r\nHost: %s\r\nOrigin: http://%[1]s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nname=", address); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 {
		res, err := request(t, address, "")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Fatalf("%s after %s", res.Status, time.Since(began))
		}
	}
	if n := len(g.crowd.strangers); n != 0 {
		t.Errorf("%d have a place", n)
	}
}

// Who does not read what is written to him is let go, and nobody waits for him.
func TestASlowReaderIsLetGo(t *testing.T) {
	var ended atomic.Bool
	_, address := live(t, Defaults(), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		defer ended.Store(true)
		piece := make([]byte, 64<<10)
		for {
			if _, err := w.Write(piece); err != nil {
				return
			}
		}
	}))
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", address); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the writer goes on", ended.Load)
}

func TestHeadersAreBounded(t *testing.T) {
	_, address := live(t, Defaults(), http.NotFoundHandler())
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: %s\r\nX: %s\r\n\r\n", address, strings.Repeat("x", 1<<20)) //nolint:errcheck // it is cut off
	b, _ := io.ReadAll(c)
	if len(b) > 0 && !strings.HasPrefix(string(b), "HTTP/1.1 431") {
		t.Errorf("%.100s", b)
	}
}

// Streams are counted apart: those of strangers leave room for those of visitors.
func TestStreamsAreCountedApart(t *testing.T) {
	c := newCrowd()
	ctx, cancel := context.WithCancel(t.Context())
	for range strangersStreams {
		if _, ok := c.enter(ctx, false, true); !ok {
			t.Fatal("no place")
		}
	}
	cancel()
	if _, ok := c.enter(ctx, false, true); ok {
		t.Error("one stream too many")
	}
	for _, known := range []bool{false, true} {
		if leave, ok := c.enter(ctx, known, false); !ok {
			t.Error("streams keep out requests")
		} else {
			leave()
		}
	}
	for range visitorsStreams {
		if _, ok := c.enter(ctx, true, true); !ok {
			t.Fatal("no place for a visitor's stream")
		}
	}
	if _, ok := c.enter(ctx, true, true); ok {
		t.Error("one stream of a visitor too many")
	}
}

func TestAPortThatIsTaken(t *testing.T) {
	first, err := Listen(&Settings{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if l, err := Listen(&Settings{Listen: fmt.Sprintf("127.0.0.1:%d", first.Port())}); err == nil || !taken(err) {
		l.Close()
		t.Errorf("%v", err)
	}
	if !first.both || !strings.HasPrefix(first.URL(Defaults()), "http://"+LocalHost+":") {
		t.Errorf("%v %s", first.both, first.URL(Defaults()))
	}
}

// pair writes a certificate for name and its key, and returns the settings for them.
func pair(t *testing.T, dir, name string) TLSSettings {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	s := TLSSettings{Certificate: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	for path, block := range map[string]*pem.Block{s.Certificate: {Type: "CERTIFICATE", Bytes: der}, s.Key: {Type: "PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	s := &Settings{Hosts: []string{"guard.example.org"}, TLS: pair(t, dir, "guard.example.org")}
	g, address := live(t, s, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "in") }))
	if base, err := g.served(); err != nil || !strings.HasPrefix(base, "https://guard.example.org:") {
		t.Errorf("%s %v", base, err)
	}
	pool := x509.NewCertPool()
	b, err := os.ReadFile(s.TLS.Certificate)
	if err != nil || !pool.AppendCertsFromPEM(b) {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "guard.example.org"},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", address)
		}}}
	defer client.CloseIdleConnections()
	res, err := client.Get("https://guard.example.org/")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if b, _ := io.ReadAll(res.Body); string(b) != "in" || res.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%s %v", b, res.Header)
	}
}

func TestARenewedCertificateIsTaken(t *testing.T) {
	dir := t.TempDir()
	c := newCertificate(pair(t, dir, "a.example"), slog.New(slog.DiscardHandler))
	first, err := c.get(nil)
	if err != nil {
		t.Fatal(err)
	}
	pair(t, dir, "b.example")
	later := time.Now().Add(time.Minute)
	for _, path := range []string{c.file, c.key} {
		if err := os.Chtimes(path, later, later); err != nil {
			t.Fatal(err)
		}
	}
	c.looked = time.Time{}
	second, err := c.get(nil)
	if err != nil || string(second.Certificate[0]) == string(first.Certificate[0]) {
		t.Errorf("the old one is shown: %v", err)
	}
	// A half-written one does not end what works.
	if err := os.WriteFile(c.key, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c.looked = time.Time{}
	if third, err := c.get(nil); err != nil || third != second {
		t.Errorf("%v", err)
	}
}
