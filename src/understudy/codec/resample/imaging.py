"""disintegration/imaging's Resize, Fit, Fill and Thumbnail: Go's other common resizing package.

Two passes, rows first, each in float64 and rounded to 8 bits; a pass whose axis keeps its size is left out. The sums
are of colours weighed by alpha (255 where a picture has none), divided by the sum of those weights. Samples beyond the
edges do not exist.

It knows one form of picture, Go's NRGBA: what comes as Y, Cb and Cr is made R, G and B first, pixel by pixel, and grey
comes out as R, G and B, which `encode.grey = "widen"` says. Alpha stays; Go's encoder then puts the picture on black.
Not measured: Go on other processors, where products and sums may be fused; the Gaussian's exponential may then and here
differ from Go's in its last digit.

Source: its documentation, its published source read for its filters, and measurement against 1.6.2 with Go 1.19 on
x86-64 (tests/codec/test_resample_go.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..go_jpeg import to_rgb
from ..stages import Plan, Round, Stage, Times, WeightedSum, picking, tap_table
from ._go_sums import STRIP, Floats, Table, cosine, pair_sums, sine, sums, total

KERNELS = (
    "nearest", "box", "linear", "hermite", "mitchell", "catmull_rom", "bspline", "gaussian", "bartlett", "lanczos",
    "hann", "hamming", "blackman", "welch", "cosine",
)  # fmt: skip

Pixels = NDArray[np.uint8]


def resize(pixels: Pixels, width: int, height: int, *, kernel: str, ycbcr: bool = False) -> Pixels:
    """Resize: uint8 `[height, width, C]` of uint8 `[H, W, C]`.

    ycbcr: three channels are Y, Cb and Cr (the step says so); the result is R, G and B.
    """
    rows, columns, channels = pixels.shape
    source = to_rgb(pixels) if ycbcr and channels == 3 else pixels
    if kernel == "nearest":
        return np.ascontiguousarray(source[_nearest(rows, height)[:, None], _nearest(columns, width)])
    if columns != width:
        source = _filtered(source, kernel, width)
    if rows != height:
        source = _filtered(source.transpose(1, 0, 2), kernel, height).transpose(1, 0, 2)
    return source.copy() if source is pixels else np.ascontiguousarray(source)


def plan(columns: int, rows: int, width: int, height: int, *, kernel: str, ycbcr: bool = False) -> Plan:
    """`resize` of 1 or 3 channels, as data; of R, G and B if there are three, whatever `ycbcr` says."""
    stages: list[Stage] = []
    axes: tuple[tuple[Literal[0, 1], int, int], ...] = ((1, columns, width), (0, rows, height))
    for axis, before, after in axes:
        if kernel == "nearest":
            stages.append(picking(axis, before, _nearest(before, after)))
        elif before != after:
            table = _opaque(_table(kernel, before, after))
            taps = tap_table(table.first, table.count, table.weights, before)
            factors = table.factors if axis == 1 else table.factors[:, None]
            stages += [WeightedSum(axis, before, *taps, order="float64"), Times(factors), Round("up")]
    return Plan(tuple(stages))


def _filtered(pixels: Pixels, kernel: str, n: int) -> Pixels:
    """uint8 `[H, n, C]` of `[H, W, C]`: one pass, along the rows."""
    table = _table(kernel, pixels.shape[1], n)
    of, table = (pair_sums, table) if pixels.shape[2] in (2, 4) else (sums, _opaque(table))
    out = np.empty((pixels.shape[0], n, pixels.shape[2]), np.uint8)
    for top in range(0, len(out), STRIP):
        out[top : top + STRIP] = np.clip(np.floor(of(pixels[top : top + STRIP], table) + 0.5), 0, 255)
    return out


def _opaque(table: Table) -> Table:
    """The table where alpha is 255 everywhere."""
    weights = 255.0 * table.weights
    return Table(table.first, table.count, weights, 1.0 / total(weights))


def _nearest(before: int, after: int) -> NDArray[np.int64]:
    """Which sample each output takes."""
    return ((np.arange(after) + 0.5) * (before / after)).astype(np.int64)


def _table(kernel: str, before: int, after: int) -> Table:
    """The weights of one axis, each output's adding up to about 1."""
    support, value = _FILTERS[kernel]
    ratio = before / after
    scale = max(ratio, 1.0)
    reach = math.ceil(scale * support)
    centre = (np.arange(after) + 0.5) * ratio - 0.5
    first = np.maximum(np.ceil(centre - reach), 0).astype(np.int64)
    last = np.minimum(np.floor(centre + reach), before - 1).astype(np.int64)
    at = first[:, None] + np.arange(int((last - first).max()) + 1)
    x = np.abs((at - centre[:, None]) / scale)
    inside = (at <= last[:, None]) & ((x <= support) if kernel == "box" else (x < support))
    weights = np.where(inside, value(np.where(inside, x, 0.0)), 0.0)
    return Table(first, last - first + 1, weights / total(weights)[:, None], np.ones(after))


def _cubic(b: float, c: float) -> Callable[[Floats], Floats]:
    """Mitchell and Netravali's cubics, at 0 to 2."""

    def value(x: Floats) -> Floats:
        near = ((12 - 9 * b - 6 * c) * x * x * x + (-18 + 12 * b + 6 * c) * x * x + (6 - 2 * b)) / 6
        a3, a2, a1, a0 = -b - 6 * c, 6 * b + 30 * c, -12 * b - 48 * c, 8 * b + 24 * c
        return np.where(x < 1, near, (a3 * x * x * x + a2 * x * x + a1 * x + a0) / 6)

    return value


def _sinc(x: Floats) -> Floats:
    angle = math.pi * np.where(x == 0, 1.0, x)
    return np.where(x == 0, 1.0, sine(angle) / angle)


def _windowed(window: Callable[[Floats], Floats]) -> tuple[float, Callable[[Floats], Floats]]:
    """A sinc of three lobes under a window."""
    return 3.0, lambda x: _sinc(x) * window(x)


_FILTERS: dict[str, tuple[float, Callable[[Floats], Floats]]] = {
    "box": (0.5, np.ones_like),
    "linear": (1.0, lambda x: 1.0 - x),
    "hermite": (1.0, _cubic(0.0, 0.0)),
    "mitchell": (2.0, _cubic(1 / 3, 1 / 3)),
    "catmull_rom": (2.0, _cubic(0.0, 0.5)),
    "bspline": (2.0, _cubic(1.0, 0.0)),
    "gaussian": (2.0, lambda x: np.exp(-2 * x * x)),
    "bartlett": (3.0, lambda x: _sinc(x) * (3.0 - x) / 3.0),
    "lanczos": _windowed(lambda x: _sinc(x / 3.0)),
    "hann": _windowed(lambda x: 0.5 + 0.5 * cosine(math.pi * x / 3.0)),
    "hamming": _windowed(lambda x: 0.54 + 0.46 * cosine(math.pi * x / 3.0)),
    "blackman": _windowed(
        lambda x: 0.42 - 0.5 * cosine(math.pi * x / 3.0 + math.pi) + 0.08 * cosine(2 * math.pi * x / 3.0)
    ),
    "welch": _windowed(lambda x: 1.0 - x * x / 9.0),
    "cosine": _windowed(lambda x: cosine(math.pi / 2 * (x / 3.0))),
}
"""(support, value at 0 to support) of each filter."""
