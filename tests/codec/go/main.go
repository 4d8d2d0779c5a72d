// Asks Go's image/jpeg, github.com/nfnt/resize, github.com/disintegration/imaging and golang.org/x/image/draw for what
// test_resample_go.py keeps as goldens.
// Each line of standard input is a job, `input operation arguments`; its answer is a line with the SHA-256 of the result:
//
//	encode Q             the JPEG file of the input at quality Q
//	decode               the input's samples: Y, Cb, Cr (or grey) of each pixel, row by row
//	resize W H FILTER    nfnt's resized picture: R, G, B (Y, Cb, Cr for JPEG input; grey) of each pixel, as Go holds them
//	imaging W H FILTER   imaging's: R, G, B of each pixel, and A if any is not 255
//	draw W H SCALER      x/image/draw's: R, G, B of each pixel
//	rgb                  the input's R, G, B of each pixel, as imaging's Clone has them
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"os"
	"strconv"
	"strings"

	"github.com/disintegration/imaging"
	"github.com/nfnt/resize"
	"golang.org/x/image/draw"
)

var filters = map[string]resize.InterpolationFunction{
	"bilinear": resize.Bilinear, "bicubic": resize.Bicubic, "mitchell": resize.MitchellNetravali,
	"lanczos2": resize.Lanczos2, "lanczos3": resize.Lanczos3,
}

var imagings = map[string]imaging.ResampleFilter{
	"nearest": imaging.NearestNeighbor, "box": imaging.Box, "linear": imaging.Linear, "hermite": imaging.Hermite,
	"mitchell": imaging.MitchellNetravali, "catmull_rom": imaging.CatmullRom, "bspline": imaging.BSpline,
	"gaussian": imaging.Gaussian, "bartlett": imaging.Bartlett, "lanczos": imaging.Lanczos, "hann": imaging.Hann,
	"hamming": imaging.Hamming, "blackman": imaging.Blackman, "welch": imaging.Welch, "cosine": imaging.Cosine,
}

var scalers = map[string]draw.Scaler{
	"nearest": draw.NearestNeighbor, "approx_bilinear": draw.ApproxBiLinear, "bilinear": draw.BiLinear,
	"catmull_rom": draw.CatmullRom,
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return n
}

func open(path string) image.Image {
	data, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	read := png.Decode
	if strings.HasSuffix(path, ".jpg") {
		read = jpeg.Decode
	}
	picture, err := read(bytes.NewReader(data))
	if err != nil {
		panic(err)
	}
	return picture
}

func samples(picture image.Image) []byte {
	var out []byte
	clear := false
	if p, ok := picture.(*image.NRGBA); ok {
		clear = !p.Opaque()
	}
	for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y++ {
		for x := picture.Bounds().Min.X; x < picture.Bounds().Max.X; x++ {
			switch p := picture.(type) {
			case *image.Gray:
				out = append(out, p.GrayAt(x, y).Y)
			case *image.YCbCr:
				c := p.YCbCrAt(x, y)
				out = append(out, c.Y, c.Cb, c.Cr)
			case *image.RGBA:
				c := p.RGBAAt(x, y)
				out = append(out, c.R, c.G, c.B)
			case *image.NRGBA:
				c := p.NRGBAAt(x, y)
				out = append(out, c.R, c.G, c.B)
				if clear {
					out = append(out, c.A)
				}
			default:
				panic(fmt.Sprintf("%T", picture))
			}
		}
	}
	return out
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		job := strings.Fields(lines.Text())
		picture := open(job[0])
		var out []byte
		switch job[1] {
		case "encode":
			var file bytes.Buffer
			if err := jpeg.Encode(&file, picture, &jpeg.Options{Quality: number(job[2])}); err != nil {
				panic(err)
			}
			out = file.Bytes()
		case "decode":
			out = samples(picture)
		case "resize":
			small := resize.Resize(uint(number(job[2])), uint(number(job[3])), picture, filters[job[4]])
			out = samples(small)
		case "imaging":
			out = samples(imaging.Resize(picture, number(job[2]), number(job[3]), imagings[job[4]]))
		case "draw":
			scaled := image.NewRGBA(image.Rect(0, 0, number(job[2]), number(job[3])))
			scalers[job[4]].Scale(scaled, scaled.Rect, picture, picture.Bounds(), draw.Over, nil)
			out = samples(scaled)
		case "rgb":
			out = samples(imaging.Clone(picture))
		}
		fmt.Printf("%x\n", sha256.Sum256(out))
	}
}
