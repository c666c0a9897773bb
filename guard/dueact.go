package guard

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/due"
	"github.com/omamori-guard/omamori/due/notice"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/words"
)

// Bounds of what is taken in.
const (
	mostNotices    = 100
	longestSaid    = 500 // bytes of a field of a notice, and of a reason
	longestSilence = 366 * 24 * time.Hour
)

// DueError is what cannot be done with what is due; it has words of its own.
type DueError struct{ Text, Hint chain.Text }

func (e *DueError) Error() string { return e.Text.Key }

// Said puts the error into words.
func (e *DueError) Said() (text, hint chain.Text) { return e.Text, e.Hint }

// Usage reports that the question was wrong.
func (e *DueError) Usage() bool { return true }

// DueAck is a person's word that he knows of something: until a day, and why; or, where ID
// is the code that was sent by a channel, that it has come.
type DueAck struct {
	ID string `json:"id"`
	// Until is a day of the form 2027-03-31.
	Until   string `json:"until,omitempty"`
	Because string `json:"because,omitempty"`
	Who     string `json:"who"`
}

// Acknowledge takes in a person's word. Once it returns nil, it is in the journal.
func (g *Guard) Acknowledge(ctx context.Context, a DueAck) error {
	ends, err := g.Deadlines(ctx, words.English)
	if err != nil {
		return err
	}
	return g.said1(ctx, func(now time.Time) error {
		g.deadlines = ends
		a.Who, a.Because = clipped(a.Who), clipped(strings.TrimSpace(a.Because))
		if g.confirm(a.ID, chain.Say("due.by_hand", "who", a.Who), now, now) != "" {
			return nil
		}
		items := g.dueItems(now)
		id := a.ID
		if _, ok := g.book.Notices[noticePrefix+id]; ok {
			id = noticePrefix + id
		}
		if !slices.ContainsFunc(items, func(i due.Item) bool { return i.ID == id }) {
			e := &DueError{chain.Say("due.no_item", "id", a.ID), chain.Say("due.no_item_hint")}
			if looksLikeCode(a.ID) {
				e.Text = chain.Say("due.bad_code", "id", a.ID)
			}
			return e
		}
		h := dueOf(g.file).Hours()
		usage := chain.Say("due.ack_usage", "id", id, "day", now.In(h.Zone).AddDate(0, 1, 0).Format(time.DateOnly))
		if a.Until == "" {
			return &DueError{chain.Say("due.want_until"), usage}
		}
		if a.Because == "" {
			return &DueError{chain.Say("due.want_because"), usage}
		}
		until, err := h.Day(a.Until)
		if err != nil {
			return &DueError{chain.Say("claim.bad_day", "value", a.Until), usage}
		}
		if !until.After(now) {
			return &DueError{chain.Say("due.until_past", "day", a.Until), usage}
		}
		if until.Sub(now) > longestSilence {
			return &DueError{chain.Say("due.until_far", "day", a.Until), usage}
		}
		ack := due.Ack{Until: until, Because: a.Because, Who: a.Who, At: now}
		g.book.Acks[id] = ack
		g.alive(now, "ack")
		g.saveDue()
		g.commit(journal.Entry{At: now, What: "due", Link: linkOf(g, id), Body: ack,
			Text: chain.Say("due.acked", "who", a.Who, "id", id, "until", until, "because", a.Because)})
		return nil
	})
}

// linkOf is id, if it names a link.
func linkOf(g *Guard, id string) string {
	if g.links[id] != nil {
		return id
	}
	return ""
}

// said1 does in the loop what follows from a person's word.
func (g *Guard) said1(ctx context.Context, f func(now time.Time) error) error {
	var bad error
	if err := g.call(ctx, func() {
		bad = f(time.Now())
		g.linksOfDue()
		g.saveDue()
	}); err != nil {
		return err
	}
	g.pokeDue()
	return bad
}

// AddNotice takes in what a mail announces; who is "" if it was read from a mailbox. It
// returns the notice's name. Once it returns nil, it is in the journal.
func (g *Guard) AddNotice(ctx context.Context, f notice.Found, who string) (id string, err error) {
	err = g.said1(ctx, func(now time.Time) error { id, err = g.addNotice(f, who, now); return err })
	return id, err
}

func (g *Guard) addNotice(f notice.Found, who string, now time.Time) (string, error) {
	bad := func() (string, error) {
		return "", &DueError{chain.Say("due.bad_notice"), chain.Say("notice.unreadable_hint")}
	}
	if len(f.ID) > 64 || !chain.ValidName(noticePrefix+f.ID) || len(f.Days) > 16 || len(f.Unsure) > 3 {
		return bad()
	}
	for _, d := range append(slices.Clone(f.Days), notice.Candidate{Day: f.Day}) {
		if _, err := time.Parse(time.DateOnly, d.Day); err != nil && d.Day != "" {
			return bad()
		}
	}
	for _, u := range f.Unsure {
		if !slices.Contains([]string{"what", "about", "day"}, u) {
			return bad()
		}
	}
	for i := range f.Days {
		f.Days[i].Quote = clipped(f.Days[i].Quote)
	}
	f.From, f.Company, f.Subject, f.Quote, f.Topic = clipped(f.From), clipped(f.Company), clipped(f.Subject), clipped(f.Quote), clipped(f.Topic)
	if _, ok := g.file.Chain.Thing(f.About); !ok && f.About != "" {
		f.About, f.Unsure = "", append(f.Unsure, "about")
	}
	id := noticePrefix + f.ID
	for other, n := range g.book.Notices { // told once more, or sent to two addresses
		if other == id || n.From == f.From && n.Subject == f.Subject && n.Day == f.Day {
			return other, nil
		}
	}
	if len(g.book.Notices) >= mostNotices {
		return "", &DueError{chain.Say("due.full", "most", mostNotices), chain.Say("due.no_item_hint")}
	}
	n := &due.Notice{Found: f, Got: now, By: clipped(who), Attrs: g.attrsOf(f.About)}
	g.book.Notices[id] = n
	if who != "" {
		g.alive(now, "answer")
	}
	g.saveDue()
	g.commit(journal.Entry{At: now, What: "due", Link: id, Body: n, Text: chain.Say("due.noted", "from", f.From, "says", f.Subject)})
	return id, nil
}

// attrsOf are the attributes of a thing that say what it is.
func (g *Guard) attrsOf(thing string) map[string]string {
	t, ok := g.file.Chain.Thing(thing)
	if !ok {
		return nil
	}
	attrs := maps.Clone(t.Attrs)
	delete(attrs, mailAttr)
	return attrs
}

// DueAnswer is what a person says of a notice of which omamori is not sure.
type DueAnswer struct {
	ID string `json:"id"`
	// About is the thing, Day by when; "" leaves it as it is. NoDay says that there is none,
	// Nothing that the mail announces nothing.
	About   string `json:"about,omitempty"`
	Day     string `json:"day,omitempty"`
	NoDay   bool   `json:"no_day,omitempty"`
	Nothing bool   `json:"nothing,omitempty"`
	Who     string `json:"who"`
}

// AnswerNotice takes in what a person says of a notice.
func (g *Guard) AnswerNotice(ctx context.Context, a DueAnswer) error {
	return g.said1(ctx, func(now time.Time) error {
		id := a.ID
		if !strings.HasPrefix(id, noticePrefix) {
			id = noticePrefix + id
		}
		n := g.book.Notices[id]
		if n == nil {
			return &DueError{chain.Say("due.not_unsure", "id", a.ID), chain.Say("due.no_item_hint")}
		}
		sure := func(what string) {
			n.Unsure = slices.DeleteFunc(n.Unsure, func(u string) bool { return u == what || u == "what" })
		}
		text := chain.Say("due.dismissed", "who", a.Who, "id", id)
		if !a.Nothing {
			if a.Day != "" {
				if _, err := time.Parse(time.DateOnly, a.Day); err != nil {
					return &DueError{chain.Say("claim.bad_day", "value", a.Day), chain.Say("notice.unsure_hint", "link", id)}
				}
			}
			if _, ok := g.file.Chain.Thing(a.About); a.About != "" && !ok {
				var names []string
				for _, t := range g.file.Chain.Model().Things {
					names = append(names, t.Name)
				}
				return &DueError{chain.Say("due.unknown_thing", "thing", a.About, "nearest", orDash(chain.Nearest(a.About, names))), chain.Say("notice.unsure_hint", "link", id)}
			}
			if a.About != "" {
				n.About, n.Attrs = a.About, g.attrsOf(a.About)
				sure("about")
			}
			if a.Day != "" || a.NoDay {
				n.Day, n.Days = a.Day, nil
				sure("day")
			}
			text = chain.Say("due.answered", "who", a.Who, "id", id, "about", orDash(n.About), "day", orDash(n.Day))
		} else {
			delete(g.book.Notices, id)
			delete(g.book.Acks, id)
		}
		g.alive(now, "answer")
		g.saveDue()
		g.commit(journal.Entry{At: now, What: "due", Link: id, Text: text, Body: a})
		return nil
	})
}

// Here is a sign of life.
func (g *Guard) Here(ctx context.Context, who string) error {
	return g.said1(ctx, func(now time.Time) error { g.alive(now, "here"); return nil })
}

// SignedIn takes it that a person has signed in to the page, beside the loop.
func (g *Guard) SignedIn(string) {
	at := time.Now()
	go func() { // ends when the guard does, at the latest
		_ = g.call(context.Background(), func() { g.alive(at, "signin"); g.saveDue() }) // stopped: nobody is warned any more
	}()
}

// dealtWith ends the notices of which it is seen that what they announced is dealt with.
func (g *Guard) dealtWith(now time.Time) {
	for _, id := range sorted(g.book.Notices) {
		n := g.book.Notices[id]
		why := g.whyDealt(n)
		if why.IsZero() {
			continue
		}
		delete(g.book.Notices, id)
		delete(g.book.Acks, id)
		g.append(journal.Entry{At: now, What: "due", Link: id, Text: chain.Say("due.dealt", "id", id, "why", why), Body: n})
	}
}

// whyDealt says by what a notice is dealt with: its thing is gone, or another than it was; or
// what was to end on its day lasts longer.
func (g *Guard) whyDealt(n *due.Notice) chain.Text {
	if n.About == "" {
		return chain.Text{}
	}
	if _, ok := g.file.Chain.Thing(n.About); !ok {
		return chain.Say("due.dealt_gone", "about", n.About)
	}
	after := g.attrsOf(n.About)
	for _, attr := range sorted(n.Attrs) {
		if after[attr] != n.Attrs[attr] {
			return chain.Say("due.dealt_changed", "attr", attr, "about", g.thingTitle(n.About), "before", n.Attrs[attr], "after", orDash(after[attr]))
		}
	}
	day, err := dueOf(g.file).Hours().Day(n.Day)
	if err != nil || n.Topic != "expires" {
		return chain.Text{}
	}
	// Only what is proved anew since the mail came can tell, and only all of it.
	var last *known
	for _, k := range g.knownEnds() {
		l, ok := g.file.Chain.Link(k.link)
		if !ok || g.made[k.link] || !slices.Contains(l.Needs, n.About) {
			continue
		}
		p, _ := g.state.Proof(k.link)
		if p.Verdict != chain.Holds || !p.At.After(n.Got) || !k.At.After(day.Add(48*time.Hour)) {
			return chain.Text{}
		}
		if last == nil {
			last = &k
		}
	}
	if last == nil {
		return chain.Text{}
	}
	return chain.Say("due.dealt_renewed", "link", last.link, "at", last.At)
}

// clipped is foreign text, clean and of bounded length.
func clipped(s string) string {
	if len(s) > longestSaid {
		s = strings.ToValidUTF8(s[:longestSaid], "")
	}
	return words.Clean(s)
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
