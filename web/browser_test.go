//go:build browser

package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/omamori-guard/omamori/probe/probetest"
	"github.com/omamori-guard/omamori/web/gallery"
	"github.com/omamori-guard/omamori/web/signin"
	"github.com/omamori-guard/omamori/words"
)

// patience is for how long a browser on a busy machine may take for anything.
const patience = 2 * time.Minute

// policy is as strict as that of the page's gate.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// chromium is one browser for all tests.
var chromium struct {
	once sync.Once
	ctx  context.Context
	err  error
	end  func()
}

func start() {
	c := &chromium
	dir, err := os.MkdirTemp("", "omamori-browser")
	if err != nil {
		c.err = err
		return
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.UserDataDir(dir), chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.WSURLReadTimeout(patience))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(alloc)
	c.ctx, c.err, c.end = ctx, chromedp.Run(ctx), func() { cancel(); stop(); os.RemoveAll(dir) }
}

func TestMain(m *testing.M) {
	code := m.Run()
	if chromium.end != nil {
		chromium.end()
	}
	os.Exit(code)
}

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

// tab is a tab of the browser.
type tab struct {
	t       *testing.T
	ctx     context.Context
	address string

	mu       sync.Mutex // protects the field below
	troubles []string   // what the console says, and requests elsewhere
}

// open opens a tab; at its end no error may stand in its console, and no request may
// have gone elsewhere.
func open(t *testing.T, address string, lang words.Lang, width, height int64, dark bool) *tab {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		probetest.Needs(t, "chromium")
	}
	chromium.once.Do(start)
	if chromium.err != nil {
		t.Fatalf("start chromium: %v", chromium.err)
	}
	ctx, cancel := chromedp.NewContext(chromium.ctx)
	ctx, stop := context.WithTimeout(ctx, 3*patience)
	b := &tab{t: t, ctx: ctx, address: address}
	here, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	chromedp.ListenTarget(ctx, func(e any) {
		switch e := e.(type) {
		case *runtime.EventExceptionThrown:
			b.trouble("exception: " + e.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
				b.trouble(fmt.Sprintf("console: %s", e.Args[0].Value))
			}
		case *log.EventEntryAdded:
			if e.Entry.Level == log.LevelError || e.Entry.Source == log.SourceSecurity {
				b.trouble("log: " + e.Entry.Text + " " + e.Entry.URL)
			}
		case *network.EventRequestWillBeSent:
			if u, err := url.Parse(e.Request.URL); err != nil || u.Host != here.Host {
				b.trouble("request to " + e.Request.URL)
			}
		}
	})
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	b.run(network.Enable(), runtime.Enable(), log.Enable(),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}),
		chromedp.EmulateViewport(width, height),
		network.SetExtraHTTPHeaders(network.Headers{"Accept-Language": string(lang)}))
	t.Cleanup(func() {
		stop()
		cancel()
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, said := range b.troubles {
			t.Error(said)
		}
	})
	return b
}

func (b *tab) trouble(said string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.troubles = append(b.troubles, said)
}

// forgive forgets what the console has said so far.
func (b *tab) forgive() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.troubles = nil
}

func (b *tab) run(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// goTo opens a view, and waits until its script has run.
func (b *tab) goTo(path string) {
	b.t.Helper()
	b.run(chromedp.Navigate(b.address+path), chromedp.WaitReady("html.js", chromedp.ByQuery))
}

// ask evaluates an expression to a string.
func (b *tab) ask(expression string) (answer string) {
	b.t.Helper()
	b.run(chromedp.Evaluate("String("+expression+")", &answer))
	return answer
}

// until waits for an expression to be true. It asks by itself, as a page may be on its
// way to another.
func (b *tab) until(expression string) {
	b.t.Helper()
	var ok bool
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end) && b.ctx.Err() == nil; time.Sleep(50 * time.Millisecond) {
		if err = chromedp.Run(b.ctx, chromedp.Evaluate("!!("+expression+")", &ok)); err == nil && ok {
			return
		}
	}
	var text string
	_ = chromedp.Run(b.ctx, chromedp.Evaluate("location.pathname + ' ' + document.body.innerText", &text))
	b.t.Fatalf("not %s: %v\n%.1500s", expression, err, text)
}

// shot keeps a picture, where pictures are wanted: $OMAMORI_PICTURES is their folder.
func (b *tab) shot(name string) {
	b.t.Helper()
	dir := os.Getenv("OMAMORI_PICTURES")
	if dir == "" {
		return
	}
	var png []byte
	b.run(chromedp.FullScreenshot(&png, 100))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// views are all that there is to look at, in a scene that has them.
var views = []struct{ name, scene, path string }{
	{"home", "calm", "/"}, {"home-broken", "broken", "/"}, {"home-locked-out", "locked-out", "/"}, {"first", "first", "/?goal=a&link=sql"},
	{"without", "calm", "/?lose=phone"}, {"goal", "calm", "/goal/shell"}, {"link", "broken", "/link/mysqld"}, {"incidents", "broken", "/incidents"},
	{"incident", "broken", "/incident/past-1"}, {"drills", "person", "/drills"}, {"door", "calm", "/door"}, {"rescue", "broken", "/rescue/blog"},
	{"thing", "calm", "/thing/phone"}, {"nothing", "calm", "/nothing"},
}

// axe is axe-core, which make test-deps fetches.
func axe(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../.cache/axe-core-4.10.3.js")
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("make test-deps fetches axe-core: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const violations = `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r =>
	r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html.slice(0, 160) + " " + n.failureSummary).slice(0, 3).join(" | ")).join("\n"))`

// Every view, in both languages, on a phone and a desktop, light and dark: without a
// violation that axe-core knows, and no wider than the screen.
func TestViews(t *testing.T) {
	rules := axe(t)
	forms := []struct {
		name          string
		width, height int64
		dark          bool
	}{{"desktop", 1280, 860, false}, {"phone-dark", 390, 844, true}, {"phone", 390, 844, false}, {"desktop-dark", 1280, 860, true}}
	for _, lang := range words.Langs {
		addresses := map[string]string{}
		for i, form := range forms {
			if (lang == words.Japanese) != (i >= 2) && os.Getenv("OMAMORI_PICTURES") == "" {
				continue // each size and colour once
			}
			for _, v := range views {
				if addresses[v.scene] == "" {
					_, addresses[v.scene] = scene(t, v.scene, lang)
				}
				b := open(t, addresses[v.scene], lang, form.width, form.height, form.dark)
				b.goTo(v.path)
				if v.name == "nothing" {
					b.forgive() // the browser says itself that there is nothing
				}
				at := v.name + "-" + string(lang) + "-" + form.name
				if got := b.ask("document.documentElement.lang"); got != string(lang) {
					t.Errorf("%s: in %q", at, got)
				}
				var found string
				b.run(chromedp.Evaluate(rules+";0", nil), chromedp.Evaluate(violations, &found,
					func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
				if found != "" {
					t.Errorf("%s:\n%s", at, found)
				}
				if over := b.ask("Math.max(0, document.documentElement.scrollWidth - innerWidth)"); over != "0" {
					t.Errorf("%s: wider than the screen by %s", at, over)
				}
				b.shot(at)
				b.run(chromedp.Navigate("about:blank"))
				b.forgetBlank()
			}
		}
	}
}

// forgetBlank forgets that a tab was left for an empty one, whose streams end.
func (b *tab) forgetBlank() {
	b.mu.Lock()
	defer b.mu.Unlock()
	var kept []string
	for _, said := range b.troubles {
		if !strings.Contains(said, "about:blank") {
			kept = append(kept, said)
		}
	}
	b.troubles = kept
}
