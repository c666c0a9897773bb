// Package contract is the kind "contract": something that was agreed for a time goes on,
// such as a server's hire, a VPN's address, a support plan; only its owner knows the date.
package contract

import (
	"context"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

type settings struct {
	Ends string `yaml:"ends" doc:"its last day, such as 2027-03-31"`
	With string `yaml:"with" doc:"whom it is with, such as the VPN company"`
	How  string `yaml:"how" doc:"how it is renewed, such as an address to go to"`
}

const example = `ends: 2031-03-31
with: the VPN company
how: https://vpn.example.jp/account
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("contract", example, settings{}, build)
	k.Beat = "1h"
	return k
}

// longestText is how long each of the texts may be, in bytes.
const longestText = 300

func build(s settings, at chain.Place) (chain.Prover, error) {
	over, err := probe.LastDay(s.Ends)
	if err != nil {
		return nil, &chain.SettingError{Field: "ends", Text: chain.Say("contract.bad_ends", "value", s.Ends)}
	}
	for field, text := range map[string]string{"with": s.With, "how": s.How} {
		if len(text) > longestText {
			return nil, &chain.SettingError{Field: field, Text: chain.Say("contract.long", "most", longestText)}
		}
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
	if l.settings.How == "" {
		return chain.Say("contract.hint", "link", l.name)
	}
	return chain.Say("contract.hint_how", "link", l.name, "how", l.settings.How)
}

func (l *link) what() string {
	if l.settings.With == "" {
		return l.name
	}
	return l.settings.With
}

// Ends is the contract's last day.
func (l *link) Ends() []chain.End {
	return []chain.End{{At: l.over, What: chain.Say("contract.ends", "with", l.what()), Hint: l.hint()}}
}

// Prove compares the day with today's.
func (l *link) Prove(ctx context.Context) chain.Proof {
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	last := l.over.AddDate(0, 0, -1)
	if !time.Now().Before(l.over) {
		return chain.Broke("expired", chain.Say("contract.expired", "with", l.what(), "until", last), l.hint())
	}
	return chain.Held(chain.Say("contract.holds", "with", l.what(), "until", last))
}
