// Package probetest is what the tests of the kinds share: waiting for a real daemon,
// a trial of a link, what a proof must say, and peers that behave badly.
package probetest

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

// Needs ends a test that lacks something: CI has all of it, elsewhere it skips.
func Needs(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal("needs", what)
	}
	t.Skip("needs", what)
}

// Until waits until something of a real process is so; it gives up after 20 seconds.
func Until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("in vain:", what)
		}
	}
}

// FreePort is a port of 127.0.0.1 that nothing listens on.
func FreePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// Prove tries a link once.
func Prove(p chain.Prover, timeout time.Duration) chain.Proof {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return p.Prove(ctx)
}

// Expect checks a verdict and its cause, that a broken proof says all it must, and that
// it tells none of the secrets.
func Expect(t *testing.T, p chain.Proof, v chain.Verdict, cause string, secrets ...string) {
	t.Helper()
	text := words.English.Say(p.Because) + " → " + words.English.Say(p.Hint)
	said := fmt.Sprintf("%v %q: %s %q", p.Verdict, p.Cause, text, p.Evidence)
	if p.Verdict != v || p.Cause != cause {
		t.Fatalf("want %v %q, got %s", v, cause, said)
	}
	if v == chain.Broken && (p.Because.IsZero() || p.Hint.IsZero()) || strings.Contains(text, "{") {
		t.Errorf("says too little: %s", said)
	}
	for _, secret := range secrets {
		if strings.Contains(said, secret) {
			t.Errorf("tells a secret: %s", said)
		}
	}
	t.Log(said)
}

// Verbs are the deeds of a plan, in order.
func Verbs(p chain.Plan) string {
	var all []string
	for _, d := range p.Deeds {
		all = append(all, string(d.Verb))
	}
	return strings.Join(all, " ")
}
