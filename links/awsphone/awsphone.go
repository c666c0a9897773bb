// Package awsphone is the kind "aws-phone": the phone number that AWS has on file reaches
// the owner. AWS sends a code by SMS, and he types it.
package awsphone

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
)

type settings struct {
	Profile string `yaml:"profile" doc:"the profile of AWS's configuration, else its default or the instance's role"`
	Region  string `yaml:"region" doc:"the region, such as ap-northeast-1, else that of the profile or the instance"`
}

const example = `profile: admin
region: ap-northeast-1
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("aws-phone", example, settings{}, func(s settings, at chain.Place) (chain.Prover, error) {
		return build(s, at, cloud.Client{}), nil
	})
	k.Person = true
	return k
}

func build(s settings, at chain.Place, c cloud.Client) *link {
	return &link{client: c, settings: s, name: at.Link}
}

type link struct {
	client   cloud.Client
	settings settings
	name     string

	mu   sync.Mutex // protects the field below
	sent time.Time  // when the newest SMS was asked for
}

var (
	_ chain.Checker = (*link)(nil)
	_ cloud.Needer  = (*settings)(nil)
)

func (s *settings) access() cloud.Access { return cloud.Access{Profile: s.Profile, Region: s.Region} }

// CloudNeeds are to have the SMS sent, and to give its code back.
func (s *settings) CloudNeeds() []cloud.Need {
	return []cloud.Need{{Actions: []string{"account:SendPhoneNumberVerification", "account:VerifyPhoneNumber"}, Resource: "*"}}
}

// Ask says how the code is had.
func (l *link) Ask() chain.Text { return chain.Say("aws.phone_ask") }

// Prove never holds: the SMS comes to a person.
func (l *link) Prove(ctx context.Context) chain.Proof {
	if errors.Is(ctx.Err(), context.Canceled) {
		return chain.Untried(chain.Say("probe.cancelled"), chain.Text{})
	}
	return chain.Untried(chain.Say("aws.phone_person"), chain.Say("aws.phone_person_hint", "link", l.name))
}

// between is the shortest time between two SMS: a second one makes the first's code void.
const between = time.Minute

// Check has AWS send the SMS if "send" was typed, else it gives AWS the code.
func (l *link) Check(ctx context.Context, typed string) (chain.Proof, error) {
	typed = strings.Join(strings.Fields(typed), "")
	if strings.EqualFold(typed, "send") {
		return chain.Proof{}, l.send(ctx)
	}
	if len(typed) < 4 || len(typed) > 10 || strings.Trim(typed, "0123456789") != "" {
		return chain.Proof{}, &cloud.Problem{Text: chain.Say("aws.phone_no_code")}
	}
	if err := l.client.VerifyCode(ctx, l.settings.access(), typed); err != nil {
		p := cloud.Failed(ctx, err, cloud.WrongSMS)
		if p.Verdict == chain.Unproven {
			return p, err // AWS has not looked at it: what was proved before stands
		}
		return p, nil
	}
	return chain.Held(chain.Say("aws.phone_holds")), nil
}

// send is no answer yet, whether it worked or not.
func (l *link) send(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if wait := between - time.Since(l.sent); wait > 0 && !l.sent.IsZero() {
		return &cloud.Problem{Text: chain.Say("aws.phone_soon", "wait", wait.Round(time.Second))}
	}
	if err := l.client.SendCode(ctx, l.settings.access()); err != nil {
		return err
	}
	l.sent = time.Now()
	return &cloud.Problem{Text: chain.Say("aws.phone_sent")}
}
