package guard

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// result is a proof on its way to the loop.
type result struct {
	link  string
	of    chain.Prover // to know a proof of a prover that is gone since
	proof chain.Proof
	want  want
}

// prove tries l once, in a goroutine of its own. An urgent proof does not wait
// for a worker. A link is never tried twice at once.
func (g *Guard) prove(l *link, urgent bool) {
	if l.running {
		l.again = l.again || urgent
		return
	}
	l.running = true
	r := result{link: l.Name, of: l.prover}
	timeout := l.Timeout
	g.work.Go(func() {
		if !urgent {
			select {
			case g.slots <- struct{}{}:
			case <-g.ctx.Done():
				return
			}
			slow := time.AfterFunc(slowProof, func() { <-g.slots })
			defer func() {
				if slow.Stop() {
					<-g.slots
				}
			}()
		}
		awake := doze(g.ctx, timeout/2, sleepFor)
		r.proof = try(g.ctx, r.of, timeout)
		r.want = awake()
		select {
		case g.results <- r:
		case <-g.ctx.Done():
		}
	})
}

// try proves once, within timeout. A prover that panics has proved nothing.
func try(ctx context.Context, p chain.Prover, timeout time.Duration) (proof chain.Proof) {
	began := time.Now()
	defer func() {
		if v := recover(); v != nil {
			proof = chain.Untried(chain.Say("guard.prover_panic", "what", fmt.Sprint(v)), chain.Say("guard.report_bug"))
			proof.Evidence = []string{string(debug.Stack())}
		}
		proof.At, proof.Took = began, time.Since(began)
	}()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return p.Prove(ctx)
}

// wake proves a link at once because something has happened to it.
func (g *Guard) wake(name string) {
	if l := g.links[name]; l != nil {
		g.prove(l, true)
	}
}

// foldsAtOnce is how many proofs are taken in before how things stand is looked at.
const foldsAtOnce = 64

// foldAll takes a proof in, with those that have come meanwhile, and reports whether
// any of them is worth a look.
func (g *Guard) foldAll(r result) (news bool) {
	news = g.fold(r)
	for range foldsAtOnce - 1 { // what is received is folded: a result that got lost would end its link
		select {
		case r = <-g.results:
			news = g.fold(r) || news
		default:
			return news
		}
	}
	return news
}

// fold takes a proof in, and reports whether it is news.
func (g *Guard) fold(r result) (news bool) {
	l := g.links[r.link]
	if l == nil || l.prover != r.of {
		return false
	}
	l.running = false
	if l.again {
		l.again = false
		g.prove(l, true)
	}
	if r.proof.Verdict == chain.Broken {
		l.want = r.want
	}
	news = g.takeIn(r.link, r.proof)
	g.doChores(l)
	return news || !g.quiet() || g.seen.Verdict(r.link) != r.proof.Verdict
}

// quiet reports whether nothing was amiss when it was last looked: then one more proof
// that says the same as the last changes nothing. That old proofs expire is for the
// beats to see.
func (g *Guard) quiet() bool {
	return g.seen != nil && !g.seen.AnyBroken() && len(g.incidents.Open()) == 0 && len(g.alarms) == 0
}

// take takes in a proof from elsewhere than a prover, and does what follows from it.
func (g *Guard) take(name string, p chain.Proof) {
	g.takeIn(name, p)
	g.look()
}

func (g *Guard) takeIn(name string, p chain.Proof) (changed bool) {
	g.o.Journal.Proof(name, p)
	g.learn(name, p)
	if changed = g.state.Fold(name, p); changed {
		g.verdictChanged(name, p)
	}
	if l := g.links[name]; l != nil && p.At.Add(l.Fresh+1).Before(g.due) { // that it expires is seen in time
		g.due = p.At.Add(l.Fresh + 1)
	}
	return changed
}

// verdictChanged writes the change down and has the neighbours tried: what the
// link needs, to find who is to blame, and what needs it, to see how far it goes.
func (g *Guard) verdictChanged(name string, p chain.Proof) {
	g.append(verdictEntry(name, p))
	g.note(name, p)
	near := g.file.Chain.Below(name)
	if !g.mendingSoon(name, p) {
		near = append(near, g.file.Chain.Above(name)...)
	}
	for _, n := range near {
		if l := g.links[n]; l != nil && !l.person() && l.From == "" {
			if last, ok := g.state.Proof(n); !ok || last.At.Before(p.At) {
				g.prove(l, true)
			}
		}
	}
}

// mendingSoon reports whether a mend of the link is about to start: then what
// rests on it is tried only after the mend, so as not to take the processor from
// the service that is being started.
func (g *Guard) mendingSoon(name string, p chain.Proof) bool {
	l := g.links[name]
	if p.Verdict != chain.Broken || l == nil || !l.Mend || g.o.Hands == nil {
		return false
	}
	m, ok := l.prover.(chain.Mender)
	return ok && m.Service() != ""
}

// settling reports whether it is too early to blame a broken link: it, or what it
// needs, is being tried since something changed there, or it is still rising after
// a mend, or being tuned.
func (g *Guard) settling(name string) bool {
	if g.underMend(name) || g.tuning[name] {
		return true
	}
	own, _ := g.state.Proof(name)
	since := g.state.Since(name)
	self := g.links[name] != nil && g.links[name].running
	return slices.ContainsFunc(g.file.Chain.Below(name), func(n string) bool {
		l := g.links[n]
		if l == nil || l.person() || l.From != "" {
			return false
		}
		if self && g.state.Since(n).After(own.At) { // what it needs may just have come back
			return true
		}
		last, ok := g.state.Proof(n)
		return l.running && (!ok || last.At.Before(since))
	})
}

// look sees how things stand now, and follows the incidents.
func (g *Guard) look() {
	now := time.Now()
	view := g.state.Look(now)
	if !view.Same(g.seen) {
		g.changes.tell()
	}
	g.seen = view
	changes := g.incidents.Fold(g.state, view, g.settling)
	for _, ch := range changes {
		g.incidentChanged(ch, view)
	}
	for _, i := range g.incidents.Open() {
		g.followMend(i, view)
	}
	g.followGoals(view)
	g.followMargins(view)
	if len(changes) > 0 {
		g.save()
	}
}
