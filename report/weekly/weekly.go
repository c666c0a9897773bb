// Package weekly writes the weekly letter: one page that says how things stand, also when
// all is well, as text and as HTML.
package weekly

import (
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

// Week is what a letter tells, in its reader's language.
type Week struct {
	Host     string
	From, To time.Time
	Goals    []Goal
	// Happened are what was found and done, a sentence each, the newest first; More is how
	// many besides.
	Happened []string
	More     int
	// Due are what wants an answer, the most pressing first; MoreDue how many besides.
	Due     []Line
	MoreDue int
	// Next is the one best step, "" for none.
	Next string
}

// Goal is how a goal stands.
type Goal struct {
	Title   string
	Verdict chain.Verdict
	// Margin is a sentence on how many losses it survives, Ahead one on what becomes of it.
	Margin, Ahead string
}

// Line is one thing that wants an answer.
type Line struct{ When, What, Hint string }

// Bounds that keep a letter on one page.
const (
	MostGoals    = 8
	MostHappened = 6
	MostDue      = 6
)

// mood is how the week is called, in a word.
func (w Week) mood() string {
	for _, g := range w.Goals {
		if g.Verdict == chain.Broken {
			return "bad"
		}
	}
	if len(w.Due) > 0 {
		return "waits"
	}
	for _, g := range w.Goals {
		if g.Verdict != chain.Holds {
			return "unsure"
		}
	}
	return "well"
}

// Title is the subject of the letter.
func (w Week) Title(lang words.Lang) string {
	return lang.Say(chain.Say("letter.title", "host", w.Host, "mood", chain.Say("letter.mood_"+w.mood())))
}

func (w Week) days(lang words.Lang) string { return lang.Date(w.From) + " – " + lang.Date(w.To) }

// Text writes the letter as plain text.
func (w Week) Text(lang words.Lang) string {
	var b strings.Builder
	p := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	p("%s", w.days(lang))
	p("%s", lang.Text("letter.week_"+w.mood()))
	p("\n%s", lang.Text("letter.goals"))
	for _, g := range w.Goals {
		said := lang.Text("letter.verdict_" + g.Verdict.String())
		if g.Margin != "" {
			said = lang.Say(chain.Say("letter.stands", "verdict", said, "margin", g.Margin))
		}
		p("  %s %s: %s", mark(g.Verdict), g.Title, said)
		if g.Ahead != "" {
			p("    %s", g.Ahead)
		}
	}
	p("\n%s", lang.Text("letter.happened"))
	for _, h := range w.Happened {
		p("  - %s", h)
	}
	if w.More > 0 {
		p("  - %s", lang.Say(chain.Say("letter.more_happened", "n", w.More)))
	}
	if len(w.Happened) == 0 {
		p("  %s", lang.Text("letter.nothing_happened"))
	}
	p("\n%s", lang.Text("letter.due"))
	for _, d := range w.Due {
		p("  - %s: %s", d.When, d.What)
	}
	if w.MoreDue > 0 {
		p("  - %s", lang.Say(chain.Say("letter.more_due", "n", w.MoreDue)))
	}
	if len(w.Due) == 0 {
		p("  %s", lang.Text("letter.nothing_due"))
	}
	p("\n%s", lang.Text("letter.next"))
	if w.Next == "" {
		p("  %s", lang.Text("letter.no_step"))
	} else {
		p("  %s", w.Next)
	}
	return b.String()
}

func mark(v chain.Verdict) string {
	switch v {
	case chain.Holds:
		return "✓"
	case chain.Broken:
		return "✗"
	}
	return "?"
}

// Styles stand in the letter itself: it fetches nothing, and mail programs drop style sheets.
const (
	sheet  = `margin:0;padding:24px 12px;background:#f3f1ec;color:#22201c;font:16px/1.6 -apple-system,"Segoe UI","Hiragino Sans","Noto Sans JP","Noto Sans CJK JP",sans-serif`
	page   = `max-width:600px;margin:0 auto;background:#fff;border:1px solid #e2ddd2;border-radius:10px;padding:28px 30px`
	band   = `border-left:5px solid %s;padding:2px 0 2px 14px;margin:0 0 22px`
	head   = `font-size:13px;letter-spacing:.06em;color:#7a7264;margin:24px 0 6px;font-weight:600`
	faint  = `color:#7a7264;font-size:14px`
	step   = `background:#f7f3e8;border-radius:8px;padding:12px 16px;margin:6px 0 0`
	cell   = `padding:7px 0;border-bottom:1px solid #eee9df;vertical-align:top`
	green  = "#2f7d4f"
	red    = "#b3372b"
	yellow = "#b07a12"
)

func colour(v chain.Verdict) string {
	switch v {
	case chain.Holds:
		return green
	case chain.Broken:
		return red
	}
	return yellow
}

// HTML writes the letter as a page that stands by itself.
func (w Week) HTML(lang words.Lang) string {
	var b strings.Builder
	esc := html.EscapeString
	p := func(format string, a ...any) { fmt.Fprintf(&b, format, a...) }
	say := func(key string) string { return esc(lang.Text(key)) }
	tone := map[string]string{"bad": red, "well": green}[w.mood()]
	if tone == "" {
		tone = yellow
	}
	p(`<!doctype html><html lang="%s"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>%s</title></head><body style='%s'><div style="%s">`,
		lang, esc(w.Title(lang)), sheet, page)
	p(`<div style="%s"><div style="%s">%s · %s</div><div style="font-size:20px;font-weight:600">%s</div></div>`,
		fmt.Sprintf(band, tone), faint, esc(w.Host), esc(w.days(lang)), say("letter.week_"+w.mood()))
	title := func(key string) { p(`<div style="%s">%s</div>`, head, say(key)) }
	title("letter.goals")
	p(`<table style="width:100%%;border-collapse:collapse">`)
	for _, g := range w.Goals {
		p(`<tr><td style="%s;width:26px;color:%s;font-weight:700">%s</td><td style="%s"><b>%s</b>: %s`,
			cell, colour(g.Verdict), mark(g.Verdict), cell, esc(g.Title), say("letter.verdict_"+g.Verdict.String()))
		for _, s := range []string{g.Margin, g.Ahead} {
			if s != "" {
				p(`<div style="%s">%s</div>`, faint, esc(s))
			}
		}
		p(`</td></tr>`)
	}
	p(`</table>`)
	list := func(items []string, none string) {
		if len(items) == 0 {
			p(`<div style="%s">%s</div>`, faint, say(none))
			return
		}
		p(`<ul style="margin:0;padding-left:22px">`)
		for _, i := range items {
			p(`<li>%s</li>`, i)
		}
		p(`</ul>`)
	}
	title("letter.happened")
	var items []string
	for _, h := range w.Happened {
		items = append(items, esc(h))
	}
	if w.More > 0 {
		items = append(items, esc(lang.Say(chain.Say("letter.more_happened", "n", w.More))))
	}
	list(items, "letter.nothing_happened")
	title("letter.due")
	items = nil
	for _, d := range w.Due {
		items = append(items, fmt.Sprintf(`<b>%s</b>: %s<div style="%s">%s</div>`, esc(d.When), esc(d.What), faint, esc(d.Hint)))
	}
	if w.MoreDue > 0 {
		items = append(items, esc(lang.Say(chain.Say("letter.more_due", "n", w.MoreDue))))
	}
	list(items, "letter.nothing_due")
	title("letter.next")
	next := lang.Text("letter.no_step")
	if w.Next != "" {
		next = w.Next
	}
	p(`<div style="%s">%s</div><div style="%s;margin-top:26px">%s</div></div></body></html>`+"\n", step, esc(next), faint, say("letter.foot"))
	// Mail has lines of at most 998 bytes.
	return strings.ReplaceAll(b.String(), "><", ">\n<")
}
