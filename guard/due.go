package guard

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/due"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/words"
)

const (
	// dueEvery is how often it is looked what wants an answer.
	dueEvery = 10 * time.Minute
	// dueAfter leaves the machines time to prove what they can after a start.
	dueAfter = 10 * time.Minute
	dueKey   = "due"
)

// DueSection is the part of the configuration that says when and by what the owner is told,
// and who else is.
func DueSection() config.Section {
	return config.Section{
		Name: "due", Settings: func() any { return &due.Settings{} },
		Check: func(s any) []*chain.SettingError { return s.(*due.Settings).Check() },
	}
}

// dueOf are the settings of a configuration; their zero value where it has none.
func dueOf(file *config.File) *due.Settings {
	if s, ok := file.Sections["due"].(*due.Settings); ok {
		return s
	}
	return &due.Settings{}
}

func (g *Guard) restoreDue() {
	b, err := g.o.Journal.LoadState(g.ctx, dueKey)
	if err == nil && len(b) > 0 {
		err = json.Unmarshal(b, &g.book)
	}
	if err != nil {
		g.o.Log.Warn("read what was remembered of notices", "error", err)
	}
	g.book.Init()
	g.bookSaved = b
	if g.book.Seen.IsZero() || g.book.Seen.After(time.Now()) {
		g.book.Seen = time.Now() // whoever starts a guard for the first time is there
	}
	g.seenAt.Store(g.book.Seen.UnixNano())
}

func (g *Guard) saveDue() {
	b, err := json.Marshal(g.book)
	if err != nil {
		g.o.Log.Error("remember the notices", "error", err)
		return
	}
	if !bytes.Equal(b, g.bookSaved) {
		g.o.Journal.NoteState(dueKey, b)
		g.bookSaved = b
	}
}

// keepDue looks what wants an answer, until ctx is done. What falls with what ends is
// reckoned beside the loop.
func (g *Guard) keepDue(ctx context.Context) {
	var readMail time.Time
	for {
		if now := time.Now(); now.Sub(readMail) >= mailEvery && now.Sub(g.started) >= dueAfter {
			readMail = now
			g.readMail(ctx)
		}
		ends, err := g.Deadlines(ctx, words.English)
		if err != nil {
			return
		}
		var signed time.Time
		if g.o.SignedIn != nil {
			signed = g.o.SignedIn()
		}
		pause, letter := time.Duration(dueEvery), false
		if g.call(ctx, func() { pause, letter = g.followDue(time.Now(), ends, signed) }) != nil {
			return
		}
		if letter {
			g.writeLetter(ctx)
		}
		select {
		case <-ctx.Done():
			return
		case <-g.dueSoon:
		case <-time.After(pause):
		}
	}
}

// pokeDue has it looked soon, as something was said.
func (g *Guard) pokeDue() {
	select {
	case g.dueSoon <- struct{}{}:
	default:
	}
}

// followDue tells whoever is to know what wants an answer, and says when to look again, and
// whether the letter of the week is to be written.
func (g *Guard) followDue(now time.Time, ends []Deadline, signed time.Time) (pause time.Duration, letter bool) {
	if signed.After(g.book.Seen) {
		g.alive(signed, "signin")
	}
	g.deadlines = ends
	defer g.saveDue()
	if settle := dueAfter - now.Sub(g.started); settle > 0 {
		g.linksOfDue()
		return settle, false
	}
	g.dealtWith(now)
	h := dueOf(g.file).Hours()
	if !h.Quiet(now) {
		g.askChannels(now)
		g.followSilence(now)
	}
	items := g.dueItems(now)
	atOnce, digest := g.book.Tell(items, now, h)
	for _, i := range atOnce {
		g.tellItem(i, now)
	}
	if len(digest) > 0 {
		g.tellDigest(digest, items, now)
	}
	g.linksOfDue()
	return min(dueEvery, h.NextDigest(now).Sub(now)), g.letterDue(now)
}

// tellItem tells at once of something that presses.
func (g *Guard) tellItem(i due.Item, now time.Time) {
	title := "due.urgent_title"
	if !i.Deadline.After(now) {
		title = "due.late_title"
	}
	g.announce(Message{Event: "due", At: now, Say: func(lang words.Lang) (string, string) {
		what := lang.Say(i.What)
		return lang.Say(chain.Say(title, "what", what)),
			lang.Say(chain.Say("due.urgent_body", "what", what, "when", whenText(i, now), "hint", i.Hint)) + "\n" + lang.Say(chain.Say("due.ack_hint", "id", i.ID))
	}})
}

// tellDigest tells of all that is to be told today in one message.
func (g *Guard) tellDigest(digest, all []due.Item, now time.Time) {
	more := 0
	for _, i := range all {
		if _, acked := g.book.Acked(i.ID, now); !acked {
			more++
		}
	}
	more -= len(digest)
	g.announce(Message{Event: "digest", At: now, Light: true, Say: func(lang words.Lang) (string, string) {
		var lines []string
		for _, i := range digest {
			lines = append(lines, lang.Say(chain.Say("due.line", "when", whenText(i, now), "what", i.What, "hint", i.Hint)))
		}
		end := lang.Text("due.all")
		if more > 0 {
			end = lang.Say(chain.Say("due.more", "n", more))
		}
		return lang.Say(chain.Say("due.digest_title", "n", len(digest))), strings.Join(append(lines, "", end), "\n")
	}})
}

// whenText says how much time there is.
func whenText(i due.Item, now time.Time) chain.Text {
	left := i.Deadline.Sub(now)
	switch {
	case i.Deadline.IsZero() && i.Sort == "broken":
		return chain.Say("due.broken_now")
	case i.Deadline.IsZero() && i.Sort == "notice":
		return chain.Say("due.no_day")
	case i.Deadline.IsZero():
		return chain.Say("due.waits")
	case left <= -24*time.Hour:
		return chain.Say("due.past", "d", (-left).Truncate(24*time.Hour))
	case left <= 0:
		return chain.Say("due.today")
	}
	return chain.Say("due.in", "d", untilDay(now, i.Deadline))
}

// send passes a message on, to the owner's channels unless it says to which.
func (g *Guard) send(m Message) {
	if m.To == nil {
		m.To = g.ownersChannels(m.At)
	}
	g.o.Tell(m)
}

// announce sends a message, and writes down that it did.
func (g *Guard) announce(m Message) {
	if m.To == nil {
		m.To = g.ownersChannels(m.At)
	}
	if len(m.To) == 0 {
		return // there is nobody to tell
	}
	if m.Event != "confirm" { // its code is for its reader alone
		title, _ := m.Say(words.English)
		g.append(journal.Entry{At: m.At, What: "told", Text: chain.Say("due.told", "title", title), Body: map[string]any{"event": m.Event, "to": m.To}})
	}
	g.o.Tell(m)
}
