"""The other formats that platforms deliver: bytes -> Observations, from the headers alone, as `evidence` does for JPEG.

One reader a format, each with `detect(data)`; `sniff` says which reads what. Nothing here loads more than the standard
library, and hostile bytes are bounded in time and memory: damage is an anomaly.
"""

from __future__ import annotations

from importlib import import_module

from ..errors import PictureError
from ..evidence.base import Observation, visible
from .base import limited

__all__ = ["READERS", "observe", "sniff"]

READERS = {"webp": "webp", "png": "png", "gif": "gif", "avif": "isobmff", "heic": "isobmff"}
"""Format -> the module of this package that reads it."""

_BRANDS = {b"avif": "avif", b"avis": "avif", b"heic": "heic", b"heix": "heic", b"hevc": "heic", b"heim": "heic",
           b"heis": "heic", b"hevx": "heic", b"mif1": "heic", b"msf1": "heic"}  # fmt: skip
"""ftyp brands. Source: ISO/IEC 23008-12 annex B and 10; AVIF 1.1, 8. mif1 and msf1 name no codec."""

_OTHERS = (
    (b"BM", "a BMP"),
    (b"II*\0", "a TIFF (or a camera's raw file)"),
    (b"MM\0*", "a TIFF (or a camera's raw file)"),
    (b"\xff\x0a", "a JPEG XL codestream"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL file"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 file"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 codestream"),
    (b"8BPS", "a Photoshop document"),
    (b"%PDF", "a PDF"),
    (b"<svg", "an SVG"),
    (b"<!DOCTYPE html", "an HTML page"),
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<?xml", "XML"),
    (b"{", "JSON text"),
    (b"\x1a\x45\xdf\xa3", "a WebM or Matroska video"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "gzip data"),
    (b"qoif", "a QOI"),
    (b"\0\0\1\0", "a Windows icon"),
    (b"P6", "a PPM"),
    (b"P5", "a PGM"),
    (b"RIFF", "a RIFF file that is no WebP"),
)
"""How files begin that are not read here."""


def sniff(data: bytes) -> str:
    """`jpeg`, `webp`, `png`, `gif`, `avif` or `heic` by the first bytes.

    Raises PictureError for other bytes, naming what they look like.
    """
    if data[:2] == b"\xff\xd8":
        return "jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "png"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    if data[4:8] == b"ftyp":
        found = _iso(data)
        if found:
            return found
    raise PictureError(
        _looks_like(data), expected="a JPEG, PNG, GIF, WebP, AVIF or HEIC", remedy="give the file as it was delivered"
    )


def _iso(data: bytes) -> str:
    """The format by ftyp's brands: the major one, else the first compatible one that names a codec."""
    size = min(int.from_bytes(data[:4], "big"), len(data), 512)
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, size, 4))]
    known = [_BRANDS[b] for b in brands if b in _BRANDS]
    codec = [_BRANDS[b] for b in brands if b in _BRANDS and b not in (b"mif1", b"msf1")]
    return (codec or known or [""])[0]


def _looks_like(data: bytes) -> str:
    if not data:
        return "an empty file"
    start = data[:16].lstrip(b"\xef\xbb\xbf \t\r\n") if data[:1] in b"\xef \t\r\n" else data
    for head, name in _OTHERS:
        if start.startswith(head):
            return f"looks like {name}"
    if data[4:8] == b"ftyp":
        return f'looks like an ISO media file (a video?) of brand "{visible(data[8:12])}"'
    return f"starts with {data[:8].hex(' ')}"


def observe(data: bytes, format: str) -> tuple[Observation, ...]:
    """Everything that the reader of `format` says. Raises nothing for bytes that `sniff` gave this format."""
    return tuple(limited(import_module(f"{__name__}.{READERS[format]}").detect(data)))
