package words

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var placeholder = regexp.MustCompile(`\{([a-z_]+)(?::([a-z]+))?(?:\|[^}]*)?\}`)

func TestCatalogueIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, area := range catalogue() {
		for _, e := range area {
			if seen[e.key] {
				t.Errorf("%s: stands twice", e.key)
			}
			seen[e.key] = true
			if strings.TrimSpace(e.en) == "" || strings.TrimSpace(e.ja) == "" {
				t.Errorf("%s: not in both languages", e.key)
			}
			if en, ja := places(e.en), places(e.ja); !slices.Equal(en, ja) {
				t.Errorf("%s: English speaks of %v, Japanese of %v", e.key, en, ja)
			}
			if !slices.ContainsFunc([]rune(e.ja), func(r rune) bool { return r > 0x2e7f }) && strings.Contains(e.en, " ") && e.en != e.ja {
				t.Errorf("%s: the Japanese has no Japanese in it: %s", e.key, e.ja)
			}
		}
	}
}

func places(text string) []string {
	var names []string
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	slices.Sort(names)
	return names
}

func TestFill(t *testing.T) {
	for _, c := range []struct {
		lang       Lang
		text, want string
		args       map[string]string
	}{
		{English, "{n} more {n|loss|losses}", "1 more loss", map[string]string{"n": "1"}},
		{English, "{n} more {n|loss|losses}", "3 more losses", map[string]string{"n": "3"}},
		{English, "for {d:duration}", "for 1 hour 30 minutes", map[string]string{"d": "1h30m0s"}},
		{Japanese, "{d:duration}間", "1時間30分間", map[string]string{"d": "1h30m0s"}},
		{English, "{s:bytes} free", "1.5 GiB free", map[string]string{"s": "1610612736"}},
		{English, "{{name} {gone", "{name} {gone", nil},
		{English, "said {x}", "said a\uFFFD[31mb c", map[string]string{"x": "a\x1b[31mb\nc"}},
		{English, "{t:text}", "nothing is called fone", map[string]string{"t": `{"key":"chain.unknown_name","args":{"name":"fone"}}`}},
	} {
		if got := c.lang.fill(c.text, c.args); got != c.want {
			t.Errorf("%s %q: got %q, want %q", c.lang, c.text, got, c.want)
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                       "0 seconds",
		412 * time.Millisecond:  "0.41 seconds",
		2500 * time.Millisecond: "2.5 seconds",
		time.Second:             "1 second",
		61 * time.Second:        "1 minute",
		28 * time.Hour:          "1 day 4 hours",
		30 * 24 * time.Hour:     "30 days",
	} {
		if got := English.Duration(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}

// Between Japanese and other letters stands a blank, within Japanese none.
func TestJapaneseValues(t *testing.T) {
	for _, c := range [][2]string{
		{"phone", "phone を失った"}, {"電話", "電話を失った"}, {"電話（phone）", "電話（phone）を失った"}, {"", " を失った"},
	} {
		if got := Japanese.Text("guard.because_thing_lost", "name", chainText(c[0])); got != c[1] {
			t.Errorf("%q: %q, want %q", c[0], got, c[1])
		}
	}
	for _, c := range [][4]string{
		{"は ", "電話", " を", "は|を"}, {"は ", "phone", " を", "は | を"}, {"omamori ", "電話", " x", "omamori | x"}, {"", "電話", " ", "| "}, {"原因: ", "電話", "", "原因: |"},
	} {
		if b, a := closeUp(c[0], c[1], c[2]); b+"|"+a != c[3] {
			t.Errorf("%q %q %q: %q %q", c[0], c[1], c[2], b, a)
		}
	}
}

// chainText is a text as a value, as package chain writes it.
func chainText(s string) string {
	return `{"key":"guard.name","args":{"name":"` + s + `"}}`
}
