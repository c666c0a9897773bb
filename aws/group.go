package aws

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/omamori-guard/omamori/cloud"
)

// groups reads the groups of a target, and what is left of ours in those that it had.
func groups(ctx context.Context, a *account, t cloud.Target) ([]cloud.Group, error) {
	ids, err := a.groupsOf(ctx, t)
	if err != nil {
		return nil, err
	}
	all := make([]cloud.Group, 0, len(ids))
	network := ""
	for _, id := range ids {
		g := cloud.Group{ID: id, Region: a.cfg.Region}
		out, err := a.ec2().DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{id}})
		if err != nil {
			return nil, named(err, id)
		}
		for _, d := range out.SecurityGroups {
			g.Name, network = aws.ToString(d.GroupName), aws.ToString(d.VpcId)
		}
		if g.Rules, err = a.rules(ctx, id); err != nil {
			return nil, err
		}
		all = append(all, g)
	}
	if t.Group != "" {
		return all, nil
	}
	left, err := a.left(ctx, network, ids)
	return append(all, left...), err
}

// left finds leases of ours that are over in groups that are not the target's (any more):
// those of the same network with the tag of a door, which are all that a target may be
// given and all that the policy lets us change.
func (a *account) left(ctx context.Context, network string, has []string) (all []cloud.Group, err error) {
	over := map[string][]cloud.Rule{}
	now := time.Now()
	err = a.eachRule(ctx, "tag:"+cloud.Tag, cloud.TagLease, func(r types.SecurityGroupRule) {
		group := aws.ToString(r.GroupId)
		if ours := rule(r); ours.Ended(now) && !slices.Contains(has, group) {
			over[group] = append(over[group], ours)
		}
	})
	if err != nil || len(over) == 0 {
		return nil, err
	}
	pages := ec2.NewDescribeSecurityGroupsPaginator(a.ec2(), &ec2.DescribeSecurityGroupsInput{Filters: []types.Filter{
		{Name: aws.String("vpc-id"), Values: []string{network}}, {Name: aws.String("tag:" + cloud.Tag), Values: []string{cloud.DoorTag}},
	}})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, d := range out.SecurityGroups {
			id := aws.ToString(d.GroupId)
			if len(over[id]) > 0 {
				all = append(all, cloud.Group{ID: id, Name: aws.ToString(d.GroupName), Region: a.cfg.Region, Left: true, Rules: over[id]})
			}
		}
	}
	return all, nil
}

// groupsOf finds the ids of a target's groups.
func (a *account) groupsOf(ctx context.Context, t cloud.Target) ([]string, error) {
	switch {
	case t.Group != "":
		return []string{t.Group}, nil
	case t.Balancer != "":
		b, err := a.findBalancer(ctx, t.Balancer)
		if err != nil {
			return nil, err
		}
		if len(b.Groups) == 0 {
			return nil, &cloud.Error{Code: cloud.NoGroup, Name: t.Balancer}
		}
		return b.Groups, nil
	}
	_, i, err := a.findInstance(ctx, t.Instance)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, g := range i.SecurityGroups {
		ids = append(ids, aws.ToString(g.GroupId))
	}
	if len(ids) == 0 {
		return nil, &cloud.Error{Code: cloud.NoGroup, Name: t.Instance}
	}
	return ids, nil
}

// oneGroup is the group of a target that is to be changed: which of several, a person
// has to say.
func (a *account) oneGroup(ctx context.Context, t cloud.Target) (string, error) {
	ids, err := a.groupsOf(ctx, t)
	if err != nil {
		return "", err
	}
	if len(ids) > 1 {
		return "", &cloud.Error{Code: cloud.Several, Name: strings.Join(ids, ", ")}
	}
	if t.Group == "" {
		return ids[0], nil
	}
	// Reading rules finds none in a group that there is not; asking for the group tells.
	_, err = a.ec2().DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: ids})
	return ids[0], named(err, ids[0])
}

// maxRules bounds what is read at once: AWS allows 1,000 in a group at most.
const maxRules = 2000

// rules reads a group's rules for what comes in, as AWS shows them now.
func (a *account) rules(ctx context.Context, group string) (all []cloud.Rule, err error) {
	err = a.eachRule(ctx, "group-id", group, func(r types.SecurityGroupRule) { all = append(all, rule(r)) })
	return all, named(err, group)
}

// eachRule gives the rules for what comes in that a filter finds.
func (a *account) eachRule(ctx context.Context, filter, value string, give func(types.SecurityGroupRule)) error {
	pages := ec2.NewDescribeSecurityGroupRulesPaginator(a.ec2(), &ec2.DescribeSecurityGroupRulesInput{
		Filters: []types.Filter{{Name: &filter, Values: []string{value}}},
	})
	for n := 0; pages.HasMorePages() && n < maxRules; {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, r := range out.SecurityGroupRules {
			if !aws.ToBool(r.IsEgress) {
				n++
				give(r)
			}
		}
	}
	return nil
}

func rule(r types.SecurityGroupRule) cloud.Rule {
	out := cloud.Rule{
		ID: aws.ToString(r.SecurityGroupRuleId), Protocol: aws.ToString(r.IpProtocol),
		From: int(aws.ToInt32(r.FromPort)), To: int(aws.ToInt32(r.ToPort)), Description: aws.ToString(r.Description),
	}
	switch {
	case r.CidrIpv4 != nil:
		out.Source = *r.CidrIpv4
	case r.CidrIpv6 != nil:
		out.Source = *r.CidrIpv6
	case r.PrefixListId != nil:
		out.Source = *r.PrefixListId
	case r.ReferencedGroupInfo != nil:
		out.Source = aws.ToString(r.ReferencedGroupInfo.GroupId)
	}
	at := slices.IndexFunc(r.Tags, func(t types.Tag) bool { return aws.ToString(t.Key) == cloud.Tag })
	if at < 0 {
		return out
	}
	switch aws.ToString(r.Tags[at].Value) {
	case cloud.TagKept:
		out.Ours, out.Kept = true, true
	case cloud.TagLease:
		out.Ours = true
		out.Lease = leaseOf(out)
	}
	return out
}

// leaseOf reads the lease that a rule of ours belongs to; nil if it does not say any more,
// or if somebody has made it let in more than we ever do.
func leaseOf(r cloud.Rule) *cloud.Lease {
	l, ok := cloud.ReadDescription(r.Description)
	from, single := r.Single()
	if !ok || !single {
		return nil
	}
	l.From, l.Ports = from, []uint16{uint16(r.From)}
	return &l
}
