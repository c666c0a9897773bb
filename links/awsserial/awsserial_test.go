package awsserial

import (
	"testing"

	"github.com/omamori-guard/omamori/aws"
	"github.com/omamori-guard/omamori/aws/awstest"
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
)

var client = cloud.Client{Run: aws.Do}

func TestProve(t *testing.T) {
	c := awstest.New(t)
	s := settings{Region: "eu-west-1"}
	c.Use(t, c.AddUser("guard", awstest.Printed(t)(cloud.Policy(s.CloudNeeds()))))
	l := build(s, client)
	if p := l.Prove(t.Context()); p.Cause != "switched_off" {
		t.Errorf("%+v", p)
	}
	c.SetSerialConsole(awstest.Home, true) // which is another region
	if p := l.Prove(t.Context()); p.Cause != "switched_off" {
		t.Errorf("%+v", p)
	}
	c.SetSerialConsole("eu-west-1", true)
	if p := l.Prove(t.Context()); p.Verdict != chain.Holds {
		t.Errorf("%+v", p)
	}
	c.Use(t, c.AddUser("nobody"))
	if p := l.Prove(t.Context()); p.Verdict != chain.Unproven || p.Because.Args["permission"] != "ec2:GetSerialConsoleAccessStatus" {
		t.Errorf("%+v", p)
	}
}
