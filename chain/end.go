package chain

import "time"

// End is what ends on a day that is known: from then on its link is broken, unless
// somebody has renewed it.
type End struct {
	// Of tells the ends of one link apart; "" where there can be one alone. It stays the
	// same when the day moves.
	Of string `json:"of,omitempty"`
	// At is the first moment at which it has ended.
	At time.Time `json:"at"`
	// What is a clause without a period: "the certificate of example.jp ends".
	What Text `json:"what"`
	// Hint says what to do about it, at best as a command.
	Hint Text `json:"hint"`
	// Lead is how long before At it is spoken of, the longest first; nil is DefaultLead.
	Lead []time.Duration `json:"lead,omitempty"`
}

// Ender is a prover that knows of ends from its settings, and not from what it saw: those
// stand in the proof.
type Ender interface {
	Prover
	// Ends lists them, in any order. It does no I/O, and may be called while Prove runs.
	Ends() []End
}

// Days are lead times.
func Days(n ...int) (lead []time.Duration) {
	for _, d := range n {
		lead = append(lead, time.Duration(d)*24*time.Hour)
	}
	return lead
}

// DefaultLead is when an end is spoken of, unless its kind or the owner says.
func DefaultLead() []time.Duration { return Days(90, 30, 14, 7, 3, 1) }
