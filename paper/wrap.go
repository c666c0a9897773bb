package paper

import (
	"strings"
	"unicode"
)

// Wrap breaks a text into lines of at most a width: between words, and in Japanese
// between any two characters of which the first may end a line and the second begin one.
func (d *Document) Wrap(s string, size, width float64) []string {
	return Fold(s, width, func(s string) float64 { return d.Width(s, size) })
}

// Fold breaks s into lines that are no wider than width, as a measure of a text has it: of
// a terminal's columns, say. It breaks where Japanese may be broken, and at blanks.
func Fold(s string, width float64, measure func(string) float64) (lines []string) {
	for row := range strings.SplitSeq(s, "\n") {
		line := ""
		for _, piece := range pieces(row) {
			if line != "" && measure(strings.TrimRight(line+piece, " ")) > width {
				lines = append(lines, strings.TrimRight(line, " "))
				line, piece = "", strings.TrimLeft(piece, " ")
			}
			for line == "" && measure(piece) > width && len([]rune(piece)) > 1 { // a word wider than a line
				cut := []rune(piece)
				for len(cut) > 1 && measure(string(cut)) > width {
					cut = cut[:len(cut)-1]
				}
				lines = append(lines, string(cut))
				piece = strings.TrimPrefix(piece, string(cut))
			}
			line += piece
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return lines
}

// Characters that do not begin a line, and that do not end one.
const (
	notFirst = "、。，．・：；！？）」』】〕〉》ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々%％…,.:;!?)]}"
	notLast  = "（「『【〔〈《([{"
)

// pieces are what a line may be broken between.
func pieces(s string) (all []string) {
	runes := []rune(s)
	begin := 0
	for i := 1; i < len(runes); i++ {
		before, after := runes[i-1], runes[i]
		cjk := wide(before) || wide(after)
		switch {
		case strings.ContainsRune(notFirst, after) || strings.ContainsRune(notLast, before) || after == ' ':
			continue
		case before == ' ' || cjk:
			all = append(all, string(runes[begin:i]))
			begin = i
		}
	}
	return append(all, string(runes[begin:]))
}

func wide(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) || r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xffef
}

// Block sets a text in lines of at most a width, the first with its baseline at y, and
// returns where the next would be.
func (p *Page) Block(x, y, size, width, leading float64, s string) float64 {
	for _, line := range p.d.Wrap(s, size, width) {
		p.Text(x, y, size, line)
		y += leading
	}
	return y
}
