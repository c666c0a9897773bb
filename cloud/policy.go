package cloud

import (
	"encoding/json"
	"slices"
	"strings"
)

// Need is a permission that something needs.
type Need struct {
	Actions []string
	// Resource is what they are needed on, "*" for all; the SDK's way to write it.
	Resource string
	// If is a condition: its operator, its key, its value.
	If [3]string
}

// Needer is the settings of a link that speaks to AWS.
type Needer interface {
	// CloudNeeds lists the permissions without which the link cannot be proved or
	// mended.
	CloudNeeds() []Need
}

// Door is the settings of a link whose security group can be opened for a while.
type Door interface {
	// CloudDoor says which group, how it is reached, and what may be leased.
	CloudDoor() (Access, Wish)
}

// DoorTag is the value of our tag on a group of which only that tag is known.
const DoorTag = "door"

// DoorNeeds are the permissions for leases in a target's group: to read all, to change
// that group alone. A group that is not named must have the tag omamori=door.
func DoorNeeds(t Target) []Need {
	read := []string{"ec2:DescribeSecurityGroupRules", "ec2:DescribeSecurityGroups"}
	group := "arn:aws:ec2:*:*:security-group/" + t.Group
	var tagged [3]string
	if t.Group == "" {
		group, tagged = "arn:aws:ec2:*:*:security-group/*", [3]string{"StringEquals", "aws:ResourceTag/" + Tag, DoorTag}
		if t.Balancer != "" {
			read = append(read, "elasticloadbalancing:DescribeLoadBalancers")
		} else {
			read = append(read, "ec2:DescribeInstances")
		}
	}
	return []Need{
		{Actions: read, Resource: "*"},
		{Actions: []string{"ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress", "ec2:UpdateSecurityGroupRuleDescriptionsIngress"}, Resource: group, If: tagged},
		{Actions: []string{"ec2:CreateTags"}, Resource: "arn:aws:ec2:*:*:security-group-rule/*", If: [3]string{"StringEquals", "ec2:CreateAction", "AuthorizeSecurityGroupIngress"}},
	}
}

type statement struct {
	Effect    string
	Action    []string
	Resource  []string
	Condition map[string]map[string]string `json:",omitempty"`
}

// Policy writes needs as an IAM policy that allows them and nothing else.
func Policy(needs []Need) ([]byte, error) {
	type where struct {
		actions string
		cond    [3]string
	}
	// What is needed on the same resource stands together first, then resources under
	// which the same stands.
	actions := map[string][]string{}
	var order []string
	key := func(n Need) string { return strings.Join(append([]string{n.Resource}, n.If[:]...), "\x00") }
	first := map[string]Need{}
	for _, n := range needs {
		k := key(n)
		if _, known := first[k]; !known {
			first[k] = n
			order = append(order, k)
		}
		actions[k] = append(actions[k], n.Actions...)
	}
	var all []statement
	at := map[where]int{}
	for _, k := range order {
		n := first[k]
		slices.Sort(actions[k])
		can := slices.Compact(actions[k])
		w := where{strings.Join(can, ","), n.If}
		if i, known := at[w]; known {
			all[i].Resource = append(all[i].Resource, n.Resource)
			continue
		}
		s := statement{Effect: "Allow", Action: can, Resource: []string{n.Resource}}
		if n.If[0] != "" {
			s.Condition = map[string]map[string]string{n.If[0]: {n.If[1]: n.If[2]}}
		}
		at[w] = len(all)
		all = append(all, s)
	}
	return json.MarshalIndent(struct {
		Version   string
		Statement []statement
	}{"2012-10-17", all}, "", "  ")
}

// Device is the settings of a link about an MFA device.
type Device interface {
	// CloudDevice says whose it is, and its serial number.
	CloudDevice() (Access, string)
}
