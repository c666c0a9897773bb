// Package memory is the kind "memory": there is memory left, and programs do not
// wait for it.
package memory

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

type settings struct {
	MinAvailable string `yaml:"min_available" doc:"how much memory must be available: a share (5%) or a size (100MiB)"`
	MaxPressure  string `yaml:"max_pressure" doc:"the largest share of ten seconds in which all programs may have waited for memory"`
	MaxSwap      string `yaml:"max_swap" doc:"how much swap may be in use, a share or a size; by default all"`
	Cgroup       string `yaml:"cgroup" doc:"the control group whose limit counts, such as /system.slice; by default the guard's own"`
}

const example = `min_available: 5%
max_pressure: 20%
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("memory", example, settings{MinAvailable: "5%", MaxPressure: "20%", MaxSwap: "100%"}, build)
	k.Beat, k.Timeout = "10s", "2s"
	return k
}

func build(s settings, _ chain.Place) (chain.Prover, error) {
	var bad []error
	wrong := func(field string, text chain.Text) {
		bad = append(bad, &chain.SettingError{Field: field, Text: text})
	}
	amount := func(field, text string) probe.Amount {
		a, err := probe.ParseAmount(text)
		if err != nil {
			wrong(field, chain.Say("memory.bad_amount", "value", text))
		}
		return a
	}
	l := &link{cgroup: s.Cgroup, system: system{proc: "/proc", cgroups: "/sys/fs/cgroup"}}
	l.available, l.swap = amount("min_available", s.MinAvailable), amount("max_swap", s.MaxSwap)
	percent, share := amount("max_pressure", s.MaxPressure).Share()
	if !share && len(bad) == 0 {
		wrong("max_pressure", chain.Say("memory.bad_share", "value", s.MaxPressure))
	}
	l.pressure = percent
	if s.Cgroup != "" && (!filepath.IsAbs(s.Cgroup) || strings.Contains(s.Cgroup, "..")) {
		wrong("cgroup", chain.Say("memory.bad_cgroup", "value", s.Cgroup))
	}
	if len(bad) > 0 {
		return nil, errors.Join(bad...)
	}
	return l, nil
}

// link proves that there is memory left.
type link struct {
	available, swap probe.Amount
	pressure        float64 // of 100
	cgroup          string
	system          system
}

var _ chain.Prover = (*link)(nil)

// Prove looks at the machine and at the control groups that limit the guard, and
// judges by the tighter of them.
func (l *link) Prove(ctx context.Context) chain.Proof {
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	m, err := l.system.read(l.cgroup)
	if err != nil {
		return chain.Untried(chain.Say("memory.unread", "error", err.Error()), chain.Say("memory.unread_hint"))
	}
	p := l.judge(m)
	if p.Verdict == chain.Broken {
		biggest := l.system.biggest(ctx)
		if probe.Cancelled(ctx) {
			return chain.Untried(probe.CancelledText(), chain.Text{})
		}
		for _, b := range biggest {
			p.Evidence = append(p.Evidence, b.String())
		}
	}
	p.Figures = m.figures()
	return p
}

func (l *link) judge(m state) chain.Proof {
	least := l.available.Of(m.total)
	var p chain.Proof
	switch {
	case m.available < least && m.limit != "":
		p = chain.Broke("low_memory", chain.Say("memory.low_limit", "available", m.available, "total", m.total, "least", least, "cgroup", m.limit),
			chain.Say("memory.low_limit_hint", "cgroup", m.limit))
	case m.available < least:
		p = chain.Broke("low_memory", chain.Say("memory.low", "available", m.available, "total", m.total, "least", least),
			chain.Say("memory.low_hint"))
	case m.pressed && m.full > l.pressure:
		p = chain.Broke("memory_pressure", chain.Say("memory.pressed", "percent", round(m.full), "most", round(l.pressure)),
			chain.Say("memory.pressed_hint"))
		p.Evidence = []string{m.pressedLine}
	case m.swap-m.swapFree > l.swap.Of(m.swap):
		p = chain.Broke("swap_full", chain.Say("memory.swap", "used", m.swap-m.swapFree, "swap", m.swap), chain.Say("memory.swap_hint"))
	default:
		p = chain.Held(chain.Say("memory.holds", "available", m.available, "total", m.total))
	}
	return p
}
