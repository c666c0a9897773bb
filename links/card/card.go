// Package card is the kind "card": a payment card, on which something rests, has not
// expired; only its owner knows the date.
package card

import (
	"context"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

type settings struct {
	Expires string `yaml:"expires" doc:"the month that stands on the card, such as 2027-08, or a day"`
	Pays    string `yaml:"pays" doc:"what is paid with it, such as: the domain, at its registrar"`
}

const example = `expires: 2031-08
pays: the domain, at its registrar
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("card", example, settings{}, build)
	k.Beat = "1h"
	return k
}

// longestText is how long what is paid may be, in bytes.
const longestText = 300

func build(s settings, at chain.Place) (chain.Prover, error) {
	over, err := probe.LastDay(s.Expires)
	if err != nil {
		return nil, &chain.SettingError{Field: "expires", Text: chain.Say("card.bad_expires", "value", s.Expires)}
	}
	if len(s.Pays) > longestText {
		return nil, &chain.SettingError{Field: "pays", Text: chain.Say("card.long", "most", longestText)}
	}
	return &link{settings: s, name: at.Link, over: over}, nil
}

// link holds until the day that its owner gave.
type link struct {
	settings settings
	name     string
	over     time.Time
}

var _ chain.Ender = (*link)(nil)

func (l *link) hint() chain.Text {
	if l.settings.Pays == "" {
		return chain.Say("card.hint", "link", l.name)
	}
	return chain.Say("card.hint_pays", "link", l.name, "pays", l.settings.Pays)
}

// Ends is the card's last day.
func (l *link) Ends() []chain.End {
	return []chain.End{{At: l.over, What: chain.Say("card.ends", "link", l.name), Hint: l.hint(), Lead: chain.Days(60, 30, 14, 7, 3, 1)}}
}

// Prove compares the day with today's.
func (l *link) Prove(ctx context.Context) chain.Proof {
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	last := l.over.AddDate(0, 0, -1)
	if !time.Now().Before(l.over) {
		return chain.Broke("expired", chain.Say("card.expired", "until", last), l.hint())
	}
	return chain.Held(chain.Say("card.holds", "until", last))
}
