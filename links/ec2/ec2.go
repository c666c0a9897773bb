// Package ec2 is the kind "ec2": AWS's own checks of an instance pass; one that hangs is
// rebooted.
package ec2

import (
	"context"
	"errors"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
)

type settings struct {
	Profile  string        `yaml:"profile" doc:"the profile of AWS's configuration, else its default or the instance's role"`
	Region   string        `yaml:"region" doc:"the region, such as ap-northeast-1, else that of the profile or the instance"`
	Instance string        `yaml:"instance" doc:"the instance's id, or self for the one that the guard runs on"`
	After    time.Duration `yaml:"reboot_after" doc:"for how long the check of the instance must have failed before it is rebooted"`
}

const example = `instance: i-0123456789abcdef0
region: ap-northeast-1
reboot_after: 10m
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("ec2", example, settings{After: 10 * time.Minute}, func(s settings, at chain.Place) (chain.Prover, error) {
		return build(s, at, cloud.Client{})
	})
	k.Beat, k.Timeout = "1m", "30s"
	k.Aside = true
	return k
}

func build(s settings, at chain.Place, c cloud.Client) (*link, error) {
	var bad []error
	if !cloud.IsInstance(s.Instance) {
		bad = append(bad, cloud.WrongField("instance", "aws.bad_instance"))
	}
	if s.After < 3*time.Minute || s.After > 24*time.Hour {
		bad = append(bad, cloud.WrongField("reboot_after", "aws.ec2_after"))
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
	_ chain.Doer   = (*link)(nil)
	_ cloud.Needer = (*settings)(nil)
)

func (s *settings) access() cloud.Access { return cloud.Access{Profile: s.Profile, Region: s.Region} }

// CloudNeeds are to look, and to reboot this instance alone.
func (s *settings) CloudNeeds() []cloud.Need {
	arn := "arn:aws:ec2:*:*:instance/" + s.Instance
	if s.Instance == "self" {
		arn = "arn:aws:ec2:*:*:instance/*"
	}
	return []cloud.Need{
		{Actions: []string{"ec2:DescribeInstanceStatus"}, Resource: "*"},
		{Actions: []string{"ec2:RebootInstances"}, Resource: arn},
	}
}

// impaired is the figure that says for how long the check has failed.
const impaired = "impaired"

func (l *link) Prove(ctx context.Context) chain.Proof {
	i, err := l.client.Instance(ctx, l.settings.access(), l.settings.Instance)
	if err != nil {
		return cloud.Failed(ctx, err, cloud.NotFound)
	}
	say := func(key string) chain.Text {
		return chain.Say(key, "instance", i.ID, "state", i.State, "region", i.Region, "system", i.System, "machine", i.Machine, "link", l.name)
	}
	switch {
	case i.State == "pending":
		return chain.Untried(say("aws.ec2_starting"), chain.Text{})
	case i.State != "running":
		return chain.Broke("not_running", say("aws.ec2_not_running"), say("aws.ec2_not_running_hint"))
	case i.System == "impaired":
		return chain.Broke("host_impaired", say("aws.ec2_host"), say("aws.ec2_host_hint"))
	case i.Machine == "impaired":
		p := chain.Broke("machine_impaired", say("aws.ec2_machine"), say("aws.ec2_machine_hint"))
		if !i.Since.IsZero() {
			p.Evidence = []string{"impaired since " + i.Since.UTC().Format(time.RFC3339)}
			p.Figures = []chain.Figure{{Name: impaired, Value: max(0, time.Since(i.Since).Seconds()), Unit: "s"}}
		}
		return p
	case i.System == "ok" && i.Machine == "ok":
		return chain.Held(say("aws.ec2_holds"))
	}
	return chain.Untried(say("aws.ec2_unknown"), chain.Text{})
}

// Service is none of hands'.
func (l *link) Service() string { return "" }

// Plan reboots a machine whose own check has failed for long enough: not one whose host
// is ill, which AWS or a stop and start must move, nor one that somebody has stopped.
func (l *link) Plan(p chain.Proof, _ chain.Evidence) chain.Plan {
	plan := cloud.Plan(p)
	if p.Cause != "machine_impaired" {
		return plan
	}
	for _, f := range p.Figures {
		if f.Name == impaired && f.Value >= l.settings.After.Seconds() {
			plan.Deeds = []chain.Deed{{Verb: chain.Reboot, Service: l.settings.Instance}}
		}
	}
	if len(plan.Deeds) == 0 {
		plan.Next = chain.Say("aws.ec2_wait", "after", l.settings.After, "link", l.name)
	}
	return plan
}

func (l *link) Do(ctx context.Context, d chain.Deed) error {
	return l.client.Reboot(ctx, l.settings.access(), d.Service)
}
