package tunnel

import (
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
		"moves both ways": {false, []look{{time.Minute, time.Second, 100, 100, chain.Holds, ""}, {5 * time.Minute, 4 * time.Minute, 300, 300, chain.Holds, ""}}},
		"never was":       {false, []look{{time.Minute, 0, 0, 0, chain.Unproven, ""}}},
		"must be":         {true, []look{{time.Minute, 0, 0, 0, chain.Broken, "no_handshake"}}},
		"asleep":          {false, []look{{time.Minute, time.Second, 100, 100, chain.Holds, ""}, {9 * time.Minute, time.Second, 100, 100, chain.Unproven, ""}}},
		"nothing comes": {false, []look{
			{time.Minute, time.Second, 100, 100, chain.Holds, ""}, {2 * time.Minute, time.Minute, 100, 200, chain.Holds, ""},
			{5 * time.Minute, 4 * time.Minute, 100, 300, chain.Broken, "one_way"}}},
		"never came":       {false, []look{{time.Minute, time.Second, 0, 100, chain.Broken, "one_way"}}},
		"tunnel restarted": {false, []look{{time.Minute, time.Second, 900, 900, chain.Holds, ""}, {5 * time.Minute, 4 * time.Minute, 10, 10, chain.Holds, ""}}},
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
