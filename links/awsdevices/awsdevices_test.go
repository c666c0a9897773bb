package awsdevices

import (
	"fmt"
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
			u.Policies = []awstest.Policy{awstest.Allow("iam:GetAccountSummary", "iam:ListMFADevices", "iam:SimulatePrincipalPolicy")}
		}, "no_permission"},
	} {
		c := awstest.New(t)
		s := settings{Least: 1, Root: true, Serials: []string{serial}}
		u := c.AddUser("owner", awstest.Printed(t)(cloud.Policy(s.CloudNeeds())))
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

// The policy that is printed is enough, and nothing of it can be left out.
func TestPolicy(t *testing.T) {
	for _, administrator := range []bool{true, false} {
		s := settings{Least: 1, Root: true, Mend: administrator}
		awstest.Exact(t, awstest.Printed(t)(cloud.Policy(s.CloudNeeds())), func(p awstest.Policy) error {
			c := awstest.New(t)
			u := c.AddUser("owner", p)
			c.Use(t, u)
			c.AddDevice(u, "phone", "s")
			l, err := build(s, chain.Place{}, client)
			if err != nil {
				t.Fatal(err)
			}
			if p := l.Prove(t.Context()); p.Verdict != chain.Holds {
				return fmt.Errorf("administrator %v: %+v", administrator, p)
			}
			return nil
		})
	}
}

// A role has no devices: whoever wants some of it has named the wrong profile.
func TestRole(t *testing.T) {
	for least, want := range []chain.Verdict{chain.Holds, chain.Unproven} {
		s := settings{Least: least, Root: true}
		c := awstest.New(t)
		c.AddInstance(awstest.Instance{ID: "i-0a"})
		c.Here("i-0a", &awstest.Role{Name: "guard", Policies: []awstest.Policy{awstest.Allow("iam:*")}})
		c.Use(t, nil)
		l, err := build(s, chain.Place{}, client)
		if err != nil {
			t.Fatal(err)
		}
		if p := l.Prove(t.Context()); p.Verdict != want {
			t.Errorf("least %d: %+v", least, p)
		}
	}
}
