// Package presence is the kind "presence": a person has signed in, drilled, or acknowledged
// something not long ago.
package presence

import (
	"context"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

type settings struct {
	Within time.Duration `yaml:"within" doc:"how long ago the last sign of life may be"`
}

const example = `within: 30d
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("presence", example, settings{Within: 30 * 24 * time.Hour}, build)
	k.Beat = "5m"
	return k
}

func build(s settings, at chain.Place) (chain.Prover, error) {
	if s.Within < time.Hour {
		return nil, &chain.SettingError{Field: "within", Text: chain.Say("presence.bad_within")}
	}
	return &link{s.Within, at.Seen}, nil
}

type link struct {
	within time.Duration
	seen   func() time.Time
}

var _ chain.Supposer = (*link)(nil)

// Prove says how long ago the last sign of life was.
func (l *link) Prove(ctx context.Context) chain.Proof {
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	if l.seen == nil {
		return chain.Untried(chain.Say("presence.unknown"), chain.Say("presence.hint"))
	}
	return l.at(l.seen(), time.Now())
}

func (l *link) at(seen, now time.Time) chain.Proof {
	if seen.IsZero() {
		return chain.Untried(chain.Say("presence.unknown"), chain.Say("presence.hint"))
	}
	age := max(0, now.Sub(seen)).Truncate(time.Minute)
	if age > l.within {
		return chain.Broke("silence", chain.Say("presence.silent", "age", age, "within", l.within), chain.Say("presence.hint"))
	}
	p := chain.Held(chain.Say("presence.seen", "age", age))
	p.Figures = []chain.Figure{{Name: "silence", Value: age.Seconds(), Unit: "s"}}
	return p
}

// Suppose is what it will be on a day if there is no sign of life until then.
func (l *link) Suppose(p chain.Proof, s chain.Supposition) chain.Proof {
	if p.Verdict == chain.Holds && l.seen != nil {
		return l.at(l.seen(), s.At)
	}
	return p
}
