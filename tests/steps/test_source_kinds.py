"""Sources that are more than 8-bit grey or RGB: 16 bits a sample, CMYK, YCCK; against Pillow, OpenCV, ImageMagick."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import zlib
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from oracles import Picture, cmyk_jpeg, pillow, scene
from understudy.codec import png16
from understudy.codec.color import cmyk_to_rgb
from understudy.errors import LimitError, PictureError, UnderstudyError
from understudy.steps import Context, Source
from understudy.steps.decode import Decode

CONVERT = shutil.which("convert-im6.q16")
assert CONVERT, "ImageMagick 6 (Debian: imagemagick) is missing"
COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


def decoded(data: bytes, **parameters: Any) -> Picture:
    return Decode(**parameters).exact(Source(data), Context()).pixels


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(samples: NDArray[np.uint16], *more: bytes, filters: int = 0) -> bytes:
    """A 16-bit PNG; `filters`: of each row in turn, 0 for none in any, 5 for all five."""
    height, width, channels = samples.shape
    step = 2 * channels
    raw = np.ascontiguousarray(samples.astype(">u2")).view(np.uint8).reshape(height, width * step).astype(np.int64)
    rows = b""
    for y, row in enumerate(raw):
        kind = y % filters if filters else 0
        left = np.concatenate([np.zeros(step, np.int64), row[:-step]])
        up = raw[y - 1] if y else np.zeros_like(row)
        corner = np.concatenate([np.zeros(step, np.int64), up[:-step]])
        guess = left + up - corner
        away = np.abs(np.stack([guess - left, guess - up, guess - corner]))
        paeth = np.choose(np.argmin(away, axis=0), [left, up, corner])
        minus = [np.zeros_like(row), left, up, (left + up) // 2, paeth][kind]
        rows += bytes([kind]) + ((row - minus) % 256).astype(np.uint8).tobytes()
    head = struct.pack(">IIBBBBB", width, height, 16, COLOUR_TYPES[channels], 0, 0, 0)
    body = chunk(b"IHDR", head) + b"".join(more) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def every_value(channels: int) -> NDArray[np.uint16]:
    """All 65,536 values, in another order in each channel."""
    values = np.arange(65536, dtype=np.uint32)
    return (
        np.stack([(values * 40503 * c + values) % 65536 for c in range(channels)], -1)
        .astype(np.uint16)
        .reshape(256, 256, channels)
    )


def noise(width: int, height: int, channels: int) -> NDArray[np.uint16]:
    return np.random.default_rng(width).integers(0, 65536, (height, width, channels), dtype=np.uint16)


# --- 16 bits


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_upper_byte_is_opencvs_and_pillows(channels: int) -> None:
    data = png(every_value(channels))
    made = decoded(data)
    read = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(np.broadcast_to(made[:, :, :3], (256, 256, 3)), read[:, :, ::-1])
    if channels > 1:
        assert np.array_equal(made, np.asarray(Image.open(io.BytesIO(data))))
        assert np.array_equal(made, decoded(data, sixteen_bit="pillow"))


@pytest.mark.parametrize("channels", [1, 3])
def test_scaled_is_what_imagemagick_writes(channels: int) -> None:
    """Its JPEG of quality 100, made of flat blocks, tells the 8 bits of each value."""
    values = (np.arange(4096, dtype=np.uint32) * 16 + np.arange(4096) % 16).astype(np.uint16)
    blocks = values.reshape(64, 64).repeat(8, axis=0).repeat(8, axis=1)
    data = png(np.stack([blocks] * channels, -1))
    told = subprocess.run([CONVERT, "png:-", "-quality", "100", "jpeg:-"], input=data, capture_output=True, check=True)
    theirs = np.asarray(Image.open(io.BytesIO(told.stdout)).convert("L"))
    made = decoded(data, sixteen_bit="scale")
    assert all(np.array_equal(made[:, :, c], theirs) for c in range(channels))
    assert not np.array_equal(made, decoded(data))


def test_grey_as_pillow_converts_it() -> None:
    data = png(every_value(1))
    theirs = np.asarray(Image.open(io.BytesIO(data)).convert("L"))
    assert np.array_equal(decoded(data, sixteen_bit="pillow")[:, :, 0], theirs)
    assert theirs.max() == 255
    assert (theirs == 255).mean() > 0.99


@pytest.mark.parametrize("kind", ["strip", "scale", "pillow"])
def test_a_grey_tiff_is_as_a_grey_png(kind: str) -> None:
    samples = every_value(1)
    tiff = pillow(Image.fromarray(samples[:, :, 0]), "TIFF")
    assert np.array_equal(decoded(tiff, sixteen_bit=kind), decoded(png(samples), sixteen_bit=kind))


def colour_tiff(samples: NDArray[np.uint16]) -> bytes:
    """TIFF 6.0, section 6: one strip, little-endian, three samples of 16 bits."""
    height, width, _ = samples.shape
    tags = [(256, 3, 1, width), (257, 3, 1, height), (258, 3, 3, 8), (259, 3, 1, 1), (262, 3, 1, 2), (273, 4, 1, 14),
            (277, 3, 1, 3), (278, 3, 1, height), (279, 4, 1, samples.nbytes)]  # fmt: skip
    head = b"II*\0" + struct.pack("<I", 14 + samples.nbytes) + struct.pack("<3H", 16, 16, 16)
    rows = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return head + samples.astype("<u2").tobytes() + struct.pack("<H", len(tags)) + rows + bytes(4)


def test_a_colour_tiff() -> None:
    samples = every_value(3)
    data = colour_tiff(samples)
    assert np.array_equal(decoded(data), (samples >> 8).astype(np.uint8))
    with pytest.raises(PictureError, match="TIFF picture: colours of 16 bits"):
        decoded(data, sixteen_bit="scale")


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (7, 11), (31, 20)])
def test_every_filter_of_png(size: tuple[int, int], channels: int) -> None:
    samples = noise(*size, channels)
    for filters in range(6):
        assert np.array_equal(png16.read(png(samples, filters=filters)), samples)


def test_what_16_bit_png_is_refused() -> None:
    samples = noise(9, 7, 3)
    whole = png(samples)
    interlaced = whole[:28] + b"\1" + whole[29:]
    keyed = png(samples, chunk(b"tRNS", bytes(6)))
    unfiltered = png(samples, filters=0)
    rows = zlib.compress(b"\7" + bytes(54) + bytes(55 * 6))
    at = unfiltered.index(b"IDAT") - 4
    odd = unfiltered[:at] + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    large = whole[:16] + struct.pack(">II", 30000, 30000) + whole[24:]
    for data, words in (
        (interlaced, "interlaced"), (keyed, "a transparent colour"), (whole[:70], "bytes of samples"), (odd, "filter"),
        (whole[:41] + b"xx" + whole[43:], "expected"), (large, "30000"),
    ):  # fmt: skip
        with pytest.raises((PictureError, LimitError), match=words):
            png16.read(data)


def test_every_beginning_of_a_16_bit_png_is_refused_or_whole() -> None:
    samples = noise(9, 7, 3)
    whole, read = png(samples), 0
    for n in range(len(whole)):
        try:
            made = decoded(whole[:n], sixteen_bit="scale")
        except UnderstudyError:
            continue
        assert np.array_equal(made, decoded(whole, sixteen_bit="scale"))
        read += 1
    assert read <= 20, "what lacks IEND (12 bytes), IDAT's checksum or zlib's (4 each)"


# --- four inks


def ycck_jpeg(width: int, height: int, **save: Any) -> bytes:
    """Pillow's CMYK file with its Adobe transform set to YCCK: the same coefficients, read otherwise."""
    data = bytearray(cmyk_jpeg(width, height, **save))
    data[data.index(b"Adobe") + 11] = 2
    return bytes(data)


@pytest.mark.parametrize("make", [cmyk_jpeg, ycck_jpeg])
@pytest.mark.parametrize("size", [(1, 1), (7, 11), (17, 16), (65, 57)])
def test_four_inks_are_pillows(size: tuple[int, int], make: Any) -> None:
    for save in ({"quality": 90}, {"quality": 60, "progressive": True}):
        data = make(*size, **save)
        context = Context()
        made = Decode().exact(Source(data), context)
        assert np.array_equal(made.pixels, np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))
        assert context.notes == []


def test_four_inks_without_adobes_segment() -> None:
    """Then they are CMYK, and Pillow inverts them all the same."""
    data = cmyk_jpeg(33, 21)
    at = data.index(b"\xff\xee")
    plain = data[:at] + data[at + 16 :]
    assert b"Adobe" not in plain
    assert np.array_equal(decoded(plain), np.asarray(Image.open(io.BytesIO(plain)).convert("RGB")))


@pytest.mark.parametrize("make", [cmyk_jpeg, ycck_jpeg])
def test_four_inks_scaled_while_decoded(make: Any) -> None:
    data = make(64, 48, quality=90)
    for eighths in (4, 2, 1):
        image = Image.open(io.BytesIO(data))
        image.draft(None, (8 * eighths, 6 * eighths))
        assert image.size == (8 * eighths, 6 * eighths)
        assert np.array_equal(decoded(data, scale=eighths), np.asarray(image.convert("RGB")))


def test_the_formula_for_every_ink_and_black() -> None:
    ink, black = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    cmyk = np.dstack([ink, 255 - ink, ink[::-1], black])
    assert np.array_equal(cmyk_to_rgb(cmyk), np.asarray(Image.fromarray(cmyk, "CMYK").convert("RGB")))


def test_go_leaves_four_inks_to_pillow() -> None:
    context = Context()
    made = Decode(decoder="go").exact(Source(cmyk_jpeg(16, 8)), context)
    assert made.pixels.shape == scene(16, 8).shape
    assert "decoded by Pillow" in context.notes[0]
