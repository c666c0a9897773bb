package chain_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

const fresh = time.Minute

// random makes a chain of up to eight links whose needs point backwards, goals
// between them, and proofs of every age and verdict.
func random(t *testing.T, r *rand.Rand, now time.Time) (*chain.Chain, *chain.State) {
	t.Helper()
	var m chain.Model
	var names []string
	some := func() (some []string) {
		for _, n := range names {
			if r.IntN(3) == 0 {
				some = append(some, n)
			}
		}
		return some
	}
	for i := range 1 + r.IntN(8) {
		if i > 1 && r.IntN(4) == 0 {
			g := chain.Goal{Name: fmt.Sprintf("goal%d", i)}
			for w := range 1 + r.IntN(3) {
				members := some()
				if len(members) == 0 {
					members = names[:1]
				}
				g.Ways = append(g.Ways, chain.Way{Name: fmt.Sprint(w), Links: members})
			}
			m.Goals = append(m.Goals, g)
			names = append(names, g.Name)
			continue
		}
		l := chain.Link{Name: fmt.Sprintf("link%d", i), Fresh: fresh, Needs: some(), Aside: r.IntN(4) == 0}
		m.Links = append(m.Links, l)
		names = append(names, l.Name)
	}
	c, bad := chain.New(m)
	if bad != nil {
		t.Fatal(bad)
	}
	s := chain.NewState(c)
	for _, l := range m.Links {
		if r.IntN(5) > 0 {
			age := time.Duration(r.IntN(140)-10) * time.Second
			s.Fold(l.Name, chain.Proof{Verdict: chain.Verdict(r.IntN(3)), At: now.Add(-age)})
		}
	}
	return c, s
}

// members lists what a name rests on: a link's needs, or all of a goal's ways.
func members(c *chain.Chain, name string) []string {
	if l, ok := c.Link(name); ok {
		return l.Needs
	}
	g, _ := c.Goal(name)
	var all []string
	for _, w := range g.Ways {
		all = append(all, w.Links...)
	}
	return all
}

func TestBlameOnRandomGraphs(t *testing.T) {
	now := time.Date(2017, 8, 2, 12, 0, 0, 0, time.UTC)
	for seed := range uint64(20000) {
		c, s := random(t, rand.New(rand.NewPCG(seed, 1)), now)
		v := s.Look(now)
		for _, name := range c.Order() {
			blame := v.Blame(name)
			if (len(blame) > 0) != (v.Verdict(name) == chain.Broken) {
				t.Fatalf("seed %d: %s is %v and blames %v", seed, name, v.Verdict(name), blame)
			}
			for _, b := range blame {
				if _, link := c.Link(b); !link || v.Verdict(b) != chain.Broken {
					t.Fatalf("seed %d: %s blames %s, which is no broken link", seed, name, b)
				}
				if b != name && !slices.Contains(c.Below(name), b) {
					t.Fatalf("seed %d: %s blames %s, which it does not need", seed, name, b)
				}
				for _, n := range members(c, b) {
					if v.Verdict(n) == chain.Broken {
						t.Fatalf("seed %d: %s blames %s, whose need %s is broken", seed, name, b, n)
					}
				}
			}
		}
	}
}

// The verdict of each link and goal, straight from design.md.
func TestVerdictsByDefinition(t *testing.T) {
	now := time.Date(2017, 8, 2, 12, 0, 0, 0, time.UTC)
	for seed := range uint64(20000) {
		c, s := random(t, rand.New(rand.NewPCG(seed, 2)), now)
		v := s.Look(now)
		for _, name := range c.Order() {
			if _, link := c.Link(name); link {
				p, _ := s.Proof(name)
				age := now.Sub(p.At)
				if v.Verdict(name) == chain.Holds && (p.Verdict != chain.Holds || age < 0 || age > fresh) {
					t.Fatalf("seed %d: %s holds by %+v", seed, name, p)
				}
				continue
			}
			g, _ := c.Goal(name)
			some, each := false, true
			for _, w := range g.Ways {
				all, cut := true, false
				for _, l := range w.Links {
					all = all && v.Verdict(l) == chain.Holds
					cut = cut || v.Verdict(l) == chain.Broken
				}
				some, each = some || all, each && cut
			}
			want := chain.Unproven
			if some {
				want = chain.Holds
			} else if each {
				want = chain.Broken
			}
			if v.Verdict(name) != want {
				t.Fatalf("seed %d: goal %s is %v, want %v", seed, name, v.Verdict(name), want)
			}
		}
	}
}

// shows reports whether it is seen that a link, which holds, does without what it needs.
func shows(c *chain.Chain, v *chain.View, l chain.Link) bool {
	return !l.Aside || slices.ContainsFunc(c.Model().Links, func(above chain.Link) bool {
		return slices.Contains(above.Needs, l.Name) && v.Verdict(above.Name) == chain.Holds && shows(c, v, above)
	})
}

// What a view lists is what it says of each link.
func TestListsOnRandomGraphs(t *testing.T) {
	now := time.Date(2017, 8, 2, 12, 0, 0, 0, time.UTC)
	for seed := range uint64(20000) {
		c, s := random(t, rand.New(rand.NewPCG(seed, 3)), now)
		v := s.Look(now)
		var broken, unproven []string
		var odd []chain.Oddity
		for _, l := range c.Model().Links {
			switch verdict := v.Verdict(l.Name); {
			case verdict == chain.Broken && v.ByItself(l.Name):
				broken = append(broken, l.Name)
			case verdict == chain.Unproven && v.ByItself(l.Name):
				unproven = append(unproven, l.Name)
			case verdict == chain.Holds:
				for _, need := range l.Needs {
					if v.Verdict(need) == chain.Broken && shows(c, v, l) {
						odd = append(odd, chain.Oddity{Link: l.Name, Need: need})
					}
				}
			}
		}
		if b, u := v.ByThemselves(); !slices.Equal(b, broken) || !slices.Equal(u, unproven) {
			t.Fatalf("seed %d: by themselves %v and %v, want %v and %v", seed, b, u, broken, unproven)
		}
		if got := v.Odd(); !slices.Equal(got, odd) {
			t.Fatalf("seed %d: odd %v, want %v", seed, got, odd)
		}
		// Each incident has for fallen exactly what blames its link.
		in := &chain.Incidents{}
		opened := 0
		for _, ch := range in.Fold(s, v, nil) {
			if ch.What != chain.Opened {
				continue
			}
			opened++
			var fell []string
			for _, name := range c.Order() {
				if _, link := c.Link(name); link && name != ch.Incident.Link && slices.Contains(v.Blame(name), ch.Incident.Link) {
					fell = append(fell, name)
				}
			}
			if !slices.Equal(ch.Incident.Fell, fell) {
				t.Fatalf("seed %d: %s fell by %s, want %s", seed, ch.Incident.Fell, ch.Incident.Link, fell)
			}
		}
		if opened != len(broken) {
			t.Fatalf("seed %d: %d incidents, but %v are broken by themselves", seed, opened, broken)
		}
	}
}
