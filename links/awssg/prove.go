package awssg

import (
	"context"
	"net/netip"
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
		ids = append(ids, g.ID)
		for _, lease := range cloud.Leases(g.Rules) {
			if now.Before(lease.Until) {
				leases++
			}
		}
		strangers = append(strangers, l.strangers(g, now)...)
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
	if len(groups) == 1 {
		l.only = groups[0].ID
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
			if err == nil && r.Passes(port) && within(from, source) {
				return true
			}
		}
	}
	return false
}

// within reports whether all of p is in q.
func within(p, q netip.Prefix) bool { return p.Bits() >= q.Bits() && q.Contains(p.Addr()) }

// strangers lists the rules by which somebody may come in who should not. A lease of
// ours is no stranger while it lasts, nor for as long as its end may take.
func (l *link) strangers(g cloud.Group, now time.Time) (all []string) {
	const grace = 5 * time.Minute
	for _, r := range g.Rules {
		if !l.touches(r) || l.ids[r.Source] || r.Lease != nil && now.Before(r.Lease.Until.Add(grace)) {
			continue
		}
		source, err := netip.ParsePrefix(r.Source)
		known := err == nil && (inside(source, l.from) || inside(source, l.also))
		if !known {
			ports := "1-65535"
			if r.Protocol == "tcp" {
				ports = strconv.Itoa(r.From) + "-" + strconv.Itoa(r.To)
			}
			all = append(all, cloud.Line(r.ID, r.Source, "→", ports))
		}
	}
	return all
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
