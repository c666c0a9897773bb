//go:build browser

package main

import (
	"bytes"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/chromedp/chromedp"

	"github.com/omamori-guard/omamori/web/browsertest"
	"github.com/omamori-guard/omamori/words"
)

// onTerminal is a play as a terminal of so many columns shows it. No line is longer, and
// where both acts stand side by side, the line between them is straight.
func onTerminal(t *testing.T, events []event, lang words.Lang, columns int, took float64) string {
	t.Helper()
	var out bytes.Buffer
	s := newScreen(&out, options{lang: lang, columns: columns, colours: true})
	for _, e := range events {
		if e.Is != isAsk && e.Is != isPage && e.Is != "outcome" {
			s.take(e)
		}
	}
	s.took = time.Duration(took * float64(time.Second))
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		line = ansi.Strip(strings.TrimRight(line, "\n"))
		if n := ansi.StringWidth(line); n > columns {
			t.Errorf("%d columns, not %d: %s", n, columns, line)
		}
		half := (columns - len([]rune(gap))) / 2
		if before, _, ok := strings.Cut(line, gap); columns >= twoColumns && ok && !strings.Contains(before, " server") && ansi.StringWidth(before) != half {
			t.Errorf("the line between the acts is at %d, not %d: %s", ansi.StringWidth(before), half, line)
		}
	}
	return out.String()
}

var (
	aCode  = regexp.MustCompile(`\x1b\[([0-9;]*)m`)
	styles = map[string]string{"1": "font-weight:bold", "2": "color:#8b93a1", "4": "text-decoration:underline",
		"31": "color:#ff7b72", "32": "color:#7ee787", "33": "color:#e3b341", "35": "color:#d2a8ff", "36": "color:#79c0ff"}
)

// inHTML is a text of a terminal as HTML, on its grid: a letter of two columns is as wide as two.
func inHTML(text string) string {
	b := &strings.Builder{}
	letters := func(text string) {
		for _, r := range text {
			if ansi.StringWidth(string(r)) == 2 {
				fmt.Fprintf(b, "<i>%c</i>", r)
			} else {
				b.WriteString(html.EscapeString(string(r)))
			}
		}
	}
	open := false
	for {
		at := aCode.FindStringSubmatchIndex(text)
		if at == nil {
			letters(text)
			return b.String()
		}
		letters(text[:at[0]])
		if open {
			b.WriteString("</span>")
			open = false
		}
		if codes := text[at[2]:at[3]]; codes != "" {
			b.WriteString(`<span style="`)
			for c := range strings.SplitSeq(codes, ";") {
				b.WriteString(styles[c] + ";")
			}
			b.WriteString(`">`)
			open = true
		}
		text = text[at[1]:]
	}
}

// shotTerminal takes a picture of a terminal.
func shotTerminal(t *testing.T, browser *browsertest.Browser, name, text string, columns int) {
	t.Helper()
	page := fmt.Sprintf(`<!doctype html><meta charset="utf-8"><title>%s</title><style>
body{margin:0;background:#0d1117;color:#e6edf3}
pre{margin:0;padding:14px 16px;width:%dch;font:14px/20px "DejaVu Sans Mono","IPAGothic",monospace}
i{font-style:normal;display:inline-block;width:2ch;text-align:center}</style><pre>%s</pre>`, name, columns, inHTML(strings.TrimSpace(text)))
	at := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, page)
	}))
	defer at.Close()
	tab := browser.Open(t, at.URL, browsertest.Form{Lang: "en", Width: int64(columns)*8430/1000 + 40, Height: 400})
	tab.Run(chromedp.Navigate(at.URL))
	tab.Shot(name)
	tab.Blank()
}
