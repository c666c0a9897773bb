// Package awsssm is the kind "aws-ssm": Session Manager can give a shell on an instance,
// because its agent there answers.
package awsssm

import (
	"context"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
)

type settings struct {
	Profile  string `yaml:"profile" doc:"the profile of AWS's configuration, else its default or the instance's role"`
	Region   string `yaml:"region" doc:"the region, such as ap-northeast-1, else that of the profile or the instance"`
	Instance string `yaml:"instance" doc:"the instance's id, or self for the one that the guard runs on"`
}

const example = `instance: i-0123456789abcdef0
region: ap-northeast-1
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("aws-ssm", example, settings{}, func(s settings, _ chain.Place) (chain.Prover, error) {
		return build(s, cloud.Client{})
	})
	k.Beat, k.Timeout = "5m", "30s"
	k.Aside = true
	return k
}

func build(s settings, c cloud.Client) (*link, error) {
	if !cloud.IsInstance(s.Instance) {
		return nil, cloud.WrongField("instance", "aws.bad_instance")
	}
	return &link{c, s}, nil
}

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
	return []cloud.Need{{Actions: []string{"ec2:DescribeInstances", "ssm:DescribeInstanceInformation"}, Resource: "*"}}
}

// quiet is how long an agent may not have been heard: it reports every five minutes.
const quiet = 15 * time.Minute

func (l *link) Prove(ctx context.Context) chain.Proof {
	a, err := l.client.Agent(ctx, cloud.Access{Profile: l.settings.Profile, Region: l.settings.Region}, l.settings.Instance)
	if err != nil {
		return cloud.Failed(ctx, err, cloud.NotFound)
	}
	id := a.Instance.ID
	say := func(key string) chain.Text {
		return chain.Say(key, "instance", id, "state", a.Instance.State, "pinged", a.Pinged, "status", a.Status)
	}
	switch {
	case a.Instance.State != "running":
		return chain.Broke("not_running", say("aws.ssm_not_running"), say("aws.ssm_not_running_hint"))
	case a.Status == "" && a.Instance.Profile == "":
		return chain.Broke("no_role", say("aws.ssm_no_role"), say("aws.ssm_no_role_hint"))
	case a.Status == "":
		return chain.Broke("no_agent", say("aws.ssm_no_agent"), say("aws.ssm_no_agent_hint"))
	case a.Status != "Online", time.Since(a.Pinged) > quiet:
		return chain.Broke("agent_lost", say("aws.ssm_lost"), say("aws.ssm_lost_hint"))
	}
	return chain.Held(say("aws.ssm_holds"))
}
