// Package awslb is the kind "aws-lb": a load balancer of AWS answers at its ports and
// has healthy targets.
package awslb

import (
	"context"
	"errors"
	"strconv"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
)

type settings struct {
	Profile  string   `yaml:"profile" doc:"the profile of AWS's configuration, else its default or the instance's role"`
	Region   string   `yaml:"region" doc:"the region, such as ap-northeast-1, else that of the profile or the instance"`
	Balancer string   `yaml:"load_balancer" doc:"the load balancer's name, or its ARN"`
	Ports    []uint16 `yaml:"ports" doc:"the ports at which it must listen"`
	Least    int      `yaml:"least" doc:"how many of its targets must be healthy"`
}

const example = `load_balancer: blog
region: ap-northeast-1
ports: [443]
least: 1
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("aws-lb", example, settings{Least: 1}, func(s settings, at chain.Place) (chain.Prover, error) {
		return build(s, at, cloud.Client{})
	})
	k.Beat, k.Timeout = "1m", "30s"
	k.Aside = true
	return k
}

func build(s settings, at chain.Place, c cloud.Client) (*link, error) {
	var bad []error
	if s.Balancer == "" {
		bad = append(bad, cloud.WrongField("load_balancer", "aws.lb_no_name"))
	}
	if s.Least < 1 || s.Least > 1000 {
		bad = append(bad, cloud.WrongField("least", "aws.lb_least"))
	}
	if len(bad) > 0 {
		return nil, errors.Join(bad...)
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

// CloudNeeds are to look.
func (s *settings) CloudNeeds() []cloud.Need {
	return []cloud.Need{{Resource: "*", Actions: []string{
		"elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeTargetGroups",
		"elasticloadbalancing:DescribeTargetHealth", "elasticloadbalancing:DescribeInstanceHealth",
	}}}
}

const maxEvidence = 8 // lines

func (l *link) Prove(ctx context.Context) chain.Proof {
	b, err := l.client.Balancer(ctx, cloud.Access{Profile: l.settings.Profile, Region: l.settings.Region}, l.settings.Balancer)
	if err != nil {
		return cloud.Failed(ctx, err, cloud.NotFound)
	}
	well := 0
	var ill []string
	for _, t := range b.Targets {
		if t.Well {
			well++
		} else {
			ill = append(ill, cloud.Line(t.ID, t.Says))
		}
	}
	say := func(key string, port string) chain.Text {
		return chain.Say(key, "name", b.Name, "state", b.State, "port", port, "well", well, "all", len(b.Targets), "least", l.settings.Least, "link", l.name)
	}
	p := chain.Held(say("aws.lb_holds", ""))
	for _, port := range l.settings.Ports {
		if !listens(b, port) {
			p = chain.Broke("no_listener", say("aws.lb_no_listener", strconv.Itoa(int(port))), say("aws.lb_no_listener_hint", strconv.Itoa(int(port))))
		}
	}
	switch {
	case b.State == "provisioning":
		p = chain.Untried(say("aws.lb_starting", ""), chain.Text{})
	case b.State != "active" && b.State != "active_impaired":
		p = chain.Broke("not_active", say("aws.lb_state", ""), say("aws.lb_state_hint", ""))
	case well < l.settings.Least:
		p = chain.Broke("unhealthy", say("aws.lb_unhealthy", ""), say("aws.lb_unhealthy_hint", ""))
	}
	p.Evidence = ill[:min(len(ill), maxEvidence)]
	p.Figures = []chain.Figure{{Name: "healthy", Value: float64(well)}, {Name: "targets", Value: float64(len(b.Targets))}}
	return p
}

func listens(b cloud.Balancer, port uint16) bool {
	for _, x := range b.Listeners {
		if x.Port == int(port) {
			return true
		}
	}
	return false
}
