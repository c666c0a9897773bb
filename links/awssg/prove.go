package awssg

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
)

const maxEvidence = 8 // lines

// Prove reads the group, and looks for what is missing and for what is too much.
func (l *link) Prove(ctx context.Context) chain.Proof {
	groups, err := l.client.Groups(ctx, l.settings.access(), l.settings.target())
	if err != nil {
		return cloud.Failed(ctx, err, cloud.NotFound, cloud.NoGroup)
	}
	now := time.Now()
	l.note(groups, now)
	var ids, missing, strangers []string
	leases := 0
	for _, g := range groups {
		over := l.strangers(g, now)
		strangers = append(strangers, over...)
		if !g.Left || len(over) > 0 {
			ids = append(ids, g.ID)
		}
		for _, lease := range cloud.Leases(g.Rules) {
			if now.Before(lease.Until) {
				leases++
			}
		}
	}
	for _, from := range l.from {
		for _, port := range l.settings.Ports {
			if !passes(groups, from, port) {
				missing = append(missing, from.String()+" → "+strconv.Itoa(int(port)))
			}
		}
	}
	group := strings.Join(ids, ", ")
	var p chain.Proof
	switch {
	case len(strangers) > 0:
		p = chain.Broke("too_wide", chain.Say("aws.sg_too_wide", "group", group, "n", len(strangers), "first", strangers[0]),
			chain.Say("aws.sg_too_wide_hint", "group", group, "link", l.name))
		p.Evidence = strangers[:min(len(strangers), maxEvidence)]
	case len(missing) > 0:
		p = chain.Broke("no_rule", chain.Say("aws.sg_missing", "group", group, "first", missing[0]), chain.Say("aws.sg_missing_hint", "group", group, "link", l.name))
		p.Evidence = missing[:min(len(missing), maxEvidence)]
	case len(l.from) > 0:
		p = chain.Held(chain.Say("aws.sg_holds", "group", group))
	default:
		p = chain.Held(chain.Say("aws.sg_closed", "group", group))
	}
	p.Figures = []chain.Figure{{Name: "leases", Value: float64(leases)}}
	return p
}

// note remembers for Chores and Plan what was found.
func (l *link) note(groups []cloud.Group, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.due, l.only = nil, ""
	has := slices.DeleteFunc(slices.Clone(groups), func(g cloud.Group) bool { return g.Left })
	if len(has) == 1 {
		l.only = has[0].ID
	}
	for _, g := range groups {
		for _, r := range g.Rules {
			if r.Ended(now) {
				l.due = append(l.due, g.ID)
				break
			}
		}
	}
}

// passes reports whether some rule lets all of from in at a port.
func passes(groups []cloud.Group, from netip.Prefix, port uint16) bool {
	for _, g := range groups {
		for _, r := range g.Rules {
			source, err := netip.ParsePrefix(r.Source)
			if err == nil && !g.Left && r.Passes(port) && within(from, source) {
				return true
			}
		}
	}
	return false
}

// within reports whether all of p is in q.
func within(p, q netip.Prefix) bool { return p.Bits() >= q.Bits() && q.Contains(p.Addr()) }

// grace is how long the end of a lease may take, and how far two clocks may be apart.
const grace = 5 * time.Minute

// strangers lists the rules by which somebody may come in who should not. A lease of
// ours is no stranger while it lasts, nor for as long as its end may take; one that is
// over is, at whatever port and from wherever.
func (l *link) strangers(g cloud.Group, now time.Time) (all []string) {
	for _, r := range g.Rules {
		if r.Ended(now.Add(-grace)) || l.touches(r) && !l.ends(r, now) && !l.known(r) {
			ports := "1-65535"
			if r.Protocol == "tcp" {
				ports = strconv.Itoa(r.From) + "-" + strconv.Itoa(r.To)
			}
			all = append(all, cloud.Line(r.ID, r.Source, "→", ports))
		}
	}
	return all
}

// ends reports whether the rule is a lease that ends, and no later than any that we give:
// else its description is not as we have written it. Since when it is does not count,
// for a lease that is renewed keeps that.
func (l *link) ends(r cloud.Rule, now time.Time) bool {
	return r.Lease != nil && r.Lease.Until.Sub(now) <= l.settings.Longest+grace
}

// known reports whether the rule lets in only who is to be, or may be.
func (l *link) known(r cloud.Rule) bool {
	source, err := netip.ParsePrefix(r.Source)
	return l.ids[r.Source] || err == nil && (inside(source, l.from) || inside(source, l.also))
}

func (l *link) touches(r cloud.Rule) bool {
	for _, port := range l.settings.Ports {
		if r.Passes(port) {
			return true
		}
	}
	return false
}

func inside(p netip.Prefix, all []netip.Prefix) bool {
	for _, q := range all {
		if within(p, q) {
			return true
		}
	}
	return false
}

// Service is none of hands'.
func (l *link) Service() string { return "" }

// Plan puts a missing rule back; one that is too wide is somebody's, and his to take away.
func (l *link) Plan(p chain.Proof, _ chain.Evidence) chain.Plan {
	plan := cloud.Plan(p)
	if p.Cause != "no_rule" {
		return plan
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.only != "" {
		plan.Deeds = []chain.Deed{{Verb: chain.PutBack, Service: l.only}}
	}
	return plan
}

// Chores ends our leases that are over.
func (l *link) Chores() (all []chain.Deed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range l.due {
		all = append(all, chain.Deed{Verb: chain.EndLeases, Service: id})
	}
	return all
}

// Do does a deed of Plan's, or one of Chores'.
func (l *link) Do(ctx context.Context, d chain.Deed) error {
	target := cloud.Target{Group: d.Service}
	if d.Verb == chain.PutBack {
		return l.client.Keep(ctx, l.settings.access(), cloud.Keep{Target: target, From: l.from, Ports: l.settings.Ports})
	}
	_, err := l.client.End(ctx, l.settings.access(), cloud.Which{Target: target, Expired: true})
	return err
}
