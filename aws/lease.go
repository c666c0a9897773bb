package aws

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"

	"github.com/omamori-guard/omamori/cloud"
)

func prefix(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err
}

// checkWish refuses what is never leased.
func checkWish(w cloud.Wish) error {
	switch {
	case !cloud.OneOwner(w.From):
		return &cloud.Error{Code: cloud.TooWide, Name: w.From.String()}
	case len(w.Ports) == 0 || len(w.Ports) > 16 || slices.Contains(w.Ports, 0):
		return &cloud.Error{Code: cloud.BadRequest, Text: "which ports?"}
	case w.Last < time.Second:
		return &cloud.Error{Code: cloud.BadRequest, Text: "for how long?"}
	case w.Last > w.Longest:
		return &cloud.Error{Code: cloud.TooLong, Limit: w.Longest}
	}
	return nil
}

// open makes a lease, or renews the one that there is from the same address. Rules of
// others are left alone.
func open(ctx context.Context, a *account, w cloud.Wish) (cloud.Opened, error) {
	if err := checkWish(w); err != nil {
		return cloud.Opened{}, err
	}
	group, err := a.oneGroup(ctx, w.Target)
	if err != nil {
		return cloud.Opened{}, err
	}
	w.Ports = slices.Compact(slices.Sorted(slices.Values(w.Ports)))
	o := &opening{account: a, group: group, wish: w}
	now := time.Now()
	o.lease = cloud.Lease{
		ID: cloud.NewID(), From: w.From, Ports: w.Ports, Who: w.Who,
		Since: now.UTC().Truncate(time.Second), Until: now.Add(w.Last).UTC().Truncate(time.Second),
	}
	var out cloud.Opened
	out.Seen, err = poll(ctx, func() (bool, error) { return o.once(ctx) })
	if err != nil {
		return cloud.Opened{}, err
	}
	out.Group, out.Renewed, out.Others = group, o.renewed, o.others
	if len(o.others) < len(w.Ports) {
		out.Lease = o.lease
	}
	return out, nil
}

// opening is a lease on its way.
type opening struct {
	*account
	group   string
	wish    cloud.Wish
	lease   cloud.Lease
	renewed bool
	counted bool
	swept   bool
	others  []string
	// added are the ports for which AWS has taken a rule; hidden those for which it says
	// that there is one though it shows none.
	added, hidden map[uint16]bool
	// said are the rules whose description we have changed.
	said map[string]bool
}

// once reads the group and does what is missing. It reports whether all is there and seen.
func (o *opening) once(ctx context.Context) (bool, error) {
	rules, err := o.rules(ctx, o.group)
	if err != nil {
		return false, err
	}
	if !o.counted {
		if err := o.count(rules); err != nil {
			return false, err
		}
		o.counted, o.added, o.hidden, o.said = true, map[uint16]bool{}, map[uint16]bool{}, map[string]bool{}
	}
	var missing []uint16
	var renew []string
	o.others = nil
	seen := true
	for _, port := range o.wish.Ports {
		r := same(rules, o.wish.From, port)
		switch {
		case r == nil && (o.added[port] || o.hidden[port]):
			seen = false
		case r == nil:
			missing = append(missing, port)
		case r.Kept || !r.Ours:
			o.others = append(o.others, r.ID)
		case r.Description == o.lease.Describe():
		case o.said[r.ID]:
			seen = false // changed, but not shown yet
		default:
			renew = append(renew, r.ID)
		}
	}
	if len(missing) > 0 {
		if err := o.add(ctx, missing, rules); err != nil {
			return false, err
		}
	}
	if len(renew) > 0 {
		if err := o.describe(ctx, renew); err != nil {
			return false, err
		}
	}
	return seen && len(missing) == 0 && len(renew) == 0, nil
}

// count keeps to the most leases that there may be, and finds the one to renew.
func (o *opening) count(rules []cloud.Rule) error {
	now, live := time.Now(), 0
	for _, l := range cloud.Leases(rules) {
		switch {
		case l.From == o.wish.From && slices.ContainsFunc(l.Ports, func(p uint16) bool { return slices.Contains(o.wish.Ports, p) }):
			o.lease.ID, o.renewed = l.ID, true
			if now.Before(l.Until) {
				o.lease.Since = l.Since
			}
		case now.Before(l.Until):
			live++
		}
	}
	if live >= o.wish.Most {
		return &cloud.Error{Code: cloud.TooMany, Name: o.group}
	}
	return nil
}

// same finds the rule that lets just this in.
func same(rules []cloud.Rule, from netip.Prefix, port uint16) *cloud.Rule {
	for i, r := range rules {
		if p, err := prefix(r.Source); err == nil && p == from && r.Protocol == "tcp" && r.From == int(port) && r.To == int(port) {
			return &rules[i]
		}
	}
	return nil
}

// add adds rules for ports. A group that is full is rid of what is over first.
func (o *opening) add(ctx context.Context, ports []uint16, rules []cloud.Rule) error {
	err := o.authorize(ctx, o.group, []netip.Prefix{o.wish.From}, ports, o.lease.Describe(), cloud.TagLease)
	switch {
	case err == nil:
		for _, p := range ports {
			o.added[p] = true
		}
		return nil
	case isCode(err, "InvalidPermission.Duplicate") && len(ports) > 1: // which of them?
		for _, p := range ports {
			if err := o.add(ctx, []uint16{p}, rules); err != nil {
				return err
			}
		}
		return nil
	case isCode(err, "InvalidPermission.Duplicate"): // somebody was quicker; whose it is shows later
		o.hidden[ports[0]] = true
		return nil
	case isCode(err, "RulesPerSecurityGroupLimitExceeded") && !o.swept:
		o.swept = true
		over := slices.DeleteFunc(slices.Clone(rules), func(r cloud.Rule) bool { return !r.Ended(time.Now()) })
		if len(over) == 0 {
			break
		}
		if err := o.revoke(ctx, o.group, over); err != nil {
			return err
		}
		return o.add(ctx, ports, nil)
	}
	return named(err, o.group)
}

func (a *account) authorize(ctx context.Context, group string, from []netip.Prefix, ports []uint16, said, tag string) error {
	var all []types.IpPermission
	for _, port := range ports {
		p := types.IpPermission{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(int32(port)), ToPort: aws.Int32(int32(port))}
		for _, f := range from {
			if f.Addr().Is4() {
				p.IpRanges = append(p.IpRanges, types.IpRange{CidrIp: aws.String(f.String()), Description: &said})
			} else {
				p.Ipv6Ranges = append(p.Ipv6Ranges, types.Ipv6Range{CidrIpv6: aws.String(f.String()), Description: &said})
			}
		}
		all = append(all, p)
	}
	_, err := a.ec2().AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{
		GroupId: &group, IpPermissions: all,
		TagSpecifications: []types.TagSpecification{{
			ResourceType: types.ResourceTypeSecurityGroupRule,
			Tags:         []types.Tag{{Key: aws.String(cloud.Tag), Value: &tag}},
		}},
	})
	return err
}

// describe gives rules of ours the new end. One that is gone meanwhile is added at the
// next look.
func (o *opening) describe(ctx context.Context, ids []string) error {
	var all []types.SecurityGroupRuleDescription
	for _, id := range ids {
		all = append(all, types.SecurityGroupRuleDescription{SecurityGroupRuleId: aws.String(id), Description: aws.String(o.lease.Describe())})
	}
	_, err := o.ec2().UpdateSecurityGroupRuleDescriptionsIngress(ctx, &ec2.UpdateSecurityGroupRuleDescriptionsIngressInput{
		GroupId: &o.group, SecurityGroupRuleDescriptions: all,
	})
	if isCode(err, "InvalidSecurityGroupRuleId.NotFound") {
		return nil
	}
	if err != nil {
		return named(err, o.group)
	}
	for _, id := range ids {
		o.said[id] = true
	}
	return nil
}

func isCode(err error, code string) bool {
	var said smithy.APIError
	return errors.As(err, &said) && said.ErrorCode() == code
}

// end ends leases of ours, and no rule of anybody else's.
func end(ctx context.Context, a *account, w cloud.Which) (cloud.Ended, error) {
	group, err := a.oneGroup(ctx, w.Target)
	if err != nil {
		return cloud.Ended{}, err
	}
	rules, err := a.rules(ctx, group)
	if err != nil {
		return cloud.Ended{}, err
	}
	now := time.Now()
	var out cloud.Ended
	for _, r := range rules {
		l, _ := cloud.ReadDescription(r.Description)
		if r.Lent() && (w.All || w.Expired && r.Ended(now) || w.ID != "" && l.ID == w.ID) {
			out.Rules = append(out.Rules, r)
		}
	}
	if len(out.Rules) == 0 {
		out.Seen = true
		return out, nil
	}
	if err := a.revoke(ctx, group, out.Rules); err != nil {
		return cloud.Ended{}, err
	}
	out.Seen, err = poll(ctx, func() (bool, error) {
		left, err := a.rules(ctx, group)
		return !slices.ContainsFunc(left, func(r cloud.Rule) bool {
			return slices.ContainsFunc(out.Rules, func(e cloud.Rule) bool { return e.ID == r.ID })
		}), err
	})
	return out, err
}

// revoke takes rules away by their ids, so that it can be no other's. Some may be gone
// already, in which case AWS takes none, and they are gone through one by one.
func (a *account) revoke(ctx context.Context, group string, rules []cloud.Rule) error {
	var ids []string
	for _, r := range rules {
		ids = append(ids, r.ID)
	}
	_, err := a.ec2().RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &group, SecurityGroupRuleIds: ids})
	if !isCode(err, "InvalidSecurityGroupRuleId.NotFound") {
		return named(err, group)
	}
	if len(rules) == 1 {
		return nil
	}
	for _, r := range rules {
		if err := a.revoke(ctx, group, []cloud.Rule{r}); err != nil {
			return err
		}
	}
	return nil
}

// keep adds rules without end for what nothing lets in yet.
func keep(ctx context.Context, a *account, k cloud.Keep) (cloud.Nothing, error) {
	var done cloud.Nothing
	group, err := a.oneGroup(ctx, k.Target)
	if err != nil {
		return done, err
	}
	taken := false
	_, err = poll(ctx, func() (bool, error) {
		rules, err := a.rules(ctx, group)
		if err != nil {
			return false, err
		}
		there := true
		for _, from := range k.From {
			for _, port := range k.Ports {
				if same(rules, from, port) != nil {
					continue
				}
				there = false
				if taken {
					continue
				}
				err := a.authorize(ctx, group, []netip.Prefix{from}, []uint16{port}, "omamori: kept", cloud.TagKept)
				if err != nil && !isCode(err, "InvalidPermission.Duplicate") {
					return false, named(err, group)
				}
			}
		}
		taken = true
		return there, nil
	})
	return done, err
}
