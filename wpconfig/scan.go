package wpconfig

import (
	"strconv"
	"strings"
)

// kind is a sort of token.
type kind uint8

const (
	none     kind = iota
	word          // a name, without a leading backslash
	variable      // without its dollar
	text          // a string literal, its escapes resolved
	number        // as it is written
	mark          // punctuation; two characters only for -> and ::
	opaque        // a string that PHP would fill in
)

type token struct {
	kind kind
	text string
}

// is compares words without regard to case, as PHP does for functions.
func (t token) is(k kind, s string) bool {
	return t.kind == k && (t.text == s || k == word && strings.EqualFold(t.text, s))
}

// scanner cuts PHP source into tokens. It never fails: what it does not know
// becomes a mark, and an unclosed string ends with the file.
type scanner struct {
	src    string
	at     int
	tokens []token
}

// scan returns the tokens between <?php and ?>, and whether there was a <?php.
func scan(src string) (tokens []token, php bool) {
	s := scanner{src: src}
	for s.open() {
		php = true
		for s.at < len(s.src) && !s.has("?>") {
			s.next()
		}
	}
	return s.tokens, php
}

// open goes past the next opening tag.
func (s *scanner) open() bool {
	for {
		i := strings.Index(s.src[s.at:], "<?")
		if i < 0 {
			return false
		}
		s.at += i + 2
		if s.has("=") {
			s.at++
			return true
		}
		if len(s.src) >= s.at+3 && strings.EqualFold(s.src[s.at:s.at+3], "php") {
			s.at += 3
			return true
		}
	}
}

func (s *scanner) has(prefix string) bool { return strings.HasPrefix(s.src[s.at:], prefix) }

func (s *scanner) add(k kind, t string) { s.tokens = append(s.tokens, token{k, t}) }

func (s *scanner) next() {
	c := s.src[s.at]
	switch {
	case c == ' ' || c == '\t' || c == '\n' || c == '\r':
		s.at++
	case c == '#' && !s.has("#["), s.has("//"):
		s.lineComment()
	case s.has("/*"):
		s.past("*/", 2)
	case c == '\'':
		s.single()
	case c == '"':
		s.double()
	case c == '`':
		s.shell()
	case s.has("<<<"):
		s.heredoc()
	case c == '$':
		s.at++
		if name := s.name(); name != "" {
			s.add(variable, name)
		} else {
			s.add(mark, "$")
		}
	case c == '\\':
		s.at++ // a name from the root: \define
	case '0' <= c && c <= '9':
		from := s.at
		for s.at < len(s.src) && (nameByte(s.src[s.at]) || s.src[s.at] == '.') {
			s.at++
		}
		s.add(number, s.src[from:s.at])
	case nameByte(c):
		s.add(word, s.name())
	case s.has("->"), s.has("::"), s.has("=="), s.has("=>"):
		s.add(mark, s.src[s.at:s.at+2])
		s.at += 2
	default:
		s.add(mark, string(c))
		s.at++
	}
}

func nameByte(c byte) bool {
	return c == '_' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func (s *scanner) name() string {
	from := s.at
	for s.at < len(s.src) && nameByte(s.src[s.at]) {
		s.at++
	}
	return s.src[from:s.at]
}

// lineComment goes to the end of the line, or to a closing tag, which ends a
// comment too.
func (s *scanner) lineComment() {
	for s.at < len(s.src) && s.src[s.at] != '\n' && !s.has("?>") {
		s.at++
	}
}

// past goes behind the next end, from skip bytes on.
func (s *scanner) past(end string, skip int) {
	i := strings.Index(s.src[s.at+skip:], end)
	if i < 0 {
		s.at = len(s.src)
		return
	}
	s.at += skip + i + len(end)
}

// single reads '…': a backslash stands before a quote or a backslash alone.
func (s *scanner) single() {
	var b strings.Builder
	for s.at++; s.at < len(s.src); s.at++ {
		c := s.src[s.at]
		if c == '\'' {
			s.at++
			s.add(text, b.String())
			return
		}
		if c == '\\' && s.at+1 < len(s.src) && (s.src[s.at+1] == '\'' || s.src[s.at+1] == '\\') {
			s.at++
			c = s.src[s.at]
		}
		b.WriteByte(c)
	}
	s.add(opaque, "")
}

// double reads "…". One with a variable in it is opaque.
func (s *scanner) double() {
	var b strings.Builder
	filled := false
	for s.at++; s.at < len(s.src); {
		c := s.src[s.at]
		switch {
		case c == '"':
			s.at++
			if filled {
				s.add(opaque, "")
			} else {
				s.add(text, b.String())
			}
			return
		case c == '\\' && s.at+1 < len(s.src):
			s.at++
			b.WriteString(s.escape())
			continue
		case c == '$' && s.at+1 < len(s.src) && (nameByte(s.src[s.at+1]) && (s.src[s.at+1] < '0' || s.src[s.at+1] > '9') || s.src[s.at+1] == '{'),
			s.has("{$"):
			filled = true
		}
		b.WriteByte(c)
		s.at++
	}
	s.add(opaque, "")
}

// escape reads what stands behind a backslash in a double-quoted string. A
// sequence that PHP does not know keeps its backslash.
func (s *scanner) escape() string {
	c := s.src[s.at]
	s.at++
	switch c {
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case 'r':
		return "\r"
	case 'v':
		return "\v"
	case 'e':
		return "\x1b"
	case 'f':
		return "\f"
	case '\\', '$', '"':
		return string(c)
	case 'x':
		if n, ok := s.digits(16, 2); ok {
			return string([]byte{byte(n)})
		}
	case 'u':
		if s.has("{") {
			inside, _, closed := strings.Cut(s.src[s.at+1:], "}")
			if n, err := strconv.ParseUint(inside, 16, 21); err == nil && closed {
				s.at += len(inside) + 2
				return string(rune(n))
			}
		}
	case '0', '1', '2', '3', '4', '5', '6', '7':
		s.at--
		n, _ := s.digits(8, 3)
		return string([]byte{byte(n)})
	}
	return `\` + string([]byte{c})
}

// digits reads up to most digits of the base.
func (s *scanner) digits(base, most int) (n uint64, ok bool) {
	end := s.at
	for end < len(s.src) && end-s.at < most {
		if _, err := strconv.ParseUint(s.src[end:end+1], base, 8); err != nil {
			break
		}
		end++
	}
	n, err := strconv.ParseUint(s.src[s.at:end], base, 16)
	s.at = end
	return n, err == nil
}

// shell goes past `…`, which runs a command.
func (s *scanner) shell() {
	for s.at++; s.at < len(s.src) && s.src[s.at] != '`'; s.at++ {
		if s.src[s.at] == '\\' {
			s.at++
		}
	}
	s.at = min(s.at+1, len(s.src))
	s.add(opaque, "")
}

// heredoc goes past <<<NAME … NAME, whose body must not be read as code.
func (s *scanner) heredoc() {
	s.at += 3
	for s.has(" ") || s.has("\t") {
		s.at++
	}
	if s.has("'") || s.has(`"`) {
		s.at++
	}
	name := s.name()
	s.add(opaque, "")
	if name == "" {
		return
	}
	for s.at < len(s.src) {
		i := strings.IndexByte(s.src[s.at:], '\n')
		if i < 0 {
			s.at = len(s.src)
			return
		}
		s.at += i + 1
		line := strings.TrimLeft(s.src[s.at:], " \t")
		if strings.HasPrefix(line, name) && (len(line) == len(name) || !nameByte(line[len(name)])) {
			s.at = len(s.src) - len(line) + len(name)
			return
		}
	}
}
