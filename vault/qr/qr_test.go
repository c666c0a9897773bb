package qr_test

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/vault/qr"
)

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The pictures are Debian's qrencode's.
func TestRead(t *testing.T) {
	for name, want := range map[string]string{
		"testdata/aws.png":             "otpauth://totp/Amazon%20Web%20Services:root-account",
		"testdata/japanese.png":        "otpauth://totp/%E7%99%BA",
		"testdata/inverted.png":        "otpauth://totp/GitHub:owner",
		"../google/testdata/part0.png": "otpauth-migration://offline?data=",
		"../google/testdata/part2.png": "otpauth-migration://offline?data=",
	} {
		got, err := qr.Read(read(t, name))
		if err != nil || len(got) != 1 || !strings.HasPrefix(got[0], want) {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
}

// Two codes in one picture, as a screenshot has them, and other formats.
func TestSeveral(t *testing.T) {
	page := image.NewGray(image.Rect(0, 0, 1000, 500))
	for i := range page.Pix {
		page.Pix[i] = 0xe8
	}
	for n, text := range []string{"first code", "second code, which is longer"} {
		c, err := qr.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		for y := range len(c) * 6 {
			for x := range len(c) * 6 {
				v := uint8(255)
				if c[y/6][x/6] {
					v = 0
				}
				page.SetGray(100+450*n+x, 100+y, color.Gray{v})
			}
		}
	}
	var asPNG, asJPEG, asGIF bytes.Buffer
	if err := png.Encode(&asPNG, page); err != nil {
		t.Fatal(err)
	}
	if err := jpeg.Encode(&asJPEG, page, &jpeg.Options{Quality: 60}); err != nil {
		t.Fatal(err)
	}
	if err := gif.Encode(&asGIF, page, nil); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"png": asPNG.Bytes(), "jpeg": asJPEG.Bytes(), "gif": asGIF.Bytes()} {
		if got, err := qr.Read(b); err != nil || len(got) != 2 {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
}

func TestBad(t *testing.T) {
	var blank, huge bytes.Buffer
	if err := png.Encode(&blank, image.NewGray(image.Rect(0, 0, 200, 200))); err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(&huge, image.NewGray(image.Rect(0, 0, 10, 10))); err != nil {
		t.Fatal(err)
	}
	bomb := huge.Bytes()
	copy(bomb[16:], []byte{0, 1, 0, 0, 0, 1, 0, 0}) // 65,536 pixels each way
	for _, c := range []struct {
		b    []byte
		want error
	}{
		{nil, qr.ErrNoPicture}, {[]byte("GIF89a"), qr.ErrNoPicture}, {blank.Bytes(), qr.ErrNoCode},
		{make([]byte, qr.MaxFile+1), qr.ErrTooLarge}, {read(t, "testdata/aws.png")[:100], qr.ErrNoPicture},
	} {
		if got, err := qr.Read(c.b); err != c.want {
			t.Errorf("%q %v, want %v", got, err, c.want)
		}
	}
	if _, err := qr.Read(bomb); err == nil || qr.Picture(bomb) && err != qr.ErrTooLarge {
		t.Errorf("a bomb: %v", err)
	}
	if _, err := qr.Encode(strings.Repeat("x", 3000)); err != qr.ErrTooLong {
		t.Error(err)
	}
}

// What is drawn can be read: as a picture, and from the characters of a terminal.
func TestWrite(t *testing.T) {
	const text = "otpauth://totp/発行者:a?secret=JBSWY3DPEHPK3PXP"
	c, err := qr.Encode(text)
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.PNG(4)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := qr.Read(b); err != nil || got[0] != text {
		t.Errorf("%q %v", got, err)
	}
	for _, colours := range []bool{true, false} {
		if got, err := qr.Read(screen(t, c.Terminal(colours), colours)); err != nil || got[0] != text {
			t.Errorf("colours %v: %q %v", colours, got, err)
		}
	}
	if path, err := exec.LookPath("zbarimg"); err == nil { // another reader, where there is one
		file := filepath.Join(t.TempDir(), "c.png")
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(path, "-q", "--raw", file).Output(); err != nil || strings.TrimSpace(string(out)) != text {
			t.Errorf("zbarimg: %q %v", out, err)
		}
	}
}

// screen is a picture of a terminal that shows text: on white with colours, else white
// on black.
func screen(t *testing.T, text string, colours bool) []byte {
	t.Helper()
	text = strings.NewReplacer("\x1b[38;5;16;48;5;231m", "", "\x1b[0m", "").Replace(text)
	rows := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	const size = 6
	img := image.NewGray(image.Rect(0, 0, len([]rune(rows[0]))*size, 2*len(rows)*size))
	for y, row := range rows {
		for x, r := range []rune(row) {
			for half, ink := range []bool{r == '▀' || r == '█', r == '▄' || r == '█'} {
				for i := range size * size {
					v := uint8(0)
					if ink != colours {
						v = 255
					}
					img.SetGray(x*size+i%size, (2*y+half)*size+i/size, color.Gray{v})
				}
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func FuzzRead(f *testing.F) {
	f.Add(read(f, "testdata/aws.png"))
	f.Add(read(f, "testdata/inverted.png"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if texts, err := qr.Read(b); (err == nil) != (len(texts) > 0) {
			t.Errorf("%q %v", texts, err)
		}
	})
}
