package aws_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/aws/awstest"
	"github.com/omamori-guard/omamori/cloud"
)

// The policy that is printed is enough for all that the door does, and nothing of it can
// be left out.
func TestDoorPolicy(t *testing.T) {
	for _, target := range []cloud.Target{{Group: sg}, {Balancer: "front"}, {Instance: "self"}} {
		awstest.Exact(t, awstest.Printed(t)(cloud.Policy(cloud.DoorNeeds(target))), func(p awstest.Policy) error {
			err := useDoor(t, p, target)
			if code(t, err) != cloud.Denied && err != nil {
				t.Errorf("%+v: %v, with %+v", target, err, p)
			}
			return err
		})
	}
}

// The policy lets nobody change another group, nor tag anything but new rules.
func TestDoorPolicyIsNarrow(t *testing.T) {
	c, u := start(t)
	other := "sg-00000000000000001"
	c.AddGroup(awstest.Group{ID: other})
	u.Policies = []awstest.Policy{awstest.Printed(t)(cloud.Policy(cloud.DoorNeeds(cloud.Target{Group: sg})))}
	w := wish(home, 22)
	w.Target.Group = other
	if _, err := client.Open(t.Context(), cloud.Access{}, w); code(t, err) != cloud.Denied {
		t.Error(err)
	}
	if err := client.Reboot(t.Context(), cloud.Access{}, "i-0a"); err == nil {
		t.Error("may reboot")
	}
	// A group that is known by its tag alone has to have it.
	u.Policies = []awstest.Policy{awstest.Printed(t)(cloud.Policy(cloud.DoorNeeds(cloud.Target{Instance: "self"})))}
	if _, err := client.Open(t.Context(), cloud.Access{}, wish(home, 22)); code(t, err) != cloud.Denied {
		t.Error(err)
	}
}

// useDoor does all that the door does, with a policy.
func useDoor(t *testing.T, p awstest.Policy, target cloud.Target) error {
	t.Helper()
	c := awstest.New(t)
	door := map[string]string{"omamori": "door"}
	c.AddGroup(awstest.Group{ID: sg, Tags: door})
	const old = "sg-00000000000000001" // which the target had before
	over := cloud.Lease{ID: "0123456789abcdef", Since: time.Now().Add(-2 * time.Hour), Until: time.Now().Add(-time.Hour)}
	c.AddGroup(awstest.Group{ID: old, Tags: door, Rules: []awstest.Rule{
		{Protocol: "tcp", From: 22, To: 22, Source: home, Description: over.Describe(), Tags: map[string]string{"omamori": "lease"}},
	}})
	c.AddBalancer(awstest.Balancer{Name: "front", Type: "application", Groups: []string{sg}})
	c.AddInstance(awstest.Instance{ID: "i-0a", Groups: []string{sg}})
	c.Here("i-0a", &awstest.Role{Name: "door", Policies: []awstest.Policy{p}})
	c.Use(t, nil)
	w := wish(home, 22)
	w.Target = target
	if _, err := client.Open(t.Context(), cloud.Access{}, w); err != nil {
		return fmt.Errorf("open: %w", err)
	}
	w.Last = 2 * time.Hour
	if _, err := client.Open(t.Context(), cloud.Access{}, w); err != nil {
		return fmt.Errorf("renew: %w", err)
	}
	groups, err := client.Groups(t.Context(), cloud.Access{}, target)
	if err != nil {
		return fmt.Errorf("list: %w", err)
	}
	for _, g := range groups[1:] {
		if _, err := client.End(t.Context(), cloud.Access{}, cloud.Which{Target: cloud.Target{Group: g.ID}, Expired: true}); err != nil {
			return fmt.Errorf("end what is left: %w", err)
		}
	}
	if left := len(c.Rules(old)) > 0; left != (target.Group != "") {
		t.Errorf("%+v: the lease in the group that it had: %v", target, left)
	}
	if _, err := client.End(t.Context(), cloud.Access{}, cloud.Which{Target: target, All: true}); err != nil {
		return fmt.Errorf("end: %w", err)
	}
	if err := client.Keep(t.Context(), cloud.Access{}, cloud.Keep{Target: target, From: []netip.Prefix{netip.MustParsePrefix(home)}, Ports: []uint16{22}}); err != nil {
		return fmt.Errorf("keep: %w", err)
	}
	return nil
}
