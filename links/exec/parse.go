package exec

import (
	"math"
	"strconv"
	"strings"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

const (
	maxFigures = 32
	maxLines   = 5 // of the text that follows the first line
	maxLabel   = 64
)

// said is what a plugin has said.
type said struct {
	line    string
	more    []string
	figures []chain.Figure
}

// parse takes a plugin's output apart: a first line, longer text below it, and
// figures behind a bar, of the first line and from the first bar in the rest on.
func parse(text string) said {
	first, rest, _ := strings.Cut(strings.TrimLeft(text, "\r\n\t "), "\n")
	line, figures, _ := strings.Cut(first, "|")
	more, moreFigures, _ := strings.Cut(rest, "|")
	return said{
		line:    probe.Quote([]byte(line)),
		more:    lines(more),
		figures: perfdata(figures + " " + moreFigures),
	}
}

// lines are the first lines of a text that say something.
func lines(text string) (some []string) {
	for l := range strings.Lines(text) {
		if l = probe.Quote([]byte(l)); l != "" {
			some = append(some, l)
		}
		if len(some) == maxLines {
			break
		}
	}
	return some
}

// perfdata reads figures: 'label'=value[unit];warn;crit;min;max, blanks in between.
// What does not have that form is passed over.
func perfdata(text string) (figures []chain.Figure) {
	for len(figures) < maxFigures {
		text = strings.TrimLeft(text, " \t\r\n")
		if text == "" {
			break
		}
		label, value, rest := nextFigure(text)
		text = rest
		if f, ok := figure(label, value); ok {
			figures = append(figures, f)
		}
	}
	return figures
}

// nextFigure cuts one figure off text, which is not empty. A label in quotes may
// hold blanks and equals signs, and two quotes for one.
func nextFigure(text string) (label, value, rest string) {
	after := text
	if strings.HasPrefix(text, "'") {
		var name strings.Builder
		after = text[1:]
		for {
			part, behind, found := strings.Cut(after, "'")
			name.WriteString(part)
			if !found {
				return "", "", ""
			}
			if after = behind; !strings.HasPrefix(after, "'") {
				break
			}
			name.WriteByte('\'')
			after = after[1:]
		}
		label = name.String()
	}
	end := strings.IndexAny(after, " \t\r\n")
	if end < 0 {
		end = len(after)
	}
	word, rest := after[:end], after[end:]
	before, value, found := strings.Cut(word, "=")
	if label == "" {
		label = before
	}
	if !found {
		return "", "", rest
	}
	return label, value, rest
}

func figure(label, value string) (chain.Figure, bool) {
	label = probe.Quote([]byte(label))
	value, _, _ = strings.Cut(value, ";")
	n := strings.IndexFunc(value, func(c rune) bool { return !strings.ContainsRune("+-.,0123456789eE", c) })
	if n < 0 {
		n = len(value)
	}
	v, err := strconv.ParseFloat(strings.ReplaceAll(value[:n], ",", "."), 64)
	factor, unit := unitOf(value[n:])
	v *= factor
	if label == "" || len(label) > maxLabel || err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return chain.Figure{}, false
	}
	return chain.Figure{Name: label, Value: v, Unit: unit}, true
}

// unitOf gives what a unit of the protocol is in one of ours. Plugins count KB and
// the like in 1,024s.
func unitOf(u string) (factor float64, unit string) {
	switch strings.ToLower(u) {
	case "s":
		return 1, "s"
	case "ms":
		return 1e-3, "s"
	case "us":
		return 1e-6, "s"
	case "ns":
		return 1e-9, "s"
	case "%":
		return 1, "%"
	case "b":
		return 1, "B"
	case "kb", "kib":
		return 1 << 10, "B"
	case "mb", "mib":
		return 1 << 20, "B"
	case "gb", "gib":
		return 1 << 30, "B"
	case "tb", "tib":
		return 1 << 40, "B"
	}
	return 1, ""
}
