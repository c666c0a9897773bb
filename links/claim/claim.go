// Package claim is the kind "claim": what a person alone can prove, by saying so.
package claim

import (
	"context"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

type settings struct {
	Question string `yaml:"question" doc:"what a person is asked; yes means that the link holds"`
	Until    string `yaml:"until" doc:"the last day on which it can hold, such as 2027-03-31"`
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
	l := &link{settings: s, name: at.Link}
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
	return l, nil
}

// link is proved by a person; a machine can only tell that its day is over.
type link struct {
	settings settings
	name     string
	over     time.Time // when until has passed; zero if it never does
}

var (
	_ chain.Answerer = (*link)(nil)
	_ chain.Watcher  = (*link)(nil)
)

func (l *link) Ask() chain.Text { return chain.Say("claim.ask", "question", l.settings.Question) }

// Prove never holds: that is for a person to say.
func (l *link) Prove(ctx context.Context) chain.Proof {
	switch {
	case probe.Cancelled(ctx):
		return chain.Untried(probe.CancelledText(), chain.Text{})
	case l.passed():
		return chain.Broke("expired", chain.Say("claim.expired", "until", l.settings.Until),
			chain.Say("claim.expired_hint", "link", l.name))
	}
	return chain.Untried(chain.Say("claim.person"), chain.Say("claim.person_hint", "link", l.name))
}

func (l *link) passed() bool { return !l.over.IsZero() && !time.Now().Before(l.over) }

// again is how often the day is looked at: a clock may be set, and a person may
// have answered since that it still holds.
const again = time.Hour

// Watch wakes once the day is over, and every hour from then on. Before it, the
// link is never woken: a proof by machine would displace the person's answer.
func (l *link) Watch(ctx context.Context, wake func()) error {
	for {
		if l.passed() {
			wake()
		}
		pause := again
		if !l.over.IsZero() && !l.passed() {
			pause = min(again, time.Until(l.over))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}
