package awscontact

import (
	"fmt"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/aws"
	"github.com/omamori-guard/omamori/aws/awstest"
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
)

var client = cloud.Client{Run: aws.Do}

func TestProve(t *testing.T) {
	for _, x := range []struct {
		name   string
		change func(*awstest.Contact, *awstest.User)
		cause  string
	}{
		{"well", func(*awstest.Contact, *awstest.User) {}, ""},
		{"another phone", func(c *awstest.Contact, _ *awstest.User) { c.Phone = "+81 3 9999 9999" }, "other_phone"},
		{"no phone", func(c *awstest.Contact, _ *awstest.User) { c.Phone = "" }, "other_phone"},
		{"another address", func(c *awstest.Contact, _ *awstest.User) {
			c.Others["SECURITY"] = awstest.Alternate{EmailAddress: "thief@example.com"}
		}, "other_email"},
		{"no contact", func(c *awstest.Contact, _ *awstest.User) { delete(c.Others, "SECURITY") }, "no_contact"},
		{"may not change it", func(_ *awstest.Contact, u *awstest.User) {
			u.Policies = []awstest.Policy{awstest.Allow("account:Get*", "iam:SimulatePrincipalPolicy")}
		}, "no_permission"},
	} {
		c := awstest.New(t)
		s := settings{Phone: "03-1234-5678", Emails: map[string]string{"security": "Owner@example.jp"}, Change: true}
		u := c.AddUser("owner", awstest.Printed(t)(cloud.Policy(s.CloudNeeds())))
		c.Use(t, u)
		is := awstest.Contact{Phone: "+81312345678", Others: map[string]awstest.Alternate{"SECURITY": {EmailAddress: "owner@example.jp"}}}
		x.change(&is, u)
		c.SetContact(is)
		l, err := build(s, client)
		if err != nil {
			t.Fatal(err)
		}
		p := l.Prove(t.Context())
		if p.Cause != x.cause || (p.Verdict == chain.Holds) != (x.cause == "") {
			t.Errorf("%s: %+v", x.name, p)
		}
		if said := fmt.Sprint(p); strings.Contains(said, "1234") || strings.Contains(said, "9999") || strings.Contains(said, "example") {
			t.Errorf("%s: shows %s", x.name, said)
		}
	}
}

func TestSamePhone(t *testing.T) {
	for _, x := range []struct {
		a, b string
		want bool
	}{
		{"+81 3 1234 5678", "+81312345678", true}, {"03-1234-5678", "+81 3 1234 5678", true}, {"+81312345678", "0312345678", true},
		{"+81312345679", "0312345678", false}, {"", "0312345678", false}, {"12345678", "+81312345678", false}, {"0", "+810", false},
	} {
		if got := samePhone(x.a, x.b); got != x.want {
			t.Errorf("%s, %s: %v", x.a, x.b, got)
		}
	}
}

// The policy that is printed is enough, and nothing of it can be left out.
func TestPolicy(t *testing.T) {
	for _, change := range []bool{true, false} {
		s := settings{Phone: "03-1234-5678", Change: change}
		awstest.Exact(t, awstest.Printed(t)(cloud.Policy(s.CloudNeeds())), func(p awstest.Policy) error {
			c := awstest.New(t)
			c.Use(t, c.AddUser("owner", p))
			c.SetContact(awstest.Contact{Phone: "+81312345678"})
			l, err := build(s, client)
			if err != nil {
				t.Fatal(err)
			}
			if p := l.Prove(t.Context()); p.Verdict != chain.Holds {
				return fmt.Errorf("change %v: %+v", change, p)
			}
			return nil
		})
	}
}
