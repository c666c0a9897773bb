package paper

import (
	"bytes"
	"compress/gzip"
	"flag"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "make vlpgothic.ttf.gz anew")

// vlgothic is the font of Debian's package fonts-vlgothic.
const vlgothic = "/usr/share/fonts/truetype/vlgothic/VL-PGothic-Regular.ttf"

// characters are those of the font that comes with the program: rows 1 to 47 of JIS X
// 0208, Latin letters with accents, and what our texts have besides.
func characters(t *testing.T) []rune {
	t.Helper()
	var euc bytes.Buffer
	for row := 1; row <= 47; row++ {
		for cell := 1; cell <= 94; cell++ {
			euc.Write([]byte{byte(row) + 0xa0, byte(cell) + 0xa0})
		}
	}
	c := exec.Command("iconv", "-c", "-f", "EUC-JP", "-t", "UTF-8")
	c.Stdin = &euc
	out, _ := c.Output() // it fails for cells without a character, and leaves them out
	all := []rune(string(out))
	if len(all) < 3400 {
		t.Fatalf("iconv gives %d characters", len(all))
	}
	for r := rune(' '); r < 0x180; r++ {
		all = append(all, r)
	}
	return append(all, []rune("–—‘’“”•…▢☐✓✂→←↑↓〓～")...)
}

// TestFontIsMade makes the font that comes with the program from Debian's, and finds no
// difference. To make it anew: go test ./paper -run TestFontIsMade -update
func TestFontIsMade(t *testing.T) {
	b, err := os.ReadFile(vlgothic)
	if err != nil {
		t.Skip("needs the package fonts-vlgothic:", err)
	}
	whole, err := parseFont(b)
	if err != nil {
		t.Fatal(err)
	}
	made := whole.subset(characters(t))
	if *update {
		var z bytes.Buffer
		w, err := gzip.NewWriterLevel(&z, gzip.BestCompression)
		if err == nil {
			_, err = w.Write(made)
		}
		if err == nil {
			err = w.Close()
		}
		if err == nil {
			err = os.WriteFile("vlpgothic.ttf.gz", z.Bytes(), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := unpack()
	if err != nil || !bytes.Equal(have, made) {
		t.Errorf("the font is not what its making gives (%v, %d and %d bytes)", err, len(have), len(made))
	}
	for _, r := range "あ亜国A8〓ー" {
		if whole.glyphs[r] == 0 {
			t.Errorf("the font has no %c", r)
		}
	}
}

// TestSubset: a part of a font is a font, with the same widths, whatever the order.
func TestSubset(t *testing.T) {
	f, err := theFont()
	if err != nil {
		t.Fatal(err)
	}
	one, two := f.subset([]rune("お守りé123")), f.subset([]rune("321éり守おお"))
	if !bytes.Equal(one, two) {
		t.Error("another order gives another font")
	}
	part, err := parseFont(one)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range "お守りé123" {
		if part.glyphs[r] == 0 || part.advance(part.glyphs[r]) != f.advance(f.glyphs[r]) {
			t.Errorf("%c has glyph %d", r, part.glyphs[r])
		}
	}
	if len(part.glyphs) != 7 {
		t.Errorf("%d characters", len(part.glyphs))
	}
	if len(one) > 8<<10 {
		t.Errorf("seven characters take %d bytes", len(one))
	}
}

func FuzzFont(f *testing.F) {
	whole, err := theFont()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole.subset([]rune("お守りé")))
	f.Add([]byte("true"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 64<<10 {
			return
		}
		_, _ = parseFont(b) // must not panic
	})
}

func TestWrap(t *testing.T) {
	d, err := New("", "ja")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text  string
		width float64
		want  []string
	}{
		{"the quick brown fox", 50, []string{"the quick", "brown fox"}},
		{"これは、長い文です。", 40, []string{"これは、", "長い文で", "す。"}},
		{"これは「本当」だ", 40, []string{"これは", "「本当」", "だ"}},
		{"omamori が戻す", 60, []string{"omamori が", "戻す"}},
		{"wwwwwwwwwwwwwwwwwwww", 60, nil},
		{"one\ntwo", 100, []string{"one", "two"}},
		{"", 10, []string{""}},
	} {
		got := d.Wrap(c.text, 10, c.width)
		if c.want != nil && !slices.Equal(got, c.want) {
			t.Errorf("%q in %v: %q", c.text, c.width, got)
		}
		for _, l := range got {
			if d.Width(l, 10) > c.width+10 {
				t.Errorf("%q is wider than %v", l, c.width)
			}
		}
		if strings.Join(strings.Fields(strings.Join(got, "")), "") != strings.Join(strings.Fields(c.text), "") {
			t.Errorf("%q lost something: %q", c.text, got)
		}
	}
}
