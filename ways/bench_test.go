package ways_test

import (
	"fmt"
	"testing"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/ways"
	"github.com/omamori-guard/omamori/ways/waystest"
)

func TestHostingIsWhatItSays(t *testing.T) {
	m := valid(t, waystest.Hosting(1000))
	if len(m.Links) != 20_000 || len(m.Things) != 3000 || len(m.Goals) != 2000 {
		t.Errorf("%d links, %d things, %d goals", len(m.Links), len(m.Things), len(m.Goals))
	}
}

func all(m chain.Model, r *ways.Reckoner) {
	for _, o := range m.Goals {
		r.Margins(o.Name)
	}
}

// A hosting company of a thousand sites: all margins from nothing.
func BenchmarkHostingFromNothing(b *testing.B) {
	m := waystest.Hosting(1000)
	for b.Loop() {
		all(m, ways.New(m).Reckoner(ways.State{}))
	}
}

// The same, kept, with one proof changed: of a site's link, of a host's, of one that
// a host's twenty sites all rest on.
func BenchmarkHostingOneProofChanged(b *testing.B) {
	m := waystest.Hosting(1000)
	for _, link := range []string{"certificate.site-7", "nginx@host-3", "uplink@host-3"} {
		b.Run(link, func(b *testing.B) {
			r := ways.New(m).Reckoner(ways.State{})
			all(m, r)
			for i := 0; b.Loop(); i++ {
				s := ways.State{}
				if i%2 == 0 {
					s.Lost = []string{link}
				}
				r.Change(s)
				all(m, r)
			}
		})
	}
}

func BenchmarkHostingCutsToThree(b *testing.B) {
	g := ways.New(waystest.Hosting(1000))
	for _, by := range []ways.Method{ways.Diagrams, ways.HittingSets} {
		b.Run(by.String(), func(b *testing.B) {
			for b.Loop() {
				if c := g.CutsBy(by, "seen: site-7", ways.State{}, 3); c.Complete != 3 {
					b.Fatal(c.Complete)
				}
			}
		})
	}
}

func BenchmarkCutsOfVotes(b *testing.B) {
	for _, n := range []int{20, 36, 46} {
		g := ways.New(waystest.Tree(waystest.Gate{Name: "top", Least: 4, Of: names("e", n)}))
		for _, by := range []ways.Method{ways.Diagrams, ways.HittingSets} {
			b.Run(fmt.Sprintf("4of%d/%v", n, by), func(b *testing.B) {
				for b.Loop() {
					if c := g.CutsBy(by, "top", ways.State{}, 4); by == ways.Diagrams && c.Complete != 4 {
						b.Fatal(c.Complete)
					}
				}
			})
		}
	}
}
