package aws_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/aws/awstest"
	"github.com/omamori-guard/omamori/cloud"
)

// The policy that is printed is enough for all that the door does, and nothing of it can
// be left out.
func TestDoorPolicy(t *testing.T) {
	for _, target := range []cloud.Target{{Group: sg}, {Balancer: "front"}, {Instance: "self"}} {
		b, err := cloud.Policy(cloud.DoorNeeds(target))
		if err != nil {
			t.Fatal(err)
		}
		if err := useDoor(t, string(b), target); err != nil {
			t.Errorf("%+v: not enough: %v\n%s", target, err, b)
		}
		for _, less := range fewer(t, b) {
			if err := useDoor(t, less, target); code(t, err) != cloud.Denied {
				t.Errorf("%+v: %v, with less:\n%s", target, err, less)
			}
		}
	}
}

// The policy lets nobody change another group, nor tag anything but new rules.
func TestDoorPolicyIsNarrow(t *testing.T) {
	c, u := start(t)
	other := "sg-00000000000000001"
	c.AddGroup(awstest.Group{ID: other})
	b, err := cloud.Policy(cloud.DoorNeeds(cloud.Target{Group: sg}))
	if err != nil {
		t.Fatal(err)
	}
	p, err := awstest.ParsePolicy(string(b))
	if err != nil {
		t.Fatal(err)
	}
	u.Policies = []awstest.Policy{p}
	w := wish(home, 22)
	w.Target.Group = other
	if _, err := client.Open(t.Context(), cloud.Access{}, w); code(t, err) != cloud.Denied {
		t.Error(err)
	}
	if err := client.Reboot(t.Context(), cloud.Access{}, "i-0a"); err == nil {
		t.Error("may reboot")
	}
	// A group that is known by its tag alone has to have it.
	if b, err = cloud.Policy(cloud.DoorNeeds(cloud.Target{Instance: "self"})); err != nil {
		t.Fatal(err)
	}
	if p, err = awstest.ParsePolicy(string(b)); err != nil {
		t.Fatal(err)
	}
	u.Policies = []awstest.Policy{p}
	if _, err := client.Open(t.Context(), cloud.Access{}, wish(home, 22)); code(t, err) != cloud.Denied {
		t.Error(err)
	}
}

// useDoor does all that the door does, with a policy.
func useDoor(t *testing.T, policy string, target cloud.Target) error {
	t.Helper()
	c := awstest.New(t)
	p, err := awstest.ParsePolicy(policy)
	if err != nil {
		t.Fatalf("%v\n%s", err, policy)
	}
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

// fewer gives the policies that lack one action each.
func fewer(t *testing.T, policy []byte) (all []string) {
	t.Helper()
	type document struct {
		Version   string
		Statement []struct {
			Effect           string
			Action, Resource []string
			Condition        map[string]map[string]string `json:",omitempty"`
		}
	}
	var d document
	if err := json.Unmarshal(policy, &d); err != nil {
		t.Fatal(err)
	}
	for i, s := range d.Statement {
		for j := range s.Action {
			var less document
			if err := json.Unmarshal(policy, &less); err != nil {
				t.Fatal(err)
			}
			less.Statement[i].Action = slices.Delete(less.Statement[i].Action, j, j+1)
			if len(less.Statement[i].Action) == 0 {
				less.Statement = slices.Delete(less.Statement, i, i+1)
			}
			b, err := json.Marshal(less)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, string(b))
		}
	}
	return all
}
