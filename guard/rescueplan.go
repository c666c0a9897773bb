package guard

import (
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/ways"
)

const (
	// handMend is how long a step by hand that only the guard's advice describes is
	// taken to last.
	handMend = 15 * time.Minute
	// settles is how long a break may take until there is an incident of it.
	settles = 10 * time.Second
)

// trouble is what is wrong below a link, the worst last.
type trouble uint8

const (
	noTrouble trouble = iota
	notKnown          // nobody has proved something lately
	notThere          // something is broken or lost
)

// rescue is the way back to a goal, reckoned from where things stand.
//
// A claim that nobody has answered lately counts as holding, so that the plan is the
// best that can be hoped for, and is asked before anything rests on it.
type rescue struct {
	g    *Guard
	goal chain.Goal
	now  time.Time
	view *chain.View

	aside []string
	under map[string]trouble // of what each name needs, as far as it was looked at
	lost  []string
	ask   map[string]bool // claims to be asked
	mends []chain.Mend
	plan  ways.Plan
	graph *ways.Graph
	scope map[string]bool // what the goal and the plan rest on
}

func (g *Guard) rescueOf(goal chain.Goal) *rescue {
	return g.rescueWithout(goal, g.rescues.Aside[goal.Name])
}

// rescueWithout leaves out the steps and claims that are set aside.
func (g *Guard) rescueWithout(goal chain.Goal, aside []string) *rescue {
	now := time.Now()
	r := &rescue{
		g: g, goal: goal, now: now, view: g.state.Look(now), aside: aside,
		under: map[string]trouble{}, ask: map[string]bool{}, scope: map[string]bool{},
	}
	m := present(g.file.Chain.Model())
	for _, t := range g.file.Chain.Model().Things {
		if missing(t, g.said) {
			r.lost = append(r.lost, t.Name)
		}
	}
	m.Links = slices.Clone(m.Links)
	odd := r.view.Odd()
	for i, l := range m.Links {
		// A need that is broken while the link holds is none, for now.
		m.Links[i].Needs = slices.DeleteFunc(slices.Clone(l.Needs), func(n string) bool {
			o := chain.Oddity{Link: l.Name, Need: n}
			return slices.Contains(odd, o) && slices.ContainsFunc(r.view.Shown(o), func(by string) bool { return !r.stale(by) })
		})
		switch {
		case r.sure(l):
			m.Links[i].Needs = nil // it is there without asking what it needs
		case r.justMended(l):
			m.Links[i].Needs = nil // those of the step stood in for them
			r.ask[l.Name] = true
		case r.wants(l):
			r.ask[l.Name] = true
		case r.byItself(l):
			r.lost = append(r.lost, l.Name)
		}
	}
	r.mends = r.allMends(m)
	m.Mends = r.mends
	r.graph = ways.New(m)
	r.plan = r.graph.Back(goal.Name, ways.State{Lost: r.lost})
	r.look()
	return r
}

// sure reports whether a link holds whatever its needs are: a machine has just
// proved it, or a person after a step that has put it back.
func (r *rescue) sure(l chain.Link) bool {
	if r.view.Verdict(l.Name) != chain.Holds || r.stale(l.Name) || l.Aside {
		return false
	}
	mended, ok := r.g.rescues.Mended[l.Name]
	return !l.Person || ok && !r.provedAt(l.Name).Before(mended)
}

// justMended reports whether a person has put a link back, and is still to be asked
// whether it holds.
func (r *rescue) justMended(l chain.Link) bool {
	return l.Person && r.provedAt(l.Name).Before(r.g.rescues.Mended[l.Name]) && !slices.Contains(r.aside, l.Name)
}

func (r *rescue) provedAt(link string) time.Time {
	p, _ := r.g.state.Proof(link)
	return p.At
}

// stale reports whether what a person said of a link was said before something that
// it needs was put back.
func (r *rescue) stale(name string) bool {
	l, ok := r.g.file.Chain.Link(name)
	if !ok || !l.Person {
		return false
	}
	at := r.provedAt(name)
	if at.IsZero() {
		return false
	}
	mended := func(n string) bool { return r.g.rescues.Mended[n].After(at) }
	came := func(n string) bool {
		below, link := r.g.file.Chain.Link(n)
		return link && !below.Person && r.view.Verdict(n) == chain.Holds && r.g.state.Since(n).After(at)
	}
	if r.view.Verdict(name) != chain.Broken {
		came = func(string) bool { return false }
	}
	return mended(name) || r.below(name, func(n string) bool { return mended(n) || came(n) })
}

// below reports whether any of what a name needs, directly or not, is as wanted.
func (r *rescue) below(name string, want func(string) bool) bool {
	seen := map[string]bool{name: true}
	for todo := []string{name}; len(todo) > 0; {
		at := todo[0]
		todo = todo[1:]
		for _, n := range needsOf(r.g.file.Chain, at) {
			if want(n) {
				return true
			}
			if !seen[n] {
				seen[n] = true
				todo = append(todo, n)
			}
		}
	}
	return false
}

// wants reports whether a claim is to be answered before anything can rest on it.
func (r *rescue) wants(l chain.Link) bool {
	if !l.Person || slices.Contains(r.aside, l.Name) || r.troubleBelow(l.Name) == notThere {
		return false
	}
	return (r.stale(l.Name) || r.view.Verdict(l.Name) == chain.Unproven) && !r.implied(l.Name)
}

// implied reports whether something that needs the link has been seen to hold.
func (r *rescue) implied(name string) bool {
	return slices.ContainsFunc(r.g.file.Chain.Above(name), func(n string) bool {
		l, link := r.g.file.Chain.Link(n)
		return link && !l.Aside && r.view.Verdict(n) == chain.Holds && !r.stale(n)
	})
}

// byItself reports whether a link is to be counted as lost: not one that is broken
// through what it needs, nor one of which that is still to be found out.
func (r *rescue) byItself(l chain.Link) bool {
	below := r.troubleBelow(l.Name)
	switch v := r.view.Verdict(l.Name); {
	case slices.Contains(r.aside, l.Name):
		return v != chain.Holds
	case v == chain.Holds || below == notThere:
		return false
	case l.Person:
		return v == chain.Broken && below == noTrouble && !r.stale(l.Name)
	}
	return true
}

// trouble says what is wrong with a link, a goal or a thing.
func (r *rescue) trouble(name string) trouble {
	l, link := r.g.file.Chain.Link(name)
	switch v := r.view.Verdict(name); {
	case r.g.gone(name):
		return notThere
	case link && r.justMended(l):
		return notKnown
	case link && r.sure(l), !link && v == chain.Holds: // a goal has no needs of its own
		return noTrouble
	case link && (v == chain.Broken && !r.stale(name) || v != chain.Holds && slices.Contains(r.aside, name)):
		return notThere
	case link && (v == chain.Unproven || r.stale(name)) && !(l.Person && r.implied(name)):
		return max(notKnown, r.troubleBelow(name))
	}
	return r.troubleBelow(name)
}

// troubleBelow is the worst of what a name needs.
func (r *rescue) troubleBelow(name string) trouble {
	if t, known := r.under[name]; known {
		return t
	}
	r.under[name] = noTrouble // a circle through a thing ends here
	worst := noTrouble
	for _, n := range needsOf(r.g.file.Chain, name) {
		worst = max(worst, r.trouble(n))
	}
	r.under[name] = worst
	return worst
}

// allMends lists the mends that can be tried: those of the configuration, the guard's
// own, also where the guard may not do them by itself, and, for links that have no
// other, what the guard advises a person to do.
func (r *rescue) allMends(m chain.Model) []chain.Mend {
	var mends []chain.Mend
	has := map[string]bool{}
	add := func(d chain.Mend) {
		if !slices.Contains(r.aside, d.Name) {
			mends = append(mends, d)
			has[d.For] = true
		}
	}
	for _, d := range m.Mends {
		if d.By == chain.Machine && (r.g.mender(d.For) == "" || r.unblamed(d.For)) {
			d.By = chain.Person // omamori cannot do it; perhaps it comes about by itself
		}
		add(d)
	}
	for _, name := range r.lost {
		l, link := r.g.file.Chain.Link(name)
		if !link || l.Person || r.g.links[name] == nil {
			continue
		}
		if service := r.g.mender(name); service != "" && !r.unblamed(name) {
			add(chain.Mend{Name: "start " + service + " for " + name, For: name, Needs: l.Needs, Takes: serviceMend, By: chain.Machine})
		}
		if !has[name] && r.g.links[name].From == "" && !r.g.given(name, r.now) {
			add(byHand(l))
		}
	}
	return mends
}

// given reports whether a link is broken by what a thing is, such as a laptop whose system
// has no client for a VPN any more: no advice mends that, and only another way is left.
func (g *Guard) given(name string, now time.Time) bool {
	s, ok := g.links[name].prover.(chain.Supposer)
	if !ok {
		return false
	}
	p, _ := g.state.Proof(name)
	return s.Suppose(p, chain.Supposition{At: now}).Verdict != chain.Broken
}

// early reports whether it is too early to say that a link is to blame: it, or what it
// needs, is being tried, or has only just broken.
func (r *rescue) early(link string) bool {
	l := r.g.links[link]
	if l == nil || l.person() || l.From != "" {
		return false
	}
	broken := r.view.Verdict(link) == chain.Broken
	young := l.running || broken && r.now.Sub(r.g.state.Since(link)) < settles
	return broken && r.g.settling(link) || young && r.g.incidents.For(link) == nil
}

// unblamed reports whether there is no incident of a link, and none to be expected.
func (r *rescue) unblamed(link string) bool { return r.g.incidents.For(link) == nil && !r.early(link) }

// step is a mend of this rescue by its name.
func (r *rescue) step(name string) (chain.Mend, bool) {
	i := slices.IndexFunc(r.mends, func(d chain.Mend) bool { return d.Name == name })
	if i < 0 {
		return chain.Mend{}, false
	}
	return r.mends[i], true
}

// linkOf is name if it is a link.
func (r *rescue) linkOf(name string) string {
	if _, ok := r.g.file.Chain.Link(name); ok {
		return name
	}
	return ""
}

// look notes what the goal and the plan rest on.
func (r *rescue) look() {
	for _, n := range append(r.g.file.Chain.Below(r.goal.Name), r.plan.Uses...) {
		r.scope[n] = true
	}
	for _, s := range r.plan.Steps {
		r.scope[s.Mend.For] = true
	}
}

func (r *rescue) concerns(name string) bool { return r.scope[name] }

// assumed lists the claims that the plan rests on and that are to be asked now: what
// has just been put back first, then the nearest to the goal: if that one holds,
// those below need not be asked. What rests on a step is asked after it.
func (r *rescue) assumed() []string {
	var mended, names []string
	for _, n := range slices.Backward(r.plan.Uses) {
		l, _ := r.g.file.Chain.Link(n)
		switch {
		case !r.ask[n]:
		case r.justMended(l):
			mended = append(mended, n)
		case !r.restsOnStep(n):
			names = append(names, n)
		}
	}
	return append(mended, names...)
}

func (r *rescue) restsOnStep(name string) bool {
	return r.below(name, func(n string) bool {
		return slices.ContainsFunc(r.plan.Steps, func(s ways.Step) bool { return s.Mend.For == n })
	})
}

// reached reports whether the goal holds, and nothing that it rests on is lost.
func (r *rescue) reached() bool {
	return r.view.Verdict(r.goal.Name) == chain.Holds && r.plan.Reached && len(r.plan.Steps) == 0 && len(r.assumed()) == 0
}

// missing finds what would open a way again: any one thing or link by itself, or,
// where none does, a smallest set that does only together.
func (r *rescue) missing() (any, all []string) {
	opens := func(lost []string) bool { return r.graph.Back(r.goal.Name, ways.State{Lost: lost}).Reached }
	for i, name := range r.lost {
		if opens(slices.Delete(slices.Clone(r.lost), i, i+1)) {
			any = append(any, name)
		}
	}
	if len(any) > 0 || !opens(nil) {
		return any, nil
	}
	var still []string // what may stay lost
	for _, name := range r.lost {
		if more := append(slices.Clone(still), name); opens(more) {
			still = more
		} else {
			all = append(all, name)
		}
	}
	return nil, all
}
