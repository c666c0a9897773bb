// Package words holds every text that a user sees, in English and Japanese: one
// catalogue, and the printer that says a text in the reader's language.
//
// The catalogue is Go source rather than the files of a translation library:
// it costs the guard no memory to load, and a missing language does not compile.
package words

import (
	"encoding/json"
	"os"
	"strings"
	"sync"
	"unicode/utf8"
)

// Message is something that can be said: an entry's key and its values.
type Message interface {
	Message() (key string, args map[string]string)
}

// Lang is a language of the catalogue.
type Lang string

const (
	English  Lang = "en"
	Japanese Lang = "ja"
)

// Langs lists the languages, the default first.
var Langs = []Lang{English, Japanese}

// Parse reads a language as people and locales write it ("ja", "ja_JP.UTF-8").
// Ok is false for one that the catalogue does not have.
func Parse(s string) (lang Lang, ok bool) {
	s, _, _ = strings.Cut(strings.ToLower(s), ".")
	s, _, _ = strings.Cut(s, "_")
	s, _, _ = strings.Cut(s, "-")
	for _, l := range Langs {
		if s == string(l) {
			return l, true
		}
	}
	return English, false
}

// FromEnv is the language that the environment asks for, by the order of
// setlocale(3): LC_ALL, LC_MESSAGES, LANG.
func FromEnv() Lang {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			lang, _ := Parse(v)
			return lang
		}
	}
	return English
}

// entry is one text: its key, and how each language says it.
//
// {name} is replaced by the value of that name, {name:verb} by the value in the
// reader's form (see format), {name|one|many} by one of the two words, for
// English alone. {{ stands for a brace.
type entry struct{ key, en, ja string }

func (e entry) in(lang Lang) string {
	if lang == Japanese {
		return e.ja
	}
	return e.en
}

var index = sync.OnceValue(func() map[string]entry {
	all := make(map[string]entry)
	for _, area := range catalogue() {
		for _, e := range area {
			all[e.key] = e
		}
	}
	return all
})

// Has reports whether the catalogue has an entry for key.
func Has(key string) bool {
	_, ok := index()[key]
	return ok
}

// Say says m. A key that the catalogue does not have is said as it is, with its
// values: it can come from a journal that a newer version wrote.
func (l Lang) Say(m Message) string {
	key, args := m.Message()
	if key == "" {
		return ""
	}
	return l.say(key, args)
}

// Text says the entry key with pairs of names and values.
func (l Lang) Text(key string, pairs ...string) string {
	args := make(map[string]string, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		args[pairs[i]] = pairs[i+1]
	}
	return l.say(key, args)
}

func (l Lang) say(key string, args map[string]string) string {
	e, ok := index()[key]
	if !ok {
		if len(args) == 0 {
			return Clean(key)
		}
		b, err := json.Marshal(args)
		if err != nil { // strings alone: cannot fail
			panic(err)
		}
		return Clean(key + " " + string(b))
	}
	return l.fill(e.in(l), args)
}

// fill puts args into the placeholders of text.
func (l Lang) fill(text string, args map[string]string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		if !found {
			out.WriteString(before)
			return out.String()
		}
		if strings.HasPrefix(rest, "{") {
			out.WriteString(before + "{")
			text = rest[1:]
			continue
		}
		place, after, closed := strings.Cut(rest, "}")
		if !closed {
			out.WriteString(before + "{" + rest)
			return out.String()
		}
		value := l.value(place, args)
		if l == Japanese {
			before, after = closeUp(before, value, after)
		}
		out.WriteString(before + value)
		text = after
	}
}

// closeUp takes away the blanks around a value that is Japanese itself: they stand between
// Japanese and other letters only.
func closeUp(before, value, after string) (string, string) {
	first, _ := utf8.DecodeRuneInString(value)
	last, _ := utf8.DecodeLastRuneInString(value)
	if cut, ok := strings.CutSuffix(before, " "); ok && broad(first) {
		if r, _ := utf8.DecodeLastRuneInString(cut); broad(r) {
			before = cut
		}
	}
	if cut, ok := strings.CutPrefix(after, " "); ok && broad(last) {
		if r, _ := utf8.DecodeRuneInString(cut); broad(r) {
			after = cut
		}
	}
	return before, after
}

// broad reports whether a letter is one of two columns: kana, kanji and their stops.
func broad(r rune) bool { return r >= 0x2e80 && r != utf8.RuneError }

func (l Lang) value(place string, args map[string]string) string {
	if name, forms, ok := strings.Cut(place, "|"); ok {
		one, many, _ := strings.Cut(forms, "|")
		if args[name] == "1" {
			return one
		}
		return many
	}
	name, verb, _ := strings.Cut(place, ":")
	return l.format(verb, args[name])
}

// Keys lists the keys of all entries.
func Keys() []string {
	var keys []string
	for _, area := range catalogue() {
		for _, e := range area {
			keys = append(keys, e.key)
		}
	}
	return keys
}
