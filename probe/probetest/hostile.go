package probetest

import (
	"io"
	"net"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// Serve lets talk have each connection to a new listener of the network, tcp or unix,
// until the test ends. It returns the listener's address.
func Serve(t *testing.T, network string, talk func(net.Conn)) string {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(t.TempDir(), "s")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); talk(c) }()
		}
	}()
	return l.Addr().String()
}

// Endless says a piece again and again.
func Endless(piece string) func(net.Conn) {
	return func(c net.Conn) {
		for {
			if _, err := io.WriteString(c, piece); err != nil {
				return
			}
		}
	}
}

// Say says something, then listens.
func Say(text string) func(net.Conn) {
	return func(c net.Conn) { _, _ = io.WriteString(c, text); _, _ = io.Copy(io.Discard, c) }
}

// Slowly says one byte at a time.
func Slowly(text string) func(net.Conn) {
	return func(c net.Conn) {
		for i := range len(text) {
			if _, err := io.WriteString(c, text[i:i+1]); err != nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
}

// Bounded tries a link to a hostile peer for half a second; the trial may not take
// longer, nor allocate more than so many bytes.
func Bounded(t *testing.T, p chain.Prover, most uint64) chain.Proof {
	t.Helper()
	const patience, tolerance = 500 * time.Millisecond, time.Second
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	proof := Prove(p, patience)
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	if took > patience+tolerance {
		t.Errorf("took %v", took)
	}
	if grew := after.TotalAlloc - before.TotalAlloc; grew > most {
		t.Errorf("took %d bytes", grew)
	}
	return proof
}
