package qr_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/omamori-guard/omamori/vault/qr"
)

// photo is what a camera makes of a code that lies turned by so many degrees, leant back so
// far (0: it lies flat), under a lamp at one side: blurred, noisy, as JPEG.
func photo(t *testing.T, c qr.Code, degrees, lean float64) []byte {
	t.Helper()
	const size, paper = 900, 520.0 // pixels
	noise := rand.New(rand.NewPCG(6, uint64(degrees)))
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	ink := func(x, y float64) float64 { // at a place of the picture
		x, y = x-size/2, y-size/2
		far := 1 + lean*y/size // what is leant back is smaller
		x, y = x*far, y*far
		x, y = (x*cos+y*sin)/paper+0.5, (y*cos-x*sin)/paper+0.5
		if x < 0 || y < 0 || x >= 1 || y >= 1 {
			return 0.45 // the table
		}
		if c[int(y*float64(len(c)))][int(x*float64(len(c)))] {
			return 0.12
		}
		return 0.92
	}
	img := image.NewGray(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			v := 0.0
			for _, d := range [][2]float64{{-0.6, -0.6}, {0.6, -0.6}, {-0.6, 0.6}, {0.6, 0.6}, {0, 0}} {
				v += ink(float64(x)+d[0], float64(y)+d[1]) / 5
			}
			v *= 0.6 + 0.4*float64(x)/size
			img.SetGray(x, y, color.Gray{uint8(255*v*0.95 + 8*noise.Float64())})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 75}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A photograph is read however the camera was held.
func TestPhoto(t *testing.T) {
	for name, text := range map[string]string{
		"short": "otpauth://totp/GitHub:owner?secret=JBSWY3DPEHPK3PXP&issuer=GitHub",
		"long":  "otpauth-migration://offline?data=" + fmt.Sprintf("%0400d", 7),
	} {
		c, err := qr.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, lean := range []float64{0, 0.25} {
			for _, degrees := range []float64{0, 90, 180, 270, 12, 45, 135, 350} {
				if got, err := qr.Read(photo(t, c, degrees, lean)); err != nil || len(got) != 1 || got[0] != text {
					t.Errorf("%s, turned by %v, leant by %v: %q %v", name, degrees, lean, got, err)
				}
			}
		}
	}
}
