// Asks Go's image/jpeg and github.com/nfnt/resize for what test_resample_go.py keeps as goldens.
// Each line of standard input is a job, `input operation arguments`; its answer is a line with the SHA-256 of the result:
//
//	encode Q             the JPEG file of the input at quality Q
//	decode               the input's samples: Y, Cb, Cr (or grey) of each pixel, row by row
//	resize W H FILTER    the resized picture: R, G, B (Y, Cb, Cr for JPEG input; grey) of each pixel, as Go holds them
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

	"github.com/nfnt/resize"
)

var filters = map[string]resize.InterpolationFunction{
	"bilinear": resize.Bilinear, "bicubic": resize.Bicubic, "mitchell": resize.MitchellNetravali,
	"lanczos2": resize.Lanczos2, "lanczos3": resize.Lanczos3,
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
		}
		fmt.Printf("%x\n", sha256.Sum256(out))
	}
}
