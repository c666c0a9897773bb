//go:build browser

package web_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/web/browsertest"
	"github.com/omamori-guard/omamori/web/gallery"
	"github.com/omamori-guard/omamori/web/signin"
	"github.com/omamori-guard/omamori/words"
)

// policy is as strict as that of the page's gate.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// scene serves a scene of the gallery for the length of a test.
func scene(t *testing.T, name string, lang words.Lang) (w *gallery.World, address string) {
	t.Helper()
	w, h := made(t, name, lang)
	srv := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("Content-Security-Policy", policy)
		h.ServeHTTP(out, r.WithContext(signin.With(r.Context(), mika)))
	}))
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
	})
	return w, srv.URL
}

// views are all that there is to look at, in a scene that has them.
var views = []struct{ name, scene, path string }{
	{"home", "calm", "/"}, {"home-broken", "broken", "/"}, {"home-locked-out", "locked-out", "/"}, {"first", "first", "/?goal=a&link=sql"},
	{"without", "calm", "/?lose=phone"}, {"goal", "calm", "/goal/shell"}, {"link", "broken", "/link/mysqld"}, {"incidents", "broken", "/incidents"},
	{"incident", "broken", "/incident/past-1"}, {"drills", "person", "/drills"}, {"door", "calm", "/door"}, {"rescue", "broken", "/rescue/blog"},
	{"thing", "calm", "/thing/phone"}, {"day", "calm", "/day?on=2099-01-15"}, {"nothing", "calm", "/nothing"},
}

// Every view, in both languages, on a phone and a desktop, light and dark: without a
// violation that axe-core knows, in the reader's language, no wider than the screen.
func TestInBrowserViews(t *testing.T) {
	browser, rules := browsertest.Start(t), browsertest.Rules(t, "..")
	forms := []struct {
		name string
		form browsertest.Form
	}{
		{"desktop", browsertest.Desktop}, {"phone-dark", browsertest.Phone.AtNight()},
		{"phone", browsertest.Phone}, {"desktop-dark", browsertest.Desktop.AtNight()},
	}
	for _, lang := range words.Langs {
		addresses := map[string]string{}
		for i, form := range forms {
			if (lang == words.Japanese) != (i >= 2) && os.Getenv("OMAMORI_PICTURES_ALL") == "" {
				continue // each size and colour once
			}
			tabs := map[string]*browsertest.Tab{}
			for _, v := range views {
				if addresses[v.scene] == "" {
					_, addresses[v.scene] = scene(t, v.scene, lang)
				}
				b := tabs[v.scene]
				if b == nil {
					b = browser.Open(t, addresses[v.scene], form.form.In(string(lang)))
					tabs[v.scene] = b
				}
				b.GoTo(v.path)
				at := v.name + "-" + string(lang) + "-" + form.name
				b.Fair(rules, at, string(lang))
				if v.name == "nothing" {
					b.Forgive("404") // the browser says itself that there is nothing
				}
				b.Shot(at)
			}
			for _, b := range tabs {
				b.Blank()
			}
		}
	}
}

// Hostile names and evidence run nothing.
func TestInBrowserHostile(t *testing.T) {
	_, address := scene(t, "hostile", words.English)
	b := browsertest.Start(t).Open(t, address, browsertest.Desktop)
	b.GoTo("/")
	b.Until("document.documentElement.dataset.news !== undefined")
	links := strings.Split(b.Ask(`[...new Set([...document.querySelectorAll(".node, .alarm, .row, .goal a")].map(a => a.getAttribute("href")))].join("\n")`), "\n")
	if len(links) < 12 {
		t.Errorf("only %q", links)
	}
	for _, path := range append(links, "/drills", "/incidents") {
		b.GoTo(path)
		if got := b.Ask("window.hacked"); got != "undefined" {
			t.Errorf("%s: a script has run", path)
		}
	}
}
