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
