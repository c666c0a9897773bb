// Package vpnclient is the kind "vpn-client": a system, and the one that it will be
// upgraded to, has a client for a VPN's protocol.
package vpnclient

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

type settings struct {
	Protocol string `yaml:"protocol" doc:"pptp, l2tp, l2tp-ipsec, ikev2, openvpn or wireguard"`
	System   string `yaml:"system" doc:"the system, such as macos-10.11, or the attribute of a thing that says which, such as laptop.os"`
	Upgrade  string `yaml:"upgrade" doc:"the system that it can be upgraded to, such as macos-10.12: if that has no client, the link breaks before the upgrade does it"`
}

const example = `protocol: ikev2
system: debian-12
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("vpn-client", example, settings{}, build)
	k.Beat = "1h" // it reads a table that is built in
	return k
}

type link struct {
	settings settings
	attrs    map[string]string
}

var _ chain.Supposer = (*link)(nil)

func build(s settings, at chain.Place) (chain.Prover, error) {
	var wrong []error
	mistake := func(field, key string, pairs ...any) {
		wrong = append(wrong, &chain.SettingError{Field: field, Text: chain.Say(key, pairs...)})
	}
	if all := known().protocols(); !slices.Contains(all, s.Protocol) {
		mistake("protocol", "vpn.bad_protocol", "value", s.Protocol, "known", strings.Join(all, ", "))
	}
	if s.System == "" {
		mistake("system", "vpn.no_system")
	} else if _, literal := parseSystem(s.System); literal {
		at.Attrs = map[string]string{s.System: s.System}
	} else if _, ok := at.Attrs[s.System]; !ok && at.Attrs != nil {
		near := chain.Nearest(s.System, slices.Sorted(maps.Keys(at.Attrs)))
		mistake("system", "vpn.unknown_attr", "attr", s.System, "nearest", near)
	}
	if _, ok := parseSystem(s.Upgrade); s.Upgrade != "" && !ok {
		mistake("upgrade", "vpn.bad_system", "value", s.Upgrade)
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	return &link{s, at.Attrs}, nil
}

func (l *link) Prove(ctx context.Context) chain.Proof {
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	return l.judge(l.attrs)
}

// Suppose asks the table for the supposed system.
func (l *link) Suppose(p chain.Proof, s chain.Supposition) chain.Proof {
	value, known := s.Attrs[l.settings.System]
	if !known && p.Cause == "no_client" {
		return chain.Untried(p.Because, p.Hint) // the system alone broke it
	}
	if !known || value == l.attrs[l.settings.System] {
		return p
	}
	return l.judge(s.Attrs)
}

func (l *link) judge(attrs map[string]string) chain.Proof {
	value, protocol := attrs[l.settings.System], l.settings.Protocol
	now, ok := parseSystem(value)
	if !ok {
		return chain.Untried(chain.Say("vpn.system_unsaid", "attr", l.settings.System, "value", value), chain.Say("vpn.system_unsaid_hint", "attr", l.settings.System))
	}
	p := l.of(now, value, protocol)
	next, ahead := parseSystem(l.settings.Upgrade)
	// What it has been upgraded to already, or is past, is no upgrade.
	if p.Verdict != chain.Holds || !ahead || next.name == now.name && slices.Compare(next.version, now.version) <= 0 {
		return p
	}
	then := l.of(next, l.settings.Upgrade, protocol)
	if then.Verdict != chain.Broken {
		return p
	}
	then.Cause, then.Ahead = "removal_ahead", true
	then.Because = chain.Say("vpn.removal_ahead", "system", value, "upgrade", l.settings.Upgrade, "protocol", protocol)
	then.Hint = chain.Say("vpn.removal_ahead_hint", "upgrade", l.settings.Upgrade, "others", strings.Join(known().others(now, next), ", "))
	return then
}

func (l *link) of(s system, value, protocol string) chain.Proof {
	r, has, told := known().find(s, protocol)
	switch {
	case has:
		p := chain.Untried(chain.Say("vpn.note_"+r.Note, "system", value, "protocol", protocol),
			chain.Say("vpn.note_hint", "protocol", protocol, "others", strings.Join(known().others(s), ", ")))
		if r.Note == "" {
			p = chain.Held(chain.Say("vpn.client_"+strings.ReplaceAll(r.Has, "-", "_"), "system", value, "protocol", protocol))
		}
		p.Evidence = []string{r.quote()}
		return p
	case !told:
		return chain.Untried(chain.Say("vpn.system_unknown", "system", value), chain.Say("vpn.system_unknown_hint", "known", strings.Join(known().Systems, ", ")))
	}
	p := chain.Broke("no_client", chain.Say("vpn.no_client", "system", value, "protocol", protocol),
		chain.Say("vpn.no_client_hint", "others", strings.Join(known().others(s), ", ")))
	if r, ok := known().last(s, protocol); ok {
		p.Evidence = []string{r.quote()}
	}
	return p
}

// quote is a row as evidence.
func (r row) quote() string {
	versions := ""
	switch {
	case r.Until != "":
		versions = " until " + r.Until
	case r.From != "":
		versions = " since " + r.From
	}
	return r.System + versions + ": " + r.Protocol + ", " + r.Has + " (" + r.Source + ", " + r.Date + ")"
}
