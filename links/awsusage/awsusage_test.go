package awsusage

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/aws"
	"github.com/omamori-guard/omamori/aws/awstest"
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
)

var client = cloud.Client{Run: aws.Do}

func TestProve(t *testing.T) {
	const mine = "i-0123456789abcdef0"
	for _, x := range []struct {
		name   string
		change func(*awstest.Cloud)
		cause  string
	}{
		{"well", func(*awstest.Cloud) {}, ""},
		{"a stranger's far away", func(c *awstest.Cloud) {
			c.AddInstance(awstest.Instance{ID: "i-0b", Region: "us-east-1", Name: "miner\u009b2J\u202e"})
		}, "strange_instance"},
		{"terminated", func(c *awstest.Cloud) { c.AddInstance(awstest.Instance{ID: "i-0b", State: "terminated"}) }, ""},
		{"dear", func(c *awstest.Cloud) { c.SetSpend(50.01) }, "spend"},
	} {
		c := awstest.New(t)
		s := settings{Instances: []string{mine}, Spend: 50}
		c.Use(t, c.AddUser("guard", awstest.Printed(t)(cloud.Policy(s.CloudNeeds()))))
		c.AddInstance(awstest.Instance{ID: mine})
		c.SetSpend(12)
		x.change(c)
		l, err := build(s, chain.Place{Link: "usage"}, client)
		if err != nil {
			t.Fatal(err)
		}
		p := l.Prove(t.Context())
		if p.Cause != x.cause || (p.Verdict == chain.Holds) != (x.cause == "") {
			t.Errorf("%s: %+v", x.name, p)
		}
		if strings.ContainsAny(fmt.Sprint(p), "\u009b\u202e") {
			t.Errorf("%s: a name reaches the terminal as it is: %+v", x.name, p)
		}
	}
}

// The policy that is printed is enough, and nothing of it can be left out. What costs a
// cent is asked only of whoever wants to know it.
func TestPolicy(t *testing.T) {
	for _, spend := range []float64{0, 50} {
		s := settings{Spend: spend}
		awstest.Exact(t, awstest.Printed(t)(cloud.Policy(s.CloudNeeds())), func(policy awstest.Policy) error {
			c := awstest.New(t)
			c.Use(t, c.AddUser("guard", policy))
			c.SetSpend(12)
			l, err := build(s, chain.Place{}, client)
			if err != nil {
				t.Fatal(err)
			}
			p := l.Prove(t.Context())
			if asked := slices.Contains(c.Calls(), "GetCostAndUsage"); asked && spend == 0 {
				t.Error("asked what it costs")
			}
			if p.Verdict != chain.Holds {
				return fmt.Errorf("spend %v: %+v", spend, p)
			}
			return nil
		})
	}
}
