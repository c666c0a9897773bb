// Package awscontact is the kind "aws-contact": what AWS has on file is what the owner
// says, and could be changed if it were not.
package awscontact

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
)

type settings struct {
	Profile string            `yaml:"profile" doc:"the profile of AWS's configuration, else its default or the instance's role"`
	Region  string            `yaml:"region" doc:"the region, such as ap-northeast-1, else that of the profile or the instance"`
	Phone   string            `yaml:"phone" doc:"the account's phone number, such as +81 3 1234 5678: support calls it back"`
	Emails  map[string]string `yaml:"emails" doc:"the e-mail addresses of alternate contacts, by billing, operations and security"`
	Change  bool              `yaml:"change" doc:"whether the profile must be allowed to change what is on file"`
}

const example = `profile: admin
region: ap-northeast-1
phone: +81 3 1234 5678
emails: {security: owner@example.jp}
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("aws-contact", example, settings{Change: true}, func(s settings, _ chain.Place) (chain.Prover, error) {
		return build(s, cloud.Client{})
	})
	k.Beat, k.Timeout = "24h", "30s"
	return k
}

func build(s settings, c cloud.Client) (*link, error) {
	var bad []error
	if n := len(digits(s.Phone)); s.Phone == "" && len(s.Emails) == 0 || s.Phone != "" && (n < 7 || n > 20) {
		bad = append(bad, cloud.WrongField("phone", "aws.contact_phone"))
	}
	for _, t := range slices.Sorted(maps.Keys(s.Emails)) {
		if t != "billing" && t != "operations" && t != "security" {
			bad = append(bad, cloud.WrongField("emails", "aws.contact_type", "value", t))
		}
	}
	if len(bad) > 0 {
		return nil, errors.Join(bad...)
	}
	return &link{c, s}, nil
}

// digits are what two ways to write a phone number have in common.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// samePhone compares numbers as they would be dialled: with the country's code, or with
// the 0 that stands for it at home.
func samePhone(a, b string) bool {
	x, y := digits(a), digits(b)
	if len(x) < len(y) {
		x, y = y, x
	}
	home, ok := strings.CutPrefix(y, "0")
	return x == y || ok && len(home) >= 7 && len(x)-len(home) <= 3 && strings.HasSuffix(x, home)
}

type link struct {
	client   cloud.Client
	settings settings
}

var (
	_ chain.Prover = (*link)(nil)
	_ cloud.Needer = (*settings)(nil)
)

func changes() []string {
	return []string{"account:PutContactInformation", "account:PutAlternateContact"}
}

// CloudNeeds are to read what is on file, and with Change to ask whether it may be
// changed, and that it may.
func (s *settings) CloudNeeds() []cloud.Need {
	n := cloud.Need{Actions: []string{"account:GetContactInformation", "account:GetAlternateContact"}, Resource: "*"}
	if s.Change {
		n.Actions = append(append(n.Actions, "iam:SimulatePrincipalPolicy"), changes()...)
	}
	return []cloud.Need{n}
}

// Prove shows no number and no address: proofs go to pages and to other machines.
func (l *link) Prove(ctx context.Context) chain.Proof {
	access := cloud.Access{Profile: l.settings.Profile, Region: l.settings.Region}
	c, err := l.client.Contact(ctx, access)
	if err != nil {
		return cloud.Failed(ctx, err)
	}
	if l.settings.Phone != "" && !samePhone(c.Phone, l.settings.Phone) {
		return chain.Broke("other_phone", chain.Say("aws.contact_other_phone"), chain.Say("aws.contact_hint"))
	}
	for _, t := range slices.Sorted(maps.Keys(l.settings.Emails)) {
		switch have, ok := c.Others[t]; {
		case !ok:
			return chain.Broke("no_contact", chain.Say("aws.contact_none", "type", t), chain.Say("aws.contact_hint"))
		case !strings.EqualFold(have.Email, l.settings.Emails[t]):
			return chain.Broke("other_email", chain.Say("aws.contact_other_email", "type", t), chain.Say("aws.contact_hint"))
		}
	}
	if l.settings.Change {
		m, err := l.client.May(ctx, access, changes()...)
		if err != nil {
			return cloud.Failed(ctx, err)
		}
		if len(m.Denied) > 0 {
			what := strings.Join(m.Denied, ", ")
			return chain.Broke("no_permission", chain.Say("aws.contact_denied", "what", what), chain.Say("aws.contact_denied_hint", "what", what))
		}
	}
	return chain.Held(chain.Say("aws.contact_holds"))
}
