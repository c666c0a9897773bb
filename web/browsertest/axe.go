package browsertest

import (
	"os"
	"testing"

	"github.com/chromedp/chromedp"
)

// Rules is axe-core, which make test-deps fetches.
func Rules(t *testing.T, root string) string {
	t.Helper()
	b, err := os.ReadFile(root + "/.cache/axe-core-4.10.3.js")
	if err != nil {
		t.Fatal("make axe fetches axe-core: ", err)
	}
	return string(b)
}

const violations = `axe.run(document, {resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r =>
	r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html.slice(0, 160) + " " + n.failureSummary).slice(0, 3).join(" | ")).join("\n"))`

// Fair reports what is wrong with the view that is open: a violation that axe-core knows,
// another language than the reader's, or more width than the screen has.
func (b *Tab) Fair(rules, at, lang string) {
	b.t.Helper()
	b.Run(chromedp.Evaluate(rules+";0", nil))
	if found := b.Await(violations); found != "" {
		b.t.Errorf("%s:\n%s", at, found)
	}
	if got := b.Ask("document.documentElement.lang"); got != lang {
		b.t.Errorf("%s: in %q", at, got)
	}
	if over := b.Ask("Math.max(0, document.documentElement.scrollWidth - innerWidth)"); over != "0" {
		b.t.Errorf("%s: wider than the screen by %s", at, over)
	}
}
