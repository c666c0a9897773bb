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
	Table     string            `yaml:"table" doc:"a file with a newer table; see omamori due refresh"`
}

const example = `only: [os, php, mariadb, openssh]
have: {php: "8.4"}
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
	return &link{settings: s, root: "/"}, nil
}

type link struct {
	settings settings
	root     string // of the machine
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

// table is the newer one of the shipped and the refreshed.
func (l *link) table() Table {
	t := Shipped()
	if b, err := os.ReadFile(l.settings.Table); err == nil {
		if newer, err := Parse(b); err == nil && newer.Updated.After(t.Updated) {
			return newer
		}
	}
	return t
}

func (l *link) judge(t Table, system installed, all []installed, now time.Time) chain.Proof {
	var p chain.Proof
	var bad *chain.Proof
	var names, unknown []string
	os, known := t.find(system.product, system.release)
	wanted := len(l.settings.Only) == 0 || slices.Contains(l.settings.Only, "os")
	if !known && wanted {
		unknown = append(unknown, system.product+" "+system.release)
	}
	look := func(i installed, r Row) {
		name := title(i)
		names = append(names, name)
		hint := chain.Say("eol.hint", "name", name, "newest", t.newest(i.product), "source", r.Source)
		p.Ends = append(p.Ends, chain.End{
			Of: i.product + "-" + i.release, At: r.Over, What: chain.Say("eol.ends", "name", name), Hint: hint, Lead: chain.Days(180, 90, 60, 30, 14, 7),
		})
		if !now.Before(r.Over) && bad == nil {
			b := chain.Broke("end_of_life", chain.Say("eol.over", "name", name, "until", r.Over.AddDate(0, 0, -1)), hint)
			b.Evidence = []string{fmt.Sprintf("%s %s until %s: %s", i.product, i.release, r.Over.AddDate(0, 0, -1).Format(time.DateOnly), r.Source)}
			bad = &b
		}
	}
	if known && wanted {
		look(system, os)
	}
	for _, i := range all {
		r, there := t.find(i.product, i.release)
		switch {
		case i.distro && known && (!there || os.Over.After(r.Over)):
			// Its makers may stop before; the distribution goes on mending its package.
			names = append(names, title(i))
		case there:
			look(i, r)
		case i.product == "wordpress" || i.product == "openssh": // newer than all that has ended
			names = append(names, title(i))
		default:
			unknown = append(unknown, title(i))
		}
	}
	switch {
	case bad != nil:
		bad.Ends = p.Ends
		return *bad
	case len(unknown) > 0:
		ends := p.Ends
		p = chain.Untried(chain.Say("eol.unknown", "names", strings.Join(unknown, ", "), "updated", t.Updated), chain.Say("eol.unknown_hint"))
		p.Ends = ends
		return p
	case len(names) == 0:
		return chain.Untried(chain.Say("eol.nothing"), chain.Say("eol.unread_hint"))
	}
	ends := p.Ends
	p = chain.Held(chain.Say("eol.holds", "names", strings.Join(names, ", "), "updated", t.Updated))
	p.Ends = ends
	return p
}

// title is a product as people write it.
func title(i installed) string {
	name := map[string]string{
		"debian": "Debian", "ubuntu": "Ubuntu", "php": "PHP", "mariadb": "MariaDB", "wordpress": "WordPress", "openssh": "OpenSSH",
		"almalinux": "AlmaLinux", "rocky": "Rocky Linux",
	}[i.product]
	if name == "" {
		name = i.product
	}
	return strings.TrimSpace(name + " " + i.release)
}
