package due

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/due/notice"
)

// Item is one thing that wants a person's answer.
type Item struct {
	// ID is what it is acknowledged by.
	ID string
	// Sort is "notice", "question" (a notice of which omamori is not sure), "drill", "end",
	// "broken" or "channel".
	Sort string
	// About names the thing or the link, as the owner calls it.
	About string
	// What is a sentence, Hint ends with the command to type.
	What, Hint chain.Text
	// Since is when it came up, Deadline by when it is to be done, zero if never.
	Since, Deadline time.Time
	// Told says that something else has told it at once already.
	Told bool
}

// Ack is a person's word that he knows, until a day and for a reason.
type Ack struct {
	Until   time.Time `json:"until"`
	Because string    `json:"because"`
	Who     string    `json:"who"`
	At      time.Time `json:"at"`
}

// Told is what was told of an item.
type Told struct {
	// First is when it was told first, Last when it was told last.
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	// Called says that it was told at once, as its deadline is a day away.
	Called bool `json:"called,omitempty"`
	// Deadline is the one of which Called speaks.
	Deadline time.Time `json:"deadline,omitzero"`
	// Gone is when the item was first not there any more.
	Gone time.Time `json:"gone,omitzero"`
}

// Notice is a notice that was taken in.
type Notice struct {
	notice.Found
	Got time.Time `json:"got"`
	// By is who gave it, "" if it was read from a mailbox.
	By string `json:"by,omitempty"`
	// Attrs are what the thing was like: once it is another, this is dealt with.
	Attrs map[string]string `json:"attrs,omitempty"`
}

// Channel is what is known of a channel.
type Channel struct {
	// Since is when it was first seen in the configuration.
	Since time.Time `json:"since"`
	// Code is what the reader is asked to give back, "" if he has; Asked is when it was sent
	// last, AskedFirst when first.
	Code       string    `json:"code,omitempty"`
	Asked      time.Time `json:"asked,omitzero"`
	AskedFirst time.Time `json:"asked_first,omitzero"`
	// Confirmed is when somebody gave a code back.
	Confirmed time.Time `json:"confirmed,omitzero"`
}

// BoxRead is how far a mailbox was read, and since when it cannot be.
type BoxRead struct {
	Cursors map[string]Cursor `json:"cursors,omitempty"`
	Failing time.Time         `json:"failing,omitzero"`
	Why     string            `json:"why,omitempty"`
}

// Book is everything that is kept: it outlives a restart as JSON.
type Book struct {
	Notices  map[string]*Notice  `json:"notices,omitempty"`
	Acks     map[string]Ack      `json:"acks,omitempty"`
	Told     map[string]Told     `json:"told,omitempty"`
	Channels map[string]*Channel `json:"channels,omitempty"`
	// Boxes say how far each mailbox was read, by Box.Key.
	Boxes map[string]BoxRead `json:"boxes,omitempty"`
	// Read are the IDs of mails that were looked at, the newest last.
	Read []string `json:"read,omitempty"`
	// Digest and Letter are when the last ones went out.
	Digest time.Time `json:"digest,omitzero"`
	Letter time.Time `json:"letter,omitzero"`
	// Seen is the last sign of life of a person, How what it was.
	Seen    time.Time `json:"seen,omitzero"`
	How     string    `json:"how,omitempty"`
	Silence Silence   `json:"silence,omitzero"`
}

// Init makes a book usable that was read, or never was.
func (b *Book) Init() {
	if b.Notices == nil {
		b.Notices = map[string]*Notice{}
	}
	if b.Acks == nil {
		b.Acks = map[string]Ack{}
	}
	if b.Told == nil {
		b.Told = map[string]Told{}
	}
	if b.Channels == nil {
		b.Channels = map[string]*Channel{}
	}
	if b.Boxes == nil {
		b.Boxes = map[string]BoxRead{}
	}
	maps.DeleteFunc(b.Notices, func(_ string, n *Notice) bool { return n == nil })
	maps.DeleteFunc(b.Channels, func(_ string, c *Channel) bool { return c == nil })
}

// Acked is the word that keeps an item silent at now.
func (b *Book) Acked(id string, now time.Time) (Ack, bool) {
	a, ok := b.Acks[id]
	return a, ok && now.Before(a.Until)
}

// goneFor is for how long an item must be away to be forgotten: one that flaps is not new
// each time.
const goneFor = 2 * day

// Tell says which items are to be told at once, and which in the digest of this hour, and
// takes it that they are. Digest is nil where it is not the hour.
func (b *Book) Tell(items []Item, now time.Time, h Hours) (atOnce, digest []Item) {
	hour := h.LastDigest(now)
	isHour := b.Digest.Before(hour) && !b.Digest.IsZero()
	if b.Digest.IsZero() || isHour {
		b.Digest = now // the first of all is at the next hour
	}
	here := map[string]bool{}
	for _, i := range items {
		here[i.ID] = true
		t, known := b.Told[i.ID]
		if !known {
			t = Told{First: now}
			if i.Told {
				t.First, t.Last = i.Since, now
			}
		}
		t.Gone = time.Time{}
		if !t.Deadline.Equal(i.Deadline) { // renewed, or put off
			t.Called, t.Deadline = false, i.Deadline
		}
		if a, ok := b.Acks[i.ID]; ok {
			if now.Before(a.Until) {
				b.Told[i.ID] = t
				continue
			}
			delete(b.Acks, i.ID) // its day has come: it is as if it were new
			t.First, t.Last = a.Until, time.Time{}
		}
		near := !i.Deadline.IsZero() && i.Deadline.Sub(now) <= urgentWithin
		call := !i.Deadline.IsZero() && i.Deadline.Sub(now) <= lastCall && !t.Called
		waits := !i.Deadline.IsZero() && i.Deadline.After(h.Morning(now)) && h.Quiet(now)
		switch {
		case (t.Last.IsZero() && near || call) && !waits:
			atOnce = append(atOnce, i)
			t.Last, t.Called = now, call
		case isHour && !Next(t.First, i.Deadline, t.Last).After(now):
			digest = append(digest, i)
			t.Last = now
		}
		b.Told[i.ID] = t
	}
	for id, t := range b.Told {
		switch {
		case here[id]:
		case t.Gone.IsZero():
			t.Gone = now
			b.Told[id] = t
		case now.Sub(t.Gone) > goneFor:
			delete(b.Told, id)
			if a, ok := b.Acks[id]; ok && !now.Before(a.Until) {
				delete(b.Acks, id)
			}
		}
	}
	Sort(atOnce, now)
	Sort(digest, now)
	return atOnce, digest
}

// Sort puts the most pressing first: by the deadline; what has none stands as if it had one
// a month away; of equals what has waited longest.
func Sort(items []Item, now time.Time) {
	when := func(i Item) time.Time {
		switch {
		case !i.Deadline.IsZero():
			return i.Deadline
		case i.Sort == "broken":
			return now
		}
		return now.Add(30 * day)
	}
	slices.SortStableFunc(items, func(a, b Item) int {
		return cmp.Or(when(a).Compare(when(b)), a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID))
	})
}

// mostRead bounds how many mails are remembered to have been looked at.
const mostRead = 2000

// Fresh reports whether a mail was not looked at before, and takes it that it is now.
func (b *Book) Fresh(id string) bool {
	if slices.Contains(b.Read, id) {
		return false
	}
	if b.Read = append(b.Read, id); len(b.Read) > mostRead {
		b.Read = b.Read[len(b.Read)-mostRead:]
	}
	return true
}
