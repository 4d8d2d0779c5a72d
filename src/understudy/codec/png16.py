"""The samples of a PNG of 16 bits a sample, which Pillow gives for grey alone.

Source: PNG specification (W3C, third edition): 5.2 the signature, 5.3 chunks, 9 filtering, 11.2 IHDR, IDAT, IEND.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._jit import kernel
from ..errors import LimitError, PictureError

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
"""Colour type -> channels, of the types that may have 16 bits (11.2.1, table 12)."""
MAX_PIXELS = 178_956_970
"""Pillow's limit, which the other pictures of this kind keep to."""


def is_png16(data: bytes) -> bool:
    """Whether this is a PNG that states 16 bits a sample."""
    return data[:8] == _SIGNATURE and data[12:16] == b"IHDR" and data[24:25] == b"\x10" and data[25] in _CHANNELS


def read(data: bytes) -> NDArray[np.uint16]:
    """uint16 `[H, W, 1 to 4]`, 0 to 65535: grey, grey and alpha, RGB, RGB and alpha; gamma and profiles not applied.

    Checksums are not looked at: the caller has let Pillow read the file. Raises PictureError for interlaced files,
    for a transparent colour (tRNS) and for damage, LimitError above MAX_PIXELS.
    """
    width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if width * height > MAX_PIXELS:
        raise LimitError(f"{width} x {height} pixels", place="16-bit PNG", expected=f"at most {MAX_PIXELS}")
    if data[28]:
        raise PictureError("interlaced", place="16-bit PNG", expected="rows in order", remedy="or sixteen_bit = strip")
    channels = _CHANNELS[data[25]]
    packed = bytearray()
    for kind, body in _chunks(data):
        if kind == b"tRNS":
            raise PictureError("a transparent colour", place="16-bit PNG", expected="none, or an alpha channel",
                               remedy="or sixteen_bit = strip")  # fmt: skip
        if kind == b"IDAT":
            packed += body
    line = 2 * channels * width + 1
    try:
        rows = zlib.decompressobj().decompress(packed, height * line)
    except zlib.error as error:
        raise PictureError(f"{error}", place="16-bit PNG", expected="a whole file") from None
    if len(rows) < height * line or not height or not width:
        raise PictureError(f"{len(rows)} bytes of samples", place="16-bit PNG", expected=f"{height * line}")
    out = np.frombuffer(rows, np.uint8).reshape(height, line).copy()
    if not _unfilter(out, 2 * channels):
        raise PictureError("an unknown row filter", place="16-bit PNG", expected="0 to 4 (9.2)")
    samples = np.ascontiguousarray(out[:, 1:]).view(">u2").astype(np.uint16)
    return samples.reshape(height, width, channels)


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """(type, data) of each chunk up to IEND or the file's end."""
    out, at = [], 8
    while at + 8 <= len(data) and data[at + 4 : at + 8] != b"IEND":
        size = int.from_bytes(data[at : at + 4], "big")
        out.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + size]))
        at += size + 12
    return out


@kernel
def _unfilter(rows: Any, step: int) -> bool:
    """Undoes each row's filter (9.2) in place; `step`: bytes a pixel. False for a filter that there is not."""
    height, line = rows.shape
    for y in range(height):
        kind = rows[y, 0]
        if kind > 4:
            return False
        for x in range(1, line):
            left = np.int32(rows[y, x - step]) if x > step else np.int32(0)
            up = np.int32(rows[y - 1, x]) if y > 0 else np.int32(0)
            corner = np.int32(rows[y - 1, x - step]) if y > 0 and x > step else np.int32(0)
            add = np.int32(0)
            if kind == 1:
                add = left
            elif kind == 2:
                add = up
            elif kind == 3:
                add = (left + up) >> 1
            elif kind == 4:
                guess = left + up - corner
                far_left, far_up, far_corner = abs(guess - left), abs(guess - up), abs(guess - corner)
                if far_left <= far_up and far_left <= far_corner:
                    add = left
                elif far_up <= far_corner:
                    add = up
                else:
                    add = corner
            rows[y, x] = np.uint8((np.int32(rows[y, x]) + add) & 255)
    return True
