package chain

import (
	"fmt"
	"slices"
	"time"
)

// Incident is one break, with everything that fell because of it.
type Incident struct {
	ID string `json:"id"`
	// Link is the one that is blamed. It moves deeper if a deeper break is found.
	Link  string    `json:"link"`
	Began time.Time `json:"began"`
	// Ended is when everything held again; zero while the incident is open.
	Ended    time.Time `json:"ended,omitzero"`
	Cause    string    `json:"cause"`
	Why      Text      `json:"why,omitzero"`
	Next     Text      `json:"next,omitzero"`
	Evidence []string  `json:"evidence,omitempty"`
	Deeds    []Done    `json:"deeds,omitempty"`
	// Fell lists the other links that were broken by it, Outages the goals.
	Fell    []string `json:"fell,omitempty"`
	Outages []Outage `json:"outages,omitempty"`
	// Into is the incident that this one turned out to be part of.
	Into string `json:"into,omitempty"`

	calm time.Time // since when all has held; zero if it does not
}

// Outage is how long a goal was not reached.
type Outage struct {
	Goal string    `json:"goal"`
	From time.Time `json:"from"`
	To   time.Time `json:"to,omitzero"`
}

// Change is one thing that happened to an incident.
type Change struct {
	What     What
	Incident *Incident
}

// What happened to an incident.
type What string

const (
	Opened What = "opened"
	Moved  What = "moved"  // to a deeper link
	Merged What = "merged" // into another incident
	Ended  What = "ended"
)

// Incidents folds views into incidents. It is not safe for concurrent use.
type Incidents struct {
	// Hold is for how long everything must have held before an incident ends.
	Hold time.Duration
	open []*Incident
	last time.Time
	same int
}

// Open lists the incidents that have not ended, oldest first.
func (in *Incidents) Open() []*Incident { return in.open }

// Restore takes up incidents that were open when the guard last stopped.
func (in *Incidents) Restore(open []*Incident) { in.open = append(in.open, open...) }

// For returns the open incident that link is blamed for, or nil.
func (in *Incidents) For(link string) *Incident {
	for _, i := range in.open {
		if i.Link == link {
			return i
		}
	}
	return nil
}

// Fold takes a view in and returns what changed. A link that settling reports
// is broken, but its needs have not been tried since: it opens no incident yet,
// as the blame might be wrong. Settling may be nil.
func (in *Incidents) Fold(s *State, v *View, settling func(link string) bool) []Change {
	fell := v.fell()
	var changes []Change
	for _, root := range v.chain.order {
		if fell[root] == nil || in.For(root) != nil || settling != nil && settling(root) {
			continue
		}
		if moved := in.above(root, v); moved != nil {
			moved.Link = root
			moved.Cause, moved.Why, moved.Evidence = "", Text{}, nil
			changes = append(changes, Change{Moved, moved})
			continue
		}
		i := &Incident{ID: in.id(v.at), Link: root, Began: s.Since(root)}
		in.open = append(in.open, i)
		changes = append(changes, Change{Opened, i})
	}
	for _, i := range slices.Clone(in.open) {
		if ended, ok := in.follow(i, fell, v); ok {
			changes = append(changes, Change{ended, i})
			in.open = slices.DeleteFunc(in.open, func(o *Incident) bool { return o == i })
		}
	}
	return changes
}

// fell maps each blamed link to the broken links and goals that blame it.
func (v *View) fell() map[string][]string {
	fell := map[string][]string{}
	for _, name := range v.chain.order {
		for _, root := range v.Blame(name) {
			fell[root] = append(fell[root], name)
		}
	}
	return fell
}

// above finds an open incident on a link that is broken because of root.
func (in *Incidents) above(root string, v *View) *Incident {
	for _, i := range in.open {
		if i.Link != root && slices.Contains(v.Blame(i.Link), root) {
			return i
		}
	}
	return nil
}

// follow brings i up to the view, and reports how it ended if it did.
func (in *Incidents) follow(i *Incident, fell map[string][]string, v *View) (What, bool) {
	for _, name := range fell[i.Link] {
		if _, goal := v.chain.goals[name]; goal {
			i.outage(name, v.at)
		} else if name != i.Link && !slices.Contains(i.Fell, name) {
			i.Fell = append(i.Fell, name)
		}
	}
	for o := range i.Outages {
		if i.Outages[o].To.IsZero() && v.Verdict(i.Outages[o].Goal) == Holds {
			i.Outages[o].To = v.at
		}
	}
	for _, root := range v.Blame(i.Link) {
		if other := in.For(root); other != nil && other != i {
			i.Ended, i.Into = v.at, other.ID
			other.absorb(i)
			return Merged, true
		}
	}
	if !in.well(i, v) {
		i.calm = time.Time{}
		return "", false
	}
	if i.calm.IsZero() {
		i.calm = v.at
	}
	if v.at.Sub(i.calm) < in.Hold {
		return "", false
	}
	i.Ended = i.calm
	return Ended, true
}

// well reports whether the link of i holds, and all that fell with it does too
// or is now broken by something else.
func (in *Incidents) well(i *Incident, v *View) bool {
	if !v.chain.Has(i.Link) {
		return true // a new configuration has dropped it
	}
	if v.Verdict(i.Link) != Holds {
		return false
	}
	for _, name := range i.Fell {
		if !v.chain.Has(name) || v.Verdict(name) == Holds {
			continue
		}
		if v.Verdict(name) == Unproven || slices.Contains(v.Blame(name), i.Link) {
			return false
		}
	}
	return true
}

// CalmSince is since when all of i has held, zero if it does not.
func (i *Incident) CalmSince() time.Time { return i.calm }

// outage notes that a goal is out of reach. The first loss dates from the break;
// a later one, after the goal had come back, from when it was seen.
func (i *Incident) outage(goal string, now time.Time) {
	from := i.Began
	for _, o := range i.Outages {
		if o.Goal != goal {
			continue
		}
		if o.To.IsZero() {
			return
		}
		from = now
	}
	i.Outages = append(i.Outages, Outage{Goal: goal, From: from})
}

func (i *Incident) absorb(other *Incident) {
	if other.Began.Before(i.Began) {
		i.Began = other.Began
	}
	for _, f := range append(other.Fell, other.Link) {
		if f != i.Link && !slices.Contains(i.Fell, f) {
			i.Fell = append(i.Fell, f)
		}
	}
	i.Deeds = append(other.Deeds, i.Deeds...)
}

// Without is how long goal was out of reach during i, up to now if it still is.
func (i *Incident) Without(goal string, now time.Time) time.Duration {
	var sum time.Duration
	for _, o := range i.Outages {
		if o.Goal != goal {
			continue
		}
		to := o.To
		if to.IsZero() {
			to = now
		}
		sum += max(0, to.Sub(o.From))
	}
	return sum
}

// id makes a name of the moment, with a number when several begin in one second.
func (in *Incidents) id(now time.Time) string {
	second := now.UTC().Truncate(time.Second)
	if second.Equal(in.last) {
		in.same++
		return fmt.Sprintf("%s-%d", second.Format("20060102T150405Z"), in.same+1)
	}
	in.last, in.same = second, 0
	return second.Format("20060102T150405Z")
}
