package guard

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/words"
)

// fall is an incident of its own: a goal survives fewer losses than it would if
// nothing were lost, though nothing else need have gone wrong yet.
//
// Only what is known to be amiss lowers a margin here: a break that is an incident, a
// thing that somebody said is lost, a drill that is overdue. What is merely unproven,
// as after a start or while names do not resolve, does not.
type fall struct {
	ID    string    `json:"id"`
	Goal  string    `json:"goal"`
	Began time.Time `json:"began"`
	Ended time.Time `json:"ended,omitzero"`
	// Cause is "thing_lost", "link_broken" or "drill_overdue", of the first of Lost.
	Cause string   `json:"cause"`
	Lost  []string `json:"lost"`
	// From is the margin without these losses, To with them; nil has no bound.
	From *int       `json:"from"`
	To   *int       `json:"to"`
	Why  chain.Text `json:"why"`
	Next chain.Text `json:"next,omitzero"`

	brief   chain.Text // Why, where several goals are told of at once
	because []loss
}

// loss is something that lowers margins.
type loss struct {
	name, cause string
	// over: the break is, but has not held for long enough yet. It keeps a fall, but
	// begins none.
	over bool
}

// amiss is what is known to be amiss at one moment.
type amiss struct {
	at     time.Time
	losses []loss
	// absent lists things that were never there yet: no losses.
	absent []string
	waived []chain.Oddity
	// out names the goals of which an open incident already tells that they are out of
	// reach.
	out []string
}

func (a *amiss) equal(b *amiss) bool {
	return slices.Equal(a.losses, b.losses) && slices.Equal(a.absent, b.absent) && slices.Equal(a.waived, b.waived) && slices.Equal(a.out, b.out)
}

// amiss finds what is known to be amiss. A break counts once it has been told: what
// follows from it is not told first.
func (g *Guard) amiss(v *chain.View) *amiss {
	a := &amiss{at: v.At(), waived: g.waived(v), out: g.outages()}
	for _, t := range g.file.Chain.Model().Things {
		switch w := g.said[t.Name]; {
		case w.Lost:
			a.losses = append(a.losses, loss{name: t.Name, cause: "thing_lost"})
		case t.Absent && missing(t, g.said):
			a.absent = append(a.absent, t.Name)
		}
	}
	for _, i := range g.incidents.Open() {
		if m := g.mends[i.ID]; m != nil && m.begun {
			a.losses = append(a.losses, loss{i.Link, "link_broken", v.Verdict(i.Link) == chain.Holds})
		}
	}
	for _, name := range g.overdue(v.At()) {
		a.losses = append(a.losses, loss{name: name, cause: "drill_overdue"})
	}
	return a
}

// outages names the goals of which an open incident already tells that they are out
// of reach.
func (g *Guard) outages() (names []string) {
	for _, i := range g.incidents.Open() {
		for _, goal := range goals(i) {
			if !over(i, goal) {
				names = append(names, goal)
			}
		}
	}
	return names
}

// followMargins has the falls opened, moved and ended, if anything is amiss, or was.
// What that takes is reckoned beside the loop, one thing after the other.
func (g *Guard) followMargins(v *chain.View) {
	if g.reckoning != nil {
		return // once that is done, how things stand is looked at again
	}
	if g.doubtful(v) {
		return // so is it once that is known
	}
	w, a := g.watcher, g.amiss(v)
	if w.last != nil && w.last.equal(a) || len(a.losses) == 0 && len(g.alarms) == 0 {
		w.last = a
		return
	}
	w.last = a
	told := make(map[string]*fall, len(g.alarms))
	for name, f := range g.alarms {
		copied := *f
		told[name] = &copied
	}
	r := &reckoning{Chain: g.file.Chain, graph: g.graph, said: maps.Clone(g.said)}
	done := make(chan struct{})
	g.reckoning = done
	g.work.Go(func() {
		moves := w.reckon(g.ctx, r, a, told)
		g.later(g.ctx, func() {
			g.reckoning = nil
			if w == g.watcher { // else the configuration is another
				g.marginsMoved(moves, a.at)
			}
			g.followMargins(g.state.Look(time.Now()))
			close(done)
		})
	})
}

// settled returns when the margins of what has happened so far are followed: those
// that are being reckoned, and those that are reckoned after them.
func (g *Guard) settled(ctx context.Context) {
	for range 2 {
		var done chan struct{}
		if g.call(ctx, func() { done = g.reckoning }) != nil || done == nil {
			return
		}
		select {
		case <-done:
		case <-g.stopped:
			return
		case <-ctx.Done():
			return
		}
	}
}

// marginsMoved takes up what was reckoned. Of what has happened at once, one message
// tells.
func (g *Guard) marginsMoved(moves []move, at time.Time) {
	told := map[string][]*fall{}
	for _, m := range moves {
		f := g.alarms[m.goal]
		switch {
		case m.event == "end":
			f.Ended = at
			delete(g.alarms, f.Goal)
			if g.fallen = append(g.fallen, f); len(g.fallen) > endedKept {
				g.fallen = g.fallen[len(g.fallen)-endedKept:]
			}
			g.append(journal.Entry{At: at, What: "margin", Link: f.Goal, Incident: f.ID, Body: f,
				Text: chain.Say("guard.margin_back", "goal", titleOf(g.file.Chain, f.Goal), "took", at.Sub(f.Began).Round(time.Second))})
		case f == nil:
			f = m.after
			f.ID, f.Began = at.UTC().Format("20060102T150405Z")+"-"+m.goal, at
			g.alarms[m.goal] = f
			fallthrough
		default:
			m.after.ID, m.after.Began = f.ID, f.Began
			*f = *m.after
			g.append(journal.Entry{At: at, What: "margin", Link: m.goal, Incident: f.ID, Text: f.Why, Body: f})
		}
		if m.event != "" {
			told[m.event] = append(told[m.event], f)
		}
	}
	for _, event := range []string{"begin", "cause", "end"} {
		if len(told[event]) > 0 {
			g.tellMargins(event, told[event])
		}
	}
	if len(moves) > 0 {
		g.save()
	}
}

func named(all []loss) (names []string) {
	for _, l := range all {
		names = append(names, l.name)
	}
	return names
}

func equal(a, b *int) bool { return !below(a, b) && !below(b, a) }

// fallStatus is a fall as the status has it.
func fallStatus(f *fall, lang words.Lang) IncidentStatus {
	s := IncidentStatus{
		ID: f.ID, Goal: f.Goal, Began: f.Began, Cause: f.Cause, Why: lang.Say(f.Why), Next: lang.Say(f.Next),
		Evidence: []string{}, Deeds: []DeedStatus{}, Fell: f.Lost, From: f.From, To: f.To,
	}
	if !f.Ended.IsZero() {
		s.Ended, s.Next = &f.Ended, ""
	}
	return s
}
