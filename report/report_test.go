package report

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/words"
)

func incident() Incident {
	began := time.Date(2026, 11, 20, 3, 4, 5, 0, time.UTC)
	return Incident{
		About: "the *database*", Began: began, Ended: began.Add(4 * time.Second), Cause: "oom", Why: "memory had run out",
		Evidence: []string{"<script>alert(1)</script>", "# no heading \u202E"}, Outages: []string{"the blog was out of reach"},
		Timeline: []Event{{began, "began"}},
	}
}

// What others wrote stays text: in Markdown and in HTML.
func TestDraftIsText(t *testing.T) {
	for _, lang := range words.Langs {
		md, page := incident().Markdown(lang), incident().HTML(lang)
		for _, want := range []string{`the \*database\*`, "\n    <script>alert(1)</script>\n    # no heading"} {
			if !strings.Contains(md, want) {
				t.Errorf("%s: no %q in:\n%s", lang, want, md)
			}
		}
		if strings.Contains(page, "<script") || strings.Contains(md+page, "\u202E") || !strings.Contains(page, "&lt;script&gt;") {
			t.Errorf("%s:\n%s\n%s", lang, md, page)
		}
	}
}

func TestDraft(t *testing.T) {
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte("abcd efgh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	answer := func(w http.ResponseWriter, r *http.Request) {
		user, secret, _ := r.BasicAuth()
		var got map[string]string
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil || user != "mika" || secret != "abcd efgh" || got["status"] != "draft" || r.URL.Query().Get("rest_route") != "/wp/v2/posts" {
			t.Errorf("%v %q %q %v", err, user, secret, got)
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"id": 7}`))
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w, r) }))
	defer srv.Close()
	blog := WordPress{URL: srv.URL + "/", User: "mika", PasswordFile: path}
	if edit, err := blog.Draft(t.Context(), "title", "content"); err != nil || edit != srv.URL+"/wp-admin/post.php?post=7&action=edit" {
		t.Errorf("%q %v", edit, err)
	}
	for name, bad := range map[string]func(w http.ResponseWriter, r *http.Request){
		"refused": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"message":"no \u202E"}`, http.StatusUnauthorized)
		},
		"elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://203.0.113.1/", http.StatusFound)
		},
		"nonsense": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) },
	} {
		answer = bad
		if edit, err := blog.Draft(t.Context(), "title", "content"); err == nil || strings.Contains(err.Error(), "\u202E") || strings.Contains(err.Error(), "abcd") {
			t.Errorf("%s: %q %v", name, edit, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := blog.Draft(ctx, "", ""); err == nil {
		t.Error("a cancelled draft is made")
	}
}

func TestSettings(t *testing.T) {
	for url, good := range map[string]bool{"https://blog.example": true, "http://127.0.0.1:8080": true, "http://blog.example": false, "https://a:b@blog.example": false, "": false} {
		s := Settings{WordPress{url, "mika", "/etc/omamori/blog"}}
		if (s.Check() == nil) != good {
			t.Errorf("%s: %v", url, s.Check())
		}
	}
	if (&Settings{}).Check() != nil {
		t.Error("no blog is needed")
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(201, []byte(`{"id": 7}`))
	f.Add(401, []byte(`{"message": "no"}`))
	f.Add(201, []byte(`{"id": -1}`))
	f.Fuzz(func(t *testing.T, code int, b []byte) {
		edit, err := parseAnswer("https://blog.example", code, "status", b)
		if (err == nil) != strings.HasPrefix(edit, "https://blog.example/wp-admin/post.php?post=") {
			t.Errorf("%q %v", edit, err)
		}
	})
}
