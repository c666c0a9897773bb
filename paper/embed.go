package paper

import (
	"bytes"
	"compress/gzip"
	_ "embed" // for the font
	"io"
)

// packed is a part of VL PGothic: what JIS X 0208 has but the rarer half of its kanji,
// and Latin letters. LICENSE.vlgothic is its licence; TestFontIsMade says how it is made.
//
//go:embed vlpgothic.ttf.gz
var packed []byte

const maxFont = 4 << 20

// theFont reads the font. It is not kept: who prints does so once.
func theFont() (*font, error) {
	b, err := unpack()
	if err != nil {
		return nil, err
	}
	return parseFont(b)
}

func unpack() ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, maxFont))
}
