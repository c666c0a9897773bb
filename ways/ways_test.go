package ways

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

const day = 24 * time.Hour

// story is the owner's chain as it stood before anything rotted.
func story() chain.Model {
	person := func(name, what string, takes time.Duration, needs ...string) chain.Mend {
		return chain.Mend{Name: name, For: what, Takes: takes, Needs: needs}
	}
	return chain.Model{
		Things: []chain.Thing{
			{Name: "phone"}, {Name: "laptop", Given: true}, {Name: "vpn-company"}, {Name: "mailbox"},
			{Name: "phone-number"}, {Name: "aws-account", Given: true},
		},
		Links: []chain.Link{
			{Name: "vpn", Needs: []string{"laptop", "vpn-company"}},
			{Name: "firewall", Needs: []string{"vpn"}},
			{Name: "sshd", Needs: []string{"firewall"}},
			{Name: "codes", Needs: []string{"phone"}},
			{Name: "console", Needs: []string{"laptop", "codes", "aws-account"}},
			{Name: "mysqld"}, {Name: "front", Needs: []string{"mysqld"}},
		},
		Goals: []chain.Goal{
			{Name: "shell", Within: day, Ways: []chain.Way{{Name: "vpn", Links: []string{"sshd"}}}},
			{Name: "blog", Within: day, Ways: []chain.Way{{Name: "web", Links: []string{"front"}}}},
		},
		Mends: []chain.Mend{
			person("security-group", "firewall", 30*time.Minute, "console"),
			person("new-mfa", "codes", 10*time.Minute, "support"),
			person("restart", "mysqld", time.Minute, "shell"),
		},
	}
}

func graph(t testing.TB, m chain.Model) *Graph {
	t.Helper()
	if _, bad := chain.New(m); bad != nil {
		t.Fatal(bad)
	}
	return New(m)
}

// withSupport adds what the week took: a support case, for which the phone number
// must still be his.
func withSupport() chain.Model {
	m := story()
	m.Things = append(m.Things, chain.Thing{Name: "support", Needs: []string{"mailbox", "phone-number"}})
	m.Mends[1].Takes = 7 * day
	return m
}

func TestTheStory(t *testing.T) {
	g := graph(t, withSupport())
	for _, c := range []struct {
		lost   string
		margin int
		back   time.Duration // -1 for no way back
		steps  string
	}{
		// sshd, firewall, the shell's own links, can fail by themselves too.
		{"", 0, 0, ""},
		{"vpn-company", 0, 30 * time.Minute, "security-group"},
		{"phone", 0, 0, ""},
		{"phone vpn-company", -1, 7*day + 30*time.Minute, "new-mfa security-group"},
		{"phone vpn-company phone-number", -1, -1, ""},
	} {
		s := State{Lost: strings.Fields(c.lost)}
		p := g.Back("shell", s)
		var steps []string
		for _, step := range p.Steps {
			steps = append(steps, step.Mend.Name)
		}
		if p.Reached != (c.back >= 0) || p.Reached && p.Takes != c.back || strings.Join(steps, " ") != c.steps {
			t.Errorf("lost %q: %+v", c.lost, p)
		}
		if m := g.Margins("shell", s).Now; m.Survives != c.margin {
			t.Errorf("lost %q: margin %d by %v, want %d", c.lost, m.Survives, m.Cut, c.margin)
		}
	}
}

func TestMarginOfTheStoryInThings(t *testing.T) {
	m := withSupport()
	m.Mends = append(m.Mends, chain.Mend{Name: "start-sshd", For: "sshd", Takes: time.Minute, By: chain.Machine, Needs: []string{"firewall"}})
	g := graph(t, m)
	for _, c := range []struct {
		lost   []string
		margin int
	}{{nil, 1}, {[]string{"phone"}, 0}, {[]string{"phone", "vpn-company"}, -1}} {
		if got := g.Margins("shell", State{Lost: c.lost}).Now; got.Survives != c.margin {
			t.Errorf("lost %v: margin %d by %v, want %d", c.lost, got.Survives, got.Cut, c.margin)
		}
	}
	if b := g.Back("blog", State{Lost: []string{"mysqld", "vpn-company", "phone"}}); b.Takes != 7*day+31*time.Minute || len(b.Steps) != 3 {
		t.Errorf("%+v", b)
	}
}

func TestUnprovenIsCountedBothWays(t *testing.T) {
	g := graph(t, withSupport())
	got := g.Margins("shell", State{Unproven: []string{"sshd"}})
	if got.Now.Survives != -1 || got.IfAllWell.Survives != 0 {
		t.Errorf("%+v", got)
	}
}

func TestWaivedNeeds(t *testing.T) {
	g := graph(t, withSupport())
	s := State{Lost: []string{"vpn"}}
	if p := g.Back("shell", s); len(p.Steps) != 1 {
		t.Errorf("%+v", p)
	}
	s.Waived = []chain.Oddity{{Link: "firewall", Need: "vpn"}}
	if p := g.Back("shell", s); !p.Reached || len(p.Steps) != 0 {
		t.Errorf("%+v", p)
	}
}

// A circle of mends, a shell to mend the firewall and the firewall to get a shell,
// gives nothing.
func TestCirclesGiveNothing(t *testing.T) {
	g := graph(t, chain.Model{
		Links: []chain.Link{{Name: "firewall"}},
		Goals: []chain.Goal{{Name: "shell", Within: day, Ways: []chain.Way{{Name: "ssh", Links: []string{"firewall"}}}}},
		Mends: []chain.Mend{{Name: "open", For: "firewall", Needs: []string{"shell"}}},
	})
	if p := g.Back("shell", State{Lost: []string{"firewall"}}); p.Reached {
		t.Errorf("%+v", p)
	}
}

func TestPersonsWorkInSeries(t *testing.T) {
	m := chain.Model{
		Links: []chain.Link{{Name: "a"}, {Name: "b"}, {Name: "c"}},
		Goals: []chain.Goal{{Name: "g", Within: day, Ways: []chain.Way{{Name: "w", Links: []string{"a", "b", "c"}}}}},
		Mends: []chain.Mend{
			{Name: "ma", For: "a", Takes: time.Hour}, {Name: "mb", For: "b", Takes: 2 * time.Hour},
			{Name: "mc", For: "c", Takes: 150 * time.Minute, By: chain.Machine},
		},
	}
	p := graph(t, m).Back("g", State{Lost: []string{"a", "b", "c"}})
	if p.Takes != 3*time.Hour || len(p.Steps) != 3 {
		t.Errorf("%+v", p)
	}
}

func TestNoSetOfLossesTakesIt(t *testing.T) {
	m := chain.Model{
		Links: []chain.Link{{Name: "a"}},
		Goals: []chain.Goal{{Name: "g", Within: day, Ways: []chain.Way{{Name: "w", Links: []string{"a"}}}}},
		Mends: []chain.Mend{{Name: "m", For: "a", Takes: time.Hour}},
	}
	if got := graph(t, m).Margins("g", State{}).Now; !got.None {
		t.Errorf("%+v", got)
	}
}

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
	for i := range r.IntN(5) {
		var what []string
		for _, t := range m.Things {
			what = append(what, t.Name)
		}
		for _, l := range m.Links {
			what = append(what, l.Name)
		}
		m.Mends = append(m.Mends, chain.Mend{Name: fmt.Sprintf("m%d", i), For: what[r.IntN(len(what))], Needs: pick(names, 2),
			Takes: time.Duration(r.IntN(4)) * time.Hour})
	}
	return m
}

// soonest is the definition, by brute force: repeat had(x) = … with times until
// nothing changes.
func soonest(m chain.Model, lost map[string]bool) map[string]time.Duration {
	when := map[string]time.Duration{}
	at := func(name string) time.Duration {
		if t, ok := when[name]; ok {
			return t
		}
		return never
	}
	last := func(names []string) (t time.Duration) {
		for _, n := range names {
			t = max(t, at(n))
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
				set(x.Name, last(x.Needs))
			}
		}
		for _, x := range m.Links {
			if !lost[x.Name] {
				set(x.Name, last(x.Needs))
			}
		}
		for _, x := range m.Goals {
			for _, w := range x.Ways {
				set(x.Name, last(w.Links))
			}
		}
		for _, x := range m.Mends {
			if t := last(x.Needs); t != never {
				set(x.For, t+x.Takes)
			}
		}
	}
	return when
}

func TestAgainstBruteForce(t *testing.T) {
	graphs, cutsSeen := 0, 0
	for seed := range uint64(20_000) {
		r := rand.New(rand.NewPCG(seed, 1))
		m := random(r)
		if _, bad := chain.New(m); bad != nil {
			continue
		}
		graphs++
		g := New(m)
		var atoms, before []string
		lostNow := map[string]bool{}
		for _, n := range g.nodes {
			switch {
			case !n.atom:
			case r.IntN(6) == 0:
				before = append(before, n.name)
				lostNow[n.name] = true
			default:
				atoms = append(atoms, n.name)
			}
		}
		s := State{Lost: before}
		within := m.Goals[len(m.Goals)-1].Within
		// The times of all that can be had.
		want := soonest(m, lostNow)
		for _, n := range g.nodes {
			w, ok := want[n.name]
			p := g.problem(g.stand(s), now, g.index[n.name], never, g.sheet())
			p.timed = true
			got := p.reach(nil, false, none)
			if ok != got.had(0) || ok && w != got.when[0] {
				t.Fatalf("seed %d: %s had %v at %v, want %v at %v", seed, n.name, got.had(0), got.when[0], ok, w)
			}
		}
		// Every subset of losses, by the definition.
		cut := make([]bool, 1<<len(atoms))
		for set := range cut {
			lost := map[string]bool{}
			for _, n := range before {
				lost[n] = true
			}
			for i, n := range atoms {
				if set>>i&1 == 1 {
					lost[n] = true
				}
			}
			at, ok := soonest(m, lost)["goal"]
			cut[set] = !ok || at > within
		}
		var minimal []string
		for set := range cut {
			least := cut[set]
			var names []string
			for i, n := range atoms {
				if set>>i&1 == 1 {
					names = append(names, n)
					least = least && !cut[set&^(1<<i)]
				}
			}
			if least {
				slices.Sort(names)
				minimal = append(minimal, strings.Join(names, " "))
			}
		}
		var found []string
		smallest := 99
		for _, names := range g.Cuts("goal", s, len(atoms)).Sets {
			found = append(found, strings.Join(names, " "))
			smallest = min(smallest, len(names))
		}
		slices.Sort(minimal)
		slices.Sort(found)
		if !slices.Equal(minimal, found) {
			t.Fatalf("seed %d: cuts %q, want %q\n%+v lost %v", seed, found, minimal, m, before)
		}
		cutsSeen += len(found)
		switch margin := g.Margins("goal", s).Now; {
		case len(found) == 0 && !margin.None, len(found) > 0 && smallest <= maxMargin && margin.Survives != smallest-1:
			t.Fatalf("seed %d: margin %+v, smallest cut %d", seed, margin, smallest)
		}
		// A plan's schedule keeps to what the steps need.
		if p := g.Back("goal", s); p.Reached && p.Takes < want["goal"] {
			t.Fatalf("seed %d: the plan takes %v, less than is possible, %v", seed, p.Takes, want["goal"])
		}
	}
	if graphs < 10_000 || cutsSeen < 10_000 {
		t.Errorf("only %d graphs with %d cuts", graphs, cutsSeen)
	}
}

func TestImportance(t *testing.T) {
	got := Importance([][]string{{"a"}, {"b", "c"}, {"b", "d"}})
	if len(got) != 4 || got[0].Name != "a" && got[0].Name != "b" || got[0].Weight != 1 || got[2].Weight != 0.5 {
		t.Errorf("%+v", got)
	}
}
