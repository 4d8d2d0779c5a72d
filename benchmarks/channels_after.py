"""Further channels for `unseen.py`, thought up after `learn` had been worked on with those of `channels.py`.

Of kinds that a stranger might ask: other sizes, filters, qualities, orders, two programs in a row, settings that no
profile can have. None was looked at before its first trial; what that showed is told in docs/battery.md.
"""

from __future__ import annotations

import io
import os
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from channels import (
    _R,
    DROPPED,
    PIL,
    STORED,
    WHITE,
    WHOLE,
    Channel,
    Deliver,
    NoDelivery,
    _simplejpeg,
    arrays,
    command,
    im6,
    php,
    pillow,
    thumbnail,
    to_longest,
    vips,
    vips_resize,
    vips_thumbnail,
)  # fmt: skip
from PIL import Image, ImageOps


def as_it_was(**save: Any) -> Deliver:
    """Pillow's save of a JPEG with quality "keep": its tables and sampling again."""

    def deliver(path: Path, out: Path) -> None:
        with Image.open(path) as image:
            if image.format != "JPEG":
                raise NoDelivery('quality "keep" is for JPEGs')
            image.save(out, "JPEG", quality="keep", **save)

    return deliver


def with_metadata(**save: Any) -> Deliver:
    """Pillow's save with the sent EXIF and ICC profile and a comment."""

    def deliver(path: Path, out: Path) -> None:
        with Image.open(path) as image:
            kept = {k: image.info[k] for k in ("exif", "icc_profile") if image.info.get(k)}
            image.convert("RGB").save(out, "JPEG", **kept, **save)

    return deliver


def opencv(to: Callable[[Any, Any], Any], *flags: int, grey: bool = False) -> Deliver:
    """OpenCV: imread, `to` of the module and the picture, imwrite."""

    def deliver(path: Path, out: Path) -> None:
        import cv2

        cv2.setNumThreads(1)
        image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR)
        cv2.imwrite(str(out), to(cv2, image), list(flags))

    return deliver


def cv_width(width: int, kernel: str) -> Callable[[Any, Any], Any]:
    """imutils' way: a width, dsize with the height cut."""

    def to(cv2: Any, image: Any) -> Any:
        height, wide = image.shape[:2]
        size = width, int(height * (width / wide))
        return cv2.resize(image, size, interpolation=getattr(cv2, f"INTER_{kernel}")) if wide > width else image

    return to


def twice(first: Deliver, second: Deliver, suffix: str = ".jpg") -> Deliver:
    """What the second program makes of what the first delivered."""

    def deliver(path: Path, out: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            between = Path(folder) / f"{path.stem}{suffix}"
            first(path, between)
            second(between, out)

    return deliver


GO = """package main

import (
    "image"
    "image/jpeg"
    _ "image/png"
    "os"
    "strconv"

    "github.com/disintegration/imaging"
    "golang.org/x/image/draw"
)

func main() {
    how := os.Args[1]
    side, _ := strconv.Atoi(os.Args[2])
    quality, _ := strconv.Atoi(os.Args[3])
    in, _ := os.Open(os.Args[4])
    img, _, err := image.Decode(in)
    if err != nil {
        panic(err)
    }
    b := img.Bounds()
    scalers := map[string]draw.Scaler{
        "catmullrom": draw.CatmullRom, "approx": draw.ApproxBiLinear, "bilinear": draw.BiLinear,
    }
    filters := map[string]imaging.ResampleFilter{"imaging": imaging.Lanczos, "imaging_cubic": imaging.CatmullRom}
    if filter, ok := filters[how]; ok {
        img = imaging.Fit(img, side, side, filter)
    } else if how == "fill" {
        img = imaging.Fill(img, side, side*5/7, imaging.Center, imaging.Lanczos)
    } else if k := scalers[how]; k != nil && b.Dx() > side {
        to := image.NewRGBA(image.Rect(0, 0, side, b.Dy()*side/b.Dx()))
        k.Scale(to, to.Rect, img, b, draw.Over, nil)
        img = to
    }
    out, _ := os.Create(os.Args[5])
    if err := jpeg.Encode(out, img, &jpeg.Options{Quality: quality}); err != nil {
        panic(err)
    }
    out.Close()
}
"""


@cache
def _go_program() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="understudy-go-"))
    (folder / "main.go").write_text(GO)
    environment = os.environ | {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode"}
    subprocess.run(
        ["go", "build", "-o", "deliver", "main.go"], cwd=folder, env=environment, capture_output=True, check=True
    )
    return folder / "deliver"


def go(how: str, side: int, quality: int) -> Deliver:
    """Go's image/jpeg, golang.org/x/image/draw or disintegration/imaging (Debian's packages of them)."""

    def deliver(path: Path, out: Path) -> None:
        subprocess.run([_go_program(), how, str(side), str(quality), path, out], capture_output=True, check=True)

    return deliver


def _jpeg8(**options: Any) -> Callable[[np.ndarray], bytes]:
    def encode(pixels: np.ndarray) -> bytes:
        import imagecodecs

        made: bytes = imagecodecs.jpeg8_encode(pixels, **options)
        return made

    return encode


def _flat(image: Any, path: Path) -> Any:
    return image.flatten(background=[255, 255, 255]) if image.hasalpha() else image


def _pillow_jpeg(**save: Any) -> Deliver:
    def deliver(path: Path, out: Path) -> None:
        with Image.open(path) as image:
            buffer = io.BytesIO()
            image.convert("RGB").save(buffer, "JPEG", **save)
            out.write_bytes(buffer.getvalue())

    return deliver


IN_GO = {"orient.apply": False, "encode.color": "go", "decode.decoder": "go"}
GO_DRAW = IN_GO | {"resize.code": "go_draw", "resize.fit": "width", "decode.to_rgb": False}
GO_IMAGING = IN_GO | {"resize.code": "imaging", "decode.to_rgb": True}

STORY = """These were made when `learn` had been worked on with those above, and tried on 2026-11-22. At that first
look eight of 31 went wrong in general ways, which were mended, so what follows is their second look:
a picture made grey before its resize was taken for one that Go had decoded (98.0 % of coefficients, a false claim), and
so was what ffmpeg had decoded; white borders were told as "another picture", and one pair slipped through; a scale of
1/3 was no size rule (0 %); OpenCV's INTER_LINEAR_EXACT was taken for INTER_LINEAR, as the nearest (95.0 %); its 3 x 3
Gaussian blur was a fitted filter (95.9 %); a float DCT was not seen behind a resize of JPEGs that nothing explained,
though a PNG's was (ImageMagick's -thumbnail of much larger pictures still is not explained); a kernel fit that ended in
no kernel was a crash.
"""
"""What the first look showed."""

AFTER: tuple[Channel, ...] = (
    # Pillow
    Channel("pil_keep_tables", 'Pillow, quality "keep" of JPEGs, optimize', as_it_was(optimize=True),
            {"resize": False, "encode.dct": "islow"}),
    Channel("pil_web_high", "Pillow, quality 'web_high': Photoshop's tables, metadata kept, a comment, restarts",
            with_metadata(quality="web_high", comment=b"made by a test", restart_marker_rows=2),
            {"resize": False, "encode.dct": "islow", "orient.apply": False}),
    Channel("pil_gap_bicubic640", "Pillow, width 640, bicubic with reducing_gap 3, 4:2:2, progressive",
            pillow(lambda image: image.resize((640, round(image.height * 640 / image.width)), _R.BICUBIC,
                                              reducing_gap=3.0) if image.width > 640 else image,
                   quality=77, subsampling=1, progressive=True),
            PIL | STORED | {"resize.limit": 640, "resize.fit": "width", "resize.code": "pillow",
                            "resize.kernel": "bicubic", "encode.sampling": "4:2:2"}),
    Channel("pil_grey_thumb", "Pillow, on white, convert('L'), thumbnail 720, quality 85",
            pillow(thumbnail(720, resample=_R.LANCZOS), white=True, mode="L", quality=85),
            {"resize.limit": 720, "resize.code": "pillow", "resize.kernel": "lanczos"}),
    Channel("pil_upscale2000", "Pillow, longest side 2000, also of smaller pictures, bicubic",
            pillow(lambda image: ImageOps.contain(image, (2000, 2000), _R.BICUBIC), quality=80),
            PIL | STORED | {"resize.limit": 2000, "resize.code": "pillow", "resize.kernel": "bicubic",
                            "resize.upscale": True}),
    Channel("pil_then_cjpeg", "Pillow, longest side 1024, quality 90; then djpeg | cjpeg -quality 75",
            twice(pillow(to_longest(1024, _R.LANCZOS), quality=90),
                  command("cjpeg", "-quality", "75", "-outfile", "OUT", via_ppm="djpeg")),
            {"resize.limit": 1024, "resize.code": "pillow", "resize.kernel": "lanczos", "encode.quality": 75}),
    # OpenCV
    Channel("cv_half_area", "OpenCV, fx = fy = 0.5, INTER_AREA, quality 87, optimized",
            opencv(lambda cv2, image: cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
                   1, 87, 3, 1),
            PIL | {"orient.apply": True, "encode.quality": 87}),
    Channel("cv_area640_split", "OpenCV, width 640 by INTER_AREA, luma quality 90, chroma quality 60, 4:2:2 asked",
            opencv(cv_width(640, "AREA"), 5, 90, 6, 60, 7, 0x211111),
            PIL | WHOLE | {"orient.apply": True, "resize.fit": "width", "resize.limit": 640, "resize.code": "opencv",
                           "resize.kernel": "area"}),
    Channel("cv_nearest720_440", "OpenCV, width 720 by INTER_NEAREST, 4:4:0", opencv(cv_width(720, "NEAREST"),
            1, 83, 7, 0x121111), PIL | WHOLE | {"orient.apply": True, "resize.fit": "width", "resize.limit": 720,
            "resize.kernel": {"nearest", "resized"}, "encode.sampling": "4:4:0"}),
    Channel("cv_exact900", "OpenCV, width 900 by INTER_LINEAR_EXACT", opencv(cv_width(900, "LINEAR_EXACT")),
            PIL | WHOLE | {"orient.apply": True, "resize.fit": "width", "resize.limit": 900, "resize.code": "opencv",
                           "resize.kernel": "linear_exact"}),
    Channel("cv_blur", "OpenCV, GaussianBlur 3 x 3 before the encoder",
            opencv(lambda cv2, image: cv2.GaussianBlur(image, (3, 3), 0), 1, 90),
            PIL | {"resize": False, "orient.apply": True, "encode.quality": 90}),
    # libvips
    Channel("vips_mitchell850", "libvips, on white, resize by one scale, Mitchell, subsample off, Q 88",
            vips(lambda image, path: vips_resize(850, "mitchell")(_flat(image, path), path), Q=88, subsample_mode="off",
                 keep="none"),
            PIL | WHOLE | STORED | WHITE | {"resize.code": "vips", "resize.kernel": "mitchell",
                                            "encode.sampling": "4:4:4", "resize.limit": 850}),
    Channel("vips_thumb_icc_moz", "libvips thumbnail 640 with export profile sRGB, trellis, optimised, Q 78",
            vips(vips_thumbnail(640, export_profile="srgb"), Q=78, trellis_quant=True, optimize_coding=True,
                 keep="icc"),
            {"orient.apply": True, "color.icc": "srgb", "resize.limit": 640, "resize.code": "vips",
             "resize.kernel": "lanczos3", "encode.quantizer": "mozjpeg-trellis"}),
    Channel("vips_linear_down3", "libvips resize by 1/3, linear kernel, restart interval 4 (8.18), Q 70",
            vips(lambda image, path: image.resize(1 / 3, kernel="linear"), Q=70, restart_interval=4, keep="none"),
            PIL | STORED | {"resize.code": "vips", "resize.kernel": "linear", "encode.quality": 70}),
    # encoders alone
    Channel("simplejpeg_440", "simplejpeg, 4:4:0, quality 70", arrays(_simplejpeg(quality=70, colorsubsampling="440")),
            STORED | DROPPED | {"resize": False, "encode.sampling": "4:4:0", "encode.quality": 70}),
    Channel("imagecodecs_smoothed", "imagecodecs.jpeg8_encode, level 80, smoothing 30",
            arrays(_jpeg8(level=80, smoothing=30)), STORED | {"resize": False, "encode.quality": 80}, known=False),
    Channel("cjpeg_arithmetic", "djpeg | cjpeg -arithmetic: no profile can have that",
            command("cjpeg", "-arithmetic", "-quality", "80", "-outfile", "OUT", via_ppm="djpeg"),
            refuses="arithmetic"),
    Channel("cjpeg_rgb_qslots", "djpeg | cjpeg -rgb -quality 90,70 -qslots 0,1,1: RGB stored",
            command("cjpeg", "-rgb", "-quality", "90,70", "-qslots", "0,1,1", "-outfile", "OUT", via_ppm="djpeg"),
            {"resize": False, "encode.dct": "islow", "encode.color": "rgb"}),
    Channel("djpeg_plain_fast", "djpeg -dct fast -nosmooth | cjpeg -quality 85, JPEG only",
            command("bash", "-c", 'djpeg -dct fast -nosmooth "$0" | cjpeg -quality 85 -outfile "$1"', "IN", "OUT",
                    jpeg_only=True),
            {"resize": False, "encode.dct": "islow", "decode.upsampling": "plain"}),
    Channel("jpegtran_progressive", "jpegtran -copy none -progressive, JPEG only",
            command("bash", "-c", 'jpegtran -copy none -progressive -outfile "$1" "$0"', "IN", "OUT", jpeg_only=True),
            {"resize": False}),
    # ImageMagick, GraphicsMagick
    Channel("im_half_catrom", "ImageMagick 6 -auto-orient -filter Catrom -resize 50% -strip -quality 76",
            im6("-auto-orient", "-filter", "Catrom", "-resize", "50%", "-strip", "-quality", "76"),
            {"orient.apply": True, "resize.code": "imagemagick", "resize.kernel": "catrom", "encode.quality": 76}),
    Channel("im_web_recipe", "ImageMagick 6, the recipe of the web: Triangle, support 2, thumbnail, unsharp, posterize",
            im6("-filter", "Triangle", "-define", "filter:support=2", "-thumbnail", "700x700>", "-unsharp",
                "0.25x0.25+8+0.065", "-dither", "None", "-posterize", "136", "-quality", "82", "-define",
                "jpeg:fancy-upsampling=off", "-interlace", "none", "-colorspace", "sRGB", "-strip"),
            {"encode.quality": 82, "resize.limit": 700, "resize.code": {"imagemagick", "fitted"}}, known=False),
    Channel("im_jpeg_size", "ImageMagick 6 -define jpeg:size=800x800, -thumbnail 400x400>, -interlace Plane, float DCT",
            command("convert-im6.q16", "-define", "jpeg:size=800x800", "IN", "-thumbnail", "400x400>", "-interlace",
                    "Plane", "-define", "jpeg:dct-method=float", "-quality", "80", "OUT"),
            {"resize.limit": 400, "resize.code": "imagemagick", "encode.dct": "float", "encode.quality": 80}),
    Channel("gm_mitchell_line", "GraphicsMagick -filter Mitchell -resize 640x640> -interlace Line -quality 87",
            command("gm", "convert", "IN", "-filter", "Mitchell", "-resize", "640x640>", "-interlace", "Line",
                    "-quality", "87", "OUT"),
            {"orient.apply": False, "encode.quality": 87, "resize.limit": 640, "resize.code": "graphicsmagick",
             "resize.kernel": "mitchell"}),
    # others
    Channel("php_resized500", "PHP GD, imagecopyresized to width 500, interlaced, quality 90",
            php("""$w = imagesx($image); $h = imagesy($image);
                if ($w > 500) { $n = imagecreatetruecolor(500, (int)round($h * 500 / $w));
                imagecopyresized($n, $image, 0, 0, 0, 0, 500, imagesy($n), $w, $h); $image = $n; }
                imageinterlace($image, true);""", 90),
            {"orient.apply": False, "resize.limit": 500, "resize.fit": "width", "resize.code": "gd",
             "resize.kernel": "resized", "encode.quality": 90}),
    Channel("php_scale_bicubic600", "PHP GD, imagescale to width 600, IMG_BICUBIC (which filters rows alone)",
            php("if (imagesx($image) > 600) $image = imagescale($image, 600, -1, IMG_BICUBIC);", 85),
            {"orient.apply": False, "resize.limit": 600, "resize.fit": "width"}, known=False),
    Channel("go_catmullrom900", "Go, x/image/draw CatmullRom to width 900, quality 85", go("catmullrom", 900, 85),
            GO_DRAW | {"resize.limit": 900, "resize.kernel": "catmull_rom", "encode.quality": 85}),
    Channel("go_bilinear700", "Go, x/image/draw BiLinear to width 700, quality 82", go("bilinear", 700, 82),
            GO_DRAW | {"resize.limit": 700, "resize.kernel": "bilinear", "encode.quality": 82}),
    Channel("go_imaging_fit800", "Go, disintegration/imaging Fit 800 x 800, Lanczos, quality 90",
            go("imaging", 800, 90),
            GO_IMAGING | {"resize.limit": 800, "resize.kernel": "lanczos", "encode.quality": 90}),
    Channel("go_imaging_cubic800", "Go, disintegration/imaging Fit 800 x 800, CatmullRom, quality 75",
            go("imaging_cubic", 800, 75),
            GO_IMAGING | {"resize.limit": 800, "resize.kernel": "catmull_rom", "encode.quality": 75}),
    Channel("go_plain", "Go, image/jpeg alone, quality 75", go("plain", 0, 75),
            {"orient.apply": False, "resize": False, "encode.quality": 75, "encode.color": "go"}),
    Channel("ffmpeg_q5", "ffmpeg -q:v 5 without a resize", command("ffmpeg", "-v", "error", "-y", "-i", "IN", "-q:v",
            "5", "-pix_fmt", "yuvj420p", "OUT"), {"resize": False}, known=False),
)  # fmt: skip
