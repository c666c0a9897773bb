// Package awssg is the kind "aws-sg": a security group of AWS lets in whom it should,
// and nobody else.
package awssg

import (
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cloud"
)

type settings struct {
	Profile  string        `yaml:"profile" doc:"the profile of AWS's configuration, else its default or the instance's role"`
	Region   string        `yaml:"region" doc:"the region, such as ap-northeast-1, else that of the profile or the instance"`
	Group    string        `yaml:"group" doc:"the security group's id, such as sg-0123456789abcdef0"`
	Balancer string        `yaml:"load_balancer" doc:"instead of group: a load balancer's name or ARN, for the group that it has"`
	Instance string        `yaml:"instance" doc:"instead of group: an instance's id, or self, for the group that it has"`
	Ports    []uint16      `yaml:"ports" doc:"the TCP ports that this is about"`
	From     []string      `yaml:"allow" doc:"the addresses or networks that must be let in all the time"`
	Also     []string      `yaml:"also" doc:"what else may be let in: addresses, networks, ids of groups (sg-) or prefix lists (pl-)"`
	Longest  time.Duration `yaml:"longest" doc:"the longest time of a lease that omamori door open --cloud gives"`
	Most     int           `yaml:"most" doc:"how many leases there may be at once"`
}

const example = `group: sg-0123456789abcdef0
region: ap-northeast-1
ports: [22]
allow: [203.0.113.5]
also: [pl-0123456789abcdef0]
longest: 8h
most: 10
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("aws-sg", example, settings{Longest: 8 * time.Hour, Most: 10}, func(s settings, at chain.Place) (chain.Prover, error) {
		return build(s, at, cloud.Client{})
	})
	k.Beat, k.Timeout = "1m", "30s"
	k.Aside = true
	return k
}

const maxFrom = 20 // addresses of a link: a group has room for sixty rules

func build(s settings, at chain.Place, c cloud.Client) (*link, error) {
	var bad []error
	wrong := func(field, key string, pairs ...any) { bad = append(bad, cloud.WrongField(field, key, pairs...)) }
	l := &link{client: c, settings: s, name: at.Link, ids: map[string]bool{}}
	targets := 0
	for _, t := range []string{s.Group, s.Balancer, s.Instance} {
		if t != "" {
			targets++
		}
	}
	switch {
	case targets != 1:
		wrong("group", "aws.sg_target")
	case s.Group != "" && !cloud.IsID(s.Group, "sg"):
		wrong("group", "aws.sg_bad_group", "value", s.Group)
	}
	if len(s.Ports) == 0 || len(s.Ports) > 16 {
		wrong("ports", "aws.sg_ports")
	}
	for _, p := range s.Ports {
		if p == 0 {
			wrong("ports", "aws.sg_ports")
		}
	}
	if len(s.From) > maxFrom {
		wrong("allow", "aws.sg_many", "most", maxFrom)
	}
	for _, text := range s.From {
		p, ok := parse(text)
		if !ok {
			wrong("allow", "aws.sg_bad_source", "value", text)
			continue
		}
		l.from = append(l.from, p)
	}
	for _, text := range s.Also {
		if cloud.IsID(text, "sg", "pl") {
			l.ids[text] = true
		} else if p, ok := parse(text); ok {
			l.also = append(l.also, p)
		} else {
			wrong("also", "aws.sg_bad_source", "value", text)
		}
	}
	if s.Longest < time.Minute || s.Longest > 7*24*time.Hour {
		wrong("longest", "aws.sg_longest")
	}
	if s.Most < 1 || s.Most > 50 {
		wrong("most", "aws.sg_most")
	}
	if len(bad) > 0 {
		return nil, errors.Join(bad...)
	}
	return l, nil
}

// parse reads an address or a network.
func parse(s string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	return p, err == nil && p == p.Masked() && !p.Addr().Is4In6()
}

// link proves and keeps the rules of a group.
type link struct {
	client   cloud.Client
	settings settings
	name     string
	from     []netip.Prefix
	also     []netip.Prefix
	ids      map[string]bool

	mu   sync.Mutex // protects the fields below
	due  []string   // groups with leases of ours that are over
	only string     // the group that was found, if there is but one
}

var (
	_ chain.Keeper = (*link)(nil)
	_ cloud.Door   = (*settings)(nil)
	_ cloud.Needer = (*settings)(nil)
)

func (s *settings) access() cloud.Access { return cloud.Access{Profile: s.Profile, Region: s.Region} }

func (s *settings) target() cloud.Target {
	return cloud.Target{Group: s.Group, Balancer: s.Balancer, Instance: s.Instance}
}

// CloudDoor says which group can be opened for a while.
func (s *settings) CloudDoor() (cloud.Access, cloud.Wish) {
	return s.access(), cloud.Wish{Target: s.target(), Ports: s.Ports, Longest: s.Longest, Most: s.Most}
}

// CloudNeeds are those of the door: the same that proving and mending need.
func (s *settings) CloudNeeds() []cloud.Need { return cloud.DoorNeeds(s.target()) }
