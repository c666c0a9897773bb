package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"

	"github.com/omamori-guard/omamori/chain"
)

// Styles by the terminal's own sixteen colours, which suit its background.
var (
	plain  = lipgloss.NewStyle()
	bold   = lipgloss.NewStyle().Bold(true)
	faint  = lipgloss.NewStyle().Faint(true)
	green  = lipgloss.NewStyle().Foreground(lipgloss.Green)
	red    = lipgloss.NewStyle().Foreground(lipgloss.Red).Bold(true)
	yellow = lipgloss.NewStyle().Foreground(lipgloss.Yellow)
)

// style is a writer that takes out of what is written the colours that w cannot
// show: all of them where w is no terminal, or NO_COLOR is set.
func (a *App) style(w io.Writer) io.Writer { return colorprofile.NewWriter(w, os.Environ()) }

// width is how many columns w has; 0 where it is no terminal: nothing is cut.
func width(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	n, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return n
}

// mark shows a verdict by shape and by colour.
func mark(v chain.Verdict) string {
	switch v {
	case chain.Holds:
		return colour(v, "✓")
	case chain.Broken:
		return colour(v, "✗")
	}
	return colour(v, "?")
}

// shade is how a verdict is coloured.
func shade(v chain.Verdict) lipgloss.Style {
	switch v {
	case chain.Holds:
		return green
	case chain.Broken:
		return red
	}
	return yellow
}

// colour renders s as a verdict is coloured.
func colour(v chain.Verdict, s string) string { return shade(v).Render(s) }

// pad fills s with blanks to n columns. Letters of two columns count as two.
func pad(s string, n int) string {
	return s + strings.Repeat(" ", max(0, n-ansi.StringWidth(s)))
}

// cell is s in a column of n, which begins at another; of what is longer, the rest
// stands below.
func cell(s string, n, at int) string {
	lines := fold(s, n)
	lines[len(lines)-1] = pad(lines[len(lines)-1], n)
	return strings.Join(lines, "\n"+strings.Repeat(" ", at))
}

// beside is a, and b in a style, on one line, or b below a if a line of so many
// columns with an indent of n has not room for both.
func beside(a string, style lipgloss.Style, b string, columns, n int) string {
	switch {
	case b == "":
		return a
	case columns > 0 && n+ansi.StringWidth(a)+2+ansi.StringWidth(b) > columns:
		return a + "\n" + strings.Repeat(" ", n) + hang(style, b, columns, n)
	}
	return a + "  " + style.Render(b)
}

// widest is the number of columns of the widest of what each gives.
func widest[T any](all []T, each func(T) string) int {
	n := 0
	for _, v := range all {
		n = max(n, ansi.StringWidth(each(v)))
	}
	return n
}

// list prints a heading and rows of two columns.
func (a *App) list(w io.Writer, heading string, rows [][2]string) {
	if len(rows) == 0 {
		return
	}
	s := a.style(w)
	fmt.Fprintf(s, "\n%s\n", bold.Render(heading))
	n := widest(rows, func(r [2]string) string { return r[0] })
	for _, r := range rows {
		fmt.Fprintf(s, "  %s  %s\n", pad(r[0], n), wrap(r[1], width(w), n+4))
	}
}

// ago says how long before now t was.
func (a *App) ago(t, now time.Time) string {
	if t.IsZero() {
		return a.say("cli.never")
	}
	return a.say("cli.ago", "age", max(0, now.Sub(t)).Truncate(time.Second))
}

// verdict is the word for v.
func (a *App) verdict(v chain.Verdict) string { return a.say("cli.verdict_" + v.String()) }
