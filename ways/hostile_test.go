package ways_test

import (
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/ways"
)

// Models made to be too much: the answers are right or say how far they go, after
// bounded work. Without bounds, this test would not end.
func TestHostileModels(t *testing.T) {
	const n = 50_000
	link := names("l", n)
	links := func(needs func(i int) []string) (all []chain.Link) {
		for i := range n {
			l := chain.Link{Name: link[i]}
			if needs != nil {
				l.Needs = needs(i)
			}
			all = append(all, l)
		}
		return all
	}
	goal := func(within time.Duration, ways ...[]string) []chain.Goal {
		g := chain.Goal{Name: "goal", Within: within}
		for _, w := range ways {
			g.Ways = append(g.Ways, chain.Way{Links: w})
		}
		return []chain.Goal{g}
	}
	row := func(i int) []string {
		if i == 0 {
			return nil
		}
		return []string{link[i-1]}
	}
	var blocks [][]string
	for i := range n / 1000 {
		blocks = append(blocks, link[i*1000:(i+1)*1000])
	}
	mends := func(needs func(i int) []string, takes func(i int) time.Duration) (all []chain.Mend) {
		for i := range n {
			all = append(all, chain.Mend{For: link[i], Needs: needs(i), Takes: takes(i)})
		}
		return all
	}
	at := func(step time.Duration) func(int) time.Duration {
		return func(i int) time.Duration { return time.Duration(i%1000) * step }
	}
	ring := func(i int) []string { return []string{link[(i+1)%n]} }
	for _, c := range []struct {
		name string
		m    chain.Model
		// margin and, by size, the numbers of cuts; nil where they are only to be
		// honest.
		margin int
		counts []int
		lost   string // takes the goal
	}{
		{"a row", chain.Model{Links: links(row), Goals: goal(day, []string{link[n-1]})}, 0, []int{0, n}, link[0]},
		{"all at once", chain.Model{Links: links(nil), Goals: goal(day, link)}, 0, []int{0, n}, link[n/2]},
		{"many ways", chain.Model{Links: links(nil), Goals: goal(day, blocks...)}, 6, []int{0}, ""},
		{"a circle of mends", chain.Model{Links: links(nil), Goals: goal(day, []string{link[0]}), Mends: mends(ring, at(0))}, 6, []int{0}, ""},
		{"a circle of slow mends", chain.Model{Links: links(nil), Goals: goal(day, []string{link[0]}), Mends: mends(ring, at(time.Hour))}, 6, []int{0}, ""},
		{"everything mends everything", chain.Model{Links: links(nil), Goals: goal(day, link[:100]), Mends: mends(func(i int) []string {
			return []string{link[(i*7919+1)%n], link[(i*104729+3)%n]}
		}, at(time.Second))}, -1, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := ways.New(c.m)
			m := g.Margins("goal", ways.State{}).Now
			if m.None || c.counts != nil && (m.Survives != c.margin || m.More != (c.margin == 6)) || m.Survives < 0 {
				t.Errorf("margin %+v", m)
			}
			cuts := g.Cuts("goal", ways.State{}, 4)
			if c.counts != nil {
				if cuts.Complete != 4 {
					t.Errorf("complete to %d", cuts.Complete)
				}
				checkCounts(t, cuts, c.counts)
			}
			if len(cuts.Sets) > 0 && len(cuts.Sets[len(cuts.Sets)-1]) > cuts.Complete {
				t.Errorf("lists cuts beyond the %d losses for which they are complete", cuts.Complete)
			}
			p := g.Back("goal", ways.State{Lost: []string{c.lost}})
			if p.Reached != (c.lost == "") {
				t.Errorf("reached %v", p.Reached)
			}
		})
	}
}
