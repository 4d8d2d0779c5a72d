"""What files are by their first bytes, and whether they are whole. Names and servers' Content-Type are not believed."""

from __future__ import annotations

from ..errors import PictureError
from ..formats import sniff

SUFFIXES = {
    "image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp", "image/avif": "avif",
    "image/heic": "heic", "image/bmp": "bmp", "image/tiff": "tif", "image/jxl": "jxl",
}  # fmt: skip
"""Media type -> what the file's name ends in. Source: IANA's registry of media types."""

_OTHERS = (
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"\xff\x0a", "image/jxl"),
    (b"\0\0\0\x0cJXL ", "image/jxl"),
)
TAIL = 1 << 16
"""Bytes at the end of a file in which its end mark is looked for: some platforms append notes of their own."""


def media_type(data: bytes) -> str:
    """The picture's media type. Raises PictureError, naming what else the bytes look like."""
    for head, kind in _OTHERS:
        if data.startswith(head):
            return kind
    return f"image/{sniff(data)}"


def cut_short(data: bytes, kind: str) -> bool:
    """Whether the end of the file is missing, as far as the format shows it."""
    if kind == "image/jpeg":
        return b"\xff\xd9" not in data[-TAIL:]  # EOI, T.81 B.1.1.3
    if kind == "image/png":
        return b"IEND\xaeB`\x82" not in data[-TAIL:]  # the last chunk with its CRC: PNG, third edition, 11.2.5
    if kind == "image/gif":
        return b"\0\x3b" not in data[-TAIL:]  # a block's end, then the trailer: GIF89a 16 and 27
    if kind == "image/webp":
        return len(data) < 8 + int.from_bytes(data[4:8], "little")  # RIFF's size, RFC 9649 2.4
    return False


def looks(data: bytes) -> str:
    """What the bytes are, for an error."""
    try:
        return media_type(data)
    except PictureError as error:
        return error.got
