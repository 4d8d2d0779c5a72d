"""codec/resample/imagemagick.py against ImageMagick 6's convert: every 16-bit sample; then whole JPEG files.

Debian: `imagemagick` 6.9.11-60, whose Q16 build is `convert-im6.q16`.
"""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import understudy as us
from oracles import pillow, scene
from understudy.codec.resample import imagemagick
from understudy.profile import load_profile

BATTERY = Path(__file__).resolve().parents[1] / "battery"
SIZES = [
    ((97, 61), (40, 29)),
    ((97, 61), (131, 200)),
    ((33, 50), (33, 20)),
    ((60, 40), (90, 41)),
    ((7, 5), (3, 2)),
    ((1, 1), (5, 4)),
    ((5, 3), (50, 31)),
    ((64, 48), (32, 24)),
    ((90, 80), (1, 1)),
    ((97, 61), (97, 61)),
    ((300, 8), (161, 7)),
]
"""From and to, (width, height): down and up, one axis, whole and odd ratios, to and from one pixel, its own size."""
TUPLE_TYPES = {1: "GRAYSCALE", 2: "GRAYSCALE_ALPHA", 3: "RGB", 4: "RGB_ALPHA"}


def _tool() -> str:
    found = shutil.which("convert-im6.q16")
    if found is None:
        raise RuntimeError("convert-im6.q16 is not installed; these tests need ImageMagick 6 (Debian: imagemagick)")
    version = subprocess.run([found, "-version"], capture_output=True, text=True, check=True).stdout
    assert "ImageMagick 6.9." in version and " Q16 " in version and "HDRI" not in version, version
    return found


CONVERT = _tool()


def convert(data: bytes, *arguments: str) -> bytes:
    done = subprocess.run(
        [CONVERT, "-limit", "thread", "1", "-", *arguments], input=data, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def pam(pixels: Any) -> bytes:
    """Netpbm's PAM of uint8 `[H, W, 1 to 4]`."""
    height, width, depth = pixels.shape
    head = f"P7\nWIDTH {width}\nHEIGHT {height}\nDEPTH {depth}\nMAXVAL 255\nTUPLTYPE {TUPLE_TYPES[depth]}\nENDHDR\n"
    return head.encode() + np.ascontiguousarray(pixels).tobytes()


def png(pixels: Any) -> bytes:
    """A grey PNG of uint8 `[H, W, 1]`."""
    file = io.BytesIO()
    Image.fromarray(pixels[:, :, 0]).save(file, "PNG")
    return file.getvalue()


def from_pam(data: bytes) -> Any:
    head, _, body = data.partition(b"ENDHDR\n")
    field = dict(line.split(b" ", 1) for line in head.split(b"\n") if b" " in line)
    height, width, depth, top = (int(field[key]) for key in (b"HEIGHT", b"WIDTH", b"DEPTH", b"MAXVAL"))
    return np.frombuffer(body, ">u2" if top > 255 else np.uint8).reshape(height, width, depth)


def picture(size: tuple[int, int], channels: int) -> Any:
    """Where there is alpha: a part of nothing, a part of everything, all between."""
    pixels = scene(*size, channels).copy()
    if channels in (2, 4):
        pixels[: size[1] // 3, : size[0] // 3, -1] = 0
        pixels[size[1] // 2 :, size[0] // 2 :, -1] = 255
    return pixels


def resized(pixels: Any, to: tuple[int, int], kernel: str, *more: str) -> Any:
    chosen = () if kernel == "default" else ("-filter", kernel)
    if kernel == "default" and pixels.shape[2] == 1:  # a grey PNG has its filter by default, a grey PNM another
        return from_pam(convert(png(pixels), *chosen, "-resize", f"{to[0]}x{to[1]}!", *more, "pam:-"))
    return from_pam(convert(pam(pixels), *chosen, "-resize", f"{to[0]}x{to[1]}!", *more, "pam:-"))


@pytest.mark.parametrize("kernel", imagemagick.KERNELS)
def test_every_16_bit_sample_equals_convert(kernel: str) -> None:
    for i, (size, to) in enumerate(SIZES):
        for channels in (3, 4) if kernel in ("default", "lanczos") else (((3, 4, 1, 2)[i % 4]),):
            pixels = picture(size, channels)
            theirs = resized(pixels, to, kernel, "-depth", "16")
            ours = imagemagick.resize16(pixels.astype(np.uint16) * np.uint16(257), *to, kernel=kernel)
            assert np.array_equal(ours, theirs), (size, to, channels)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_8_bits_out_equal_convert(channels: int) -> None:
    for size, to in (((300, 200), (160, 90)), ((40, 203), (77, 128)), ((301, 200), (300, 199))):
        pixels = picture(size, channels)
        for kernel in ("lanczos", "catrom", "default"):
            ours = imagemagick.resize(pixels, *to, kernel=kernel)
            assert np.array_equal(ours, resized(pixels, to, kernel)), (size, to, kernel)


def test_large_pictures_equal_convert() -> None:
    pixels = scene(2304, 400, 3)
    assert np.array_equal(
        imagemagick.resize(pixels, 1600, 278, kernel="lanczos"), resized(pixels, (1600, 278), "lanczos")
    )


def test_colour_is_nothing_where_alpha_is_nothing_even_at_its_own_size() -> None:
    pixels = np.full((4, 5, 4), (10, 20, 30, 0), np.uint8)
    assert not imagemagick.resize(pixels, 5, 4, kernel="lanczos").any()
    assert np.array_equal(imagemagick.resize(pixels, 5, 4, kernel="default"), pixels)


def test_what_does_not_exist_is_refused() -> None:
    pixels = np.zeros((3, 3, 3), np.uint8)
    with pytest.raises(ValueError, match="kernel 'bicubic', expected one of default, point"):
        imagemagick.resize(pixels, 2, 2, kernel="bicubic")
    for bad in (pixels[:0], pixels[:, :0], np.zeros((3, 3, 5), np.uint8)):
        with pytest.raises(ValueError):
            imagemagick.resize(bad, 2, 2)


GREY = np.repeat(scene(61, 47, 1), 3, axis=2)
SENT = {
    "png": pillow(scene(61, 47, 3), "PNG"),
    "png with a density": pillow(scene(61, 47, 3), "PNG", dpi=(300, 300)),
    "grey png": pillow(scene(61, 47, 1), "PNG"),
    "png of grey colours": pillow(GREY, "PNG"),
    "grey png of an odd number of blocks": pillow(scene(17, 5, 1), "PNG"),
    "png with alpha": pillow(picture((61, 47), 4), "PNG"),
    "4:4:4": pillow(scene(61, 47, 3), quality=93, subsampling=0),
    "4:2:2 with a density": pillow(scene(61, 47, 3), quality=93, subsampling=1, dpi=(240, 240)),
    "4:2:0 progressive": pillow(scene(61, 47, 3), quality=70, progressive=True),
    "grey jpeg": pillow(scene(61, 47, 1), quality=70),
}


@pytest.mark.parametrize("sent", SENT)
def test_whole_files_equal_convert(sent: str) -> None:
    """The two profiles of the battery, with a limit that small pictures exceed."""
    data = SENT[sent]
    profile = load_profile(BATTERY / "im6_lanczos1600_float82.toml")
    common = ("-auto-orient", "-strip", "-filter", "Lanczos")
    for limit in (33, 2000):
        arguments = ("-resize", f"{limit}x{limit}>", "-quality", "82", "-define", "jpeg:dct-method=float")
        theirs = convert(data, *common, *arguments, "jpg:-")
        assert us.mimic(data, profile, **{"resize.limit": limit}).data == theirs, limit
    profile = load_profile(BATTERY / "im6_q85_plane420.toml")
    arguments = ("-auto-orient", "-strip", "-quality", "85", "-interlace", "Plane", "-sampling-factor", "4:2:0")
    assert us.mimic(data, profile).data == convert(data, *arguments, "jpg:-")


@pytest.mark.parametrize(
    ("quality", "dct", "sampling"),
    [
        (75, "ifast", "4:2:0"),
        (89, "ifast", "4:2:0"),
        (90, "ifast", "4:4:4"),
        (91, "islow", "4:4:4"),
        (97, "islow", "4:4:4"),
    ],
)
def test_dct_and_sampling_follow_from_quality_where_nothing_else_is_said(quality: int, dct: str, sampling: str) -> None:
    profile = load_profile(BATTERY / "im6_lanczos1600_float82.toml")
    values = {"encode.quality": quality, "encode.dct": dct, "encode.sampling": sampling}
    theirs = convert(SENT["png"], "-strip", "-quality", str(quality), "jpg:-")
    assert us.mimic(SENT["png"], profile, **values).data == theirs


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_thumbnails_are_made_of_samples(channels: int) -> None:
    """At a tenth of the area and less, from 128 samples on; elsewhere `-thumbnail` is `-resize`."""
    sampled = 0
    for size, to in (
        ((400, 400), (40, 400)), ((401, 400), (40, 400)), ((400, 400), (41, 400)), ((997, 751), (120, 90)),
        ((997, 751), (301, 207)), ((640, 480), (200, 150)), ((640, 480), (100, 75)), ((500, 400), (26, 26)),
        ((500, 400), (26, 25)), ((500, 400), (30, 22)), ((500, 400), (250, 200)), ((90, 70), (180, 140)),
    ):  # fmt: skip
        pixels = picture(size, channels)
        sent = png(pixels) if channels == 1 else pam(pixels)
        theirs = from_pam(convert(sent, "-thumbnail", f"{to[0]}x{to[1]}!", "pam:-"))
        theirs = theirs[:, :, :channels]  # it writes an opaque alpha channel of its own
        ours = imagemagick.resize(pixels, *to, thumbnail=True)
        assert np.array_equal(ours, theirs), (size, to)
        sampled += not np.array_equal(ours, imagemagick.resize(pixels, *to))
    assert sampled == 7
