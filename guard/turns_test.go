package guard

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
)

// verdicts is a prover that finds what it is told to find.
type verdicts struct{ now atomic.Int32 }

func (v *verdicts) Prove(context.Context) chain.Proof {
	switch chain.Verdict(v.now.Load()) {
	case chain.Broken:
		return chain.Broke("no_rule", chain.Say("test.dead"), chain.Say("test.start"))
	case chain.Holds:
		return chain.Held(chain.Say("test.alive"))
	}
	return chain.Untried(chain.Say("test.cancelled"), chain.Text{})
}

// turns lets the loop turn for d, and counts.
func turns(g *Guard, d time.Duration) (n int) {
	const tooMany = 10_000
	for end := time.Now().Add(d); time.Now().Before(end) && n < tooMany; n++ {
		select {
		case r := <-g.results:
			if g.foldAll(r) {
				g.look()
			}
		case call := <-g.calls:
			call()
		case <-time.After(time.Until(g.nextBeat())):
			g.beat(time.Now())
		}
	}
	return n
}

// An open incident that can only be waited for costs no more than its proofs do.
func TestTheLoopRests(t *testing.T) {
	const minutes, perMinute = 5, 2*12 + 15 // a beat and a proof each five seconds, and what a mend wants
	for name, then := range map[string]func(*Guard, *verdicts){
		"nothing can be done":        func(*Guard, *verdicts) {},
		"it cannot be told any more": func(_ *Guard, v *verdicts) { v.now.Store(int32(chain.Unproven)) },
		"it is being tuned":          func(g *Guard, _ *verdicts) { g.tuning = map[string]bool{"it": true} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := &verdicts{}
				v.now.Store(int32(chain.Broken))
				c, bad := chain.New(chain.Model{Links: []chain.Link{{Name: "it", Kind: "it", Fresh: time.Minute}}})
				if bad != nil {
					t.Fatal(bad)
				}
				f := &config.File{Chain: c, Links: []config.Link{{Name: "it", Every: 5 * time.Second, Timeout: time.Second,
					Fresh: time.Minute, Kind: chain.Kind{Name: "it", New: func(any, chain.Place) (chain.Prover, error) { return v, nil }}}}}
				g := New(Options{Config: f, Journal: nowhere{}})
				ctx, cancel := context.WithCancel(t.Context())
				g.ctx, g.started = ctx, time.Now()
				var err error
				if g.links, err = g.build(f); err != nil {
					t.Fatal(err)
				}
				turns(g, 10*time.Second)
				if len(g.incidents.Open()) != 1 {
					t.Fatal("no incident")
				}
				then(g, v)
				if n := turns(g, minutes*time.Minute); n > minutes*perMinute {
					t.Errorf("the loop turned %d times in %d minutes", n, minutes)
				}
				cancel()
				g.work.Wait()
			})
		})
	}
}
