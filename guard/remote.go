package guard

import (
	"encoding/hex"
	"errors"

	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/words"
)

// ErrNoGuard is what a command meets when no guard runs.
var ErrNoGuard = errors.New("no guard answers")

// Refused is what a running guard answers when it will not do what was asked.
type Refused struct {
	// Code is "unknown_name", "is_goal", "not_a_persons", "bad_act", "refused",
	// "bad_request" or "failed".
	Code, Text string
	// Hint says what to do about it, in the asker's language.
	Hint string
	// Name is the word that was wrong, Nearest what was probably meant.
	Name, Nearest string
}

func (e *Refused) Error() string { return e.Text }

// ChannelResult is what came of a test message to one channel.
type ChannelResult struct {
	Channel string `json:"channel"`
	Error   string `json:"error,omitempty"`
}

// Line puts a record of the journal into words.
func Line(r journal.Record, lang words.Lang) JournalLine {
	return JournalLine{
		Seq: r.Seq, At: r.At, What: r.What, Link: r.Link, Incident: r.Incident,
		Said: lang.Say(r.Text), Body: r.Body, Hash: hex.EncodeToString(r.Hash[:]),
	}
}
