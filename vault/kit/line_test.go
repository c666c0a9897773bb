package kit

import (
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/words"
)

// TestEveryMistakeIsFound proves for every line there can be, whatever stands in it and
// around it, that one wrong character, two wrong characters, and two that changed places
// leave a wrong check: the differences that such mistakes make to it are never zero.
func TestEveryMistakeIsFound(t *testing.T) {
	weights := make([]int, lineChars)
	w := 1
	for i := lineData - 1; i >= 0; i-- {
		w = w * checkAt % checkPrime
		weights[i] = w
	}
	for i, w := lineChars-1, 1; i >= lineData; i, w = i-1, w*base {
		weights[i] = checkPrime - w
	}
	zero := func(n int) bool { return n%checkPrime == 0 }
	for i, a := range weights {
		for d := 1; d < base; d++ {
			if zero(a * d) {
				t.Fatalf("a character at %d can be wrong by %d unseen", i, d)
			}
		}
		for j, b := range weights[:i] {
			for d := 1; d < base; d++ {
				if zero((a - b) * d) {
					t.Fatalf("%d and %d can change places unseen", j, i)
				}
				for e := 1 - base; e < base; e++ {
					if e != 0 && zero(a*d+b*e) {
						t.Fatalf("%d and %d can be wrong by %d and %d unseen", j, i, e, d)
					}
				}
			}
		}
	}
}

func sample(t *testing.T) [lineBytes]byte {
	t.Helper()
	var data [lineBytes]byte
	if _, err := rand.Read(data[:]); err != nil {
		t.Fatal(err)
	}
	return data
}

// TestMistakes: the same once more by trying each on real lines, with what is said.
func TestMistakes(t *testing.T) {
	all := [][lineBytes]byte{{}, sample(t), sample(t)}
	for i := range all[0] {
		all[2][i] = 0xff
	}
	guessed, tried := 0, 0
	for _, data := range all {
		line := writeLine("around", data)
		if got, err := readLine("V1", "around", strings.ToLower(Words(line))); err != nil || got != data {
			t.Fatalf("%s: %v", line, err)
		}
		if _, err := readLine("V1", "elsewhere", line); err == nil {
			t.Error("a line of another place is taken")
		}
		wrong := func(typed string) {
			t.Helper()
			_, err := readLine("V1", "around", typed)
			var m *Mistake
			if !errors.As(err, &m) || m.Line != "V1" {
				t.Fatalf("%s, typed as %s: %v", line, typed, err)
			}
			tried++
			if m.hint.Key == "kit.line_guess" || m.hint.Key == "kit.line_swap" || m.hint.Key == "kit.line_length_word" {
				guessed++
			}
		}
		for i := range lineChars {
			for _, c := range Alphabet {
				if byte(c) != line[i] {
					wrong(line[:i] + string(c) + line[i+1:])
				}
			}
			if i > 0 && line[i] != line[i-1] {
				wrong(line[:i-1] + string(line[i]) + string(line[i-1]) + line[i+1:])
			}
		}
		wrong(line[:7] + line[8:])
		wrong(line[:7] + "X" + line[7:])
		wrong("")
		wrong(strings.Repeat(line, 50))
	}
	if guessed < tried*9/10 {
		t.Errorf("of %d mistakes, the place of %d was told", tried, guessed)
	}
}

// TestGuess: it is said which character of which word it is.
func TestGuess(t *testing.T) {
	line := writeLine("around", [lineBytes]byte{1, 2, 3, 4, 5, 6, 7})
	at := 2*word + 3
	other := Alphabet[(strings.IndexByte(Alphabet, line[at])+5)%base]
	_, err := readLine("V12", "around", line[:at]+string(other)+line[at+1:])
	var m *Mistake
	if !errors.As(err, &m) {
		t.Fatal(err)
	}
	text, hint := m.Said()
	got := words.English.Say(text) + " " + words.English.Say(hint)
	want := "line V12 is not as it was printed Look at character 4 of word 3: it is probably " + string(line[at]) + ", not " + string(other) + "."
	if got != want {
		t.Errorf("said: %s\nwant: %s", got, want)
	}
}

// TestLookAlikes: what looks like a character of the alphabet, and is none, is read as
// that; a Japanese keyboard's full width too; and nothing else is.
func TestLookAlikes(t *testing.T) {
	for typed, want := range map[string]string{"b": "8", "0": "D", "Ｏ": "D", "1": "L", "ｓ": "5", "z": "2", "u": "V", "ａ": "A", "g": "6"} {
		digits, _, err := spell("V1", typed)
		if err != nil || len(digits) != 1 || string(Alphabet[digits[0]]) != want {
			t.Errorf("%s is read as %v, %v", typed, digits, err)
		}
	}
	for _, typed := range []string{"あ", "é", "!", "\x00", "\xff"} {
		if _, _, err := spell("V1", typed); err == nil {
			t.Errorf("%q is read", typed)
		}
	}
	for _, c := range "01BGIOQSUZ" {
		if strings.ContainsRune(Alphabet, c) {
			t.Errorf("the alphabet has %c", c)
		}
	}
	if s := slices.Sorted(slices.Values([]byte(Alphabet))); len(slices.Compact(s)) != base {
		t.Error("a character is there twice")
	}
}

func FuzzLine(f *testing.F) {
	line := writeLine("around", [lineBytes]byte{9, 8, 7})
	for _, s := range []string{line, Words(line), "", "V", line + "A", line[1:], strings.Repeat("Y", lineChars), "０１２" + line} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		data, err := readLine("V1", "around", typed)
		if err != nil {
			return
		}
		again, err := readLine("V1", "around", writeLine("around", data))
		if err != nil || again != data {
			t.Errorf("%q gives %x, whose own line gives %x, %v", typed, data, again, err)
		}
	})
}
