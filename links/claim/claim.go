// Package claim is the kind "claim": what a person alone can prove, by saying so.
package claim

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

type settings struct {
	Question string `yaml:"question" doc:"what a person is asked; yes means that the link holds"`
	Until    string `yaml:"until" doc:"the last day on which it can hold, such as 2027-03-31"`
	// Only maps "laptop.os" to the values with which the claim can hold.
	Only map[string][]string `yaml:"only" doc:"attributes of things, such as laptop.os, with the values with which it can hold"`
}

const example = `question: Does your phone still show the codes for the AWS console?
until: 2027-03-31
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("claim", example, settings{}, build)
	k.Person = true
	return k
}

// longestQuestion is how long a question may be, in bytes.
const longestQuestion = 500

func build(s settings, at chain.Place) (chain.Prover, error) {
	l := &link{settings: s, name: at.Link, attrs: at.Attrs}
	if s.Question == "" {
		return nil, &chain.SettingError{Field: "question", Text: chain.Say("claim.no_question")}
	}
	if len(s.Question) > longestQuestion {
		return nil, &chain.SettingError{Field: "question", Text: chain.Say("claim.long_question", "most", longestQuestion)}
	}
	if s.Until != "" {
		day, err := time.ParseInLocation(time.DateOnly, s.Until, time.Local)
		if err != nil {
			return nil, &chain.SettingError{Field: "until", Text: chain.Say("claim.bad_day", "value", s.Until)}
		}
		l.over = day.AddDate(0, 0, 1)
	}
	for _, attr := range slices.Sorted(maps.Keys(s.Only)) {
		if _, ok := at.Attrs[attr]; !ok && at.Attrs != nil {
			near := chain.Nearest(attr, slices.Sorted(maps.Keys(at.Attrs)))
			return nil, &chain.SettingError{Field: "only", Text: chain.Say("claim.unknown_attr", "attr", attr, "nearest", near)}
		}
	}
	return l, nil
}

// link is proved by a person; a machine can only tell that its day is over, or that
// a thing has become one with which it cannot hold.
type link struct {
	settings settings
	name     string
	over     time.Time // when until has passed; zero if it never does
	attrs    map[string]string
}

var (
	_ chain.Answerer = (*link)(nil)
	_ chain.Watcher  = (*link)(nil)
	_ chain.Supposer = (*link)(nil)
	_ chain.Ender    = (*link)(nil)
)

func (l *link) Ask() chain.Text { return chain.Say("claim.ask", "question", l.settings.Question) }

// Prove never holds: that is for a person to say.
func (l *link) Prove(ctx context.Context) chain.Proof {
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	unanswered := chain.Untried(chain.Say("claim.person"), chain.Say("claim.person_hint", "link", l.name))
	return l.Suppose(unanswered, chain.Supposition{At: time.Now(), Attrs: l.attrs})
}

// Suppose breaks a proof that is past its day, or whose thing has changed.
func (l *link) Suppose(p chain.Proof, s chain.Supposition) chain.Proof {
	if l.passed(s.At) {
		return chain.Broke("expired", chain.Say("claim.expired", "until", l.settings.Until),
			chain.Say("claim.expired_hint", "link", l.name))
	}
	for _, attr := range slices.Sorted(maps.Keys(l.settings.Only)) {
		value, known := s.Attrs[attr]
		if values := l.settings.Only[attr]; known && !slices.Contains(values, value) {
			return chain.Broke("changed",
				chain.Say("claim.changed", "attr", attr, "value", value, "values", strings.Join(values, ", ")),
				chain.Say("claim.changed_hint", "attr", attr, "link", l.name))
		}
	}
	return p
}

// Ends is its last day.
func (l *link) Ends() []chain.End {
	if l.over.IsZero() {
		return nil
	}
	return []chain.End{{At: l.over, What: chain.Say("claim.ends", "link", l.name), Hint: chain.Say("claim.expired_hint", "link", l.name)}}
}

func (l *link) passed(now time.Time) bool { return !l.over.IsZero() && !now.Before(l.over) }

// impossible reports whether the claim cannot hold, whatever anybody says.
func (l *link) impossible() bool {
	now := chain.Supposition{At: time.Now(), Attrs: l.attrs}
	return l.Suppose(chain.Proof{}, now).Verdict == chain.Broken
}

// again is how often the day is looked at: a clock may be set, and a person may
// have answered since that it still holds.
const again = time.Hour

// Watch wakes once the claim cannot hold, and every hour from then on. Before it, the
// link is never woken: a proof by machine would displace the person's answer.
func (l *link) Watch(ctx context.Context, wake func()) error {
	for {
		if l.impossible() {
			wake()
		}
		pause := again
		if !l.over.IsZero() && !l.passed(time.Now()) {
			pause = min(again, time.Until(l.over))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}
