package guard_test

import (
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
)

// With the VPN gone, a security group still names the address that it gave, and nobody comes
// from there: to read the group waives nothing. To log in does.
func TestWhatIsProvedAsideWaivesNothing(t *testing.T) {
	for _, sshd := range []string{"{kind: flag, needs: [group]}", `{kind: claim, question: "Does ssh work?", needs: [group]}`} {
		f := newFlags(t)
		f.load = strings.Replace(ways, "sshd: {kind: flag, needs: [vpn]}", "group: {kind: aside, needs: [vpn]}\n  sshd: "+sshd, 1)
		claim := strings.Contains(sshd, "claim")
		f.during(t, func(t *testing.T, g *guard.Guard) {
			answer(t, g, "codes", true)
			if claim {
				answer(t, g, "sshd", true)
			}
			after(10 * time.Second)
			f.set(func() {
				f.verdicts["vpn"] = chain.Broken
				if !claim {
					f.verdicts["sshd"] = chain.Broken
				}
			})
			after(30 * time.Second)
			s := status(t, g)
			if l := link(s, "group"); len(l.Waived) > 0 || verdict(s, "group") != chain.Holds {
				t.Errorf("%s: the group %v, without %v", sshd, l.Verdict, l.Waived)
			}
			back := func(when string, want bool) {
				t.Helper()
				if goal := status(t, g).Goals[0]; (goal.WayBack != nil && *goal.WayBack > 0) != want {
					t.Errorf("%s, %s: back in %v", sshd, when, goal.WayBack)
				}
			}
			back("the vpn is gone", true)
			f.be("sshd", chain.Holds)
			if claim {
				answer(t, g, "sshd", true)
			}
			after(30 * time.Second)
			if l := link(status(t, g), "group"); len(l.Waived) != 1 {
				t.Errorf("%s: one logs in, and waived is %v", sshd, l.Waived)
			}
			back("one logs in", false)
		})
	}
}
