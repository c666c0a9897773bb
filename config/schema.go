package config

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

var linkType = reflect.TypeFor[link]()

// Schema is a JSON Schema (draft 2020-12) of the configuration, for editors. It
// says what may be written where; what words mean together, only Parse knows.
func Schema(o Options) ([]byte, error) {
	s := structSchema(reflect.TypeFor[top](), reflect.Value{})
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "omamori.yaml"
	properties := s["properties"].(map[string]any)
	for _, section := range o.Sections {
		defaults := reflect.ValueOf(section.Settings()).Elem()
		if defaults.Kind() == reflect.Struct {
			properties[section.Name] = structSchema(defaults.Type(), defaults)
		} else { // entries with names of their own
			properties[section.Name] = typeSchema(defaults.Type(), "")
		}
	}
	var kinds []any
	for _, k := range o.Kinds {
		kinds = append(kinds, linkSchema(k))
	}
	properties["links"] = map[string]any{
		"description": "claims that can be proved, by name", "type": "object",
		"additionalProperties": map[string]any{"oneOf": kinds},
	}
	s["required"] = []string{"links"}
	require(properties, "goals", "ways")
	require(properties, "mends", "for")
	b, err := json.MarshalIndent(s, "", "  ")
	return append(b, '\n'), err
}

// require says that each entry of a map of the file has a key.
func require(properties map[string]any, part, key string) {
	entry := properties[part].(map[string]any)["additionalProperties"].(map[string]any)
	entry["required"], entry["type"] = []string{key}, "object"
}

// linkSchema is a link of one kind: the keys of all links and the kind's own.
func linkSchema(k chain.Kind) map[string]any {
	s := structSchema(linkType, reflect.ValueOf(link{Mend: true}))
	properties := s["properties"].(map[string]any)
	own := reflect.ValueOf(k.Settings()).Elem()
	for name, p := range structSchema(own.Type(), own)["properties"].(map[string]any) {
		properties[name] = p
	}
	properties["kind"] = map[string]any{"const": k.Name}
	s["type"], s["required"], s["title"] = "object", []string{"kind"}, k.Name
	return s
}

// structSchema describes a struct; defaults, if valid, are its values when nothing
// is written. A key without a value leaves all open, as in "things: {phone: }".
func structSchema(t reflect.Type, defaults reflect.Value) map[string]any {
	names, fields := tagged(t)
	properties := map[string]any{}
	for _, name := range names {
		f := fields[name]
		p := typeSchema(f.Type, f.Tag.Get("enum"))
		if doc := f.Tag.Get("doc"); doc != "" {
			p["description"] = doc
		}
		if defaults.IsValid() {
			if v := defaults.FieldByIndex(f.Index); !v.IsZero() && v.Kind() != reflect.Struct {
				p["default"] = written(v)
			}
		}
		properties[name] = p
	}
	return map[string]any{"type": []string{"object", "null"}, "properties": properties, "additionalProperties": false}
}

// written is a default as it would stand in the file.
func written(v reflect.Value) any {
	if d, ok := v.Interface().(time.Duration); ok {
		return d.String()
	}
	return v.Interface()
}

func typeSchema(t reflect.Type, enum string) map[string]any {
	switch t {
	case durationType:
		return map[string]any{"type": []string{"string", "integer"}, "pattern": `^([0-9.]+ *(ns|us|µs|ms|s|m|h|d|w) *)+$|^0$`, "maximum": 0}
	case sizeType:
		return map[string]any{"type": []string{"string", "integer"}, "pattern": `^[0-9.]+ *([kKmMgGtT]([iI]?[bB])?|[bB])?$`, "minimum": 0}
	case secretType:
		return map[string]any{"type": "string", "pattern": "^(file|env|credential):.+"}
	}
	switch t.Kind() {
	case reflect.Struct:
		return structSchema(t, reflect.Value{})
	case reflect.Map:
		return map[string]any{"type": []string{"object", "null"}, "additionalProperties": typeSchema(t.Elem(), "")}
	case reflect.Slice:
		element := typeSchema(t.Elem(), enum)
		many := map[string]any{"type": []string{"array", "null"}, "items": element}
		if t.Elem().Kind() == reflect.Struct {
			return many
		}
		return map[string]any{"anyOf": []any{many, element}} // one word stands for a list of one
	case reflect.Bool:
		return map[string]any{"enum": []any{true, false, "yes", "no", "on", "off"}}
	case reflect.Int, reflect.Int64, reflect.Uint16:
		return map[string]any{"type": "integer"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	}
	if enum != "" {
		return map[string]any{"enum": strings.Split(enum, ",")}
	}
	return map[string]any{"type": []string{"string", "number", "boolean"}}
}
