// Package awsdevices is the kind "aws-devices": the user and the root user have as many
// MFA devices as they should, and an administrator could give them new ones.
package awsdevices

import (
	"context"
	"strings"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
)

type settings struct {
	Profile string   `yaml:"profile" doc:"the profile of the user whose devices these are, else the default"`
	Region  string   `yaml:"region" doc:"the region, such as ap-northeast-1, else that of the profile"`
	Least   int      `yaml:"least" doc:"how many devices the user must have; 0 where the profile is a role's"`
	Serials []string `yaml:"serials" doc:"devices that must be among them"`
	Root    bool     `yaml:"root" doc:"whether the root user must have a device"`
	Mend    bool     `yaml:"administrator" doc:"whether the profile must be allowed to take a lost device off a user and give him a new one"`
}

const example = `profile: admin
region: ap-northeast-1
least: 2
administrator: yes
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("aws-devices", example, settings{Least: 1, Root: true}, func(s settings, at chain.Place) (chain.Prover, error) {
		return build(s, at, cloud.Client{})
	})
	k.Beat, k.Timeout = "6h", "30s"
	return k
}

const mostDevices = 8 // of one user

func build(s settings, at chain.Place, c cloud.Client) (*link, error) {
	if s.Least < 0 || s.Least > mostDevices {
		return nil, cloud.WrongField("least", "aws.devices_least", "most", mostDevices)
	}
	for _, serial := range s.Serials {
		if !cloud.IsDevice(serial) {
			return nil, cloud.WrongField("serials", "aws.mfa_bad_serial")
		}
	}
	return &link{c, s, at.Link}, nil
}

type link struct {
	client   cloud.Client
	settings settings
	name     string
}

var (
	_ chain.Prover = (*link)(nil)
	_ cloud.Needer = (*settings)(nil)
)

// administers lists what it takes to mend a lost device of a user.
func administers() []string {
	return []string{"iam:DeactivateMFADevice", "iam:CreateVirtualMFADevice", "iam:EnableMFADevice"}
}

// CloudNeeds are to look, and of an administrator to ask what he may do, and that he may.
func (s *settings) CloudNeeds() []cloud.Need {
	n := cloud.Need{Actions: []string{"iam:GetAccountSummary", "iam:ListMFADevices"}, Resource: "*"}
	if s.Mend {
		n.Actions = append(append(n.Actions, "iam:SimulatePrincipalPolicy"), administers()...)
	}
	return []cloud.Need{n}
}

func (l *link) Prove(ctx context.Context) chain.Proof {
	access := cloud.Access{Profile: l.settings.Profile, Region: l.settings.Region}
	d, err := l.client.Devices(ctx, access)
	if err != nil {
		return cloud.Failed(ctx, err)
	}
	say := func(key, what string) chain.Text {
		return chain.Say(key, "user", d.User, "n", len(d.Devices), "least", l.settings.Least, "what", what, "link", l.name)
	}
	p := chain.Held(say("aws.devices_hold", ""))
	var denied []string
	if l.settings.Mend {
		m, err := l.client.May(ctx, access, administers()...)
		if err != nil {
			return cloud.Failed(ctx, err)
		}
		denied = m.Denied
	}
	switch missing := l.missing(d); {
	case l.settings.Root && !d.Root:
		p = chain.Broke("no_root_mfa", say("aws.devices_root", ""), say("aws.devices_root_hint", ""))
	case missing != "":
		p = chain.Broke("device_gone", say("aws.devices_gone", missing), say("aws.devices_gone_hint", missing))
	case d.User == "" && l.settings.Least > 0:
		p = chain.Untried(chain.Say("aws.devices_no_user", "arn", d.ARN), chain.Say("aws.devices_no_user_hint"))
	case len(d.Devices) < l.settings.Least:
		p = chain.Broke("few_devices", say("aws.devices_few", ""), say("aws.devices_few_hint", ""))
	case len(denied) > 0:
		p = chain.Broke("no_permission", say("aws.devices_denied", strings.Join(denied, ", ")), say("aws.devices_denied_hint", strings.Join(denied, ", ")))
	}
	for _, serial := range d.Devices[:min(len(d.Devices), mostDevices)] {
		p.Evidence = append(p.Evidence, cloud.Line(serial))
	}
	p.Figures = []chain.Figure{{Name: "devices", Value: float64(len(d.Devices))}}
	return p
}

// missing is the first device that should be there and is not.
func (l *link) missing(d cloud.Devices) string {
	for _, want := range l.settings.Serials {
		found := false
		for _, have := range d.Devices {
			found = found || have == want
		}
		if !found {
			return want
		}
	}
	return ""
}
