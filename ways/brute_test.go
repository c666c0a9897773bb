package ways

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// random makes a small chain with shared things, goals that need goals, and mends in
// circles.
func random(r *rand.Rand) chain.Model {
	var m chain.Model
	var names []string
	pick := func(from []string, most int) (some []string) {
		for range r.IntN(most + 1) {
			if len(from) > 0 {
				some = append(some, from[r.IntN(len(from))])
			}
		}
		slices.Sort(some)
		return slices.Compact(some)
	}
	for i := range 1 + r.IntN(4) {
		name := fmt.Sprintf("t%d", i)
		m.Things = append(m.Things, chain.Thing{Name: name, Given: r.IntN(4) == 0, Needs: pick(names, 1)})
		names = append(names, name)
	}
	var provable []string
	for i := range 1 + r.IntN(5) {
		name := fmt.Sprintf("l%d", i)
		m.Links = append(m.Links, chain.Link{Name: name, Needs: pick(names, 2)})
		names, provable = append(names, name), append(provable, name)
		if r.IntN(3) == 0 {
			goal := chain.Goal{Name: fmt.Sprintf("g%d", i), Within: time.Duration(r.IntN(4)) * time.Hour}
			for range 1 + r.IntN(2) {
				if links := pick(provable, 3); len(links) > 0 {
					goal.Ways = append(goal.Ways, chain.Way{Links: links})
				}
			}
			if len(goal.Ways) > 0 {
				m.Goals = append(m.Goals, goal)
				names, provable = append(names, goal.Name), append(provable, goal.Name)
			}
		}
	}
	goal := chain.Goal{Name: "goal", Within: time.Duration(r.IntN(6)) * time.Hour}
	for range 1 + r.IntN(3) {
		goal.Ways = append(goal.Ways, chain.Way{Links: append(pick(provable, 2), provable[r.IntN(len(provable))])})
	}
	m.Goals = append(m.Goals, goal)
	names = append(names, "goal")
	for i := range r.IntN(7) {
		var what []string
		for _, t := range m.Things {
			what = append(what, t.Name)
		}
		for _, l := range m.Links {
			what = append(what, l.Name)
		}
		m.Mends = append(m.Mends, chain.Mend{Name: fmt.Sprintf("m%d", i), For: what[r.IntN(len(what))], Needs: pick(names, 2),
			Takes: time.Duration(r.IntN(4)) * time.Hour, By: chain.Hand(r.IntN(2))})
	}
	return m
}

// soonest is the definition, by brute force: repeat had(x) = … with times until
// nothing changes.
func soonest(m chain.Model, lost map[string]bool, waived []chain.Oddity) map[string]time.Duration {
	when := map[string]time.Duration{}
	at := func(name string) time.Duration {
		if t, ok := when[name]; ok {
			return t
		}
		return never
	}
	last := func(link string, names []string) (t time.Duration) {
		for _, n := range names {
			if !slices.Contains(waived, chain.Oddity{Link: link, Need: n}) {
				t = max(t, at(n))
			}
		}
		return t
	}
	for changed := true; changed; {
		changed = false
		set := func(name string, t time.Duration) {
			if t < at(name) {
				when[name], changed = t, true
			}
		}
		for _, x := range m.Things {
			if !lost[x.Name] {
				set(x.Name, last("", x.Needs))
			}
		}
		for _, x := range m.Links {
			if !lost[x.Name] {
				set(x.Name, last(x.Name, x.Needs))
			}
		}
		for _, x := range m.Goals {
			for _, w := range x.Ways {
				set(x.Name, last("", w.Links))
			}
		}
		for _, x := range m.Mends {
			if t := last("", x.Needs); t != never {
				set(x.For, t+x.Takes)
			}
		}
	}
	return when
}

// world is a random chain and how it stands.
type world struct {
	m     chain.Model
	s     State
	atoms []string // what may yet be lost: all that can, and is not
}

func randomWorld(seed uint64) (world, bool) {
	r := rand.New(rand.NewPCG(seed, 1))
	w := world{m: random(r)}
	if _, bad := chain.New(w.m); bad != nil {
		return w, false
	}
	for _, t := range w.m.Things {
		switch {
		case r.IntN(8) == 0:
			w.s.Lost = append(w.s.Lost, t.Name)
		case !t.Given:
			w.atoms = append(w.atoms, t.Name)
		}
	}
	for _, l := range w.m.Links {
		for _, n := range l.Needs {
			if r.IntN(12) == 0 {
				w.s.Waived = append(w.s.Waived, chain.Oddity{Link: l.Name, Need: n})
			}
		}
		switch r.IntN(9) {
		case 0:
			w.s.Lost = append(w.s.Lost, l.Name)
		case 1:
			w.s.Unproven = append(w.s.Unproven, l.Name)
			fallthrough
		default:
			w.atoms = append(w.atoms, l.Name)
		}
	}
	return w, true
}

// cut says for every subset of further losses, by the definition, whether the goal
// cannot be had in time.
func (w world) cut(lostNow []string) []bool {
	within := w.m.Goals[len(w.m.Goals)-1].Within
	cut := make([]bool, 1<<len(w.atoms))
	for set := range cut {
		at, ok := soonest(w.m, w.lost(lostNow, set), w.s.Waived)["goal"]
		cut[set] = !ok || at > within
	}
	return cut
}

func (w world) lost(now []string, set int) map[string]bool {
	lost := map[string]bool{}
	for _, n := range now {
		lost[n] = true
	}
	for i, n := range w.atoms {
		if set>>i&1 == 1 {
			lost[n] = true
		}
	}
	return lost
}

// smallest is the margin by the definition: 99 if no set of losses is a cut.
func smallest(cut []bool) int {
	size := 100
	for set, is := range cut {
		if is {
			size = min(size, bits.OnesCount(uint(set)))
		}
	}
	return size - 1
}

func (w world) minimal(cut []bool) (all []string) {
	for set := range cut {
		least := cut[set]
		var names []string
		for i, n := range w.atoms {
			if set>>i&1 == 1 {
				names = append(names, n)
				least = least && !cut[set&^(1<<i)]
			}
		}
		if least {
			slices.Sort(names)
			all = append(all, strings.Join(names, " "))
		}
	}
	slices.Sort(all)
	return all
}

func joined(sets [][]string) (all []string) {
	for _, names := range sets {
		all = append(all, strings.Join(names, " "))
	}
	slices.Sort(all)
	return all
}

// eachWorld runs f on many random worlds.
func eachWorld(t *testing.T, seeds uint64, f func(seed uint64, w world)) {
	graphs := 0
	for seed := range seeds {
		if w, ok := randomWorld(seed); ok {
			graphs++
			f(seed, w)
		}
	}
	if graphs < int(seeds)*3/4 {
		t.Errorf("only %d graphs", graphs)
	}
}

func TestCutsAgainstEverySubset(t *testing.T) {
	cuts, timed := 0, 0
	eachWorld(t, 12_000, func(seed uint64, w world) {
		g := New(w.m)
		cut := w.cut(w.s.Lost)
		want := w.minimal(cut)
		for _, method := range []Method{Auto, Diagrams, HittingSets} {
			got := g.CutsBy(method, "goal", w.s, len(w.atoms))
			if got.Complete != len(w.atoms) || !slices.Equal(joined(got.Sets), want) {
				t.Fatalf("seed %d: %v: cuts %q complete to %d, want %q\n%+v %+v", seed, method, got.Sets, got.Complete, want, w.m, w.s)
			}
			counts := make([]int, len(w.atoms)+1)
			for _, set := range got.Sets {
				counts[len(set)]++
			}
			if !slices.Equal(counts, got.Counts) {
				t.Fatalf("seed %d: %v: counts %v, want %v", seed, method, got.Counts, counts)
			}
		}
		// Up to a lower order there are the same, without the larger ones.
		for order := range 3 {
			small := slices.DeleteFunc(slices.Clone(want), func(s string) bool { return len(strings.Fields(s)) > order })
			if got := g.Cuts("goal", w.s, order); !slices.Equal(joined(got.Sets), small) {
				t.Fatalf("seed %d: cuts to order %d %q, want %q", seed, order, got.Sets, small)
			}
		}
		cuts += len(want)
		if g.problem(g.stand(w.s), ifAllWell, g.index["goal"], w.m.Goals[len(w.m.Goals)-1].Within, g.sheet()).timed {
			timed++
		}
		// Both of the pair, each with a cut that is one.
		margins := g.Margins("goal", w.s)
		unproven := slices.Concat(w.s.Lost, w.s.Unproven)
		for i, c := range []struct {
			got  Margin
			lost []string
			cut  []bool
		}{{margins.IfAllWell, w.s.Lost, cut}, {margins.Now, unproven, nil}} {
			if c.cut == nil {
				c.cut = w.cut(unproven)
			}
			want := smallest(c.cut)
			if c.got.None != (want == 99) || !c.got.None && (c.got.More || c.got.Survives != want || len(c.got.Cut) != want+1) {
				t.Fatalf("seed %d: margin %d %+v, want %d\n%+v %+v", seed, i, c.got, want, w.m, w.s)
			}
			set := 0
			for _, n := range c.got.Cut {
				set |= 1 << slices.Index(w.atoms, n)
			}
			if !c.got.None && !c.cut[set] {
				t.Fatalf("seed %d: %q is no cut", seed, c.got.Cut)
			}
		}
	})
	if cuts < 12_000 || timed < 1000 {
		t.Errorf("only %d cuts, %d graphs in which the time counts", cuts, timed)
	}
}

func TestPlansAgainstTheDefinition(t *testing.T) {
	plans := 0
	eachWorld(t, 12_000, func(seed uint64, w world) {
		g := New(w.m)
		lost := w.lost(slices.Concat(w.s.Lost, w.s.Unproven), 0)
		want := soonest(w.m, lost, w.s.Waived)
		for _, n := range g.nodes {
			at, ok := want[n.name]
			p := g.Back(n.name, w.s)
			if p.Reached != ok {
				t.Fatalf("seed %d: %s reached %v, want %v", seed, n.name, p.Reached, ok)
			}
			if !ok {
				continue
			}
			persons := 0
			for _, step := range p.Steps {
				if step.Mend.By == chain.Person {
					persons++
				}
			}
			if p.Takes < at || persons < 2 && p.Takes != at {
				t.Fatalf("seed %d: %s is back after %v, at the soonest %v: %+v", seed, n.name, p.Takes, at, p)
			}
			if said := walk(w, lost, n.name, p); said != "" {
				t.Fatalf("seed %d: %s: %s\n%+v", seed, n.name, said, p)
			}
			if len(p.Steps) > 1 {
				plans++
			}
		}
	})
	if plans < 500 {
		t.Errorf("only %d plans of two steps or more", plans)
	}
}

// walk does a plan step by step and says what is wrong with it.
func walk(w world, lost map[string]bool, goal string, p Plan) string {
	done := func(at time.Duration) map[string]time.Duration {
		m := w.m
		m.Mends = nil
		for _, step := range p.Steps { // what a done mend has put back needs nothing
			if step.To <= at {
				m.Mends = append(m.Mends, chain.Mend{For: step.Mend.For})
			}
		}
		return soonest(m, lost, w.s.Waived)
	}
	end, busy := time.Duration(0), time.Duration(0)
	for i, step := range p.Steps {
		if step.To != step.From+step.Mend.Takes || i > 0 && step.From < p.Steps[i-1].From {
			return fmt.Sprint("wrong times of ", step)
		}
		if step.Mend.By == chain.Person {
			if step.From < busy {
				return fmt.Sprint("two at once: ", step)
			}
			busy = step.To
		}
		end = max(end, step.To)
		had := done(step.From)
		for _, need := range step.Mend.Needs {
			if _, ok := had[need]; !ok {
				return fmt.Sprintf("%s begins at %v without %s", step.Mend.Name, step.From, need)
			}
		}
	}
	if _, ok := done(end)[goal]; !ok || end != p.Takes {
		return "does not reach it"
	}
	return ""
}

// A reckoner that is told of each change agrees with reckoning from nothing.
func TestReckonerAgreesWithFromNothing(t *testing.T) {
	changes := 0
	eachWorld(t, 2000, func(seed uint64, w world) {
		r := rand.New(rand.NewPCG(seed, 2))
		g := New(w.m)
		s := w.s
		rk := g.Reckoner(s)
		toggle := func(in []string, n string) []string {
			if slices.Contains(in, n) {
				return slices.DeleteFunc(slices.Clone(in), func(o string) bool { return o == n })
			}
			return append(slices.Clone(in), n)
		}
		for range 12 {
			before := map[string][2]string{}
			for _, o := range w.m.Goals {
				got, want := rk.Margins(o.Name), g.Margins(o.Name, s)
				if fmt.Sprint(figures(got)) != fmt.Sprint(figures(want)) {
					t.Fatalf("seed %d: %s: margins %+v, from nothing %+v\n%+v %+v", seed, o.Name, got, want, w.m, s)
				}
				plan, again := fmt.Sprint(rk.Back(o.Name)), fmt.Sprint(g.Back(o.Name, s))
				if plan != again {
					t.Fatalf("seed %d: %s: plan %v, from nothing %v", seed, o.Name, plan, again)
				}
				before[o.Name] = [2]string{fmt.Sprint(figures(want)), again}
			}
			for range 1 + r.IntN(2) {
				n := g.nodes[r.IntN(len(g.nodes))]
				switch k := r.IntN(8); {
				case n.what == isGoal:
				case k == 0 && n.what == isLink && len(w.m.Links) > 0:
					if l := w.m.Links[slices.IndexFunc(w.m.Links, func(l chain.Link) bool { return l.Name == n.name })]; len(l.Needs) > 0 {
						o := chain.Oddity{Link: n.name, Need: l.Needs[0]}
						if i := slices.Index(s.Waived, o); i >= 0 {
							s.Waived = slices.Delete(slices.Clone(s.Waived), i, i+1)
						} else {
							s.Waived = append(slices.Clone(s.Waived), o)
						}
					}
				case k < 3 && n.what == isLink:
					s.Unproven = toggle(s.Unproven, n.name)
				default:
					s.Lost = toggle(s.Lost, n.name)
				}
			}
			touched := rk.Change(s)
			for _, o := range w.m.Goals {
				after := [2]string{fmt.Sprint(figures(g.Margins(o.Name, s))), fmt.Sprint(g.Back(o.Name, s))}
				if after != before[o.Name] {
					changes++
					if !slices.Contains(touched, o.Name) {
						t.Fatalf("seed %d: %s changed, told of %v", seed, o.Name, touched)
					}
				}
			}
		}
	})
	if changes < 3000 {
		t.Errorf("only %d changes", changes)
	}
}

// figures are the margins without the cuts, of which there may be several.
func figures(m Margins) (f [2]Margin) {
	f = [2]Margin{m.Now, m.IfAllWell}
	f[0].Cut, f[1].Cut = nil, nil
	return f
}

// A method that meets its bound says so, and the other is taken.
func TestEachMethodSaysWhenItMeetsItsBound(t *testing.T) {
	var m chain.Model
	var ways []chain.Way
	for i := range 4 {
		var w chain.Way
		for j := range 4 {
			name := fmt.Sprint(i, j)
			m.Links = append(m.Links, chain.Link{Name: name})
			w.Links = append(w.Links, name)
		}
		// Links shared between ways, so that there is no taking them together.
		w.Links = append(w.Links, fmt.Sprint((i+1)%4, 0))
		ways = append(ways, w)
	}
	m.Goals = []chain.Goal{{Name: "goal", Ways: ways}}
	g := graph(t, m)
	p, _ := g.problem(g.stand(State{}), now, g.index["goal"], 0, g.sheet()).cleared()
	for _, most := range []int{5, 1_000_000} {
		steps, work := most, most
		if c, _, ok := g.byDiagrams(p, 4, &steps); ok != (most > 5) || ok && c.Complete != 4 {
			t.Errorf("diagrams within %d steps: %v %+v", most, ok, c)
		}
		if c, ok := g.byHitting(p, 4, &work); ok != (most > 5) || ok && c.Complete != 4 {
			t.Errorf("hitting sets within %d: %v %+v", most, ok, c)
		}
		work = most
		margin := g.margins(g.index["goal"], g.stand(State{}), &evidence{}, g.sheet(), &work).Now
		if margin.More != (most == 5) || margin.Survives > 1 || !margin.More && margin.Survives != 1 {
			t.Errorf("margin within %d: %+v", most, margin)
		}
	}
	if _, ok := p.failure(newDiagrams(10, 1_000_000), 4); ok {
		t.Error("ten nodes were enough")
	}
}
