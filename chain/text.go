package chain

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Text is something to be said to a person: the name of an entry in the
// catalogue (package words) and the values that go into it. It becomes a
// sentence only where the reader's language is known.
//
// The zero Text says nothing.
type Text struct {
	Key string `json:"key"`
	// Args holds a value for each placeholder. A value is kept in a form that
	// the catalogue can put into any language: a duration as time.Duration
	// prints it, a time as RFC 3339, a Text as its own JSON.
	Args map[string]string `json:"args,omitempty"`
}

// Say makes a Text of key and pairs, which alternate between a placeholder's
// name and its value. It panics on an odd number of pairs or a name that is not
// a string, as both are mistakes of the programmer.
func Say(key string, pairs ...any) Text {
	if len(pairs)%2 != 0 {
		panic("chain: Say " + key + ": a placeholder without a value")
	}
	t := Text{Key: key}
	if len(pairs) > 0 {
		t.Args = make(map[string]string, len(pairs)/2)
	}
	for i := 0; i < len(pairs); i += 2 {
		t.Args[pairs[i].(string)] = argument(pairs[i+1])
	}
	return t
}

func argument(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int:
		return strconv.Itoa(v)
	case time.Time:
		return v.Format(time.RFC3339)
	case Text:
		b, err := json.Marshal(v)
		if err != nil { // strings alone: cannot fail
			panic(err)
		}
		return string(b)
	default:
		return fmt.Sprint(v)
	}
}

// Spoken gives the words that an error carries for a user, and a hint: those of the
// first in its tree that has a method Said. Ok is false where none has.
func Spoken(err error) (text, hint Text, ok bool) {
	var said interface{ Said() (text, hint Text) }
	if errors.As(err, &said) {
		text, hint = said.Said()
		return text, hint, true
	}
	return Text{}, Text{}, false
}

// ErrorText is what to say of err: its own words, or its text as it stands.
func ErrorText(err error) Text {
	if text, _, ok := Spoken(err); ok {
		return text
	}
	return Say("chain.error", "error", err.Error())
}

// IsZero reports whether t says nothing.
func (t Text) IsZero() bool { return t.Key == "" }

// Message gives what package words needs to say t.
func (t Text) Message() (key string, args map[string]string) { return t.Key, t.Args }
