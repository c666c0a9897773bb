package web

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

// longestText bounds one foreign text on a page, in bytes: evidence may be a log.
const longestText = 4 << 10

// parse makes the templates of a language.
func parse(lang words.Lang) *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{
		"t":        func(key string, pairs ...any) string { return lang.Say(chain.Say(key, pairs...)) },
		"duration": func(d time.Duration) string { return lang.Duration(d) },
		"millis":   func(ms float64) string { return short(time.Duration(ms*float64(time.Millisecond)), lang) },
		"seconds":  func(s float64) string { return lang.Duration(time.Duration(s * float64(time.Second))) },
		"clock":    func(t time.Time) string { return lang.Date(t.Local()) + t.Local().Format(" 15:04:05") },
		"stamp":    func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"unix":     func(t time.Time) int64 { return t.UnixMilli() },
		"clean":    foreign,
		"called":   called,
		"escape":   escape,
		"asset":    func(name string) string { return "/static/" + name + "?v=" + assets()[name].tag },
		"other": func() words.Lang {
			if lang == words.Japanese {
				return words.English
			}
			return words.Japanese
		},
		"class": func(v fmt.Stringer) string { return v.String() },
		"minus": func(a, b float64) float64 { return a - b },
		"figure": func(f chain.Figure) string {
			switch f.Unit {
			case "s":
				return lang.Duration(time.Duration(f.Value * float64(time.Second)))
			case "B":
				return words.Bytes(uint64(max(0, f.Value)))
			}
			return strconv.FormatFloat(f.Value, 'g', 6, 64) + f.Unit
		},
	}).ParseFS(files, "templates/*.html"))
}

// foreign makes text that others wrote fit to be shown: without control characters and
// such as turn the direction of writing, and not without end.
func foreign(s string) string {
	if len(s) > longestText {
		s = s[:longestText]
		for len(s) > 0 && !utf8.ValidString(s[max(0, len(s)-utf8.UTFMax):]) && !utf8.RuneStart(s[len(s)-1]) {
			s = s[:len(s)-1]
		}
		s += " …"
	}
	return words.Clean(s)
}

// called is what a person calls something: its title, else its name.
func called(title, name string) string {
	if strings.TrimSpace(title) == "" {
		return foreign(name)
	}
	return foreign(title)
}
