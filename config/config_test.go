package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
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
  d: {kind: ping, host: x, from: laptop}
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
	if d := f.Links[3]; d.From != "laptop" || d.Fresh != 3*(24*time.Second+time.Minute) {
		t.Errorf("%+v", d)
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
		"nothing":         {"", "1:1 : the configuration has no links: there is nothing to guard → Let omamori look at this machine and write one: omamori init"},
		"a list":          {"- a", "1:1 : keys with values are wanted here, not […]"},
		"a word":          {"a", "1:1 : keys with values are wanted here, not a"},
		"unknown key":     {link + "}\nlnks: {}", "3:1 lnks: there is no setting lnks here → Did you mean links?"},
		"far key":         {link + ", zzzzzz: 1}", "2:28 links.a.zzzzzz: there is no setting zzzzzz here → Allowed: accept, count, every, fresh, from, header, host, key, kind, lead, least, mend, mode, needs, pause, quiet, ratio, timeout, title, to"},
		"misspelt":        {"links:\n  a:\n    kind: ping\n    hots: h", "4:5 links.a.hots: there is no setting hots here → Did you mean host?"},
		"twice":           {"links:\n  a: {kind: ping, host: h}\n  a: {kind: ping, host: h}", "3:3 links.a: a stands here a second time"},
		"no kind":         {"links:\n  a: {host: h}", "2:3 links.a: kind is missing → Allowed: ping, word"},
		"unknown kind":    {"links:\n  a: {kind: pign}", "2:13 links.a.kind: there is no kind pign → Did you mean ping?"},
		"duration":        {link + ", every: 10}", "2:35 links.a.every: a time such as 500ms, 30s, 5m, 24h or 7d is wanted here, not 10"},
		"size":            {link + ", least: many}", "2:35 links.a.least: a size such as 512MiB or 2GiB is wanted here, not many"},
		"secret":          {link + ", key: hunter2}", "2:33 links.a.key: a secret is never written here, only where it is → file:/path/to/it, env:NAME or credential:NAME (of systemd)"},
		"number":          {link + ", count: 1.5}", "2:35 links.a.count: a whole number is wanted here, not 1.5"},
		"float":           {link + ", ratio: .nan}", "2:35 links.a.ratio: a number is wanted here, not .nan"},
		"bool":            {link + ", mend: maybe}", "2:34 links.a.mend: yes or no is wanted here, not maybe"},
		"enum":            {link + ", mode: fats}", "2:34 links.a.mode: fats is not allowed here → Did you mean fast?"},
		"list for text":   {link + ", mode: [a]}", "2:34 links.a.mode: text is wanted here, not […]"},
		"map for list":    {link + ", accept: {a: b}}", "2:37 links.a.accept: a list is wanted here, not {…}"},
		"text for map":    {link + ", header: x}", "2:36 links.a.header: keys with values are wanted here, not x"},
		"no value":        {"links:\n  a:\n    kind: ping\n    host:", "4:11 links.a.host: a value is missing here"},
		"beat":            {link + ", every: 2s}", "2:28 links.a.every: every (2 seconds) is shorter than timeout (4 seconds)"},
		"fresh":           {link + ", fresh: 5s}", "2:28 links.a.fresh: fresh (5 seconds) would end before the next proof; at least 24 seconds"},
		"setting errors":  {"links:\n  a: {kind: ping, to: [{name: n}]}", "2:3 links.a: host: host is missing\n2:3 links.a: to[1].name: name is missing"},
		"name":            {"links:\n  a b: {kind: ping, host: h}", "2:3 links.a b: a b cannot be a name → Letters and digits, then also - _ and . , at most 64."},
		"section":         {link + "}\nmail: {to: x}", "3:12 mail.to: to: a value is missing here"},
		"lang":            {"lang: fr\n" + link + "}", "1:7 lang: fr is not allowed here → Allowed: en, ja"},
		"unknown need":    {link + ", needs: [a1]}\n  b1: {kind: ping, host: h}", "2:36 links.a.needs[0]: nothing is called a1 → Did you mean a?"},
		"circle":          {link + ", needs: b}\n  b: {kind: ping, host: h, needs: a}", "2:3 links.a: these need each other in a circle, so none of them could ever hold: a → b → a"},
		"no way":          {link + "}\ngoals: {g: {}}", "3:9 goals.g: the goal g has no way to reach it"},
		"mend for goal":   {link + "}\ngoals: {g: {ways: {w: a}}}\nmends: {m: {for: g}}", "4:18 mends.m.for: the mend m is for the goal g; a mend puts back a link or a thing"},
		"run of nothing":  {link + "}\nmends: {m: {for: a, run: {}}}", "3:26 mends.m.run: run wants one deed: open (with code or without), code, rescue with on, or ssh → Such as run: {rescue: blog, on: server}."},
		"run of two":      {link + "}\nmends: {m: {for: a, run: {open: a, ssh: b}}}", "3:27 mends.m.run: run wants one deed: open (with code or without), code, rescue with on, or ssh → Such as run: {rescue: blog, on: server}."},
		"run nowhere":     {link + "}\nmends: {m: {for: a, run: {rescue: b}}}", "3:27 mends.m.run: run wants one deed: open (with code or without), code, rescue with on, or ssh → Such as run: {rescue: blog, on: server}."},
		"run's option":    {link + "}\nmends: {m: {for: a, run: {rescue: b, on: -oProxyCommand=x}}}", "3:42 mends.m.run.on: -oProxyCommand=x is no name of a machine → Such as run: {rescue: blog, on: server}."},
		"run's line":      {link + "}\nmends: {m: {for: a, run: {ssh: 'a;b'}}}", "3:32 mends.m.run.ssh: a;b is no name of a machine → Such as run: {rescue: blog, on: server}."},
		"run's goal":      {link + "}\nmends: {m: {for: a, run: {rescue: '$(b)', on: c}}}", "3:35 mends.m.run.rescue: $(b) cannot be a name → Such as run: {rescue: blog, on: server}."},
		"run's link":      {link + "}\nmends: {m: {for: a, run: {open: b}}}", "3:33 mends.m.run.open: no link is called b, which run is to open → Such as run: {rescue: blog, on: server}."},
		"run of machines": {link + "}\nmends: {m: {for: a, by: machine, run: {ssh: b}}}", "3:40 mends.m.run: run is for a mend of a person; this one is by: machine → Such as run: {rescue: blog, on: server}."},
		"mend for none":   {link + "}\nmends: {m: {takes: 1s}}", "3:9 mends.m: for is missing"},
		"anchor":          {"links:\n  a: &x {kind: ping, host: h}\n  b: *x", "2:6 links.a: anchors, aliases, merges, tags and directives of YAML are not read → Write the value out; put quotes around a text that begins with & * or !."},
		"two documents":   {link + "}\n---\nlinks: {}", "3:1 : a second document begins here; a configuration is one"},
		"tab":             {"links:\n\ta: 1", "2:1 : a tab stands here; only blanks may indent → Often the indentation (blanks, no tabs), a colon without a blank after it, or a missing quote."},
		"deep":            {strings.Repeat("[", 1000), "1:25 : nested more than 24 deep"},
		"anchored key":    {"&a links: {}", "1:1 : anchors, aliases, merges, tags and directives of YAML are not read → Write the value out; put quotes around a text that begins with & * or !."},
		"merge":           {"links: {<<: *x}", "1:9 : anchors, aliases, merges, tags and directives of YAML are not read → Write the value out; put quotes around a text that begins with & * or !."},
		"directive":       {"%YAML 1.1\n---\nlinks: {}", "1:1 : anchors, aliases, merges, tags and directives of YAML are not read → Write the value out; put quotes around a text that begins with & * or !."},
		"odd key":         {"? {a: b}\n: c", "2:1 : this is not YAML: found an invalid key for this map → Often the indentation (blanks, no tabs), a colon without a blank after it, or a missing quote."},
		"control":         {"links:\n  a: {kind: ping, host: \"\x00\"}", "2:26 : a control character stands here"},
		"huge number":     {link + ", count: 99999999999999999999}", "2:35 links.a.count: a whole number is wanted here, not 99999999999999999999"},
		"long value":      {link + ", every: " + strings.Repeat("y", 3000) + "}", "2:35 links.a.every: a time such as 500ms, 30s, 5m, 24h or 7d is wanted here, not " + strings.Repeat("y", 60) + "…"},
		"negative time":   {link + "}\nmends: {m: {for: a, takes: -5m}}", "3:28 mends.m.takes: a time such as 500ms, 30s, 5m, 24h or 7d is wanted here, not -5m"},
		"negative within": {link + "}\ngoals: {g: {within: -1h, ways: {w: a}}}", "3:21 goals.g.within: a time such as 500ms, 30s, 5m, 24h or 7d is wanted here, not -1h"},
		"no time":         {link + ", every: 0s}", "2:35 links.a.every: every is too short; at least 0.10 seconds"},
		"restless":        {link + ", every: 1ns, timeout: 1ns}", "2:35 links.a.every: every is too short; at least 0.10 seconds\n2:49 links.a.timeout: timeout is too short; at least 0.01 seconds"},
		"one name":        {"things: {a: {}}\n" + link + "}", "3:3 links.a: the name a is used twice: for a thing and for a link"},
		"mend's name":     {link + ", needs: [q]}\nmends: {a: {for: a}}", "2:36 links.a.needs[0]: nothing is called q → Did you mean a?"},
		"title as need":   {"links:\n  a: {kind: ping, host: h, title: qq, needs: [qq]}", "2:47 links.a.needs[0]: nothing is called qq"},
		"empty way":       {link + "}\ngoals: {g: {ways: {w: }}}", "3:9 goals.g: the way w of the goal g names no link"},
		"half a goal":     {link + "}\ngoals: {g: {ways: [a]}}", "3:19 goals.g.ways: keys with values are wanted here, not […]"},
		"half a link":     {"links:\n  a: {kind: pong}\n  b: {kind: ping, hots: h, needs: [a, zz]}", "2:13 links.a.kind: there is no kind pong → Did you mean ping?\n3:19 links.b.hots: there is no setting hots here → Did you mean host?\n3:39 links.b.needs[1]: nothing is called zz"},
		"two syntaxes":    {"links:\n  a:\n    kind: ping\n   b: {}\n  c: {kind: [}\n", "4:4 : this is not YAML: value is not allowed in this context → Often the indentation (blanks, no tabs), a colon without a blank after it, or a missing quote.\n5:"},
		"crlf":            {"links:\r\n  a: {kind: ping, host: h}\r\n  b: {kind: ping, hots: h}\r\n", "3:19 links.b.hots: there is no setting hots here → Did you mean host?"},
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

// A byte order mark, the line ends of other systems, and a document's marks change nothing.
func TestForeignEditors(t *testing.T) {
	const plain = "links:\n  a: {kind: ping, host: h}\n"
	for name, in := range map[string]string{
		"mark": "\ufeff" + plain, "crlf": strings.ReplaceAll(plain, "\n", "\r\n"), "document": "---\n" + plain + "...\n",
		"comments": "# a\n" + strings.ReplaceAll(plain, "\n", " # b\n    # c\n"),
	} {
		if f, problems := Parse("", []byte(in), options()); f == nil || len(f.Links) != 1 {
			t.Errorf("%s: %s", name, said(problems))
		}
	}
}

// Brackets in a text are no nesting.
func TestBracketsInText(t *testing.T) {
	in := "links:\n" + some("  a%d: {kind: ping, host: 'a [ {', title: \"[[[\"}\n", 40)
	if f, problems := Parse("", []byte(in), options()); f == nil {
		t.Error(said(problems))
	}
}

// Thousands of links are read in a time and a space that grow with their number.
func TestManyLinks(t *testing.T) {
	var b strings.Builder
	b.WriteString("links:\n")
	const n = 20_000
	for i := range n {
		fmt.Fprintf(&b, "  link-%d:\n    kind: ping\n    host: h\n    title: the link number %d\n", i, i)
	}
	f, problems := Parse("", []byte(b.String()), options())
	if f == nil || len(f.Links) != n || f.Links[n-1].Name != fmt.Sprintf("link-%d", n-1) {
		t.Error(said(problems))
	}
}

// What is made to keep a parser busy is refused, or at least read to its end; if
// one of these is not, this test takes minutes, or all memory.
func TestBombs(t *testing.T) {
	fill := func(format string) string {
		var b strings.Builder
		for i := 0; b.Len() < maxSize-200; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	laughs := "a0: &a0 [lol, lol]\n"
	for i := range 30 {
		laughs += fmt.Sprintf("a%d: &a%d [*a%d, *a%d]\n", i+1, i+1, i, i)
	}
	for name, in := range map[string]string{
		"a million links": fill("  a%d: {kind: ping}\n"), "keys": fill("a%d:\n"), "a list": "links: [" + fill("%d,") + "]",
		"a map": "links: {" + fill("k%d: 1,") + "}", "lines": "links:\n" + fill("- %d\n"), "blanks": fill("%.0d \n"),
		"laughs": laughs, "references": fill("a%d: *x\n"), "questions": fill("? a%d\n"), "documents": fill("---\n# %d\n"),
		"deep": strings.Repeat("{a: ", 100_000), "dashes": strings.Repeat("- ", 1_000_000), "brackets": strings.Repeat("[", 100_000), "tags": strings.Repeat("!a ", 100_000),
		"steps": func() string {
			var b strings.Builder
			for i := range 2000 {
				b.WriteString(strings.Repeat(" ", i) + "a:\n")
			}
			return b.String()
		}(), "a map in a list": "links:\n  - x: 1\n" + strings.Repeat("    y: 1\n", 20_000),
		"unknown needs": "links:\n" + some("  a%d: {kind: ping, host: h, needs: zzz%[1]d}\n", 5000),
		"wrong values":  "links:\n" + some("  a%d: {kind: ping, host: h, every: x}\n", 5000),
	} {
		f, problems := Parse("", []byte(in), options())
		if f != nil || len(problems) == 0 || len(problems) > maxProblems+1 {
			t.Errorf("%s: %d problems", name, len(problems))
		}
	}
}

func some(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func TestTooManyMistakes(t *testing.T) {
	_, problems := Parse("", []byte(some("a%d: 1\n", 2*maxProblems)), options())
	if last := problems[len(problems)-1]; len(problems) != maxProblems+1 || words.English.Say(last.Text) != "and 500 more mistakes" {
		t.Errorf("%d: %s", len(problems), words.English.Say(last.Text))
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
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		pipe:                            "is not an ordinary file",
		filepath.Join(dir, "none.yaml"): "there is no file",
		dir:                             "is a folder",
		"/dev/zero":                     "is not an ordinary file",
		large:                           "is larger than 4.0 MiB",
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

// In a folder where anybody can leave a file, none that another has left is read.
func TestFindTakesNoFileOfOthers(t *testing.T) {
	if os.Geteuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("CI must run this as root")
		}
		t.Skip("makes files of other users: needs root")
	}
	t.Setenv("SUDO_UID", "1000")
	for what, c := range map[string]struct {
		make string
		good bool
	}{
		"ours":                     {"touch omamori.yaml", true},
		"who used sudo":            {"touch omamori.yaml; chown 1000 omamori.yaml", true},
		"another's":                {"touch omamori.yaml; chown 33 omamori.yaml", false},
		"for all to write":         {"touch omamori.yaml; chmod 666 omamori.yaml", false},
		"a link":                   {"touch a; ln -s a omamori.yaml", true},
		"a link of another's":      {"touch a; ln -s a omamori.yaml; chown -h 33 omamori.yaml", false},
		"a link to what is theirs": {"touch a; chown 33 a; ln -s a omamori.yaml", false},
	} {
		t.Chdir(t.TempDir())
		if out, err := exec.Command("sh", "-c", c.make).CombinedOutput(); err != nil {
			t.Fatal(err, string(out))
		}
		_, err := Find("")
		if (err == nil) != c.good {
			t.Errorf("%s: got %v", what, err)
		}
		if wrong, ok := err.(*Unusable); err != nil && (!ok || wrong.Text.Key != "config.others") { //nolint:errorlint // as promised
			t.Errorf("%s: got %v", what, err)
		}
		if got, err := Find("omamori.yaml"); got != "omamori.yaml" || err != nil {
			t.Errorf("%s, given: %v", what, err)
		}
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
