"""GraphicsMagick (Q16): `-resize` with its filters, opaque pictures, to the last bit of its 16-bit samples.

An older branch of ImageMagick's code: the same two passes in double precision, but weights without the small constants
that ImageMagick has since added, other windows, and 16 bits are cut to 8, not rounded.

Source: the filters are those of D. Schumacher, General filtered image rescaling, in Graphics Gems III, 1992, and of
Mitchell and Netravali, SIGGRAPH 1988; which pass comes first, how weights are normalised and samples rounded was
measured on GraphicsMagick 1.3.40 Q16 (tests/codec/test_resample_graphicsmagick.py).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import cos, exp, pi, sin, sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import ProfileError
from ..stages import Integer, Plan, Round, Stage, WeightedSum, tap_table
from ._imagemagick_kernels import columns_opaque, rows_opaque

__all__ = ["KERNELS", "resize"]

Function = Callable[[float], float]
"""A filter's weight at a signed distance in source pixels, inside of its support."""


def _box(x: float) -> float:
    return 1.0 if -0.5 <= x < 0.5 else 0.0


def _triangle(x: float) -> float:
    return 1.0 - abs(x) if abs(x) < 1.0 else 0.0


def _hermite(x: float) -> float:
    x = abs(x)
    return (2.0 * x - 3.0) * x * x + 1.0 if x < 1.0 else 0.0


def _quadratic(x: float) -> float:
    inside, x = -0.5 <= x < 0.5, abs(x)
    if inside:
        return 0.75 - x * x
    return 0.5 * (x - 1.5) * (x - 1.5) if x < 1.5 else 0.0


def _cubic(x: float) -> float:
    """The cubic B-spline."""
    inside, x = -1.0 <= x < 1.0, abs(x)
    if inside:
        return (4.0 + x * x * (-6.0 + 3.0 * x)) / 6.0
    return (2.0 - x) * (2.0 - x) * (2.0 - x) / 6.0 if x < 2.0 else 0.0


def _catrom(x: float) -> float:
    inside, x = -1.0 <= x < 1.0, abs(x)
    if inside:
        return 0.5 * (2.0 + x * x * (-5.0 + 3.0 * x))
    return 0.5 * (4.0 + x * (-8.0 + x * (5.0 - x))) if x < 2.0 else 0.0


def _mitchell(x: float) -> float:
    """B = C = 1/3, the polynomials' factors over 6."""
    inside, x, b, c = -1.0 <= x < 1.0, abs(x), 1.0 / 3.0, 1.0 / 3.0
    if inside:  # the other polynomial has the same value at 1, but rounded otherwise
        inner = (-18.0 + 12.0 * b + 6.0 * c) / 6.0 + x * ((12.0 - 9.0 * b - 6.0 * c) / 6.0)
        return (6.0 - 2.0 * b) / 6.0 + x * x * inner
    if x >= 2.0:
        return 0.0
    outer = (6.0 * b + 30.0 * c) / 6.0 + x * ((-1.0 * b - 6.0 * c) / 6.0)
    return (8.0 * b + 24.0 * c) / 6.0 + x * ((-12.0 * b - 48.0 * c) / 6.0 + x * outer)


def _gaussian(x: float) -> float:
    """Sigma 1/2."""
    return exp(-2.0 * x * x) * sqrt(2.0 / pi)


def _sinc(x: float) -> float:
    return sin(pi * x) / (pi * x) if x else 1.0


def _lanczos(x: float) -> float:
    return _sinc(x) * _sinc(x / 3.0) if abs(x) < 3.0 else 0.0


def _hanning(x: float) -> float:
    return 0.5 + 0.5 * cos(pi * x)


def _hamming(x: float) -> float:
    return 0.54 + 0.46 * cos(pi * x)


def _blackman(x: float) -> float:
    return 0.42 + 0.5 * cos(pi * x) + 0.08 * cos(2.0 * pi * x)


_FILTERS: dict[str, tuple[Function, float]] = {
    "box": (_box, 0.5),
    "triangle": (_triangle, 1.0),
    "hermite": (_hermite, 1.0),
    "hanning": (_hanning, 1.0),
    "hamming": (_hamming, 1.0),
    "blackman": (_blackman, 1.0),
    "gaussian": (_gaussian, 1.25),
    "quadratic": (_quadratic, 1.5),
    "cubic": (_cubic, 2.0),
    "catrom": (_catrom, 2.0),
    "mitchell": (_mitchell, 2.0),
    "lanczos": (_lanczos, 3.0),
}
"""Filter -> (weight, support). The windows (hanning, hamming, blackman) are filters by themselves here."""

KERNELS: tuple[str, ...] = ("default", *_FILTERS)


@lru_cache(maxsize=96)  # some 100 KiB each: `learn` asks for every kernel on both axes of three pictures in turn
def _weights(kernel: str, before: int, after: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """(first source sample, number of samples) of each of `after` samples, and their weights [after, most]."""
    function, reach = _FILTERS[kernel]
    factor = after / before
    scale = max(1.0 / factor, 1.0)
    support = scale * reach
    if support <= 0.5:
        support, scale = 0.5 + 1e-12, 1.0
    scale = 1.0 / scale
    first, rows = np.empty(after, np.int64), []
    for i in range(after):
        centre = (i + 0.5) / factor
        start, stop = int(max(centre - support + 0.5, 0.0)), int(min(centre + support + 0.5, float(before)))
        row = [function(scale * (n - centre + 0.5)) for n in range(start, stop)]
        density = 0.0
        for weight in row:
            density += weight
        if density not in (0.0, 1.0):
            reciprocal = 1.0 / density
            row = [weight * reciprocal for weight in row]
        first[i] = start
        rows.append(row)
    count = np.array([len(row) for row in rows], np.int64)
    table = np.zeros((after, max(1, int(count.max()))))
    for i, row in enumerate(rows):
        table[i, : len(row)] = row
    return first, count, table


def _chosen(kernel: str, columns: int, rows: int, width: int, height: int, channels: int) -> str:
    if kernel != "default":
        return kernel
    return "mitchell" if channels == 1 or width * height > columns * rows else "lanczos"


def resize(pixels: NDArray[np.uint8], width: int, height: int, *, kernel: str = "default") -> NDArray[np.uint8]:
    """uint8 `[height, width, C]` of uint8 `[H, W, C]`, 0 to 255; C = 1 grey, 3 RGB.

    `default`: Lanczos for RGB whose area does not grow, else Mitchell. (Grey of a PNG or JPEG is a palette to it, which
    always gets Mitchell; grey of a TIFF is not, nor of a PGM of less than some 250 pixels.) Raises ProfileError for
    alpha, whose treatment was not measured, ValueError for an unknown kernel or an empty picture.
    """
    rows, columns, channels = pixels.shape
    if channels in (2, 4):
        raise ProfileError("an alpha channel", place="resize by graphicsmagick", expected="grey or RGB",
                           remedy="add a flatten step before it")  # fmt: skip
    if min(rows, columns, width, height) < 1 or kernel not in KERNELS:
        raise ValueError(f"{pixels.shape} to {width} x {height} by {kernel!r}, expected one of {', '.join(KERNELS)}")
    if (columns, rows) == (width, height):
        return pixels.copy()
    kernel = _chosen(kernel, columns, rows, width, height, channels)
    samples: NDArray[np.uint16] = pixels.astype(np.uint16) * np.uint16(257)
    for axis in (1, 0) if width * rows > height * columns else (0, 1):
        tall, wide, _ = samples.shape
        if axis:
            out = np.empty((tall, width, channels), np.uint16)
            rows_opaque(samples, *_weights(kernel, wide, width), out)
        else:
            out = np.empty((height, wide, channels), np.uint16)
            columns_opaque(samples, *_weights(kernel, tall, height), out)
        samples = out
    return (samples // np.uint16(257)).astype(np.uint8)


def plan(
    columns: int, rows: int, width: int, height: int, *, kernel: str = "default", channels: Literal[1, 3] = 3
) -> Plan:
    """`resize` of so many channels, which `default` chooses by, as data."""
    if (columns, rows) == (width, height):
        return Plan(())
    kernel = _chosen(kernel, columns, rows, width, height, channels)

    def one(axis: Literal[0, 1], size: int, n: int) -> tuple[Stage, ...]:
        return WeightedSum(axis, size, *tap_table(*_weights(kernel, size, n), size), "float64"), Round("up", 65535)

    across, down = one(1, columns, width), one(0, rows, height)
    passes = across + down if width * rows > height * columns else down + across
    return Plan((Integer(multiplier=257, clip=False), *passes, Integer(divisor=257)))
