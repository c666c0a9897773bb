package support

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/paper"
	"github.com/omamori-guard/omamori/words"
)

// Paper is something to send or to read aloud, in English with the Japanese beside it.
type Paper struct {
	Title chain.Text
	Parts []Part
}

// Part is a part of a paper, under a heading.
type Part struct {
	Heading chain.Text
	Rows    []chain.Text
	// Listed says that the rows are points of a list.
	Listed bool
}

// Request is what is written to the desk, and what they will ask for.
func Request(s Status, now time.Time) Paper {
	d := s.Desk.Whole()
	mine, theirs := d.Hours(now)
	say := func(key string) chain.Text {
		return chain.Say(key, "account", d.Account, "holder", d.Holder, "email", d.Email, "phone", d.Phone,
			"desk", d.Title, "mine", mine, "theirs", theirs, "lost", lost(s.Lost), "form", d.Form)
	}
	letter := Part{Heading: say("support.request")}
	for _, key := range []string{"subject", "hello", "who", "lost", "want", "prove", "call", "hours", "thanks"} {
		letter.Rows = append(letter.Rows, say("support.request_"+key))
	}
	asks := Part{Heading: say("support.asks"), Listed: true}
	for _, key := range []string{"account", "email", "phone", "address", "card", "last", "device", "code"} {
		asks.Rows = append(asks.Rows, say("support.asks_"+key))
	}
	return Paper{say("support.title"), []Part{letter, asks}}
}

func lost(names []string) string {
	if len(names) == 0 {
		return "MFA device"
	}
	return strings.Join(names, ", ")
}

// Script is what is said on the telephone: one page.
func Script(s Status, now time.Time) Paper {
	d := s.Desk.Whole()
	mine, theirs := d.Hours(now)
	say := func(key string) chain.Text {
		return chain.Say(key, "account", spelled(d.Account), "holder", d.Holder, "email", spelled(d.Email), "phone", spelled(d.Phone),
			"desk", d.Title, "mine", mine, "theirs", theirs, "lost", lost(s.Lost))
	}
	part := func(heading string, keys ...string) Part {
		p := Part{Heading: say("support.say_" + heading), Listed: true}
		for _, key := range keys {
			p.Rows = append(p.Rows, say("support.say_"+key))
		}
		return p
	}
	return Paper{say("support.script"), []Part{
		part("begin", "hello", "japanese", "slowly"),
		part("matter", "lost", "want", "account", "email", "phone"),
		part("trouble", "repeat", "wait", "spell"),
		part("end", "number", "when", "zone", "check", "thanks"),
	}}
}

// spelled sets characters apart, as they are read aloud.
func spelled(s string) string {
	var parts []string
	for _, r := range strings.TrimSpace(s) {
		if !unicode.IsSpace(r) {
			parts = append(parts, string(r))
		}
	}
	return strings.Join(parts, " ")
}

// Plain is the first part in English alone, to be pasted into a form.
func (p Paper) Plain() string {
	var rows []string
	for _, r := range p.Parts[0].Rows {
		rows = append(rows, words.English.Say(r))
	}
	return strings.Join(rows, "\n\n") + "\n"
}

// WriteText writes the paper in two columns, into so many columns of a terminal; 0 is for
// where nobody knows.
func (p Paper) WriteText(w io.Writer, columns int) error {
	const gap = 3
	if columns == 0 {
		columns = 100
	}
	wide := max(24, (min(columns, 132)-gap)/2)
	var b strings.Builder
	fold := func(s, mark string) []string {
		lines := paper.Fold(s, float64(wide-len(mark)), func(s string) float64 { return float64(ansi.StringWidth(s)) })
		for i := range lines {
			lines[i] = mark + lines[i]
			mark = strings.Repeat(" ", len(mark))
		}
		return lines
	}
	row := func(t chain.Text, mark string) {
		left, right := fold(words.English.Say(t), mark), fold(words.Japanese.Say(t), mark)
		for i := range max(len(left), len(right)) {
			l, r := "", ""
			if i < len(left) {
				l = left[i]
			}
			if i < len(right) {
				r = right[i]
			}
			b.WriteString(strings.TrimRight(l+strings.Repeat(" ", max(0, wide-ansi.StringWidth(l))+gap)+r, " ") + "\n")
		}
	}
	row(p.Title, "")
	for _, part := range p.Parts {
		b.WriteString("\n")
		row(part.Heading, "== ")
		for _, r := range part.Rows {
			mark := ""
			if part.Listed {
				mark = "- "
			} else {
				b.WriteString("\n")
			}
			row(r, mark)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// PDF sets the paper in two columns, to be printed.
func (p Paper) PDF() ([]byte, error) {
	const (
		margin, gap   = 44.0, 20.0
		size, leading = 10.0, 14.0
		wide          = (paper.Wide - 2*margin - gap) / 2
	)
	d, err := paper.New(words.English.Say(p.Title), "en")
	if err != nil {
		return nil, err
	}
	var page *paper.Page
	y, number := 0.0, 0
	turn := func() {
		page = d.Page()
		number++
		page.Text(paper.Wide-margin-20, paper.High-26, 8, fmt.Sprint(number))
		y = margin + 12
	}
	row := func(t chain.Text, size float64, heading bool) {
		left, right := d.Wrap(words.English.Say(t), size, wide), d.Wrap(words.Japanese.Say(t), size, wide)
		n := max(len(left), len(right))
		if y+float64(n)*leading > paper.High-margin {
			turn()
		}
		set := page.Text
		if heading {
			set = page.Bold
		}
		for i := range n {
			if i < len(left) {
				set(margin, y, size, left[i])
			}
			if i < len(right) {
				set(margin+wide+gap, y, size, right[i])
			}
			y += max(leading, size*1.35)
		}
	}
	turn()
	row(p.Title, 14, true)
	for _, part := range p.Parts {
		y += 8
		page.Rule(margin, y-14, paper.Wide-2*margin, 0.5)
		row(part.Heading, 11, true)
		for _, r := range part.Rows {
			y += 3
			row(r, size, false)
		}
	}
	return d.Bytes()
}
