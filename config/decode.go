package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// reader gathers the problems of one configuration.
type reader struct {
	problems []Problem
	// more counts those beyond maxProblems.
	more int
	// unreadable says that a part is no YAML: what was to stand there is not missed.
	unreadable bool
	// types remembers what tagged found.
	types map[reflect.Type]*settingsType
}

// maxProblems is how many mistakes are told; a file with more is no configuration.
const maxProblems = 500

func (r *reader) problem(at *node, text, hint chain.Text) {
	if len(r.problems) == maxProblems {
		r.more++
		return
	}
	r.problems = append(r.problems, Problem{Line: at.line, Column: at.column, Path: at.path, Text: text, Hint: hint})
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// settingsType is a struct type with its fields that a configuration can set.
type settingsType struct {
	names  []string
	fields map[string]reflect.StructField
}

func (r *reader) tagged(t reflect.Type) *settingsType {
	known := r.types[t]
	if known == nil {
		known = &settingsType{}
		known.names, known.fields = tagged(t)
		if r.types == nil {
			r.types = map[reflect.Type]*settingsType{}
		}
		r.types[t] = known
	}
	return known
}

func index(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// tagged lists the fields of a struct type that a configuration can set, by name.
func tagged(t reflect.Type) (names []string, fields map[string]reflect.StructField) {
	fields = map[string]reflect.StructField{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		names = append(names, name)
		fields[name] = f
	}
	return names, fields
}

// decode puts n into the value that into points to. Keys in except belong to
// somebody else.
func (r *reader) decode(n *node, into any, except ...string) {
	r.value(n, reflect.ValueOf(into).Elem(), "", except)
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	sizeType     = reflect.TypeFor[chain.Size]()
	secretType   = reflect.TypeFor[chain.Secret]()
)

// value decodes n into v; enum lists the words that are allowed, "" for any.
func (r *reader) value(n *node, v reflect.Value, enum string, except []string) {
	if n.kind == null {
		if v.Kind() != reflect.Struct && v.Kind() != reflect.Map && v.Kind() != reflect.Slice {
			r.problem(n, chain.Say("config.no_value"), chain.Text{})
		}
		return
	}
	switch v.Type() {
	case durationType:
		r.parsed(n, v, "config.want_duration", func(s string) (any, error) { return ParseDuration(s) })
		return
	case sizeType:
		r.parsed(n, v, "config.want_size", func(s string) (any, error) { return ParseSize(s) })
		return
	case secretType:
		if secret, ok := parseSecret(n.scalar); ok {
			v.SetString(string(secret))
		} else { // what stands there may be the secret itself: it is not repeated
			r.problem(n, chain.Say("config.want_secret"), chain.Say("config.want_secret_hint"))
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		r.fields(n, v, except)
	case reflect.Map:
		r.entries(n, v)
	case reflect.Slice:
		r.elements(n, v, enum)
	case reflect.String:
		if !r.is(n, scalar, "config.want_text") {
			return
		}
		if allowed := strings.Split(enum, ","); enum != "" && !slices.Contains(allowed, n.scalar) {
			r.problem(n, chain.Say("config.not_one_of", "value", n.said()), r.allowed(n.scalar, allowed))
			return
		}
		v.SetString(n.scalar)
	case reflect.Bool:
		r.parsed(n, v, "config.want_bool", func(s string) (any, error) { return parseBool(s) })
	case reflect.Int, reflect.Int64:
		r.parsed(n, v, "config.want_int", func(s string) (any, error) { return strconv.ParseInt(s, 10, 64) })
	case reflect.Uint16:
		r.parsed(n, v, "config.want_int", func(s string) (any, error) { return strconv.ParseUint(s, 10, 16) })
	case reflect.Float64:
		r.parsed(n, v, "config.want_number", func(s string) (any, error) { return parseFloat(s) })
	default: // a mistake of whoever wrote the settings' type
		panic("config: cannot decode into " + v.Type().String())
	}
}

// parsed sets v to what parse makes of a scalar; want says what is wanted.
func (r *reader) parsed(n *node, v reflect.Value, want string, parse func(string) (any, error)) {
	if !r.is(n, scalar, want) {
		return
	}
	got, err := parse(n.scalar)
	if err != nil {
		r.problem(n, chain.Say(want, "value", n.said()), chain.Text{})
		return
	}
	v.Set(reflect.ValueOf(got).Convert(v.Type()))
}

func (r *reader) is(n *node, want form, text string) bool {
	if n.kind == want || n.kind == refused {
		return n.kind == want
	}
	r.problem(n, chain.Say(text, "value", n.said()), chain.Text{})
	return false
}

// said is a value as a message quotes it.
func (n *node) said() string {
	switch n.kind {
	case list:
		return "[…]"
	case table:
		return "{…}"
	}
	return clip(n.scalar)
}

// clip shortens a text that a message quotes.
func clip(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

func (r *reader) fields(n *node, v reflect.Value, except []string) {
	if !r.is(n, table, "config.want_map") {
		return
	}
	known := r.tagged(v.Type())
	for _, f := range n.fields {
		if slices.Contains(except, f.key.scalar) {
			continue
		}
		to, ok := known.fields[f.key.scalar]
		if !ok {
			r.unknown(f.key, append(slices.Clone(except), known.names...))
			continue
		}
		r.value(f.value, v.FieldByIndex(to.Index), to.Tag.Get("enum"), nil)
	}
}

// entries decodes a map whose keys are text.
func (r *reader) entries(n *node, v reflect.Value) {
	if !r.is(n, table, "config.want_map") {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, f := range n.fields {
		e := reflect.New(v.Type().Elem()).Elem()
		r.value(f.value, e, "", nil)
		v.SetMapIndex(reflect.ValueOf(f.key.scalar), e)
	}
}

// elements decodes a list. One word stands for a list of one.
func (r *reader) elements(n *node, v reflect.Value, enum string) {
	all := n.list
	if n.kind == scalar {
		all = []*node{n}
	} else if !r.is(n, list, "config.want_list") {
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(all), len(all)))
	for i, e := range all {
		r.value(e, v.Index(i), enum, nil)
	}
}

func (r *reader) unknown(key *node, allowed []string) {
	r.problem(key, chain.Say("config.unknown_key", "key", key.said()), r.allowed(key.scalar, allowed))
}

// allowed is the hint after a word that is not among allowed.
func (r *reader) allowed(word string, allowed []string) chain.Text {
	if near := chain.Nearest(word, allowed); near != "" {
		return chain.Say("config.nearest", "nearest", near)
	}
	allowed = slices.Compact(slices.Sorted(slices.Values(allowed)))
	return chain.Say("config.allowed", "allowed", strings.Join(allowed, ", "))
}

// DecodeSettings decodes the settings of one link of kind k, as YAML, without the
// keys that all links have.
func DecodeSettings(k chain.Kind, b []byte) (settings any, problems []Problem) {
	r := &reader{}
	n := r.parse(b)
	settings = k.Settings()
	if n != nil && n.kind != null {
		r.decode(n, settings)
	}
	return settings, r.problems
}
