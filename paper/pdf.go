package paper

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf16"
)

// The size of A4 in points, which all measures are in. Places are from the top left.
const (
	Wide = 595.28
	High = 841.89
)

// Document is made page by page.
type Document struct {
	title, lang string
	font        *font
	pages       []*Page
	notes       []string
}

// Page is one page.
type Page struct {
	d     *Document
	parts []part
}

// part is a text to be set, or operators as they are.
type part struct {
	ops        string
	text       string
	x, y, size float64
	pitch      float64 // of characters, 0 for their own
	bold       bool
}

// New begins a document in a language ("en", "ja").
func New(title, lang string) (*Document, error) {
	f, err := theFont()
	if err != nil {
		return nil, err
	}
	return &Document{title: title, lang: lang, font: f}, nil
}

// Page begins the next page.
func (d *Document) Page() *Page {
	p := &Page{d: d}
	d.pages = append(d.pages, p)
	return p
}

// Note has a line stand in the file for programs; it is on no page.
func (d *Document) Note(line string) { d.notes = append(d.notes, line) }

// missing stands for characters that the font does not have.
const missing = '〓'

func (d *Document) runes(s string) []rune {
	out := []rune(s)
	for i, r := range out {
		if _, ok := d.font.glyphs[r]; !ok {
			out[i] = missing
		}
	}
	return out
}

// Width is how wide a text is.
func (d *Document) Width(s string, size float64) float64 {
	n := 0
	for _, r := range d.runes(s) {
		n += d.font.advance(d.font.glyphs[r])
	}
	return float64(n) * size / float64(d.font.units)
}

// Text sets a line with its baseline at y.
func (p *Page) Text(x, y, size float64, s string) {
	p.parts = append(p.parts, part{text: s, x: x, y: y, size: size})
}

// Bold sets a line in bold.
func (p *Page) Bold(x, y, size float64, s string) {
	p.parts = append(p.parts, part{text: s, x: x, y: y, size: size, bold: true})
}

// Pitched sets a line of characters that all take the same width.
func (p *Page) Pitched(x, y, size, pitch float64, s string) {
	p.parts = append(p.parts, part{text: s, x: x, y: y, size: size, pitch: pitch})
}

// Fill fills a rectangle, from 0 (black) to 1 (white).
func (p *Page) Fill(x, y, w, h, gray float64) {
	p.parts = append(p.parts, part{ops: fmt.Sprintf("%.3f g %.2f %.2f %.2f %.2f re f 0 g\n", gray, x, High-y-h, w, h)})
}

// Rule draws a level line.
func (p *Page) Rule(x, y, w, thick float64) { p.Fill(x, y-thick/2, w, thick, 0.35) }

// Squares draws a square of n by n cells, black where dark says so.
func (p *Page) Squares(x, y, side float64, n int, dark func(column, row int) bool) {
	var b strings.Builder
	cell := side / float64(n)
	for row := range n {
		for c := 0; c < n; c++ {
			from := c
			for c < n && dark(c, row) {
				c++
			}
			if c > from { // one rectangle for neighbours, so that no gap shows
				fmt.Fprintf(&b, "%.3f %.3f %.3f %.3f re\n", x+float64(from)*cell, High-y-float64(row+1)*cell, float64(c-from)*cell, cell)
			}
		}
	}
	p.parts = append(p.parts, part{ops: "0 g\n" + b.String() + "f\n"})
}

// Bytes is the PDF: the same for the same pages.
func (d *Document) Bytes() ([]byte, error) {
	used := map[rune]bool{}
	for _, p := range d.pages {
		for _, part := range p.parts {
			for _, r := range d.runes(part.text) {
				used[r] = true
			}
		}
	}
	file := d.font.subset(slices.Collect(maps.Keys(used)))
	small, err := parseFont(file)
	if err != nil {
		return nil, err
	}
	w := &writer{}
	w.out.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	for _, n := range d.notes {
		w.out.WriteString("%" + strings.Map(oneLine, n) + "\n")
	}
	const catalog, pages, info, composite, simple, descriptor, fontFile, toUnicode, first = 1, 2, 3, 4, 5, 6, 7, 8, 9
	var kids []string
	for i := range d.pages {
		kids = append(kids, fmt.Sprintf("%d 0 R", first+2*i))
	}
	w.object(catalog, fmt.Sprintf("<< /Type /Catalog /Pages %d 0 R /Lang (%s) /ViewerPreferences << /DisplayDocTitle true >> >>", pages, d.lang))
	w.object(pages, fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", strings.Join(kids, " "), len(kids)))
	w.object(info, fmt.Sprintf("<< /Title %s /Producer (omamori) >>", hexText(d.title)))
	w.object(composite, fmt.Sprintf("<< /Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H /DescendantFonts [%d 0 R] /ToUnicode %d 0 R >>", fontName, simple, toUnicode))
	w.object(simple, fmt.Sprintf("<< /Type /Font /Subtype /CIDFontType2 /BaseFont /%s /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor %d 0 R /CIDToGIDMap /Identity /DW 1000 /W [0 [%s]] >>",
		fontName, descriptor, small.widths()))
	w.object(descriptor, fmt.Sprintf("<< /Type /FontDescriptor /FontName /%s /Flags 4 /FontBBox [-1000 -500 2000 1500] /ItalicAngle 0 /Ascent %d /Descent %d /CapHeight 700 /StemV 80 /FontFile2 %d 0 R >>",
		fontName, small.thousandths(small.ascent), small.thousandths(small.descent), fontFile))
	w.stream(fontFile, fmt.Sprintf("/Length1 %d", len(file)), file)
	w.stream(toUnicode, "", small.toUnicode())
	for i, p := range d.pages {
		w.object(first+2*i, fmt.Sprintf("<< /Type /Page /Parent %d 0 R /MediaBox [0 0 %.2f %.2f] /Resources << /Font << /F %d 0 R >> >> /Contents %d 0 R >>",
			pages, Wide, High, composite, first+2*i+1))
		w.stream(first+2*i+1, "", p.content(small))
	}
	return w.end(catalog, info), w.err
}

// fontName names the subset: six letters and a plus, as PDF wants it.
const fontName = "OMAMOR+VL-PGothic-Regular"

func oneLine(r rune) rune {
	if r < ' ' || r > '~' {
		return -1
	}
	return r
}

func (p *Page) content(f *font) []byte {
	var b bytes.Buffer
	for _, t := range p.parts {
		if b.WriteString(t.ops); t.text == "" {
			continue
		}
		b.WriteString("BT\n")
		if t.bold { // the outline is drawn too
			fmt.Fprintf(&b, "2 Tr %.3f w\n", t.size/28)
		}
		fmt.Fprintf(&b, "/F %.2f Tf %.2f %.2f Td [", t.size, t.x, High-t.y)
		for _, r := range p.d.runes(t.text) {
			g := f.glyphs[r]
			wide := float64(f.advance(g)) * 1000 / float64(f.units)
			if t.pitch == 0 {
				fmt.Fprintf(&b, "<%04x>", g)
				continue
			}
			place := t.pitch * 1000 / t.size
			squeeze := min(1, 0.95*place/wide) // a wide character is made narrower
			side := (wide*squeeze - place) / 2 / squeeze
			if squeeze < 1 {
				fmt.Fprintf(&b, "] TJ %.1f Tz [", squeeze*100)
			}
			fmt.Fprintf(&b, "%.1f <%04x> %.1f ", side, g, side)
			if squeeze < 1 {
				b.WriteString("] TJ 100 Tz [")
			}
		}
		b.WriteString("] TJ\n")
		if t.bold {
			b.WriteString("0 Tr\n")
		}
		b.WriteString("ET\n")
	}
	return b.Bytes()
}

func (f *font) thousandths(units int) int { return units * 1000 / f.units }

func (f *font) widths() string {
	var w []string
	for g := range len(f.loca) - 1 {
		w = append(w, fmt.Sprint(f.thousandths(f.advance(g))))
	}
	return strings.Join(w, " ")
}

// toUnicode lets text be found and copied.
func (f *font) toUnicode() []byte {
	var b bytes.Buffer
	b.WriteString("/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n" +
		"/CMapName /Omamori def /CMapType 2 def\n1 begincodespacerange <0000> <ffff> endcodespacerange\n")
	all := slices.Sorted(maps.Keys(f.glyphs))
	for some := range slices.Chunk(all, 100) {
		fmt.Fprintf(&b, "%d beginbfchar\n", len(some))
		for _, r := range some {
			fmt.Fprintf(&b, "<%04x> <", f.glyphs[r])
			for _, u := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, "%04x", u)
			}
			b.WriteString(">\n")
		}
		b.WriteString("endbfchar\n")
	}
	b.WriteString("endcmap CMapName currentdict /CMap defineresource pop end end\n")
	return b.Bytes()
}

func hexText(s string) string {
	var b strings.Builder
	b.WriteString("<feff")
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04x", u)
	}
	return b.String() + ">"
}

// writer writes the objects of a PDF, numbered from 1 in their order.
type writer struct {
	out bytes.Buffer
	at  []int
	err error
}

func (w *writer) object(n int, body string) {
	w.at = append(w.at, w.out.Len())
	fmt.Fprintf(&w.out, "%d 0 obj\n%s\nendobj\n", n, body)
}

func (w *writer) stream(n int, more string, content []byte) {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	_, err := z.Write(content)
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		w.err = err
	}
	w.object(n, fmt.Sprintf("<< /Filter /FlateDecode /Length %d %s >>\nstream\n%s\nendstream", packed.Len(), more, packed.Bytes()))
}

func (w *writer) end(catalog, info int) []byte {
	xref := w.out.Len()
	fmt.Fprintf(&w.out, "xref\n0 %d\n0000000000 65535 f \n", len(w.at)+1)
	for _, at := range w.at {
		fmt.Fprintf(&w.out, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&w.out, "trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(w.at)+1, catalog, info, xref)
	return w.out.Bytes()
}
