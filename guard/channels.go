package guard

import (
	"context"
	"crypto/rand"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/due"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/links/channel"
	"github.com/omamori-guard/omamori/notify"
	"github.com/omamori-guard/omamori/words"
)

// codeLength is of a code that somebody types: 32 to its power are 2^40.
const codeLength = 8

// askAgain is when a code that nobody gives back is sent again, and askRarely how often
// from then on.
var askAgain = []time.Duration{3 * 24 * time.Hour, 7 * 24 * time.Hour, 14 * 24 * time.Hour}

const askRarely = 30 * 24 * time.Hour

// otherOf is whose channel it is, if it is another's than the owner's.
func (g *Guard) otherOf(name string) (due.Other, bool) {
	for _, o := range dueOf(g.file).Others {
		if o.Channel == name {
			return o, true
		}
	}
	return due.Other{}, false
}

// ownersChannels are those by which the owner is told: all but the spare ones; these too
// where of the others none is known to reach him.
func (g *Guard) ownersChannels(now time.Time) []string {
	reached := false
	var usual, spare []string
	for _, c := range channelsOf(g.file) {
		if _, other := g.otherOf(c.Name); other {
			continue
		}
		if c.Spare {
			spare = append(spare, c.Name)
			continue
		}
		usual = append(usual, c.Name)
		reached = reached || !g.silentChannel(c.Name, now)
	}
	if !reached {
		usual = append(usual, spare...)
	}
	return append([]string{}, usual...)
}

// silentChannel reports whether somebody was asked by the channel, and has not answered in
// time.
func (g *Guard) silentChannel(name string, now time.Time) bool {
	k := g.book.Channels[name]
	return k != nil && !k.AskedFirst.IsZero() && now.Sub(k.AskedFirst) > channel.Patience
}

// askChannels has messages confirmed, by each channel every so often.
func (g *Guard) askChannels(now time.Time) {
	here := map[string]bool{}
	for _, c := range channelsOf(g.file) {
		here[c.Name] = true
		k := g.book.Channels[c.Name]
		if k == nil {
			k = &due.Channel{Since: now}
			g.book.Channels[c.Name] = k
		}
		switch {
		case k.Code == "" && now.Sub(k.Confirmed) < channel.Every:
			continue
		case k.Code == "":
			k.Code, k.AskedFirst = rand.Text()[:codeLength], now
		case !askedAgain(k, now):
			continue
		}
		k.Asked = now
		g.askChannel(c, k.Code, now)
	}
	for name := range g.book.Channels {
		if !here[name] {
			delete(g.book.Channels, name)
		}
	}
}

// askedAgain reports whether a code is to be sent once more.
func askedAgain(k *due.Channel, now time.Time) bool {
	for _, d := range askAgain {
		if at := k.AskedFirst.Add(d); k.Asked.Before(at) {
			return !now.Before(at)
		}
	}
	return now.Sub(k.Asked) >= askRarely
}

// askChannel sends a code by a channel, and says how it is given back: typed; by a click, where
// others see the page; or by an answer to the mail, if that is read here.
func (g *Guard) askChannel(c notify.Channel, code string, now time.Time) {
	lines := []chain.Text{chain.Say("due.confirm_body", "channel", c.Name, "code", code)}
	if o, other := g.otherOf(c.Name); other {
		lines[0] = chain.Say("due.confirm_other", "name", o.Name, "host", g.hostName(), "code", code)
	}
	if g.o.ConfirmAt != nil {
		if url := g.o.ConfirmAt(code); url != "" {
			lines = append(lines, chain.Say("due.confirm_click", "url", url))
		}
	}
	m := Message{Event: "confirm", At: now, To: []string{c.Name}, Only: true, Say: func(lang words.Lang) (string, string) {
		var said []string
		for _, line := range lines {
			said = append(said, lang.Say(line))
		}
		return lang.Say(chain.Say("due.confirm_title", "code", code)), strings.Join(said, "\n")
	}}
	for _, b := range dueOf(g.file).Mail {
		m.Boxes = append(m.Boxes, b.User)
	}
	m.Answer = func(lang words.Lang) string { return lang.Text("due.confirm_answer") }
	g.announce(m)
}

// waitingCodes are the codes that nobody has given back yet.
func (g *Guard) waitingCodes() (all []string) {
	for _, name := range sorted(g.book.Channels) {
		if code := g.book.Channels[name].Code; code != "" {
			all = append(all, code)
		}
	}
	return all
}

// Confirm takes a code from somebody who may do nothing else, such as who has clicked on what
// he was sent, and names its channel; "" if none waits for that code.
func (g *Guard) Confirm(ctx context.Context, code string) (channel string, err error) {
	err = g.said1(ctx, func(now time.Time) error {
		channel = g.confirm(code, chain.Say("due.by_click"), now, now)
		return nil
	})
	return channel, err
}

// confirm takes a code that somebody gave back at a moment, and names its channel; "" if none
// waits for it.
func (g *Guard) confirm(code string, who chain.Text, at, now time.Time) (channel string) {
	code = strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(code))
	for name, k := range g.book.Channels {
		if k.Code == "" || k.Code != code {
			continue
		}
		k.Code, k.Asked, k.AskedFirst, k.Confirmed = "", time.Time{}, time.Time{}, now
		if _, other := g.otherOf(name); !other {
			g.alive(at, "ack")
		}
		g.saveDue()
		g.commit(journal.Entry{At: now, What: "due", Link: linkOf(g, channelPrefix+name), Text: chain.Say("due.confirmed", "channel", name, "who", who)})
		return name
	}
	return ""
}

func looksLikeCode(s string) bool {
	return len(s) == codeLength && !strings.ContainsFunc(s, func(r rune) bool {
		return !('A' <= r && r <= 'Z') && !('2' <= r && r <= '7')
	})
}

// hostName is what this server is called to others.
func (g *Guard) hostName() string {
	if g.o.Name != "" {
		return g.o.Name
	}
	name, err := os.Hostname()
	if err != nil {
		return "omamori"
	}
	return name
}

// lastSeen is the last sign of life; it may be called at any time.
func (g *Guard) lastSeen() time.Time {
	at := g.seenAt.Load()
	if at == 0 {
		return time.Time{}
	}
	return time.Unix(0, at)
}

// alive takes in a sign of life: whoever was told of the silence is told that it is over.
func (g *Guard) alive(at time.Time, how string) {
	if !at.After(g.book.Seen) {
		return
	}
	g.book.Seen, g.book.How = at, how
	g.seenAt.Store(at.UnixNano())
	told := g.book.Silence.Cancel()
	for _, o := range told {
		if !slices.ContainsFunc(channelsOf(g.file), func(c notify.Channel) bool { return c.Name == o.Channel }) {
			continue
		}
		pairs := []any{"name", o.Name, "host", g.hostName(), "how", chain.Say("due.sign_" + how)}
		g.announce(Message{Event: "back", At: at, To: []string{o.Channel}, Only: true, Say: func(lang words.Lang) (string, string) {
			return lang.Say(chain.Say("due.back_title", pairs...)), lang.Say(chain.Say("due.back_body", pairs...))
		}})
	}
}

// followSilence warns the owner who gives no sign of life, and then tells others, one after
// the other.
func (g *Guard) followSilence(now time.Time) {
	m, ok := g.book.Silence.Follow(dueOf(g.file).Others, g.book.Seen, now)
	if !ok {
		return
	}
	age := now.Sub(g.book.Seen).Truncate(24 * time.Hour)
	pairs := []any{"age", age, "seen", g.book.Seen, "at", m.At, "name", m.Other.Name, "host", g.hostName()}
	if m.Warn {
		var all []string
		for _, c := range channelsOf(g.file) { // the spare ones too
			if _, other := g.otherOf(c.Name); !other {
				all = append(all, c.Name)
			}
		}
		g.announce(Message{Event: "silence", At: now, To: append([]string{}, all...), Say: func(lang words.Lang) (string, string) {
			return lang.Say(chain.Say("due.silence_title", pairs...)), lang.Say(chain.Say("due.silence_body", pairs...))
		}})
		return
	}
	g.saveDue() // before the message: better told late than twice
	g.announce(Message{Event: "other", At: now, To: []string{m.Other.Channel}, Only: true, Say: func(lang words.Lang) (string, string) {
		var may []string
		for _, s := range m.Other.May {
			may = append(may, lang.Say(chain.Say("due.may", "may", s)))
		}
		lines := append([]string{lang.Say(chain.Say("due.other_body", pairs...))}, may...)
		return lang.Say(chain.Say("due.other_title", pairs...)), strings.Join(append(lines, lang.Text("due.other_end")), "\n")
	}})
}
