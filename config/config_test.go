package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

// ping and word are two small kinds.
type ping struct {
	Host   string            `yaml:"host" doc:"who is called"`
	Count  int               `yaml:"count" doc:"how often"`
	Least  chain.Size        `yaml:"least" doc:"the smallest answer"`
	Pause  time.Duration     `yaml:"pause" doc:"between two"`
	Key    chain.Secret      `yaml:"key" doc:"where the key is"`
	Mode   string            `yaml:"mode" doc:"how" enum:"fast,slow"`
	Quiet  bool              `yaml:"quiet" doc:"say less"`
	Ratio  float64           `yaml:"ratio" doc:"how much"`
	Accept []string          `yaml:"accept" doc:"what is an answer"`
	Header map[string]string `yaml:"header" doc:"what is sent along"`
	To     []struct {
		Name string `yaml:"name" doc:"a name"`
	} `yaml:"to" doc:"whom to tell"`
}

type nothing struct{ chain.Prover }

func options() Options {
	build := func(s ping, _ chain.Place) (chain.Prover, error) {
		if s.Host == "" {
			return nil, errors.Join(
				&chain.SettingError{Field: "host", Text: chain.Say("config.missing", "key", "host")},
				&chain.SettingError{Field: "to[1].name", Text: chain.Say("config.missing", "key", "name")})
		}
		return nothing{}, nil
	}
	p := chain.NewKind("ping", "host: a\n", ping{Mode: "fast", Count: 3}, build)
	p.Beat, p.Timeout = "20s", "4s"
	word := chain.NewKind("word", "", struct{}{}, func(struct{}, chain.Place) (chain.Prover, error) { return nothing{}, nil })
	word.Person = true
	return Options{
		Kinds: []chain.Kind{p, word},
		Sections: []Section{{Name: "mail", Settings: func() any {
			return &struct {
				To string `yaml:"to" doc:"whom"`
			}{}
		}, Check: func(any) []*chain.SettingError {
			return []*chain.SettingError{{Field: "to", Text: chain.Say("config.no_value")}}
		}}},
	}
}

func TestParse(t *testing.T) {
	f, problems := Parse("x.yaml", []byte(`# comment
lang: ja
things:
  phone: {title: My phone, attrs: {os: ios-19}}
  laptop: {given: yes}
links:
  b:
    kind: ping
    needs: a
    host: 10.0.0.1
    every: 1m
    timeout: 2s
    mend: no
    least: 1.5KiB
    pause: 1d12h
    key: file:/run/key
    accept: [x, 7]
    header: {a: b}
    to: [{name: n}]
  a: {kind: ping, host: "yes"}
  codes: {kind: word, needs: [phone]}
goals:
  blog: {title: visitors read, ways: {web: [a, b], other: [b]}}
mends:
  new: {for: codes, needs: [a], takes: 7d}
  auto: {for: a, by: machine, takes: 5s}
`), options())
	if problems != nil {
		t.Fatal(said(problems))
	}
	b := f.Links[0]
	if b.Name != "b" || b.Every != time.Minute || b.Fresh != 3*62*time.Second || b.Mend || f.Lang != words.Japanese {
		t.Errorf("%+v", b)
	}
	s := b.Settings.(*ping)
	if s.Least != 1536 || s.Pause != 36*time.Hour || s.Key != "file:/run/key" || s.Accept[1] != "7" || s.Header["a"] != "b" || s.To[0].Name != "n" || s.Mode != "fast" {
		t.Errorf("%+v", s)
	}
	if a := f.Links[1]; a.Every != 20*time.Second || a.Timeout != 4*time.Second || !a.Mend || a.Settings.(*ping).Host != "yes" {
		t.Errorf("%+v", a)
	}
	if c := f.Links[2]; c.Fresh != 90*24*time.Hour {
		t.Errorf("%+v", c)
	}
	m := f.Chain.Model()
	if l, _ := f.Chain.Link("codes"); !l.Person {
		t.Error("a person's link is a machine's")
	}
	if m.Goals[0].Ways[0].Name != "web" || m.Goals[0].Within != 24*time.Hour || m.Mends[1].By != chain.Machine || m.Mends[0].Takes != 7*24*time.Hour || !m.Things[1].Given {
		t.Errorf("%+v", m)
	}
}

func said(problems []Problem) string {
	var lines []string
	for _, p := range problems {
		line := fmt.Sprintf("%d:%d %s: %s", p.Line, p.Column, p.Path, words.English.Say(p.Text))
		if !p.Hint.IsZero() {
			line += " → " + words.English.Say(p.Hint)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// Each mistake, with all that is said of it.
func TestMistakes(t *testing.T) {
	const link = "links:\n  a: {kind: ping, host: h"
	for name, c := range map[string]struct{ in, want string }{
		"nothing":        {"", "1:1 : the configuration has no links: there is nothing to guard → Let omamori look at this machine and write one: omamori init"},
		"a list":         {"- a", "1:1 : keys with values are wanted here, not […]"},
		"a word":         {"a", "1:1 : keys with values are wanted here, not a"},
		"unknown key":    {link + "}\nlnks: {}", "3:1 lnks: there is no setting lnks here → Did you mean links?"},
		"far key":        {link + ", zzzzzz: 1}", "2:28 links.a.zzzzzz: there is no setting zzzzzz here → Allowed: accept, count, every, fresh, from, header, host, key, kind, least, mend, mode, needs, pause, quiet, ratio, timeout, title, to"},
		"misspelt":       {"links:\n  a:\n    kind: ping\n    hots: h", "4:5 links.a.hots: there is no setting hots here → Did you mean host?"},
		"twice":          {"links:\n  a: {kind: ping, host: h}\n  a: {kind: ping, host: h}", "3:3 links.a: a stands here a second time"},
		"no kind":        {"links:\n  a: {host: h}", "2:3 links.a: kind is missing → Allowed: ping, word"},
		"unknown kind":   {"links:\n  a: {kind: pign}", "2:13 links.a.kind: there is no kind pign → Did you mean ping?"},
		"duration":       {link + ", every: 10}", "2:35 links.a.every: a time such as 500ms, 30s, 5m, 24h or 7d is wanted here, not 10"},
		"size":           {link + ", least: many}", "2:35 links.a.least: a size such as 512MiB or 2GiB is wanted here, not many"},
		"secret":         {link + ", key: hunter2}", "2:33 links.a.key: a secret is never written here, only where it is → file:/path/to/it, env:NAME or credential:NAME (of systemd)"},
		"number":         {link + ", count: 1.5}", "2:35 links.a.count: a whole number is wanted here, not 1.5"},
		"float":          {link + ", ratio: .nan}", "2:35 links.a.ratio: a number is wanted here, not .nan"},
		"bool":           {link + ", mend: maybe}", "2:34 links.a.mend: yes or no is wanted here, not maybe"},
		"enum":           {link + ", mode: fats}", "2:34 links.a.mode: fats is not allowed here → Did you mean fast?"},
		"list for text":  {link + ", mode: [a]}", "2:34 links.a.mode: text is wanted here, not […]"},
		"map for list":   {link + ", accept: {a: b}}", "2:37 links.a.accept: a list is wanted here, not {…}"},
		"text for map":   {link + ", header: x}", "2:36 links.a.header: keys with values are wanted here, not x"},
		"no value":       {"links:\n  a:\n    kind: ping\n    host:", "4:11 links.a.host: a value is missing here"},
		"beat":           {link + ", every: 2s}", "2:28 links.a.every: every (2 seconds) is shorter than timeout (4 seconds)"},
		"fresh":          {link + ", fresh: 5s}", "2:28 links.a.fresh: fresh (5 seconds) would end before the next proof; at least 24 seconds"},
		"setting errors": {"links:\n  a: {kind: ping, to: [{name: n}]}", "2:3 links.a: host: host is missing\n2:3 links.a: to[1].name: name is missing"},
		"name":           {"links:\n  a b: {kind: ping, host: h}", "2:3 links.a b: a b cannot be a name → Letters and digits, then also - _ and . , at most 64."},
		"section":        {link + "}\nmail: {to: x}", "3:12 mail.to: to: a value is missing here"},
		"lang":           {"lang: fr\n" + link + "}", "1:7 lang: fr is not allowed here → Allowed: en, ja"},
		"unknown need":   {link + ", needs: [a1]}\n  b1: {kind: ping, host: h}", "2:36 links.a.needs[0]: nothing is called a1 → Did you mean a?"},
		"circle":         {link + ", needs: b}\n  b: {kind: ping, host: h, needs: a}", "2:3 links.a: these need each other in a circle, so none of them could ever hold: a → b → a"},
		"no way":         {link + "}\ngoals: {g: {}}", "3:9 goals.g: the goal g has no way to reach it"},
		"mend for goal":  {link + "}\ngoals: {g: {ways: {w: a}}}\nmends: {m: {for: g}}", "4:18 mends.m.for: the mend m is for the goal g; a mend puts back a link or a thing"},
		"mend for none":  {link + "}\nmends: {m: {takes: 1s}}", "3:9 mends.m: for is missing"},
		"anchor":         {"links:\n  a: &x {kind: ping, host: h}\n  b: *x", "2:6 links.a: anchors, aliases, merges and tags of YAML are not read → Write the value out; put quotes around a text that begins with & * or !."},
		"two documents":  {link + "}\n---\nlinks: {}", "4:6 : a second document begins here; a configuration is one"},
		"tab":            {"links:\n\ta: 1", "2:1 : this is not YAML: found character '\t' that cannot start any token → Often the indentation (blanks, no tabs), a colon without a blank after it, or a missing quote."},
		"deep":           {strings.Repeat("[", 1000), "0:0 : nested more than 24 deep"},
	} {
		t.Run(name, func(t *testing.T) {
			f, problems := Parse("", []byte(c.in), options())
			got := said(problems)
			if !strings.HasPrefix(got, strings.ReplaceAll(c.want, "\t", " ")) && got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
			if f != nil {
				t.Error("a file in spite of problems")
			}
			if strings.Contains(got, "hunter2") {
				t.Error("a secret was repeated")
			}
		})
	}
}

func TestAllMistakesAtOnce(t *testing.T) {
	_, problems := Parse("", []byte("lang: fr\nlinks:\n  a: {kind: pong}\n  b: {kind: ping, host: h, every: x, count: y}\nwrong: 1\n"), options())
	if len(problems) != 5 {
		t.Errorf("%d problems:\n%s", len(problems), said(problems))
	}
}

func TestUnusable(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	large := write("large.yaml", nil)
	if err := os.Truncate(large, 100<<20); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none.yaml"): "there is no file",
		dir:                             "is a folder",
		"/dev/zero":                     "is not an ordinary file",
		large:                           "is larger than 256 KiB",
		write("latin1.yaml", []byte("lang: \xe9")): "is not UTF-8 text",
	} {
		_, _, err := Load(path, options())
		var u *Unusable
		if !errors.As(err, &u) || !strings.Contains(words.English.Say(u.Text), want) || u.Hint.IsZero() || !u.Usage() {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestFind(t *testing.T) {
	t.Chdir(t.TempDir())
	if got, err := Find("x.yaml"); got != "x.yaml" || err != nil {
		t.Errorf("%q %v", got, err)
	}
	if err := os.WriteFile("omamori.yaml", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := Find(""); got != "omamori.yaml" || err != nil {
		t.Errorf("%q %v", got, err)
	}
}

func TestValues(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"500ms": 500 * time.Millisecond, "1h30m": 90 * time.Minute, "7d": 7 * 24 * time.Hour, "1.5h": 90 * time.Minute, "0": 0, "1 h 5 m": 65 * time.Minute,
	} {
		if got, err := ParseDuration(s); got != want || err != nil {
			t.Errorf("%s: %v %v", s, got, err)
		}
	}
	for _, s := range []string{"", "5", "-5s", "s", "5x", "99999999w", "1..5s", "1e9s"} {
		if got, err := ParseDuration(s); err == nil {
			t.Errorf("%q is %v", s, got)
		}
	}
	for s, want := range map[string]chain.Size{"512": 512, "64KiB": 64 << 10, "1.5 GiB": 3 << 29, "2GB": 2e9, "64k": 64 << 10} {
		if got, err := ParseSize(s); got != want || err != nil {
			t.Errorf("%s: %v %v", s, got, err)
		}
	}
	for _, s := range []string{"", "-1", "x", "1XiB", "99999999TiB"} {
		if got, err := ParseSize(s); err == nil {
			t.Errorf("%q is %v", s, got)
		}
	}
}

func TestDecodeSettings(t *testing.T) {
	k := options().Kinds[0]
	s, problems := DecodeSettings(k, []byte("host: h\ncount: 7\n"))
	if problems != nil || s.(*ping).Count != 7 || s.(*ping).Mode != "fast" {
		t.Errorf("%+v %v", s, said(problems))
	}
	if _, problems := DecodeSettings(k, []byte("hots: h\n")); len(problems) != 1 {
		t.Errorf("%v", said(problems))
	}
}

func TestSchema(t *testing.T) {
	b, err := Schema(options())
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		Properties map[string]struct {
			AdditionalProperties json.RawMessage
			Properties           map[string]json.RawMessage
		}
	}
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	if s.Properties["mail"].Properties["to"] == nil || !strings.Contains(string(s.Properties["links"].AdditionalProperties), `"const": "ping"`) {
		t.Errorf("%s", b)
	}
	for _, want := range []string{`"default": 3`, `"between two"`, `"fast"`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in the schema", want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("links:\n  a: {kind: ping, host: h, to: [{name: x}]}\ngoals: {g: {ways: {w: [a]}}}\n"))
	f.Add([]byte("links: &a [*a]\n"))
	f.Add([]byte("? {a: b}\n: c\n"))
	f.Add([]byte("- - - -\n\"\\u0000\": |\n  x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 4096 {
			return
		}
		file, problems := Parse("", b, options())
		if (file == nil) != (len(problems) > 0) {
			t.Errorf("file %v, problems %s", file, said(problems))
		}
		for _, p := range problems {
			if !words.Has(p.Text.Key) || !p.Hint.IsZero() && !words.Has(p.Hint.Key) {
				t.Errorf("no words for %+v", p)
			}
		}
	})
}

func FuzzParseDuration(f *testing.F) {
	f.Add("1h30m")
	f.Add("9999999999999999999d")
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := ParseDuration(s); err == nil && (d < 0 || d > maxDuration) {
			t.Errorf("%q is %v", s, d)
		}
	})
}
