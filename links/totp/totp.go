// Package totp is the kind "totp": a device still shows the right one-time codes of an
// account, which a person proves by typing one.
package totp

import (
	"context"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

type settings struct {
	Entry  string `yaml:"entry" doc:"the vault's entry whose codes they are, as omamori vault list names it"`
	Device string `yaml:"device" doc:"the thing that shows them, such as phone; each device that has the account is a link of its own"`
}

const example = `entry: aws
device: phone
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("totp", example, settings{}, build)
	k.Person = true
	return k
}

// longest is how long a name may be, in bytes.
const longest = 200

func build(s settings, at chain.Place) (chain.Prover, error) {
	if s.Entry == "" || len(s.Entry) > longest {
		return nil, &chain.SettingError{Field: "entry", Text: chain.Say("totp.no_entry")}
	}
	if s.Device == "" || len(s.Device) > longest {
		return nil, &chain.SettingError{Field: "device", Text: chain.Say("totp.no_device")}
	}
	return &link{s, at.Link}, nil
}

type link struct {
	settings settings
	name     string
}

var _ chain.Coder = (*link)(nil)

// Code says whose code it is.
func (l *link) Code() (entry, device string) { return l.settings.Entry, l.settings.Device }

// Ask asks for the code.
func (l *link) Ask() chain.Text {
	return chain.Say("totp.ask", "entry", l.settings.Entry, "device", l.settings.Device)
}

// Prove never holds: that takes a person, and the device in his hand.
func (l *link) Prove(ctx context.Context) chain.Proof {
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	return chain.Untried(chain.Say("totp.person"), chain.Say("totp.person_hint", "link", l.name))
}

// Check judges what came of comparing a code with the vault.
func (l *link) Check(_ context.Context, typed string) (chain.Proof, error) {
	r, ok := chain.ParseCodeResult(typed)
	if !ok {
		return chain.Proof{}, &unchecked{l.name}
	}
	say := func(key string, more ...any) chain.Text {
		return chain.Say(key, append([]any{"device", l.settings.Device, "entry", l.settings.Entry, "link", l.name}, more...)...)
	}
	off := max(r.Steps, -r.Steps)
	apart := time.Duration(off) * r.Period
	switch {
	case r.Moving:
		return chain.Broke("moving", say("totp.moving"), say("totp.moving_hint")), nil
	case !r.Found:
		return chain.Broke(chain.CodeRefused, say("totp.wrong"), say("totp.wrong_hint")), nil
	case off > chain.CodeTolerance && r.Steps < 0:
		return chain.Broke("clock", say("totp.behind", "steps", off, "apart", apart), say("totp.clock_hint")), nil
	case off > chain.CodeTolerance:
		return chain.Broke("clock", say("totp.ahead", "steps", off, "apart", apart), say("totp.clock_hint")), nil
	case r.Steps < 0:
		return chain.Held(say("totp.right_behind")), nil
	case r.Steps > 0:
		return chain.Held(say("totp.right_ahead")), nil
	}
	return chain.Held(say("totp.right")), nil
}

// unchecked is a code that came where there is no vault to compare it with.
type unchecked struct{ link string }

func (*unchecked) Error() string { return "a code is compared where the vault is" }

// Said gives the words: see chain.Spoken.
func (e *unchecked) Said() (text, hint chain.Text) {
	return chain.Say("totp.unchecked"), chain.Say("totp.unchecked_hint", "link", e.link)
}
