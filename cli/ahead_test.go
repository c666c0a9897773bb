package cli

import (
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
)

// What ends on a day that is known is said in advance.
func TestStatusSaysWhatBecomesOfAGoal(t *testing.T) {
	s := guard.Status{Goals: []guard.GoalStatus{{Name: "shell", Title: "I get a shell", Verdict: chain.Holds,
		Ahead: []guard.AheadStatus{{Said: "from 3 December 2026, margin 0: the certificate ends"}, {Said: "from 9 January 2027, it stops"}}}}}
	out := show(t, 80, s, "status", "--lang", "en")
	if !strings.Contains(out, "from 3 December 2026, margin 0: the certificate ends") || strings.Contains(out, "9 January") {
		t.Errorf("the next, and no more:\n%s", out)
	}
}
