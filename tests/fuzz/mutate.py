"""Damaged pictures, made from whole ones: blindly, and with knowledge of where a format keeps what matters.

Everything follows from a `random.Random`, so a seed and a number give an input again.
"""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pillow_heif
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import understudy as us
from understudy.jpeg.syntax import Segment, Sos

from ..oracles import Picture, cjpeg, cmyk_jpeg, pillow, scene

INTERESTING = (0, 1, 2, 3, 7, 0x10, 0x11, 0x3F, 0x40, 0x7F, 0x80, 0xD0, 0xD8, 0xD9, 0xDA, 0xF0, 0xFE, 0xFF)


def jpeg_seeds() -> dict[str, bytes]:
    """Whole JPEG files, one of each kind, each a kilobyte or two."""
    picture = scene(40, 27)
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a description"
    icc = _srgb()
    return {
        "baseline": cjpeg(picture, "-quality", "70"),
        "progressive": cjpeg(picture, "-quality", "85", "-progressive"),
        "restarts": cjpeg(picture, "-quality", "70", "-restart", "1B"),
        "progressive restarts": cjpeg(picture, "-quality", "85", "-progressive", "-restart", "2B"),
        "grey": pillow(scene(33, 17, 1)),
        "cmyk": cmyk_jpeg(24, 17),
        "16-bit steps": cjpeg(picture, "-quality", "2"),
        "odd sampling": cjpeg(picture, "-quality", "70", "-sample", "2x1,1x2,2x2"),
        "planar": cjpeg(picture, "-quality", "70", scans="0; 1; 2;"),
        "arithmetic": cjpeg(picture, "-quality", "70", "-arithmetic"),
        "metadata": pillow(picture, exif=exif, icc_profile=icc, comment=b"a comment", dpi=(72, 72)),
        "facebook": us.mimic(picture, "facebook", iptc=("fbmd", "token"), token="x" * 20).data,
    }


def other_seeds() -> dict[str, bytes]:
    """Whole pictures of the other formats that the decode step reads."""
    picture, alpha = scene(24, 17), scene(24, 17, 4)
    icc = _srgb()
    return {
        "PNG": pillow(picture, "PNG", icc_profile=icc, dpi=(72, 72)),
        "PNG, alpha": pillow(alpha, "PNG"),
        "PNG, palette": pillow(Image.fromarray(picture).convert("P"), "PNG", transparency=3),
        "PNG, 1 bit": pillow(Image.fromarray(picture).convert("1"), "PNG"),
        "WebP": pillow(picture, "WEBP", icc_profile=icc),
        "WebP, lossless": pillow(alpha, "WEBP", lossless=True),
        "GIF": pillow(Image.fromarray(picture), "GIF"),
        "TIFF": pillow(picture, "TIFF"),
        "TIFF, LZW": pillow(picture, "TIFF", compression="tiff_lzw"),
        "TIFF, JPEG": pillow(picture, "TIFF", compression="jpeg"),
        "BMP": pillow(picture, "BMP"),
        "BMP, palette": pillow(Image.fromarray(picture).convert("P"), "BMP"),
    }


def format_seeds() -> dict[str, bytes]:
    """Whole pictures of the other formats that `inspect` reads, still and moving."""
    picture, alpha = scene(24, 17), scene(24, 17, 4)
    frames = [Image.fromarray(scene(24, 17, 4, seed)) for seed in range(3)]
    many: dict[str, Any] = {"save_all": True, "append_images": frames[1:], "duration": [10, 20, 30], "loop": 2}
    exif = Image.Exif()
    exif[0x010E] = "a description"
    info = PngInfo()
    info.add_text("Comment", "words", zip=True)
    seen = {name: data for name, data in other_seeds().items() if name.startswith(("PNG", "WebP", "GIF"))}
    return seen | {
        "WebP, alpha": pillow(alpha, "WEBP", quality=60, alpha_quality=40, exif=exif, xmp=b"<x/>"),
        "WebP, moving": pillow(frames[0], "WEBP", **many),
        "PNG, texts": pillow(picture, "PNG", pnginfo=info, exif=exif),
        "PNG, moving": pillow(frames[0], "PNG", **many),
        "GIF, moving": pillow(frames[0], "GIF", **many, disposal=2, comment=b"a comment"),
        "AVIF": pillow(picture, "AVIF", quality=60, exif=exif, speed=10),
        "AVIF, alpha": pillow(alpha, "AVIF", quality=60, icc_profile=_srgb(), speed=10),
        "AVIF, moving": pillow(frames[0], "AVIF", **many, speed=10),
        "HEIC": _heic(picture, exif=exif.tobytes()),
        "HEIC, alpha": _heic(alpha, chroma="444"),
        "JPEG, two": pillow(frames[0].convert("RGB"), "MPO", save_all=True, append_images=[frames[1].convert("RGB")]),
    }


def _heic(picture: Picture, **save: Any) -> bytes:
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(picture)).save(out, quality=50, **save)
    return out.getvalue()


def _srgb() -> bytes:
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def mutated(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """`data` with one to many wounds."""
    aware: Callable[[bytes, random.Random], bytes] | None = None
    if data[:2] == b"\xff\xd8":
        aware = _segments
    elif data[:4] == b"\x89PNG":
        aware = _chunks
    elif data[4:8] == b"ftyp":
        aware = _boxes
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8, 30))):
        if aware is not None and rng.random() < 0.5:
            data = aware(data, rng)
        else:
            data = _blind(data, others, rng)
    return data


def _blind(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    out = bytearray(data)
    at = rng.randrange(len(out) + 1)
    kind = rng.randrange(8)
    if kind == 0 and at < len(out):
        out[at] ^= 1 << rng.randrange(8)
    elif kind == 1:
        out[at : at + 1] = bytes([rng.randrange(256)])
    elif kind == 2:
        size = rng.choice((1, 1, 2, 4))
        out[at : at + size] = bytes(rng.choice(INTERESTING) for _ in range(size))
    elif kind == 3:
        del out[at : at + rng.choice((1, 2, 3, 16, 200))]
    elif kind == 4:
        out[at:at] = rng.randbytes(rng.choice((1, 2, 3, 16, 200)))
    elif kind == 5:
        other = rng.choice(others)
        begin = rng.randrange(len(other))
        out[at : at + rng.choice((0, 0, 50))] = other[begin : begin + rng.choice((2, 20, 300))]
    elif kind == 6:
        out[at:at] = out[at : at + rng.choice((2, 20, 300))] * rng.choice((1, 2, 20))
    elif rng.random() < 0.3:
        del out[at:]
    return bytes(out)


def _segments(data: bytes, rng: random.Random) -> bytes:
    """A JPEG with one segment changed in its parameters, doubled, moved, dropped, or with its scan data wounded."""
    try:
        elements = [e.to_bytes() for e in us.jpeg.parse(data).elements]
        kinds = list(us.jpeg.parse(data).elements)
    except us.JpegError:
        return data
    i = rng.randrange(len(elements))
    element, raw = kinds[i], bytearray(elements[i])
    kind = rng.randrange(6)
    if kind == 0:
        elements.insert(rng.randrange(len(elements) + 1), elements[i])
    elif kind == 1 and len(elements) > 1:
        elements.insert(rng.randrange(len(elements)), elements.pop(i))
    elif kind == 2 and rng.random() < 0.3:
        del elements[i]
    elif isinstance(element, Sos) and kind == 3 and element.data:
        start = len(raw) - len(element.data)
        at = rng.randrange(start, len(raw))
        raw[at : at + rng.choice((1, 2, 50))] = rng.choice(
            (b"", b"\xff\xd3", b"\0" * 9, b"\xff\0" * 9, rng.randbytes(4), b"\xff\xd0\xff\xd1" * 30)
        )
        elements[i] = bytes(raw)
    elif isinstance(element, Segment) and len(raw) > 4:
        head = min(len(raw), 40 if rng.random() < 0.8 else len(raw))
        raw[rng.randrange(2, head)] = rng.choice(INTERESTING)
        elements[i] = bytes(raw)
    return b"".join(elements)


def _chunks(data: bytes, rng: random.Random) -> bytes:
    """A PNG with one chunk changed inside (pixels, too: unpacked, wounded, packed again), its checksum mended."""
    chunks: list[tuple[bytes, bytes]] = []
    at = 8
    while at + 8 <= len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + size]))
        at += 12 + size
    if not chunks:
        return data
    i = rng.randrange(len(chunks))
    name, body = chunks[i]
    kind = rng.randrange(4)
    if kind == 0:
        chunks.insert(rng.randrange(len(chunks)), chunks[i])
    elif kind == 1 and rng.random() < 0.3:
        del chunks[i]
    elif body:
        raw = bytearray(body)
        raw[rng.randrange(len(raw))] = rng.choice(INTERESTING)
        if name == b"IDAT" and kind == 2:
            raw = bytearray(zlib.compress(rng.randbytes(rng.randrange(1, 2000))))
        chunks[i] = name, bytes(raw)
    out = io.BytesIO()
    out.write(data[:8])
    for name, body in chunks:
        out.write(struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)))
    return out.getvalue()


def _boxes(data: bytes, rng: random.Random) -> bytes:
    """An AVIF or HEIC with a number in its boxes (which stand before the data) changed."""
    out = bytearray(data)
    if len(out) < 17:
        return data
    end = max(16, data.find(b"mdat"))
    for _ in range(rng.choice((1, 2, 5))):
        at = rng.randrange(4, min(end, len(out)))
        out[at] = rng.choice(INTERESTING) if rng.random() < 0.5 else rng.randrange(256)
    return bytes(out)
