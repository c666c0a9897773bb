package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/omamori-guard/omamori/door/knock"
)

// Garbage of every length, and knocks of somebody who has the pass and no key that is known:
// none is answered, and none has a line of its own in the log. They are told in one sum.
func TestStrangersLeaveNoLines(t *testing.T) {
	w := newWorld(t, 1)
	_, secret, err := ed25519.GenerateKey(nil)
	must(t, err)
	thief, err := ssh.NewSignerFromKey(secret)
	must(t, err)
	random := rand.NewChaCha8([32]byte{1})
	var conn *net.UDPConn
	w.laptop.In(func() {
		conn, err = net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(serverAt+":4649")))
	})
	must(t, err)
	defer conn.Close()
	// Once the owner is answered, whoever is to hear hears.
	t.Log(w.knock())
	b := make([]byte, 65507) // the longest that there is
	for n := 0; n <= len(b); n += 1 + n/40 {
		_, _ = random.Read(b[:n])
		if n > 0 && n%2 == 0 {
			b[0] = 1 // as a knock begins
		}
		if _, err := conn.Write(b[:n]); err != nil && !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatalf("%d bytes: %v", n, err)
		}
	}
	w.laptop.In(func() {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		stranger := &knock.Client{Pass: w.client.Pass, Signer: thief}
		_, err = stranger.Knock(ctx, netip.MustParseAddrPort(serverAt+":4649"), knock.Ask{Ports: []uint16{22}, For: time.Minute})
	})
	var silent *knock.SilentError
	if !errors.As(err, &silent) || silent.Nobody {
		t.Errorf("a key that nobody knows hears %v", err)
	}
	t.Log(w.knock())
	must(t, conn.SetReadDeadline(time.Now()))
	if n, err := conn.Read(b); err == nil {
		t.Errorf("garbage was answered, by %d bytes", n)
	}
	w.end("knock", syscall.SIGTERM)
	var lines []string
	for line := range strings.Lines(w.said["knock"].String()) {
		lines = append(lines, line)
	}
	if len(lines) != 3 || !strings.Contains(lines[0], "let in") || !strings.Contains(lines[1], "let in") || !strings.Contains(lines[2], "granted=2") ||
		strings.Contains(lines[2], "foreign=0 ") || strings.Contains(lines[2], "unproved=0 ") {
		t.Errorf("the log has\n%s", w.said["knock"])
	}
}
