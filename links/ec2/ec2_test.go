package ec2

import (
	"testing"
	"time"

	"github.com/omamori-guard/omamori/aws"
	"github.com/omamori-guard/omamori/aws/awstest"
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
)

var client = cloud.Client{Run: aws.Do}

func TestProveAndPlan(t *testing.T) {
	const id = "i-0123456789abcdef0"
	for _, x := range []struct {
		name    string
		is      awstest.Instance
		verdict chain.Verdict
		cause   string
		deeds   int
	}{
		{"well", awstest.Instance{}, chain.Holds, "", 0},
		{"stopped", awstest.Instance{State: "stopped"}, chain.Broken, "not_running", 0},
		{"starting", awstest.Instance{State: "pending"}, chain.Unproven, "", 0},
		{"initializing", awstest.Instance{Machine: "initializing"}, chain.Unproven, "", 0},
		{"its host is ill", awstest.Instance{System: "impaired", Since: time.Now().Add(-time.Hour)}, chain.Broken, "host_impaired", 0},
		{"it hangs since a moment", awstest.Instance{Machine: "impaired", Since: time.Now().Add(-time.Minute)}, chain.Broken, "machine_impaired", 0},
		{"it hangs", awstest.Instance{Machine: "impaired", Since: time.Now().Add(-time.Hour)}, chain.Broken, "machine_impaired", 1},
		{"it hangs, nobody knows since when", awstest.Instance{Machine: "impaired"}, chain.Broken, "machine_impaired", 0},
	} {
		c := awstest.New(t)
		s := settings{Instance: id, After: 10 * time.Minute}
		c.Use(t, c.AddUser("guard", awstest.Printed(t)(cloud.Policy(s.CloudNeeds()))))
		x.is.ID = id
		c.AddInstance(x.is)
		l, err := build(s, chain.Place{Link: "machine"}, client)
		if err != nil {
			t.Fatal(err)
		}
		p := l.Prove(t.Context())
		if p.Verdict != x.verdict || p.Cause != x.cause {
			t.Errorf("%s: %+v", x.name, p)
		}
		if p.Verdict != chain.Broken {
			continue
		}
		plan := l.Plan(p, chain.Evidence{})
		if len(plan.Deeds) != x.deeds || x.deeds == 0 && plan.Next.IsZero() {
			t.Errorf("%s: %+v", x.name, plan)
		}
		for _, d := range plan.Deeds {
			if err := l.Do(t.Context(), d); err != nil || c.Instance(id).Reboots != 1 {
				t.Errorf("%s: %v", x.name, err)
			}
		}
	}
	c := awstest.New(t)
	c.Use(t, c.AddUser("owner", awstest.Allow("*")))
	l, err := build(settings{Instance: id, After: time.Hour}, chain.Place{}, client)
	if err != nil {
		t.Fatal(err)
	}
	if p := l.Prove(t.Context()); p.Cause != "not_found" {
		t.Errorf("%+v", p)
	}
}
