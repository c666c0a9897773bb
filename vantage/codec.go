package vantage

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/omamori-guard/omamori/chain"
)

// What is signed is binary: numbers in eight bytes, big-endian; text and lists with
// their length in four bytes before them. There is one way to write a value, and
// nothing may be left over, so that what was read is what was signed.

// writer writes values. It cannot fail.
type writer struct{ b []byte }

func (w *writer) num(n int64)        { w.b = binary.BigEndian.AppendUint64(w.b, uint64(n)) }
func (w *writer) size(n int)         { w.b = binary.BigEndian.AppendUint32(w.b, uint32(n)) }
func (w *writer) raw(b []byte)       { w.b = append(w.b, b...) }
func (w *writer) text(s string)      { w.size(len(s)); w.b = append(w.b, s...) }
func (w *writer) moment(t time.Time) { w.num(t.UnixNano()) }

func (w *writer) say(t chain.Text) {
	w.text(t.Key)
	w.size(len(t.Args))
	for _, name := range slices.Sorted(maps.Keys(t.Args)) {
		w.text(name)
		w.text(t.Args[name])
	}
}

var errMalformed = errors.New("malformed")

// reader reads what a writer wrote. After the first mistake it reads zeros; bad
// says that there was one.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if r.bad || n < 0 || n > len(r.b) {
		r.bad = true
		return nil
	}
	got := r.b[:n]
	r.b = r.b[n:]
	return got
}

func (r *reader) num() int64 {
	if b := r.take(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}

// size reads a length of at most limit.
func (r *reader) size(limit int) int {
	b := r.take(4)
	if b == nil {
		return 0
	}
	n := binary.BigEndian.Uint32(b)
	if n > uint32(limit) {
		r.bad = true
		return 0
	}
	return int(n)
}

// raw fills into, an array, with as many bytes.
func (r *reader) raw(into []byte) { copy(into, r.take(len(into))) }

func (r *reader) text(limit int) string {
	b := r.take(r.size(limit))
	if !utf8.Valid(b) {
		r.bad = true
		return ""
	}
	return string(b)
}

func (r *reader) moment() time.Time {
	n := r.num()
	if n <= 0 { // before 1970: no time of ours
		r.bad = true
	}
	return time.Unix(0, n).UTC()
}

func (r *reader) say() chain.Text {
	t := chain.Text{Key: r.text(maxName)}
	n := r.size(maxArgs)
	last := ""
	for i := range n {
		name := r.text(maxName)
		if r.bad || i > 0 && name <= last {
			r.bad = true
			return chain.Text{}
		}
		if t.Args == nil {
			t.Args = make(map[string]string, n)
		}
		t.Args[name] = r.text(maxText)
		last = name
	}
	return t
}

// end reports whether all was read, and rightly.
func (r *reader) end() bool { return !r.bad && len(r.b) == 0 }
