//go:build browser

package web_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/omamori-guard/omamori/web/browsertest"
	"github.com/omamori-guard/omamori/words"
)

// what names what has the focus.
const what = `(e => (e.getAttribute("href") || e.id || e.textContent) + "")(document.activeElement)`

// seen is true where the focus shows, and is not out of sight.
const seen = `(e => {
	const of = e.matches(".node") ? e.querySelector("rect") : e, look = () => { const s = getComputedStyle(of); return [s.outlineStyle, s.outlineWidth, s.outlineColor, s.stroke, s.strokeWidth].join(); };
	const with_ = look();
	e.blur();
	const without = look();
	e.focus();
	const r = e.getBoundingClientRect(), c = e.closest(".canvas:not(:focus)")?.getBoundingClientRect() || {left: 0, top: 0, right: innerWidth, bottom: innerHeight};
	const x = (Math.max(r.left, c.left) + Math.min(r.right, c.right)) / 2, y = (Math.max(r.top, c.top, 0) + Math.min(r.bottom, c.bottom, innerHeight)) / 2;
	const top = document.elementFromPoint(x, y);
	return with_ !== without && look() === with_ && top && (e.contains(top) || top.contains(e));
})(document.activeElement)`

// The keyboard alone goes through all of a view and out of it again, and is seen where it is.
func testKeyboard(t *testing.T, browser *browsertest.Browser) {
	for _, c := range []struct{ scene, paths, wants string }{
		{"calm", "/ /door /drills /day /thing/phone", "#main /lang/ja?back=%2f /incidents /door /goal/blog /?lose=phone /day canvas #h-list /link/sql /signin"},
		{"broken", "/ /link/mysqld /rescue/blog", "/rescue/blog /link/mysqld"},
	} {
		_, address := scene(t, c.scene, words.English)
		b := browser.Open(t, address, browsertest.Desktop)
		for i, path := range strings.Fields(c.paths) {
			b.GoTo(path)
			b.Keys(kb.Tab)
			b.Do("window.first = document.activeElement")
			reached := map[string]bool{}
			for !reached["out"] && len(reached) < 400 {
				at, shows, _ := strings.Cut(b.Ask(what+" + '\t' + "+seen), "\t")
				reached[at] = true
				if shows != "true" {
					t.Errorf("%s %s: no focus is seen at %s", c.scene, path, at)
				}
				b.Keys(kb.Tab)
				reached["out"] = b.Ask("[first, document.body].includes(document.activeElement)") == "true"
			}
			if !reached["out"] {
				t.Errorf("%s %s: the keyboard does not get out of it", c.scene, path)
			}
			for _, want := range strings.Fields(c.wants) {
				if i == 0 && !reached[want] {
					t.Errorf("%s: %s is not reached", c.scene, want)
				}
			}
		}
	}
}

// All that can be done on the page is done without a mouse.
func testDeedsByKeys(t *testing.T, browser *browsertest.Browser) {
	w, address := scene(t, "calm", words.English)
	w.Break("php-fpm", "killed", "php-fpm was killed", false) // which the owner wants asked for
	b := browser.Open(t, address, browsertest.Desktop)

	// Prove.
	b.GoTo("/link/sql")
	b.TabTo(`form[action="/link/sql/prove"] button`)
	b.Enter(kb.Enter)
	b.Until(`location.pathname === "/link/sql" && document.querySelector(".verdict.holds")`)
	b.TabTo(`.tabs a[href="?span=weeks"]`)
	b.Enter(kb.Enter)
	b.Until(`document.querySelector('[href="?span=weeks"][aria-current]')`)

	// Rescue: by the plan, once more asked.
	b.GoTo("/link/php-fpm")
	b.TabTo(`a[href="/rescue/php-fpm"]`)
	b.Enter(kb.Enter)
	b.TabTo(`button[value="mend"]`)
	b.Enter(" ")
	b.TabTo(".sure .do")
	b.Enter(kb.Enter)
	b.Until(`location.pathname === "/rescue/php-fpm" && document.querySelector(".verdict.holds")`)
	if did := strings.Join(w.Did(), ", "); did != "start php-fpm" {
		t.Error(did)
	}

	// What if: the focus is what a pointer is; it is dismissed; and that a thing is lost is told.
	b.GoTo("/")
	b.TabTo(`.node[data-n="phone"]`)
	b.Until(`document.querySelector('.node.falls[data-n="console"]') && ` + browsertest.Text("#whatif") + `.includes("phone")`)
	b.Keys(kb.Escape)
	b.Until(`!document.querySelector(".node.falls")`)
	b.Enter(kb.Enter)
	b.Until(`location.search === "?lose=phone" && document.querySelector('.node.falls[data-n="console"]')`)
	b.TabTo(`a[href="/thing/phone"]`)
	b.Enter(kb.Enter)
	b.TabTo(".sure .do")
	b.Enter(kb.Enter)
	b.Until(`location.pathname === "/" && document.querySelector('.chip.lost[data-what="phone"]')`)

	// The drawing: nearer, farther, along it, and past it.
	b.TabTo("#canvas")
	width := `+document.querySelector("#chain").getAttribute("width")`
	b.Do("window.was = " + width)
	b.Keys("++++")
	b.Until(width + " > was * 2")
	b.Keys(kb.ArrowRight)
	b.Until(`document.querySelector("#canvas").scrollLeft > 0`)
	b.Keys("0")
	b.Until(width + " < was * 1.5")
	b.TabTo(`a[href="#h-list"]`)
	b.Keys(kb.Enter)
	b.Keys(kb.Tab)
	b.Until(`document.activeElement.matches(".list .row")`)

	// A lease: opened, and closed.
	b.GoTo("/door")
	b.TabTo(`input[name="from"]`)
	b.Keys("198.51.100.23")
	b.TabTo(`select[name="for"]`)
	b.Keys(kb.ArrowUp)
	b.TabTo(`form[action="/door/open"] button`)
	b.Enter(kb.Enter)
	b.Until(browsertest.Text(".ask") + `.includes("198.51.100.23 in for 10 minutes")`)
	b.TabTo(".sure .do")
	b.Enter(kb.Enter)
	b.Until(browsertest.Text(".leases") + `.includes("198.51.100.23")`)
	b.TabTo(".leases form button") // the one that ends first: ours
	b.Enter(" ")
	b.TabTo(".sure .do")
	b.Enter(kb.Enter)
	b.Until(`location.pathname === "/door" && !` + browsertest.Text(".leases") + `.includes("198.51.100.23")`)

	// A drill, and the other language.
	b.TabTo("a.lang")
	b.Enter(kb.Enter)
	b.Until(`document.documentElement.lang === "ja" && location.pathname === "/door"`)
	b.TabTo(`nav a[href="/drills"]`)
	b.Enter(kb.Enter)
	b.TabTo(`form[action="/drill/contact"] button[value="0"]`)
	b.Enter(kb.Enter)
	b.TabTo(".sure .do")
	b.Enter(kb.Enter)
	b.Until(`location.pathname === "/drills" && document.querySelector("#contact .verdict.broken")`)
}

func testFirstVisitByKeys(t *testing.T, browser *browsertest.Browser) {
	_, address := scene(t, "first", words.English)
	b := browser.Open(t, address, browsertest.Phone)
	b.GoTo("/")
	b.TabTo("#goal")
	b.Keys("my blog is read")
	b.TabTo(`input[name="link"]`)
	b.Keys(" ")
	b.TabTo("form .do")
	b.Enter(kb.Enter)
	b.Until(browsertest.Text("pre") + `.includes("my blog is read")`)
}

// What has the focus has it still when all around it has changed: whoever is about to press
// Enter presses what he read.
func testFocusIsKept(t *testing.T, browser *browsertest.Browser) {
	w, address := scene(t, "calm", words.English)
	b := browser.Open(t, address, browsertest.Desktop)
	anew := func(part string) {
		b.Until("document.documentElement.dataset.news !== undefined")
		b.Do(`document.querySelector("` + part + `").firstElementChild.old = true`)
		w.Break("blog-page", "http_500", "the article says 500", true)
		b.Until(`document.querySelector("` + part + `").firstElementChild?.old === undefined`)
		w.Mend("blog-page")
	}
	for _, c := range []struct{ path, part, at string }{
		{"/drills", "#main", `form[action="/drill/mailbox"] button[value="0"]`},
		{"/door", "#main", ".leases form button"},
		{"/link/sql", "#main", `.tabs a[href="?span=days"]`},
		{"/", "#part-goals", `a[href="/goal/console"]`},
	} {
		b.GoTo(c.path)
		b.TabTo(c.at)
		anew(c.part)
		if b.Ask("document.activeElement.matches("+browsertest.Quoted(c.at)+")") != "true" {
			t.Errorf("%s: the focus is at %s", c.path, b.Ask("document.activeElement.outerHTML.slice(0, 200)"))
		}
	}
	// What is gone leaves it where it was.
	w.Break("mysqld", "killed", "mysqld was killed", true)
	b.GoTo("/")
	b.TabTo(".alarm")
	w.Mend("mysqld")
	b.Until(`!document.querySelector(".alarm")`)
	b.Until(`document.activeElement.matches("#part-now")`)
	b.TabTo(".goal a")
}
