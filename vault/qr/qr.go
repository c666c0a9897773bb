// Package qr reads QR codes from pictures, and writes them to terminals and pictures.
package qr

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	_ "image/gif" // pictures as they come
	_ "image/jpeg"
	"image/png"
	"slices"
	"strings"

	"github.com/makiuchi-d/gozxing"
	multi "github.com/makiuchi-d/gozxing/multi/qrcode"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/encoder"
)

// Bounds of a picture: a photograph of today's phones fits.
const (
	MaxFile   = 32 << 20
	maxPixels = 64 << 20
)

var (
	ErrNoPicture = errors.New("not a PNG, JPEG or GIF picture")
	ErrTooLarge  = errors.New("the picture is too large")
	ErrNoCode    = errors.New("no QR code can be read in the picture")
	ErrTooLong   = errors.New("too much for one QR code")
)

// Picture reports whether a file looks like one that Read can read.
func Picture(b []byte) bool {
	_, _, err := image.DecodeConfig(bytes.NewReader(b))
	return err == nil
}

// Read returns the texts of all QR codes in a picture.
func Read(b []byte) (texts []string, err error) {
	if len(b) > MaxFile {
		return nil, ErrTooLarge
	}
	c, _, err := image.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, ErrNoPicture
	}
	if c.Width <= 0 || c.Height <= 0 || int64(c.Width)*int64(c.Height) > maxPixels {
		return nil, ErrTooLarge
	}
	picture, _, err := image.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, ErrNoPicture
	}
	return find(picture)
}

// find looks for codes as carefully as there is need: in the picture as it is, then made
// small and turned, as what finds a code's corners is weak between the right angles.
func find(picture image.Image) ([]string, error) {
	if texts := look(picture); len(texts) > 0 {
		return texts, nil
	}
	small := shrunk(picture)
	for _, degrees := range []float64{0, 45, 22.5, 67.5} {
		if texts := look(turned(small, degrees)); len(texts) > 0 {
			return texts, nil
		}
	}
	return nil, ErrNoCode
}

// look reads the codes of a picture: first a clean one, then several, dark on light and
// light on dark.
func look(picture image.Image) (texts []string) {
	defer func() {
		// The library indexes what damaged codes say without looking.
		if recover() != nil {
			texts = nil
		}
	}()
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
	light := gozxing.NewLuminanceSourceFromImage(picture)
	for _, source := range []gozxing.LuminanceSource{light, light.Invert()} {
		for _, binarizer := range []gozxing.Binarizer{gozxing.NewHybridBinarizer(source), gozxing.NewGlobalHistgramBinarizer(source)} {
			bitmap, err := gozxing.NewBinaryBitmap(binarizer)
			if err != nil {
				continue
			}
			if all, err := multi.NewQRCodeMultiReader().DecodeMultiple(bitmap, hints); err == nil {
				for _, r := range all {
					if !slices.Contains(texts, r.GetText()) {
						texts = append(texts, r.GetText())
					}
				}
			}
			if len(texts) > 0 {
				return texts
			}
			if one, err := qrcode.NewQRCodeReader().Decode(bitmap, hints); err == nil {
				return []string{one.GetText()}
			}
		}
	}
	return nil
}

// quiet is the light border that a code needs, in modules.
const quiet = 4

// Code is a QR code: true is dark.
type Code [][]bool

// Encode makes the smallest code of a text, of error correction level L: a screen and
// a fresh print lose nothing.
func Encode(text string) (Code, error) {
	made, err := encoder.Encoder_encode(text, decoder.ErrorCorrectionLevel_L, map[gozxing.EncodeHintType]any{gozxing.EncodeHintType_CHARACTER_SET: "UTF-8"})
	if err != nil {
		return nil, ErrTooLong
	}
	m := made.GetMatrix()
	c := make(Code, m.GetHeight()+2*quiet)
	for y := range c {
		c[y] = make([]bool, m.GetWidth()+2*quiet)
		for x := range c[y] {
			if ix, iy := x-quiet, y-quiet; ix >= 0 && iy >= 0 && ix < m.GetWidth() && iy < m.GetHeight() {
				c[y][x] = m.Get(ix, iy) == 1
			}
		}
	}
	return c, nil
}

// Terminal draws the code with half blocks, two modules above each other to a character.
// With colours, dark is dark on every terminal; without, it is right on a dark terminal
// alone, where light modules are drawn.
func (c Code) Terminal(colours bool) string {
	var b strings.Builder
	for y := 0; y < len(c); y += 2 {
		if colours {
			b.WriteString("\x1b[38;5;16;48;5;231m")
		}
		for x := range c[y] {
			top, bottom := c[y][x], y+1 < len(c) && c[y+1][x]
			if !colours {
				top, bottom = !top, y+1 < len(c) && !c[y+1][x]
			}
			b.WriteString(map[[2]bool]string{{false, false}: " ", {true, false}: "▀", {false, true}: "▄", {true, true}: "█"}[[2]bool{top, bottom}])
		}
		if colours {
			b.WriteString("\x1b[0m")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// PNG draws the code as a picture, a module as scale pixels.
func (c Code) PNG(scale int) ([]byte, error) {
	img := image.NewPaletted(image.Rect(0, 0, len(c)*scale, len(c)*scale), color.Palette{color.White, color.Black})
	for y := range len(c) * scale {
		for x := range len(c) * scale {
			if c[y/scale][x/scale] {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	var b bytes.Buffer
	err := png.Encode(&b, img)
	return b.Bytes(), err
}
