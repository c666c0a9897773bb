package door

import (
	"fmt"
	"net/netip"
	"time"
)

// Code says why a permit was refused. The codes are part of the protocols that carry
// them: never renumber.
type Code uint8

// The reasons.
const (
	// CodeMalformed: the permit or its signature cannot be read, or not in the one way.
	CodeMalformed Code = iota + 1
	// CodeDoor: the permit is for another door.
	CodeDoor
	// CodeSignature: the signature is not one of its key over the permit.
	CodeSignature
	// CodeKeySort: no key of this sort is taken (DSA, short RSA, a certificate).
	CodeKeySort
	// CodeTouch: a hardware key signed without being touched.
	CodeTouch
	// CodeUnknown: allowed_signers does not have the key, or not for knocking.
	CodeUnknown
	// CodeTooEarly: the key may not sign yet.
	CodeTooEarly
	// CodeExpired: the key may not sign any more.
	CodeExpired
	// CodeClock: the permit's time and the door's clock are too far apart. A challenge helps.
	CodeClock
	// CodeReplayed: this permit was admitted before.
	CodeReplayed
	// CodeChallenge: the door admits this only with a challenge that it gave itself: the
	// permit names no address, its mark cannot be kept, or its challenge is not (or no
	// more) one of the door's.
	CodeChallenge
	// CodeAddress: From is nobody's address outside.
	CodeAddress
	// CodeWide: From is wider than the door allows.
	CodeWide
	// CodePorts: the door does not lease this port, or none was named.
	CodePorts
	// CodeShort: less than Limit was asked for.
	CodeShort
	// CodeLong: more than Limit was asked for.
	CodeLong
	// CodeFull: there are as many leases as there may be.
	CodeFull
	// CodeFirewall: the permit is good, but the firewall could not be changed.
	CodeFirewall
	// CodeBusy: too much is asked of the door at this moment.
	CodeBusy
	lastCode = CodeBusy
)

// codeNames are what logs and messages between programs have.
func (c Code) name() string {
	switch c {
	case CodeMalformed:
		return "malformed"
	case CodeDoor:
		return "other_door"
	case CodeSignature:
		return "bad_signature"
	case CodeKeySort:
		return "key_sort"
	case CodeTouch:
		return "no_touch"
	case CodeUnknown:
		return "unknown_key"
	case CodeTooEarly:
		return "too_early"
	case CodeExpired:
		return "expired"
	case CodeClock:
		return "clock"
	case CodeReplayed:
		return "replayed"
	case CodeChallenge:
		return "challenge"
	case CodeAddress:
		return "address"
	case CodeWide:
		return "too_wide"
	case CodePorts:
		return "ports"
	case CodeShort:
		return "too_short"
	case CodeLong:
		return "too_long"
	case CodeFull:
		return "full"
	case CodeFirewall:
		return "firewall"
	case CodeBusy:
		return "busy"
	}
	return ""
}

// Known reports whether c is one of the reasons.
func (c Code) Known() bool { return c >= CodeMalformed && c <= lastCode }

// String is the code's name.
func (c Code) String() string {
	if n := c.name(); n != "" {
		return n
	}
	return fmt.Sprintf("code %d", uint8(c))
}

// Refusal is the error of a wish that is not granted. What it is about stands in the
// fields that its code speaks of.
type Refusal struct {
	Code  Code          `json:"code"`
	From  netip.Prefix  `json:"from,omitzero"`
	Port  uint16        `json:"port,omitempty"`
	Limit time.Duration `json:"limit,omitempty"`
	// Now is the door's clock, with CodeClock.
	Now time.Time `json:"now,omitzero"`
	// Why is for the server's log alone.
	Why string `json:"why,omitempty"`
}

func (r *Refusal) Error() string {
	s := "refused: " + r.Code.String()
	if r.Why != "" {
		s += ": " + r.Why
	}
	return s
}

// Is makes two refusals for the same reason equal to errors.Is.
func (r *Refusal) Is(target error) bool {
	t, ok := target.(*Refusal)
	return ok && t.Code == r.Code
}
