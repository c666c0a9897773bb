package guard

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/journal"
)

// Bounds of mending.
const (
	evidenceTime = 2 * time.Second
	deedTime     = 2 * time.Minute
	// patience is how long a service that has been started, and lives, may take
	// until it answers: a database can have much to recover.
	patience = 10 * time.Minute
	// rising is for how long what rests on a mended link may still be broken
	// before it counts as a break of its own.
	rising = time.Minute
	// triesInWindow failed tries within window are the end: a person is called.
	triesInWindow = 3
	window        = 10 * time.Minute
	// longestWait is the most that a service which was mended lately is left to itself
	// before it is mended again.
	longestWait = time.Minute
	// reconsider is how often the evidence is read again when nothing is done.
	reconsider = time.Minute
	// lookAgain is how soon, when hands could not be asked for it.
	lookAgain = 5 * time.Second
	// firstPause and longestPause bound the time between proofs after a deed.
	firstPause   = 10 * time.Millisecond
	longestPause = time.Second
)

// phase is what a mend is at.
type phase string

const (
	looking phase = "looking" // at the evidence
	waiting phase = "waiting" // for another deed on the same service, or to back off
	mending phase = "mending"
	proving phase = "proving"
	holding phase = "holding" // all holds; it must last
	told    phase = "told"    // nothing may be done by itself
	gaveUp  phase = "gave_up"
)

// mend is the mending of one incident. The loop owns it.
type mend struct {
	incident *chain.Incident
	service  string
	phase    phase
	// busy is true while a goroutine works for it.
	busy bool
	// next is when to look at the evidence again.
	next time.Time
	// did is when the last deed was done; failures when tries have failed, by subject.
	did      time.Time
	failures map[string][]time.Time
	// tried are the subjects that were mended for the incident's link.
	tried []string
	// print tells one plan from another, so that nothing is repeated for the
	// same evidence after giving up.
	print  string
	gaveUp bool
	// looked says that the evidence has been read; would is what it calls for,
	// whether that may be done or not.
	looked bool
	// blind says that hands could not be asked for the evidence.
	blind bool
	// late says that a log could not be read in time.
	late  bool
	would []chain.Deed
	// found is what the proof named that the evidence was last read for, at that moment; when
	// it names another, the evidence is read again, after relook at the earliest.
	found   string
	foundAt time.Time
	relook  time.Duration
	// asked says that a person wants it mended now: then it is, also where mending
	// is switched off for the link, until it is mended or given up.
	asked bool
	// righted is when a person said that what keeps the service from starting is put
	// right: it is then started once, if it is dead, whatever its old log says.
	righted time.Time
	// begun and cause are what has been told.
	begun bool
	cause string

	// paused says that the pause for what has come back was kept.
	paused bool

	pause time.Duration
	nudge bool // a wake is under way
	// broke is the proof for which the link is blamed: by the time it is looked into, the
	// newest may be another.
	broke chain.Proof
	// dead are the links on top of it that will not rise by themselves.
	dead   []string
	lasted bool // the proofs at the end of the hold have been asked for
}

// begin forgets what was thought of the incident's former link. A service that both rest
// on has failed as often as it has.
func (m *mend) begin() {
	m.print, m.gaveUp, m.paused = "", false, false
	m.looked, m.would, m.asked, m.righted = false, nil, false, time.Time{}
	m.relook = 0
}

func (m *mend) rest(p phase, d time.Duration) { m.phase, m.next = p, time.Now().Add(d) }

// toTell is the event to be told of a plan with this cause, "" for none.
func (m *mend) toTell(cause string) string {
	defer func() { m.begun, m.cause = true, cause }()
	switch {
	case !m.begun:
		return "begin"
	case m.cause != cause:
		return "cause"
	}
	return ""
}

// fingerprint is the same for two plans that were made of the same evidence. The
// figures in a log line, times and process ids, are left out of it.
func fingerprint(p chain.Plan) string {
	var b strings.Builder
	b.WriteString(p.Cause)
	for _, d := range p.Deeds {
		b.WriteString("\n" + string(d.Verb) + " " + d.Service)
	}
	for _, e := range p.Evidence {
		b.WriteString("\n" + strings.Map(func(r rune) rune {
			if '0' <= r && r <= '9' {
				return -1
			}
			return r
		}, e))
	}
	return b.String()
}

// do carries the deeds out, one after the other, beside the loop. The plan stands
// in the journal by now.
func (g *Guard) do(m *mend, deeds []chain.Deed) {
	m.phase, m.busy, m.righted = mending, true, time.Time{}
	if !slices.Contains(m.tried, m.subject()) {
		m.tried = append(m.tried, m.subject())
	}
	by := g.doer(g.links[m.incident.Link])
	g.work.Go(func() {
		var all []chain.Done
		failed := false
		for _, d := range deeds {
			// A deed once begun is not broken off because the guard stops.
			done := g.doOne(by, d)
			all = append(all, done)
			if done.Error != "" {
				failed = true
				break
			}
		}
		g.outcome(func() { g.noteDeeds(m.incident, all) }, func() { g.did(m, failed) })
	})
}

// noteDeeds takes in what was done.
func (g *Guard) noteDeeds(i *chain.Incident, all []chain.Done) {
	for _, d := range all {
		i.Deeds = append(i.Deeds, d)
		g.append(journal.Entry{At: d.At.Add(d.Took), What: "deed", Link: i.Link, Incident: i.ID, Text: deedText(d), Body: d})
	}
	g.save()
}

// did goes on once deeds are done.
func (g *Guard) did(m *mend, failed bool) {
	i := m.incident
	m.busy = false
	m.did = time.Now()
	if g.mends[i.ID] != m {
		return
	}
	if failed {
		g.failed(m)
		return
	}
	m.phase, m.pause, m.lasted, m.dead = proving, firstPause, false, nil
	g.wake(i.Link)
}

// failed counts a try that did not help: back off, or call a person.
func (g *Guard) failed(m *mend) {
	now := time.Now()
	failures := slices.DeleteFunc(append(m.failures[m.subject()], now), func(t time.Time) bool { return now.Sub(t) > window })
	if m.failures == nil {
		m.failures = map[string][]time.Time{}
	}
	m.failures[m.subject()] = failures
	if n := len(failures); n < triesInWindow {
		m.rest(waiting, time.Second<<(2*(n-1)))
		return
	}
	m.gaveUp, m.asked = true, false
	delete(m.failures, m.subject())
	m.rest(gaveUp, reconsider)
	i := m.incident
	i.Next = chain.Say("guard.gave_up", "tries", triesInWindow, "link", i.Link)
	g.append(journal.Entry{What: "gave_up", Link: i.Link, Incident: i.ID, Text: i.Next})
	g.tell("gave_up", i)
	g.save()
}

// followMend brings a mend up to what is now known.
func (g *Guard) followMend(i *chain.Incident, view *chain.View) {
	m := g.mends[i.ID]
	if m == nil || m.busy || g.tuning[i.Link] {
		return
	}
	now := view.At()
	switch m.phase {
	case proving:
		if !i.CalmSince().IsZero() {
			m.phase = holding
			return
		}
		if g.brokenSince(i.Link, m.did) && now.Sub(m.did) > patience {
			g.failed(m)
			return
		}
		g.nudge(m, view)
	case holding:
		switch since := i.CalmSince(); {
		case !since.IsZero():
			if now.Sub(since) >= hold && !m.lasted {
				m.lasted = true
				g.wakeAll(i.Link)
			}
		case g.brokenSince(i.Link, m.did):
			g.failed(m) // it fell again before it was over
		default:
			m.phase, m.pause, m.lasted = proving, firstPause, false
		}
	case waiting, told, gaveUp:
		if view.Verdict(i.Link) == chain.Broken && (!now.Before(m.next) || g.namesAnother(m, now)) {
			g.diagnose(m)
			return
		}
		if since := i.CalmSince(); !since.IsZero() {
			m.phase, m.lasted = holding, false // it came back by itself
		} else if view.Verdict(i.Link) == chain.Holds {
			m.phase, m.pause, m.lasted, m.did, m.dead = proving, firstPause, false, now, nil
		}
	}
}

// namesAnother reports whether the newest proof of what is left to a person names another
// cause than the one that was told. Where they alternate, that is followed ever more rarely.
func (g *Guard) namesAnother(m *mend, now time.Time) bool {
	wait := max(m.relook, lookAgain)
	p, _ := g.state.Proof(m.incident.Link)
	if m.phase != told || p.Verdict != chain.Broken || p.Cause == m.found || now.Sub(m.foundAt) < wait {
		return false
	}
	m.relook = min(2*wait, reconsider)
	return true
}

// brokenSince reports whether a proof of link that began after t was broken.
func (g *Guard) brokenSince(link string, t time.Time) bool {
	p, ok := g.state.Proof(link)
	return ok && p.Verdict == chain.Broken && p.At.After(t)
}

// nudge proves what is still to be proved after a deed, from the bottom up, with
// short but growing pauses; a service that has died again is found out at once.
func (g *Guard) nudge(m *mend, view *chain.View) {
	if m.nudge {
		return
	}
	m.nudge = true
	pause := m.pause
	m.pause = min(m.pause*3/2, longestPause)
	if l := g.links[m.incident.Link]; g.doer(l) != nil {
		pause = l.Every // elsewhere it takes longer, and each question has its price
	}
	root, service, broken := m.incident.Link, m.service, g.brokenSince(m.incident.Link, m.did)
	others := g.othersAbove(m)
	g.work.Go(func() {
		select {
		case <-g.ctx.Done():
			return
		case <-time.After(pause):
		}
		dead := false
		if broken && service != "" && g.o.Hands != nil {
			ctx, cancel := context.WithTimeout(g.ctx, evidenceTime)
			p, err := g.o.Hands.Process(ctx, service)
			cancel()
			dead = err == nil && !p.Running
		}
		down := g.notRunning(others)
		g.later(g.ctx, func() {
			m.nudge = false
			if g.mends[m.incident.ID] != m || m.phase != proving || m.incident.Link != root {
				return
			}
			if dead && g.brokenSince(root, m.did) {
				g.failed(m)
				return
			}
			m.dead = down
			for _, name := range g.unproved(root, m.incident.Began) {
				g.wake(name)
			}
		})
	})
}

// underMend reports whether a link rests on one that is being mended, or has just been
// and may still be on its way up; or is down only for the sake of a mend.
func (g *Guard) underMend(name string) bool {
	for _, m := range g.mends {
		rises := m.phase == mending || m.phase == proving && time.Since(m.did) < rising
		if m.incident.Link == name {
			continue
		}
		if rises && !slices.Contains(m.dead, name) && slices.Contains(g.file.Chain.Above(m.incident.Link), name) {
			return true
		}
		// A service that is down because it is being restarted is not to blame for that.
		ours := m.service != "" && g.serviceOf(name) == m.service
		if ours && (m.phase == mending || m.phase == proving && !g.brokenSince(name, m.did)) {
			return true
		}
	}
	return false
}

// serviceOf is the service by which a link is mended, "" for none.
func (g *Guard) serviceOf(name string) string {
	if l := g.links[name]; l != nil {
		if m, ok := l.prover.(chain.Mender); ok {
			return m.Service()
		}
	}
	return ""
}

// nextMend is when the next mend wants to be looked at. One of a link that is being tuned
// is when that is over, and one of a link that is not broken when it is again.
func (g *Guard) nextMend(next time.Time) time.Time {
	for _, m := range g.mends {
		if g.tuning[m.incident.Link] {
			continue
		}
		switch m.phase {
		case waiting, told, gaveUp:
			broken := g.seen != nil && g.seen.Verdict(m.incident.Link) == chain.Broken
			// One that was remembered over a restart, and holds, waits for nothing.
			if broken && !m.next.IsZero() && m.next.Before(next) {
				next = m.next
			}
		case holding:
			if since := m.incident.CalmSince(); !since.IsZero() && !m.lasted && since.Add(hold).Before(next) {
				next = since.Add(hold)
			}
		}
	}
	return next
}
