package guard

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/due"
	"github.com/omamori-guard/omamori/words"
)

// DueItem is something that wants a person's answer.
type DueItem struct {
	ID    string `json:"id"`
	Sort  string `json:"sort"`
	About string `json:"about,omitempty"`
	What  string `json:"what"`
	When  string `json:"when"`
	Hint  string `json:"hint"`
	// Deadline is by when, nil if no day is known.
	Deadline *time.Time `json:"deadline,omitempty"`
	Since    time.Time  `json:"since,omitzero"`
	// Acked is who knows of it, until when and why; Next when it is told of again.
	Acked *due.Ack  `json:"acked,omitempty"`
	Next  time.Time `json:"next_told,omitzero"`
	// Quote and Days are of a notice: what it says, and the days that it may mean.
	Quote string   `json:"quote,omitempty"`
	Days  []string `json:"days,omitempty"`
}

// Due lists what wants an answer, the most pressing first; what a person knows of comes
// last.
func (g *Guard) Due(ctx context.Context, lang words.Lang) (all []DueItem, err error) {
	ends, err := g.Deadlines(ctx, lang)
	if err != nil {
		return nil, err
	}
	all = []DueItem{}
	return all, g.call(ctx, func() {
		g.deadlines = ends
		now := time.Now()
		items := g.dueItems(now)
		due.Sort(items, now)
		slices.SortStableFunc(items, func(a, b due.Item) int {
			_, x := g.book.Acked(a.ID, now)
			_, y := g.book.Acked(b.ID, now)
			return int(verdictOf(x)) - int(verdictOf(y))
		})
		for _, i := range items {
			all = append(all, g.dueItem(i, now, lang))
		}
	})
}

func verdictOf(acked bool) uint8 {
	if acked {
		return 1
	}
	return 0
}

func (g *Guard) dueItem(i due.Item, now time.Time, lang words.Lang) DueItem {
	d := DueItem{ID: i.ID, Sort: i.Sort, About: i.About, What: lang.Say(i.What), When: lang.Say(whenText(i, now)), Hint: lang.Say(i.Hint), Since: i.Since}
	if !i.Deadline.IsZero() {
		d.Deadline = &i.Deadline
	}
	if a, ok := g.book.Acked(i.ID, now); ok {
		d.Acked, d.Next = &a, a.Until
	} else if t, ok := g.book.Told[i.ID]; ok {
		d.Next = due.Next(t.First, i.Deadline, t.Last)
	}
	if n := g.book.Notices[i.ID]; n != nil {
		d.Quote = n.Quote
		for _, c := range n.Days {
			d.Days = append(d.Days, c.Day)
		}
	}
	return d
}

// dueItems lists what wants an answer, each once.
func (g *Guard) dueItems(now time.Time) (items []due.Item) {
	titles := g.titles()
	seen := map[string]bool{}
	add := func(i due.Item) {
		if !seen[i.ID] {
			seen[i.ID] = true
			items = append(items, i)
		}
	}
	for _, i := range g.mailItems(now) {
		add(i)
	}
	for id, n := range g.book.Notices {
		add(g.noticeItem(id, n))
	}
	for _, i := range g.incidents.Open() {
		l := g.links[i.Link]
		if l == nil || l.person() || g.made[i.Link] && g.book.Notices[i.Link] != nil {
			continue
		}
		hint := i.Next
		if hint.IsZero() {
			p, _ := g.state.Proof(i.Link)
			hint = p.Hint
		}
		why := i.Why
		if why.IsZero() {
			p, _ := g.state.Proof(i.Link)
			why = p.Because
		}
		add(due.Item{ID: i.Link, Sort: "broken", About: titles[i.Link], Since: i.Began, Told: true, Hint: hint,
			What: chain.Say("due.broken", "link", titles[i.Link], "since", i.Began, "why", why)})
	}
	view := g.state.Look(now)
	for _, c := range g.file.Links {
		l := g.links[c.Name]
		if l == nil || !l.person() || l.From != "" || view.Verdict(c.Name) == chain.Holds {
			continue
		}
		question := chain.Say("guard.report_bug")
		if p, ok := l.prover.(chain.Answerer); ok {
			question = p.Ask()
		}
		i := due.Item{ID: c.Name, Sort: "drill", About: titles[c.Name], Hint: chain.Say("due.drill_hint", "link", c.Name),
			What: chain.Say("due.drill", "link", titles[c.Name], "question", question)}
		if p, ok := g.state.Proof(c.Name); ok && !p.At.IsZero() {
			i.Since = p.At.Add(l.Fresh)
		}
		add(i)
	}
	for _, d := range g.deadlines {
		if !d.Near && !d.Ended || g.made[d.Link] {
			continue
		}
		add(due.Item{ID: d.ID, Sort: "end", About: titles[d.Link], Deadline: d.At, What: d.Brief, Hint: d.Do})
	}
	return items
}

// noticeItem is a notice as an item.
func (g *Guard) noticeItem(id string, n *due.Notice) due.Item {
	h := dueOf(g.file).Hours()
	i := due.Item{ID: id, Sort: "notice", About: g.thingTitle(n.About), Since: n.Got, Hint: chain.Say("notice.open_hint", "link", id)}
	from := n.Company
	if from == "" {
		from = n.From
	}
	if day, err := h.Day(n.Day); err == nil {
		i.Deadline = day
		i.What = chain.Say("due.notice_day", "about", i.About, "from", from, "says", n.Subject, "day", day)
	} else {
		i.What = chain.Say("due.notice", "about", i.About, "from", from, "says", n.Subject)
	}
	if len(n.Unsure) > 0 {
		i.Sort = "question"
		i.Hint = chain.Say("notice.unsure_hint", "link", id)
		i.What = chain.Say("due.question", "from", from, "says", n.Subject, "unsure", unsureText(n))
		if i.Deadline.IsZero() && len(n.Days) > 0 { // it is asked in time for the first of them
			i.Deadline, _ = h.Day(n.Days[0].Day)
		}
		return i
	}
	var goals []string
	if n.About != "" {
		titles := g.titles()
		for _, name := range g.file.Chain.Above(n.About) {
			if _, ok := g.file.Chain.Goal(name); ok {
				goals = append(goals, titles[name])
			}
		}
	}
	if len(goals) > 0 {
		i.What = chain.Say("due.rests", "what", i.What, "goals", strings.Join(goals, ", "))
	}
	return i
}

func unsureText(n *due.Notice) (t chain.Text) {
	for _, u := range n.Unsure {
		one := chain.Say("due.unsure_" + u)
		if u == "day" && len(n.Days) > 0 {
			var days []string
			for _, c := range n.Days {
				days = append(days, c.Day)
			}
			one = chain.Say("due.unsure_days", "days", strings.Join(days, ", "))
		}
		if t.IsZero() {
			t = one
		} else {
			t = chain.Say("due.and", "first", t, "then", one)
		}
	}
	return t
}

// thingTitle is what the owner calls a thing.
func (g *Guard) thingTitle(name string) string {
	if t, ok := g.file.Chain.Thing(name); ok && t.Title != "" {
		return t.Title
	}
	return name
}
