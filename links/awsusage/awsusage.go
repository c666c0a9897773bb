// Package awsusage is the kind "aws-usage": nothing runs in the account that the owner did
// not list, in any region, and the month costs no more than he said.
package awsusage

import (
	"context"
	"errors"
	"strconv"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
)

type settings struct {
	Profile   string   `yaml:"profile" doc:"the profile of AWS's configuration, else its default or the instance's role"`
	Region    string   `yaml:"region" doc:"where to ask first, such as ap-northeast-1, else that of the profile or the instance"`
	Instances []string `yaml:"instances" doc:"the ids of the instances that may be there"`
	Spend     float64  `yaml:"spend" doc:"how much a month may cost, in the account's currency; each question costs a cent; 0 does not ask"`
}

const example = `region: ap-northeast-1
instances: [i-0123456789abcdef0]
spend: 50
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("aws-usage", example, settings{}, func(s settings, at chain.Place) (chain.Prover, error) {
		return build(s, at, cloud.Client{})
	})
	k.Beat, k.Timeout = "6h", "80s"
	return k
}

func build(s settings, at chain.Place, c cloud.Client) (*link, error) {
	var bad []error
	l := &link{c, s, at.Link, map[string]bool{}}
	for _, id := range s.Instances {
		if !cloud.IsID(id, "i") {
			bad = append(bad, cloud.WrongField("instances", "aws.bad_instance"))
		}
		l.known[id] = true
	}
	if s.Spend < 0 {
		bad = append(bad, cloud.WrongField("spend", "aws.usage_spend"))
	}
	if len(bad) > 0 {
		return nil, errors.Join(bad...)
	}
	return l, nil
}

type link struct {
	client   cloud.Client
	settings settings
	name     string
	known    map[string]bool
}

var (
	_ chain.Prover = (*link)(nil)
	_ cloud.Needer = (*settings)(nil)
)

// CloudNeeds are to look.
func (s *settings) CloudNeeds() []cloud.Need {
	n := cloud.Need{Actions: []string{"ec2:DescribeRegions", "ec2:DescribeInstances"}, Resource: "*"}
	if s.Spend > 0 {
		n.Actions = append(n.Actions, "ce:GetCostAndUsage")
	}
	return []cloud.Need{n}
}

const maxEvidence = 8 // lines

func (l *link) Prove(ctx context.Context) chain.Proof {
	u, err := l.client.Usage(ctx, cloud.Access{Profile: l.settings.Profile, Region: l.settings.Region}, cloud.Look{Spend: l.settings.Spend > 0})
	if err != nil {
		return cloud.Failed(ctx, err)
	}
	var strange []string
	for _, m := range u.Machines {
		if !l.known[m.ID] {
			strange = append(strange, cloud.Line(m.ID, m.Region, m.Type, m.State, m.Name))
		}
	}
	spend := strconv.FormatFloat(u.Spend, 'f', 2, 64) + " " + u.Unit
	bound := strconv.FormatFloat(l.settings.Spend, 'f', -1, 64)
	var p chain.Proof
	switch {
	case len(strange) > 0:
		p = chain.Broke("strange_instance", chain.Say("aws.usage_strange", "n", len(strange), "first", strange[0]), chain.Say("aws.usage_strange_hint", "link", l.name))
		p.Evidence = strange[:min(len(strange), maxEvidence)]
	case l.settings.Spend > 0 && u.Spend > l.settings.Spend:
		p = chain.Broke("spend", chain.Say("aws.usage_over", "spend", spend, "bound", bound), chain.Say("aws.usage_over_hint"))
	default:
		p = chain.Held(chain.Say("aws.usage_holds", "n", len(u.Machines), "regions", u.Regions))
	}
	p.Figures = []chain.Figure{{Name: "instances", Value: float64(len(u.Machines))}}
	if l.settings.Spend > 0 {
		p.Figures = append(p.Figures, chain.Figure{Name: "spend", Value: u.Spend})
	}
	return p
}
