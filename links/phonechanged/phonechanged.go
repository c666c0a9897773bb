// Package phonechanged is the kind "phone-changed": the owner still has the phone and the
// number on which his way in rests; he is asked once a quarter, and answers with one word.
package phonechanged

import (
	"context"
	"slices"
	"strings"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

type settings struct {
	Phone  string `yaml:"phone" doc:"what the phone is, as its owner knows it, such as: the blue Xperia"`
	Number string `yaml:"number" doc:"the last digits of its number, such as 42"`
}

const example = `phone: the blue Xperia
number: "42"
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("phone-changed", example, settings{}, build)
	k.Person = true
	return k
}

const (
	longestPhone = 100 // bytes
	mostDigits   = 4   // so that the file does not tell a stranger whom to call
)

func build(s settings, at chain.Place) (chain.Prover, error) {
	if s.Phone == "" || len(s.Phone) > longestPhone {
		return nil, &chain.SettingError{Field: "phone", Text: chain.Say("phonechanged.bad_phone", "most", longestPhone)}
	}
	strange := func(c rune) bool { return c < '0' || c > '9' }
	if len(s.Number) > mostDigits || slices.ContainsFunc([]rune(s.Number), strange) {
		return nil, &chain.SettingError{Field: "number", Text: chain.Say("phonechanged.bad_number", "most", mostDigits)}
	}
	return &link{settings: s, name: at.Link}, nil
}

type link struct {
	settings settings
	name     string
}

var _ chain.Answerer = (*link)(nil)

func (l *link) Ask() chain.Text {
	if l.settings.Number == "" {
		return chain.Say("phonechanged.ask", "phone", strings.TrimSpace(l.settings.Phone))
	}
	return chain.Say("phonechanged.ask_number", "phone", strings.TrimSpace(l.settings.Phone), "number", l.settings.Number)
}

// Prove never holds: that is for its owner to say.
func (l *link) Prove(ctx context.Context) chain.Proof {
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	return chain.Untried(chain.Say("phonechanged.person"), chain.Say("phonechanged.person_hint", "link", l.name))
}
