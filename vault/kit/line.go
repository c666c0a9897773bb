// Package kit is the printed kit: a vault sealed with a key of its own, that key split
// into shares, and both as lines that a person can read from paper and type.
package kit

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/omamori-guard/omamori/chain"
)

// Alphabet is what lines are written in. Of characters that look alike, in print or
// by hand, it has one each: no 0, O and Q beside D, no 1 and I beside L and J, no B
// beside 8, G beside 6, S beside 5, Z beside 2, U beside V. These 26 are just enough
// for 21 bytes on 36 of them.
const Alphabet = "23456789ACDEFHJKLMNPRTVWXY"

const (
	base      = len(Alphabet)
	lineBytes = 21 // that a line carries
	lineData  = 36 // characters that carry them
	lineCheck = 4  // characters that check them
	lineChars = lineData + lineCheck
	word      = 5 // characters of a word
	lineWords = lineChars / word
)

// The check of a line is the value of its characters as a polynomial at checkAt, modulo
// checkPrime, written with four characters. The weights that characters so have are
// such that no one wrong character, no two wrong characters, and no two that changed
// places leave it as it is, in any line whatever; other mistakes do in one of 457,000.
const (
	checkPrime = 456959 // the largest below base^4
	checkAt    = 1003
)

// alike says for a character that no line has which one it must be.
var alike = strings.NewReplacer("B", "8", "G", "6", "I", "L", "1", "L", "S", "5", "U", "V", "Z", "2", "0", "D", "O", "D", "Q", "D")

// Mistake is what is wrong with a line.
type Mistake struct {
	// Line is its label.
	Line       string
	text, hint chain.Text
}

func (m *Mistake) Error() string {
	return fmt.Sprintf("line %s: %s %v", m.Line, m.text.Key, m.text.Args)
}

// Said puts the mistake into words.
func (m *Mistake) Said() (text, hint chain.Text) { return m.text, m.hint }

// writeLine writes data as a line. What surrounds it (the label, the kit) enters into the
// check, so that a line in a wrong place is found too.
func writeLine(around string, data [lineBytes]byte) string {
	digits := make([]byte, lineChars)
	defer clear(digits)
	number := data
	defer clear(number[:])
	for i := lineData - 1; i >= 0; i-- {
		rest := 0
		for j, b := range number {
			rest = rest<<8 | int(b)
			number[j] = byte(rest / base)
			rest %= base
		}
		digits[i] = byte(rest)
	}
	check := checkOf(around, digits[:lineData])
	for i := lineChars - 1; i >= lineData; i-- {
		digits[i] = byte(check % base)
		check /= base
	}
	for i, d := range digits {
		digits[i] = Alphabet[d]
	}
	return string(digits)
}

func checkOf(around string, digits []byte) int {
	check := 1
	for _, b := range []byte(around) {
		check = (check*checkAt + int(b)) % checkPrime
	}
	for _, d := range digits {
		check = (check*checkAt + int(d)) % checkPrime
	}
	return check * checkAt % checkPrime
}

// errCheck is a line whose check is wrong; errNumber one that no bytes give.
var (
	errCheck  = errors.New("the check is wrong")
	errNumber = errors.New("not a line of a kit")
)

// readDigits reads a line of its characters' values.
func readDigits(around string, digits []byte) (data [lineBytes]byte, err error) {
	check := 0
	for _, d := range digits[lineData:] {
		check = check*base + int(d)
	}
	if check != checkOf(around, digits[:lineData]) {
		return data, errCheck
	}
	for _, d := range digits[:lineData] {
		carry := int(d)
		for j := lineBytes - 1; j >= 0; j-- {
			carry += int(data[j]) * base
			data[j] = byte(carry)
			carry >>= 8
		}
		if carry != 0 {
			return data, errNumber
		}
	}
	return data, nil
}

// readLine reads a line that somebody typed or a camera saw, with any spaces. An error
// is a *Mistake that says where it is, as far as can be told.
func readLine(label, around, typed string) (data [lineBytes]byte, err error) {
	digits, words, err := spell(label, typed)
	defer clear(digits)
	if err != nil {
		return data, err
	}
	if n := len(digits); n != lineChars {
		return data, wrongLength(label, around, digits, words)
	}
	data, err = readDigits(around, digits)
	if err == nil {
		return data, nil
	}
	return data, &Mistake{label, chain.Say("kit.line_wrong", "line", label), guess(around, digits)}
}

// spell finds the values of the characters, and how long each word was that was typed.
func spell(label, typed string) (digits []byte, words []int, err error) {
	for i, w := range strings.Fields(typed) {
		n := 0
		for _, r := range w {
			c := alike.Replace(strings.ToUpper(narrow(r)))
			at := strings.Index(Alphabet, c)
			switch {
			case c == "-" || c == "":
				continue
			case at < 0 || len(c) != 1:
				return digits, nil, &Mistake{label, chain.Say("kit.line_char", "line", label, "char", string(r), "word", i+1),
					chain.Say("kit.line_char_hint", "alphabet", Alphabet)}
			case len(digits) > 2*lineChars:
				return digits, words, nil
			}
			digits = append(digits, byte(at))
			n++
		}
		words = append(words, n)
	}
	return digits, words, nil
}

// narrow gives the ASCII of what a Japanese keyboard types in full width.
func narrow(r rune) string {
	if r >= '！' && r <= '～' {
		r -= '！' - '!'
	}
	return string(r)
}

// wrongLength says where a character is missing or too many.
func wrongLength(label, around string, digits []byte, words []int) error {
	m := &Mistake{Line: label, text: chain.Say("kit.line_length", "line", label, "have", len(digits), "want", lineChars)}
	fits := map[int]bool{} // words in which one character more or less would do
	try := func(line []byte, at int) {
		if _, err := readDigits(around, line); err == nil {
			fits[min(at, lineChars-1)/word] = true
		}
		clear(line)
	}
	switch len(digits) {
	case lineChars - 1:
		for at := range lineChars {
			for d := range base {
				try(slices.Insert(slices.Clone(digits), at, byte(d)), at)
			}
		}
	case lineChars + 1:
		for at := range digits {
			try(slices.Delete(slices.Clone(digits), at, at+1), at)
		}
	}
	odd := slices.IndexFunc(words, func(n int) bool { return n != word })
	switch {
	case len(fits) == 1:
		for w := range fits {
			m.hint = chain.Say("kit.line_length_word", "word", w+1)
		}
	case len(words) > 1 && odd >= 0 && odd < lineWords:
		m.hint = chain.Say("kit.line_length_word", "word", odd+1)
	default:
		m.hint = chain.Say("kit.line_length_hint", "words", lineWords, "chars", word)
	}
	return m
}

// guess says in which word the mistake is, if one wrong character or one swap explains
// it and nothing else of that sort does.
func guess(around string, digits []byte) chain.Text {
	line := slices.Clone(digits)
	defer clear(line)
	var found []chain.Text
	right := func() bool { _, err := readDigits(around, line); return err == nil }
	for i := range line {
		was := line[i]
		for d := range base {
			if line[i] = byte(d); byte(d) != was && right() {
				found = append(found, chain.Say("kit.line_guess", "word", i/word+1, "nth", i%word+1,
					"typed", string(Alphabet[was]), "right", string(Alphabet[d])))
			}
		}
		line[i] = was
		if i > 0 && line[i-1] != was {
			line[i-1], line[i] = line[i], line[i-1]
			if right() {
				found = append(found, chain.Say("kit.line_swap", "word", (i-1)/word+1, "nth", (i-1)%word+1))
			}
			line[i-1], line[i] = line[i], line[i-1]
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	return chain.Say("kit.line_wrong_hint")
}

// Words sets a line in words, as it is printed.
func Words(line string) string {
	return strings.Join(inWords(line), " ")
}

func inWords(line string) []string {
	var w []string
	for part := range slices.Chunk([]byte(line), word) {
		w = append(w, string(part))
	}
	return w
}
