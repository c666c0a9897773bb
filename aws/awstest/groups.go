package awstest

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Rule is one rule of a security group for what comes in.
type Rule struct {
	ID          string
	Protocol    string // "tcp", "udp", "icmp" or "-1"
	From, To    int
	Source      string // a prefix, or another group's or a prefix list's id
	Description string
	Tags        map[string]string
}

// same reports whether two rules let the same in: what is said of them counts for nothing.
func (r Rule) same(o Rule) bool {
	return r.Protocol == o.Protocol && r.From == o.From && r.To == o.To && r.Source == o.Source
}

func (r Rule) v6() bool { return strings.Contains(r.Source, ":") }

// Group is a security group.
type Group struct {
	ID, Name, Region, VPC string
	// Default says that its VPC is the default one.
	Default bool
	Tags    map[string]string
	Rules   []Rule
}

type group struct {
	Group
	seen  []Rule // what reads show while they lag
	stale int    // how many reads will
}

// rulesPerGroup is the quota, for IPv4 and IPv6 each.
const rulesPerGroup = 60

// AddGroup makes a security group. Rules without an id are given one.
func (c *Cloud) AddGroup(g Group) {
	c.mu.Lock()
	defer c.mu.Unlock()
	g.Region = cmp.Or(g.Region, Home)
	g.VPC = cmp.Or(g.VPC, "vpc-0a0a0a0a0a0a0a0a0")
	for i := range g.Rules {
		g.Rules[i].ID = cmp.Or(g.Rules[i].ID, c.id("sgr"))
	}
	c.groups[g.ID] = &group{Group: g}
	c.tell(c.groups[g.ID])
}

// Rules lists the rules of a group as they are, whatever reads show.
func (c *Cloud) Rules(group string) []Rule {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.groups[group].Rules)
}

// SetRules changes a group behind the back of whoever uses it.
func (c *Cloud) SetRules(group string, rules ...Rule) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range rules {
		rules[i].ID = cmp.Or(rules[i].ID, c.id("sgr"))
	}
	c.groups[group].Rules = rules
	c.tell(c.groups[group])
}

// OnRules has f told of each group's rules, as they are now and after each change, so
// that a lab can enforce them. F must not call the cloud.
func (c *Cloud) OnRules(f func(group string, rules []Rule)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.onRules = f
	for _, id := range slices.Sorted(maps.Keys(c.groups)) {
		c.tell(c.groups[id])
	}
}

func (c *Cloud) tell(g *group) {
	if c.onRules != nil {
		c.onRules(g.ID, slices.Clone(g.Rules))
	}
}

// change replaces a group's rules; reads lag behind it.
func (k *call) change(g *group, rules []Rule) {
	if k.lag > 0 {
		if g.stale == 0 {
			g.seen = g.Rules
		}
		g.stale = k.lag
	}
	g.Rules = rules
	k.tell(g)
}

// read is what a reader sees of a group's rules.
func (g *group) read() []Rule {
	if g.stale > 0 {
		g.stale--
		return g.seen
	}
	return g.Rules
}

func (g *group) arn() string {
	return fmt.Sprintf("arn:aws:ec2:%s:%s:security-group/%s", g.Region, Account, g.ID)
}

var groupID = regexp.MustCompile(`^sg-[0-9a-f]+$`)

func (k *call) group(id string) (*group, error) {
	if !groupID.MatchString(id) {
		return nil, &Fault{400, "InvalidGroupId.Malformed", fmt.Sprintf("Invalid id: %q", id)}
	}
	g := k.groups[id]
	if g == nil || g.Region != k.region {
		return nil, &Fault{400, "InvalidGroup.NotFound", "The security group '" + id + "' does not exist"}
	}
	return g, nil
}

func tagSet(tags map[string]string) string {
	var items []string
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		items = append(items, tag("item", text("key", name), text("value", tags[name])))
	}
	return tag("tagSet", items...)
}

func (k *call) describeGroups() (string, error) {
	if err := k.may("ec2:DescribeSecurityGroups", "*"); err != nil {
		return "", err
	}
	asked, err := k.filters("vpc-id")
	if err != nil {
		return "", err
	}
	ids := k.list("GroupId")
	if len(ids) == 0 {
		for _, id := range slices.Sorted(maps.Keys(k.groups)) {
			if k.groups[id].Region == k.region {
				ids = append(ids, id)
			}
		}
	}
	var items []string
	for _, id := range ids {
		g, err := k.group(id)
		if err != nil {
			return "", err
		}
		if !asked.pass("vpc-id", g.VPC) || !asked.tagged(g.Tags) {
			continue
		}
		items = append(items, tag("item", text("ownerId", Account), text("groupId", g.ID), text("groupName", g.Name), text("vpcId", g.VPC), tagSet(g.Tags)))
	}
	return k.result(tag("securityGroupInfo", items...)), nil
}

func (k *call) describeRules() (string, error) {
	if err := k.may("ec2:DescribeSecurityGroupRules", "*"); err != nil {
		return "", err
	}
	asked, err := k.filters("group-id")
	if err != nil {
		return "", err
	}
	for _, id := range asked["group-id"] {
		if !groupID.MatchString(id) {
			return "", &Fault{400, "InvalidGroupId.Malformed", fmt.Sprintf("Invalid id: %q", id)}
		}
	}
	var items []string
	for _, id := range slices.Sorted(maps.Keys(k.groups)) {
		g := k.groups[id]
		if g.Region != k.region || !asked.pass("group-id", id) {
			continue
		}
		for _, r := range g.read() {
			if asked.tagged(r.Tags) {
				items = append(items, r.xml(g))
			}
		}
	}
	from, to, next, err := k.paged(len(items))
	if err != nil {
		return "", err
	}
	return k.result(tag("securityGroupRuleSet", items[from:to]...), text("nextToken", next)), nil
}

func (r Rule) xml(g *group) string {
	source := ""
	switch {
	case strings.HasPrefix(r.Source, "sg-"):
		source = tag("referencedGroupInfo", text("groupId", r.Source), text("userId", Account))
	case strings.HasPrefix(r.Source, "pl-"):
		source = text("prefixListId", r.Source)
	case r.v6():
		source = text("cidrIpv6", r.Source)
	default:
		source = text("cidrIpv4", r.Source)
	}
	return tag("item", text("securityGroupRuleId", r.ID), text("groupId", g.ID), text("groupOwnerId", Account), boolean("isEgress", false),
		text("ipProtocol", r.Protocol), number("fromPort", r.From), number("toPort", r.To), source, text("description", r.Description), tagSet(r.Tags))
}

// description is what a rule may be described with.
var description = regexp.MustCompile(`^[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}$`)

// rules reads the IpPermissions of a request.
func (k *call) rules() (all []Rule, err error) {
	for _, p := range k.each("IpPermissions") {
		r := Rule{Protocol: k.form.Get(p + "IpProtocol")}
		if r.From, err = strconv.Atoi(k.form.Get(p + "FromPort")); err == nil {
			r.To, err = strconv.Atoi(k.form.Get(p + "ToPort"))
		}
		if err != nil || r.Protocol != "tcp" && r.Protocol != "udp" || r.From < 0 || r.To < r.From || r.To > 65535 {
			return nil, &Fault{400, "InvalidParameterValue", "Invalid value for portRange"}
		}
		for list, cidr := range map[string]string{"IpRanges": "CidrIp", "Ipv6Ranges": "CidrIpv6"} {
			for _, q := range k.each(p + list) {
				prefix, err := netip.ParsePrefix(k.form.Get(q + cidr))
				if err != nil || prefix.Addr().Is4() != (cidr == "CidrIp") {
					return nil, &Fault{400, "InvalidParameterValue", fmt.Sprintf("CIDR block %s is malformed", k.form.Get(q+cidr))}
				}
				r.Source, r.Description = prefix.Masked().String(), k.form.Get(q+"Description")
				if !description.MatchString(r.Description) {
					return nil, &Fault{400, "InvalidParameterValue", "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"}
				}
				all = append(all, r)
			}
		}
	}
	if len(all) == 0 {
		return nil, &Fault{400, "MissingParameter", "The request must contain the parameter ipPermissions"}
	}
	return all, nil
}

// tags reads the tags that new rules are to have, and asks whether they may be set.
func (k *call) tags() (map[string]string, error) {
	tags := map[string]string{}
	var keys []string
	for _, p := range k.each("TagSpecification") {
		if t := k.form.Get(p + "ResourceType"); t != "security-group-rule" {
			return nil, &Fault{400, "InvalidParameterValue", "'" + t + "' is not a valid taggable resource type"}
		}
		for _, q := range k.each(p + "Tag") {
			name, value := k.form.Get(q+"Key"), k.form.Get(q+"Value")
			tags[name] = value
			keys = append(keys, "aws:RequestTag/"+name, value, "aws:TagKeys", name)
		}
	}
	if len(tags) == 0 {
		return tags, nil
	}
	arn := fmt.Sprintf("arn:aws:ec2:%s:%s:security-group-rule/*", k.region, Account)
	return tags, k.may("ec2:CreateTags", arn, append(keys, "ec2:CreateAction", "AuthorizeSecurityGroupIngress")...)
}

func (k *call) authorize() (string, error) {
	g, err := k.group(k.form.Get("GroupId"))
	if err != nil {
		return "", err
	}
	if err := k.may("ec2:AuthorizeSecurityGroupIngress", g.arn(), tagKeys(g.Tags)...); err != nil {
		return "", err
	}
	tags, err := k.tags()
	if err != nil {
		return "", err
	}
	add, err := k.rules()
	if err != nil {
		return "", err
	}
	after := slices.Clone(g.Rules)
	var items []string
	for _, r := range add {
		if slices.ContainsFunc(after, r.same) {
			return "", &Fault{400, "InvalidPermission.Duplicate", fmt.Sprintf("the specified rule \"peer: %s, %s, from port: %d, to port: %d, ALLOW\" already exists", r.Source, strings.ToUpper(r.Protocol), r.From, r.To)}
		}
		r.ID, r.Tags = k.id("sgr"), tags
		after = append(after, r)
		items = append(items, r.xml(g))
	}
	for _, v6 := range []bool{false, true} {
		n := 0
		for _, r := range after {
			if r.v6() == v6 {
				n++
			}
		}
		if n > rulesPerGroup {
			return "", &Fault{400, "RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached."}
		}
	}
	k.change(g, after)
	return k.result(boolean("return", true), tag("securityGroupRuleSet", items...)), nil
}

func (k *call) revoke() (string, error) {
	g, err := k.group(k.form.Get("GroupId"))
	if err != nil {
		return "", err
	}
	if err := k.may("ec2:RevokeSecurityGroupIngress", g.arn(), tagKeys(g.Tags)...); err != nil {
		return "", err
	}
	after := slices.Clone(g.Rules)
	ids := k.list("SecurityGroupRuleId")
	for _, id := range ids {
		at := slices.IndexFunc(after, func(r Rule) bool { return r.ID == id })
		if at < 0 {
			return "", &Fault{400, "InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '" + id + "' does not exist"}
		}
		after = slices.Delete(after, at, at+1)
	}
	unknown := ""
	if len(ids) == 0 {
		gone, err := k.rules()
		if err != nil {
			return "", err
		}
		for _, r := range gone {
			at := slices.IndexFunc(after, r.same)
			switch {
			case at >= 0:
				after = slices.Delete(after, at, at+1)
			case g.Default:
				unknown += tag("item", text("ipProtocol", r.Protocol), number("fromPort", r.From), number("toPort", r.To))
			default:
				return "", &Fault{400, "InvalidPermission.NotFound", "The specified rule does not exist in this security group."}
			}
		}
	}
	k.change(g, after)
	return k.result(boolean("return", true), tag("unknownIpPermissionSet", unknown)), nil
}

// describe changes the descriptions of rules, by their ids.
func (k *call) describe() (string, error) {
	g, err := k.group(k.form.Get("GroupId"))
	if err != nil {
		return "", err
	}
	if err := k.may("ec2:UpdateSecurityGroupRuleDescriptionsIngress", g.arn(), tagKeys(g.Tags)...); err != nil {
		return "", err
	}
	after := slices.Clone(g.Rules)
	for _, p := range k.each("SecurityGroupRuleDescription") {
		id, said := k.form.Get(p+"SecurityGroupRuleId"), k.form.Get(p+"Description")
		at := slices.IndexFunc(after, func(r Rule) bool { return r.ID == id })
		if at < 0 {
			return "", &Fault{400, "InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '" + id + "' does not exist"}
		}
		if !description.MatchString(said) {
			return "", &Fault{400, "InvalidParameterValue", "Invalid rule description"}
		}
		after[at].Description = said
	}
	k.change(g, after)
	return k.result(boolean("return", true)), nil
}

// ShowNext makes the next n reads of a group show these rules, whatever it has.
func (c *Cloud) ShowNext(group string, n int, rules ...Rule) {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.groups[group]
	g.seen, g.stale = rules, n
}
