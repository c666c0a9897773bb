package main

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/omamori-guard/omamori/words"
)

// chapters are those of the story, in order.
var chapters = []string{"start", "june", "october", "november", "winter", "night", "end"}

// Shapes of the screen.
const (
	twoColumns = 110 // from here on both acts stand side by side
	widest     = 190
	gap        = " │ "
)

// screen shows a play: each chapter as soon as both acts have come through it.
type screen struct {
	w       io.Writer
	lang    words.Lang
	columns int
	colours bool
	asJSON  bool
	broken  string
	acts    []string
	at      map[string]int             // the chapter that an act is in
	shown   int                        // so many chapters were shown
	events  map[string]map[int][]event // by act and chapter
	rows    map[string]*row
	sums    map[string]*sum
	took    time.Duration
}

func newScreen(w io.Writer, o options) *screen {
	s := &screen{
		w: w, lang: o.lang, columns: min(o.columns, widest), colours: o.colours, asJSON: o.asJSON, broken: o.broken, acts: []string{asItWas, asItWould},
		at: map[string]int{}, events: map[string]map[int][]event{}, rows: map[string]*row{}, sums: map[string]*sum{},
	}
	if o.act != "" {
		s.acts = []string{o.act}
	}
	for _, act := range s.acts {
		s.at[act], s.events[act] = -1, map[int][]event{}
	}
	if !s.asJSON {
		fmt.Fprintf(w, "%s\n%s\n", s.paint("1", s.lang.Text("week.title")), s.paint("2", strings.Join(fold(s.lang.Text("week.preface"), s.columns), "\n")))
	}
	return s
}

// paint colours a text, where colours are wanted.
func (s *screen) paint(code, text string) string {
	if !s.colours || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[m"
}

// take takes in an event.
func (s *screen) take(e event) {
	if s.asJSON {
		_ = json.NewEncoder(s.w).Encode(e) // an error is a reader that has gone
	}
	switch e.Is {
	case isChapter:
		s.at[e.Act] = slices.Index(chapters, e.Text)
		s.flush(false)
	case isRow:
		s.merge(*e.Row)
	case isSum:
		s.sums[e.Act] = e.Sum
	case isJournal: // for those who check
	case isPage:
		if !s.asJSON {
			fmt.Fprintf(s.w, "%s  %s\n", s.paint("1", s.lang.Text("week.act_"+e.Act)), e.Text)
		}
	default:
		s.events[e.Act][s.at[e.Act]] = append(s.events[e.Act][s.at[e.Act]], e)
	}
}

// merge adds what an act says of a system to what the other did.
func (s *screen) merge(r row) {
	old := s.rows[r.What]
	if old == nil {
		s.rows[r.What] = &r
		return
	}
	if r.Happened != "" {
		old.Happened = r.Happened
		return
	}
	old.Did, old.Proof, old.Good = r.Did, r.Proof, r.Good
}

// flush shows the chapters that all acts are through; at the end, all.
func (s *screen) flush(all bool) {
	if s.asJSON {
		return
	}
	for ; s.shown < len(chapters); s.shown++ {
		for _, act := range s.acts {
			if s.at[act] <= s.shown && !all {
				return
			}
		}
		name := s.lang.Text("week.chapter_" + chapters[s.shown])
		rule := strings.Repeat("─", max(2, s.columns-4-ansi.StringWidth(name)))
		fmt.Fprintf(s.w, "\n%s %s %s\n", s.paint("2", "──"), s.paint("1", name), s.paint("2", rule))
		if len(s.acts) == 2 && s.columns >= twoColumns {
			s.beside(s.shown)
			continue
		}
		for _, act := range s.acts {
			fmt.Fprintln(s.w, s.paint("4", s.lang.Text("week.act_"+act)))
			for _, line := range s.lines(s.events[act][s.shown], s.columns) {
				fmt.Fprintln(s.w, line)
			}
		}
	}
}

// beside shows a chapter of both acts side by side.
func (s *screen) beside(chapter int) {
	half := (s.columns - len([]rune(gap))) / 2
	var of [2][]string
	for i, act := range s.acts {
		of[i] = append([]string{s.paint("4", s.lang.Text("week.act_"+act))}, s.lines(s.events[act][chapter], half)...)
	}
	for n := range max(len(of[0]), len(of[1])) {
		var cells [2]string
		for i := range cells {
			if n < len(of[i]) {
				cells[i] = of[i][n]
			}
		}
		left := cells[0] + strings.Repeat(" ", max(0, half-ansi.StringWidth(cells[0])))
		fmt.Fprintln(s.w, strings.TrimRight(left+s.paint("2", gap)+cells[1], " "))
	}
}

// lines are events as lines of so many columns.
func (s *screen) lines(events []event, columns int) (out []string) {
	below := func(lead, next, code, text string) {
		for i, line := range fold(text, max(20, columns-ansi.StringWidth(next))) {
			if i > 0 {
				lead = next
			}
			out = append(out, lead+s.paint(code, line))
		}
	}
	put := func(lead, code, text string) { below(lead, blank(lead), code, text) }
	for _, e := range events {
		switch e.Is {
		case isBlow:
			put(s.paint("33", "▸ "), "1", e.Text)
		case isTyped:
			number := ""
			if e.Number > 0 {
				number = s.paint("1;35", s.lang.Text("week.act_number", "n", fmt.Sprint(e.Number))) + " "
			}
			put("  "+number+s.paint("36", "$ "), "36", e.Text)
		case isSaid:
			text := strings.TrimLeft(e.Text, " ")
			indent, lead := "    "+e.Text[:len(e.Text)-len(text)], aLead.FindString(text)
			next := indent + blank(lead)
			if host, rest, ok := strings.Cut(lead, "│"); ok { // another host's, on each line
				next = indent + host + "│" + blank(rest)
			} else if lead == "" {
				next += "  "
			}
			below(indent+lead, next, "", text[len(lead):])
		case isRecord:
			code := map[string]string{"✗": "31", "✓": "32", "→": "1", "!": "31"}[e.Mark]
			put("  "+s.paint("2", e.At.Local().Format(time.TimeOnly)+" "+s.lang.Text("week.host_"+e.Host)+" ")+s.paint(code, e.Mark)+" ", "", e.Text)
		case isMargin:
			back := s.lang.Text("week.no_way_back")
			switch {
			case e.WayBack == nil:
			case *e.WayBack == 0:
				back = s.lang.Text("week.within_reach")
			default:
				back = s.during(*e.WayBack)
			}
			code := "32"
			if *e.Margin < 1 {
				code = "33"
			}
			if *e.Margin < 0 {
				code = "1;31"
			}
			below("  ", "    ", code, s.lang.Text("week.margin", "goal", e.Text, "margin", strings.Replace(fmt.Sprint(*e.Margin), "-", "−", 1), "back", back))
		}
	}
	return out
}

// aLead is what a line of a command begins with, and what goes on below stands behind.
var aLead = regexp.MustCompile(`^(?:\S+ │ *)?(?:[✗✓?▸] |\d+\. |\S+ {2,})?`)

// blank is as wide as a text.
func blank(text string) string { return strings.Repeat(" ", ansi.StringWidth(text)) }

func (s *screen) during(seconds float64) string {
	return s.lang.Duration(roundly(time.Duration(seconds * float64(time.Second))))
}

// ask says what a person is to do.
func (s *screen) ask(text string) {
	if s.asJSON {
		_ = json.NewEncoder(s.w).Encode(event{Is: isAsk, Text: text}) // so here
		return
	}
	fmt.Fprintln(s.w, s.paint("1", text))
}
