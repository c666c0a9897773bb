// Package awseic is the kind "aws-eic": EC2 Instance Connect takes a key for a user of an
// instance.
package awseic

import (
	"context"
	"crypto/ed25519"
	"errors"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
)

type settings struct {
	Profile  string `yaml:"profile" doc:"the profile of AWS's configuration, else its default or the instance's role"`
	Region   string `yaml:"region" doc:"the region, such as ap-northeast-1, else that of the profile or the instance"`
	Instance string `yaml:"instance" doc:"the instance's id, or self for the one that the guard runs on"`
	User     string `yaml:"user" doc:"the user on the instance, such as admin or ec2-user"`
}

const example = `instance: i-0123456789abcdef0
region: ap-northeast-1
user: admin
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("aws-eic", example, settings{}, func(s settings, _ chain.Place) (chain.Prover, error) {
		return build(s, cloud.Client{})
	})
	k.Beat, k.Timeout = "1h", "30s"
	k.Aside = true
	return k
}

// userName reports whether s is a name that AWS takes for a user of an instance.
func userName(s string) bool {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
	return s != "" && len(s) <= 31 && strings.ContainsAny(s[:1], letters) && strings.Trim(s, letters+"0123456789@.-") == ""
}

func build(s settings, c cloud.Client) (*link, error) {
	var bad []error
	if !cloud.IsInstance(s.Instance) {
		bad = append(bad, cloud.WrongField("instance", "aws.bad_instance"))
	}
	if !userName(s.User) {
		bad = append(bad, cloud.WrongField("user", "aws.eic_bad_user"))
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

// CloudNeeds is to push a key for this user of this instance.
func (s *settings) CloudNeeds() []cloud.Need {
	arn := "arn:aws:ec2:*:*:instance/" + s.Instance
	if s.Instance == "self" {
		arn = "arn:aws:ec2:*:*:instance/*"
	}
	return []cloud.Need{{Actions: []string{"ec2-instance-connect:SendSSHPublicKey"}, Resource: arn, If: [3]string{"StringEquals", "ec2:osuser", s.User}}}
}

// Prove pushes a key whose private half nobody has: it is thrown away before AWS has
// answered. So it opens nothing, and all but the last step is tried.
func (l *link) Prove(ctx context.Context) chain.Proof {
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		return cloud.Failed(ctx, err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		return cloud.Failed(ctx, err)
	}
	access := cloud.Access{Profile: l.settings.Profile, Region: l.settings.Region}
	err = l.client.PushKey(ctx, access, cloud.PublicKey{
		Instance: l.settings.Instance, User: l.settings.User, Key: strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))),
	})
	if err != nil {
		return cloud.Failed(ctx, err, cloud.NotFound)
	}
	return chain.Held(chain.Say("aws.eic_holds", "instance", l.settings.Instance, "user", l.settings.User))
}
