package guard

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/omamori-guard/omamori/ways"
)

// reckonTime is for how long margins are reckoned for one answer, or one alarm. It is
// met by models that are made to be too much: what is not reckoned by then is said to
// be unknown, and taken up the next time.
const reckonTime = 5 * time.Second

// outlook is what is reckoned of a goal.
type outlook struct {
	margin  Margin
	wayBack *float64
}

// outlooks keeps what is reckoned of all goals of a graph while things change, and
// reckons anew only what a change has touched. The guard's loop does not wait for it:
// who wants to know does.
type outlooks struct {
	graph func() *ways.Graph
	goals []string
	index map[string]int

	// mu protects the fields below.
	mu       sync.Mutex
	reckoner *ways.Reckoner
	known    []*outlook // by the goal's place, nil if it is to be reckoned
}

func newOutlooks(graph func() *ways.Graph, goals []string) *outlooks {
	o := &outlooks{graph: graph, goals: goals, index: make(map[string]int, len(goals)), known: make([]*outlook, len(goals))}
	for i, goal := range goals {
		o.index[goal] = i
	}
	return o
}

// of gives the outlook of each goal when things stand so.
func (o *outlooks) of(ctx context.Context, s ways.State) []*outlook {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.reckoner == nil {
		o.reckoner = o.graph().Reckoner(s)
	} else {
		for _, goal := range o.reckoner.Change(s) {
			o.known[o.index[goal]] = nil
		}
	}
	until := time.Now().Add(reckonTime)
	all := slices.Clone(o.known)
	for i, goal := range o.goals {
		if all[i] != nil {
			continue
		}
		all[i] = &outlook{margin: Margin{Unknown: true}}
		if ctx.Err() != nil || time.Now().After(until) {
			continue
		}
		all[i].margin = marginStatus(o.reckoner.Margins(goal))
		if plan := o.reckoner.Back(goal); plan.Reached {
			seconds := plan.Takes.Seconds()
			all[i].wayBack = &seconds
		}
		if !all[i].margin.Unknown {
			o.known[i] = all[i]
		}
	}
	return all
}
