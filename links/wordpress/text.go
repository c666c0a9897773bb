package wordpress

import (
	"bytes"
	"html"
	"strings"
	"unicode"
)

// A page is scanned by hand, once from its beginning to its end: an expression that
// looks for the end of what never ends is slow on a page that was made for that.

// bodyOf is where a page's body begins, 0 if that cannot be told.
func bodyOf(page []byte) int {
	for from := 0; ; {
		i := bytes.IndexByte(page[from:], '<')
		if i < 0 {
			return 0
		}
		from += i + 1
		if tagged(page[from:], "body") {
			return from - 1
		}
	}
}

// tagged reports whether what follows a "<" is a tag of that name.
func tagged(b []byte, name string) bool {
	if len(b) < len(name) || !strings.EqualFold(string(b[:len(name)]), name) {
		return false
	}
	return len(b) == len(name) || !('a' <= b[len(name)]|0x20 && b[len(name)]|0x20 <= 'z' || b[len(name)] == '-')
}

// text is what a page's body says to a reader, roughly: without tags, comments,
// scripts and styles.
func text(page []byte) string {
	page = page[bodyOf(page):]
	var out strings.Builder
	for len(page) > 0 {
		open := bytes.IndexByte(page, '<')
		if open < 0 {
			out.Write(page)
			break
		}
		out.Write(page[:open])
		page = page[open+1:]
		end := ">"
		switch {
		case bytes.HasPrefix(page, []byte("!--")):
			end = "-->"
		case tagged(page, "script"):
			end = "</script"
		case tagged(page, "style"):
			end = "</style"
		}
		i := bytes.Index(page, []byte(end))
		if i < 0 {
			break
		}
		page = page[i+len(end):]
		if end[0] == '<' {
			_, page, _ = bytes.Cut(page, []byte(">"))
		}
		out.WriteByte(' ')
	}
	return html.UnescapeString(out.String())
}

// typeset undoes what WordPress makes of quotes, dots and dashes.
var typeset = strings.NewReplacer("’", "'", "‘", "'", "“", `"`, "”", `"`, "″", `"`, "′", "'", "…", "...", "–", "-", "—", "-", "×", "x")

// plain is a text without what typesetting changes, spaces among them.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '\u200b' {
			return -1
		}
		return r
	}, typeset.Replace(s))
	for strings.Contains(s, "--") {
		s = strings.ReplaceAll(s, "--", "-")
	}
	return s
}

// says reports whether a page shows a text in its body, whatever its entities,
// quotes, line breaks and tags.
func says(page []byte, want string) bool {
	return strings.Contains(plain(text(page)), plain(html.UnescapeString(want)))
}
