package tunnel

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/tunnel"
	"github.com/omamori-guard/omamori/words"
)

func TestJudge(t *testing.T) {
	began := time.Now()
	type look struct {
		after, handshake time.Duration // since it began; a handshake of 0 is none
		received, sent   uint64
		verdict          chain.Verdict
		cause            string
	}
	for name, c := range map[string]struct {
		always bool
		looks  []look
	}{
		"moves both ways": {false, []look{
			{time.Minute, time.Second, 100, 100, chain.Unproven, ""}, {2 * time.Minute, time.Second, 9000, 9000, chain.Holds, ""},
			{4 * time.Minute, 3 * time.Minute, 9300, 9200, chain.Holds, ""}, {330 * time.Second, 5 * time.Minute, 9400, 9300, chain.Unproven, ""}}},
		"a little all the time": {false, []look{
			{time.Minute, time.Second, 1e6, 1e6, chain.Unproven, ""}, {2 * time.Minute, time.Minute, 1e6 + 5000, 1e6 + 4000, chain.Holds, ""},
			{3 * time.Minute, 2 * time.Minute, 1e6 + 10000, 1e6 + 8000, chain.Holds, ""}}},
		"handshakes alone": {true, []look{
			{time.Minute, time.Second, 180, 92, chain.Unproven, ""}, {2 * time.Minute, time.Minute, 424, 184, chain.Unproven, ""},
			{3 * time.Minute, 2 * time.Minute, 668, 276, chain.Unproven, ""}, {5 * time.Minute, 4 * time.Minute, 1000, 400, chain.Unproven, ""}}},
		"a handshake every five seconds": {false, []look{
			{time.Minute, time.Second, 180, 92, chain.Unproven, ""}, {2 * time.Minute, 2 * time.Minute, 180 + 12*180, 92 + 12*124, chain.Unproven, ""}}},
		"much goes, only handshakes come": {false, []look{
			{time.Minute, time.Second, 180, 92, chain.Unproven, ""}, {2 * time.Minute, time.Minute, 424, 90000, chain.Unproven, ""}}},
		"never was": {false, []look{{time.Minute, 0, 0, 0, chain.Unproven, ""}}},
		"must be":   {true, []look{{time.Minute, 0, 0, 0, chain.Broken, "no_handshake"}}},
		"asleep":    {false, []look{{time.Minute, time.Second, 100, 100, chain.Unproven, ""}, {9 * time.Minute, time.Second, 100, 100, chain.Unproven, ""}}},
		"nothing comes": {false, []look{
			{time.Minute, time.Second, 100, 100, chain.Unproven, ""}, {2 * time.Minute, time.Minute, 100, 200, chain.Unproven, ""},
			{5 * time.Minute, 4 * time.Minute, 100, 300, chain.Broken, "one_way"}}},
		"never came": {false, []look{{time.Minute, time.Second, 0, 100, chain.Broken, "one_way"}}},
		"tunnel restarted": {false, []look{
			{time.Minute, time.Second, 900, 900, chain.Unproven, ""}, {2 * time.Minute, time.Minute, 90000, 90000, chain.Holds, ""},
			{3 * time.Minute, 2 * time.Minute, 10, 10, chain.Unproven, ""}, {4 * time.Minute, 2 * time.Minute, 20010, 20010, chain.Holds, ""}}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := build(settings{Socket: "/s", Peer: "laptop", Always: c.always}, chain.Place{})
			if err != nil {
				t.Fatal(err)
			}
			for i, k := range c.looks {
				peer := tunnel.PeerStatus{Name: "laptop", Received: k.received, Sent: k.sent}
				if k.handshake > 0 {
					peer.Handshake = began.Add(k.handshake)
				}
				proof := p.(*link).judge(tunnel.Status{Peers: []tunnel.PeerStatus{peer}}, began.Add(k.after))
				if proof.Verdict != k.verdict || proof.Cause != k.cause || !words.Has(proof.Because.Key) {
					t.Errorf("look %d: %+v", i, proof)
				}
			}
		})
	}
}

// TestProve: a tunnel is asked at its socket, and whatever else is there proves nothing.
func TestProve(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	p, err := build(settings{Socket: socket, Peer: "laptop", Always: true}, chain.Place{})
	if err != nil {
		t.Fatal(err)
	}
	prove := func(want chain.Verdict, because string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if proof := p.Prove(ctx); proof.Verdict != want || because != "" && proof.Because.Key != because || !words.Has(proof.Because.Key) {
			t.Errorf("%+v", proof)
		}
	}
	prove(chain.Broken, "") // nobody is there
	listen := func(serve func(net.Listener)) (end func()) {
		l, err := net.Listen("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		var work sync.WaitGroup
		work.Go(func() { serve(l) })
		return func() { l.Close(); work.Wait() }
	}
	var sent uint64
	end := listen(func(l net.Listener) {
		_ = tunnel.Answer(l, func(tunnel.Request) (tunnel.Status, error) { // ends with l
			sent += 1e6
			return tunnel.Status{Peers: []tunnel.PeerStatus{{Name: "laptop", Handshake: time.Now(), Received: sent, Sent: sent}}}, nil
		})
	})
	prove(chain.Unproven, "tunnel.first")
	prove(chain.Holds, "tunnel.moves")
	end()
	for _, said := range []string{"", "\n", "garbage\n", `{"status":`, `{"error":"no memory"}`, `{}`, strings.Repeat(" ", 1<<20)} {
		end := listen(func(l net.Listener) {
			c, err := l.Accept()
			if err == nil {
				_, _ = io.WriteString(c, said) // who asks may have heard enough
				c.Close()
			}
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		if proof := p.Prove(ctx); proof.Verdict == chain.Holds || !words.Has(proof.Because.Key) {
			t.Errorf("%.20q: %+v", said, proof)
		}
		cancel()
		end()
	}
	end = listen(func(l net.Listener) { // says nothing
		if c, err := l.Accept(); err == nil {
			_, _ = io.Copy(io.Discard, c)
			c.Close()
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	if proof := p.Prove(ctx); proof.Verdict == chain.Holds {
		t.Errorf("silence: %+v", proof)
	}
	cancel()
	end()
}
