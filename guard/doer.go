package guard

import (
	"context"
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/journal"
)

// doer is who does the deeds of a link, nil where that is hands.
func (g *Guard) doer(l *link) chain.Doer {
	if l == nil || l.From != "" {
		return nil
	}
	d, _ := l.prover.(chain.Doer)
	return d
}

// doOne does one deed, by hands if by is nil. A deed once begun is not broken off because
// the guard stops.
func (g *Guard) doOne(by chain.Doer, d chain.Deed) (done chain.Done) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(g.ctx), deedTime)
	defer cancel()
	began := time.Now()
	var err error
	if by != nil {
		err = by.Do(ctx, d)
	} else {
		done, err = g.o.Hands.Do(ctx, d)
	}
	done.Deed, done.At, done.Took = d, began, time.Since(began)
	if err != nil && done.Error == "" {
		done.Error = err.Error()
	}
	return done
}

// longestChoresWait is the most that chores wait which have failed.
const longestChoresWait = 10 * time.Minute

// doChores has a keeper do what its last trial found to be due. It stands in the journal
// first; nobody is told, as nothing was broken.
func (g *Guard) doChores(l *link) {
	keeper, ok := l.prover.(chain.Keeper)
	if !ok || l.From != "" || !l.Mend || l.chores || time.Now().Before(l.choresNext) || g.atWork(l) {
		return
	}
	due := keeper.Chores()
	if len(due) == 0 {
		return
	}
	l.chores = true
	g.commit(journal.Entry{What: "chore", Link: l.Name, Text: chain.Say("guard.chore", "deed", deedsText(due)), Body: due})
	g.work.Go(func() {
		var all []chain.Done
		for _, d := range due {
			all = append(all, g.doOne(keeper, d))
		}
		g.outcome(func() {
			for _, d := range all {
				g.append(journal.Entry{At: d.At.Add(d.Took), What: "deed", Link: l.Name, Text: deedText(d), Body: d})
			}
		}, func() { l.choresDone(all) })
	})
}

// choresDone has chores that failed wait, longer each time.
func (l *link) choresDone(all []chain.Done) {
	l.chores = false
	if !slices.ContainsFunc(all, func(d chain.Done) bool { return d.Error != "" }) {
		l.choresFailed = 0
		return
	}
	l.choresNext = time.Now().Add(min(time.Second<<(2*min(l.choresFailed, 10)), longestChoresWait))
	l.choresFailed++
}

// atWork reports whether a deed for the link is under way, or is being proved.
func (g *Guard) atWork(l *link) bool {
	for _, m := range g.mends {
		if m.incident.Link == l.Name && (m.phase == mending || m.phase == proving) {
			return true
		}
	}
	return false
}

// outcome notes what a deed came to, and goes on with what follows from that. A deed may
// end after the loop has: then it is noted all the same, and nothing follows.
func (g *Guard) outcome(note, then func()) {
	select {
	case g.calls <- func() { note(); then() }:
	case <-g.ctx.Done():
		g.lateLock.Lock()
		defer g.lateLock.Unlock()
		g.late = append(g.late, note)
	}
}
