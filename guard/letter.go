package guard

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/report/weekly"
	"github.com/omamori-guard/omamori/words"
)

const week = 7 * 24 * time.Hour

// Week writes the letter of the week until now, in one language.
func (g *Guard) Week(ctx context.Context, lang words.Lang) (w weekly.Week, err error) {
	s, err := g.Status(ctx, lang)
	if err != nil {
		return w, err
	}
	items, err := g.Due(ctx, lang)
	if err != nil {
		return w, err
	}
	ways, err := g.Ways(ctx, "", Supposed{}, lang)
	if err != nil {
		return w, err
	}
	var zone *time.Location
	if err := g.call(ctx, func() { zone = dueOf(g.file).Hours().Zone }); err != nil {
		return w, err
	}
	now := s.At.In(zone)
	w = weekly.Week{Host: g.hostName(), From: now.Add(-week), To: now}
	for _, goal := range s.Goals[:min(len(s.Goals), weekly.MostGoals)] {
		o := weekly.Goal{Title: goal.Title, Verdict: goal.Verdict, Margin: marginSaid(goal.Margin, lang)}
		if o.Title == "" {
			o.Title = goal.Name
		}
		if len(goal.Ahead) > 0 {
			o.Ahead = goal.Ahead[0].Said
		}
		w.Goals = append(w.Goals, o)
	}
	titles := map[string]string{}
	for _, l := range s.Links {
		titles[l.Name] = l.Title
	}
	for _, goal := range s.Goals {
		titles[goal.Name] = goal.Title
	}
	for _, i := range s.Incidents {
		notice := i.Ended == nil && slices.ContainsFunc(items, func(d DueItem) bool { return d.ID == i.Link && (d.Sort == "notice" || d.Sort == "question") })
		if i.Ended != nil && now.Sub(*i.Ended) > week || notice { // a notice is due below
			continue
		}
		if len(w.Happened) == weekly.MostHappened {
			w.More++
			continue
		}
		name := i.Link
		if name == "" {
			name = i.Goal
		}
		if t := titles[name]; t != "" {
			name = t
		}
		text := chain.Say("letter.incident_open", "link", name, "why", i.Why, "began", i.Began.In(zone))
		if i.Ended != nil {
			text = chain.Say("letter.incident", "link", name, "why", i.Why, "began", i.Began.In(zone), "took", i.Ended.Sub(i.Began).Round(time.Second))
		}
		w.Happened = append(w.Happened, lang.Say(text))
	}
	items = slices.DeleteFunc(items, func(i DueItem) bool { return i.Acked != nil })
	for _, i := range items {
		if len(w.Due) == weekly.MostDue {
			w.MoreDue++
			continue
		}
		w.Due = append(w.Due, weekly.Line{When: i.When, What: i.What, Hint: i.Hint})
	}
	w.Next = bestStep(ways, items, now, lang)
	return w, nil
}

// bestStep is what presses, if it presses within a month; else what raises the smallest
// margin most; else what is due at all.
func bestStep(ways []GoalWays, items []DueItem, now time.Time, lang words.Lang) string {
	if len(items) > 0 && (items[0].Sort == "broken" || items[0].Deadline != nil && items[0].Deadline.Sub(now) < 30*24*time.Hour) {
		return items[0].Hint
	}
	var best *NextStep
	for _, w := range ways {
		if n := w.Next; n != nil && (best == nil || below(n.From, best.From)) {
			best = n
		}
	}
	switch {
	case best == nil && len(items) > 0:
		return items[0].Hint
	case best == nil:
		return ""
	case best.Do == "prove":
		return lang.Text("letter.prove")
	case best.Mend != "":
		return lang.Say(chain.Say("letter.mend", "mend", best.Mend, "takes", time.Duration(best.Seconds*float64(time.Second))))
	}
	name := best.Title
	if name == "" {
		name = best.Name
	}
	return lang.Say(chain.Say("letter.find", "name", name))
}

func marginSaid(m Margin, lang words.Lang) string {
	switch {
	case m.Unknown:
		return lang.Text("letter.margin_unknown")
	case m.Now == nil:
		return lang.Text("letter.margin_none")
	case *m.Now < 0:
		return lang.Text("letter.margin_out")
	case *m.Now == 0:
		return lang.Text("letter.margin_zero")
	}
	return lang.Say(chain.Say("letter.margin", "n", *m.Now))
}

// letterDue reports whether the letter of this week has not gone out yet.
func (g *Guard) letterDue(now time.Time) bool {
	at := dueOf(g.file).Hours().LastLetter(now)
	if g.book.Letter.IsZero() { // the first is that of the next day of letters
		g.book.Letter = now
	}
	return g.book.Letter.Before(at)
}

// writeLetter sends the letter of this week. It is written beside the loop.
func (g *Guard) writeLetter(ctx context.Context) {
	weeks := map[words.Lang]weekly.Week{}
	for _, lang := range words.Langs {
		w, err := g.Week(ctx, lang)
		if err != nil {
			return
		}
		weeks[lang] = w
	}
	_ = g.call(ctx, func() { // no longer: the next start writes it
		now := time.Now()
		g.book.Letter = now
		g.saveDue()
		g.announce(Message{
			Event: "letter", At: now, To: g.letterChannels(now), Light: true,
			Say:  func(lang words.Lang) (string, string) { w := weeks[lang]; return w.Title(lang), w.Text(lang) },
			Page: func(lang words.Lang) string { return weeks[lang].HTML(lang) },
		})
	})
}

// letterChannels are those that want the letter; where none says so, the mails of the owner;
// where he has none, the first of his channels.
func (g *Guard) letterChannels(now time.Time) []string {
	var said, mails []string
	owners := g.ownersChannels(now)
	for _, c := range channelsOf(g.file) {
		if !slices.Contains(owners, c.Name) {
			continue
		}
		if c.Letter {
			said = append(said, c.Name)
		}
		if strings.HasPrefix(c.URL, "smtp:") || strings.HasPrefix(c.URL, "smtp+") {
			mails = append(mails, c.Name)
		}
	}
	switch {
	case len(said) > 0:
		return said
	case len(mails) > 0:
		return mails
	}
	return owners[:min(len(owners), 1)]
}
