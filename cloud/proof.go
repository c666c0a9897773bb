package cloud

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

// Failed is the proof of a trial at AWS that ended in err. That AWS cannot be asked, or
// does not let us look, breaks nothing; what breaks the link's claim is listed.
func Failed(ctx context.Context, err error, breaks ...ErrorCode) chain.Proof {
	var e *Error
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return chain.Untried(chain.Say("probe.cancelled"), chain.Text{})
	case !errors.As(err, &e) && (ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded)):
		e = &Error{Code: Slow}
	case e == nil: // of our own making
		e = &Error{Code: Refused, Text: err.Error()}
	}
	text, hint := e.Said()
	if slices.Contains(breaks, e.Code) {
		return chain.Broke(string(e.Code), text, hint)
	}
	return chain.Untried(text, hint)
}

// Plan is what a proof alone calls for: to tell a person.
func Plan(p chain.Proof) chain.Plan {
	cause := p.Cause
	if cause == "" {
		cause = "unknown"
	}
	return chain.Plan{Cause: cause, Why: p.Because, Evidence: p.Evidence, Next: p.Hint}
}

// Line makes one short clean line of evidence: names at AWS are whatever somebody typed.
func Line(parts ...string) string {
	const most = 200
	s := strings.Join(strings.Fields(words.Clean(strings.Join(parts, " "))), " ")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// WrongField is the error of a setting.
func WrongField(field, key string, pairs ...any) error {
	return &chain.SettingError{Field: field, Text: chain.Say(key, pairs...)}
}

// Problem is why what was typed is no answer yet.
type Problem struct{ Text chain.Text }

func (p *Problem) Error() string { return p.Text.Key }

// Said gives the words of the problem: see chain.Spoken.
func (p *Problem) Said() (text, hint chain.Text) { return p.Text, chain.Text{} }
