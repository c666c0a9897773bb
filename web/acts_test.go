//go:build browser

package web_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/omamori-guard/omamori/web/browsertest"
	"github.com/omamori-guard/omamori/words"
)

// What can be done on the page, in one browser.
func TestInBrowserActs(t *testing.T) {
	browser := browsertest.Start(t)
	for name, test := range map[string]func(*testing.T, *browsertest.Browser){
		"Live": testLive, "Mend": testMend, "ProveAndAnswer": testProveAndAnswer, "Door": testDoor, "WhatIf": testWhatIf, "Pointing": testPointing, "Touch": testTouch, "Keyboard": testKeyboard, "DeedsByKeys": testDeedsByKeys, "FirstVisitByKeys": testFirstVisitByKeys, "FocusIsKept": testFocusIsKept, "FirstView": testFirstView, "Language": testLanguage,
	} {
		t.Run(name, func(t *testing.T) { test(t, browser) })
	}
}

// What changes is seen without loading anew: on the drawing, in the list, at the top.
func testLive(t *testing.T, browser *browsertest.Browser) {
	w, address := scene(t, "calm", words.English)
	b := browser.Open(t, address, browsertest.Desktop)
	b.GoTo("/")
	b.Until("document.documentElement.dataset.news !== undefined")
	b.Do("window.same = true")
	node := `document.querySelector('.node[data-n="blog-page"]')`
	b.Until(node + `.classList.contains("holds")`)
	w.Break("blog-page", "http_500", "the article says 500", true)
	b.Until(node + `.classList.contains("broken") && ` + node + `.classList.contains("blamed")`)
	b.Until(`document.querySelector('[data-row="blog-page"] .row-state').textContent === "broken"`)
	b.Until(`document.querySelector('.goal.broken h2').textContent.includes("visitors read the blog") && document.querySelector('.alarm')`)
	b.Until(`document.querySelector('.edges .lit')`)
	w.Mend("blog-page")
	b.Until(node + `.classList.contains("holds") && !document.querySelector('.goal.broken') && !document.querySelector('.edges .lit')`)
	b.Until("window.same") // the page was never left
}

// A person mends from the page: the plan first, once more asked, then the progress.
func testMend(t *testing.T, browser *browsertest.Browser) {
	w, address := scene(t, "calm", words.English)
	w.Break("php-fpm", "killed", "php-fpm was killed", false) // which the owner wants asked for
	b := browser.Open(t, address, browsertest.Phone)
	b.GoTo("/link/php-fpm")
	b.Until(`document.querySelector('.verdict.broken')`)
	b.Press(`a[href="/rescue/php-fpm"]`)
	b.Until(`document.querySelector('button[value="mend"]') && document.querySelector('.plan')`)
	b.Press(`button[value="mend"]`)
	if did := w.Did(); len(did) != 0 {
		t.Errorf("done before it was asked once more: %q", did)
	}
	b.Until(`document.querySelector('.sure .plan')`)
	b.Press(`.sure button`)
	b.Until(`location.pathname === "/rescue/php-fpm" && document.querySelector('.verdict.holds')`)
	if did := w.Did(); len(did) != 1 || did[0] != "start php-fpm" {
		t.Errorf("%q", did)
	}
}

func testProveAndAnswer(t *testing.T, browser *browsertest.Browser) {
	_, address := scene(t, "calm", words.Japanese)
	b := browser.Open(t, address, browsertest.Desktop.In("ja"))
	b.GoTo("/link/sql")
	b.Press(`form[action="/link/sql/prove"] button`)
	b.Until(`location.pathname === "/link/sql" && document.querySelector('.verdict.holds')`)
	b.GoTo("/drills")
	b.Press(`form[action="/drill/codes"] button[value="0"]`)
	b.Until(`document.querySelector('.sure').innerText.includes("いいえ")`)
	b.Press(`.sure button`)
	b.Until(`location.pathname === "/drills" && document.querySelector('#codes .verdict.broken')`)
}

func testDoor(t *testing.T, browser *browsertest.Browser) {
	_, address := scene(t, "calm", words.English)
	b := browser.Open(t, address, browsertest.Phone.AtNight())
	b.GoTo("/door")
	b.Fill(`input[name="from"]`, "198.51.100.23")
	b.Press(`form[action="/door/open"] button`)
	b.Press(`.sure button`)
	b.Until(`location.pathname === "/door" && ` + browsertest.Text(".leases") + `.includes("198.51.100.23")`)
	b.Until(`/^[0-9:]{5,8}$/.test(document.querySelector('.left').textContent)`) // a clock
	b.Press(`.leases form button`)                                               // the one that ends first: that which was there
	b.Press(`.sure button`)
	b.Until(`location.pathname === "/door" && !` + browsertest.Text(".leases") + `.includes("203.0.113.7")`)
}

// Pointing shows what would fall; by the keyboard too.
func testWhatIf(t *testing.T, browser *browsertest.Browser) {
	_, address := scene(t, "calm", words.English)
	b := browser.Open(t, address, browsertest.Desktop)
	b.GoTo("/")
	b.Focus(`.node[data-n="phone"]`)
	b.Until(`document.querySelector('.node.falls[data-n="console"]') && document.querySelector('.node.falls[data-n="codes"]') && !document.querySelector('.node.falls[data-n="blog"]')`)
	b.Until(`document.querySelector('#whatif').innerText.includes("phone")`)
	b.Run(chromedp.KeyEvent(kb.Escape))
	b.Until(`!document.querySelector('.node.falls')`)
	b.Focus(`.node[data-n="sql"]`)
	b.Until(`document.querySelector('.node.falls[data-n="blog"]')`)
}

// What a mouse points at stays under it, and what is said of it steady.
func testPointing(t *testing.T, browser *browsertest.Browser) {
	_, address := scene(t, "calm", words.English)
	b := browser.Open(t, address, browsertest.Desktop)
	b.GoTo("/")
	b.Until("document.documentElement.dataset.news !== undefined")
	for i, at := range []string{`.node[data-n="phone"]`, `.node[data-n="phone"]`, `.node[data-n="sql"]`, `.chip[data-what="laptop"]`} {
		b.Do(`document.querySelector(` + browsertest.Quoted(at) + `).scrollIntoView({block: "` + []string{"start", "end"}[i%2] + `"})`)
		var box []float64
		b.Run(chromedp.Evaluate(`(r => [r.left + r.width / 2, r.top + r.height / 2])(document.querySelector(`+browsertest.Quoted(at)+`).getBoundingClientRect())`, &box))
		b.Do(`window.turns = 0; window.watch?.disconnect(); window.shown = false; window.watch = new MutationObserver(() => { const s = !whatif.classList.contains("none"); turns += s !== shown; shown = s; }); watch.observe(whatif, {attributes: true, attributeFilter: ["class"]})`)
		b.Run(chromedp.MouseEvent(input.MouseMoved, box[0], box[1]))
		b.Until(`document.querySelector(".node.falls")`)
		b.Run(chromedp.MouseEvent(input.MouseMoved, box[0]+1, box[1]))
		b.Shot(fmt.Sprintf("pointing-%d-en-desktop", i))
		// Longer than what is pointed at is waited for and forgotten.
		if turns := b.Await(`new Promise(done => setTimeout(() => done(turns), 1500))`); turns != "1" {
			t.Errorf("%s: shown and hidden %s times", at, turns)
		}
		if got := b.Ask(`(e => !!e && e.matches(` + browsertest.Quoted(at) + `))(document.elementFromPoint(` + fmt.Sprint(box[0]) + `, ` + fmt.Sprint(box[1]) + `)?.closest("a"))`); got != "true" {
			t.Errorf("%s: it is not there any more", at)
		}
		b.Run(chromedp.MouseEvent(input.MouseMoved, 5, 5))
		b.Until(`!document.querySelector(".node.falls")`)
	}
}

// A first touch shows what would fall, a second goes there, one elsewhere puts it away.
func testTouch(t *testing.T, browser *browsertest.Browser) {
	_, address := scene(t, "calm", words.Japanese)
	b := browser.Open(t, address, browsertest.Phone.In("ja"))
	b.Run(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch))
	b.GoTo("/")
	b.Until("document.documentElement.dataset.news !== undefined")
	tap := func(css string) { // what a browser makes of a tap; on a busy machine a real one may last too long to be one
		b.Do(`(e => { e.scrollIntoView({block: "center"}); e.dispatchEvent(new PointerEvent("pointerover", {pointerType: "touch", bubbles: true}));
			e.dispatchEvent(new MouseEvent("click", {detail: 1, bubbles: true, cancelable: true})) })(document.querySelector(` + browsertest.Quoted(css) + `))`)
	}
	shown := `!whatif.classList.contains("none") && ` + browsertest.Text("#whatif") + `.includes("スマートフォン")`
	tap(`.chip[data-what="phone"]`)
	b.Until(shown)
	b.Shot("pointing-ja-phone")
	tap(".list .note, .things .note")
	b.Until(`whatif.classList.contains("none") && location.search === ""`)
	tap(`.chip[data-what="phone"]`)
	b.Until(shown)
	b.Do("window.old = true")
	tap(`.chip[data-what="phone"]`)
	b.Until(`!window.old && location.search === "?lose=phone"`)
}

// All of the first view is less than 100 KB, and can be read without a script.
func testFirstView(t *testing.T, browser *browsertest.Browser) {
	_, address := scene(t, "broken", words.Japanese)
	b := browser.Open(t, address, browsertest.Desktop.In("ja"))
	b.GoTo("/")
	b.Until("document.readyState === 'complete'")
	if got := b.Ask(`performance.getEntriesByType("navigation").concat(performance.getEntriesByType("resource").filter(e => !e.name.endsWith("/events"))).reduce((n, e) => n + e.transferSize, 0) < 100000`); got != "true" {
		t.Error("the first view has more than 100 KB")
	}
	b.Run(emulation.SetScriptExecutionDisabled(true), chromedp.Navigate(address+"/"))
	b.Until(`[".goal.broken", "#chain .node", ".links .row time"].every(css => document.querySelector(css)?.checkVisibility())`)
}

// Who switches the language stays where he is.
func testLanguage(t *testing.T, browser *browsertest.Browser) {
	_, address := scene(t, "calm", words.English)
	b := browser.Open(t, address, browsertest.Desktop)
	b.GoTo("/link/sql?span=days")
	b.Press("a.lang")
	b.Until(`document.documentElement.lang === "ja" && location.pathname + location.search === "/link/sql?span=days"`)
}
