package awslb

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
	for _, x := range []struct {
		name    string
		least   int
		change  func(*awstest.Balancer)
		verdict chain.Verdict
		cause   string
	}{
		{"well", 1, func(*awstest.Balancer) {}, chain.Holds, ""},
		{"one is ill", 1, func(b *awstest.Balancer) { b.Targets["i-0b"] = "unhealthy" }, chain.Holds, ""},
		{"all are ill", 1, func(b *awstest.Balancer) { b.Targets = map[string]string{"i-0a": "unhealthy"} }, chain.Broken, "unhealthy"},
		{"no targets", 1, func(b *awstest.Balancer) { b.Targets = nil }, chain.Broken, "unhealthy"},
		{"no listener", 1, func(b *awstest.Balancer) { b.Listeners[0].Port = 80 }, chain.Broken, "no_listener"},
		{"failed", 1, func(b *awstest.Balancer) { b.State = "failed" }, chain.Broken, "not_active"},
		{"being made", 1, func(b *awstest.Balancer) { b.State = "provisioning" }, chain.Unproven, ""},
		{"classic", 1, func(b *awstest.Balancer) { b.Type, b.Targets = "classic", map[string]string{"i-0a": "InService"} }, chain.Holds, ""},
		{"classic, ill", 1, func(b *awstest.Balancer) { b.Type, b.Targets = "classic", map[string]string{"i-0a": "OutOfService"} }, chain.Broken, "unhealthy"},
		{"another", 1, func(b *awstest.Balancer) { b.Name = "other" }, chain.Broken, "not_found"},
		{"one of two is too few", 2, func(b *awstest.Balancer) { b.Targets["i-0b"] = "unhealthy" }, chain.Broken, "unhealthy"},
		{"impaired, but there", 1, func(b *awstest.Balancer) { b.State = "active_impaired" }, chain.Holds, ""},
		{"classic, no listener", 1, func(b *awstest.Balancer) {
			b.Type, b.Targets, b.Listeners = "classic", map[string]string{"i-0a": "InService"}, nil
		}, chain.Broken, "no_listener"},
	} {
		c := awstest.New(t)
		s := settings{Balancer: "blog", Ports: []uint16{443}, Least: x.least}
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

// The policy that is printed is enough for all sorts, and nothing of it can be left out.
func TestPolicy(t *testing.T) {
	s := settings{Least: 1}
	awstest.Exact(t, awstest.Printed(t)(cloud.Policy(s.CloudNeeds())), func(policy awstest.Policy) error {
		c := awstest.New(t)
		c.Use(t, c.AddUser("guard", policy))
		c.AddBalancer(awstest.Balancer{Name: "application", Type: "application", Targets: map[string]string{"i-0a": "healthy"}})
		c.AddBalancer(awstest.Balancer{Name: "classic", Type: "classic", Targets: map[string]string{"i-0a": "InService"}})
		for _, name := range []string{"application", "classic"} {
			l, err := build(settings{Balancer: name, Least: 1}, chain.Place{}, client)
			if err != nil {
				t.Fatal(err)
			}
			if p := l.Prove(t.Context()); p.Verdict != chain.Holds {
				return fmt.Errorf("%s: %+v", name, p)
			}
		}
		return nil
	})
}
