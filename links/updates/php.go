package updates

import (
	"errors"
	"strconv"
	"strings"
)

// errPHP is text that PHP's serialize did not write.
var errPHP = errors.New("not a value that PHP wrote")

// Bounds of a value.
const (
	deepest   = 32
	mostItems = 50000
)

// reader reads what PHP's serialize wrote: arrays and objects as maps, keys as text.
type reader struct {
	s     string
	items int
}

// unserialize reads a whole value.
func unserialize(s string) (any, error) {
	r := &reader{s: s}
	v, err := r.value(0)
	if err == nil && r.s != "" {
		return nil, errPHP
	}
	return v, err
}

func (r *reader) until(end byte) (string, error) {
	i := strings.IndexByte(r.s[:min(len(r.s), 32)], end)
	if i < 0 {
		return "", errPHP
	}
	token := r.s[:i]
	r.s = r.s[i+1:]
	return token, nil
}

func (r *reader) take(prefix string) error {
	rest, ok := strings.CutPrefix(r.s, prefix)
	if !ok {
		return errPHP
	}
	r.s = rest
	return nil
}

// text reads LENGTH:"…".
func (r *reader) text() (string, error) {
	token, err := r.until(':')
	if err != nil {
		return "", err
	}
	n, err := strconv.Atoi(token)
	if err != nil || n < 0 || len(r.s) < 2 || n > len(r.s)-2 || r.s[0] != '"' || r.s[n+1] != '"' {
		return "", errPHP
	}
	s := r.s[1 : n+1]
	r.s = r.s[n+2:]
	return s, nil
}

func (r *reader) value(depth int) (any, error) {
	if r.items++; depth > deepest || r.items > mostItems || len(r.s) < 2 {
		return nil, errPHP
	}
	kind := r.s[0]
	if r.s[:2] == "N;" {
		r.s = r.s[2:]
		return nil, nil
	}
	if r.s[1] != ':' {
		return nil, errPHP
	}
	r.s = r.s[2:]
	switch kind {
	case 'b', 'i', 'd', 'r', 'R':
		token, err := r.until(';')
		if err != nil {
			return nil, err
		}
		if kind == 'i' {
			return strconv.ParseInt(token, 10, 64)
		}
		return token, nil
	case 's':
		s, err := r.text()
		if err != nil {
			return nil, err
		}
		return s, r.take(";")
	case 'O':
		if _, err := r.text(); err != nil { // the class
			return nil, err
		}
		if err := r.take(":"); err != nil {
			return nil, err
		}
		return r.table(depth)
	case 'a':
		return r.table(depth)
	}
	return nil, errPHP
}

// table reads N:{key;value…}.
func (r *reader) table(depth int) (map[string]any, error) {
	token, err := r.until(':')
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(token)
	if err != nil || n < 0 || n > mostItems {
		return nil, errPHP
	}
	if err := r.take("{"); err != nil {
		return nil, err
	}
	m := map[string]any{}
	for range n {
		key, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		value, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		switch k := key.(type) {
		case string:
			m[k] = value
		case int64:
			m[strconv.FormatInt(k, 10)] = value
		default:
			return nil, errPHP
		}
	}
	return m, r.take("}")
}
