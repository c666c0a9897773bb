// Package awsmfa is the kind "aws-mfa": AWS accepts the code that a device shows. A
// person types it, and it is used up.
package awsmfa

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
)

type settings struct {
	Profile string `yaml:"profile" doc:"the profile with the user's own keys: a role's do not count"`
	Region  string `yaml:"region" doc:"the region, such as ap-northeast-1, else that of the profile"`
	Serial  string `yaml:"serial" doc:"the device's serial number, such as arn:aws:iam::123456789012:mfa/phone"`
	Device  string `yaml:"device" doc:"what the device is called when a person is asked, such as my new phone"`
	Entry   string `yaml:"entry" doc:"the vault's entry with the same codes: where AWS refuses one, it is compared, to tell a wrong clock apart from a wrong code"`
}

const example = `serial: arn:aws:iam::123456789012:mfa/phone
device: the new phone
entry: aws
region: ap-northeast-1
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("aws-mfa", example, settings{}, func(s settings, at chain.Place) (chain.Prover, error) {
		return build(s, at, cloud.Client{})
	})
	k.Person = true
	return k
}

func build(s settings, at chain.Place, c cloud.Client) (*link, error) {
	var bad []error
	switch {
	case strings.Contains(s.Serial, ":user/"): // the commonest mistake
		bad = append(bad, cloud.WrongField("serial", "aws.mfa_user_serial", "value", strings.Replace(s.Serial, ":user/", ":mfa/", 1)))
	case !cloud.IsDevice(s.Serial):
		bad = append(bad, cloud.WrongField("serial", "aws.mfa_bad_serial"))
	}
	if len(s.Device) > 100 {
		bad = append(bad, cloud.WrongField("device", "aws.mfa_long_device"))
	}
	if len(s.Entry) > 200 {
		bad = append(bad, cloud.WrongField("entry", "aws.mfa_long_entry"))
	}
	if len(bad) > 0 {
		return nil, errors.Join(bad...)
	}
	if s.Device == "" {
		s.Device = s.Serial
	}
	return &link{c, s, at.Link}, nil
}

// link is proved by a code that a person types, or that a vault supplies.
type link struct {
	client   cloud.Client
	settings settings
	name     string
}

var (
	_ chain.Judged = (*link)(nil)
	_ cloud.Device = (*settings)(nil)
	_ cloud.Needer = (*settings)(nil)
)

// CloudDevice says which device it is, for a resync.
func (s *settings) CloudDevice() (cloud.Access, string) {
	return cloud.Access{Profile: s.Profile, Region: s.Region}, s.Serial
}

// CloudNeeds is to resync the device: to have a code taken needs no permission.
func (s *settings) CloudNeeds() []cloud.Need {
	return []cloud.Need{{Actions: []string{"iam:ResyncMFADevice"}, Resource: "*"}}
}

// Entry is the vault's entry with the same codes.
func (l *link) Entry() string { return l.settings.Entry }

// Ask asks for the code.
func (l *link) Ask() chain.Text { return chain.Say("aws.mfa_ask", "device", l.settings.Device) }

// Prove never holds: the code is for a person to type.
func (l *link) Prove(ctx context.Context) chain.Proof {
	if errors.Is(ctx.Err(), context.Canceled) {
		return chain.Untried(chain.Say("probe.cancelled"), chain.Text{})
	}
	return chain.Untried(chain.Say("aws.mfa_person"), chain.Say("aws.mfa_person_hint", "link", l.name))
}

// Check has AWS take the code. It keeps it nowhere.
func (l *link) Check(ctx context.Context, typed string) (chain.Proof, error) {
	if r, ok := chain.ParseCodeResult(typed); ok && l.settings.Entry != "" && !r.Moving {
		return l.refused(r), nil
	}
	code := strings.Join(strings.Fields(typed), "")
	if !cloud.IsCode(code) {
		return chain.Proof{}, &cloud.Problem{Text: chain.Say("aws.mfa_no_code")}
	}
	access, serial := l.settings.CloudDevice()
	if err := l.client.ProveCode(ctx, access, cloud.Code{Serial: serial, Code: code}); err != nil {
		p := cloud.Failed(ctx, err, cloud.WrongCode, cloud.WrongSerial)
		if p.Verdict == chain.Unproven {
			return p, err // AWS has not looked at it: what was proved before stands
		}
		if p.Cause == chain.CodeRefused {
			p.Hint = chain.Say("aws.mfa_wrong_hint", "link", l.name)
		}
		return p, nil
	}
	return chain.Held(chain.Say("aws.mfa_holds", "device", l.settings.Device)), nil
}

// refused says of a code that AWS has refused what comparing it with the vault has shown.
func (l *link) refused(r chain.CodeResult) chain.Proof {
	off := max(r.Steps, -r.Steps)
	say := func(key string) chain.Text {
		return chain.Say(key, "device", l.settings.Device, "entry", l.settings.Entry, "link", l.name, "steps", off, "apart", time.Duration(off)*r.Period)
	}
	switch {
	case !r.Found:
		return chain.Broke(chain.CodeRefused, say("aws.mfa_not_of_entry"), say("aws.mfa_not_of_entry_hint"))
	case off <= chain.CodeTolerance:
		return chain.Broke(chain.CodeRefused, say("aws.mfa_same_refused"), say("aws.mfa_wrong_hint"))
	case r.Steps < 0:
		return chain.Broke("clock", say("aws.mfa_behind"), say("aws.mfa_clock_hint"))
	}
	return chain.Broke("clock", say("aws.mfa_ahead"), say("aws.mfa_clock_hint"))
}
