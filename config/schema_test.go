package config_test

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/links"
	"github.com/omamori-guard/omamori/support"
)

// fits holds a value against a schema, as an editor does: the part of JSON Schema
// 2020-12 that Schema uses. A word of it that is not known here fails the test.
func fits(t *testing.T, schema map[string]any, v any) error {
	t.Helper()
	for word, want := range schema {
		var err error
		switch word {
		case "$schema", "title", "description", "default":
		case "type":
			err = ofType(want, v)
		case "const":
			err = among([]any{want}, v)
		case "enum":
			err = among(want.([]any), v)
		case "pattern":
			if s, ok := v.(string); ok && !regexp.MustCompile(want.(string)).MatchString(s) {
				err = fmt.Errorf("%q is not %s", s, want)
			}
		case "minimum", "maximum":
			n, ok := v.(float64)
			if ok && (word == "minimum" && n < want.(float64) || word == "maximum" && n > want.(float64)) {
				err = fmt.Errorf("%v is beyond %v", n, want)
			}
		case "items":
			list, _ := v.([]any)
			for _, e := range list {
				err = cmpOr(err, fits(t, want.(map[string]any), e))
			}
		case "properties", "additionalProperties":
			err = fitFields(t, schema, word, v)
		case "required":
			for _, key := range want.([]any) {
				if o, ok := v.(map[string]any); ok && o[key.(string)] == nil {
					err = fmt.Errorf("%s is missing", key)
				}
			}
		case "oneOf", "anyOf":
			var good int
			var last error
			for _, s := range want.([]any) {
				if bad := fits(t, s.(map[string]any), v); bad == nil {
					good++
				} else {
					last = bad
				}
			}
			if good == 0 || word == "oneOf" && good != 1 {
				err = fmt.Errorf("%d of %s: %w", good, word, cmpOr(last, fmt.Errorf("too many")))
			}
		default:
			t.Fatalf("a word of the schema that this test does not know: %s", word)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func cmpOr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

func fitFields(t *testing.T, schema map[string]any, word string, v any) error {
	properties, _ := schema["properties"].(map[string]any)
	fields, _ := v.(map[string]any)
	for key, value := range fields {
		own, ok := properties[key].(map[string]any)
		other, others := schema["additionalProperties"].(map[string]any)
		switch {
		case word == "properties" && ok:
			if err := fits(t, own, value); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		case word == "properties" || ok:
		case !others:
			return fmt.Errorf("%s is not known", key)
		default:
			if err := fits(t, other, value); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		}
	}
	return nil
}

func ofType(want, v any) error {
	is := "null"
	switch v := v.(type) {
	case string:
		is = "string"
	case bool:
		is = "boolean"
	case float64:
		is = "number"
		if v == float64(int64(v)) {
			is = "integer"
		}
	case []any:
		is = "array"
	case map[string]any:
		is = "object"
	}
	allowed, many := want.([]any)
	if !many {
		allowed = []any{want}
	}
	if slices.Contains(allowed, any(is)) || is == "integer" && slices.Contains(allowed, any("number")) {
		return nil
	}
	return fmt.Errorf("%s, want %v", is, allowed)
}

func among(allowed []any, v any) error {
	if slices.ContainsFunc(allowed, func(a any) bool { return reflect.DeepEqual(a, v) }) {
		return nil
	}
	return fmt.Errorf("%v is none of %v", v, allowed)
}

// asJSON is YAML as JSON would have it, which is how editors look at it.
func asJSON(t *testing.T, b []byte) any {
	t.Helper()
	j, err := yaml.YAMLToJSON(b)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(j, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func schema(t *testing.T) map[string]any {
	t.Helper()
	b, err := config.Schema(withSupport())
	if err != nil {
		t.Fatal(err)
	}
	var s map[string]any
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// What Parse takes, an editor takes: the example of every kind, and the story.
func TestSchemaTakesWhatIsRight(t *testing.T) {
	s := schema(t)
	story, err := os.ReadFile("../doc/examples/story.yaml")
	if err != nil {
		t.Fatal(err)
	}
	good := map[string]string{
		"story": string(story), "short": "lang: ja\nthings: {phone: , laptop: {given: yes}}\nlinks: {a: {kind: claim, question: q, needs: phone}}\n" +
			"goals: {g: {within: 1d 12h, ways: {w: a, v: [a]}}}\nmends: {m: {for: a, by: machine, takes: 0}}\n",
	}
	for _, k := range links.All() {
		good[k.Name] = "links:\n  a:\n    kind: " + k.Name + "\n" + strings.ReplaceAll("    "+strings.TrimSpace(k.Example), "\n", "\n    ") + "\n"
	}
	for name, in := range good {
		if _, problems := config.Parse("", []byte(in), withSupport()); len(problems) > 0 {
			t.Errorf("%s: %+v", name, problems)
		}
		if err := fits(t, s, asJSON(t, []byte(in))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is wrong by itself, an editor underlines too.
func TestSchemaRefusesWhatIsWrong(t *testing.T) {
	s := schema(t)
	const link = "links: {a: {kind: disk, path: /}}\n"
	for name, in := range map[string]string{
		"no links": "lang: en", "unknown key": link + "lnks: {}", "unknown kind": "links: {a: {kind: dsik}}", "no kind": "links: {a: {path: /}}",
		"other kind's setting": "links: {a: {kind: disk, path: /, url: x}}", "lang": "lang: fr\n" + link, "list": "links: [a]",
		"duration": "links: {a: {kind: disk, path: /, every: soon}}", "bare number": "links: {a: {kind: disk, path: /, every: 10}}",
		"bool": "links: {a: {kind: disk, path: /, mend: maybe}}", "secret": "links: {a: {kind: mysql, password: hunter2}}", "size": "links: {a: {kind: http, url: 'http://a/', min_size: much}}",
		"goal": link + "goals: {g: {}}", "mend": link + "mends: {m: {takes: 1h}}", "hand": link + "mends: {m: {for: a, by: nobody}}", "table for list": link + "goals: {g: {ways: {w: {a: b}}}}",
	} {
		if err := fits(t, s, asJSON(t, []byte(in))); err == nil {
			t.Errorf("%s: the schema takes it", name)
		}
		if _, problems := config.Parse("", []byte(in), withSupport()); len(problems) == 0 {
			t.Errorf("%s: Parse takes it", name)
		}
	}
}

// withSupport knows the section that the story has.
func withSupport() config.Options {
	return config.Options{Kinds: links.All(), Sections: []config.Section{{Name: "support", Settings: func() any { return &support.Settings{} }}}}
}
