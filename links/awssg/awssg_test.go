package awssg

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/aws"
	"github.com/omamori-guard/omamori/aws/awstest"
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
)

var client = cloud.Client{Run: aws.Do}

const sg = "sg-0123456789abcdef0"

// start makes a group with rules, and a link to it.
func start(t *testing.T, change func(*settings), rules ...awstest.Rule) (*awstest.Cloud, *link) {
	t.Helper()
	c := awstest.New(t)
	c.Use(t, c.AddUser("owner", awstest.Allow("ec2:*", "elasticloadbalancing:*")))
	c.AddGroup(awstest.Group{ID: sg, Rules: rules})
	s := settings{Group: sg, Ports: []uint16{22}, From: []string{"203.0.113.5"}, Also: []string{"198.51.100.0/24", "pl-0123456789abcdef0"}, Longest: time.Hour, Most: 2}
	if change != nil {
		change(&s)
	}
	l, err := build(s, chain.Place{Link: "door"}, client)
	if err != nil {
		t.Fatal(err)
	}
	return c, l
}

func ssh(source string) awstest.Rule {
	return awstest.Rule{Protocol: "tcp", From: 22, To: 22, Source: source}
}

func lease(from string, until time.Duration) awstest.Rule {
	r := ssh(from)
	now := time.Now()
	r.Description = cloud.Lease{ID: "0123456789abcdef", Since: now.Add(-10 * time.Hour), Until: now.Add(until)}.Describe()
	r.Tags = map[string]string{cloud.Tag: cloud.TagLease}
	return r
}

// at is a rule that has another port.
func at(port int, r awstest.Rule) awstest.Rule {
	r.From, r.To = port, port
	return r
}

func TestProve(t *testing.T) {
	me, web := ssh("203.0.113.5/32"), awstest.Rule{Protocol: "tcp", From: 443, To: 443, Source: "0.0.0.0/0"}
	for _, x := range []struct {
		name    string
		rules   []awstest.Rule
		verdict chain.Verdict
		cause   string
	}{
		{"mine alone", []awstest.Rule{me, web}, chain.Holds, ""},
		{"what may be besides", []awstest.Rule{me, ssh("198.51.100.7/32"), ssh("pl-0123456789abcdef0")}, chain.Holds, ""},
		{"gone", []awstest.Rule{web}, chain.Broken, "no_rule"},
		{"open to the world", []awstest.Rule{ssh("0.0.0.0/0")}, chain.Broken, "too_wide"},
		{"open to the world, IPv6", []awstest.Rule{me, ssh("::/0")}, chain.Broken, "too_wide"},
		{"all protocols", []awstest.Rule{me, {Protocol: "-1", Source: "0.0.0.0/0"}}, chain.Broken, "too_wide"},
		{"a range of ports", []awstest.Rule{me, {Protocol: "tcp", From: 0, To: 65535, Source: "192.0.2.1/32"}}, chain.Broken, "too_wide"},
		{"another group", []awstest.Rule{me, ssh("sg-00000000000000001")}, chain.Broken, "too_wide"},
		{"wider than what may be", []awstest.Rule{me, ssh("198.51.0.0/16")}, chain.Broken, "too_wide"},
		{"a lease", []awstest.Rule{me, lease("192.0.2.1/32", time.Hour)}, chain.Holds, ""},
		{"a lease that is just over", []awstest.Rule{me, lease("192.0.2.1/32", -time.Minute)}, chain.Holds, ""},
		{"a lease that is long over", []awstest.Rule{me, lease("192.0.2.1/32", -time.Hour)}, chain.Broken, "too_wide"},
		{"a lease at another port", []awstest.Rule{me, at(3306, lease("192.0.2.1/32", time.Hour))}, chain.Holds, ""},
		{"one that is just over", []awstest.Rule{me, at(3306, lease("192.0.2.1/32", -time.Minute))}, chain.Holds, ""},
		{"one that is long over", []awstest.Rule{me, at(3306, lease("192.0.2.1/32", -time.Hour))}, chain.Broken, "too_wide"},
		{"long over, from where one may be", []awstest.Rule{me, lease("198.51.100.7/32", -time.Hour)}, chain.Broken, "too_wide"},
		{"a lease made wide", []awstest.Rule{me, lease("0.0.0.0/0", time.Hour)}, chain.Broken, "too_wide"},
		{"a lease made wide, IPv6", []awstest.Rule{me, lease("::/0", time.Hour)}, chain.Broken, "too_wide"},
		{"a lease made a little wide", []awstest.Rule{me, lease("192.0.2.0/31", time.Hour)}, chain.Broken, "too_wide"},
		{"a lease made long", []awstest.Rule{me, lease("192.0.2.1/32", 70*365*24*time.Hour)}, chain.Broken, "too_wide"},
		{"a lease made a little long", []awstest.Rule{me, lease("192.0.2.1/32", time.Hour+10*time.Minute)}, chain.Broken, "too_wide"},
		{"a lease of somebody whose clock is fast", []awstest.Rule{me, lease("192.0.2.1/32", time.Hour+time.Minute)}, chain.Holds, ""},
	} {
		_, l := start(t, nil, x.rules...)
		if p := l.Prove(t.Context()); p.Verdict != x.verdict || p.Cause != x.cause {
			t.Errorf("%s: %+v", x.name, p)
		}
	}
}

// A missing rule is put back, and nothing else is touched.
func TestPutBack(t *testing.T) {
	theirs := ssh("198.51.100.7/32")
	c, l := start(t, nil, theirs)
	p := l.Prove(t.Context())
	plan := l.Plan(p, chain.Evidence{})
	if len(plan.Deeds) != 1 || plan.Deeds[0] != (chain.Deed{Verb: chain.PutBack, Service: sg}) {
		t.Fatalf("%+v", plan)
	}
	c.SetLag(1)
	if err := l.Do(t.Context(), plan.Deeds[0]); err != nil {
		t.Fatal(err)
	}
	rules := c.Rules(sg)
	if len(rules) != 2 || rules[0].ID == "" || rules[1].Source != "203.0.113.5/32" || rules[1].Tags[cloud.Tag] != cloud.TagKept {
		t.Errorf("%+v", rules)
	}
	if p := l.Prove(t.Context()); p.Verdict != chain.Holds {
		t.Errorf("%+v", p)
	}
	if _, err := client.End(t.Context(), cloud.Access{}, cloud.Which{Target: cloud.Target{Group: sg}, All: true}); err != nil || len(c.Rules(sg)) != 2 {
		t.Errorf("closing the door took what is kept: %v", err)
	}
	// What is too wide is not ours to take away.
	c.SetRules(sg, ssh("0.0.0.0/0"))
	if plan := l.Plan(l.Prove(t.Context()), chain.Evidence{}); len(plan.Deeds) > 0 || plan.Next.IsZero() {
		t.Errorf("%+v", plan)
	}
}

// Whoever finds a lease that is over ends it.
func TestChores(t *testing.T) {
	c, l := start(t, nil, ssh("203.0.113.5/32"), lease("192.0.2.1/32", -time.Second), lease("192.0.2.2/32", time.Hour))
	if l.Prove(t.Context()); len(l.Chores()) != 1 {
		t.Fatalf("%+v", l.Chores())
	}
	if err := l.Do(t.Context(), l.Chores()[0]); err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, r := range c.Rules(sg) {
		left = append(left, r.Source)
	}
	if l.Prove(t.Context()); !slices.Equal(left, []string{"203.0.113.5/32", "192.0.2.2/32"}) || l.Chores() != nil {
		t.Errorf("%v, %v", left, l.Chores())
	}
}

// A lease that somebody has made wide is told, and ends when it says; if it does not say
// that any more, it is his.
func TestWidened(t *testing.T) {
	his := lease("0.0.0.0/0", time.Hour)
	his.Description = "open for all"
	c, l := start(t, nil, ssh("203.0.113.5/32"), lease("0.0.0.0/0", time.Hour), his)
	if p := l.Prove(t.Context()); len(p.Evidence) != 2 || l.Chores() != nil {
		t.Errorf("%+v, %v", p, l.Chores())
	}
	expired := cloud.Which{Target: cloud.Target{Group: sg}, Expired: true}
	if got, err := client.End(t.Context(), cloud.Access{}, expired); err != nil || len(got.Rules) > 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := client.End(t.Context(), cloud.Access{}, cloud.Which{Target: cloud.Target{Group: sg}, All: true}); err != nil || len(got.Rules) != 1 || len(c.Rules(sg)) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	c.SetRules(sg, ssh("203.0.113.5/32"), lease("0.0.0.0/0", -time.Second), his)
	if l.Prove(t.Context()); len(l.Chores()) != 1 || l.Do(t.Context(), l.Chores()[0]) != nil {
		t.Fatalf("%+v", l.Chores())
	}
	if rules := c.Rules(sg); len(rules) != 2 || rules[1].Description != his.Description {
		t.Errorf("%+v", rules)
	}
}

// A lease in a group that was taken off the instance is not forgotten; what is in groups
// of others is none of ours.
func TestLeft(t *testing.T) {
	c, l := start(t, func(s *settings) { s.Group, s.Instance = "", "i-0a" })
	c.AddInstance(awstest.Instance{ID: "i-0a", Groups: []string{sg}})
	door := map[string]string{cloud.Tag: cloud.DoorTag}
	const old = "sg-00000000000000001"
	c.AddGroup(awstest.Group{ID: old, Tags: door, Rules: []awstest.Rule{ssh("0.0.0.0/0"), ssh("203.0.113.5/32"), lease("192.0.2.1/32", -time.Hour), lease("192.0.2.2/32", time.Hour)}})
	c.AddGroup(awstest.Group{ID: "sg-00000000000000002", Rules: []awstest.Rule{lease("192.0.2.1/32", -time.Hour)}})
	c.AddGroup(awstest.Group{ID: "sg-00000000000000003", Tags: door, VPC: "vpc-0b0b0b0b0b0b0b0b0", Rules: []awstest.Rule{lease("192.0.2.1/32", -time.Hour)}})
	p := l.Prove(t.Context())
	if p.Cause != "too_wide" || len(p.Evidence) != 1 || p.Because.Args["group"] != sg+", "+old {
		t.Errorf("%+v", p)
	}
	if all := l.Chores(); len(all) != 1 || all[0].Service != old || l.Do(t.Context(), all[0]) != nil || len(c.Rules(old)) != 3 {
		t.Errorf("%+v, %+v", all, c.Rules(old))
	}
	// That the old group lets the owner in is no help: it is the instance's that has to.
	p = l.Prove(t.Context())
	if plan := l.Plan(p, chain.Evidence{}); p.Cause != "no_rule" || len(plan.Deeds) != 1 || plan.Deeds[0].Service != sg {
		t.Errorf("%+v, %+v", p, plan)
	}
	c.SetRules(old, lease("203.0.113.5/32", -time.Minute)) // nor a lease there that is over
	p = l.Prove(t.Context())
	if plan := l.Plan(p, chain.Evidence{}); p.Cause != "no_rule" || len(plan.Deeds) != 1 || plan.Deeds[0].Service != sg {
		t.Errorf("%+v, %+v", p, plan)
	}
}

// What cannot be seen is not broken; what is not there is.
func TestErrors(t *testing.T) {
	c, l := start(t, nil)
	c.Throttle("DescribeSecurityGroupRules", 100)
	if p := l.Prove(t.Context()); p.Verdict != chain.Unproven || p.Because.Key != "cloud.err_throttled" {
		t.Errorf("%+v", p)
	}
	_, l = start(t, func(s *settings) { s.Group = "sg-00000000000000009" })
	if p := l.Prove(t.Context()); p.Verdict != chain.Broken || p.Cause != "not_found" {
		t.Errorf("%+v", p)
	}
	c, l = start(t, nil)
	c.Use(t, c.AddUser("nobody"))
	if p := l.Prove(t.Context()); p.Verdict != chain.Unproven || p.Because.Args["permission"] != "ec2:DescribeSecurityGroups" {
		t.Errorf("%+v", p)
	}
}

// A load balancer's group is kept like any other.
func TestBalancer(t *testing.T) {
	c, l := start(t, func(s *settings) { s.Group, s.Balancer = "", "front" })
	c.AddBalancer(awstest.Balancer{Name: "front", Type: "application", Groups: []string{sg}})
	plan := l.Plan(l.Prove(t.Context()), chain.Evidence{})
	if len(plan.Deeds) != 1 || l.Do(t.Context(), plan.Deeds[0]) != nil || len(c.Rules(sg)) != 1 {
		t.Errorf("%+v", plan)
	}
	access, wish := l.settings.CloudDoor()
	wish.From, wish.Last = netip.MustParsePrefix("192.0.2.1/32"), time.Minute
	if got, err := client.Open(t.Context(), access, wish); err != nil || got.Group != sg {
		t.Errorf("%+v, %v", got, err)
	}
}
