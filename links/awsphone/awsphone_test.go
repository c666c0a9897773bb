package awsphone

import (
	"testing"

	"github.com/omamori-guard/omamori/aws"
	"github.com/omamori-guard/omamori/aws/awstest"
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
)

var client = cloud.Client{Run: aws.Do}

func TestCheck(t *testing.T) {
	c := awstest.New(t)
	s := settings{}
	c.Use(t, c.AddUser("owner", awstest.Printed(t)(cloud.Policy(s.CloudNeeds()))))
	l := build(s, chain.Place{Link: "phone"}, client)
	said := func(typed string) string {
		_, err := l.Check(t.Context(), typed)
		text, _, _ := chain.Spoken(err)
		return text.Key
	}
	if got := said("hello"); got != "aws.phone_no_code" {
		t.Error(got)
	}
	if got := said("Send"); got != "aws.phone_sent" || c.Contact().Code == "" {
		t.Error(got)
	}
	sms := c.Contact().Code
	if got := said("send"); got != "aws.phone_soon" || c.Contact().Code != sms {
		t.Errorf("%s: a second SMS makes the first void", got)
	}
	if p, err := l.Check(t.Context(), "999999"); err != nil || p.Cause != "wrong_sms" {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err := l.Check(t.Context(), sms); err != nil || p.Verdict != chain.Holds || !c.Contact().Verified {
		t.Errorf("%+v, %v", p, err)
	}
}

// The policy that is printed is enough, and nothing of it can be left out. What AWS has
// not looked at is no wrong code.
func TestPolicy(t *testing.T) {
	s := settings{}
	awstest.Exact(t, awstest.Printed(t)(cloud.Policy(s.CloudNeeds())), func(policy awstest.Policy) error {
		c := awstest.New(t)
		c.Use(t, c.AddUser("owner", policy))
		l := build(s, chain.Place{Link: "phone"}, client)
		_, err := l.Check(t.Context(), "send")
		if text, _, _ := chain.Spoken(err); text.Key != "aws.phone_sent" {
			return err
		}
		p, err := l.Check(t.Context(), c.Contact().Code)
		if p.Verdict == chain.Broken {
			t.Errorf("%+v", p)
		}
		return err
	})
}
