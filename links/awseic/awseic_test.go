package awseic

import (
	"testing"

	"github.com/omamori-guard/omamori/aws"
	"github.com/omamori-guard/omamori/aws/awstest"
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
)

var client = cloud.Client{Run: aws.Do}

// The policy is for one user of one instance, and the key that is pushed opens nothing.
func TestProve(t *testing.T) {
	const id = "i-0123456789abcdef0"
	c := awstest.New(t)
	s := settings{Instance: id, User: "admin"}
	c.Use(t, c.AddUser("guard", awstest.Printed(t)(cloud.Policy(s.CloudNeeds()))))
	c.AddInstance(awstest.Instance{ID: id})
	prove := func(s settings) chain.Proof {
		l, err := build(s, client)
		if err != nil {
			t.Fatal(err)
		}
		return l.Prove(t.Context())
	}
	if p := prove(s); p.Verdict != chain.Holds || len(c.PushedKeys()) != 1 {
		t.Errorf("%+v", p)
	}
	if p := prove(settings{Instance: id, User: "root"}); p.Verdict != chain.Unproven || p.Because.Args["permission"] != "ec2-instance-connect:SendSSHPublicKey" || len(c.PushedKeys()) != 1 {
		t.Errorf("%+v", p)
	}
	other := settings{Instance: "i-0123456789abcdef1", User: "admin"}
	c.Use(t, c.AddUser("owner", awstest.Allow("*")))
	if p := prove(other); p.Verdict != chain.Broken || p.Cause != "not_found" {
		t.Errorf("%+v", p)
	}
	c.Change(id, func(i *awstest.Instance) { i.State = "stopped" })
	if p := prove(s); p.Verdict != chain.Unproven {
		t.Errorf("%+v", p)
	}
}
