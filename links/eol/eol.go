// Package eol is the kind "eol": the operating system and what runs on it are releases that
// still get security fixes, by a table of dates with their sources.
package eol

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

type settings struct {
	Only      []string          `yaml:"only" doc:"the products to look at, such as os, php, mariadb, wordpress, openssh; all that are found unless set"`
	WordPress string            `yaml:"wordpress" doc:"the folder of a WordPress that is no package"`
	Have      map[string]string `yaml:"have" doc:"releases of products that are not found by themselves, such as php: 8.3"`
	Until     map[string]string `yaml:"until" doc:"last days that you know better, such as debian-11: 2031-06-30 for support that is paid for"`
	Table     string            `yaml:"table" doc:"a file with a newer table, as omamori due refresh writes it"`
}

const example = `only: [os, php, mariadb, openssh]
have: {php: "8.4"}
until: {debian-11: 2031-06-30}
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("eol", example, settings{Table: DefaultTable}, build)
	k.Beat, k.Timeout = "12h", "20s"
	return k
}

func build(s settings, at chain.Place) (chain.Prover, error) {
	bad := func(field, value string) (chain.Prover, error) {
		return nil, &chain.SettingError{Field: field, Text: chain.Say("eol.bad_"+field, "value", value)}
	}
	if s.WordPress != "" && !filepath.IsAbs(s.WordPress) {
		return bad("wordpress", s.WordPress)
	}
	if !filepath.IsAbs(s.Table) {
		return bad("table", s.Table)
	}
	for _, product := range slices.Sorted(maps.Keys(s.Have)) {
		if !aProduct.MatchString(product) || !aRelease.MatchString(s.Have[product]) {
			return bad("have", product+": "+s.Have[product])
		}
	}
	for _, product := range s.Only {
		if !aProduct.MatchString(product) {
			return bad("only", product)
		}
	}
	l := &link{settings: s, root: "/", until: map[string]time.Time{}}
	for _, name := range slices.Sorted(maps.Keys(s.Until)) {
		over, err := probe.LastDay(s.Until[name])
		i := strings.LastIndexByte(name, '-')
		if err != nil || i < 0 || !aProduct.MatchString(name[:i]) || !aRelease.MatchString(name[i+1:]) {
			return bad("until", name+": "+s.Until[name])
		}
		l.until[name] = over
	}
	return l, nil
}

type link struct {
	settings settings
	until    map[string]time.Time // by End.Of: what the owner knows better
	root     string               // of the machine
}

// Prove compares what is installed with the table.
func (l *link) Prove(ctx context.Context) chain.Proof {
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	system, all, err := l.found()
	if err != nil {
		return chain.Untried(chain.Say("eol.unread", "error", probe.Quote([]byte(err.Error()))), chain.Say("eol.unread_hint"))
	}
	return l.judge(l.table(), system, all, time.Now())
}

// found lists the operating system, and what is on it.
func (l *link) found() (system installed, all []installed, err error) {
	if system, err = osRelease(l.root); err != nil {
		return system, nil, err
	}
	if f, err := os.Open(filepath.Join(l.root, "var/lib/dpkg/status")); err == nil {
		defer f.Close()
		if all, err = dpkg(f); err != nil {
			return system, nil, fmt.Errorf("read dpkg's list: %w", err)
		}
	}
	if l.settings.WordPress != "" {
		one, err := wordpressAt(l.settings.WordPress)
		if err != nil {
			return system, nil, err
		}
		all = append(slices.DeleteFunc(all, func(i installed) bool { return i.product == "wordpress" }), one)
	}
	for _, product := range slices.Sorted(maps.Keys(l.settings.Have)) {
		if product == "os" {
			continue
		}
		all = append(slices.DeleteFunc(all, func(i installed) bool { return i.product == product }),
			installed{product: product, release: l.settings.Have[product]})
	}
	if only := l.settings.Only; len(only) > 0 {
		all = slices.DeleteFunc(all, func(i installed) bool { return !slices.Contains(only, i.product) })
	}
	return system, all, nil
}

// table is the shipped one, with what a refreshed one adds.
func (l *link) table() Table {
	if b, err := probe.ReadFile(l.settings.Table, MaxTable); err == nil {
		if t, err := Parse(b); err == nil {
			return Shipped().With(t)
		}
	}
	return Shipped()
}

// find is the row of what is installed.
func (l *link) find(t Table, i installed) (Row, bool) {
	r, known := t.find(i.product, i.release)
	if over, ok := l.until[i.of()]; ok {
		r, known = Row{i.product, i.release, over, ""}, true
	}
	return r, known
}

func (l *link) judge(t Table, system installed, all []installed, now time.Time) chain.Proof {
	var ends []chain.End
	var bad *chain.Proof
	var names, unknown []string
	os, known := l.find(t, system)
	wanted := len(l.settings.Only) == 0 || slices.Contains(l.settings.Only, "os")
	look := func(i installed, r Row) {
		hint := chain.Say("eol.hint", "name", i.title(), "newest", t.newest(i.product), "source", r.Source)
		if r.Source == "" {
			hint = chain.Say("eol.hint_own", "name", i.title(), "of", i.of())
		}
		ends = append(ends, chain.End{
			Of: i.of(), At: r.Over, What: chain.Say("eol.ends", "name", i.title()), Hint: hint, Lead: chain.Days(180, 90, 60, 30, 14, 7),
		})
		if !now.Before(r.Over) && bad == nil {
			last := r.Over.AddDate(0, 0, -1)
			b := chain.Broke("end_of_life", chain.Say("eol.over", "name", i.title(), "until", last), hint)
			b.Evidence = []string{strings.TrimSpace(fmt.Sprintf("%s %s until %s %s", i.product, i.release, last.Format(time.DateOnly), r.Source))}
			bad = &b
		}
	}
	if wanted {
		if names = append(names, system.title()); known {
			look(system, os)
		} else {
			unknown = append(unknown, system.title())
		}
	}
	ofSystem := false
	for _, i := range all {
		names = append(names, i.title())
		r, there := l.find(t, i)
		switch {
		case i.distro && known && (!there || os.Over.After(r.Over)):
			// Its makers may stop before; the distribution goes on mending its package.
			ofSystem = true
		case there:
			look(i, r)
		case i.product == "wordpress" || i.product == "openssh": // newer than all that has ended
		default:
			unknown = append(unknown, i.title())
		}
	}
	if ofSystem && !wanted { // then they end with the system
		look(system, os)
	}
	p := chain.Held(chain.Say("eol.holds", "names", strings.Join(names, ", "), "updated", t.Updated))
	switch {
	case bad != nil:
		p = *bad
	case len(unknown) > 0:
		p = chain.Untried(chain.Say("eol.unknown", "names", strings.Join(unknown, ", "), "updated", t.Updated), chain.Say("eol.unknown_hint"))
	case len(names) == 0:
		p = chain.Untried(chain.Say("eol.nothing"), chain.Say("eol.unread_hint"))
	}
	p.Ends = ends
	return p
}

// of names it among the ends.
func (i installed) of() string { return i.product + "-" + i.release }

// title is a product as people write it.
func (i installed) title() string {
	name := map[string]string{
		"debian": "Debian", "ubuntu": "Ubuntu", "php": "PHP", "mariadb": "MariaDB", "wordpress": "WordPress", "openssh": "OpenSSH",
		"almalinux": "AlmaLinux", "rocky": "Rocky Linux",
	}[i.product]
	if name == "" {
		name = i.product
	}
	return strings.TrimSpace(name + " " + i.release)
}
