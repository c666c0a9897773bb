package vantage

import (
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// Code says why a letter or a proof was refused.
type Code string

const (
	Malformed Code = "malformed" // not what a guard writes
	Stranger  Code = "stranger"  // signed by a key that nobody has paired
	Misled    Code = "misled"    // meant for another guard, or of an older pairing
	Forged    Code = "forged"    // the signature is not that of the key
	Replayed  Code = "replayed"  // no newer than one that was taken already
	Clock     Code = "clock"     // the clocks are too far apart, or it was held back
	Foreign   Code = "foreign"   // a proof of a link, or of a claim, that is not the sender's
	BackDated Code = "backdated" // a proof older than one that was taken already
	Future    Code = "future"    // a proof of later than its letter
	Unsaved   Code = "unsaved"   // the disk refused to keep that it was taken
	Often     Code = "often"     // more than any honest guard has to say
)

// known is c, or Malformed if there is no such code.
func (c Code) known() Code {
	if slices.Contains([]Code{Malformed, Stranger, Misled, Forged, Replayed, Clock, Foreign, BackDated, Future, Unsaved, Often}, c) {
		return c
	}
	return Malformed
}

// Refusal is why a letter, or one proof of it, does not count.
type Refusal struct {
	Code Code
	// Peer is who signed it, "" if that is not known.
	Peer string
	// Link is the proof's, "" if the whole letter was refused.
	Link string
	// Apart is how far the sender's clock is ahead of ours, for Clock.
	Apart time.Duration
	// There says that it was the other side that refused ours.
	There bool
}

func (r *Refusal) Error() string { return "refused: " + string(r.Code) }

// Text says it to a person.
func (r *Refusal) Text() chain.Text {
	switch {
	case r.There:
		return chain.Say("vantage.refused_there", "why", chain.Say("vantage.there_"+string(r.Code)))
	case r.Code == Clock && r.Apart < 0:
		return chain.Say("vantage.clock_behind", "vantage", r.Peer, "apart", -r.Apart.Round(time.Second), "most", maxApart)
	case r.Code == Clock:
		return chain.Say("vantage.clock_ahead", "vantage", r.Peer, "apart", r.Apart.Round(time.Second), "most", maxApart)
	}
	return chain.Say("vantage.refused_"+string(r.Code), "vantage", r.Peer, "link", r.Link)
}

// Said puts the error into words.
func (r *Refusal) Said() (text, hint chain.Text) { return r.Text(), chain.Text{} }
