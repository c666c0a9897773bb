package control

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"time"
)

type object = map[string]any

// openAPI describes the API by what the code itself uses, so that it is always true.
func (s *Server) openAPI() object {
	d := described{object{}}
	failure := object{"description": "it could not be done", "content": d.content(problem{})}
	paths := object{}
	for _, r := range s.routes() {
		if r.local {
			continue
		}
		parameters := []object{{"name": "lang", "in": "query", "description": "the language of texts", "schema": object{"type": "string", "enum": []string{"en", "ja"}}}}
		for _, p := range r.query {
			parameters = append(parameters, object{"name": p.name, "in": "query", "description": p.says, "schema": object{"type": "string"}})
		}
		content := d.content(r.answer)
		if r.streams {
			content = object{"application/x-ndjson": content["application/json"]}
		}
		operation := object{"summary": r.says, "parameters": parameters, "responses": object{
			"200": object{"description": "done", "content": content}, "default": failure,
		}}
		if r.ask != nil {
			operation["requestBody"] = object{"required": true, "content": d.content(r.ask)}
		}
		security := object{"session": []string{}}
		if r.method == "POST" {
			security["csrf"] = []string{}
		}
		operation["security"] = []object{security}
		path := "/api" + r.path
		if paths[path] == nil {
			paths[path] = object{}
		}
		paths[path].(object)[strings.ToLower(r.method)] = operation
	}
	return object{
		"openapi": "3.1.0",
		"info":    object{"title": "omamori", "version": "1", "description": "How things stand, and what can be done. Fields may be added; none is renamed."},
		"paths":   paths,
		"components": object{"schemas": d.schemas, "securitySchemes": object{
			"session": object{"type": "apiKey", "in": "cookie", "name": "omamori", "description": "a session of the page (__Host-omamori over TLS)"},
			"csrf":    object{"type": "apiKey", "in": "header", "name": "X-Omamori-CSRF", "description": "the session's token against forged requests: it stands in every page"},
		}},
	}
}

// described gathers the schemas of types.
type described struct{ schemas object }

func (d described) content(v any) object {
	return object{"application/json": object{"schema": d.schema(reflect.TypeOf(v))}}
}

var (
	timeType = reflect.TypeFor[time.Time]()
	rawType  = reflect.TypeFor[json.RawMessage]()
	textType = reflect.TypeFor[encoding.TextMarshaler]()
)

// schema is how encoding/json writes a value of type t.
func (d described) schema(t reflect.Type) object {
	switch {
	case t == timeType:
		return object{"type": "string", "format": "date-time"}
	case t == rawType || t.Kind() == reflect.Interface:
		return object{}
	case t.Implements(textType):
		return object{"type": "string"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return object{"anyOf": []any{d.schema(t.Elem()), object{"type": "null"}}}
	case reflect.Struct:
		return d.named(t)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return object{"type": []string{"string", "null"}, "contentEncoding": "base64"}
		}
		return object{"type": []string{"array", "null"}, "items": d.schema(t.Elem())}
	case reflect.Map:
		return object{"type": []string{"object", "null"}, "additionalProperties": d.schema(t.Elem())}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Float32, reflect.Float64:
		return object{"type": "number"}
	}
	return object{"type": "integer"}
}

// named puts the schema of a struct among the others, and refers to it.
func (d described) named(t reflect.Type) object {
	pkg := t.PkgPath()
	name := pkg[strings.LastIndexByte(pkg, '/')+1:] + "." + t.Name()
	if _, done := d.schemas[name]; !done {
		d.schemas[name] = nil // so that a type within itself ends
		properties, required := object{}, []string{}
		d.fields(t, properties, &required)
		d.schemas[name] = object{"type": "object", "properties": properties, "required": required}
	}
	return object{"$ref": "#/components/schemas/" + name}
}

func (d described) fields(t reflect.Type, properties object, required *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && tag == "" && f.Type.Kind() == reflect.Struct:
			d.fields(f.Type, properties, required)
			continue
		case !f.IsExported() || tag == "-":
			continue
		case tag == "":
			tag = f.Name
		}
		properties[tag] = d.schema(f.Type)
		if !strings.Contains(options, "omit") {
			*required = append(*required, tag)
		}
	}
}
