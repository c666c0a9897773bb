package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestFold(t *testing.T) {
	for _, c := range []struct {
		s    string
		n    int
		want []string
	}{
		{"", 10, []string{""}},
		{"one two three", 7, []string{"one two", "three"}},
		{"the socket /run/my-sql/a-b.sock is there", 24, []string{"the socket", "/run/my-sql/a-b.sock is", "there"}},
		{"http://a-very-long.example/path", 10, []string{"http://a-v", "ery-long.e", "xample/pat", "h"}},
		{"記事を読み取れます。", 19, []string{"記事を読み取れま", "す。"}},
		{"記事を（ここで）読む", 8, []string{"記事を", "（ここ", "で）読む"}},
		{"/run/x.sock のサーバーが応答", 16, []string{"/run/x.sock の", "サーバーが応答"}},
		{"two\nlines", 20, []string{"two", "lines"}},
	} {
		if got := fold(c.s, c.n); !slices.Equal(got, c.want) {
			t.Errorf("fold(%q, %d) = %q, want %q", c.s, c.n, got, c.want)
		}
	}
}

// Whatever is folded, nothing of it is lost, and no line is wider than it may be.
func FuzzFold(f *testing.F) {
	f.Add("mariadb was killed by SIGKILL from outside", uint8(20))
	f.Add("mariadb は外からの SIGKILL で終了させられました。", uint8(21))
	f.Add("が゛か\u3099、。）", uint8(20))
	f.Fuzz(func(t *testing.T, s string, width uint8) {
		n := narrow + int(width)
		s = strings.ToValidUTF8(strings.ReplaceAll(s, "\n", " "), "?")
		lines := fold(s, n)
		for _, l := range lines {
			wide := 0
			for _, r := range l { // as fold counts: a terminal may join letters into fewer columns
				wide += ansi.StringWidth(string(r))
			}
			if wide > n {
				t.Errorf("%q has %d columns, more than %d", l, wide, n)
			}
		}
		bare := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		if got := bare(strings.Join(lines, "")); got != bare(s) {
			t.Errorf("fold(%q) lost something: %q", s, lines)
		}
	})
}
