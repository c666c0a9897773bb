package kit

import (
	"iter"
	"strings"
	"unicode/utf8"
)

const (
	// maxText bounds what is looked at of one text.
	maxText = 1 << 20
	// QRLines is how many lines of the sealed vault one QR code has.
	QRLines = 15
	// headline begins what a QR code says, and stands on each page.
	headline = "OMAMORI-KIT:"
)

// Headline names the kit for a reader that is a machine.
func Headline(kit string) string { return headline + kit }

// QR is what the QR code of these lines says: in characters that a QR code packs tight,
// and the same that stand on the paper.
func QR(kit string, lines []Line) string {
	parts := []string{Headline(kit)}
	for _, l := range lines {
		parts = append(parts, l.Label+":"+l.Text)
	}
	return strings.Join(parts, " ")
}

// scanned is a line that a text has, or the name of the kit of what follows.
type scanned struct{ label, text, kit string }

// lines finds what looks like a line in a text: a label that begins a row, or has a
// colon, and words on the same row.
func lines(text string) iter.Seq[scanned] {
	return func(yield func(scanned) bool) {
		for row := range strings.Lines(text[:min(len(text), maxText)]) {
			label := ""
			var rest []string
			end := func() bool {
				s := scanned{label: label, text: strings.Join(rest, " ")}
				line := label != "" && looksTyped(rest)
				label, rest = "", nil
				return !line || yield(s)
			}
			for i, w := range strings.Fields(row) {
				if m := aHeader.FindStringSubmatch(strings.ToUpper(w)); m != nil {
					if !end() || !yield(scanned{kit: m[1]}) {
						return
					}
					continue
				}
				first, after, colon := strings.Cut(w, ":")
				if l, ok := Label(first); ok && l != "S" && (i == 0 || after != "") {
					if !end() {
						return
					}
					if label = l; colon && after != "" {
						rest = append(rest, after)
					}
					continue
				}
				// What stands beside a line on the paper is none of it.
				if label != "" && len(strings.Join(rest, "")) < lineChars && !(len(rest) >= lineWords) {
					rest = append(rest, w)
				}
			}
			if !end() {
				return
			}
		}
	}
}

// looksTyped tells the words of a line from prose that happens to begin as a line does.
func looksTyped(words []string) bool {
	fives := 0
	for _, w := range words {
		switch n := utf8.RuneCountInString(w); {
		case n >= lineChars/2:
			return true
		case n >= word-1 && n <= word+1:
			fives++
		}
	}
	return fives > lineWords/2
}

// Notes are the lines that the PDF of a share has for programs.
func Notes(pdf []byte) string {
	var notes []string
	for row := range strings.Lines(string(pdf[:min(len(pdf), maxText)])) {
		if note, ok := strings.CutPrefix(row, "%"+headline); ok {
			notes = append(notes, headline+note)
		}
	}
	return strings.Join(notes, "")
}
