// Package paper makes pages to print, as PDF, in English and Japanese.
//
// It writes what it needs of PDF by itself: text in one embedded font, rules and the
// squares of a QR code are a few operators, while the libraries that were looked at
// bring image codecs and importers along.
package paper

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// font is a TrueType font, as far as it is needed to set text and to embed it.
type font struct {
	tables  map[string][]byte
	units   int // per em
	ascent  int
	descent int
	loca    []int // where each glyph begins in glyf, and where the last ends
	metrics int   // entries of hmtx that have an advance
	glyphs  map[rune]int
}

var errFont = errors.New("not a TrueType font that can be used")

// parseFont reads a font. It is for fonts that come with the program; broken ones are
// refused all the same.
func parseFont(b []byte) (f *font, err error) {
	defer func() {
		if recover() != nil { // an offset that points outside
			f, err = nil, errFont
		}
	}()
	f = &font{tables: map[string][]byte{}, glyphs: map[rune]int{}}
	for i := range int(u16(b, 4)) {
		at := b[12+16*i:]
		begin, size := u32(at, 8), u32(at, 12)
		f.tables[string(at[:4])] = b[begin : begin+size : begin+size]
	}
	for _, name := range []string{"head", "hhea", "maxp", "hmtx", "loca", "glyf", "cmap"} {
		if f.tables[name] == nil {
			return nil, fmt.Errorf("%w: no table %s", errFont, name)
		}
	}
	f.units = int(u16(f.tables["head"], 18))
	f.ascent, f.descent = int(int16(u16(f.tables["hhea"], 4))), int(int16(u16(f.tables["hhea"], 6)))
	f.metrics = int(u16(f.tables["hhea"], 34))
	n := int(u16(f.tables["maxp"], 4))
	for i := range n + 1 {
		if u16(f.tables["head"], 50) == 0 {
			f.loca = append(f.loca, 2*int(u16(f.tables["loca"], 2*i)))
		} else {
			f.loca = append(f.loca, u32(f.tables["loca"], 4*i))
		}
	}
	if f.units == 0 || f.metrics == 0 || f.metrics > n || len(f.tables["hmtx"]) < 4*f.metrics+2*(n-f.metrics) {
		return nil, errFont
	}
	return f, f.readCmap()
}

func u16(b []byte, at int) uint16 { return binary.BigEndian.Uint16(b[at:]) }
func u32(b []byte, at int) int    { return int(binary.BigEndian.Uint32(b[at:])) }

// readCmap reads the map of a format that has Unicode: 12, else 4.
func (f *font) readCmap() error {
	cmap := f.tables["cmap"]
	var four []byte
	for i := range int(u16(cmap, 2)) {
		sub := cmap[u32(cmap, 8+8*i):]
		switch platform := u16(cmap, 4+8*i); {
		case platform != 0 && platform != 3:
		case u16(sub, 0) == 12:
			for g := range u32(sub, 12) {
				at := sub[16+12*g:]
				for c := u32(at, 0); c <= u32(at, 4); c++ {
					f.glyphs[rune(c)] = u32(at, 8) + c - u32(at, 0)
					if len(f.glyphs) > 1<<16 { // more than a font has glyphs
						return errFont
					}
				}
			}
			return nil
		case u16(sub, 0) == 4:
			four = sub
		}
	}
	if four == nil {
		return fmt.Errorf("%w: no map of Unicode", errFont)
	}
	n := int(u16(four, 6)) // twice the number of segments
	for s := 0; s < n; s += 2 {
		end, start := int(u16(four, 14+s)), int(u16(four, 16+n+s))
		delta, offset := int(u16(four, 16+2*n+s)), int(u16(four, 16+3*n+s))
		for c := start; c <= end && c != 0xffff; c++ {
			g := c
			if offset != 0 {
				if g = int(u16(four, 16+3*n+s+offset+2*(c-start))); g == 0 {
					continue
				}
			}
			f.glyphs[rune(c)] = (g + delta) & 0xffff
		}
	}
	return nil
}

// advance is how wide a glyph is, in units.
func (f *font) advance(glyph int) int { return int(u16(f.tables["hmtx"], 4*min(glyph, f.metrics-1))) }

func (f *font) bearing(glyph int) uint16 {
	if glyph < f.metrics {
		return u16(f.tables["hmtx"], 4*glyph+2)
	}
	return u16(f.tables["hmtx"], 4*f.metrics+2*(glyph-f.metrics))
}

// subset makes a font with the glyphs of some characters alone, without instructions
// for rough screens, the same for the same characters whatever their order.
func (f *font) subset(runes []rune) []byte {
	runes = slices.Clone(runes)
	slices.Sort(runes)
	runes = slices.Compact(runes)
	old := []int{0} // glyph 0 is what stands for one that is missing
	become := map[int]int{0: 0}
	add := func(g int) int {
		if n, ok := become[g]; ok {
			return n
		}
		become[g] = len(old)
		old = append(old, g)
		return become[g]
	}
	cmap := map[rune]int{}
	for _, r := range runes {
		if g, ok := f.glyphs[r]; ok {
			cmap[r] = add(g)
		}
	}
	var glyf, loca, hmtx []byte
	for i := 0; i < len(old); i++ { // grows by the parts of glyphs
		loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
		glyf = append(glyf, plain(f.tables["glyf"][f.loca[old[i]]:f.loca[old[i]+1]], add)...)
		for len(glyf)%4 != 0 {
			glyf = append(glyf, 0)
		}
		hmtx = binary.BigEndian.AppendUint16(hmtx, uint16(f.advance(old[i])))
		hmtx = binary.BigEndian.AppendUint16(hmtx, f.bearing(old[i]))
	}
	loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
	set := func(name string, at int, v uint16) []byte {
		t := slices.Clone(f.tables[name])
		binary.BigEndian.PutUint16(t[at:], v)
		return t
	}
	head := set("head", 50, 1) // long offsets
	clear(head[8:12])
	return assemble(map[string][]byte{
		"head": head, "hhea": set("hhea", 34, uint16(len(old))), "maxp": set("maxp", 4, uint16(len(old))),
		"hmtx": hmtx, "loca": loca, "glyf": glyf, "cmap": writeCmap(cmap),
	})
}

// plain is a glyph without its instructions, with the numbers of its parts made new.
func plain(g []byte, part func(int) int) []byte {
	const (
		words, scale, more, scales, matrix, instructions = 1, 8, 0x20, 0x40, 0x80, 0x100
	)
	if len(g) < 10 {
		return nil
	}
	if contours := int(int16(u16(g, 0))); contours >= 0 {
		at := 10 + 2*contours
		after := at + 2 + int(u16(g, at))
		return append(append(slices.Clone(g[:at]), 0, 0), g[after:]...)
	}
	g = slices.Clone(g)
	for at := 10; ; {
		flags := u16(g, at)
		binary.BigEndian.PutUint16(g[at:], flags&^instructions)
		binary.BigEndian.PutUint16(g[at+2:], uint16(part(int(u16(g, at+2)))))
		at += 6
		if flags&words != 0 {
			at += 2
		}
		switch {
		case flags&scale != 0:
			at += 2
		case flags&scales != 0:
			at += 4
		case flags&matrix != 0:
			at += 8
		}
		if flags&more == 0 {
			return g[:at]
		}
	}
}

// writeCmap writes a map of format 12.
func writeCmap(glyphs map[rune]int) []byte {
	var groups [][3]int
	for _, r := range slices.Sorted(maps.Keys(glyphs)) {
		if n := len(groups); n > 0 && groups[n-1][1]+1 == int(r) && groups[n-1][2]+int(r)-groups[n-1][0] == glyphs[r] {
			groups[n-1][1] = int(r)
			continue
		}
		groups = append(groups, [3]int{int(r), int(r), glyphs[r]})
	}
	b := []byte{0, 0, 0, 1, 0, 3, 0, 10, 0, 0, 0, 12, 0, 12, 0, 0}
	for _, n := range []int{16 + 12*len(groups), 0, len(groups)} {
		b = binary.BigEndian.AppendUint32(b, uint32(n))
	}
	for _, g := range groups {
		for _, n := range g {
			b = binary.BigEndian.AppendUint32(b, uint32(n))
		}
	}
	return b
}

// assemble writes a font of its tables.
func assemble(tables map[string][]byte) []byte {
	names := slices.SortedFunc(maps.Keys(tables), cmp.Compare[string])
	out := []byte{0, 1, 0, 0}
	for _, n := range []int{len(names), 64, 2, 16*len(names) - 64} { // of 4 to 7 tables
		out = binary.BigEndian.AppendUint16(out, uint16(n))
	}
	at := len(out) + 16*len(names)
	var body bytes.Buffer
	for _, name := range names {
		t := tables[name]
		out = append(out, name...)
		for _, n := range []int{int(checksum(t)), at + body.Len(), len(t)} {
			out = binary.BigEndian.AppendUint32(out, uint32(n))
		}
		body.Write(t)
		body.Write(make([]byte, -len(t)&3))
	}
	return append(out, body.Bytes()...)
}

func checksum(t []byte) (sum uint32) {
	for part := range slices.Chunk(t, 4) {
		var word [4]byte
		copy(word[:], part)
		sum += binary.BigEndian.Uint32(word[:])
	}
	return sum
}
