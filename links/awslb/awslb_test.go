package awslb

import (
	"testing"

	"github.com/omamori-guard/omamori/aws"
	"github.com/omamori-guard/omamori/aws/awstest"
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
)

var client = cloud.Client{Run: aws.Do}

func TestProve(t *testing.T) {
	for _, x := range []struct {
		name    string
		change  func(*awstest.Balancer)
		verdict chain.Verdict
		cause   string
	}{
		{"well", func(*awstest.Balancer) {}, chain.Holds, ""},
		{"one is ill", func(b *awstest.Balancer) { b.Targets["i-0b"] = "unhealthy" }, chain.Holds, ""},
		{"all are ill", func(b *awstest.Balancer) { b.Targets = map[string]string{"i-0a": "unhealthy"} }, chain.Broken, "unhealthy"},
		{"no targets", func(b *awstest.Balancer) { b.Targets = nil }, chain.Broken, "unhealthy"},
		{"no listener", func(b *awstest.Balancer) { b.Listeners[0].Port = 80 }, chain.Broken, "no_listener"},
		{"failed", func(b *awstest.Balancer) { b.State = "failed" }, chain.Broken, "not_active"},
		{"being made", func(b *awstest.Balancer) { b.State = "provisioning" }, chain.Unproven, ""},
		{"classic", func(b *awstest.Balancer) { b.Type, b.Targets = "classic", map[string]string{"i-0a": "InService"} }, chain.Holds, ""},
		{"classic, ill", func(b *awstest.Balancer) { b.Type, b.Targets = "classic", map[string]string{"i-0a": "OutOfService"} }, chain.Broken, "unhealthy"},
		{"another", func(b *awstest.Balancer) { b.Name = "other" }, chain.Broken, "not_found"},
	} {
		c := awstest.New(t)
		s := settings{Balancer: "blog", Ports: []uint16{443}, Least: 1}
		c.Use(t, c.AddUser("guard", awstest.Printed(t)(cloud.Policy(s.CloudNeeds()))))
		b := awstest.Balancer{Name: "blog", Type: "application", Listeners: []awstest.Listener{{Protocol: "HTTPS", Port: 443}}, Targets: map[string]string{"i-0a": "healthy"}}
		x.change(&b)
		c.AddBalancer(b)
		l, err := build(s, chain.Place{Link: "lb"}, client)
		if err != nil {
			t.Fatal(err)
		}
		if p := l.Prove(t.Context()); p.Verdict != x.verdict || p.Cause != x.cause {
			t.Errorf("%s: %+v", x.name, p)
		}
	}
}
