package ways_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/ways"
	"github.com/omamori-guard/omamori/ways/waystest"
)

// Fault trees whose minimal cut sets are published, as their publications describe
// them.
func TestPublishedFaultTrees(t *testing.T) {
	or, and := waystest.Or, waystest.And
	for _, c := range []struct {
		name   string
		tree   []waystest.Gate
		counts []int // by size
		some   string
	}{
		// W. E. Vesely et al., Fault Tree Handbook (NUREG-0492, 1981), chapter VIII.
		{"pressure tank", []waystest.Gate{
			or("E1", "T", "E2"), or("E2", "K2", "E3"), and("E3", "S", "E4"), or("E4", "S1", "E5"), or("E5", "K1", "R"),
		}, []int{0, 2, 3}, "T|K2|S S1|K1 S|R S"},
		// The three-motor system of the same school, as OpenFTA's example; its report
		// lists 7 pairs, 3 triples, 2 of four, 26 of five and 16 of seven.
		{"three motors", []waystest.Gate{
			and("E1", "E2", "E3"), or("E2", "K5", "E4"), and("E4", "K1 stays", "E6"), or("E6", "T2", "K5"),
			or("E3", "K2", "E5"), or("E5", "T1", "E8"), or("E8", "K1", "E9"), or("E9", "E10", "E11"),
			and("E10", "KT1", "KT3", "E12"), or("E12", "KT2", "T4"), or("E11", "S1", "T3"),
			or("K1 stays", "K1", "coil"), or("coil", "timers", "button"), or("button", "S1", "T1inc"),
			and("timers", "timer1", "timer2", "timer3"),
			or("timer1", "KT1inc", "T2inc"), or("timer2", "KT2inc", "T3inc"), or("timer3", "KT3inc", "T4inc"),
		}, []int{0, 0, 7, 3, 2, 26, 0, 16}, "K1 K5|K1 T2|S1 T2|T1inc T2 T3|K5 KT1 KT3 T4|T2 T2inc T3 T3inc T4inc"},
		// The high-integrity pressure protection system of XFTA's and SCRAM's examples.
		{"HIPPS", []waystest.Gate{
			or("top", "sensors", "solver", "well1", "well2"), or("sensors", "common", "votes"),
			{Name: "votes", Least: 2, Of: []string{"psh1", "psh2", "psh3"}},
			or("well1", "sv1", "sdv1"), or("well2", "sv2", "sdv2"),
		}, []int{0, 6, 3}, "solver|common|sdv2|psh1 psh3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := ways.New(valid(t, waystest.Tree(c.tree...)))
			for _, m := range []ways.Method{ways.Diagrams, ways.HittingSets} {
				got := g.CutsBy(m, c.tree[0].Name, ways.State{}, 18)
				checkCounts(t, got, c.counts)
				for want := range strings.SplitSeq(c.some, "|") {
					if !slices.ContainsFunc(got.Sets, func(set []string) bool { return strings.Join(set, " ") == want }) {
						t.Errorf("%v: %s is missing", m, want)
					}
				}
			}
		})
	}
}

func valid(t testing.TB, m chain.Model) chain.Model {
	t.Helper()
	if _, bad := chain.New(m); bad != nil {
		t.Fatal(bad[0])
	}
	return m
}

func checkCounts(t *testing.T, got ways.Cuts, want []int) {
	t.Helper()
	listed := make([]int, len(got.Counts))
	for _, set := range got.Sets {
		listed[len(set)]++
	}
	for k, n := range got.Counts {
		w := 0
		if k < len(want) {
			w = want[k]
		}
		if n != w || k <= got.Complete && listed[k] != w {
			t.Errorf("%v: %d of %d losses, %d listed, want %d", got.By, n, k, listed[k], w)
		}
	}
}

func choose(n, k int) int {
	c := 1
	for i := range k {
		c = c * (n - i) / (i + 1)
	}
	return c
}

func names(prefix string, n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprint(prefix, i))
	}
	return all
}

// Trees of hundreds of events and tens of thousands of cuts, whose numbers are known
// from combinatorics.
func TestTreesOfKnownCounts(t *testing.T) {
	vote := func(name string, k int, of ...string) waystest.Gate {
		return waystest.Gate{Name: name, Least: k, Of: of}
	}
	// Fifty votes of two of three under a vote of two of fifty: any two of them fail.
	nested := []waystest.Gate{vote("top", 2, names("v", 50)...)}
	for i := range 50 {
		nested = append(nested, vote(fmt.Sprint("v", i), 2, names(fmt.Sprintf("e%d.", i), 3)...))
	}
	// Four trains of twenty parts, and a hundred single points of failure.
	trains := []waystest.Gate{waystest.Or("top", append(names("s", 100), "all")...), waystest.And("all", names("t", 4)...)}
	for i := range 4 {
		trains = append(trains, waystest.Or(fmt.Sprint("t", i), names(fmt.Sprintf("p%d.", i), 20)...))
	}
	// Every pair of forty shared parts feeds a gate of its own; all fail with all but one.
	var pairs []waystest.Gate
	var all []string
	for i := range 12 {
		for j := range i {
			name := fmt.Sprintf("g%d.%d", i, j)
			all = append(all, name)
			pairs = append(pairs, waystest.Or(name, fmt.Sprint("e", i), fmt.Sprint("e", j)))
		}
	}
	pairs = append([]waystest.Gate{waystest.And("top", all...)}, pairs...)
	for _, c := range []struct {
		name   string
		tree   []waystest.Gate
		order  int
		counts []int
	}{
		{"4 of 36", []waystest.Gate{vote("top", 4, names("e", 36)...)}, 4, []int{0, 0, 0, 0, choose(36, 4)}},
		{"3 of 80", []waystest.Gate{vote("top", 3, names("e", 80)...)}, 4, []int{0, 0, 0, choose(80, 3), 0}},
		{"2 of 50 of 2 of 3", nested, 4, []int{0, 0, 0, 0, choose(50, 2) * 9}},
		{"trains", trains, 4, []int{0, 100, 0, 0, 20 * 20 * 20 * 20}},
		{"covers", pairs, 11, []int{10: 0, 11: 12}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := waystest.Tree(c.tree...)
			got := ways.New(valid(t, m)).Cuts("top", ways.State{}, c.order)
			if got.Complete != c.order || got.By != ways.Diagrams {
				t.Errorf("complete to %d by %v", got.Complete, got.By)
			}
			checkCounts(t, got, c.counts)
		})
	}
}

// What cannot be listed or computed is said, never left out in silence.
func TestBoundsAreSaid(t *testing.T) {
	// More triples than are listed: their number is known, and pairs are complete.
	g := ways.New(waystest.Tree(waystest.Gate{Name: "top", Least: 3, Of: names("e", 300)}))
	got := g.Cuts("top", ways.State{}, 4)
	if got.Complete != 2 || len(got.Sets) != 0 || !slices.Equal(got.Counts, []int{0, 0, 0, choose(300, 3), 0}) {
		t.Errorf("complete to %d, %d listed, counts %v", got.Complete, len(got.Sets), got.Counts)
	}
	// A vote far beyond the bound of the margin.
	g = ways.New(waystest.Tree(waystest.Gate{Name: "top", Least: 20, Of: names("e", 40)}))
	if m := g.Margins("top", ways.State{}).Now; !m.More || m.Survives < 0 || m.Survives > 19 {
		t.Errorf("%+v", m)
	}
}
