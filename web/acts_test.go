//go:build browser

package web_test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/omamori-guard/omamori/words"
)

func text(css string) string { return "document.querySelector(" + quoted(css) + ").innerText" }

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "\\'") + "'" }

// press submits the form by one of its buttons, and waits for the view that comes.
func (b *tab) press(css string) {
	b.t.Helper()
	b.run(chromedp.Evaluate("window.old = true", nil))
	b.until("document.querySelector(" + quoted(css) + ")")
	b.run(chromedp.Evaluate("document.querySelector("+quoted(css)+").click()", nil))
	b.until("!window.old && document.readyState === 'complete' && document.documentElement.classList.contains('js')")
}

// What changes is seen without loading anew: on the drawing, in the list, at the top.
func TestLive(t *testing.T) {
	w, address := scene(t, "calm", words.English)
	b := open(t, address, words.English, 1280, 860, false)
	b.goTo("/")
	b.until("document.documentElement.dataset.news !== undefined")
	b.run(chromedp.Evaluate("window.same = true", nil))
	node := `document.querySelector('.node[data-n="blog-page"]')`
	b.until(node + `.classList.contains("holds")`)
	w.Break("blog-page", "http_500", "the article says 500", true)
	b.until(node + `.classList.contains("broken") && ` + node + `.classList.contains("blamed")`)
	b.until(`document.querySelector('[data-row="blog-page"] .row-state').textContent === "broken"`)
	b.until(`document.querySelector('.goal.broken h2').textContent.includes("visitors read the blog") && document.querySelector('.alarm')`)
	b.until(`document.querySelector('.edges .lit')`)
	w.Mend("blog-page")
	b.until(node + `.classList.contains("holds") && !document.querySelector('.goal.broken') && !document.querySelector('.edges .lit')`)
	b.until("window.same") // the page was never left
}

// A person mends from the page: the plan first, once more asked, then the progress.
func TestMend(t *testing.T) {
	w, address := scene(t, "calm", words.English)
	w.Break("php-fpm", "killed", "php-fpm was killed", false) // which the owner wants asked for
	b := open(t, address, words.English, 390, 844, false)
	b.goTo("/link/php-fpm")
	b.until(`document.querySelector('.verdict.broken')`)
	b.press(`a[href="/rescue/php-fpm"]`)
	b.until(`document.querySelector('button[value="mend"]') && document.querySelector('.plan')`)
	b.press(`button[value="mend"]`)
	if did := w.Did(); len(did) != 0 {
		t.Errorf("done before it was asked once more: %q", did)
	}
	b.until(`document.querySelector('.sure .plan')`)
	b.press(`.sure button`)
	b.until(`location.pathname === "/rescue/php-fpm" && document.querySelector('.verdict.holds')`)
	if did := w.Did(); len(did) != 1 || did[0] != "start php-fpm" {
		t.Errorf("%q", did)
	}
}

func TestProveAndAnswer(t *testing.T) {
	_, address := scene(t, "calm", words.Japanese)
	b := open(t, address, words.Japanese, 1280, 860, false)
	b.goTo("/link/sql")
	b.press(`form[action="/link/sql/prove"] button`)
	b.until(`location.pathname === "/link/sql" && document.querySelector('.verdict.holds')`)
	b.goTo("/drills")
	b.press(`form[action="/drill/codes"] button[value="0"]`)
	b.until(`document.querySelector('.sure').innerText.includes("いいえ")`)
	b.press(`.sure button`)
	b.until(`location.pathname === "/drills" && document.querySelector('#codes .verdict.broken')`)
}

func TestDoor(t *testing.T) {
	_, address := scene(t, "calm", words.English)
	b := open(t, address, words.English, 390, 844, true)
	b.goTo("/door")
	b.run(chromedp.SetValue(`input[name="from"]`, "198.51.100.23", chromedp.ByQuery))
	b.press(`form[action="/door/open"] button`)
	b.press(`.sure button`)
	b.until(`location.pathname === "/door" && ` + text(".leases") + `.includes("198.51.100.23")`)
	b.until(`/^[0-9:]{5,8}$/.test(document.querySelector('.left').textContent)`) // a clock
	b.press(`.leases form button`)                                               // the one that ends first: that which was there
	b.press(`.sure button`)
	b.until(`location.pathname === "/door" && !` + text(".leases") + `.includes("203.0.113.7")`)
}

// Pointing shows what would fall; by the keyboard too.
func TestWhatIf(t *testing.T) {
	_, address := scene(t, "calm", words.English)
	b := open(t, address, words.English, 1280, 860, false)
	b.goTo("/")
	b.run(chromedp.Focus(`.node[data-n="phone"]`, chromedp.ByQuery))
	b.until(`document.querySelector('.node.falls[data-n="console"]') && document.querySelector('.node.falls[data-n="codes"]') && !document.querySelector('.node.falls[data-n="blog"]')`)
	b.until(`document.querySelector('#whatif').innerText.includes("phone")`)
	b.run(chromedp.KeyEvent(kb.Escape))
	b.until(`!document.querySelector('.node.falls')`)
	b.run(chromedp.Focus(`.node[data-n="sql"]`, chromedp.ByQuery))
	b.until(`document.querySelector('.node.falls[data-n="blog"]')`)
}

// The keyboard alone goes through the page, and is seen where it is.
func TestKeyboard(t *testing.T) {
	_, address := scene(t, "calm", words.English)
	b := open(t, address, words.English, 1280, 860, false)
	b.goTo("/")
	seen := map[string]bool{}
	for range 60 {
		b.run(chromedp.KeyEvent(kb.Tab))
		seen[b.ask(`(e => (e.getAttribute("href") || e.id || e.textContent) + "")(document.activeElement)`)] = true
		if got := b.ask(`(e => e === document.body || getComputedStyle(e).outlineStyle !== "none" || e.matches(".node") && getComputedStyle(e.querySelector("rect")).strokeWidth !== "1.5px")(document.activeElement)`); got != "true" {
			t.Fatalf("no focus is seen at %s", b.ask("document.activeElement.outerHTML.slice(0, 200)"))
		}
	}
	for _, want := range []string{"#main", "/incidents", "/door", "/goal/blog", "/?lose=phone", "canvas", "/link/sql"} {
		if !seen[want] {
			t.Errorf("%s is not reached", want)
		}
	}
	b.goTo("/link/mysqld")
	b.run(chromedp.Evaluate("window.old = true; document.querySelector('form button').focus()", nil), chromedp.KeyEvent(kb.Enter))
	b.until(`!window.old && location.pathname === "/link/mysqld"`) // proved, and back
}

// Hostile names and evidence run nothing.
func TestHostileInBrowser(t *testing.T) {
	_, address := scene(t, "hostile", words.English)
	b := open(t, address, words.English, 1280, 860, false)
	b.goTo("/")
	b.until("document.documentElement.dataset.news !== undefined")
	links := b.ask(`[...new Set([...document.querySelectorAll(".node, .alarm")].map(a => a.getAttribute("href")))].join("\n")`)
	for _, path := range append(strings.Split(links, "\n"), "/drills", "/incidents") {
		b.goTo(path)
		if got := b.ask("window.hacked"); got != "undefined" {
			t.Errorf("%s: a script has run", path)
		}
	}
}

// All of the first view is less than 100 KB, and can be read without a script.
func TestFirstView(t *testing.T) {
	_, address := scene(t, "broken", words.Japanese)
	b := open(t, address, words.Japanese, 1280, 860, false)
	b.goTo("/")
	b.until("document.readyState === 'complete'")
	if got := b.ask(`performance.getEntriesByType("navigation").concat(performance.getEntriesByType("resource").filter(e => !e.name.endsWith("/events"))).reduce((n, e) => n + e.transferSize, 0) < 100000`); got != "true" {
		t.Error("the first view has more than 100 KB")
	}
	b.run(emulation.SetScriptExecutionDisabled(true), chromedp.Navigate(address+"/"), chromedp.WaitVisible(".goal.broken", chromedp.ByQuery), chromedp.WaitVisible("#chain .node", chromedp.ByQuery), chromedp.WaitVisible(".links .row time", chromedp.ByQuery))
}

// Who switches the language stays where he is.
func TestLanguage(t *testing.T) {
	_, address := scene(t, "calm", words.English)
	b := open(t, address, words.English, 1280, 860, false)
	b.goTo("/link/sql?span=days")
	b.press("a.lang")
	b.until(`document.documentElement.lang === "ja" && location.pathname + location.search === "/link/sql?span=days"`)
}
