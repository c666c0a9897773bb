package chain

import "time"

// Verdict is the outcome of trying a link once, and what is known of a link or a
// goal at a moment.
type Verdict uint8

const (
	// Unproven is the zero value: never tried, cancelled, or tried too long ago.
	Unproven Verdict = iota
	Holds
	Broken
)

func (v Verdict) String() string {
	switch v {
	case Holds:
		return "holds"
	case Broken:
		return "broken"
	default:
		return "unproven"
	}
}

// MarshalText writes the verdict as the word that design.md fixes.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads a verdict; an unknown word is Unproven, the safe value.
func (v *Verdict) UnmarshalText(b []byte) error {
	switch string(b) {
	case "holds":
		*v = Holds
	case "broken":
		*v = Broken
	default:
		*v = Unproven
	}
	return nil
}

// Proof is the outcome of trying a link once.
type Proof struct {
	Verdict Verdict `json:"verdict"`
	// At is when the trying began: what was true then may be false now.
	At   time.Time     `json:"at"`
	Took time.Duration `json:"took"`
	// Because says what was seen. A broken proof always has it, and Hint, which
	// says what a person could do, at best as a command.
	Because Text `json:"because,omitzero"`
	Hint    Text `json:"hint,omitzero"`
	// Cause is the stable code of what the prover recognised by itself
	// ("wrong_password"); empty where only evidence could tell.
	Cause string `json:"cause,omitempty"`
	// Evidence quotes what was seen, a line each, shortened and free of secrets.
	Evidence []string `json:"evidence,omitempty"`
	// Figures are what was measured, for plotting.
	Figures []Figure `json:"figures,omitempty"`
	// Ends are what was seen to end on a day that is known, of a link that is otherwise
	// whole or not. Nil in a proof that does not hold: nothing was learnt of them.
	Ends []End `json:"ends,omitempty"`
	// Ahead says that it is broken for what is to come: that something which needs it
	// holds all the same shows nothing of then.
	Ahead bool `json:"ahead,omitempty"`
	// By is who proved it: empty for this machine, else a vantage or a person.
	By string `json:"by,omitempty"`
}

// Figure is one measured value of a proof.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	// Unit is "s", "B", "%", or empty for a plain number.
	Unit string `json:"unit,omitempty"`
}

// Held makes a proof that holds.
func Held(because Text) Proof { return Proof{Verdict: Holds, Because: because} }

// Broke makes a broken proof of a known cause ("" if only evidence can tell).
func Broke(cause string, because, hint Text) Proof {
	return Proof{Verdict: Broken, Cause: cause, Because: because, Hint: hint}
}

// Untried makes an unproven proof: the real claim could not be tried.
func Untried(because, hint Text) Proof { return Proof{Because: because, Hint: hint} }

// verdictAt is what a proof made at says at now, if it counts for fresh.
//
// A proof from the future is none: a clock has jumped, and nobody can say how
// old it is. Times from this process carry a monotonic reading, so that only
// proofs read back from disk or from elsewhere can be affected.
func verdictAt(v Verdict, at, now time.Time, fresh time.Duration) Verdict {
	if v == Unproven || at.IsZero() {
		return Unproven
	}
	if age := now.Sub(at); age < 0 || age > fresh {
		return Unproven
	}
	return v
}
