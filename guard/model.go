package guard

import (
	"context"
	"time"
)

// Model gives the whole chain with how things stand, to be drawn.
func (g *Guard) Model(ctx context.Context) (m ModelStatus, err error) {
	return m, g.call(ctx, func() { m = g.reckon(g.state.Look(time.Now())).model() })
}

func (r *reckoning) model() ModelStatus {
	m := r.Model()
	out := ModelStatus{Things: []ModelNode{}, Links: []ModelNode{}, Goals: []ModelNode{}, Mends: []ModelMend{}}
	lost := map[string]bool{}
	for _, name := range r.state.Lost {
		lost[name] = true
	}
	node := func(name string, needs []string) ModelNode {
		n := ModelNode{Name: name, Title: r.titleOf(name), State: r.view.Verdict(name).String(), Needs: needs}
		if t, thing := r.Thing(name); thing {
			n.State = r.thingState(t, lost[name])
		}
		return n
	}
	for _, t := range m.Things {
		out.Things = append(out.Things, node(t.Name, t.Needs))
	}
	for _, l := range m.Links {
		out.Links = append(out.Links, node(l.Name, l.Needs))
	}
	for _, o := range m.Goals {
		n := node(o.Name, nil)
		for _, w := range o.Ways {
			n.Ways = append(n.Ways, WayLinks(w))
		}
		out.Goals = append(out.Goals, n)
	}
	for _, d := range r.mends {
		out.Mends = append(out.Mends, ModelMend{
			Name: d.Name, Title: mendTitle(d), For: d.For, Needs: d.Needs, Seconds: d.Takes.Seconds(), By: d.By.String(),
		})
	}
	return out
}
