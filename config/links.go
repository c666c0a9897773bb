package config

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

func (r *reader) links(n *node, f *File, m *chain.Model, kinds []chain.Kind) {
	attrs := m.Attrs()
	r.named(n, func(key, value *node) {
		// Half a link still has its name, so that what needs it is not blamed too.
		l := Link{Name: key.scalar}
		var common link
		if value.kind == null {
			value.kind = table
		}
		if r.is(value, table, "config.want_map") {
			if kind, ok := r.kind(key, value, kinds); ok {
				l.Kind, l.Settings = kind, kind.Settings()
				common = r.common(value, kind)
				r.decode(value, l.Settings, r.commonKeys()...)
				r.build(key, value, kind, l.Settings, attrs)
			}
		}
		l.Lead = common.Lead
		l.Every, l.Timeout, l.Fresh, l.Mend, l.From = common.Every, common.Timeout, common.Fresh, common.Mend, common.From
		f.Links = append(f.Links, l)
		m.Links = append(m.Links, chain.Link{
			Name: l.Name, Title: common.Title, Kind: l.Kind.Name, Needs: common.Needs, Fresh: l.Fresh, Person: l.Kind.Person, Aside: l.Kind.Aside,
		})
	})
}

func (r *reader) kind(key, value *node, kinds []chain.Kind) (chain.Kind, bool) {
	at := value.get("kind")
	if at == nil {
		r.problem(key, chain.Say("config.missing", "key", "kind"), r.allowed("", kindNames(kinds)))
		return chain.Kind{}, false
	}
	for _, k := range kinds {
		if k.Name == at.scalar {
			return k, true
		}
	}
	r.problem(at, chain.Say("config.unknown_kind", "kind", at.said()), r.allowed(at.scalar, kindNames(kinds)))
	return chain.Kind{}, false
}

func kindNames(kinds []chain.Kind) (names []string) {
	for _, k := range kinds {
		names = append(names, k.Name)
	}
	return names
}

// The shortest time between two proofs, since a guard is no load test, and for one.
const (
	leastEvery   = 100 * time.Millisecond
	leastTimeout = 10 * time.Millisecond
	// mostLead is how often an end may be spoken of before it comes.
	mostLead = 20
)

// common reads the keys that all links have, and fills in what they leave open.
func (r *reader) common(value *node, kind chain.Kind) link {
	only := &node{kind: table, line: value.line, column: value.column, path: value.path}
	keys := r.commonKeys()
	for _, f := range value.fields {
		if slices.Contains(keys, f.key.scalar) {
			only.add(f)
		}
	}
	l := link{Mend: true}
	before := len(r.problems)
	r.decode(only, &l)
	if len(r.problems) > before {
		return l // what could not be read would be said twice
	}
	for _, given := range []struct {
		key       string
		is, least time.Duration
	}{{"every", l.Every, leastEvery}, {"timeout", l.Timeout, leastTimeout}, {"fresh", l.Fresh, leastTimeout}} {
		if at := only.get(given.key); at != nil && given.is < given.least {
			r.problem(at, chain.Say("config.too_short", "key", given.key, "least", given.least), chain.Text{})
		}
	}
	if at := value.get("lead"); len(l.Lead) > mostLead || slices.Contains(l.Lead, 0) {
		r.problem(at, chain.Say("config.bad_lead", "most", mostLead), chain.Say("config.bad_lead_hint"))
	}
	slices.SortFunc(l.Lead, func(a, b time.Duration) int { return cmp.Compare(b, a) })
	l.Lead = slices.Compact(l.Lead)
	if l.From != "" && !chain.ValidName(l.From) {
		r.problem(value.get("from"), chain.Say("config.bad_name", "name", l.From), chain.Say("config.bad_name_hint"))
	}
	l.Every = first(l.Every, kind.Beat, defaultEvery)
	l.Timeout = first(l.Timeout, kind.Timeout, min(defaultTimeout, l.Every))
	if kind.Person {
		l.Fresh = first(l.Fresh, "", personFresh)
		return l
	}
	if l.Timeout > l.Every {
		r.problem(value.key("every"), chain.Say("config.beat_short", "every", l.Every, "timeout", l.Timeout), chain.Text{})
	}
	if l.Fresh > 0 && l.Fresh < l.Every+l.Timeout {
		r.problem(value.key("fresh"), chain.Say("config.fresh_short", "fresh", l.Fresh, "least", l.Every+l.Timeout), chain.Text{})
	}
	beat := l.Every + l.Timeout
	if l.From != "" {
		beat += exchangeBeat
	}
	l.Fresh = first(l.Fresh, "", freshBeats*beat)
	return l
}

// first is what was given, else what the kind says, else the default.
func first(given time.Duration, kind string, otherwise time.Duration) time.Duration {
	if given > 0 {
		return given
	}
	if d, err := ParseDuration(kind); err == nil && kind != "" {
		return d
	}
	return otherwise
}

func (r *reader) commonKeys() []string { return r.tagged(linkType).names }

// build makes a prover, to hear what the kind says of its settings, and lets it go.
func (r *reader) build(key, value *node, kind chain.Kind, settings any, attrs map[string]string) {
	if r.more > 0 || slices.ContainsFunc(r.problems, func(p Problem) bool { return strings.HasPrefix(p.Path, value.path+".") }) {
		return // what could not be read would be said twice
	}
	p, err := kind.New(settings, chain.Place{Link: key.scalar, Attrs: attrs})
	if err != nil {
		r.settingErrors(key, value, err)
		return
	}
	if err := chain.CloseProver(p); err != nil {
		r.problem(key, chain.Say("config.kind_failed", "error", err), chain.Text{})
	}
}

// settingErrors points each of the joined errors at its setting.
func (r *reader) settingErrors(key, value *node, err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			r.settingErrors(key, value, e)
		}
		return
	}
	var s *chain.SettingError
	if !errors.As(err, &s) {
		r.problem(key, chain.Say("config.kind_failed", "error", err), chain.Text{})
		return
	}
	at := value.at(s.Field)
	if at == nil {
		at = key
	}
	r.problem(at, chain.Say("config.setting", "field", s.Field, "text", s.Text), chain.Text{})
}
