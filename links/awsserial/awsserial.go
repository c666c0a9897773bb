// Package awsserial is the kind "aws-serial": the account may use the serial console of
// its instances.
package awsserial

import (
	"context"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
)

type settings struct {
	Profile string `yaml:"profile" doc:"the profile of AWS's configuration, else its default or the instance's role"`
	Region  string `yaml:"region" doc:"the region, such as ap-northeast-1, else that of the profile or the instance"`
}

const example = `region: ap-northeast-1
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("aws-serial", example, settings{}, func(s settings, _ chain.Place) (chain.Prover, error) {
		return build(s, cloud.Client{}), nil
	})
	k.Beat, k.Timeout = "1h", "30s"
	k.Aside = true
	return k
}

func build(s settings, c cloud.Client) *link { return &link{c, s} }

type link struct {
	client   cloud.Client
	settings settings
}

var (
	_ chain.Prover = (*link)(nil)
	_ cloud.Needer = (*settings)(nil)
)

// CloudNeeds are to look.
func (s *settings) CloudNeeds() []cloud.Need {
	return []cloud.Need{{Actions: []string{"ec2:GetSerialConsoleAccessStatus"}, Resource: "*"}}
}

func (l *link) Prove(ctx context.Context) chain.Proof {
	s, err := l.client.Serial(ctx, cloud.Access{Profile: l.settings.Profile, Region: l.settings.Region})
	if err != nil {
		return cloud.Failed(ctx, err)
	}
	if !s.On {
		return chain.Broke("switched_off", chain.Say("aws.serial_off", "region", s.Region), chain.Say("aws.serial_off_hint", "region", s.Region))
	}
	return chain.Held(chain.Say("aws.serial_holds", "region", s.Region))
}
