package guard

import (
	"context"
	"maps"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/due"
	"github.com/omamori-guard/omamori/due/notice"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/words"
)

const (
	// mailEvery is how often mailboxes are read.
	mailEvery = time.Hour
	// mailAttr is the attribute of a thing that lists the domains and addresses from which
	// mail about it comes.
	mailAttr = "mail"
)

// Senders says from whom mail about which thing comes.
func (g *Guard) Senders(ctx context.Context) (all []notice.Sender, err error) {
	return all, g.call(ctx, func() { all = senders(g.file.Chain.Model()) })
}

func senders(m chain.Model) (all []notice.Sender) {
	for _, t := range m.Things {
		s := notice.Sender{Thing: t.Name, Words: []string{t.Name}}
		if t.Title != "" {
			s.Words = append(s.Words, t.Title)
		}
		s.From = strings.FieldsFunc(t.Attrs[mailAttr], func(r rune) bool { return r == ',' || r == ' ' })
		all = append(all, s)
	}
	return all
}

// readMail has the mailboxes read, beside the loop.
func (g *Guard) readMail(ctx context.Context) {
	if g.o.ReadMail == nil {
		return
	}
	var jobs []due.MailJob
	if g.call(ctx, func() {
		for _, b := range dueOf(g.file).Mail {
			jobs = append(jobs, due.MailJob{Box: b, Senders: senders(g.file.Chain.Model()), Cursors: maps.Clone(g.book.Boxes[b.Key()].Cursors), Codes: g.waitingCodes()})
		}
	}) != nil {
		return
	}
	for _, j := range jobs {
		a, err := g.o.ReadMail(ctx, j)
		if ctx.Err() != nil {
			return
		}
		if err == nil && a.Error != "" {
			err = &DueError{Text: chain.Say("due.mail_failed", "user", j.Box.User, "error", a.Error)}
		}
		_ = g.call(ctx, func() { g.mailRead(j.Box, a, err) }) // no longer: it is read again
	}
}

// mailRead takes in what was found in a mailbox.
func (g *Guard) mailRead(b due.Box, a due.MailAnswer, err error) {
	now := time.Now()
	s := g.book.Boxes[b.Key()]
	for _, f := range a.Found {
		if !g.book.Fresh(f.ID) {
			continue
		}
		if _, bad := g.addNotice(f, "", now); bad != nil {
			g.o.Log.Warn("take a notice in", "from", words.Clean(f.From), "error", bad)
		}
	}
	for _, c := range a.Confirmed {
		at := now
		if !c.Date.IsZero() && c.Date.Before(now) { // a sign of life of then
			at = c.Date
		}
		g.confirm(c.Code, chain.Say("due.by_mail", "from", clipped(c.From)), at, now)
	}
	if a.Cursors != nil {
		s.Cursors = a.Cursors
	}
	switch {
	case err == nil:
		s.Failing, s.Why = time.Time{}, ""
	case s.Failing.IsZero():
		s.Failing = now
		fallthrough
	default:
		s.Why = clipped(words.English.Say(chain.ErrorText(err)))
		g.append(journal.Entry{At: now, What: "due", Text: chain.Say("due.mail_failed", "user", b.User, "error", s.Why)})
	}
	g.book.Boxes[b.Key()] = s
	g.saveDue()
}

// mailItems are the mailboxes that cannot be read: what is written there is not known.
func (g *Guard) mailItems(now time.Time) (items []due.Item) {
	for _, b := range dueOf(g.file).Mail {
		s := g.book.Boxes[b.Key()]
		if s.Failing.IsZero() || now.Sub(s.Failing) < 2*mailEvery {
			continue
		}
		items = append(items, due.Item{ID: "mail-" + b.User, Sort: "broken", About: b.User, Since: s.Failing,
			What: chain.Say("due.mail_failed", "user", b.User, "error", s.Why), Hint: chain.Say("due.mail_hint")})
	}
	return items
}
