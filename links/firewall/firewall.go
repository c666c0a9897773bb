// Package firewall is the kind "firewall": the door's rules are in the kernel as they were
// confirmed, and what should be closed is closed.
package firewall

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/omamori-guard/omamori/cause"
	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/probe"
)

type settings struct {
	Socket string `yaml:"socket" doc:"where the door's half of hands answers"`
	Ports  []int  `yaml:"ports" doc:"the TCP ports that have to be closed to everybody without a lease"`
}

const example = `ports: [22]
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("firewall", example, settings{Socket: hands.DefaultDoorSocket}, build)
	k.Beat, k.Timeout = "10s", "5s"
	k.Aside = true
	return k
}

func build(s settings, at chain.Place) (chain.Prover, error) {
	var bad []error
	if !filepath.IsAbs(s.Socket) {
		bad = append(bad, &chain.SettingError{Field: "socket", Text: chain.Say("firewall.not_absolute", "value", s.Socket)})
	}
	l := &link{name: at.Link, socket: s.Socket}
	for _, p := range s.Ports {
		if p < 1 || p > 65535 {
			bad = append(bad, &chain.SettingError{Field: "ports", Text: chain.Say("firewall.bad_port", "port", p)})
		}
		l.ports = append(l.ports, uint16(p))
	}
	if len(s.Ports) == 0 {
		bad = append(bad, &chain.SettingError{Field: "ports", Text: chain.Say("firewall.no_ports")})
	}
	return l, errors.Join(bad...)
}

// link proves that the door is closed. It has no privileges: it asks the half of hands
// that has, and that reads the rules back from the kernel for every trial.
type link struct {
	name, socket string
	ports        []uint16
}

var _ chain.Doer = (*link)(nil)

// Causes of a break.
const (
	causeGone    = "rules_gone"
	causeChanged = "rules_changed"
	causeOpen    = "port_open"
)

func (l *link) Prove(ctx context.Context) chain.Proof {
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	s, err := l.look(ctx)
	switch {
	case err == nil:
		return l.judge(s)
	case probe.Cancelled(ctx):
		return chain.Untried(probe.CancelledText(), chain.Text{})
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return chain.Untried(chain.Say("firewall.no_door", "socket", l.socket), chain.Say("firewall.no_door_hint"))
	}
	return chain.Untried(chain.Say("firewall.not_told", "error", chain.ErrorText(err)), chain.Say("firewall.no_door_hint"))
}

func (l *link) look(ctx context.Context) (hands.DoorState, error) {
	c, err := hands.ConnectDoor(ctx, l.socket)
	if err != nil {
		return hands.DoorState{}, err
	}
	defer c.Close()
	return c.Look(ctx)
}

func (l *link) judge(s hands.DoorState) chain.Proof {
	if s.Trial > 0 { // in a minute this is decided
		return chain.Untried(chain.Say("firewall.trial"), chain.Say("firewall.trial_hint"))
	}
	again := chain.Say("firewall.load_hint")
	if s.Rules == nil {
		return chain.Broke(causeOpen, chain.Say("firewall.not_installed"), chain.Say("firewall.not_installed_hint"))
	}
	for _, p := range l.ports {
		if !slices.Contains(s.Rules.Closed, p) {
			return chain.Broke(causeOpen, chain.Say("firewall.port_open", "port", p), chain.Say("firewall.not_installed_hint"))
		}
	}
	switch {
	case !s.Wall.There:
		return chain.Broke(causeGone, chain.Say("firewall.gone"), again)
	case !s.Stands():
		return chain.Broke(causeChanged, chain.Say("firewall.changed"), again)
	}
	p := chain.Held(chain.Say("firewall.holds", "ports", fmt.Sprint(s.Rules.Closed), "leases", len(s.Leases)))
	p.Figures = []chain.Figure{{Name: "leases", Value: float64(len(s.Leases))}}
	return p
}

// Service implements chain.Mender: the proof is all the evidence there is.
func (l *link) Service() string { return "" }

// Plan loads what was confirmed again. What nobody has confirmed is a person's to install.
func (l *link) Plan(p chain.Proof, _ chain.Evidence) chain.Plan {
	plan := chain.Plan{Cause: cmp.Or(p.Cause, cause.Unknown), Why: p.Because, Next: p.Hint}
	if p.Cause == causeGone || p.Cause == causeChanged {
		plan.Deeds = []chain.Deed{{Verb: chain.PutBack, Service: l.name}}
		plan.Next = chain.Text{}
	}
	return plan
}

// Do has the rules put back, by the half of hands that may.
func (l *link) Do(ctx context.Context, d chain.Deed) error {
	if d.Verb != chain.PutBack {
		return fmt.Errorf("a firewall cannot %s", d.Verb)
	}
	c, err := hands.ConnectDoor(ctx, l.socket)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Load(ctx)
}
