package guard

import (
	"testing"

	"github.com/omamori-guard/omamori/chain"
)

// What held again before it was looked into is named for what it was, and nothing is done
// to it.
func TestPlanFor(t *testing.T) {
	held := chain.Held(chain.Say("guard.stopped"))
	hung := chain.Broke("hung", chain.Say("guard.stopped"), chain.Text{})
	refused := chain.Broke("refused", chain.Say("guard.stopped"), chain.Text{})
	untried := chain.Untried(chain.Say("guard.stopped"), chain.Text{})
	for _, c := range []struct {
		name          string
		newest, broke chain.Proof
		cause         string
		deeds         int
	}{
		{"broken still", hung, hung, "hung", 1},
		{"broken otherwise by now", refused, hung, "refused", 1},
		{"holds again", held, hung, "hung", 0},
		{"cannot be told", untried, hung, "", 1},
		{"taken up after a restart", held, chain.Proof{}, "", 1},
	} {
		got := planFor(c.newest, c.broke, func(p chain.Proof) chain.Plan {
			return chain.Plan{Cause: p.Cause, Deeds: []chain.Deed{{Verb: chain.Restart}}}
		})
		if got.Cause != c.cause || len(got.Deeds) != c.deeds {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}
