package awsssm

import (
	"fmt"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/aws"
	"github.com/omamori-guard/omamori/aws/awstest"
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
)

var client = cloud.Client{Run: aws.Do}

func TestProve(t *testing.T) {
	const id = "i-0123456789abcdef0"
	now := time.Now()
	for _, x := range []struct {
		name  string
		is    awstest.Instance
		cause string
	}{
		{"answers", awstest.Instance{Profile: "blog", Agent: "Online", Pinged: now}, ""},
		{"stopped", awstest.Instance{Profile: "blog", State: "stopped"}, "not_running"},
		{"no role", awstest.Instance{}, "no_role"},
		{"no agent", awstest.Instance{Profile: "blog"}, "no_agent"},
		{"lost", awstest.Instance{Profile: "blog", Agent: "ConnectionLost", Pinged: now.Add(-time.Hour)}, "agent_lost"},
		{"said to be online, but silent", awstest.Instance{Profile: "blog", Agent: "Online", Pinged: now.Add(-time.Hour)}, "agent_lost"},
	} {
		c := awstest.New(t)
		s := settings{Instance: id}
		c.Use(t, c.AddUser("guard", awstest.Printed(t)(cloud.Policy(s.CloudNeeds()))))
		x.is.ID = id
		c.AddInstance(x.is)
		l, err := build(s, client)
		if err != nil {
			t.Fatal(err)
		}
		if p := l.Prove(t.Context()); p.Cause != x.cause || (p.Verdict == chain.Holds) != (x.cause == "") {
			t.Errorf("%s: %+v", x.name, p)
		}
		if l, err = build(settings{Instance: "i-0123456789abcdef1"}, client); err != nil {
			t.Fatal(err)
		}
		if p := l.Prove(t.Context()); p.Verdict != chain.Broken || p.Cause != "not_found" {
			t.Errorf("another: %+v", p)
		}
	}
}

// The policy that is printed is enough, and nothing of it can be left out.
func TestPolicy(t *testing.T) {
	s := settings{Instance: "i-0123456789abcdef0"}
	awstest.Exact(t, awstest.Printed(t)(cloud.Policy(s.CloudNeeds())), func(policy awstest.Policy) error {
		c := awstest.New(t)
		c.Use(t, c.AddUser("guard", policy))
		c.AddInstance(awstest.Instance{ID: s.Instance, Profile: "blog", Agent: "Online", Pinged: time.Now()})
		l, err := build(s, client)
		if err != nil {
			t.Fatal(err)
		}
		p := l.Prove(t.Context())
		switch p.Verdict {
		case chain.Holds:
			return nil
		case chain.Broken:
			t.Errorf("what may not be seen is broken: %+v", p)
		}
		return fmt.Errorf("%+v", p)
	})
}
