package eol

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/words"
)

// answers is what endoflife.date says of some products, cut to what is read.
var answers = map[string]string{
	"php": `{"schema_version":"1.2.0","result":{"name":"php","label":"PHP","releases":[
		{"name":"8.6","label":"8.6","releaseDate":"2026-11-19","isEol":false,"eolFrom":"2030-12-31"},
		{"name":"8.5","releaseDate":"2025-11-20","isEol":false,"eolFrom":"2029-12-31","isMaintained":true},
		{"name":"8.2","releaseDate":"2022-12-08","isEol":false,"eolFrom":"2027-12-31"}]}}`,
	"debian": `{"result":{"name":"debian","releases":[
		{"name":"14","eolFrom":null,"eoesFrom":null},
		{"name":"13","eolFrom":"2028-08-09","eoesFrom":"2030-06-30"}]}}`,
	"ubuntu":      `{"result":{"releases":[{"name":"24.04","eolFrom":"2029-05-31","eoesFrom":"2036-05-31"},{"name":"26.10","eolFrom":"2027-07-31"}]}}`,
	"mariadb":     `{"result":{"releases":[{"name":"11.8","eolFrom":"2028-05-04"}]}}`,
	"almalinux":   `{"result":{"releases":[{"name":"10","eolFrom":"2035-05-31"}]}}`,
	"rocky-linux": `{"result":{"releases":[{"name":"10","eolFrom":"2035-05-31"}]}}`,
}

func serve(t *testing.T, h http.HandlerFunc) Refresh {
	t.Helper()
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return Refresh{
		From: s.URL, Path: filepath.Join(t.TempDir(), "eol.txt"), TLS: &tls.Config{RootCAs: roots}, Now: time.Date(2026, 12, 1, 9, 0, 0, 0, time.Local),
	}
}

func TestRefresh(t *testing.T) {
	r := serve(t, func(w http.ResponseWriter, q *http.Request) {
		product := strings.Trim(strings.TrimPrefix(q.URL.Path, "/api/v1/products/"), "/")
		switch {
		case q.URL.Path == "/api/v1/products/php/": // as a site does that has moved its pages
			http.Redirect(w, q, "/api/v1/products/php", http.StatusMovedPermanently)
		case answers[product] == "":
			http.NotFound(w, q)
		default:
			_, _ = w.Write([]byte(answers[product]))
		}
	})
	r.From += "/api/v1/products/"
	out, err := r.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(out.Added, []string{"Ubuntu 26.10", "PHP 8.6"}) || !slices.Equal(out.Sooner, []string{"MariaDB 11.8"}) || !slices.Equal(out.Later, []string{"PHP 8.2"}) {
		t.Errorf("%+v", out)
	}
	l := made(t, settings{Table: r.Path})
	now := l.table()
	for name, want := range map[string]string{"php 8.6": "2031-01-01", "php 8.2": "2027-01-01", "mariadb 11.8": "2028-05-05", "debian 13": "2030-07-01", "ubuntu 24.04": "2029-06-01"} {
		product, release, _ := strings.Cut(name, " ")
		if row, _ := now.find(product, release); row.Over.Format(time.DateOnly) != want {
			t.Errorf("%s: %v", name, row.Over)
		}
	}
	if st, err := os.Stat(r.Path); err != nil || st.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
}

// A table in our own form, over https or from a file.
func TestRefreshOwn(t *testing.T) {
	text := "updated 2026-11-30\nphp 8.6 2030-12-31 https://a.example/\nphp 8.5 2029-12-31 https://a.example/\n"
	r := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) })
	r.From += "/eol.txt"
	if out, err := r.Do(t.Context()); err != nil || !slices.Equal(out.Added, []string{"PHP 8.6"}) || len(out.Later) != 0 {
		t.Errorf("%+v, %v", out, err)
	}
	file := filepath.Join(t.TempDir(), "own")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r.From = file
	if _, err := r.Do(t.Context()); err != nil {
		t.Error(err)
	}
}

// Whatever cannot be meant is refused, said in words, and the old table stays.
func TestRefreshRefuses(t *testing.T) {
	ok := "php 8.5 2029-12-31 https://a.example/\n"
	for name, h := range map[string]http.HandlerFunc{
		"garbage":     func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"nothing":     func(http.ResponseWriter, *http.Request) {},
		"not found":   http.NotFound,
		"of tomorrow": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("updated 2027-11-28\n" + ok)) },
		"old":         func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("updated 2025-11-28\n" + ok)) },
		"for ever": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("updated 2026-11-30\n" + ok + "php 9.0 2099-12-31 https://a.example/\n"))
		},
		"of else": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("updated 2026-11-30\nperl 5 2029-12-31 https://a.example/\n"))
		},
		"endless": func(w http.ResponseWriter, q *http.Request) {
			for q.Context().Err() == nil {
				if _, err := w.Write([]byte("# more\n")); err != nil {
					return
				}
			}
		},
		"sent in clear": func(w http.ResponseWriter, q *http.Request) {
			http.Redirect(w, q, "http://"+q.Host+"/", http.StatusFound)
		},
		"sent away": func(w http.ResponseWriter, q *http.Request) {
			http.Redirect(w, q, "https://elsewhere.example/", http.StatusFound)
		},
		"in circles": func(w http.ResponseWriter, q *http.Request) { http.Redirect(w, q, "/again", http.StatusFound) },
	} {
		t.Run(name, func(t *testing.T) {
			r := serve(t, h)
			if err := os.WriteFile(r.Path, []byte("before"), 0o600); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			for _, from := range []string{"/eol.txt", "/products/"} {
				one := r
				one.From += from
				_, err := one.Do(ctx)
				var said *RefreshError
				if !errors.As(err, &said) {
					t.Fatalf("%s: %v", from, err)
				}
				if text, hint := said.Said(); strings.Contains(words.English.Say(text)+words.Japanese.Say(hint), "{") || hint.IsZero() {
					t.Errorf("%s: %v", from, err)
				}
			}
			if b, err := os.ReadFile(r.Path); err != nil || string(b) != "before" {
				t.Errorf("the old table is %q, %v", b, err)
			}
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(r.Path), ".eol-*")); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
	r := serve(t, http.NotFound)
	r.TLS = nil // nobody vouches for it
	if _, err := r.Do(t.Context()); err == nil {
		t.Error("a server that anybody could be is believed")
	}
	r.From = "http://" + strings.TrimPrefix(r.From, "https://")
	if _, err := r.Do(t.Context()); err == nil {
		t.Error("plain http is taken")
	}
}

func FuzzAPI(f *testing.F) {
	for _, a := range answers {
		f.Add([]byte(a))
	}
	f.Add([]byte(`{"result":{"releases":[{"name":"8.2","eolFrom":"x"}]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, err := parseAPI(b, "php")
		if err != nil {
			return
		}
		table := Table{Updated: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), Rows: rows}
		if name := hides(Shipped().With(table)); name != "" {
			t.Errorf("hides the end of %s", name)
		}
	})
}
