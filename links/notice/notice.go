// Package notice is the kind "notice": somebody has announced an end of what the link rests
// on, and it is broken until a person knows, for a reason and until a day.
package notice

import (
	"context"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

// Settings are those of a link; the guard makes them of a mail.
type Settings struct {
	Says    string `yaml:"says" doc:"what was announced, in a few words"`
	From    string `yaml:"wrote" doc:"who announced it"`
	Day     string `yaml:"day" doc:"the day on which it comes, such as 2027-03-31, if one was named"`
	Until   string `yaml:"until" doc:"the day until which a person has taken note of it"`
	Because string `yaml:"because" doc:"what that person said why it can wait"`
	Unsure  bool   `yaml:"unsure" doc:"whether a person must say what it is about, or by when"`
	Zone    string `yaml:"zone" doc:"the time zone of the days, such as Asia/Tokyo; that of the machine unless set"`
}

const example = `says: PPTP ends
wrote: support@vpn.example
day: 2027-03-31
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("notice", example, Settings{}, build)
	k.Beat = "1h"
	return k
}

const longest = 500

func build(s Settings, at chain.Place) (chain.Prover, error) {
	l := &link{settings: s, name: at.Link}
	if s.Says == "" || len(s.Says) > longest {
		return nil, &chain.SettingError{Field: "says", Text: chain.Say("notice.bad_says", "most", longest)}
	}
	zone := time.Local
	if s.Zone != "" {
		z, err := time.LoadLocation(s.Zone)
		if err != nil {
			return nil, &chain.SettingError{Field: "zone", Text: chain.Say("due.bad_zone", "zone", s.Zone)}
		}
		zone = z
	}
	for _, f := range []struct {
		field, value string
		into         *time.Time
	}{{"day", s.Day, &l.day}, {"until", s.Until, &l.until}} {
		if f.value == "" {
			continue
		}
		day, err := time.ParseInLocation(time.DateOnly, f.value, zone)
		if err != nil {
			return nil, &chain.SettingError{Field: f.field, Text: chain.Say("claim.bad_day", "value", f.value)}
		}
		*f.into = day
	}
	return l, nil
}

type link struct {
	settings   Settings
	name       string
	day, until time.Time
}

var (
	_ chain.Ender    = (*link)(nil)
	_ chain.Watcher  = (*link)(nil)
	_ chain.Supposer = (*link)(nil)
)

// Prove says whether a person has taken note.
func (l *link) Prove(ctx context.Context) chain.Proof {
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	return l.at(time.Now())
}

func (l *link) at(now time.Time) chain.Proof {
	if now.Before(l.until) {
		return chain.Held(chain.Say("notice.acked", "says", l.settings.Says, "until", l.settings.Until, "because", l.settings.Because))
	}
	key, hint := "notice.open", "notice.open_hint"
	if l.settings.Day != "" {
		key = "notice.open_day"
	}
	if l.settings.Unsure {
		hint = "notice.unsure_hint"
	}
	return chain.Broke("notice", chain.Say(key, "says", l.settings.Says, "from", l.settings.From, "day", l.settings.Day), chain.Say(hint, "link", l.name))
}

// Suppose is what it will be on a day: what was taken note of until then is open again.
func (l *link) Suppose(p chain.Proof, s chain.Supposition) chain.Proof {
	if p.Verdict == chain.Holds {
		return l.at(s.At)
	}
	return p
}

// Ends is the day that was announced.
func (l *link) Ends() []chain.End {
	if l.day.IsZero() {
		return nil
	}
	return []chain.End{{
		At:   l.day.Add(time.Second), // on that day, at whatever hour
		What: chain.Say("notice.end", "says", l.settings.Says, "from", l.settings.From),
		Hint: chain.Say("notice.open_hint", "link", l.name),
	}}
}

// Watch wakes when the day has come until which a person had taken note.
func (l *link) Watch(ctx context.Context, wake func()) error {
	if pause := time.Until(l.until); pause > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
			wake()
		}
	}
	<-ctx.Done()
	return ctx.Err()
}
