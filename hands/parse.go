package hands

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/omamori-guard/omamori/chain"
)

// Problem is one mistake in hands' file.
type Problem struct {
	// Line is where it stands, 0 if it stands nowhere (a field that is missing).
	Line int
	// At is the way to it: "services[0].child.argv".
	At   string
	Text chain.Text
}

func (p Problem) Error() string {
	return fmt.Sprintf("line %d: %s: %s %v", p.Line, p.At, p.Text.Key, p.Text.Args)
}

// Bounds of the file.
const (
	maxFile  = 1 << 20
	maxDepth = 8
	maxList  = 256
	maxWord  = 4096
)

// fields lists what may stand in each object of the file.
func fields(object string) []string {
	switch object {
	case "":
		return []string{"guard", "run", "state", "services", "files", "sockets", "deeds"}
	case "services[]":
		return []string{"name", "systemd", "sysv", "child", "pid_file", "logs", "writes", "tunes"}
	case "services[].tunes[]":
		return []string{"form", "file", "pool"}
	case "services[].child":
		return []string{"argv", "user", "dir", "env", "output", "stop_signal", "stop_timeout"}
	}
	return nil
}

// Parse reads hands' file. With problems, of which it names as many as it can, the
// File is not to be used.
func Parse(b []byte) (File, []Problem) { return parse(b, fields, (*reader).check) }

// parse reads a file of which known lists what may stand in each object.
func parse[F any](b []byte, known func(object string) []string, check func(*reader, *F)) (F, []Problem) {
	var f, none F
	if len(b) > maxFile {
		return none, []Problem{{Text: chain.Say("hands.too_big", "max", maxFile)}}
	}
	r := &reader{text: b, known: known, dec: json.NewDecoder(bytes.NewReader(b)), lines: map[string]int{}}
	if err := r.value("", "", 0); err != nil {
		return none, append(r.bad, r.broken(err))
	}
	if _, err := r.dec.Token(); !errors.Is(err, io.EOF) {
		return none, append(r.bad, Problem{Line: r.line(r.dec.InputOffset()), Text: chain.Say("hands.more_after_end")})
	}
	if err := json.Unmarshal(b, &f); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			r.bad = append(r.bad, Problem{Line: r.line(wrong.Offset), At: wrong.Field,
				Text: chain.Say("hands.wrong_type", "is", wrong.Value, "want", wanted(wrong.Type.String()))})
			return none, r.bad
		}
		return none, append(r.bad, r.broken(err))
	}
	check(r, &f)
	slices.SortStableFunc(r.bad, func(a, b Problem) int { return a.Line - b.Line })
	if len(r.bad) > 0 {
		return none, r.bad
	}
	return f, nil
}

func wanted(goType string) string {
	switch {
	case strings.HasPrefix(goType, "[]"):
		return "[…]"
	case strings.Contains(goType, "int"):
		return "12"
	case goType == "string":
		return `"…"`
	default:
		return "{…}"
	}
}

// reader walks over the JSON once before it is decoded, to learn what decoding
// does not tell: lines, unknown fields, fields given twice.
type reader struct {
	text  []byte
	known func(object string) []string
	dec   *json.Decoder
	lines map[string]int // by the way to the value
	bad   []Problem
}

func (r *reader) say(at string, t chain.Text) {
	r.bad = append(r.bad, Problem{Line: r.lines[at], At: at, Text: t})
}

func (r *reader) broken(err error) Problem {
	offset := r.dec.InputOffset()
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = syntax.Offset
	}
	return Problem{Line: r.line(offset), Text: chain.Say("hands.bad_json", "error", err.Error())}
}

// line is the line of the byte before offset.
func (r *reader) line(offset int64) int {
	offset = min(max(offset-1, 0), int64(len(r.text)))
	return 1 + bytes.Count(r.text[:offset], []byte("\n"))
}

var errDeep = errors.New("nested too deeply")

// value reads one value; at is the way to it, object the same without numbers.
func (r *reader) value(at, object string, depth int) error {
	if depth > maxDepth {
		return errDeep
	}
	token, err := r.dec.Token()
	if err != nil {
		return err
	}
	r.lines[at] = r.line(r.dec.InputOffset())
	switch token {
	case json.Delim('{'):
		err = r.object(at, object, depth)
	case json.Delim('['):
		for i := 0; r.dec.More(); i++ {
			if err := r.value(fmt.Sprintf("%s[%d]", at, i), object+"[]", depth+1); err != nil {
				return err
			}
		}
	case nil:
		r.say(at, chain.Say("hands.null"))
		return nil
	default:
		return nil
	}
	if err != nil {
		return err
	}
	_, err = r.dec.Token() // the closing bracket
	return err
}

func (r *reader) object(at, object string, depth int) error {
	known := r.known(object)
	var seen []string
	for r.dec.More() {
		token, err := r.dec.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		way := join(at, key)
		line := r.line(r.dec.InputOffset())
		switch {
		case slices.Contains(seen, key):
			r.bad = append(r.bad, Problem{line, way, chain.Say("hands.field_twice", "field", key)})
		case !slices.Contains(known, key):
			text := chain.Say("hands.unknown_field", "field", key, "known", strings.Join(known, ", "))
			if near := chain.Nearest(key, known); near != "" {
				text = chain.Say("hands.unknown_field_near", "field", key, "nearest", near)
			}
			r.bad = append(r.bad, Problem{line, way, text})
		}
		if len(seen) < maxList {
			seen = append(seen, key)
		}
		if err := r.value(way, join(object, key), depth+1); err != nil {
			return err
		}
	}
	return nil
}

func join(at, key string) string {
	if at == "" {
		return key
	}
	return at + "." + key
}
