// Package linktest holds the promises that every kind of link keeps, to be run
// against each.
package linktest

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/words"
)

// Options say what of a kind cannot be told from outside.
type Options struct {
	// At gives settings, as YAML, of a link to a peer at an address, which is
	// host:port. Nil takes the kind's example with its address, url or socket
	// changed; a kind whose example has none of them does not dial.
	At func(address string) string
}

// Run holds k to the promises.
func Run(t *testing.T, k chain.Kind, o Options) {
	t.Run("named", func(t *testing.T) { named(t, k) })
	t.Run("settings", func(t *testing.T) { tagged(t, reflect.TypeOf(k.Settings()).Elem()) })
	t.Run("example", func(t *testing.T) { example(t, k) })
	t.Run("mistakes", func(t *testing.T) { mistakes(t, k) })
	t.Run("cancelled", func(t *testing.T) { cancelled(t, k) })
	t.Run("plans", func(t *testing.T) { plans(t, k) })
	t.Run("hostile", func(t *testing.T) { hostile(t, k, o) })
}

func named(t *testing.T, k chain.Kind) {
	if !regexp.MustCompile(`^[a-z]+[0-9]*(-[a-z]+)*$`).MatchString(k.Name) {
		t.Errorf("%q is not a plain word", k.Name)
	}
	var beat, timeout time.Duration
	for text, d := range map[string]*time.Duration{k.Beat: &beat, k.Timeout: &timeout} {
		if text == "" {
			continue
		}
		var err error
		if *d, err = config.ParseDuration(text); err != nil || *d <= 0 {
			t.Errorf("%q is no duration", text)
		}
	}
	if beat > 0 && timeout > beat {
		t.Errorf("a trial may take %v, and there is one each %v", timeout, beat)
	}
}

// tagged: each setting has a name and is explained.
func tagged(t *testing.T, s reflect.Type) {
	for f := range s.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if !f.IsExported() || !regexp.MustCompile(`^[a-z][a-z0-9_]*$`).MatchString(name) {
			t.Errorf("%s.%s: yaml name %q", s, f.Name, name)
		}
		if doc := f.Tag.Get("doc"); doc == "" || strings.HasSuffix(doc, ".") {
			t.Errorf("%s.%s: doc %q is not a phrase", s, f.Name, doc)
		}
		inner := f.Type
		for inner.Kind() == reflect.Slice || inner.Kind() == reflect.Map {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct {
			tagged(t, inner)
		}
	}
}

// decode decodes settings that are to be right.
func decode(t *testing.T, k chain.Kind, yaml string) any {
	t.Helper()
	s, problems := config.DecodeSettings(k, []byte(yaml))
	for _, p := range problems {
		t.Fatalf("%s: %s\n%s", p.Path, words.English.Say(p.Text), yaml)
	}
	return s
}

// build makes a prover, and closes it at the test's end.
func build(t *testing.T, k chain.Kind, yaml string, at chain.Place) chain.Prover {
	t.Helper()
	p, err := k.New(decode(t, k, yaml), at)
	if err != nil {
		t.Fatalf("%s: %v\n%s", k.Name, err, yaml)
	}
	t.Cleanup(func() {
		if err := chain.CloseProver(p); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return p
}

// place is a link without hands.
func place() chain.Place { return chain.Place{Link: "it"} }

// example: it is accepted, and whatever comes of it on this machine has its reasons.
func example(t *testing.T, k chain.Kind) {
	whole := "things: {laptop: {attrs: {os: macos}}}\nlinks:\n  it:\n    kind: " + k.Name + "\n"
	for line := range strings.Lines(k.Example) {
		whole += "    " + line
	}
	_, problems := config.Parse("omamori.yaml", []byte(whole), config.Options{Kinds: []chain.Kind{k}})
	for _, p := range problems { // as where a setting is called like one that all links have
		t.Errorf("in a configuration: %s: %s\n%s", p.Path, words.English.Say(p.Text), whole)
	}
	const limit = 2 * time.Second
	p := build(t, k, k.Example, place())
	if _, ok := p.(chain.Answerer); ok != k.Person {
		t.Errorf("a person's: %v, but can be asked: %v", k.Person, ok)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	began := time.Now()
	proof := p.Prove(ctx)
	if took := time.Since(began); took > limit+time.Second {
		t.Errorf("with %v to go it took %v", limit, took)
	}
	reasoned(t, proof)
	if k.Person && proof.Verdict == chain.Holds {
		t.Error("a machine has proved what only a person can")
	}
}

// mistakes: what is misspelt or wrong is refused, at its place.
func mistakes(t *testing.T, k chain.Kind) {
	for line := range strings.Lines(k.Example) {
		key, _, ok := strings.Cut(line, ":")
		if !ok || strings.ContainsAny(key, " -#") {
			continue
		}
		misspelt := strings.Replace(k.Example, key+":", key+"x:", 1)
		if _, problems := config.DecodeSettings(k, []byte(misspelt)); len(problems) == 0 {
			t.Errorf("%sx is taken for a setting", key)
		}
	}
	p, err := k.New(k.Settings(), place())
	if err == nil {
		if err := chain.CloseProver(p); err != nil {
			t.Error(err)
		}
		return
	}
	names := map[string]bool{}
	for f := range reflect.TypeOf(k.Settings()).Elem().Fields() {
		names[f.Tag.Get("yaml")] = true
	}
	for _, err := range flat(err) {
		var s *chain.SettingError
		if !errors.As(err, &s) {
			t.Errorf("without settings: %v", err)
			continue
		}
		if !names[s.Field] {
			t.Errorf("the mistake is in %s, which is no setting", s.Field)
		}
		said(t, "the mistake", s.Text)
	}
}

func flat(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// cancelled: a trial that is not wanted any more proves nothing, and says so at once.
func cancelled(t *testing.T, k chain.Kind) {
	p := build(t, k, k.Example, place())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	began := time.Now()
	proof := p.Prove(ctx)
	if took := time.Since(began); took > time.Second {
		t.Errorf("took %v", took)
	}
	if proof.Verdict != chain.Unproven {
		t.Errorf("a cancelled trial is %v", proof.Verdict)
	}
	reasoned(t, proof)
	if w, ok := p.(chain.Watcher); ok {
		ended := make(chan struct{})
		go func() { defer close(ended); _ = w.Watch(ctx, func() {}) }() // any reason to end is good
		select {
		case <-ended:
		case <-time.After(time.Second):
			t.Error("watching does not end")
		}
	}
}

// reasoned: every proof says why, and a broken one what to do.
func reasoned(t *testing.T, p chain.Proof) {
	t.Helper()
	said(t, p.Verdict.String()+": because", p.Because)
	if p.Verdict == chain.Broken || !p.Hint.IsZero() {
		said(t, p.Because.Key+": hint", p.Hint)
	}
	if len(p.Evidence) > 16 {
		t.Errorf("%d lines of evidence", len(p.Evidence))
	}
	for _, e := range p.Evidence {
		if e == "" || len(e) > 1024 || e != words.Clean(e) {
			t.Errorf("evidence is no clean short line: %.80q", e)
		}
	}
	for _, f := range p.Figures {
		switch f.Unit {
		case "s", "B", "%", "":
		default:
			t.Errorf("figure %s has the unit %q", f.Name, f.Unit)
		}
		if f.Name == "" || f.Value-f.Value != 0 {
			t.Errorf("figure %+v", f)
		}
	}
	if _, err := json.Marshal(p); err != nil {
		t.Error(err)
	}
}

// said: the text is there in each language, with all that belongs into it.
func said(t *testing.T, what string, text chain.Text) {
	t.Helper()
	if text.IsZero() {
		t.Errorf("%s says nothing", what)
		return
	}
	if !words.Has(text.Key) {
		t.Errorf("%s: the catalogue has no %s", what, text.Key)
	}
	for _, lang := range words.Langs {
		s := lang.Say(text)
		if strings.TrimSpace(s) != s || strings.Contains(s, "  ") || s == "" {
			t.Errorf("%s: %s in %s lacks something: %q", what, text.Key, lang, s)
		}
	}
	for name, value := range text.Args {
		var inner chain.Text
		if json.Unmarshal([]byte(value), &inner) == nil && inner.Key != "" {
			said(t, what+", "+name, inner)
		}
	}
}
