package signin

import (
	"net/http"
	"strings"

	"github.com/omamori-guard/omamori/words"
)

// LangCookie keeps the language that a visitor has switched to.
const LangCookie = "omamori-lang"

// Lang is the language that a request is to be answered in: the one that was switched to,
// else the first that the browser asks for and the catalogue has.
func Lang(r *http.Request) words.Lang {
	if c, err := r.Cookie(LangCookie); err == nil {
		if lang, ok := words.Parse(c.Value); ok {
			return lang
		}
	}
	accepted := r.Header.Get("Accept-Language")
	for range 10 { // more than anybody reads
		first, rest, more := strings.Cut(accepted, ",")
		tag, quality, _ := strings.Cut(strings.TrimSpace(first), ";")
		if lang, ok := words.Parse(tag); ok && !strings.Contains(quality, "q=0.0") && strings.TrimSpace(quality) != "q=0" {
			return lang
		}
		if !more {
			break
		}
		accepted = rest
	}
	return words.English
}
