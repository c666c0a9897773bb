// Package browsertest drives a real Chromium, for tests of the page.
package browsertest

import (
	"context"
	"fmt"
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
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/omamori-guard/omamori/probe/probetest"
)

// patience is for how long a browser on a busy machine may take for anything.
const patience = 2 * time.Minute

// Browser is one that runs for the length of a test.
type Browser struct{ ctx context.Context }

// Start starts a browser.
func Start(t *testing.T) *Browser {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		probetest.Needs(t, "chromium")
	}
	dir, err := os.MkdirTemp("", "omamori-browser")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) }) // once it has ended: cleanups run backwards
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.UserDataDir(dir), chromedp.DisableGPU, chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.WSURLReadTimeout(patience))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(func() { cancel(); stop() })
	for try := 1; ; try++ { // a browser may fail to start where much else does
		if err = chromedp.Run(ctx); err == nil {
			return &Browser{ctx}
		}
		if try == 3 {
			t.Fatalf("start chromium: %v", err)
		}
		cancel()
		ctx, cancel = chromedp.NewContext(alloc)
		t.Cleanup(cancel)
	}
}

// Form is what a tab is like.
type Form struct {
	Lang          string
	Width, Height int64
	Dark          bool
}

// Desktop and Phone are usual forms.
var (
	Desktop = Form{"en", 1280, 860, false}
	Phone   = Form{"en", 390, 844, false}
)

// In is the form for readers of another language.
func (f Form) In(lang string) Form { f.Lang = lang; return f }

// AtNight is the form in the dark.
func (f Form) AtNight() Form { f.Dark = true; return f }

// Tab is a tab of a browser.
type Tab struct {
	Address string // of the page
	t       *testing.T
	ctx     context.Context

	mu       sync.Mutex // protects the field below
	troubles []string   // what the console says, and requests elsewhere
}

// Open opens a tab, and forgets all cookies. At its end no error may stand in its console, and no request may
// have gone elsewhere than to address.
func (b *Browser) Open(t *testing.T, address string, f Form) *Tab {
	t.Helper()
	here, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(b.ctx)
	ctx, stop := context.WithTimeout(ctx, 5*patience)
	tab := &Tab{Address: address, t: t, ctx: ctx}
	chromedp.ListenTarget(ctx, func(e any) {
		switch e := e.(type) {
		case *runtime.EventExceptionThrown:
			tab.trouble("exception: " + e.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
				tab.trouble(fmt.Sprintf("console: %s", e.Args[0].Value))
			}
		case *log.EventEntryAdded:
			if e.Entry.Level == log.LevelError || e.Entry.Source == log.SourceSecurity {
				tab.trouble("log: " + e.Entry.Text + " " + e.Entry.URL)
			}
		case *network.EventRequestWillBeSent:
			if u, err := url.Parse(e.Request.URL); err != nil || u.Host != here.Host && u.Scheme != "about" {
				tab.trouble("request to " + e.Request.URL)
			}
		}
	})
	if err := chromedp.Run(ctx); err != nil { // the tab lives as long as this context
		t.Fatalf("open a tab: %v", err)
	}
	scheme := "light"
	if f.Dark {
		scheme = "dark"
	}
	tab.Run(network.ClearBrowserCookies(), network.Enable(), runtime.Enable(), log.Enable(),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}),
		chromedp.EmulateViewport(f.Width, f.Height),
		network.SetExtraHTTPHeaders(network.Headers{"Accept-Language": f.Lang}))
	t.Cleanup(func() {
		stop()
		cancel()
		for _, said := range tab.said() {
			t.Error(said)
		}
	})
	return tab
}

func (b *Tab) trouble(said string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.troubles = append(b.troubles, said)
}

func (b *Tab) said() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.troubles
}

// Forgive forgets what the console has said that has one of the words in it.
func (b *Tab) Forgive(words ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var kept []string
	for _, said := range b.troubles {
		forgiven := false
		for _, w := range words {
			forgiven = forgiven || strings.Contains(said, w)
		}
		if !forgiven {
			kept = append(kept, said)
		}
	}
	b.troubles = kept
}

// Run does actions.
func (b *Tab) Run(actions ...chromedp.Action) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		b.t.Fatalf("%v\n%s\n%q", err, b.shown(), b.said())
	}
}

// shown is the text of the view, for what a failed test says.
func (b *Tab) shown() (text string) {
	ctx, cancel := context.WithTimeout(b.ctx, 10*time.Second)
	defer cancel()
	_ = chromedp.Run(ctx, chromedp.Evaluate("location.href + ' ' + document.body.innerText.slice(0, 1500)", &text))
	return text
}

// Do evaluates JavaScript for its effect.
func (b *Tab) Do(js string) { b.t.Helper(); b.Run(chromedp.Evaluate(js+";0", nil)) }

// Await evaluates JavaScript that promises, and waits for what.
func (b *Tab) Await(js string) (answer string) {
	b.t.Helper()
	b.Run(chromedp.Evaluate("Promise.resolve("+js+").then(String)", &answer,
		func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	return answer
}

// GoTo opens a view, and waits until its script has run.
func (b *Tab) GoTo(path string) {
	b.t.Helper()
	b.Run(chromedp.Navigate(b.Address + path))
	b.Until("document.readyState === 'complete' && document.documentElement.classList.contains('js')")
}

// Ask evaluates an expression to a string.
func (b *Tab) Ask(js string) (answer string) {
	b.t.Helper()
	b.Run(chromedp.Evaluate("String("+js+")", &answer))
	return answer
}

// Until waits for an expression to be true. It asks by itself, as a page may be on its
// way to another.
func (b *Tab) Until(js string) {
	b.t.Helper()
	var ok bool
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end) && b.ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(b.ctx, patience)
		err = chromedp.Run(ctx, chromedp.Evaluate("!!("+js+")", &ok))
		cancel()
		if err == nil && ok {
			return
		}
	}
	b.t.Fatalf("not %s: %v\n%s\n%q", js, err, b.shown(), b.said())
}

// Press clicks a button or a link, and waits for the view that comes.
func (b *Tab) Press(css string) {
	b.t.Helper()
	b.Until("document.querySelector(" + Quoted(css) + ")")
	b.Leave("document.querySelector(" + Quoted(css) + ").click()")
}

// Focus gives an element the focus. This and Fill ask the page itself: what the browser's
// protocol knows of a page may be of the one before.
func (b *Tab) Focus(css string) {
	b.t.Helper()
	b.Until("document.querySelector(" + Quoted(css) + ")")
	b.Do("document.querySelector(" + Quoted(css) + ").focus()")
}

// TabTo presses Tab until an element has the focus.
func (b *Tab) TabTo(css string) {
	b.t.Helper()
	b.Until("document.querySelector(" + Quoted(css) + ")")
	for range 300 {
		if b.Ask("document.activeElement.matches("+Quoted(css)+")") == "true" {
			return
		}
		b.Keys(kb.Tab)
	}
	b.t.Fatalf("the keyboard does not reach %s", css)
}

// Keys presses keys.
func (b *Tab) Keys(keys string) { b.t.Helper(); b.Run(chromedp.KeyEvent(keys)) }

// Enter presses a key that leads to another view, and waits for that.
func (b *Tab) Enter(key string) {
	b.t.Helper()
	b.Do("window.old = true")
	b.Keys(key)
	b.Until("!window.old && document.readyState === 'complete'")
}

// Fill writes into a field.
func (b *Tab) Fill(css, value string) {
	b.t.Helper()
	b.Focus(css)
	b.Do("document.querySelector(" + Quoted(css) + ").value = " + Quoted(value))
}

// Leave does what leads to another view, and waits for that.
func (b *Tab) Leave(js string) {
	b.t.Helper()
	b.Do("window.old = true")
	b.Do(js)
	b.Until("!window.old && document.readyState === 'complete'")
}

// Blank leaves the page, so that its stream ends.
func (b *Tab) Blank() {
	b.t.Helper()
	b.Run(chromedp.Navigate("about:blank"))
}

// Quoted is a string of JavaScript.
func Quoted(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`, "\n", `\n`).Replace(s) + "'"
}

// Text is the expression for the text of an element.
func Text(css string) string { return "document.querySelector(" + Quoted(css) + ").innerText" }

// Shot keeps a picture, where pictures are wanted: $OMAMORI_PICTURES is their folder.
func (b *Tab) Shot(name string) {
	b.t.Helper()
	dir := os.Getenv("OMAMORI_PICTURES")
	if dir == "" {
		return
	}
	var png []byte
	b.Run(page.BringToFront(), chromedp.FullScreenshot(&png, 100)) // one at the back is never drawn
	b.keep(dir, name, png)
}

// ShotOf keeps a picture of one element.
func (b *Tab) ShotOf(css, name string) {
	b.t.Helper()
	dir := os.Getenv("OMAMORI_PICTURES")
	if dir == "" {
		return
	}
	var png []byte
	b.Run(page.BringToFront(), chromedp.Screenshot(css, &png, chromedp.ByQuery))
	b.keep(dir, name, png)
}

func (b *Tab) keep(dir, name string, png []byte) {
	b.t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
