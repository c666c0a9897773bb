package awskey

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/aws"
	"github.com/omamori-guard/omamori/aws/awstest"
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
)

var client = cloud.Client{Run: aws.Do}

func TestProve(t *testing.T) {
	for _, x := range []struct {
		name   string
		change func(*awstest.Cloud, *awstest.User)
		cause  string
	}{
		{"well", func(*awstest.Cloud, *awstest.User) {}, ""},
		{"old", func(c *awstest.Cloud, u *awstest.User) { c.AgeKey(u, 400*day, 0) }, "old_key"},
		{"another, unused", func(c *awstest.Cloud, u *awstest.User) { c.AddKey(u, 100*day) }, "unused_key"},
		{"another, new", func(c *awstest.Cloud, u *awstest.User) { c.AddKey(u, day) }, ""},
		{"another, unused, but stopped", func(c *awstest.Cloud, u *awstest.User) { c.StopKey(c.AddKey(u, 400*day)) }, ""},
		{"both", func(c *awstest.Cloud, u *awstest.User) { c.AgeKey(u, 400*day, 0); c.AddKey(u, 100*day) }, "unused_key"},
		{"may not look", func(_ *awstest.Cloud, u *awstest.User) { u.Policies = nil }, "?"},
	} {
		c := awstest.New(t)
		s := settings{Oldest: 365 * day, Idle: 90 * day}
		u := c.AddUser("owner", awstest.Printed(t)(cloud.Policy(s.CloudNeeds())))
		c.Use(t, u)
		x.change(c, u)
		l, err := build(s, client)
		if err != nil {
			t.Fatal(err)
		}
		p := l.Prove(t.Context())
		if x.cause == "?" {
			if p.Verdict != chain.Unproven {
				t.Errorf("%s: %+v", x.name, p)
			}
			continue
		}
		if p.Cause != x.cause || (p.Verdict == chain.Holds) != (x.cause == "") || strings.Count(fmt.Sprint(p.Evidence), "the one in use here") != 1 {
			t.Errorf("%s: %+v", x.name, p)
		}
		if strings.Contains(fmt.Sprint(p), u.KeyID) {
			t.Errorf("%s: shows the whole key: %+v", x.name, p)
		}
	}
	c := awstest.New(t) // an instance's role
	c.AddInstance(awstest.Instance{ID: "i-0a"})
	c.Here("i-0a", &awstest.Role{Name: "door"})
	c.Use(t, nil)
	l, err := build(settings{Oldest: time.Hour * 24, Idle: day}, client)
	if err != nil {
		t.Fatal(err)
	}
	if p := l.Prove(t.Context()); p.Verdict != chain.Holds {
		t.Errorf("%+v", p)
	}
}
