// Package report drafts a post-mortem from the evidence of an incident: as Markdown, as
// HTML, and as a draft in WordPress.
package report

import (
	"html"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

// Incident is what is known of one. Its texts are in the reader's language already, but
// may quote others.
type Incident struct {
	About        string
	Began, Ended time.Time // Ended is zero while it lasts
	Cause, Why   string
	Next         string
	Evidence     []string
	Cut          int // so many lines of it are left out
	Outages      []string
	Fell         []string
	Timeline     []Event
}

// Event is one line of the timeline.
type Event struct {
	At   time.Time
	Said string
}

// block is a piece of the draft; of its fields one is set, Title besides.
type block struct {
	title  string
	text   []string
	list   []string
	quoted []string
}

func (i Incident) blocks(lang words.Lang) []block {
	say := func(key string, pairs ...any) string { return lang.Say(chain.Say(key, pairs...)) }
	began := lang.Date(i.Began.Local()) + i.Began.Local().Format(" 15:04:05 MST")
	summary := say("report.began", "at", began)
	if i.Ended.IsZero() {
		summary += " " + say("report.lasts")
	} else {
		summary += " " + say("report.took", "took", i.Ended.Sub(i.Began).Round(10*time.Millisecond))
	}
	why := i.Why
	if why == "" {
		why = say("report.unknown")
	}
	if i.Cause != "" {
		why += " [" + i.Cause + "]"
	}
	all := []block{
		{text: []string{say("report.draft")}},
		{title: say("report.summary"), text: []string{summary}, list: append(i.Outages, i.fell(lang)...)},
		{title: say("report.cause"), text: []string{why}},
	}
	if len(i.Evidence) > 0 {
		b := block{title: say("report.evidence"), quoted: i.Evidence}
		if i.Cut > 0 {
			b.text = []string{say("report.cut", "n", i.Cut)}
		}
		all = append(all, b)
	}
	if len(i.Timeline) > 0 {
		b := block{title: say("report.timeline")}
		for _, e := range i.Timeline {
			b.list = append(b.list, e.At.Local().Format("2006-01-02 15:04:05")+" "+e.Said)
		}
		all = append(all, b)
	}
	after := block{title: say("report.after"), list: []string{say("report.after_why"), say("report.after_change")}}
	if i.Next != "" {
		after.list = append([]string{i.Next}, after.list...)
	}
	return append(all, after)
}

func (i Incident) fell(lang words.Lang) []string {
	if len(i.Fell) == 0 {
		return nil
	}
	return []string{lang.Text("report.fell", "names", strings.Join(i.Fell, ", "))}
}

// Title is what the post-mortem is called.
func (i Incident) Title(lang words.Lang) string {
	return lang.Text("report.title", "about", i.About, "day", lang.Date(i.Began.Local()))
}

// Markdown is the draft as CommonMark. What others wrote cannot change its form.
func (i Incident) Markdown(lang words.Lang) string {
	var b strings.Builder
	b.WriteString("# " + plain(i.Title(lang)) + "\n")
	for _, one := range i.blocks(lang) {
		if one.title != "" {
			b.WriteString("\n## " + plain(one.title) + "\n")
		}
		for _, t := range one.text {
			b.WriteString("\n" + plain(t) + "\n")
		}
		for n, l := range one.list {
			if n == 0 {
				b.WriteString("\n")
			}
			b.WriteString("- " + plain(l) + "\n")
		}
		for n, l := range one.quoted { // indented code ends nowhere but at a line without indent
			if n == 0 {
				b.WriteString("\n")
			}
			b.WriteString("    " + words.Clean(l) + "\n")
		}
	}
	return b.String()
}

// HTML is the draft for a post.
func (i Incident) HTML(lang words.Lang) string {
	var b strings.Builder
	esc := func(s string) string { return html.EscapeString(words.Clean(s)) }
	for _, one := range i.blocks(lang) {
		if one.title != "" {
			b.WriteString("<h2>" + esc(one.title) + "</h2>\n")
		}
		for _, t := range one.text {
			b.WriteString("<p>" + esc(t) + "</p>\n")
		}
		if len(one.list) > 0 {
			b.WriteString("<ul>")
			for _, l := range one.list {
				b.WriteString("<li>" + esc(l) + "</li>")
			}
			b.WriteString("</ul>\n")
		}
		if len(one.quoted) > 0 {
			b.WriteString("<pre>")
			for _, l := range one.quoted {
				b.WriteString(esc(l) + "\n")
			}
			b.WriteString("</pre>\n")
		}
	}
	return b.String()
}

// plain is s with everything escaped that Markdown could take for its own.
func plain(s string) string {
	var b strings.Builder
	for _, r := range words.Clean(s) {
		if strings.ContainsRune("\\`*_{}[]<>()#+-.!|~&", r) {
			if r == '<' || r == '>' || r == '&' {
				b.WriteString(html.EscapeString(string(r)))
				continue
			}
			if strings.ContainsRune("\\`*_[]#|~", r) {
				b.WriteByte('\\')
			}
		}
		b.WriteRune(r)
	}
	return b.String()
}
