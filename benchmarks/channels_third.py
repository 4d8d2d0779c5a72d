"""A third lot of channels for `unseen.py`: software that understudy had never met when they were first tried.

Node's, Java's, Rust's and C's picture packages as their documentation uses them, and recipes that sites are made with.
Software that a bare machine does not have is asked for by name when a channel is made, and the channel left out with a
line that says so:

    npm install sharp jimp pica imagescript @napi-rs/canvas @napi-rs/image @cf-wasm/photon     (and NODE_PATH there)
    pip install pygame-ce pymupdf rasterio SimpleITK skia-python ril puhu
    apt-get install libstb-dev libgdk-pixbuf-2.0-dev libthumbnailator-java libimgscalr-java netpbm php-cli php-gd

What the first look showed is told in docs/battery.md.
"""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from typing import Any

import _third_programs as programs
import numpy as np
from channels import (
    _R,
    DROPPED,
    PIL,
    STORED,
    Channel,
    Deliver,
    NoDelivery,
    command,
    php,
    pillow,
    thumbnail,
    to_longest,
    vips,
)  # fmt: skip
from channels_after import twice
from PIL import Image, ImageDraw, ImageOps


def node(how: str) -> Deliver:
    return lambda path, out: programs.node(how, path, out)


def java(how: str, width: int, quality: float) -> Deliver:
    return lambda path, out: programs.java(how, width, quality, path, out)


def compiled(name: str, side: int, quality: int) -> Deliver:
    return lambda path, out: programs._run(programs.compiled(name), str(side), str(quality), path, out)


def _rgb(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def _pymupdf(path: Path, out: Path) -> None:
    import pymupdf

    pixels = pymupdf.Pixmap(str(path))
    if pixels.alpha:
        pixels = pymupdf.Pixmap(pixels, 0)
    out.write_bytes(pixels.tobytes("jpg", jpg_quality=85))


def _pygame(path: Path, out: Path) -> None:
    import pygame

    image = pygame.image.load(str(path))
    if image.get_width() > 800:
        size = 800, image.get_height() * 800 // image.get_width()
        image = pygame.transform.smoothscale(image, size)
    pygame.image.save(image, str(out))


def _skia(path: Path, out: Path) -> None:
    import skia

    image = skia.Image.open(str(path))
    if image.width() > 900:
        size = 900, image.height() * 900 // image.width()
        image = image.resize(*size, skia.SamplingOptions(skia.CubicResampler.Mitchell()))
    out.write_bytes(bytes(image.encodeToData(skia.kJPEG, 85)))


def _rasterio(path: Path, out: Path) -> None:
    import rasterio
    from rasterio.enums import Resampling

    with rasterio.open(path) as source:
        scale = min(1.0, 800 / source.width)
        high, wide = round(source.height * scale), round(source.width * scale)
        bands = source.read([1, 2, 3], out_shape=(3, high, wide), resampling=Resampling.bilinear)
    with rasterio.open(out, "w", driver="JPEG", width=wide, height=high, count=3, dtype="uint8", QUALITY=80) as made:
        made.write(bands)
    out.with_suffix(".jpg.aux.xml").unlink(missing_ok=True)


def _itk(path: Path, out: Path) -> None:
    import SimpleITK

    image = SimpleITK.GetImageFromArray(np.asarray(_rgb(path)), isVector=True)
    SimpleITK.WriteImage(image, str(out), useCompression=True, compressionLevel=85)


def _ril(path: Path, out: Path) -> None:
    import ril

    image = ril.Image.open(str(path))
    if image.mode != "RGB":
        image = ril.Image.from_bands(*image.bands()[:3])
    if image.width > 800:
        image.resize(800, image.height * 800 // image.width, ril.ResizeAlgorithm.Lanczos3)
    image.save(str(out))


def _puhu(path: Path, out: Path) -> None:
    import puhu

    image = puhu.open(str(path))
    if image.mode != "RGB":
        raise NoDelivery("puhu saves RGB")
    if image.width > 800:
        image = image.resize((800, image.height * 800 // image.width), puhu.Resampling.LANCZOS)
    image.save(str(out))


def _netpbm(path: Path, out: Path) -> None:
    words = ["jpegtopnm"] if path.suffix == ".jpg" else ["pngtopam"]
    pixels = subprocess.run([*words, str(path)], capture_output=True, check=True).stdout
    small = subprocess.run(["pamscale", "-xyfit", "800", "800"], input=pixels, capture_output=True, check=True).stdout
    out.write_bytes(subprocess.run(["pnmtojpeg", "-quality=80"], input=small, capture_output=True, check=True).stdout)


def _easy(path: Path, out: Path) -> None:
    """What Django's thumbnailers do: turned, RGB, thumbnail, and a quality by size."""
    with Image.open(path) as opened:
        image = ImageOps.exif_transpose(opened).convert("RGB")
    image.thumbnail((1024, 1024), _R.LANCZOS)
    quality = 85 if image.width * image.height > 600_000 else 92
    image.save(out, "JPEG", quality=quality, optimize=True, progressive=True)


def _under(path: Path, out: Path) -> None:
    """Smaller and smaller quality until a file has at most 150 kB."""
    image = _rgb(path)
    image.thumbnail((1280, 1280), _R.LANCZOS)
    for quality in range(90, 10, -5):
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality)
        if buffer.tell() <= 150_000:
            break
    out.write_bytes(buffer.getvalue())


def _captioned(image: Image.Image) -> Image.Image:
    image = to_longest(1000, _R.LANCZOS)(image)
    draw = ImageDraw.Draw(image)
    x, y = image.width - 130, image.height - 28
    draw.rectangle((x, y, image.width - 8, image.height - 8), fill=(20, 20, 20))
    draw.text((x + 6, y + 4), "example.org 2026", fill=(255, 255, 255))
    return image


def _marked(image: Image.Image) -> Image.Image:
    """A half-transparent mark in the middle."""
    layer = Image.new("RGBA", image.size, (0, 0, 0, 0))
    w, h = image.size
    ImageDraw.Draw(layer).ellipse((w // 3, h // 3, 2 * w // 3, 2 * h // 3), fill=(255, 255, 255, 90))
    return Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")


def _mastodon(image: Any, path: Path) -> Any:
    """As many pixels as allowed: the sides by the square root, the size forced."""
    import pyvips

    upright = image.autorot()
    w, h = upright.width, upright.height
    if w * h <= 600_000:
        return upright
    to = round((600_000 * w / h) ** 0.5), round((600_000 * h / w) ** 0.5)
    return pyvips.Image.thumbnail(str(path), to[0], height=to[1], size="force")


_NEXTCLOUD = """
$turn = [3 => 180, 6 => -90, 8 => 90];
$exif = str_ends_with($in, '.jpg') && function_exists('exif_read_data') ? @exif_read_data($in) : [];
$turn = $turn[$exif['Orientation'] ?? 1] ?? 0;
if ($turn) $image = imagerotate($image, $turn, 0);
$w = imagesx($image); $h = imagesy($image); $s = min(1, 1024 / max($w, $h));
if ($s < 1) { $n = imagecreatetruecolor((int)round($w * $s), (int)round($h * $s));
imagecopyresampled($n, $image, 0, 0, 0, 0, imagesx($n), imagesy($n), $w, $h); $image = $n; }
"""

_WIDTH: dict[str, object] = {"resize.fit": "width"}
JS: dict[str, object] = {"encode.dct": "jpeg-js"}
JAVA: dict[str, object] = {
    "encode.dct": "islow", "encode.law": {"annex-k", "java-imageio"}, "orient.apply": False,
}  # fmt: skip
"""The two laws have the same tables at most qualities."""

STORY = """Thirty-five, made when the others were done: packages of Node, Java, Rust, C and Python that understudy
had not met, and recipes that sites are made with. First tried on 2026-11-22 on smaller cuts of the same eleven
photographs (0.4 to 1.6 megapixels), before anything was mended: byte-identical on all test files in 7 of 35
channels, at least 99 % of the coefficients in 14; wrong guesses, marked as such, in 11; no crash, no refusal; two
claims were false: stb_image_write's float DCT was told as jpegli's without adaptive quantisation (1.6 % of the
coefficients of exactly known samples differed, where one would have been disproof), and GDAL's bilinear as
ImageMagick's triangle (2e-4 differed).

Mended since, in general: an encoder that leaves differences in every lossless picture of its own size is a guess,
unless they all lie in one place; so are parts of an encoder that the rest of it blurs; a library's resampling is
identified only where one resized pair comes out whole (sharpened ones, and libraries whose form here is not exact,
as before). And learned, bit for bit against the software itself: Rust's image crate (encoders of two generations,
resampling), Java's Graphics2D (bilinear, bicubic), Jimp's resize. A second look at ten of them, on the same small
cuts:

| channel | first look: test bytes identical | coefficients | second look: bytes | coefficients |
| --- | ---: | ---: | ---: | ---: |
| Java Graphics2D, bilinear to 900 | 1 of 5 | 99.60 % | 4 of 5 | 99.95 % |
| Java Graphics2D, bicubic to 1000 | 1 of 5 | 95.14 % | 4 of 5 | 99.91 % |
| imgscalr QUALITY 800 | 0 of 5 | 98.28 % | 4 of 5 | 99.89 % |
| photon (Rust's image), lanczos 800 | 0 of 5 | 98.33 % | 2 of 5 | 99.80 % |
| @napi-rs/image (Rust's image) 900 | 0 of 5 | 99.31 % | 1 of 5 | 99.76 % |
| ImageScript 800 | 0 of 5 | 97.85 % | 2 of 5 | 99.82 % |
| Jimp, default resize to 800 | 1 of 5 | 98.94 % | 1 of 5 | 98.94 % |
| stb_image_write behind stb_image_resize | 0 of 5, a false claim | 97.78 % | 0 of 5, a guess | 97.78 % |
| GDAL's bilinear to 800 | 0 of 5, a false claim | 99.99 % | 0 of 5, a guess | 99.996 % |
| Thumbnailator 800 (halves first) | 0 of 5 | 94.13 % | 1 of 5 | 93.36 % |

What is missing there: the JPEG decoders of jpeg-js, of Rust's crates and of stb, without which JPEGs that Jimp,
photon or @napi-rs/image made smaller do not come out whole; Java's ICC arithmetic (one picture of five, it seems);
resizing in halves; the Huffman codes of PyMuPDF and SimpleITK (every coefficient right, no file).
"""
"""What the first look showed."""

THIRD: tuple[Channel, ...] = (
    # Node
    Channel("sharp_web1200", "sharp: rotate, width 1200 without enlargement, quality 80, mozjpeg", node("sharp_web"),
            _WIDTH | {"orient.apply": True, "resize.limit": 1200, "resize.code": "vips", "resize.kernel": "lanczos3",
                      "resize.upscale": False, "encode.quantizer": "mozjpeg-trellis", "encode.quality": 80}),
    Channel("sharp_inside900", "sharp: fit inside 900 x 900, sharpen(), flatten on white, quality 85, progressive",
            node("sharp_inside"),
            {"orient.apply": False, "resize.limit": 900, "resize.code": "vips", "resize.kernel": "lanczos3",
             "encode.quality": 85, "flatten.background": (255, 255, 255)}),
    Channel("sharp_normalise1000", "sharp: rotate, width 1000, normalise(), withMetadata", node("sharp_normalise"),
            {"orient.apply": True, "resize.limit": 1000, "encode.quality": 82}, known=False),
    Channel("jimp_width800", "Jimp: resize to width 800 (its default, bilinear), quality 80", node("jimp_width"),
            JS | _WIDTH | {"orient.apply": True, "resize.limit": 800, "encode.quality": 80,
                           "resize.code": {"jimp", "fitted"}}, known=False),
    Channel("jimp_bicubic700", "Jimp: resize to width 700, bicubic, quality 85", node("jimp_bicubic"),
            JS | _WIDTH | {"orient.apply": True, "resize.limit": 700, "encode.quality": 85,
                           "resize.code": {"jimp", "fitted"}}, known=False),
    Channel("napi_canvas1000", "@napi-rs/canvas: drawImage to width 1000, encode jpeg 80", node("napi_canvas"),
            _WIDTH | {"resize.limit": 1000, "encode.quality": 80, "resize.code": {"skia", "fitted"}}),
    Channel("napi_image900", "@napi-rs/image (Rust's image): width 900, Lanczos3, jpeg 80", node("napi_image"),
            _WIDTH | {"resize.limit": 900, "encode.quality": 80, "resize.code": {"rust_image", "fitted"}}, known=False),
    Channel("photon_lanczos800", "photon (Rust's image in WebAssembly): width 800, Lanczos3, jpeg 80", node("photon"),
            _WIDTH | {"resize.limit": 800, "encode.quality": 80, "resize.code": {"rust_image", "fitted"}}, known=False),
    Channel("imagescript800", "ImageScript: width 800, jpeg 80", node("imagescript"),
            _WIDTH | {"resize.limit": 800, "encode.quality": 80}, known=False),
    Channel("pica800", "pica's resizeBuffer to width 800, between jpeg-js's decoder and encoder, quality 85",
            node("pica"), JS | _WIDTH | {"resize.limit": 800, "encode.quality": 85, "orient.apply": False},
            known=False),
    # Java
    Channel("java_bilinear900", "Java: Graphics2D bilinear in one step to width 900, ImageIO 0.8",
            java("bilinear", 900, 0.8), JAVA | _WIDTH | {"resize.limit": 900, "resize.code": {"java2d", "fitted"}},
            known=False),
    Channel("java_bicubic1000", "Java: Graphics2D bicubic in one step to width 1000, ImageIO 0.85",
            java("bicubic", 1000, 0.85), JAVA | _WIDTH | {"resize.limit": 1000, "resize.code": {"java2d", "fitted"}},
            known=False),
    Channel("java_steps500", "Java: Graphics2D bilinear, halved until width 500, ImageIO 0.75",
            java("steps", 500, 0.75), JAVA | _WIDTH | {"resize.limit": 500}, known=False),
    Channel("thumbnailator800", "Thumbnailator: size 800 x 800, output quality 0.85", java("thumbnailator", 800, 0.85),
            {"encode.law": "java-imageio"}, known=False),
    Channel("imgscalr800", "imgscalr: QUALITY, 800, ImageIO 0.9", java("imgscalr", 800, 0.9),
            JAVA | {"resize.limit": 800}, known=False),
    # C
    Channel("stb_q80", "stb: stb_image, stb_image_write quality 80", compiled("stb", 0, 80),
            {"resize": False, "orient.apply": False}, known=False),
    Channel("stb_resize800", "stb: stb_image, stb_image_resize to width 800, stb_image_write quality 95",
            compiled("stb", 800, 95), _WIDTH | {"resize.limit": 800, "orient.apply": False,
                                                "resize.code": {"stb", "fitted"}}, known=False),
    Channel("gdk_pixbuf900", "gdk-pixbuf: scale_simple to width 900, bilinear, quality 85", compiled("gdk", 900, 85),
            _WIDTH | {"resize.limit": 900, "encode.quality": 85, "resize.code": {"gdk_pixbuf", "fitted"}}, known=False),
    Channel("netpbm800", "netpbm: pamscale -xyfit 800 800, pnmtojpeg -quality=80", _netpbm,
            {"resize.limit": 800, "encode.quality": 80, "resize.upscale": True}, known=False),
    # Python
    Channel("pymupdf_q85", "PyMuPDF: Pixmap.tobytes('jpg', 85)", _pymupdf, {"resize": False, "encode.quality": 85}),
    Channel("pygame_smooth800", "pygame: smoothscale to width 800, image.save", _pygame,
            _WIDTH | {"resize.limit": 800}, known=False),
    Channel("skia_mitchell900", "skia-python: Mitchell to width 900, encodeToData jpeg 85", _skia,
            _WIDTH | {"resize.limit": 900, "encode.quality": 85}, known=False),
    Channel("rasterio_bilinear800", "rasterio (GDAL): read at width 800, bilinear; JPEG driver, QUALITY 80", _rasterio,
            _WIDTH | {"resize.limit": 800, "encode.quality": 80}, known=False),
    Channel("itk_q85", "SimpleITK: WriteImage, compression level 85", _itk, {"resize": False, "encode.quality": 85}),
    Channel("ril_lanczos800", "ril (Rust): width 800, Lanczos3, its JPEG defaults", _ril,
            _WIDTH | {"resize.limit": 800}, known=False),
    Channel("puhu_lanczos800", "puhu (Rust's image): width 800, Lanczos, its JPEG defaults", _puhu,
            _WIDTH | {"resize.limit": 800}, known=False),
    # recipes
    Channel("pil_easy_thumbnails", "Django's way: exif_transpose, RGB, thumbnail 1024, progressive; quality by size",
            _easy, PIL | DROPPED | {"orient.apply": True, "resize.limit": 1024, "resize.code": "pillow",
                                    "resize.kernel": "lanczos", "encode.quality": "rule"}),
    Channel("pil_under_150k", "Pillow: thumbnail 1280, quality from 90 down until at most 150 kB", _under,
            PIL | STORED | {"resize.limit": 1280, "resize.code": "pillow", "resize.kernel": "lanczos"}, known=False),
    Channel("pil_two_stages", "Pillow: the upload stored at 1600, q95; the thumbnail 640 of that, q80",
            twice(pillow(thumbnail(1600, resample=_R.LANCZOS), upright=True, quality=95),
                  pillow(thumbnail(640, resample=_R.LANCZOS, reducing_gap=None), quality=80)),
            {"orient.apply": True, "resize.limit": 640, "encode.quality": 80}),
    Channel("pil_stored_q95", "Pillow: the upload stored at q95 and its size; the delivery of that at 900, q75",
            twice(pillow(upright=True, quality=95), pillow(to_longest(900, _R.LANCZOS), quality=75)),
            {"orient.apply": True, "resize.limit": 900, "resize.code": "pillow", "resize.kernel": "lanczos",
             "encode.quality": 75}),
    Channel("pil_caption1000", "Pillow: longest side 1000, Lanczos, a caption in the corner, quality 85",
            pillow(_captioned, quality=85), PIL | STORED | {"resize.limit": 1000, "encode.quality": 85}, known=False),
    Channel("pil_watermark", "Pillow: a half-transparent mark in the middle, quality 88",
            pillow(_marked, quality=88), {"resize": False, "encode.quality": 88, "encode.dct": "islow"}, known=False),
    Channel("php_nextcloud1024", "PHP GD: EXIF turned by imagerotate, longest side 1024 resampled, quality 80",
            php(_NEXTCLOUD, 80), {"resize.limit": 1024, "resize.code": "gd", "resize.kernel": "resampled",
                                  "encode.quality": 80}),
    Channel("vips_pixels600k", "libvips: thumbnail to 600,000 pixels, size forced, Q 85",
            vips(_mastodon, Q=85, keep="none"),
            PIL | {"orient.apply": True, "resize.fit": "pixels", "resize.limit": 600_000, "resize.code": "vips"}),
    Channel("jpegoptim_size", "jpegoptim --size=120k, JPEG only",
            command("bash", "-c", 'jpegoptim -q --size=120k --stdout "$0" > "$1"', "IN", "OUT", jpeg_only=True),
            {"resize": False}, known=False),
)  # fmt: skip
