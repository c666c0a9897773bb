package guard

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/ways"
	"github.com/omamori-guard/omamori/words"
)

// Deadline is something that will end, or has, on a day that is known, with what falls
// with it if nobody renews it.
type Deadline struct {
	// ID names it: its link, and what of that ends. It stays the same when At moves.
	ID    string    `json:"id"`
	Link  string    `json:"link"`
	Kind  string    `json:"kind"`
	Title string    `json:"title,omitempty"`
	At    time.Time `json:"at"`
	// What is a clause, Said a sentence with all that follows from it.
	What string `json:"what"`
	Said string `json:"said"`
	Hint string `json:"hint"`
	// LeadS is how many seconds before At it is spoken of, the longest first; Near says
	// that the first of these has come, Ended that At has.
	LeadS []float64 `json:"lead_s"`
	Near  bool      `json:"near,omitempty"`
	Ended bool      `json:"ended,omitempty"`
	// Falls names the links and goals that fall with it, Stops the goals among them, Moves
	// the margins that get lower.
	Falls []string     `json:"falls"`
	Stops []string     `json:"stops"`
	Moves []MarginMove `json:"margins"`
	// Unreckoned says that what falls was too much work to find out.
	Unreckoned bool `json:"unreckoned,omitempty"`
	// Brief is what follows from it for any language, for where its day stands beside it; Do
	// is Hint.
	Brief chain.Text `json:"-"`
	Do    chain.Text `json:"-"`
}

// MarginMove is a margin that will be another.
type MarginMove struct {
	Goal string `json:"goal"`
	From Margin `json:"from"`
	To   Margin `json:"to"`
}

// AheadStatus is what becomes of a goal on a day to come, with all that ends until then.
type AheadStatus struct {
	At     time.Time `json:"at"`
	Margin Margin    `json:"margin"`
	// Stops says that the goal is out of reach from then on, until it is mended.
	Stops bool   `json:"stops,omitempty"`
	Ends  string `json:"ends"` // the ID of the deadline
	Said  string `json:"said"`
}

// Bounds of foresight.
const (
	// aheadTime is for how long it is reckoned for one answer.
	aheadTime = time.Second
	// mostAhead is of how many ends it is reckoned what falls with them, the next first.
	mostAhead = 128
)

// consequence is what follows from an end.
type consequence struct {
	falls, stops []string
	moves        []MarginMove // with it alone
	later        []MarginMove // with all that ends before it, too
	stopsLater   []string
	reckoned     bool
}

// foresight keeps what was foreseen, until things stand otherwise.
type foresight struct {
	// mu protects the fields below.
	mu    sync.Mutex
	state ways.State
	ends  []known
	day   time.Time // on which it was reckoned: what has ended since counts
	all   []consequence
}

// foresee finds what follows from each end that is known.
func (f *foresight) foresee(ctx context.Context, r *reckoning) []consequence {
	f.mu.Lock()
	defer f.mu.Unlock()
	gone := slices.IndexFunc(r.ends, func(k known) bool { return k.At.After(r.at) })
	same := reflect.DeepEqual(f.state, r.state) && reflect.DeepEqual(f.ends, r.ends) &&
		gone == slices.IndexFunc(f.ends, func(k known) bool { return k.At.After(f.day) })
	if f.all != nil && same {
		return f.all
	}
	all, whole := r.foresee(ctx)
	f.all = nil
	if whole {
		f.state, f.ends, f.day, f.all = r.state, r.ends, r.at, all
	}
	return all
}

// foresee finds what follows from each end; whole is false if that was too much work.
func (r *reckoning) foresee(ctx context.Context) (all []consequence, whole bool) {
	all = make([]consequence, len(r.ends))
	if len(r.ends) == 0 {
		return all, true
	}
	until := time.Now().Add(aheadTime)
	// What is waived is so until the next loss, which each of these is.
	now := ways.State{Lost: r.state.Lost, Unproven: r.state.Unproven}
	margins := r.margins(now)
	later := now
	for i, k := range r.ends {
		if i >= mostAhead || ctx.Err() != nil || time.Now().After(until) {
			return all, i >= mostAhead
		}
		c := &all[i]
		c.reckoned = true
		// A link may count as broken already because it ends soon.
		without := ways.State{Lost: except(now.Lost, k.link), Unproven: now.Unproven}
		with := ways.State{Lost: append(except(now.Lost, k.link), k.link), Unproven: except(now.Unproven, k.link)}
		c.falls, c.stops = r.newlyOut(without.Lost, with.Lost, k.link)
		c.moves = margins.between(without, with)
		then := ways.State{Lost: append(except(later.Lost, k.link), k.link), Unproven: except(later.Unproven, k.link)}
		if k.At.After(r.at) && !slices.Contains(later.Lost, k.link) {
			falls, stops := r.newlyOut(later.Lost, then.Lost, k.link)
			c.falls, c.stopsLater = union(c.falls, falls), stops
			c.stops = union(c.stops, stops)
			c.later = margins.between(later, then)
		}
		later = then
	}
	return all, true
}

func except(names []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == name })
}

func union(a, b []string) []string {
	for _, n := range b {
		if !slices.Contains(a, n) {
			a = append(a, n)
		}
	}
	return a
}

// newlyOut lists the links and goals that are out after and were not before, and the
// goals among them.
func (r *reckoning) newlyOut(before, after []string, itself string) (falls, stops []string) {
	was, is := r.out(before, nil), r.out(after, nil)
	for _, name := range r.Order() {
		if !is[name] || was[name] || name == itself {
			continue
		}
		falls = append(falls, name)
		if _, goal := r.Goal(name); goal {
			stops = append(stops, name)
		}
	}
	return falls, stops
}

// comparer compares the margins of all goals in two states.
type comparer struct {
	r        *reckoning
	reckoner *ways.Reckoner
}

func (r *reckoning) margins(s ways.State) *comparer {
	return &comparer{r, r.graph().Reckoner(s)}
}

func (c *comparer) between(before, after ways.State) (moves []MarginMove) {
	c.reckoner.Change(before)
	was := map[string]Margin{}
	for _, o := range c.r.Model().Goals {
		was[o.Name] = marginStatus(c.reckoner.Margins(o.Name))
	}
	for _, goal := range c.reckoner.Change(after) {
		from, to := was[goal], marginStatus(c.reckoner.Margins(goal))
		if from.Unknown || to.Unknown || !below(to.Now, from.Now) && !below(to.IfAllWell, from.IfAllWell) {
			continue
		}
		moves = append(moves, MarginMove{goal, from, to})
	}
	return moves
}

// Deadlines lists everything that is known to end, the soonest first.
func (g *Guard) Deadlines(ctx context.Context, lang words.Lang) ([]Deadline, error) {
	var r *reckoning
	var f *foresight
	if err := g.call(ctx, func() { r, f = g.reckon(g.state.Look(time.Now())), g.foresaw }); err != nil {
		return nil, err
	}
	all := []Deadline{}
	for i, c := range f.foresee(ctx, r) {
		all = append(all, r.deadline(r.ends[i], c, lang))
	}
	return all, ctx.Err()
}

func (r *reckoning) deadline(k known, c consequence, lang words.Lang) Deadline {
	d := Deadline{
		ID: k.id(), Link: k.link, Kind: k.kind, At: k.At, Ended: !k.At.After(r.at),
		Near: len(k.Lead) > 0 && k.At.Sub(r.at) <= k.Lead[0], LeadS: []float64{},
		Falls: list(c.falls), Stops: list(c.stops), Moves: c.moves, Unreckoned: !c.reckoned,
		What: lang.Say(k.What), Said: lang.Say(r.endSaid(k, c, inTime)), Brief: r.endSaid(k, c, brief), Do: k.Hint, Hint: lang.Say(k.Hint),
	}
	if d.Moves == nil {
		d.Moves = []MarginMove{}
	}
	if l, ok := r.Link(k.link); ok {
		d.Title = l.Title
	}
	for _, lead := range k.Lead {
		d.LeadS = append(d.LeadS, lead.Seconds())
	}
	return d
}

// endForms are the ways in which an end is said, by what follows from it.
type endForms struct{ alone, past, stops, margin, falls string }

var (
	inTime = endForms{"guard.end", "guard.end_past", "guard.end_stops", "guard.end_margin", "guard.end_falls"}
	brief  = endForms{"guard.brief", "guard.brief_past", "guard.brief_stops", "guard.brief_margin", "guard.brief_falls"}
)

// endSaid says what ends, and the gravest that follows from it.
func (r *reckoning) endSaid(k known, c consequence, form endForms) chain.Text {
	pairs := []any{"at", k.At.Add(-time.Second), "in", untilDay(r.at, k.At), "what", k.What} // at: its last day
	switch {
	case !k.At.After(r.at):
		return chain.Say(form.past, pairs...)
	case len(c.stops) > 0:
		return chain.Say(form.stops, append(pairs, "goals", strings.Join(c.stops, ", "), "n", len(c.stops))...)
	case len(c.moves) > 0:
		return chain.Say(form.margin, append(pairs, "goal", c.moves[0].Goal, "to", moveText(c.moves[0]))...)
	case len(c.falls) > 0:
		return chain.Say(form.falls, append(pairs, "names", strings.Join(c.falls, ", "))...)
	}
	return chain.Say(form.alone, pairs...)
}

// untilDay is the time between, in whole days where there are many.
func untilDay(now, at time.Time) time.Duration {
	left := at.Sub(now).Truncate(time.Hour)
	if left > 48*time.Hour {
		left = left.Truncate(24 * time.Hour)
	}
	return left
}

// moveText is what a margin falls to: as things stand, else if all holds.
func moveText(m MarginMove) chain.Text {
	to := m.To.IfAllWell
	if below(m.To.Now, m.From.Now) {
		to = m.To.Now
	}
	if *to < 0 {
		return chain.Say("guard.margin_minus")
	}
	return chain.Say("guard.margin_figure", "n", *to)
}

// ahead is what becomes of a goal as one thing after the other ends.
func (r *reckoning) ahead(goal string, all []consequence, lang words.Lang) (out []AheadStatus) {
	for i, c := range all {
		k := r.ends[i]
		for _, m := range c.later {
			if m.Goal != goal {
				continue
			}
			a := AheadStatus{At: k.At, Margin: m.To, Stops: slices.Contains(c.stopsLater, goal), Ends: k.id()}
			a.Said = lang.Say(chain.Say("guard.ahead_margin", "at", k.At, "to", moveText(m), "what", k.What))
			if a.Stops {
				a.Said = lang.Say(chain.Say("guard.ahead_stops", "at", k.At, "to", moveText(m), "what", k.What))
			}
			out = append(out, a)
		}
		moved := slices.ContainsFunc(c.later, func(m MarginMove) bool { return m.Goal == goal })
		if !moved && slices.Contains(c.stopsLater, goal) {
			out = append(out, AheadStatus{
				At: k.At, Margin: r.marginOf(goal, r.state), Stops: true, Ends: k.id(),
				Said: lang.Say(chain.Say("guard.ahead_only_stops", "at", k.At, "what", k.What)),
			})
		}
	}
	return out
}
