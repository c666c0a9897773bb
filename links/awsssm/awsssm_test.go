package awsssm

import (
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
	}
}
