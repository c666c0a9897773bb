package chain

import (
	"fmt"
	"slices"
	"time"
)

// Incident is one break, with everything that fell because of it.
type Incident struct {
	ID string `json:"id"`
	// Link is the one that is blamed. It moves deeper if a deeper break is found, and up to
	// what fell by it and does not come back with it.
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
	Moved  What = "moved"  // to another link
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
	for _, n := range v.broken {
		root := v.chain.name(n)
		if fell[root] == nil || in.For(root) != nil || settling != nil && settling(root) {
			continue
		}
		if moved := in.above(root, v); moved != nil {
			moved.Link = root
			moved.Cause, moved.Why, moved.Evidence = "", Text{}, nil
			changes = append(changes, Change{Moved, moved})
			continue
		}
		if moved := in.below(root, s, v); moved != nil {
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

// fell maps each blamed link to the broken links and goals that blame it, itself
// first: those from which it is reached through what does not hold, or holds aside of it.
func (v *View) fell() map[string][]string {
	fell := map[string][]string{}
	var seen []int32 // by which root a number was last reached
	for _, root := range v.broken {
		if v.deeper[root] {
			continue
		}
		if seen == nil {
			seen = make([]int32, len(v.verdicts))
		}
		mark := root + 1
		seen[root] = mark
		size := 1
		for todo := []int32{root}; len(todo) > 0; {
			n := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			for _, u := range v.chain.users[n] {
				if (v.verdicts[u] != Holds || v.aside(u)) && seen[u] != mark {
					seen[u] = mark
					size++
					todo = append(todo, u)
				}
			}
		}
		names := make([]string, 0, size)
		for _, n := range v.broken {
			if seen[n] == mark {
				names = append(names, v.chain.name(n))
			}
		}
		fell[v.chain.name(root)] = names
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

// below finds an open incident on a link that holds by now, by which root fell and has
// not come back since: it is not over, but goes on there.
func (in *Incidents) below(root string, s *State, v *View) *Incident {
	for _, i := range in.open {
		if v.Verdict(i.Link) == Holds && slices.Contains(i.Fell, root) && !s.Since(root).After(s.Since(i.Link)) {
			return i
		}
	}
	return nil
}

// follow brings i up to the view, and reports how it ended if it did.
func (in *Incidents) follow(i *Incident, fell map[string][]string, v *View) (What, bool) {
	if _, known := v.chain.links[i.Link]; !known { // a new configuration has dropped it
		i.Ended = v.at
		return Ended, true
	}
	i.fallen(fell[i.Link], v)
	i.followOutages(v)
	for _, root := range v.Blame(i.Link) {
		if other := in.For(root); other != nil && other != i {
			i.Ended, i.Into = v.at, other.ID
			other.absorb(i)
			return Merged, true
		}
	}
	oldest, well := in.well(i, v)
	if !well {
		i.calm = time.Time{}
		return "", false
	}
	if i.calm.IsZero() {
		i.calm = v.at
	}
	// It is not enough that time has passed: everything was proved again after it.
	if oldest.Before(i.calm.Add(in.Hold)) {
		return "", false
	}
	i.Ended = i.calm
	return Ended, true
}

// fallen adds those of names that are links to what fell by i, each once.
func (i *Incident) fallen(names []string, v *View) {
	known := map[string]bool{i.Link: true}
	for _, name := range i.Fell {
		known[name] = true
	}
	for _, name := range names {
		if _, link := v.chain.links[name]; link && !known[name] {
			i.Fell = append(i.Fell, name)
		}
	}
}

// explained reports whether all of blame are links of open incidents other than i.
func (in *Incidents) explained(blame []string, i *Incident) bool {
	for _, root := range blame {
		if other := in.For(root); other == nil || other == i {
			return false
		}
	}
	return true
}

// well reports whether the link of i holds, and all that rests on it does too, or
// is now broken by another incident's, and was proved since the break. Oldest is the
// time of the oldest of those proofs.
//
// What rests on the link counts even if it was not seen to fall: a fast mend can
// be over before anybody looked, and must be proved from the visitor's side too.
func (in *Incidents) well(i *Incident, v *View) (oldest time.Time, well bool) {
	if v.Verdict(i.Link) != Holds || v.provedAt(i.Link).Before(i.Began) {
		return time.Time{}, false
	}
	oldest = v.provedAt(i.Link)
	if l, _ := v.chain.Link(i.Link); l.Person {
		oldest = v.at // nobody is asked the same again after ten seconds
	}
	for _, name := range v.chain.Above(i.Link) {
		l, link := v.chain.Link(name)
		if !link || l.Person {
			continue
		}
		switch v.Verdict(name) {
		case Holds:
			if v.provedAt(name).Before(i.Began) {
				return time.Time{}, false
			}
			if v.provedAt(name).Before(oldest) {
				oldest = v.provedAt(name)
			}
		case Unproven:
			if slices.Contains(i.Fell, name) {
				return time.Time{}, false
			}
		case Broken:
			if !in.explained(v.Blame(name), i) {
				return time.Time{}, false
			}
		}
	}
	return oldest, true
}

// followOutages keeps the outages of i: a goal is out from the break until one of its
// ways has been proved since, as far as that way rests on the link of i.
func (i *Incident) followOutages(v *View) {
	c := v.chain
	from, _ := c.number(i.Link)
	above, on := c.walk(from, c.users)
	for _, n := range above {
		if int(n) < len(c.links) {
			continue
		}
		name, ways := c.name(n), c.ways[int(n)-len(c.links)]
		at := slices.IndexFunc(i.Outages, func(o Outage) bool { return o.Goal == name && o.To.IsZero() })
		out := !slices.ContainsFunc(ways, func(w []int32) bool { return i.provedSince(w, on, v) })
		switch {
		case at >= 0 && !out:
			i.Outages[at].To = v.at
		case at < 0 && out && v.verdicts[n] == Broken && slices.Contains(v.Blame(name), i.Link):
			i.Outages = append(i.Outages, Outage{Goal: name, From: i.outFrom(name, v.at)})
		case at < 0 && out && !i.wasOut(name) && v.verdicts[from] != Holds:
			i.Outages = append(i.Outages, Outage{Goal: name, From: i.Began})
		}
	}
}

// provedSince reports whether all of a way holds, and what rests on the link of i, or
// is it, was proved since the break.
func (i *Incident) provedSince(way []int32, on []bool, v *View) bool {
	for _, n := range way {
		if v.verdicts[n] != Holds {
			return false
		}
		if int(n) < len(v.proved) && on[n] && v.proved[n].Before(i.Began) {
			return false
		}
	}
	return true
}

func (i *Incident) wasOut(goal string) bool {
	return slices.ContainsFunc(i.Outages, func(o Outage) bool { return o.Goal == goal })
}

// outFrom dates an outage: the first from the break, a later one from when it was
// seen.
func (i *Incident) outFrom(goal string, now time.Time) time.Time {
	if i.wasOut(goal) {
		return now
	}
	return i.Began
}

// CalmSince is since when all of i has held, zero if it does not.
func (i *Incident) CalmSince() time.Time { return i.calm }

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
