package awsdevices

import (
	"testing"

	"github.com/omamori-guard/omamori/aws"
	"github.com/omamori-guard/omamori/aws/awstest"
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
)

var client = cloud.Client{Run: aws.Do}

func TestProve(t *testing.T) {
	const serial = "arn:aws:iam::123456789012:mfa/phone"
	for _, x := range []struct {
		name   string
		change func(*awstest.Cloud, *awstest.User, *settings)
		cause  string
	}{
		{"well", func(*awstest.Cloud, *awstest.User, *settings) {}, ""},
		{"a passkey counts", func(c *awstest.Cloud, u *awstest.User, s *settings) { c.AddPasskey(u, "key"); s.Least = 2 }, ""},
		{"too few", func(_ *awstest.Cloud, _ *awstest.User, s *settings) { s.Least = 2 }, "few_devices"},
		{"root has none", func(c *awstest.Cloud, _ *awstest.User, _ *settings) { c.SetSummary("AccountMFAEnabled", 0) }, "no_root_mfa"},
		{"another", func(_ *awstest.Cloud, _ *awstest.User, s *settings) { s.Serials = []string{serial + "2"} }, "device_gone"},
		{"an administrator", func(_ *awstest.Cloud, u *awstest.User, s *settings) {
			s.Mend = true
			u.Policies = []awstest.Policy{awstest.Allow("iam:*")}
		}, ""},
		{"no administrator", func(_ *awstest.Cloud, u *awstest.User, s *settings) {
			s.Mend = true
			u.Policies = []awstest.Policy{awstest.Allow(s.CloudNeeds()[0].Actions...)}
		}, "no_permission"},
	} {
		c := awstest.New(t)
		s := settings{Least: 1, Root: true, Serials: []string{serial}}
		u := c.AddUser("owner", awstest.Allow(s.CloudNeeds()[0].Actions...))
		c.Use(t, u)
		c.AddDevice(u, "phone", "s")
		x.change(c, u, &s)
		l, err := build(s, chain.Place{Link: "devices"}, client)
		if err != nil {
			t.Fatal(err)
		}
		if p := l.Prove(t.Context()); p.Cause != x.cause || (p.Verdict == chain.Holds) != (x.cause == "") {
			t.Errorf("%s: %+v", x.name, p)
		}
	}
}
