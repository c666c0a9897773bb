// Package updates is the kind "updates": no security update has waited too long, no
// reboot, and WordPress, its plug-ins and themes are not behind.
package updates

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
	"github.com/omamori-guard/omamori/wpdb"
)

type settings struct {
	Apt      bool          `yaml:"apt" doc:"whether Debian's packages are looked at"`
	Reboot   bool          `yaml:"reboot" doc:"whether a reboot that is wanted is looked for"`
	WPConfig string        `yaml:"wp_config" doc:"a wp-config.php: what WordPress knows of its own updates is read from its database"`
	Socket   string        `yaml:"socket" doc:"the database's Unix socket, where it is not the usual one"`
	Grace    time.Duration `yaml:"grace" doc:"for how long an update may wait, so that what is installed by night breaks nothing by day"`
}

const example = `wp_config: /etc/wordpress/config-default.php
grace: 3d
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("updates", example, settings{Apt: true, Reboot: true, Grace: 3 * day}, build)
	k.Beat, k.Timeout = "6h", "2m"
	return k
}

const (
	day = 24 * time.Hour
	// staleLists is when the lists of packages are too old to say that none waits.
	staleLists = 7 * day
	// rebootGrace is for how long a reboot may wait.
	rebootGrace = 14 * day
	// mostShown is how many waiting updates are quoted.
	mostShown = 12
)

func build(s settings, at chain.Place) (chain.Prover, error) {
	if s.WPConfig != "" && !filepath.IsAbs(s.WPConfig) {
		return nil, &chain.SettingError{Field: "wp_config", Text: chain.Say("updates.bad_wp_config", "value", s.WPConfig)}
	}
	if !s.Apt && !s.Reboot && s.WPConfig == "" {
		return nil, &chain.SettingError{Field: "apt", Text: chain.Say("updates.nothing")}
	}
	return &link{settings: s, source: wpdb.Source{Config: s.WPConfig, Socket: s.Socket, Hands: at.Hands}, first: map[string]time.Time{}, root: "/"}, nil
}

type link struct {
	settings settings
	source   wpdb.Source
	// first is when each waiting update was first seen.
	first map[string]time.Time
	root  string   // of the machine
	apt   []string // options for apt, of a test
}

// waiting is an update that waits.
type waiting struct {
	name string // "linux-image-amd64 6.1.1 → 6.1.2"
	what string // "apt", "wordpress"
}

// Prove looks at all that is wanted. What has waited too long breaks the link; what could
// not be looked at leaves it unproven.
func (l *link) Prove(ctx context.Context) chain.Proof {
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	now := time.Now()
	var all []waiting
	var bad, unproven *chain.Proof
	note := func(p chain.Proof) {
		if p.Verdict == chain.Broken && bad == nil {
			bad = &p
		} else if p.Verdict == chain.Unproven && unproven == nil {
			unproven = &p
		}
	}
	if l.settings.Apt {
		w, err := l.packages(ctx, now)
		all = append(all, w...)
		switch {
		case errors.Is(err, errStale):
			note(chain.Broke("lists_old", chain.Say("updates.lists_old"), chain.Say("updates.lists_old_hint")))
		case err != nil:
			note(chain.Untried(chain.Say("updates.apt_failed", "error", probe.Quote([]byte(err.Error()))), chain.Say("updates.apt_failed_hint")))
		}
	}
	if l.settings.WPConfig != "" {
		w, err := l.wordpress(ctx, now)
		all = append(all, w...)
		switch {
		case errors.Is(err, errNotLooked):
			note(chain.Broke("not_looked", chain.Say("updates.not_looked"), chain.Say("updates.not_looked_hint")))
		case err != nil:
			note(chain.Untried(chain.Say("updates.wp_failed", "error", probe.Quote([]byte(err.Error()))), chain.Say("updates.wp_failed_hint")))
		}
	}
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	if p := l.late(all, now); p != nil {
		note(*p)
	}
	if l.settings.Reboot {
		if since, why := l.reboot(); !since.IsZero() && now.Sub(since) > rebootGrace {
			note(chain.Broke("reboot", chain.Say("updates.reboot", "since", since, "why", why), chain.Say("updates.reboot_hint")))
		}
	}
	figures := []chain.Figure{{Name: "waiting", Value: float64(len(all))}}
	p := chain.Held(chain.Say("updates.holds"))
	switch {
	case bad != nil:
		p = *bad
	case unproven != nil:
		p = *unproven
	case len(all) > 0:
		p = chain.Held(chain.Say("updates.holds_waiting", "n", len(all), "grace", l.settings.Grace))
	}
	p.Figures = figures
	return p
}

// late is broken if something has waited longer than it may; nil if nothing has.
func (l *link) late(all []waiting, now time.Time) *chain.Proof {
	names := map[string]bool{}
	var late []string
	kinds := map[string]bool{}
	for _, w := range all {
		names[w.name] = true
		if l.first[w.name].IsZero() {
			l.first[w.name] = now
		}
		if now.Sub(l.first[w.name]) >= l.settings.Grace {
			late = append(late, w.name)
			kinds[w.what] = true
		}
	}
	for name := range l.first {
		if !names[name] {
			delete(l.first, name)
		}
	}
	if len(late) == 0 {
		return nil
	}
	hint := chain.Say("updates.apt_hint")
	if !kinds["apt"] {
		hint = chain.Say("updates.wp_hint")
	}
	p := chain.Broke("updates_wait", chain.Say("updates.wait", "n", len(late), "grace", l.settings.Grace), hint)
	slices.Sort(late)
	for _, name := range late[:min(len(late), mostShown)] {
		p.Evidence = append(p.Evidence, probe.Quote([]byte(name)))
	}
	if more := len(late) - mostShown; more > 0 {
		p.Evidence = append(p.Evidence, fmt.Sprintf("… and %d more", more))
	}
	return &p
}

func change(name, from, to string) string {
	if from == "" {
		return name + " → " + to
	}
	return fmt.Sprintf("%s %s → %s", name, from, to)
}
