package aws_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/aws"
	"github.com/omamori-guard/omamori/aws/awstest"
	"github.com/omamori-guard/omamori/cloud"
	"github.com/omamori-guard/omamori/words"
)

// client asks in this process what the program would be asked.
var client = cloud.Client{Run: aws.Do}

const (
	sg   = "sg-0123456789abcdef0"
	home = "203.0.113.5/32"
)

func wish(from string, ports ...uint16) cloud.Wish {
	return cloud.Wish{
		Target: cloud.Target{Group: sg}, From: netip.MustParsePrefix(from), Ports: ports,
		Last: time.Hour, Who: "naoki@example.jp", Longest: 8 * time.Hour, Most: 5,
	}
}

// start makes a cloud with a group, and us somebody who may do all that is named.
func start(t *testing.T, actions ...string) (*awstest.Cloud, *awstest.User) {
	t.Helper()
	c := awstest.New(t)
	if len(actions) == 0 {
		actions = []string{"*"}
	}
	u := c.AddUser("owner", awstest.Allow(actions...))
	c.Use(t, u)
	c.AddGroup(awstest.Group{ID: sg, Name: "blog", Rules: []awstest.Rule{
		{Protocol: "tcp", From: 443, To: 443, Source: "0.0.0.0/0", Description: "visitors"},
	}})
	return c, u
}

// code is why something failed, said in both languages.
func code(t *testing.T, err error) cloud.ErrorCode {
	t.Helper()
	if err == nil {
		return ""
	}
	var e *cloud.Error
	if !errors.As(err, &e) {
		t.Fatalf("%T: %v", err, err)
	}
	text, hint := e.Said()
	for _, lang := range words.Langs {
		for _, said := range []string{lang.Say(text), lang.Say(hint)} {
			if said == "" || strings.Contains(said, "cloud.err") || strings.Contains(said, "{") || strings.Contains(said, "  ") {
				t.Errorf("%s in %s: %q", e.Code, lang, said)
			}
		}
	}
	return e.Code
}

func TestLease(t *testing.T) {
	c, _ := start(t)
	c.SetLag(2)
	before := c.Rules(sg)
	got, err := client.Open(t.Context(), cloud.Access{}, wish(home, 22, 80))
	if err != nil {
		t.Fatal(err)
	}
	if !got.Seen || got.Renewed || got.Group != sg || len(got.Others) > 0 {
		t.Errorf("opened: %+v", got)
	}
	rules := c.Rules(sg)
	if len(rules) != 3 {
		t.Fatalf("rules: %+v", rules)
	}
	for _, r := range rules[1:] {
		l, ok := cloud.ReadDescription(r.Description)
		if !ok || l.ID != got.Lease.ID || l.Who != "naoki@example.jp" || r.Tags["omamori"] != "lease" || r.Source != home {
			t.Errorf("rule: %+v", r)
		}
	}
	// Renewed: the same lease, a later end, no more rules.
	w := wish(home, 22, 80)
	w.Last = 2 * time.Hour
	again, err := client.Open(t.Context(), cloud.Access{}, w)
	if err != nil || !again.Renewed || !again.Seen || again.Lease.ID != got.Lease.ID || !again.Lease.Until.After(got.Lease.Until) {
		t.Errorf("renewed: %+v, %v", again, err)
	}
	if n := len(c.Rules(sg)); n != 3 {
		t.Errorf("%d rules after a renewal", n)
	}
	// IPv6, beside it.
	six, err := client.Open(t.Context(), cloud.Access{}, wish("2001:db8::/64", 22))
	if err != nil || !six.Seen {
		t.Fatalf("IPv6: %+v, %v", six, err)
	}
	groups, err := client.Groups(t.Context(), cloud.Access{}, cloud.Target{Group: sg})
	if err != nil || len(groups) != 1 || groups[0].Name != "blog" || len(cloud.Leases(groups[0].Rules)) != 2 {
		t.Errorf("groups: %+v, %v", groups, err)
	}
	// Ended early: by its id; then all.
	ended, err := client.End(t.Context(), cloud.Access{}, cloud.Which{Target: cloud.Target{Group: sg}, ID: got.Lease.ID})
	if err != nil || !ended.Seen || len(ended.Rules) != 2 {
		t.Errorf("ended: %+v, %v", ended, err)
	}
	if ended, err = client.End(t.Context(), cloud.Access{}, cloud.Which{Target: cloud.Target{Group: sg}, All: true}); err != nil || len(ended.Rules) != 1 {
		t.Errorf("ended all: %+v, %v", ended, err)
	}
	if after := c.Rules(sg); !slices.EqualFunc(before, after, func(a, b awstest.Rule) bool { return a.ID == b.ID && a.Description == b.Description }) {
		t.Errorf("the group is not as it was: %+v", after)
	}
}

// A rule of somebody else that lets the same in is left alone, at the end too.
func TestOthersRule(t *testing.T) {
	c, _ := start(t)
	theirs := awstest.Rule{Protocol: "tcp", From: 22, To: 22, Source: home, Description: "terraform"}
	c.SetRules(sg, theirs)
	got, err := client.Open(t.Context(), cloud.Access{}, wish(home, 22))
	if err != nil || len(got.Others) != 1 || got.Lease.ID != "" || !got.Seen {
		t.Fatalf("opened: %+v, %v", got, err)
	}
	both, err := client.Open(t.Context(), cloud.Access{}, wish(home, 22, 80))
	if err != nil || len(both.Others) != 1 || both.Lease.ID == "" {
		t.Fatalf("opened: %+v, %v", both, err)
	}
	if _, err := client.End(t.Context(), cloud.Access{}, cloud.Which{Target: cloud.Target{Group: sg}, All: true}); err != nil {
		t.Fatal(err)
	}
	if rules := c.Rules(sg); len(rules) != 1 || rules[0].Description != "terraform" {
		t.Errorf("rules: %+v", rules)
	}
}

// Reads lag, so that the rule of somebody else does not show until AWS refuses a second.
func TestHiddenDuplicate(t *testing.T) {
	c, _ := start(t)
	c.SetLag(1)
	if _, err := client.Open(t.Context(), cloud.Access{}, wish("198.51.100.7/32", 22)); err != nil {
		t.Fatal(err)
	}
	before := c.Rules(sg)
	c.ShowNext(sg, 3)
	got, err := client.Open(t.Context(), cloud.Access{}, wish("198.51.100.7/32", 22))
	if err != nil || !got.Seen {
		t.Fatalf("opened: %+v, %v", got, err)
	}
	after := c.Rules(sg)
	if len(after) != 2 || after[1].ID != before[1].ID || after[1].Description != got.Lease.Describe() {
		t.Errorf("%+v; rules: %+v", got, after)
	}
}

// What is over is ended by whoever finds it, and what says no end any more too; nothing
// else is.
func TestExpired(t *testing.T) {
	c, _ := start(t)
	now := time.Now()
	said := func(from, until time.Duration) string {
		return cloud.Lease{ID: "0123456789abcdef", Since: now.Add(from), Until: now.Add(until), Who: "x"}.Describe()
	}
	ours := map[string]string{"omamori": "lease"}
	c.SetRules(sg,
		awstest.Rule{Protocol: "tcp", From: 22, To: 22, Source: "203.0.113.1/32", Description: said(-2*time.Hour, -time.Hour), Tags: ours},
		awstest.Rule{Protocol: "tcp", From: 22, To: 22, Source: "203.0.113.2/32", Description: said(-time.Hour, time.Hour), Tags: ours},
		awstest.Rule{Protocol: "tcp", From: 22, To: 22, Source: "203.0.113.3/32", Description: "edited by hand", Tags: ours},
		awstest.Rule{Protocol: "tcp", From: 22, To: 22, Source: "203.0.113.4/32", Description: said(-2*time.Hour, -time.Hour)}, // not tagged: not ours
		awstest.Rule{Protocol: "tcp", From: 22, To: 22, Source: "203.0.113.6/32", Description: "omamori: kept", Tags: map[string]string{"omamori": "kept"}},
	)
	ended, err := client.End(t.Context(), cloud.Access{}, cloud.Which{Target: cloud.Target{Group: sg}, Expired: true})
	if err != nil || len(ended.Rules) != 2 || !ended.Seen {
		t.Fatalf("ended: %+v, %v", ended, err)
	}
	var left []string
	for _, r := range c.Rules(sg) {
		left = append(left, r.Source)
	}
	if want := []string{"203.0.113.2/32", "203.0.113.4/32", "203.0.113.6/32"}; !slices.Equal(left, want) {
		t.Errorf("left: %v", left)
	}
	// An expired one whose rule another guard has just ended is no error.
	gone := awstest.Rule{ID: "sgr-1", Protocol: "tcp", From: 22, To: 22, Source: "203.0.113.1/32", Description: said(-2*time.Hour, -time.Hour), Tags: ours}
	there := gone
	there.ID, there.From, there.To = "", 80, 80
	c.SetRules(sg, there)
	c.ShowNext(sg, 1, append(c.Rules(sg), gone)...)
	if ended, err = client.End(t.Context(), cloud.Access{}, cloud.Which{Target: cloud.Target{Group: sg}, Expired: true}); err != nil || !ended.Seen || len(c.Rules(sg)) > 0 {
		t.Errorf("already gone: %+v, %v", ended, err)
	}
}

// What cannot be is said clearly, and changes nothing.
func TestRefused(t *testing.T) {
	var full []awstest.Rule
	for i := range 60 {
		full = append(full, awstest.Rule{Protocol: "tcp", From: 1000 + i, To: 1000 + i, Source: "192.0.2.0/24"})
	}
	access := cloud.Access{}
	for _, c := range []struct {
		name   string
		adjust func(*awstest.Cloud, *cloud.Wish, *cloud.Access)
		want   cloud.ErrorCode
	}{
		{"no such group", func(_ *awstest.Cloud, w *cloud.Wish, _ *cloud.Access) { w.Target.Group = "sg-0fedcba9876543210" }, cloud.NotFound},
		{"no group at all", func(_ *awstest.Cloud, w *cloud.Wish, _ *cloud.Access) { w.Target.Group = "blog" }, cloud.NotFound},
		{"in another region", func(_ *awstest.Cloud, _ *cloud.Wish, a *cloud.Access) { a.Region = "eu-west-1" }, cloud.NotFound},
		{"full", func(c *awstest.Cloud, _ *cloud.Wish, _ *cloud.Access) { c.SetRules(sg, full...) }, cloud.Full},
		{"throttled", func(c *awstest.Cloud, _ *cloud.Wish, _ *cloud.Access) {
			c.Throttle("AuthorizeSecurityGroupIngress", 100)
		}, cloud.Throttled},
		{"too wide", func(_ *awstest.Cloud, w *cloud.Wish, _ *cloud.Access) { w.From = netip.MustParsePrefix("0.0.0.0/0") }, cloud.TooWide},
		{"too wide, IPv6", func(_ *awstest.Cloud, w *cloud.Wish, _ *cloud.Access) { w.From = netip.MustParsePrefix("::/0") }, cloud.TooWide},
		{"a network", func(_ *awstest.Cloud, w *cloud.Wish, _ *cloud.Access) { w.From = netip.MustParsePrefix("10.0.0.0/8") }, cloud.TooWide},
		{"no address", func(_ *awstest.Cloud, w *cloud.Wish, _ *cloud.Access) { w.From = netip.Prefix{} }, cloud.TooWide},
		{"a century", func(_ *awstest.Cloud, w *cloud.Wish, _ *cloud.Access) { w.Last = 100 * 365 * 24 * time.Hour }, cloud.TooLong},
		{"no time", func(_ *awstest.Cloud, w *cloud.Wish, _ *cloud.Access) { w.Last = 0 }, cloud.BadRequest},
		{"negative", func(_ *awstest.Cloud, w *cloud.Wish, _ *cloud.Access) { w.Last = -time.Hour }, cloud.BadRequest},
		{"no ports", func(_ *awstest.Cloud, w *cloud.Wish, _ *cloud.Access) { w.Ports = nil }, cloud.BadRequest},
		{"none may be", func(_ *awstest.Cloud, w *cloud.Wish, _ *cloud.Access) { w.Most = 0 }, cloud.TooMany},
		{"clock", func(c *awstest.Cloud, _ *cloud.Wish, _ *cloud.Access) { c.SetSkew(time.Hour) }, cloud.Skew},
		{"no profile", func(_ *awstest.Cloud, _ *cloud.Wish, a *cloud.Access) { a.Profile = "missing" }, cloud.NoCredentials},
	} {
		t.Run(c.name, func(t *testing.T) {
			fake, _ := start(t)
			w, a := wish(home, 22), access
			c.adjust(fake, &w, &a)
			before := len(fake.Rules(sg))
			_, err := client.Open(t.Context(), a, w)
			if got := code(t, err); got != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
			if after := len(fake.Rules(sg)); after != before {
				t.Errorf("%d rules before, %d after", before, after)
			}
		})
	}
}

// Being throttled for a moment is nothing that anybody notices.
func TestThrottledForAMoment(t *testing.T) {
	c, _ := start(t)
	c.Throttle("DescribeSecurityGroupRules", 2)
	if _, err := client.Open(t.Context(), cloud.Access{}, wish(home, 22)); err != nil {
		t.Error(err)
	}
}

// A full group is rid of what is over first.
func TestFullOfExpired(t *testing.T) {
	c, _ := start(t)
	var rules []awstest.Rule
	now := time.Now()
	over := cloud.Lease{ID: "0123456789abcdef", Since: now.Add(-2 * time.Hour), Until: now.Add(-time.Hour)}.Describe()
	for i := range 60 {
		r := awstest.Rule{Protocol: "tcp", From: 1000 + i, To: 1000 + i, Source: "192.0.2.0/24"}
		if i%2 == 0 {
			r = awstest.Rule{Protocol: "tcp", From: 1000 + i, To: 1000 + i, Source: "192.0.2.1/32", Description: over, Tags: map[string]string{"omamori": "lease"}}
		}
		rules = append(rules, r)
	}
	c.SetRules(sg, rules...)
	got, err := client.Open(t.Context(), cloud.Access{}, wish(home, 22))
	if err != nil || !got.Seen || len(c.Rules(sg)) != 31 {
		t.Errorf("%+v, %v: %d rules", got, err, len(c.Rules(sg)))
	}
}

func TestMostAtOnce(t *testing.T) {
	start(t)
	for i, from := range []string{"203.0.113.1/32", "203.0.113.2/32", "203.0.113.3/32"} {
		w := wish(from, 22)
		w.Most = 2
		_, err := client.Open(t.Context(), cloud.Access{}, w)
		if got := code(t, err); i < 2 && err != nil || i == 2 && got != cloud.TooMany {
			t.Errorf("%d: %v", i, err)
		}
	}
	w := wish("203.0.113.1/32", 22) // which there is: renewed
	w.Most = 2
	if _, err := client.Open(t.Context(), cloud.Access{}, w); err != nil {
		t.Error(err)
	}
}

// The group of a load balancer of each sort, and of an instance, is found.
func TestTargets(t *testing.T) {
	c, _ := start(t)
	c.AddGroup(awstest.Group{ID: "sg-00000000000000001"})
	c.AddBalancer(awstest.Balancer{Name: "front", Type: "application", Groups: []string{sg}})
	c.AddBalancer(awstest.Balancer{Name: "old", Type: "classic", Groups: []string{sg}})
	c.AddBalancer(awstest.Balancer{Name: "wire", Type: "network", Groups: []string{sg}})
	c.AddBalancer(awstest.Balancer{Name: "bare", Type: "network"})
	c.AddBalancer(awstest.Balancer{Name: "two", Type: "application", Groups: []string{sg, "sg-00000000000000001"}})
	c.AddInstance(awstest.Instance{ID: "i-0a", Groups: []string{sg}})
	c.Here("i-0a", nil)
	for _, x := range []struct {
		target cloud.Target
		want   cloud.ErrorCode
	}{
		{cloud.Target{Balancer: "front"}, ""},
		{cloud.Target{Balancer: "old"}, ""},
		{cloud.Target{Balancer: "wire"}, ""},
		{cloud.Target{Balancer: "bare"}, cloud.NoGroup},
		{cloud.Target{Balancer: "two"}, cloud.Several},
		{cloud.Target{Balancer: "gone"}, cloud.NotFound},
		{cloud.Target{Instance: "i-0a"}, ""},
		{cloud.Target{Instance: "self"}, ""},
		{cloud.Target{Instance: "i-0b"}, cloud.NotFound},
	} {
		w := wish(home, 22)
		w.Target = x.target
		got, err := client.Open(t.Context(), cloud.Access{}, w)
		if code(t, err) != x.want || err == nil && got.Group != sg {
			t.Errorf("%+v: %+v, %v", x.target, got, err)
		}
	}
	if n := len(c.Rules(sg)); n != 2 {
		t.Errorf("%d rules", n)
	}
}

func TestCancelled(t *testing.T) {
	start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.Open(ctx, cloud.Access{}, wish(home, 22)); code(t, err) != cloud.Slow {
		t.Error(err)
	}
}
