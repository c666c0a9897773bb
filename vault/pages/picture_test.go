package pages

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/omamori-guard/omamori/probe/probetest"
	"github.com/omamori-guard/omamori/vault/kit"
	"github.com/omamori-guard/omamori/vault/qr"
	"github.com/omamori-guard/omamori/words"
)

// pictures are the pages of a PDF as a printer would put them on paper.
func pictures(t *testing.T, pdf []byte, dpi string) (all [][]byte) {
	t.Helper()
	if _, err := exec.LookPath("pdftoppm"); err != nil {
		probetest.Needs(t, "poppler-utils: "+err.Error())
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "share.pdf")
	if err := os.WriteFile(path, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("pdftoppm", "-r", dpi, "-gray", "-png", path, filepath.Join(dir, "page")).CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("pdftoppm: %v, %.500s", err, out)
	}
	names, err := filepath.Glob(filepath.Join(dir, "page*.png"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b)
	}
	return all
}

// share is the PDF of one share.
func share(t *testing.T, k *kit.Kit, x int) []byte {
	t.Helper()
	pdf, err := Share(k, x, words.Japanese)
	if err != nil {
		t.Fatal(err)
	}
	return pdf
}

// TestPictures: the QR codes of the printed pages alone, each of them, restore the kit
// from three shares; two are not enough.
func TestPictures(t *testing.T) {
	t.Parallel()
	k, payload := newKit(t, 900)
	codes := 1 + (len(k.VaultLines())+kit.QRLines-1)/kit.QRLines // of a share
	var g kit.Gatherer
	for n, x := range []int{4, 2, 5} {
		lines, found := 0, 0
		for _, page := range pictures(t, share(t, k, x), "150") {
			texts, err := qr.Read(page)
			if err != nil {
				t.Fatalf("share %d: %v", x, err)
			}
			found += len(texts)
			for _, text := range texts {
				got, err := g.Scan(text)
				if lines += got; err != nil {
					t.Errorf("share %d: %v", x, err)
				}
			}
		}
		if want := 2 + len(k.VaultLines()); lines != want || found != codes {
			t.Errorf("share %d: %d of %d lines in %d of %d codes", x, lines, want, found, codes)
		}
		got, err := g.Open()
		switch few := (*kit.Problem)(nil); {
		case n < 2 && (!errors.As(err, &few) || few.Code != "few"):
			t.Errorf("%d shares are enough: %v", n+1, err)
		case n == 2 && (err != nil || !bytes.Equal(got.Payload, payload)):
			t.Errorf("three shares: %v", err)
		}
	}
}

// photograph is a picture of a page as a phone takes it: turned by so many degrees,
// its far edge shorter by a part of itself, scaled, lit unevenly, grey, and as JPEG.
func photograph(t *testing.T, page []byte, degrees, far, scale float64) []byte {
	t.Helper()
	src, err := png.Decode(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	in := src.Bounds()
	grey := image.NewGray(in)
	draw.Draw(grey, in, src, in.Min, draw.Src)
	w, h := float64(in.Dx()), float64(in.Dy())
	out := image.NewGray(image.Rect(0, 0, int(w*scale*1.15), int(h*scale*1.15)))
	cx, cy := float64(out.Bounds().Dx())/2, float64(out.Bounds().Dy())/2
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	at := func(x, y int) float64 {
		if !(image.Point{x, y}).In(in) {
			return 120 // the table
		}
		return float64(grey.GrayAt(x, y).Y)
	}
	for y := range out.Bounds().Dy() {
		for x := range out.Bounds().Dx() {
			dx, dy := (float64(x)-cx)/scale, (float64(y)-cy)/scale
			rx, ry := dx*cos+dy*sin, dy*cos-dx*sin
			narrow := 1 - far*(0.5-ry/h) // the far edge is above
			sx, sy := rx/narrow+w/2, ry+h/2
			fx, fy := math.Floor(sx), math.Floor(sy)
			ix, iy, px, py := int(fx), int(fy), sx-fx, sy-fy
			v := (at(ix, iy)*(1-px)+at(ix+1, iy)*px)*(1-py) + (at(ix, iy+1)*(1-px)+at(ix+1, iy+1)*px)*py
			light := 0.95 - 0.35*float64(x)/float64(out.Bounds().Dx())
			out.SetGray(x, y, color.Gray{uint8(20 + v*light*0.85)})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, out, &jpeg.Options{Quality: 70}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestPhotographs: every code of a page is read from a photograph that is not quite
// straight, or upside down. Of a page on its side or at 45 degrees some codes are missed,
// and all of one taken from far aside, so that its far edge is a fifth shorter: the owner is
// told which lines are missing, and takes another picture.
func TestPhotographs(t *testing.T) {
	t.Parallel()
	k, _ := newKit(t, 900)
	pages := pictures(t, share(t, k, 1), "200") // half of what phones see
	for _, c := range []struct{ degrees, far, scale float64 }{
		{2, 0, 1}, {-3, 0.05, 0.8}, {10, 0.05, 1}, {182, 0.02, 1},
	} {
		var g kit.Gatherer
		for n, page := range pages {
			texts, err := qr.Read(photograph(t, page, c.degrees, c.far, c.scale))
			if err != nil {
				t.Errorf("%+v, page %d: %v", c, n+1, err)
			}
			for _, text := range texts {
				if _, err := g.Scan(text); err != nil {
					t.Errorf("%+v, page %d: %v", c, n+1, err)
				}
			}
		}
		if s := g.State(); len(s.Have) != 1 || len(s.Missing) > 0 {
			t.Errorf("%+v: share %v, missing lines %v", c, s.Have, s.Missing)
		}
	}
}
