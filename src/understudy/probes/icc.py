"""ICC profiles of RGB spaces, written from their numbers, so that the same bytes come out anywhere.

Source: ICC.1:2001-04 (version 2.4): header 6.1, tag table 6.2, types 6.5; primaries and white points of IEC 61966-2-1
(sRGB), SMPTE EG 432-1 with the sRGB curve (Display P3), and Adobe RGB (1998), version 2005-05; adaptation to D50 by the
Bradford matrix (ICC.1:2022 annex E).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
D50 = (0.9642, 1.0, 0.8249)
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


@dataclass(frozen=True)
class Space:
    """An RGB space."""

    title: str
    primaries: tuple[tuple[float, float], ...]
    """Chromaticities x, y of red, green, blue."""
    white: tuple[float, float] = (0.3127, 0.3290)
    gamma: float = 0.0
    """0 for the sRGB curve."""


SRGB = Space("sRGB, by understudy", ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)))
DISPLAY_P3 = Space("Display P3, by understudy", ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)))
ADOBE_RGB = Space("Adobe RGB (1998) compatible, by understudy", ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)),
                  gamma=563 / 256)  # fmt: skip


def profile(space: Space) -> bytes:
    """The profile: matrix and curves, for displays."""
    curve = _curve(space)
    tags = {
        b"desc": _description(space.title),
        b"cprt": b"text\0\0\0\0No copyright, use freely\0",
        b"wtpt": _xyz(np.array(D50)),
        **{name: _xyz(column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), colorants(space).T, strict=True)},
        b"rTRC": curve, b"gTRC": curve, b"bTRC": curve,
    }  # fmt: skip
    at, table, body, placed = 128 + 4 + 12 * len(tags), b"", b"", {}
    for name, data in tags.items():
        if data not in placed:
            placed[data] = at + len(body)
            body += data + bytes(-len(data) % 4)
        table += name + struct.pack(">II", placed[data], len(data))
    size = at + len(body)
    header = struct.pack(">I4sI4s4s4s6H4s", size, bytes(4), 0x02400000, b"mntr", b"RGB ", b"XYZ ", 2026, 1, 1, 0, 0, 0,
                         b"acsp")  # fmt: skip
    header += bytes(28) + b"".join(struct.pack(">i", round(v * 65536)) for v in D50)
    return header + bytes(128 - len(header)) + struct.pack(">I", len(tags)) + table + body


def colorants(space: Space) -> Matrix:
    """XYZ (D50) of full red, green and blue, in columns."""
    raw = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in space.primaries]).T
    x, y = space.white
    white = np.array([x / y, 1.0, (1 - x - y) / y])
    scaled = raw * np.linalg.solve(raw, white)
    cone = BRADFORD @ np.array(D50) / (BRADFORD @ white)
    out: Matrix = np.linalg.inv(BRADFORD) @ (cone[:, None] * (BRADFORD @ scaled))
    return out


def _curve(space: Space) -> bytes:
    if space.gamma:
        return b"curv" + bytes(4) + struct.pack(">IH", 1, round(space.gamma * 256))
    at = np.arange(1024) / 1023
    linear = np.where(at <= 0.04045, at / 12.92, ((at + 0.055) / 1.055) ** 2.4)
    values = np.round(linear * 65535).astype(">u2")
    return b"curv" + bytes(4) + struct.pack(">I", len(values)) + values.tobytes()


def _xyz(values: Matrix) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(struct.pack(">i", round(v * 65536)) for v in values)


def _description(title: str) -> bytes:
    text = title.encode("ascii") + b"\0"
    return b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(4 + 4 + 2 + 1 + 67)
