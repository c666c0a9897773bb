package guard

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
)

// link is a link of the chain at work.
type link struct {
	config.Link
	prover  chain.Prover
	due     time.Time
	running bool
	// again asks for one more proof once the running one is done, as something
	// has happened since that began.
	again bool
	// want is what was felt during the last proof that did not hold.
	want want
	// chores says that some are being done.
	chores bool
	// choresFailed is how often they have in a row, choresNext when they may be done again.
	choresFailed int
	choresNext   time.Time
	// unwatch ends the watching of events; nil where there is none.
	unwatch context.CancelFunc
}

// person reports whether only a person can prove the link.
func (l *link) person() bool { return l.Kind.Person }

// typed reports whether a person proves the link by typing something.
func (l *link) typed() bool {
	_, ok := l.prover.(chain.Checker)
	return ok && l.person()
}

func (l *link) close(log *slog.Logger) {
	if l.unwatch != nil {
		l.unwatch()
	}
	if err := chain.CloseProver(l.prover); err != nil {
		log.Warn("close link", "link", l.Name, "error", err)
	}
}

// hangs reports whether a link's verdict may hang on an attribute of a thing: what a person
// proves may, and what can say how it would be with another one.
func hangs(l *link) bool {
	_, supposes := l.prover.(chain.Supposer)
	return l.Kind.Person || supposes
}

// build makes the links of file, taking over those that have not changed.
func (g *Guard) build(file *config.File) (map[string]*link, error) {
	links := make(map[string]*link, len(file.Links))
	attrs := file.Chain.Model().Attrs()
	asBefore := maps.Equal(attrs, g.file.Chain.Model().Attrs())
	for _, c := range file.Links {
		c = g.placed(file, c)
		if old := g.links[c.Name]; old != nil && same(old.Link, c) && (asBefore || !hangs(old)) {
			old.Link = c
			links[c.Name] = old
			continue
		}
		var services chain.Services
		if g.o.Hands != nil {
			services = g.o.Hands
		}
		p, err := c.Kind.New(c.Settings, chain.Place{Link: c.Name, Hands: services, Attrs: attrs, Seen: g.lastSeen})
		if err != nil {
			for name, l := range links {
				if g.links[name] != l {
					l.close(g.o.Log)
				}
			}
			return nil, fmt.Errorf("make link %s: %w", c.Name, err)
		}
		links[c.Name] = &link{Link: c, prover: p}
	}
	return links, nil
}

// watch lets events wake a link, if its prover can tell of any.
func (g *Guard) watch(l *link) {
	w, ok := l.prover.(chain.Watcher)
	if !ok || l.From != "" {
		return
	}
	ctx, cancel := context.WithCancel(g.ctx)
	l.unwatch = cancel
	name := l.Name // l is the loop's: not read beside it
	wake := func() { g.later(ctx, func() { g.wake(name) }) }
	g.work.Go(func() {
		// Watching fails while hands are away; the link is proved at its beat
		// until they are back.
		for pause := 100 * time.Millisecond; ; pause = min(2*pause, 30*time.Second) {
			began := time.Now()
			err := w.Watch(ctx, wake)
			if ctx.Err() != nil {
				return
			}
			if time.Since(began) > time.Minute {
				pause = 100 * time.Millisecond
			}
			g.o.Log.Debug("watch link", "link", name, "error", err)
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
		}
	})
}

// beat proves what is due, and sets when it is due next.
func (g *Guard) beat(now time.Time) {
	g.due = g.idle(now)
	for _, c := range g.file.Links {
		l := g.links[c.Name]
		if l == nil || l.From != "" || l.person() {
			continue
		}
		if !l.due.After(now.Add(slot / 2)) {
			l.due = g.next(now.Add(slot/2), l.Every)
			g.prove(l, false)
		}
		if l.due.Before(g.due) {
			g.due = l.due
		}
	}
	g.askAfter(now)
	g.look() // freshness ends without any proof
}

// Bounds of a beat at which no link is due.
const (
	busyBeat = time.Minute
	idleBeat = 10 * time.Minute
)

// idle is when to look again if no link is due before: once a proof is fresh no more; often
// while something is under way that hangs on the time alone.
func (g *Guard) idle(now time.Time) time.Time {
	if len(g.cases) > 0 {
		return now.Add(busyBeat)
	}
	for _, m := range g.mends {
		if m.phase != told && m.phase != gaveUp {
			return now.Add(busyBeat)
		}
	}
	at := now.Add(idleBeat)
	if stale := g.state.Stale(now); !stale.IsZero() && stale.Before(at) {
		return stale
	}
	return at
}

// next is the first moment after now at which links of this beat are due. All of
// one beat share their moments.
func (g *Guard) next(now time.Time, every time.Duration) time.Time {
	since := now.Sub(g.started) - g.o.Phase%every
	n := since/every + 1
	if since < 0 {
		n = 0
	}
	return g.started.Add(g.o.Phase%every + n*every)
}

func (g *Guard) nextBeat() time.Time { return g.nextMend(g.due) }
