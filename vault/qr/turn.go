package qr

import (
	"image"
	"image/color"
	"math"
)

// smallSide is how long the longer side of a picture is that is looked at once more, in
// pixels: the largest code of a screen has 177 modules, and a photograph's noise is less.
const smallSide = 1200

// shrunk is a picture in grey, with a longer side of at most smallSide: each pixel is the
// mean of those that it stands for.
func shrunk(picture image.Image) *image.Gray {
	from := picture.Bounds()
	n := (max(from.Dx(), from.Dy()) + smallSide - 1) / smallSide
	to := image.NewGray(image.Rect(0, 0, max(1, from.Dx()/n), max(1, from.Dy()/n)))
	for y := range to.Rect.Dy() {
		for x := range to.Rect.Dx() {
			sum, count := 0, 0
			for dy := range n {
				for dx := range n {
					at := image.Pt(from.Min.X+x*n+dx, from.Min.Y+y*n+dy)
					if at.In(from) {
						sum += int(color.GrayModel.Convert(picture.At(at.X, at.Y)).(color.Gray).Y)
						count++
					}
				}
			}
			to.Pix[y*to.Stride+x] = uint8(sum / count)
		}
	}
	return to
}

// turned is a picture turned about its middle, whole, on white.
func turned(from *image.Gray, degrees float64) *image.Gray {
	if degrees == 0 {
		return from
	}
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	w, h := float64(from.Rect.Dx()), float64(from.Rect.Dy())
	toW, toH := w*math.Abs(cos)+h*math.Abs(sin), w*math.Abs(sin)+h*math.Abs(cos)
	to := image.NewGray(image.Rect(0, 0, int(toW), int(toH)))
	at := func(x, y int) float64 {
		if x < 0 || y < 0 || x >= from.Rect.Dx() || y >= from.Rect.Dy() {
			return 255
		}
		return float64(from.Pix[y*from.Stride+x])
	}
	for y := range to.Rect.Dy() {
		for x := range to.Rect.Dx() {
			dx, dy := float64(x)-toW/2, float64(y)-toH/2
			fx, fy := dx*cos+dy*sin+w/2, dy*cos-dx*sin+h/2
			ix, iy := int(math.Floor(fx)), int(math.Floor(fy))
			rx, ry := fx-float64(ix), fy-float64(iy)
			top := at(ix, iy)*(1-rx) + at(ix+1, iy)*rx
			low := at(ix, iy+1)*(1-rx) + at(ix+1, iy+1)*rx
			to.Pix[y*to.Stride+x] = uint8(top*(1-ry) + low*ry)
		}
	}
	return to
}
