package hands

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/linux"
)

// Tune is a file of a service's configuration that hands may write: it alone, with
// nothing in it but the settings of its form. It is a drop-in, which comes after what the
// service's owner wrote and holds nothing of his.
type Tune struct {
	// Form is "mariadb" (an option file), "php-fpm" (a pool's) or "unit" (systemd's).
	Form string `json:"form"`
	File string `json:"file"`
	// Pool is the pool of PHP-FPM that the file is about.
	Pool string `json:"pool,omitempty"`
}

// The forms of files.
const (
	FormMariaDB = "mariadb"
	FormFPM     = "php-fpm"
	FormUnit    = "unit"
)

// Value is one setting.
type Value struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// tuneHead is the first line of every such file, by which they are known again.
const tuneHead = "Written by omamori site tune. To take it back: delete it, and restart what it is for."

// setting is what a value may be: a number of bytes or of things between two bounds, or
// one of a few words.
type setting struct {
	name  string
	bytes bool
	least int64
	most  int64
	words []string
}

func (s setting) allows(value string) bool {
	if s.words != nil {
		return slices.Contains(s.words, value)
	}
	digits, unit := value, int64(1)
	if s.bytes {
		if d, ok := strings.CutSuffix(value, "M"); ok {
			digits, unit = d, 1<<20
		} else if d, ok := strings.CutSuffix(value, "K"); ok {
			digits, unit = d, 1<<10
		}
	}
	n, err := strconv.ParseInt(digits, 10, 40)
	// As it would be written, and nothing else: no sign, no zeros before it.
	return err == nil && strconv.FormatInt(n, 10) == digits && n*unit >= s.least && n*unit <= s.most
}

// Units of sizes.
const (
	kib = 1 << 10
	mib = 1 << 20
)

// memory is all that the machine has: no size may be larger.
func memory() int64 {
	all, err := linux.Memory()
	if err != nil { // it always works
		return 0
	}
	return all
}

// settings lists what may be set in a form, in the order in which it is written. The
// lower bounds keep a service usable, whoever asks.
func settings(form string) []setting {
	switch form {
	case FormMariaDB:
		most := memory()
		return []setting{
			{name: "innodb_buffer_pool_size", bytes: true, least: 24 * mib, most: most},
			{name: "key_buffer_size", bytes: true, least: mib, most: most},
			{name: "aria_pagecache_buffer_size", bytes: true, least: mib, most: most},
			{name: "max_connections", least: 6, most: 100_000},
			{name: "tmp_table_size", bytes: true, least: mib, most: most},
			{name: "max_heap_table_size", bytes: true, least: mib, most: most},
			{name: "sort_buffer_size", bytes: true, least: 64 * kib, most: most},
			{name: "join_buffer_size", bytes: true, least: 64 * kib, most: most},
		}
	case FormFPM:
		return []setting{
			{name: "pm.max_children", least: 1, most: 10_000},
			{name: "pm.start_servers", least: 1, most: 10_000},
			{name: "pm.min_spare_servers", least: 1, most: 10_000},
			{name: "pm.max_spare_servers", least: 1, most: 10_000},
			{name: "pm.max_requests", least: 50, most: 1_000_000},
		}
	case FormUnit:
		return []setting{
			{name: "OOMScoreAdjust", least: -800, most: 1000}, // omamori itself has -900, sshd -1000
			{name: "OOMPolicy", words: []string{"continue", "stop"}},
			{name: "Restart", words: []string{"on-abnormal", "on-failure"}},
		}
	}
	return nil
}

// Content is the file with these values. Anything but a setting of the form, once, with a
// value that it may have is a *Refused.
func (t Tune) Content(values []Value) ([]byte, error) {
	comment, section := "#", "[mariadbd]"
	switch t.Form {
	case FormFPM:
		comment, section = ";", "["+t.Pool+"]"
	case FormUnit:
		section = "[Service]"
	}
	var b strings.Builder
	b.WriteString(comment + " " + tuneHead + "\n" + section + "\n")
	known, wrote := settings(t.Form), 0
	for _, s := range known {
		for i, v := range values {
			if v.Name != s.name {
				continue
			}
			if !s.allows(v.Value) || slices.ContainsFunc(values[:i], func(o Value) bool { return o.Name == v.Name }) {
				return nil, refuse(chain.Say("hands.bad_value", "name", v.Name, "value", v.Value))
			}
			fmt.Fprintf(&b, "%s = %s\n", v.Name, v.Value)
			wrote++
		}
	}
	if t.Form == FormFPM {
		if err := agree(values); err != nil {
			return nil, err
		}
	}
	if wrote == 0 || wrote != len(values) {
		for _, v := range values {
			if !slices.ContainsFunc(known, func(s setting) bool { return s.name == v.Name }) {
				return nil, refuse(chain.Say("hands.bad_setting", "name", v.Name, "form", t.Form))
			}
		}
		return nil, refuse(chain.Say("hands.no_values", "path", t.File))
	}
	out := b.String()
	if t.Form == FormUnit { // systemd wants no spaces, or does not mind; its own files have none
		out = strings.ReplaceAll(out, " = ", "=")
	}
	return []byte(out), nil
}

// agree wants numbers of children with which PHP-FPM starts; each is a good number by now.
func agree(values []Value) error {
	number := map[string]int{}
	for _, v := range values {
		number[v.Name], _ = strconv.Atoi(v.Value)
	}
	for _, pair := range [][2]string{ // the first is no larger than the second
		{"pm.min_spare_servers", "pm.start_servers"}, {"pm.start_servers", "pm.max_spare_servers"},
		{"pm.min_spare_servers", "pm.max_spare_servers"}, {"pm.max_spare_servers", "pm.max_children"},
		{"pm.min_spare_servers", "pm.max_children"},
	} {
		small, one := number[pair[0]]
		large, other := number[pair[1]]
		if one && other && small > large {
			return refuse(chain.Say("hands.disagree", "name", pair[0], "value", small, "other", pair[1], "than", large))
		}
	}
	return nil
}

// Tuned are the values of a file that Content made; ok is false for any other.
func (t Tune) Tuned(content []byte) (values []Value, ok bool) {
	first := true
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		if first {
			if !strings.HasSuffix(line, tuneHead) {
				return nil, false
			}
			first = false
			continue
		}
		if name, value, ok := strings.Cut(line, "="); ok {
			values = append(values, Value{strings.TrimSpace(name), strings.TrimSpace(value)})
		}
	}
	return values, !first
}

// tunes checks what a service's entry says of its files.
func (r *reader) tunes(at string, s *Service) {
	if len(s.Tunes) > maxTunes {
		r.at(at, "tunes", chain.Say("hands.too_many", "max", maxTunes))
		return
	}
	for i, t := range s.Tunes {
		at := fmt.Sprintf("%s.tunes[%d]", at, i)
		r.path(at+".file", t.File, false)
		ending := map[string]string{FormMariaDB: ".cnf", FormFPM: ".conf", FormUnit: ".service.d/zz-omamori.conf"}[t.Form]
		switch {
		case ending == "":
			r.at(at, "form", chain.Say("hands.bad_form", "form", t.Form))
		case !strings.HasSuffix(t.File, ending):
			r.at(at, "file", chain.Say("hands.bad_ending", "path", t.File, "ending", ending))
		case t.Form == FormUnit && s.Systemd == "":
			r.at(at, "form", chain.Say("hands.unit_without_systemd", "service", s.Name))
		case (t.Form == FormFPM) != (t.Pool != "") || t.Pool != "" && !poolName(t.Pool):
			r.at(at, "pool", chain.Say("hands.bad_pool", "pool", t.Pool))
		}
	}
}

const maxTunes = 16

func poolName(s string) bool { return s != "global" && matches(`^[a-zA-Z0-9_.-]{1,64}$`, s) }
