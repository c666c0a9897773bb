package guard

import (
	"context"
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// unproved lists the machine's links among root and what rests on it that have
// not been seen to hold since t, though all that they need has.
func (g *Guard) unproved(root string, t time.Time) (names []string) {
	well := func(n string) bool {
		p, ok := g.state.Proof(n)
		return ok && p.Verdict == chain.Holds && p.At.After(t)
	}
	above := append(g.file.Chain.Above(root), root)
	for _, n := range above {
		l := g.links[n]
		if l == nil || l.person() || l.From != "" || well(n) {
			continue
		}
		ready := !slices.ContainsFunc(g.file.Chain.Below(n), func(b string) bool {
			under := g.links[b]
			return under != nil && !under.person() && slices.Contains(above, b) && !well(b)
		})
		if ready {
			names = append(names, n)
		}
	}
	return names
}

// wakeAll proves root and everything that rests on it.
func (g *Guard) wakeAll(root string) {
	for _, n := range append(g.file.Chain.Above(root), root) {
		if l := g.links[n]; l != nil && !l.person() && l.From == "" {
			g.prove(l, true)
		}
	}
}

// othersAbove lists the links that rest on the one of m and were found broken since, by
// services of their own: the disk that one could not start on is back, but it is not.
func (g *Guard) othersAbove(m *mend) map[string]string {
	if g.o.Hands == nil || !m.incident.CalmSince().IsZero() {
		return nil
	}
	services := map[string]string{}
	for _, n := range g.file.Chain.Above(m.incident.Link) {
		if s := g.serviceOf(n); s != "" && s != m.service && g.brokenSince(n, m.did) {
			services[n] = s
		}
	}
	return services
}

// notRunning are those of the links whose service does not run.
func (g *Guard) notRunning(services map[string]string) (names []string) {
	for name, s := range services {
		ctx, cancel := context.WithTimeout(g.ctx, evidenceTime)
		if p, err := g.o.Hands.Process(ctx, s); err == nil && !p.Running {
			names = append(names, name)
		}
		cancel()
	}
	return names
}
