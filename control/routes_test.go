package control

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/journal"
	"github.com/omamori-guard/omamori/web/signin"
)

// over asks the API as a visitor.
func over(t *testing.T, s *Server, v Visitor, method, path, body string) (int, []byte) {
	t.Helper()
	w := httptest.NewRecorder()
	s.API(func(*http.Request) Visitor { return v }).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body)))
	b, _ := io.ReadAll(w.Result().Body)
	return w.Code, b
}

func apiServer(t *testing.T) (*fake, *Server) {
	t.Helper()
	j, err := journal.Open(t.TempDir(), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	if err := j.Append(t.Context(), journal.Entry{At: time.Now(), What: "verdict", Link: "sql", Text: chain.Say("guard.stopped"), Body: map[string]int{"a": 1}}); err != nil {
		t.Fatal(err)
	}
	gate, _, err := signin.New(signin.Options{Settings: signin.Defaults(), State: t.TempDir(), Journal: j, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{}
	return f, &Server{Guard: f, Journal: j, Page: gate, Log: slog.New(slog.DiscardHandler), TestNotify: func(context.Context) []guard.ChannelResult { return []guard.ChannelResult{{Channel: "phone"}} }}
}

// Reading and acting are separate rights, and what is for the socket is not there.
func TestRightsOverTheAPI(t *testing.T) {
	_, s := apiServer(t)
	for _, r := range s.routes() {
		if r.streams {
			continue
		}
		for _, c := range []struct {
			v    Visitor
			want int
		}{
			{Visitor{}, http.StatusUnauthorized},
			{Visitor{Act: true}, http.StatusUnauthorized},
			{Visitor{Name: "taro", Read: true}, http.StatusForbidden},
		} {
			if r.local && c.v.Read {
				c.want = http.StatusNotFound
			} else if !r.acts && c.v.Read {
				continue
			}
			if got, b := over(t, s, c.v, r.method, "/api"+r.path, "{}"); got != c.want {
				t.Errorf("%s %s as %+v: %d %s, want %d", r.method, r.path, c.v, got, b, c.want)
			}
		}
	}
	all := Visitor{Name: "hanako", Read: true, Act: true}
	for _, path := range []string{"/api/v1/page", "/api/v1/invite", "/api/v1/people", "/api/v1/dismiss", "/api/v1/signout", "/api/v1/peers/identity", "/api/v1/peers/take", "/api/v1/nothing", "/v1/status"} {
		if got, b := over(t, s, all, "POST", path, `{"name":"x","by":"y"}`); got != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, got, b)
		}
	}
}

// Over the page nobody is somebody else.
func TestTheJournalNamesTheVisitor(t *testing.T) {
	f, s := apiServer(t)
	v := Visitor{Name: "hanako", Read: true, Act: true}
	for path, body := range map[string]string{
		"/api/v1/typed": `{"link":"totp","typed":"1","who":"root"}`, "/api/v1/lose": `{"thing":"phone","lost":true,"who":"root"}`, "/api/v1/answer": `{"link":"sql","yes":true,"who":"root"}`,
		"/api/v1/rescue": `{"goal":"g","act":"begin","who":"root"}`, "/api/v1/support": `{"desk":"aws","act":"open","who":"root"}`,
	} {
		over(t, s, v, "POST", path, body)
	}
	if said := strings.Join(f.answered, " "); strings.Contains(said, "root") || strings.Count(said, "hanako") != 5 {
		t.Error(said)
	}
}

// What OpenAPI says of each answer is what is answered.
func TestOpenAPIIsTrue(t *testing.T) {
	_, s := apiServer(t)
	v := Visitor{Name: "hanako", Read: true, Act: true}
	_, b := over(t, s, v, "GET", "/api/v1/openapi.json", "")
	var d struct {
		OpenAPI    string
		Paths      map[string]map[string]operation
		Components struct{ Schemas map[string]map[string]any }
	}
	if err := json.Unmarshal(b, &d); err != nil || d.OpenAPI != "3.1.0" {
		t.Fatal(err)
	}
	bodies := map[string]string{
		"/api/v1/typed": `{"link":"totp","typed":"1"}`, "/api/v1/ways": `{"goal":"g","if":{"lose":["a"],"change":{"a.b":"c"}}}`,
		"/api/v1/rescue": `{"goal":"g","act":"begin","who":""}`, "/api/v1/tune": `{"tuning":{"changes":[{"service":"a","file":"b","values":[]}],"within":1}}`,
	}
	seen := 0
	for path, methods := range d.Paths {
		for method, o := range methods {
			if strings.HasSuffix(path, "/follow") {
				continue
			}
			body := bodies[path]
			if body == "" {
				body = "{}"
			}
			if o.RequestBody.Content != nil {
				var value any
				if err := json.Unmarshal([]byte(body), &value); err != nil {
					t.Fatal(err)
				}
				if bodies[path] != "" {
					if err := matches(d.Components.Schemas, o.RequestBody.Content["application/json"].Schema, value); err != nil {
						t.Errorf("%s is asked with %s: %v", path, body, err)
					}
				}
			}
			code, b := over(t, s, v, strings.ToUpper(method), path, body)
			answer := o.Responses["200"]
			if code != http.StatusOK {
				answer = o.Responses["default"]
			} else {
				seen++
			}
			var value any
			if err := json.Unmarshal(b, &value); err != nil {
				t.Fatalf("%s: %v %s", path, err, b)
			}
			if err := matches(d.Components.Schemas, answer.Content["application/json"].Schema, value); err != nil {
				t.Errorf("%s %s answers %s: %v", method, path, b, err)
			}
		}
	}
	if seen < 11 {
		t.Errorf("%d answers were looked at", seen)
	}
	for name, schema := range d.Components.Schemas {
		if schema == nil {
			t.Errorf("%s is not described", name)
		}
	}
}

type operation struct {
	RequestBody struct{ Content map[string]media }
	Responses   map[string]struct{ Content map[string]media }
}

type media struct{ Schema map[string]any }

// matches reports what of a value a schema does not say.
func matches(all map[string]map[string]any, schema map[string]any, v any) error {
	if ref, ok := schema["$ref"].(string); ok {
		name := strings.TrimPrefix(ref, "#/components/schemas/")
		if all[name] == nil {
			return fmt.Errorf("%s is not there", ref)
		}
		return matches(all, all[name], v)
	}
	if any, ok := schema["anyOf"].([]any); ok {
		var last error
		for _, s := range any {
			if last = matches(all, s.(map[string]interface{}), v); last == nil {
				return nil
			}
		}
		return last
	}
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
	types, many := schema["type"].([]any)
	if one, ok := schema["type"].(string); ok {
		types, many = []any{one}, true
	}
	if many {
		ok := false
		for _, one := range types {
			ok = ok || one == is || one == "number" && is == "integer"
		}
		if !ok {
			return fmt.Errorf("a %s where %v is said", is, types)
		}
	}
	switch v := v.(type) {
	case []any:
		items, _ := schema["items"].(map[string]any)
		for _, e := range v {
			if err := matches(all, items, e); err != nil {
				return err
			}
		}
	case map[string]any:
		properties, closed := schema["properties"].(map[string]any)
		required, _ := schema["required"].([]any)
		for _, name := range required {
			if _, ok := v[name.(string)]; !ok {
				return fmt.Errorf("%s is not there", name)
			}
		}
		others, _ := schema["additionalProperties"].(map[string]any)
		for name, value := range v {
			s, ok := properties[name].(map[string]any)
			if !ok && closed {
				return fmt.Errorf("%s is not said", name)
			}
			if !ok {
				s = others
			}
			if s != nil {
				if err := matches(all, s, value); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
		}
	}
	return nil
}
