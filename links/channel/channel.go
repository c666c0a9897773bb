// Package channel is the kind "channel": messages by a channel reach somebody, who said so
// by giving back a code.
package channel

import (
	"context"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

// The times of a channel, as doc/due.md has them.
const (
	// Every is how often a code is asked for.
	Every = 90 * 24 * time.Hour
	// Patience is for how long an answer may take.
	Patience = 14 * 24 * time.Hour
)

// Settings are those of a link; the guard makes them of what it knows of a channel.
type Settings struct {
	Channel string `yaml:"channel" doc:"the channel of notify"`
	// Confirmed and Asked are moments, as RFC 3339 has them.
	Confirmed string `yaml:"confirmed" doc:"when somebody last gave a code back, such as 2027-03-31T08:00:00Z"`
	Asked     string `yaml:"asked" doc:"when he was first asked for the one that is not given back yet"`
}

const example = `channel: phone
confirmed: 2027-01-31T08:00:00Z
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("channel", example, Settings{}, build)
	k.Beat = "1h"
	return k
}

func build(s Settings, _ chain.Place) (chain.Prover, error) {
	l := &link{name: s.Channel}
	if s.Channel == "" {
		return nil, &chain.SettingError{Field: "channel", Text: chain.Say("channel.no_name")}
	}
	for _, f := range []struct {
		field, value string
		into         *time.Time
	}{{"confirmed", s.Confirmed, &l.confirmed}, {"asked", s.Asked, &l.asked}} {
		at, err := time.Parse(time.RFC3339, f.value)
		if err != nil && f.value != "" {
			return nil, &chain.SettingError{Field: f.field, Text: chain.Say("channel.bad_time", "value", f.value)}
		}
		*f.into = at
	}
	return l, nil
}

type link struct {
	name             string
	confirmed, asked time.Time
}

var _ chain.Supposer = (*link)(nil)

// Prove says whether anybody reads what is sent there.
func (l *link) Prove(ctx context.Context) chain.Proof {
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	return l.at(time.Now())
}

func (l *link) at(now time.Time) chain.Proof {
	hint := chain.Say("channel.hint", "channel", l.name)
	late := !l.asked.IsZero() && now.Sub(l.asked) > Patience
	switch {
	case late && l.confirmed.IsZero():
		return chain.Broke("unconfirmed", chain.Say("channel.never", "channel", l.name, "asked", l.asked), hint)
	case late:
		return chain.Broke("unconfirmed", chain.Say("channel.late", "channel", l.name, "asked", l.asked, "confirmed", l.confirmed), hint)
	case l.confirmed.IsZero():
		return chain.Untried(chain.Say("channel.waiting", "channel", l.name), hint)
	case now.Sub(l.confirmed) > Every+2*Patience:
		return chain.Broke("unconfirmed", chain.Say("channel.late", "channel", l.name, "asked", now, "confirmed", l.confirmed), hint)
	}
	return chain.Held(chain.Say("channel.confirmed", "channel", l.name, "confirmed", l.confirmed))
}

// Suppose is what it will be on a day if nobody gives a code back.
func (l *link) Suppose(p chain.Proof, s chain.Supposition) chain.Proof {
	if p.Verdict == chain.Holds {
		return l.at(s.At)
	}
	return p
}
