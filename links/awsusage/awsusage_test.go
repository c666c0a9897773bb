package awsusage

import (
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
			c.AddInstance(awstest.Instance{ID: "i-0b", Region: "us-east-1", Name: "miner\x1b[2J"})
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
		if p := l.Prove(t.Context()); p.Cause != x.cause || (p.Verdict == chain.Holds) != (x.cause == "") {
			t.Errorf("%s: %+v", x.name, p)
		}
	}
}
