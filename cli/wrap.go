package cli

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// narrow is the fewest columns in which prose can still be read.
const narrow = 20

// wrap breaks s, which has no colours yet, into lines that fit beside an indent of n
// columns, and indents all but the first.
func wrap(s string, columns, n int) string { return hang(plain, s, columns, n) }

// hang is wrap with every line in a style.
func hang(style lipgloss.Style, s string, columns, n int) string {
	indent, lines := "\n", strings.Split(s, "\n")
	if columns > 0 && columns-n >= narrow {
		indent, lines = "\n"+strings.Repeat(" ", n), fold(s, columns-n)
	}
	for i, l := range lines {
		lines[i] = style.Render(l)
	}
	return strings.Join(lines, indent)
}

// fold breaks s into lines of at most n columns. It breaks at blanks and, as
// Japanese is written without them, beside any letter of two columns; never inside
// a path or an address that fits a line, since that is what gets copied.
func fold(s string, n int) []string {
	var lines []string
	for _, paragraph := range strings.Split(s, "\n") {
		lines = append(lines, foldOne([]rune(paragraph), n)...)
	}
	return lines
}

// flow fits the prose of s into so many columns. What is set out by blanks, such as
// an example or a table, stays as it is.
func flow(s string, columns int) string {
	if columns == 0 {
		return s
	}
	var out []string
	for _, p := range strings.Split(s, "\n\n") {
		if !strings.Contains(p, "  ") {
			p = strings.Join(fold(join(p), max(narrow, columns)), "\n")
		}
		out = append(out, p)
	}
	return strings.Join(out, "\n\n")
}

// join makes one line of lines: with blanks between words, and without between
// letters of two columns.
func join(s string) string {
	lines := strings.Split(s, "\n")
	all := lines[0]
	for _, l := range lines[1:] {
		last, _ := utf8.DecodeLastRuneInString(all)
		first, _ := utf8.DecodeRuneInString(l)
		if ansi.StringWidth(string(last)) != 2 || ansi.StringWidth(string(first)) != 2 {
			all += " "
		}
		all += l
	}
	return all
}

func foldOne(s []rune, n int) []string {
	var lines []string
	start, last, columns := 0, 0, 0 // of the line, its last good place to break
	for i, r := range s {
		w := ansi.StringWidth(string(r))
		if columns+w > n && r != ' ' {
			if last <= start {
				last = i // no good place: a long address
			}
			lines = append(lines, strings.TrimRight(string(s[start:last]), " "))
			start, columns = last, ansi.StringWidth(string(s[last:i]))
		}
		columns += w
		if i+1 < len(s) && breaks(r, s[i+1]) {
			last = i + 1
		}
	}
	return append(lines, strings.TrimRight(string(s[start:]), " "))
}

// Letters that no line begins with, and those that none ends with.
const (
	neverFirst = "、。，．・：；？！）」』】〉》〕］｝ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ々…‥,.:;?!)]}"
	neverLast  = "（「『【〈《〔［｛([{"
)

// breaks reports whether a line may end between a and b.
func breaks(a, b rune) bool {
	switch {
	case b == ' ':
		return false // blanks hang at the end of a line
	case a == ' ':
		return true
	case strings.ContainsRune(neverFirst, b) || strings.ContainsRune(neverLast, a) || unicode.Is(unicode.M, b):
		return false
	}
	return ansi.StringWidth(string(a)) == 2 || ansi.StringWidth(string(b)) == 2
}

// clip cuts s down to n columns, and says so by an ellipsis.
func clip(s string, n int) string { return ansi.Truncate(s, n, "…") }
