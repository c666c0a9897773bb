// Package waystest makes the chains by which package ways is tested and measured.
package waystest

import (
	"fmt"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// Gate is a gate of a fault tree: it fails when at least Least of its inputs fail. An
// input that is no gate is a basic event.
type Gate struct {
	Name  string
	Least int
	Of    []string
}

// Or is a gate that fails when any input does.
func Or(name string, of ...string) Gate { return Gate{name, 1, of} }

// And is a gate that fails when all inputs do.
func And(name string, of ...string) Gate { return Gate{name, len(of), of} }

// Tree makes a chain of a fault tree: basic events are links, gates are goals, the
// top event is that the goal of the first gate is out of reach.
func Tree(gates ...Gate) chain.Model {
	var m chain.Model
	known := map[string]bool{}
	for _, g := range gates {
		known[g.Name] = true
	}
	goal := func(name string, ways ...[]string) {
		g := chain.Goal{Name: name, Within: 24 * time.Hour}
		for _, w := range ways {
			g.Ways = append(g.Ways, chain.Way{Links: w})
		}
		m.Goals = append(m.Goals, g)
	}
	for _, g := range gates {
		for _, name := range g.Of {
			if !known[name] {
				known[name] = true
				m.Links = append(m.Links, chain.Link{Name: name})
			}
		}
		switch g.Least {
		case 1:
			goal(g.Name, g.Of)
		case len(g.Of):
			var ways [][]string
			for _, name := range g.Of {
				ways = append(ways, []string{name})
			}
			goal(g.Name, ways...)
		default:
			atLeast(g, goal)
		}
	}
	return m
}

// atLeast spells a k-of-n gate out: at least k of the inputs from i on fail when at
// least k of those from i+1 on do, or input i and at least k-1 of those.
func atLeast(g Gate, goal func(name string, ways ...[]string)) {
	name := func(i, k int) string {
		switch {
		case i == 0 && k == g.Least:
			return g.Name
		case i == len(g.Of)-1:
			return g.Of[i]
		}
		return fmt.Sprintf("%s: %d from %d", g.Name, k, i)
	}
	for i := len(g.Of) - 2; i >= 0; i-- {
		for k := 1; k <= g.Least && k <= len(g.Of)-i; k++ {
			if i == 0 && k < g.Least {
				continue
			}
			both := g.Of[i] // input i, and at least k-1 of the rest
			if k > 1 {
				both = fmt.Sprintf("%s: %d and %d from %d", g.Name, i, k-1, i+1)
				goal(both, []string{g.Of[i]}, []string{name(i+1, k-1)})
			}
			if k == len(g.Of)-i {
				goal(name(i, k), []string{both})
			} else {
				goal(name(i, k), []string{name(i+1, k), both})
			}
		}
	}
}
