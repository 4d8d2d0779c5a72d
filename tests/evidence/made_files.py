"""Files by encoders from wheels and from Debian, each with what was asked for: what `inspect` is held against.

`wheels()` needs the project's oracles alone; `programs()` the programs cjpeg, ffmpeg and ImageMagick's convert, each
only where it is installed (the benchmark says which were).
"""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import jpeglib
import numpy as np
import pyjpegli
import pyvips
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

SEQUENTIAL, PROGRESSIVE = "libjpeg-sequential", "libjpeg-progressive"
"""Identifiers of encoders.toml."""
JPEGLIB = ("6b", "7", "8", "8d", "9", "9e", "9f", "turbo120", "turbo210", "mozjpeg101", "mozjpeg201")
"""Versions of jpeglib that write libjpeg's files; mozjpeg's 1.0 and 2.0 do too (facts: encoders)."""
QUALITIES = (30, 60, 75, 85, 92, 97)


@dataclass(frozen=True)
class Made:
    """One file and what its encoder was asked for."""

    encoder: str
    setting: str
    data: bytes
    family: str
    """The identifier in encoders.toml of the class that the encoder belongs to with this setting."""
    laws: tuple[str, ...]
    """The law of the tables, by the encoder's documentation; more than one where they give the same."""
    quality: int


def picture(width: int = 120, height: int = 88, seed: int = 0) -> Pixels:
    """Slopes, edges and texture."""
    y, x = np.mgrid[:height, :width].astype(np.int64)
    rng = np.random.default_rng(seed)
    planes = [
        (x * (2 + c) + y * (3 - c)) // 2 % 190 + 40 * ((x // 13 + y // 9 + c + seed) % 2) + rng.integers(0, 24, x.shape)
        for c in range(3)
    ]
    return np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)


def wheels() -> Iterator[Made]:
    """Pillow, OpenCV, libvips plain and with mozjpeg's parts, simplejpeg, jpeglib's versions, pyjpegli."""
    yield from by_pillow()
    yield from by_opencv()
    yield from by_libvips()
    yield from by_simplejpeg()
    yield from by_jpeglib()
    yield from by_pyjpegli()


def by_pillow() -> Iterator[Made]:
    image = Image.fromarray(picture())
    for quality in QUALITIES:
        for subsampling in ("4:4:4", "4:2:2", "4:2:0"):
            for progressive in (False, True):
                for optimize in (False, True):
                    out = io.BytesIO()
                    image.save(out, "JPEG", quality=quality, subsampling=subsampling, progressive=progressive,
                               optimize=optimize)  # fmt: skip
                    setting = f"{subsampling}{' progressive' * progressive}{' optimize' * optimize}"
                    family = PROGRESSIVE if progressive else SEQUENTIAL
                    yield Made("Pillow", setting, out.getvalue(), family, ("annex-k",), quality)


def by_opencv() -> Iterator[Made]:
    for quality in QUALITIES:
        for progressive in (0, 1):
            for optimize in (0, 1):
                for restart in (0, 2):
                    asked = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_PROGRESSIVE, progressive,
                             cv2.IMWRITE_JPEG_OPTIMIZE, optimize, cv2.IMWRITE_JPEG_RST_INTERVAL, restart]  # fmt: skip
                    done, data = cv2.imencode(".jpg", picture(seed=1), asked)
                    assert done
                    family = PROGRESSIVE if progressive else SEQUENTIAL
                    setting = f"progressive {progressive} optimize {optimize} restarts {restart}"
                    yield Made("OpenCV", setting, data.tobytes(), family, ("annex-k",), quality)


def by_libvips() -> Iterator[Made]:
    pixels = picture(seed=2)
    image = pyvips.Image.new_from_memory(pixels.tobytes(), pixels.shape[1], pixels.shape[0], 3, "uchar")
    image = image.copy(interpretation="srgb")
    for quality in QUALITIES:
        for interlace in (False, True):
            data = image.jpegsave_buffer(keep="none", Q=quality, interlace=interlace)
            yield Made("libvips", "interlace" * interlace, data, PROGRESSIVE if interlace else SEQUENTIAL,
                       ("annex-k",), quality)  # fmt: skip
        for preset in range(9):
            data = image.jpegsave_buffer(keep="none", Q=quality, interlace=True, quant_table=preset,
                                         optimize_scans=True, trellis_quant=True, overshoot_deringing=True)  # fmt: skip
            law = f"mozjpeg-{preset}" if preset else "annex-k"
            yield Made("libvips with mozjpeg's parts", f"table {preset}", data, "mozjpeg-apart", (law,), quality)


def by_simplejpeg() -> Iterator[Made]:
    for quality in QUALITIES:
        for sampling in ("444", "422", "420", "440"):
            data = simplejpeg.encode_jpeg(picture(seed=3), quality=quality, colorsubsampling=sampling)
            yield Made("simplejpeg", sampling, data, SEQUENTIAL, ("annex-k",), quality)


def by_jpeglib() -> Iterator[Made]:
    before = jpeglib.version.get()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "made.jpg"
        try:
            for version in (*JPEGLIB, "mozjpeg300", "mozjpeg403"):
                moz = version.startswith(("mozjpeg3", "mozjpeg4"))
                for quality in QUALITIES:
                    for progressive in (False, True):
                        yield _by_jpeglib(path, version, quality, progressive, moz)
        finally:
            jpeglib.version.set(before)


def _by_jpeglib(path: Path, version: str, quality: int, progressive: bool, moz: bool) -> Made:
    jpeglib.version.set(version)
    spatial = jpeglib.from_spatial(picture(seed=4))
    spatial.samp_factor = [[2, 2], [1, 1], [1, 1]]
    flags = ["+PROGRESSIVE_MODE"] if progressive else []
    spatial.write_spatial(str(path), qt=quality, flags=flags)
    if moz:
        family = "mozjpeg-3.0" if version == "mozjpeg300" else "mozjpeg"
    else:
        family = PROGRESSIVE if progressive else SEQUENTIAL
    laws = ("mozjpeg-3",) if moz else ("libjpeg-9e",) if version in ("9e", "9f") else ("annex-k",)
    return Made(f"jpeglib {version}", "progressive" * progressive, path.read_bytes(), family, laws, quality)


def by_pyjpegli() -> Iterator[Made]:
    pixels = picture(seed=5)
    for quality in (10, 40, *QUALITIES):
        data = pyjpegli.encode(pixels.tobytes(), pixels.shape[1], pixels.shape[0], quality)
        yield Made("pyjpegli", "", data, "one-dqt-one-dht", ("jpegli",), quality)


def by_imagecodecs() -> Iterator[Made]:
    """Nothing where imagecodecs is not installed: it is no oracle of the tests."""
    if find_spec("imagecodecs") is None:
        return
    from imagecodecs import jpeg8_encode

    for quality in QUALITIES:
        for sampling in ("444", "422", "420"):
            data = jpeg8_encode(picture(seed=7), level=quality, subsampling=sampling)
            yield Made("imagecodecs", sampling, bytes(data), SEQUENTIAL, ("annex-k",), quality)


def programs() -> Iterator[Made]:
    """imagecodecs, cjpeg, ImageMagick and ffmpeg's mjpeg, where they are installed."""
    yield from by_imagecodecs()
    with TemporaryDirectory() as folder:
        ppm, out = Path(folder) / "in.ppm", Path(folder) / "out.jpg"
        Image.fromarray(picture(seed=6)).save(ppm)
        if shutil.which("cjpeg"):
            for quality in QUALITIES:
                for options in (
                    [],
                    ["-optimize"],
                    ["-progressive"],
                    ["-progressive", "-sample", "1x1"],
                    ["-dct", "float"],
                ):
                    subprocess.run(["cjpeg", "-quality", str(quality), *options, "-outfile", str(out), str(ppm)],
                                   check=True, capture_output=True)  # fmt: skip
                    family = PROGRESSIVE if "-progressive" in options else SEQUENTIAL
                    yield Made("cjpeg", " ".join(options), out.read_bytes(), family, ("annex-k",), quality)
        if shutil.which("convert"):
            for quality in QUALITIES:
                for options in ([], ["-interlace", "Plane"], ["-sampling-factor", "4:2:0"]):
                    subprocess.run(["convert", str(ppm), "-quality", str(quality), *options, str(out)],
                                   check=True, capture_output=True)  # fmt: skip
                    family = PROGRESSIVE if "Plane" in options else SEQUENTIAL
                    yield Made("ImageMagick", " ".join(options), out.read_bytes(), family, ("annex-k",), quality)
        if shutil.which("ffmpeg"):
            for scale in (2, 3, 5, 8, 13, 21, 31):
                for pixels in ("yuvj420p", "yuvj422p", "yuvj444p"):
                    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", str(ppm), "-pix_fmt", pixels,
                                    "-q:v", str(scale), str(out)], check=True, capture_output=True)  # fmt: skip
                    yield Made("ffmpeg", pixels, out.read_bytes(), "ffmpeg-mjpeg", ("ffmpeg-mjpeg",), scale)
