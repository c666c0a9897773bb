package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/omamori-guard/omamori/words"
)

// systems are those of the story, in its order.
var systems = []string{"vpn", "address", "phone", "warning", "mysqld", "support", "report"}

// table is what came of each system.
type table struct {
	lang words.Lang
	rows []row
	why  string // why nothing could be played, "" if it was
}

// outcome is the last line of what -json prints.
type outcome struct {
	Is      string          `json:"is"`
	Rows    []row           `json:"rows"`
	Sums    map[string]*sum `json:"sums,omitempty"`
	TookS   float64         `json:"took_s,omitempty"`
	LeftOut []string        `json:"left_out"`
	Why     string          `json:"why,omitempty"`
}

func (s *screen) outcome(t table, sums map[string]*sum) error {
	return json.NewEncoder(s.w).Encode(outcome{"outcome", t.rows, sums, s.took.Seconds(), s.left(), t.why})
}

// left is what cannot run here, or is not played: it is in no sum.
func (s *screen) left() []string {
	keys := []string{"week.left_support", "week.left_macos", "week.left_oom", "week.left_balancer"}
	if _, err := os.Stat("/dev/ppp"); err != nil {
		keys = append(keys, "week.left_ppp")
	}
	var all []string
	for _, k := range keys {
		all = append(all, s.lang.Text(k))
	}
	return all
}

// end prints the table and the sums.
func (s *screen) end() error {
	s.flush(true)
	t := table{lang: s.lang}
	for _, what := range systems {
		if r := s.rows[what]; r != nil {
			t.rows = append(t.rows, *r)
		}
	}
	if s.asJSON {
		return s.outcome(t, s.sums)
	}
	s.table(t)
	s.total()
	fmt.Fprintf(s.w, "\n%s\n", s.paint("1", s.lang.Text("week.left_out")))
	for _, text := range s.left() {
		s.item("- ", text)
	}
	fmt.Fprintf(s.w, "\n%s\n", s.lang.Text("week.took", "took", s.lang.Text("week.seconds", "n", fmt.Sprint(int(s.took.Seconds()+0.5)))))
	return nil
}

func (s *screen) item(lead, text string) {
	hang := strings.Repeat(" ", 2+ansi.StringWidth(lead))
	fmt.Fprintln(s.w, "  "+lead+strings.Join(fold(text, max(20, s.columns-len(hang))), "\n"+hang))
}

// total prints what both acts took, beside one another.
func (s *screen) total() {
	fmt.Fprintln(s.w)
	was, would := s.sums[asItWas], s.sums[asItWould]
	label := max(ansi.StringWidth(s.lang.Text("week.act_was")), ansi.StringWidth(s.lang.Text("week.act_would")))
	line := func(act, code, text string) {
		name := s.lang.Text("week.act_" + act)
		fmt.Fprintf(s.w, "  %s%s  %s\n", name, strings.Repeat(" ", label-ansi.StringWidth(name)), s.paint(code, text))
	}
	if was != nil {
		line(asItWas, "1;31", s.lang.Text("week.sum_was", "back", s.during(was.CountedS), "took", s.during(was.MachineS)))
	}
	switch {
	case would == nil:
	case would.MachineS > 0:
		line(asItWould, "1;32", s.lang.Text("week.sum_would", "took", s.during(would.MachineS), "n", fmt.Sprint(would.Acts)))
	case would.WayBackS > 0:
		line(asItWould, "1;31", s.lang.Text("week.sum_broken", "part", s.lang.Text("week.part_"+s.broken), "back", s.during(would.WayBackS)))
	default:
		line(asItWould, "1;31", s.lang.Text("week.sum_no_way", "part", s.lang.Text("week.part_"+s.broken)))
	}
}

// table prints the rows: as columns where there is room, else one below the other.
func (s *screen) table(t table) {
	fmt.Fprintf(s.w, "\n%s\n", s.paint("1", s.lang.Text("week.outcome")))
	heads := []string{s.lang.Text("week.head_system"), s.lang.Text("week.head_happened"), s.lang.Text("week.head_did"), s.lang.Text("week.head_proof")}
	cells := func(r row) []string {
		c := []string{s.lang.Text("week.system_" + r.What), r.Happened, r.Did, r.Proof}
		if t.why != "" {
			c[1], c[2] = s.lang.Text("week.not_here"), s.lang.Text("week.not_summed")
		}
		for i := range c {
			if c[i] == "" {
				c[i] = "–"
			}
		}
		return c
	}
	mark := func(r row) string {
		switch {
		case t.why != "" || r.Did == "":
			return s.paint("33", "?")
		case r.Good:
			return s.paint("32", "✓")
		}
		return s.paint("31", "✗")
	}
	if s.columns < twoColumns {
		for _, r := range t.rows {
			c := cells(r)
			fmt.Fprintf(s.w, "  %s %s\n", mark(r), s.paint("1", c[0]))
			for i := 1; i < len(c); i++ {
				s.item("  "+heads[i]+": ", c[i])
			}
		}
		return
	}
	room := s.columns - 4 - 3*2
	widths := []int{room * 17 / 100, room * 27 / 100, room * 33 / 100}
	widths = append(widths, room-widths[0]-widths[1]-widths[2])
	s.line("    ", heads, widths, "2")
	for _, r := range t.rows {
		s.line("  "+mark(r)+" ", cells(r), widths, "")
	}
}

// line prints one row of a table, its cells wrapped.
func (s *screen) line(lead string, cells []string, widths []int, code string) {
	var wrapped [][]string
	rows := 0
	for i, c := range cells {
		w := fold(c, widths[i])
		wrapped = append(wrapped, w)
		rows = max(rows, len(w))
	}
	for n := range rows {
		b := &strings.Builder{}
		for i, w := range wrapped {
			text := ""
			if n < len(w) {
				text = w[n]
			}
			b.WriteString(s.paint(code, text) + strings.Repeat(" ", max(0, widths[i]-ansi.StringWidth(text))+2))
		}
		fmt.Fprintln(s.w, lead+strings.TrimRight(b.String(), " "))
		lead = strings.Repeat(" ", ansi.StringWidth(lead))
	}
}
