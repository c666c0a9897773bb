// Package awskey is the kind "aws-key": the access keys of a user are no older than they
// should be, and none lies about unused.
package awskey

import (
	"context"
	"errors"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
)

type settings struct {
	Profile string        `yaml:"profile" doc:"the profile of AWS's configuration, else its default or the instance's role"`
	Region  string        `yaml:"region" doc:"the region, such as ap-northeast-1, else that of the profile or the instance"`
	Oldest  time.Duration `yaml:"oldest" doc:"how old a key may be"`
	Idle    time.Duration `yaml:"idle" doc:"for how long an active key may lie unused"`
}

const day = 24 * time.Hour

const example = `profile: admin
region: ap-northeast-1
oldest: 365d
idle: 90d
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("aws-key", example, settings{Oldest: 365 * day, Idle: 90 * day}, func(s settings, _ chain.Place) (chain.Prover, error) {
		return build(s, cloud.Client{})
	})
	k.Beat, k.Timeout = "6h", "30s"
	return k
}

func build(s settings, c cloud.Client) (*link, error) {
	var bad []error
	if s.Oldest < day {
		bad = append(bad, cloud.WrongField("oldest", "aws.key_time"))
	}
	if s.Idle < day {
		bad = append(bad, cloud.WrongField("idle", "aws.key_time"))
	}
	if len(bad) > 0 {
		return nil, errors.Join(bad...)
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
	return []cloud.Need{{Actions: []string{"iam:ListAccessKeys", "iam:GetAccessKeyLastUsed"}, Resource: "*"}}
}

func (l *link) Prove(ctx context.Context) chain.Proof {
	k, err := l.client.Keys(ctx, cloud.Access{Profile: l.settings.Profile, Region: l.settings.Region})
	if err != nil {
		return cloud.Failed(ctx, err)
	}
	if len(k.Keys) == 0 {
		if k.Temporary {
			return chain.Held(chain.Say("aws.key_temporary"))
		}
		return chain.Untried(chain.Say("aws.key_none", "arn", k.ARN), chain.Text{})
	}
	now := time.Now()
	p := chain.Held(chain.Say("aws.key_holds", "n", len(k.Keys), "using", shown(k.Using)))
	oldest := time.Duration(0)
	for _, key := range k.Keys {
		if !key.Active {
			continue
		}
		age, idle := now.Sub(key.Created), now.Sub(key.Created)
		if !key.Used.IsZero() {
			idle = now.Sub(key.Used)
		}
		oldest = max(oldest, age)
		line := shown(key.ID) + " created " + key.Created.UTC().Format(time.DateOnly)
		if !key.Used.IsZero() {
			line += ", last used " + key.Used.UTC().Format(time.DateOnly) + " for " + key.By
		}
		if key.ID == k.Using {
			line += ", the one in use here"
		}
		p.Evidence = append(p.Evidence, line)
		say := func(name string) chain.Text {
			return chain.Say(name, "key", shown(key.ID), "age", age.Round(time.Hour), "idle", idle.Round(time.Hour), "oldest", l.settings.Oldest, "most", l.settings.Idle)
		}
		switch {
		case idle > l.settings.Idle && key.ID != k.Using:
			p.Verdict, p.Cause, p.Because, p.Hint = chain.Broken, "unused_key", say("aws.key_idle"), say("aws.key_idle_hint")
		case age > l.settings.Oldest && p.Verdict == chain.Holds:
			p.Verdict, p.Cause, p.Because, p.Hint = chain.Broken, "old_key", say("aws.key_old"), say("aws.key_old_hint")
		}
	}
	p.Evidence = p.Evidence[:min(len(p.Evidence), 8)]
	p.Figures = []chain.Figure{{Name: "oldest", Value: oldest.Seconds(), Unit: "s"}}
	return p
}

// shown is the end of a key's id, which tells it from others.
func shown(id string) string {
	if len(id) <= 8 {
		return id
	}
	return id[:4] + "…" + id[len(id)-4:]
}
