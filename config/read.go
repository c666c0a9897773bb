package config

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

// Defaults of what a link leaves open.
const (
	defaultEvery   = 10 * time.Second
	defaultTimeout = 5 * time.Second
	// freshBeats is for how many beats a proof counts: two may be missed.
	freshBeats = 3
	// exchangeBeat is about how long a proof may wait until it is told elsewhere.
	exchangeBeat = time.Minute
	// personFresh is for how long a person's word counts.
	personFresh = 90 * 24 * time.Hour
	// defaultWithin is how long a goal may be out of reach.
	defaultWithin = 24 * time.Hour
)

// top, and the types below, are the file as it is written; doc tags are for the
// schema.
type top struct {
	Lang   string              `yaml:"lang" doc:"the owner's language" enum:"en,ja"`
	Things map[string]thing    `yaml:"things" doc:"what can be lost as one, by name"`
	Links  map[string]struct{} `yaml:"links" doc:"claims that can be proved, by name"`
	Goals  map[string]goal     `yaml:"goals" doc:"what must stay possible, by name"`
	Mends  map[string]mend     `yaml:"mends" doc:"how a link is put back or a thing replaced, by name"`
}

type thing struct {
	Title  string            `yaml:"title" doc:"what people call it"`
	Given  bool              `yaml:"given" doc:"never counted as lost"`
	Absent bool              `yaml:"absent" doc:"not there yet; a mend for it is an improvement"`
	Attrs  map[string]string `yaml:"attrs" doc:"what describes it, such as os: debian-12"`
	Needs  []string          `yaml:"needs" doc:"things, links or goals without which it is of no use"`
}

type link struct {
	Kind    string        `yaml:"kind" doc:"the sort of link"`
	Title   string        `yaml:"title" doc:"what people call it"`
	Needs   []string      `yaml:"needs" doc:"links, goals and things without which it cannot hold"`
	Every   time.Duration `yaml:"every" doc:"the time between two proofs"`
	Timeout time.Duration `yaml:"timeout" doc:"how long one proof may take"`
	Fresh   time.Duration `yaml:"fresh" doc:"for how long a proof counts"`
	Mend    bool          `yaml:"mend" doc:"whether the guard may mend it by itself"`
	From    string        `yaml:"from" doc:"where it is proved from; without it, this machine"`
	// Lead is here so that all kinds have it in the same words.
	Lead []time.Duration `yaml:"lead" doc:"how long before a known end it is spoken of, such as [90d, 30d, 7d]"`
}

type goal struct {
	Title  string              `yaml:"title" doc:"what people call it"`
	Within time.Duration       `yaml:"within" doc:"how long it may be out of reach"`
	Ways   map[string][]string `yaml:"ways" doc:"by name, links that reach it together"`
}

type mend struct {
	For   string        `yaml:"for" doc:"the link or thing that it puts back"`
	Title string        `yaml:"title" doc:"what people call it"`
	Needs []string      `yaml:"needs" doc:"links, goals and things that it takes"`
	Takes time.Duration `yaml:"takes" doc:"how long it takes"`
	By    string        `yaml:"by" doc:"who does it" enum:"person,machine"`
	Run   Run           `yaml:"run" doc:"what omamori rescue does for the person, once he says yes"`
}

// Parse reads the configuration in b. Path is only to be remembered. If there are
// problems there is no file.
func Parse(path string, b []byte, o Options) (*File, []Problem) {
	r := &reader{}
	f := &File{Path: path, Sections: map[string]any{}}
	if n := r.parse(b); n != nil && !r.unreadable {
		r.file(n, f, o)
	}
	if len(r.problems) > 0 {
		return nil, r.sorted()
	}
	return f, nil
}

// sorted lists the problems by place.
func (r *reader) sorted() []Problem {
	slices.SortStableFunc(r.problems, func(a, b Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	if r.more > 0 {
		return append(r.problems, Problem{Text: chain.Say("config.more", "n", r.more)})
	}
	return r.problems
}

func (r *reader) file(n *node, f *File, o Options) {
	if n.kind == null {
		n.kind = table
	}
	if !r.is(n, table, "config.want_map") {
		return
	}
	elsewhere := []string{"links", "goals", "mends"}
	for _, s := range o.Sections {
		elsewhere = append(elsewhere, s.Name)
	}
	var t top
	r.decode(n, &t, elsewhere...)
	f.Lang, _ = words.Parse(t.Lang)
	if t.Lang == "" {
		f.Lang = ""
	}
	m := chain.Model{}
	r.things(n.get("things"), t.Things, &m)
	r.links(n.get("links"), f, &m, o.Kinds)
	r.goals(n.get("goals"), &m)
	r.mends(n.get("mends"), &m, f)
	if len(f.Links) == 0 && len(r.problems) == 0 && !o.NoLinks {
		r.problem(n, chain.Say("config.no_links"), chain.Say("config.none_hint"))
	}
	for _, s := range o.Sections {
		if at := n.get(s.Name); at != nil {
			f.Sections[s.Name] = r.section(at, s)
		}
	}
	c, mistakes := chain.New(m)
	r.mistakes(n, mistakes)
	f.Chain = c
}

// mistakes tells what is wrong with the chain, where nothing was said yet: half a
// goal has mistakes of its own.
func (r *reader) mistakes(n *node, mistakes []chain.Mistake) {
	said := map[string]bool{}
	for _, p := range r.problems {
		said[entryOf(p.Path)] = true
	}
	for _, m := range mistakes {
		at := r.where(n, m)
		unnamed := m.Name == "" // of something as a whole, not of a word in it
		if unnamed && said[entryOf(at.path)] {
			continue
		}
		hint := chain.Text{}
		if near := m.Text.Args["nearest"]; near != "" {
			hint = chain.Say("config.nearest", "nearest", near)
		}
		r.problem(at, m.Text, hint)
	}
}

// entryOf is the beginning of a path that names a link, goal, thing or mend. Names
// may have dots; then it is the beginning of that, which says too little at worst.
func entryOf(path string) string {
	parts := strings.SplitN(path, ".", 3)
	return strings.Join(parts[:min(len(parts), 2)], ".")
}

// where is the word that a mistake is about, inside of what has it.
func (r *reader) where(n *node, m chain.Mistake) *node {
	at := n
	for _, part := range []struct {
		name string
		in   []string
	}{{"things", []string{"needs"}}, {"links", []string{"needs"}}, {"goals", []string{"ways"}}, {"mends", []string{"for", "needs"}}} {
		entry := n.get(part.name).get(m.At)
		if entry == nil {
			continue
		}
		at = n.get(part.name).key(m.At)
		if m.Name == "" {
			continue
		}
		for _, key := range part.in {
			if word := entry.get(key).find(m.Name); word != nil {
				return word
			}
		}
	}
	return at
}

// find is the first scalar below n that says word.
func (n *node) find(word string) *node {
	if n == nil {
		return nil
	}
	if n.kind == scalar && n.scalar == word {
		return n
	}
	for _, e := range n.list {
		if found := e.find(word); found != nil {
			return found
		}
	}
	for _, f := range n.fields {
		if found := f.value.find(word); found != nil {
			return found
		}
	}
	return nil
}

// named calls each with the entries of a map whose keys are names.
func (r *reader) named(n *node, each func(key, value *node)) {
	if n == nil || n.kind == null || !r.is(n, table, "config.want_map") {
		return
	}
	for _, f := range n.fields {
		if !chain.ValidName(f.key.scalar) {
			r.problem(f.key, chain.Say("config.bad_name", "name", f.key.said()), chain.Say("config.bad_name_hint"))
		}
		each(f.key, f.value)
	}
}

func (r *reader) things(n *node, things map[string]thing, m *chain.Model) {
	r.named(n, func(key, _ *node) {
		t := things[key.scalar]
		m.Things = append(m.Things, chain.Thing{Name: key.scalar, Title: t.Title, Given: t.Given, Absent: t.Absent, Attrs: t.Attrs, Needs: t.Needs})
	})
}

func (r *reader) goals(n *node, m *chain.Model) {
	r.named(n, func(key, value *node) {
		g := goal{Within: defaultWithin}
		r.decode(value, &g)
		out := chain.Goal{Name: key.scalar, Title: g.Title, Within: g.Within}
		if ways := value.get("ways"); ways != nil {
			for _, f := range ways.fields {
				out.Ways = append(out.Ways, chain.Way{Name: f.key.scalar, Links: g.Ways[f.key.scalar]})
			}
		}
		m.Goals = append(m.Goals, out)
	})
}

func (r *reader) mends(n *node, m *chain.Model, f *File) {
	r.named(n, func(key, value *node) {
		var d mend
		r.decode(value, &d)
		if value.get("for") == nil {
			r.problem(key, chain.Say("config.missing", "key", "for"), chain.Text{})
		}
		if d.For == "" { // said already
			return
		}
		by := chain.Person
		if d.By == chain.Machine.String() {
			by = chain.Machine
		}
		m.Mends = append(m.Mends, chain.Mend{Name: key.scalar, Title: d.Title, For: d.For, Needs: d.Needs, Takes: d.Takes, By: by})
		if by == chain.Machine && d.Run != (Run{}) {
			r.problem(value.get("run"), chain.Say("config.run_machine"), runHint())
			return
		}
		r.run(value.get("run"), key.scalar, d.Run, m, f)
	})
}

// at follows a path such as "channels[0].url".
func (n *node) at(path string) *node {
	if n == nil || path == "" {
		return n
	}
	if m := indexed.FindStringSubmatch(path); m != nil {
		i := 0
		for _, c := range m[1] {
			i = min(i*10+int(c-'0'), len(n.list))
		}
		if i >= len(n.list) {
			return nil
		}
		return n.list[i].at(m[2])
	}
	end := 0
	for end < len(path) && path[end] != '.' && path[end] != '[' {
		end++
	}
	rest := path[end:]
	if rest != "" && rest[0] == '.' {
		rest = rest[1:]
	}
	return n.get(path[:end]).at(rest)
}

var indexed = regexp.MustCompile(`^\[(\d{1,6})\]\.?(.*)$`)

func (r *reader) section(n *node, s Section) any {
	settings := s.Settings()
	before := len(r.problems)
	r.decode(n, settings)
	if s.Check != nil && len(r.problems) == before {
		for _, e := range s.Check(settings) {
			r.settingErrors(n, n, e)
		}
	}
	return settings
}
