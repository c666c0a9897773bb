package main

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// fold breaks a text into lines of so many columns: at spaces, and, as Japanese is
// written, between any two of its characters but before a closing one.
func fold(text string, columns int) (lines []string) {
	line, width := "", 0
	for _, piece := range pieces(text) {
		n := ansi.StringWidth(piece)
		if width > 0 && width+ansi.StringWidth(strings.TrimRight(piece, " ")) > columns {
			lines = append(lines, strings.TrimRight(line, " "))
			if line, width = "", 0; strings.TrimSpace(piece) == "" {
				continue
			}
		}
		for n > columns { // a word that is longer than a line
			head := ansi.Truncate(piece, columns, "")
			if at := strings.LastIndexAny(head, "/?&="); at > len(head)/2 {
				head = head[:at+1] // an address, at one of its parts
			}
			lines = append(lines, head)
			piece = piece[len(head):]
			n = ansi.StringWidth(piece)
		}
		line, width = line+piece, width+n
	}
	return append(lines, strings.TrimRight(line, " "))
}

// closing do not begin a line, opening do not end one.
const (
	closing = "、。，．・：；）」』】〉！？ー々っゃゅょッャュョ,.:;!?)"
	opening = "（「『【〈"
)

// pieces are what is not broken: words with the spaces behind them, and single characters
// of Japanese.
func pieces(text string) (all []string) {
	piece, broad := "", false
	for _, r := range text {
		wide := r > 0x2e7f
		ends := piece != "" && (strings.HasSuffix(piece, " ") && r != ' ' || wide || broad) &&
			!strings.ContainsRune(closing, r) && !strings.ContainsAny(opening, last(piece)) && !(r == ' ')
		if ends {
			all, piece = append(all, piece), ""
		}
		piece, broad = piece+string(r), wide
	}
	if piece != "" {
		all = append(all, piece)
	}
	return all
}

// last is the last character of a piece.
func last(piece string) string {
	r := []rune(piece)
	return string(r[len(r)-1:])
}
