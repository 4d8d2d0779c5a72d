"""Pictures as files: PNG, JPEG, WebP, TIFF, BMP, GIF, with orientation, profiles and notes that can be found again."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

from .base import Pixels, Save

CANARY = "understudy-canary"
"""Stands in every note that a probe carries, with the note's name behind it."""


def png(icc: bytes = b"", *, notes: bool = False) -> Save:
    """PNG of the samples as they are, 8 or 16 bits, grey, RGB, with or without opacity."""

    def save(pixels: Pixels) -> bytes:
        height, width, channels = pixels.shape
        deep = pixels.dtype == np.uint16
        kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
        rows = pixels.astype(">u2" if deep else np.uint8).view(np.uint8).reshape(height, -1)
        chunks = [_chunk(b"IHDR", struct.pack(">2I5B", width, height, 16 if deep else 8, kind, 0, 0, 0))]
        if icc:
            chunks.append(_chunk(b"iCCP", b"profile\0\0" + zlib.compress(icc, 9)))
        if notes:
            chunks.append(_chunk(b"pHYs", struct.pack(">2IB", 11811, 11811, 1)))  # 300 dots an inch
            chunks.append(_chunk(b"tEXt", f"Comment\0{CANARY}-png-text".encode()))
            chunks.append(_chunk(b"eXIf", _exif(1)[6:]))
        chunks.append(_chunk(b"IDAT", zlib.compress(_filtered(rows, channels * (2 if deep else 1)), 6)))
        return b"\x89PNG\r\n\x1a\n" + b"".join([*chunks, _chunk(b"IEND", b"")])

    return save


def _filtered(rows: Any, step: int) -> bytes:
    """Each row as its difference from the one above (PNG's filter 2, up) or from the left (1), whichever is smaller."""
    above = np.vstack([np.zeros_like(rows[:1]), rows[:-1]])
    left = np.hstack([np.zeros_like(rows[:, :step]), rows[:, :-step]])
    made = [np.subtract(rows, other) for other in (left, above)]
    costs = np.stack([np.abs(m.view(np.int8).astype(np.int32)).sum(axis=1) for m in made])
    kinds = np.argmin(costs, axis=0)
    chosen = np.where((kinds == 0)[:, None], *made)
    return np.hstack([(kinds + 1).astype(np.uint8)[:, None], chosen]).tobytes()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def jpeg(
    quality: int = 90, sampling: str = "4:2:0", *, icc: bytes = b"", orientation: int = 1, notes: bool = False,
    comment: bool = False, density: int = 0, adobe: bool = False, tables: Any = None, **options: Any,
) -> Save:  # fmt: skip
    """JPEG by libjpeg-turbo through Pillow. notes: Exif, XMP and IPTC with canaries; density: dots an inch."""

    def save(pixels: Pixels) -> bytes:
        buffer = io.BytesIO()
        more: dict[str, Any] = dict(options)
        if icc:
            more["icc_profile"] = icc
        if density:
            more["dpi"] = (density, density)
        if tables:
            more["qtables"] = tables
        else:
            more["quality"] = quality
        _image(pixels).save(buffer, "JPEG", subsampling=sampling, **more)
        data = buffer.getvalue()
        parts = b""
        if notes or orientation != 1:
            parts += _segment(0xE1, _exif(orientation, notes))
        if notes:
            parts += _segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + _xmp())
            parts += _segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0" + _sized(_iptc()))
        if adobe:
            parts += _segment(0xEE, b"Adobe\0\x64\0\0\0\0\x01")
        if comment:
            parts += _segment(0xFE, f"{CANARY}-comment".encode())
        head = 4 + struct.unpack(">H", data[4:6])[0] if data[2:4] == b"\xff\xe0" else 2
        return data[:head] + parts + data[head:]

    return save


def _segment(code: int, data: bytes) -> bytes:
    return b"\xff" + bytes([code]) + struct.pack(">H", len(data) + 2) + data


def _exif(orientation: int, notes: bool = True) -> bytes:
    """Orientation, and with notes an artist (TIFF 6.0; tags 0x0112 and 0x013B), big-endian."""
    artist = f"{CANARY}-exif\0".encode()
    entries = [struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)]
    if notes:
        entries.append(struct.pack(">HHII", 0x013B, 2, len(artist), 8 + 2 + 12 * 2 + 4))
    table = struct.pack(">H", len(entries)) + b"".join(entries) + bytes(4)
    return b"Exif\0\0MM\0\x2a\0\0\0\x08" + table + (artist if notes else b"")


def _xmp() -> bytes:
    space = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    told = f'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="{CANARY}-xmp"/>'
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{space}">{told}</rdf:RDF></x:xmpmeta>'.encode()


def _iptc() -> bytes:
    """IIM record 2, dataset 120 (caption)."""
    text = f"{CANARY}-iptc".encode()
    return b"\x1c\x02\x78" + struct.pack(">H", len(text)) + text


def _sized(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data + bytes(len(data) % 2)


def through_pillow(kind: str, *, orientation: int = 1, **options: Any) -> Save:
    """WebP, TIFF, BMP, AVIF, a single GIF or anything else that Pillow writes."""

    def save(pixels: Pixels) -> bytes:
        buffer = io.BytesIO()
        more = {"exif": _exif(orientation)} if orientation != 1 else {}
        _image(pixels).save(buffer, kind, **more, **options)
        return buffer.getvalue()

    return save


def animated(kind: str, duration: int = 200, **options: Any) -> Save:
    """An animation of `[N, H, W, C]`, endless."""

    def save(pixels: Pixels) -> bytes:
        frames = [_image(frame) for frame in pixels]
        if kind == "GIF":
            frames = [f.quantize(128, Image.Quantize.MEDIANCUT) for f in frames]
        buffer = io.BytesIO()
        frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], duration=duration, loop=0, **options)
        return buffer.getvalue()

    return save


def palette(kind: str = "PNG", colours: int = 64, *, clear: bool = False) -> Save:
    """At most 256 colours, in a palette; clear: the last of them is transparent."""

    def save(pixels: Pixels) -> bytes:
        image = _image(pixels[:, :, :3]).quantize(colours, Image.Quantize.MEDIANCUT)
        buffer = io.BytesIO()
        image.save(buffer, kind, **({"transparency": colours - 1} if clear else {}))
        return buffer.getvalue()

    return save


def cmyk(quality: int = 90) -> Save:
    """A JPEG of four inks, without a profile (Adobe's inverted samples, as Pillow writes them)."""

    def save(pixels: Pixels) -> bytes:
        buffer = io.BytesIO()
        _image(pixels).convert("CMYK").save(buffer, "JPEG", quality=quality)
        return buffer.getvalue()

    return save


def _image(pixels: Pixels) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels))
