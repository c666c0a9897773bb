package vantage

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// Note keeps a change of verdict for every peer that wants to hear of that link. It is
// on disk after the next Flush: who calls Note has more urgent things to do than to wait.
func (b *Book) Note(link string, c Claim, proof chain.Proof, now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.file.Peers {
		if wanted, ok := p.Wishes[link]; !ok || wanted != c || proof.At.IsZero() {
			continue
		}
		n, err := b.number(now)
		if err != nil {
			return err
		}
		p.Outbox = append(p.Outbox, Proof{N: n, Link: link, Claim: c, Proof: fit(proof)})
		if over := len(p.Outbox) - maxOutbox; over > 0 { // the oldest is worth least
			p.Outbox = slices.Delete(p.Outbox, 0, over)
		}
		b.dirty = true
	}
	return nil
}

// Write writes the next letter to name: what waits for it, and the newest proof of
// each link that it wants. Ours are the links that it proves for us; newest returns
// our proof of a link, if we prove that very claim.
func (b *Book) Write(name string, ours map[string]Claim, newest func(link string, c Claim) (chain.Proof, bool), now time.Time) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expire(now)
	p := b.named(name)
	if p == nil {
		return nil, ErrUnknown
	}
	l := &letter{from: b.key(), to: p.Key, pairing: p.Pairing, sent: now.Round(0).UTC(), took: p.Took}
	for _, link := range slices.Sorted(maps.Keys(ours)) {
		if len(l.wishes) < maxLinks && len(link) <= maxName {
			l.wishes = append(l.wishes, Wish{link, ours[link]})
		}
	}
	// A letter that is full ends where it is: a later number must not overtake.
	room := maxLinks
	w := writer{b: make([]byte, 0, 4096)}
	add := func(proof Proof) bool {
		if proof.Proof.At.After(l.sent) { // our clock was put back
			return true
		}
		w.proof(proof)
		if room--; room < 0 || len(w.b) > MaxLetter/2 {
			return false
		}
		l.proofs = append(l.proofs, proof)
		return true
	}
	full := slices.ContainsFunc(p.Outbox, func(proof Proof) bool { return !add(proof) })
	for _, link := range slices.Sorted(maps.Keys(p.Wishes)) {
		proof, ok := newest(link, p.Wishes[link])
		if !ok || proof.At.IsZero() || full {
			continue
		}
		n, err := b.number(now)
		if err != nil {
			return nil, err
		}
		full = !add(Proof{N: n, Link: link, Claim: p.Wishes[link], Proof: fit(proof)})
	}
	var err error
	if l.seq, err = b.number(now); err != nil {
		return nil, err
	}
	asked := map[string]Claim{}
	for _, s := range l.wishes {
		asked[s.Link] = s.Claim
	}
	if old := p.Asked; !maps.Equal(asked, old) {
		p.Asked = asked
		if err := b.save(); err != nil {
			p.Asked = old
			return nil, err
		}
	}
	return l.sign(b.secret), nil
}

// Letter is a letter from a known guard whose signature is good.
type Letter struct {
	// Peer has signed it.
	Peer string
	l    *letter
}

// Read reads a letter. The error is a *Refusal, whose Peer is "" where nobody known
// has signed it.
func (b *Book) Read(raw []byte, now time.Time) (*Letter, error) {
	name := ""
	l, err := open(raw, func(from, to Key, pairing Pairing) error {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.expire(now)
		switch p, keyed := b.find(from, pairing); {
		case !keyed:
			return &Refusal{Code: Stranger}
		case to != b.key() || p == nil:
			return &Refusal{Code: Misled}
		default:
			name = p.Name
			return nil
		}
	})
	var refused *Refusal
	switch {
	case err == nil:
		return &Letter{name, l}, nil
	case errors.As(err, &refused):
		return nil, refused
	}
	return nil, &Refusal{Code: Malformed, Peer: name}
}

// Taken is what a letter brought.
type Taken struct {
	Peer string
	// First says that it is the peer's first: the pairing is whole now.
	First bool
	// Newest are proofs to go by, one of a link at most; Past are older ones of the
	// same links, for the record.
	Newest, Past []Proof
	// Refused are proofs of the letter that do not count.
	Refused []*Refusal
}

// Take takes a letter. Wishes are the links that its sender proves for us, as things
// stand. The error is a *Refusal: then nothing of the letter counts. That it was taken is
// on disk when Take returns.
func (b *Book) Take(in *Letter, wishes map[string]Claim, now time.Time) (Taken, error) {
	b.mu.Lock()
	t, undo, err := b.take(in.l, wishes, now)
	var used *Refusal
	if err != nil && (!errors.As(err, &used) || used.Code != Clock) {
		b.mu.Unlock()
		return Taken{}, err
	}
	raw, state := b.snapshot()
	b.mu.Unlock()
	// The guard need not wait for the disk while it has nothing to do with this letter.
	if b.put(raw, state) != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.dirty = true
		undo()
		return Taken{}, &Refusal{Code: Unsaved, Peer: in.Peer}
	}
	return t, err
}

// take changes the book by a letter; undo lets its proofs come again.
func (b *Book) take(l *letter, wishes map[string]Claim, now time.Time) (t Taken, undo func(), err error) {
	p, _ := b.find(l.from, l.pairing)
	if p == nil { // forgotten since it was read
		return t, nil, &Refusal{Code: Stranger}
	}
	if l.seq <= p.Seq {
		return t, nil, &Refusal{Code: Replayed, Peer: p.Name}
	}
	if !p.letters.spend(now, lettersAtOnce, letterEvery) {
		return t, nil, &Refusal{Code: Often, Peer: p.Name}
	}
	// From here on the letter is used up, even if it is refused: else one whose clock
	// was ahead could be kept, and shown again when its time has come.
	p.Seq = l.seq
	if apart := l.sent.Sub(now); apart.Abs() > maxApart {
		p.trouble = &Refusal{Code: Clock, Peer: p.Name, Apart: apart}
		return t, func() {}, p.trouble
	}
	took, held := p.Took, maps.Clone(p.Held)
	undo = func() { p.Took, p.Held = took, held }
	t = Taken{Peer: p.Name, First: p.Heard.IsZero()}
	p.Heard, p.trouble = now.Round(0), nil
	p.Wishes = map[string]Claim{}
	for _, s := range l.wishes {
		p.Wishes[s.Link] = s.Claim
	}
	p.Outbox = slices.DeleteFunc(p.Outbox, func(o Proof) bool {
		wanted, ok := p.Wishes[o.Link]
		return o.N <= l.took || !ok || wanted != o.Claim
	})
	p.take(l, wishes, now, &t)
	if t.First { // it takes the place of an older pairing with the same guard
		b.file.Peers = slices.DeleteFunc(b.file.Peers, func(o *peer) bool { return o.Key == p.Key && o != p })
	}
	return t, undo, nil
}

// take sorts the proofs of a letter: those that count into t.Newest and t.Past.
func (p *peer) take(l *letter, wishes map[string]Claim, now time.Time, t *Taken) {
	if p.Held == nil {
		p.Held = map[string]Proof{}
	}
	for link, held := range p.Held { // a link that was dropped, or changed
		if c, ok := wishes[link]; !ok || c != held.Claim {
			delete(p.Held, link)
		}
	}
	at := map[string]int{} // where in t.Newest a link is
	for _, proof := range l.proofs {
		if proof.N <= p.Took {
			continue // told before: our answer was lost
		}
		p.Took = proof.N
		held, known := p.Held[proof.Link]
		wanted, ours := wishes[proof.Link]
		asked, were := p.Asked[proof.Link]
		code := Code("")
		switch {
		case (!ours || wanted != proof.Claim) && were && asked == proof.Claim:
			continue // we wanted it when we last wrote
		case !ours || wanted != proof.Claim:
			code = Foreign
		case proof.Proof.At.After(l.sent):
			code = Future
		case known && proof.Proof.At.Before(held.Proof.At):
			code = BackDated
		case known && proof.Proof.At.Equal(held.Proof.At):
			continue // nothing new
		}
		if code != "" {
			t.Refused = append(t.Refused, &Refusal{Code: code, Peer: p.Name, Link: proof.Link})
			continue
		}
		p.Held[proof.Link] = proof
		i, again := at[proof.Link]
		if !again {
			at[proof.Link] = len(t.Newest)
			t.Newest = append(t.Newest, proof)
			continue
		}
		if p.past.spend(now, pastAtOnce, pastEvery) {
			t.Past = append(t.Past, t.Newest[i])
		} else {
			t.Refused = append(t.Refused, &Refusal{Code: Often, Peer: p.Name, Link: proof.Link})
		}
		t.Newest[i] = proof
	}
}

// Answered notes what came of calling name: nil, or why our letter was refused there.
func (b *Book) Answered(name string, refused *Refusal) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p := b.named(name); p != nil && refused != nil {
		p.trouble = refused
	}
}

// As makes the proof that counts here of one that a peer has signed: said by it, and
// not of later than now, as far as the clocks may be apart.
func (p Proof) As(name string, now time.Time) chain.Proof {
	out := p.Proof
	if out.At.After(now) {
		out.At = now
	}
	out.By = name
	if p.Proof.By != "" {
		out.By = fmt.Sprintf("%s@%s", p.Proof.By, name)
	}
	if !out.Because.IsZero() {
		out.Because = chain.Say("vantage.says", "vantage", name, "because", out.Because)
	}
	if !out.Hint.IsZero() {
		out.Hint = chain.Say("vantage.suggests", "vantage", name, "hint", out.Hint)
	}
	return out
}
