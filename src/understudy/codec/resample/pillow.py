"""Pillow's Image.resize, Image.reduce and reducing_gap for 8-bit pictures, equal in every sample.

A filter's weights are computed in float64, made to sum to 1, and kept with 22 fraction bits. Rows are filtered first,
then columns (since release 13 sometimes the other way round, see `resize`); each pass adds a half, shifts and clips to
0..255, so the picture between them is 8-bit too. At the edges the filter is cut and its weights made to sum to 1 again.

Source: Pillow's documentation (Concepts: Filters; Image.resize, Image.reduce), the fixed point measured against Pillow
13.0.0 (tests/codec/test_resample_pillow.py: every filter, sizes up and down, no sample differs). The two Magic Kernel
Sharp filters are J. Costella's (johncostella.com/magic), in Pillow since 13.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..._jit import kernel as compiled
from ..stages import Integer, Plan, Stage, WeightedSum, picking, tap_table
from ._separable import Taps, filter_columns, filter_rows, pick

KERNELS = ("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos", "mks2013", "mks2021")

Pixels = NDArray[np.uint8]
Box = tuple[float, float, float, float]

_SUPPORT = {"box": 0.5, "bilinear": 1.0, "hamming": 1.0, "bicubic": 2.0, "lanczos": 3.0, "mks2013": 2.5, "mks2021": 4.5}
_FRACTION_BITS = 22
_HALF = 1 << (_FRACTION_BITS - 1)
_HAMMING = float(np.float32(0.54)), float(np.float32(0.46))
"""R. W. Hamming's window, in Pillow's single precision (double is 1 off in 10 of 7,680 trials)."""


@compiled
def _sinc(x: float) -> float:
    return math.sin(math.pi * x) / (math.pi * x) if x != 0.0 else 1.0


@compiled
def _magic_sharp_2013(x: float) -> float:
    """Costella: the magic kernel (a quadratic B-spline) sharpened by three taps; x is not negative."""
    if x < 0.5:
        return 17.0 / 16.0 - 7.0 / 4.0 * x * x
    if x < 1.5:
        return (1.0 - x) * (7.0 / 4.0 - x)
    if x < 2.5:
        return -1.0 / 8.0 * (x - 2.5) * (x - 2.5)
    return 0.0


@compiled
def _magic_sharp_2021(x: float) -> float:
    """Costella: the 2013 kernel with a further sharpening; x is not negative."""
    if x < 0.5:
        return 577.0 / 576.0 - 239.0 / 144.0 * x * x
    if x < 1.5:
        return 35.0 / 36.0 * (x - 1.0) * (x - 239.0 / 140.0)
    if x < 2.5:
        return 1.0 / 6.0 * (x - 2.0) * (65.0 / 24.0 - x)
    if x < 3.5:
        return 1.0 / 36.0 * (x - 3.0) * (x - 15.0 / 4.0)
    if x < 4.5:
        return -1.0 / 288.0 * (x - 4.5) * (x - 4.5)
    return 0.0


@compiled
def _value(which: int, x: float) -> float:
    """The filter `KERNELS[which]` at `x`, in units of the filter's own scale."""
    if which == 1:
        return 1.0 if -0.5 < x <= 0.5 else 0.0
    a = abs(x)
    if which == 2:
        return 1.0 - a if a < 1.0 else 0.0
    if which == 3:
        if a == 0.0:
            return 1.0  # the single-precision terms would add up to 1.00000003
        return _sinc(a) * (_HAMMING[0] + _HAMMING[1] * math.cos(math.pi * a)) if a < 1.0 else 0.0
    if which == 4:  # Keys' cubic, a = -1/2
        if a < 1.0:
            return (1.5 * a - 2.5) * a * a + 1.0
        return ((a - 5.0) * a + 8.0) * a * -0.5 + 2.0 if a < 2.0 else 0.0
    if which == 5:
        return _sinc(x) * _sinc(x / 3.0) if -3.0 <= x < 3.0 else 0.0
    return _magic_sharp_2013(a) if which == 6 else _magic_sharp_2021(a)


@compiled
def _weigh(which: int, size: int, low: float, scale: float, support: float, first: Any, count: Any, out: Any) -> None:
    """Each output's window, centred at low + (i + 1/2) scale, and its normalised weights in fixed point."""
    stretch = max(scale, 1.0)
    inverse = 1.0 / stretch
    reach = support * stretch
    raw = np.empty(out.shape[1], np.float64)
    for i in range(first.size):
        centre = low + (i + 0.5) * scale
        begin = max(int(centre - reach + 0.5), 0)
        n = min(int(centre + reach + 0.5), size) - begin
        total = 0.0
        for t in range(n):
            raw[t] = _value(which, (begin + t - centre + 0.5) * inverse)
            total += raw[t]
        for t in range(n):
            w = (raw[t] / total if total != 0.0 else raw[t]) * (1 << _FRACTION_BITS)
            out[i, t] = int(w - 0.5) if w < 0.0 else int(w + 0.5)
        first[i], count[i] = begin, n


def taps(kernel: str, size: int, new_size: int, low: float, high: float) -> Taps:
    """The weights, with 22 fraction bits, that make `new_size` samples of `low` to `high` of `size` samples."""
    low32, high32 = np.float32(low), np.float32(high)  # the box is C float in Pillow
    scale = float(high32 - low32) / new_size
    support = _SUPPORT[kernel]
    first, count = np.zeros(new_size, np.int64), np.zeros(new_size, np.int64)
    weights = np.zeros((new_size, 2 * math.ceil(support * max(scale, 1.0)) + 1), np.int32)
    _weigh(KERNELS.index(kernel), size, float(low32), scale, support, first, count, weights)
    return Taps(first, count, weights)


def resize(
    pixels: Pixels,
    width: int,
    height: int,
    *,
    kernel: str,
    box: Box | None = None,
    reducing_gap: float = 0.0,
    premultiply: bool = True,
    release: int = 13,
) -> Pixels:
    """Image.resize: uint8 `[height, width, C]` of uint8 `[H, W, C]`.

    kernel: one of KERNELS.
    box: left, upper, right, lower bound of the source region in pixels; None for all of it.
    reducing_gap: as in Image.resize, at least 1; 0 for none.
    premultiply: pictures of 2 or 4 channels are multiplied by their last one, resized and divided again, as Pillow does
    for LA and RGBA (not for `nearest`); False filters every channel alone, as Pillow does for modes without alpha.
    release: Pillow's major version. From 13 on columns are filtered first where the height shrinks by more than twice
    as many pixels as the width (its pull request 9549; where exactly, measured on 13.0.0); in earlier releases (12.3.0)
    only where a picture that is more than 100 times as high as wide becomes lower.
    """
    rows, columns, channels = pixels.shape
    region = (0.0, 0.0, float(columns), float(rows)) if box is None else box
    if (columns, rows) == (width, height) and region == (0, 0, columns, rows):
        return pixels.copy()
    if kernel == "nearest":
        left, top, right, bottom = region
        return pick(pixels, _nearest_at(top, bottom, height, rows), _nearest_at(left, right, width, columns))
    if premultiply and channels in (2, 4):
        return unpremultiplied(_filtered(premultiplied(pixels), width, height, kernel, region, reducing_gap, release))
    return _filtered(pixels, width, height, kernel, region, reducing_gap, release)


def _filtered(
    pixels: Pixels, width: int, height: int, kernel: str, box: Box, reducing_gap: float, release: int
) -> Pixels:
    if reducing_gap:
        pixels, box = _reduced_first(pixels, width, height, kernel, box, reducing_gap)
    rows, columns, _ = pixels.shape
    left, top, right, bottom = box
    cut = _cut(width, height, box)
    if cut is not None:
        return pixels[cut[1] : cut[1] + height, cut[0] : cut[0] + width].copy()
    horizontal, vertical = (width, left, right) != (columns, 0, columns), (height, top, bottom) != (rows, 0, rows)
    across = taps(kernel, columns, width, left, right)
    down = taps(kernel, rows, height, top, bottom)
    if horizontal and vertical and _columns_first(columns, rows, width, height, release):
        pixels = filter_columns(pixels, down, _HALF, _FRACTION_BITS)
        return filter_rows(pixels, across, _HALF, _FRACTION_BITS)
    if horizontal:
        if vertical:  # rows that no output needs are not filtered
            begin, end = int(down.first[0]), int(down.first[-1] + down.count[-1])
            pixels, down = pixels[begin:end], Taps(down.first - begin, down.count, down.weights)
        pixels = filter_rows(pixels, across, _HALF, _FRACTION_BITS)
    return filter_columns(pixels, down, _HALF, _FRACTION_BITS) if vertical else pixels


def _cut(width: int, height: int, box: Box) -> tuple[int, int] | None:
    """Left and top of a box that is as large as the output and lies on whole pixels; None for any other. It is cut out,
    which differs from filtering for `mks2013`, whose weight at distance 0 is not 1.

    Source: measured on 13.0.0 (tests/steps/test_framing.py).
    """
    left, top, right, bottom = (float(np.float32(edge)) for edge in box)
    if left.is_integer() and top.is_integer() and (right - left, bottom - top) == (width, height):
        return int(left), int(top)
    return None


def _nearest_at(low: float, high: float, n: int, size: int) -> NDArray[np.int64]:
    """The source sample that each output's centre lies in; positions are summed up one step at a time, in float64."""
    low32, high32 = float(np.float32(low)), float(np.float32(high))
    step = float(np.float32(high32 - low32)) / n
    steps = np.full(n, step)
    steps[0] = low32 + step * 0.5
    return np.minimum(np.add.accumulate(steps).astype(np.int64), size - 1)


def _columns_first(columns: int, rows: int, width: int, height: int, release: int) -> bool:
    if release < 13:
        return rows > 100 * columns and height < rows
    return rows - height > max(2 * (columns - width), 0)


def _reduced_first(
    pixels: Pixels, width: int, height: int, kernel: str, box: Box, reducing_gap: float
) -> tuple[Pixels, Box]:
    """The picture reduced by whole factors as far as `reducing_gap` allows, and the box in its coordinates."""
    rows, columns, _ = pixels.shape
    how = _reduction(columns, rows, width, height, kernel, box, reducing_gap)
    if how is None:
        return pixels, box
    (x0, y0, x1, y1), factor_x, factor_y, inside = how
    return reduce(pixels[y0:y1, x0:x1], factor_x, factor_y, premultiply=False), inside


def _reduction(
    columns: int, rows: int, width: int, height: int, kernel: str, box: Box, reducing_gap: float
) -> tuple[tuple[int, int, int, int], int, int, Box] | None:
    """(left, top, right, bottom of what is reduced, its two factors, the box in what comes out); None for nothing."""
    left, top, right, bottom = box
    factor_x = int((right - left) / width / reducing_gap) or 1
    factor_y = int((bottom - top) / height / reducing_gap) or 1
    if factor_x == 1 and factor_y == 1:
        return None
    margin_x = (_SUPPORT[kernel] - 0.5) * ((right - left) / width)
    margin_y = (_SUPPORT[kernel] - 0.5) * ((bottom - top) / height)
    x0, y0 = max(0, int(left - margin_x)), max(0, int(top - margin_y))
    x1, y1 = min(columns, math.ceil(right + margin_x)), min(rows, math.ceil(bottom + margin_y))
    inside = ((left - x0) / factor_x, (top - y0) / factor_y, (right - x0) / factor_x, (bottom - y0) / factor_y)
    return (x0, y0, x1, y1), factor_x, factor_y, inside


def reduce(pixels: Pixels, factor_x: int, factor_y: int, *, premultiply: bool = True) -> Pixels:
    """Image.reduce: uint8 `[ceil(H / factor_y), ceil(W / factor_x), C]`, means of cells, cut at the edges.

    A sum plus half its count is multiplied by floor(2^24 / count), computed in float32, and shifted right by 24.
    """
    if (factor_x, factor_y) == (1, 1):
        return pixels.copy()
    if premultiply and pixels.shape[2] in (2, 4):
        return unpremultiplied(reduce(premultiplied(pixels), factor_x, factor_y, premultiply=False))
    height, width, _ = pixels.shape
    tops, lefts = np.arange(0, height, factor_y), np.arange(0, width, factor_x)
    sums = np.add.reduceat(np.add.reduceat(pixels, tops, axis=0, dtype=np.uint32), lefts, axis=1)
    half, multiplier = _cell_means(height, width, tops, lefts)
    return (((sums + half[:, :, None]) * multiplier[:, :, None]) >> np.uint32(24)).astype(np.uint8)


def _cell_means(
    height: int, width: int, tops: NDArray[np.int64], lefts: NDArray[np.int64]
) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """(what is added to each cell's sum, 2^24 over its count), uint32 `[tops, lefts]`."""
    count = np.outer(np.diff(tops, append=height), np.diff(lefts, append=width)).astype(np.uint32)
    return count // np.uint32(2), (np.float32(2**32) / (count * np.uint32(256)).astype(np.float32)).astype(np.uint32)


def premultiplied(pixels: Pixels) -> Pixels:
    """RGBA to RGBa (or LA to La): each colour times alpha over 255, rounded to nearest."""
    product = pixels[:, :, :-1].astype(np.uint16) * pixels[:, :, -1:] + np.uint16(128)
    out = pixels.copy()
    out[:, :, :-1] = ((product >> 8) + product) >> 8
    return out


def unpremultiplied(pixels: Pixels) -> Pixels:
    """RGBa to RGBA (or La to LA): 255 times each colour over alpha, cut to an integer, at most 255.

    Where alpha is 0 the colours stay as they are.
    """
    alpha = pixels[:, :, -1:].astype(np.uint16)
    divided = np.minimum(pixels[:, :, :-1] * np.uint16(255) // np.maximum(alpha, 1), 255)
    out = pixels.copy()
    out[:, :, :-1] = np.where(alpha == 0, pixels[:, :, :-1], divided)
    return out


def plan(
    columns: int,
    rows: int,
    width: int,
    height: int,
    *,
    kernel: str,
    box: Box | None = None,
    reducing_gap: float = 0.0,
    premultiply: bool = True,
    release: int = 13,
) -> Plan:
    """`resize` of 1 or 3 channels, as data."""
    region = (0.0, 0.0, float(columns), float(rows)) if box is None else box
    left, top, right, bottom = region
    if (columns, rows) == (width, height) and region == (0, 0, columns, rows):
        return Plan(())
    if kernel == "nearest":
        x, y = _nearest_at(left, right, width, columns), _nearest_at(top, bottom, height, rows)
        return Plan((picking(1, columns, x), picking(0, rows, y)))
    stages: tuple[Stage, ...] = ()
    how = _reduction(columns, rows, width, height, kernel, region, reducing_gap) if reducing_gap else None
    if how is not None:
        (x0, y0, x1, y1), factor_x, factor_y, (left, top, right, bottom) = how
        tops, lefts = np.arange(y0, y1, factor_y), np.arange(x0, x1, factor_x)
        half, multiplier = _cell_means(y1 - y0, x1 - x0, tops - y0, lefts - x0)
        stages = _cells(0, rows, tops, y1, factor_y), _cells(1, columns, lefts, x1, factor_x)
        stages += (Integer(half.astype(np.int64), multiplier.astype(np.int64), 1 << 24),)
        rows, columns = len(tops), len(lefts)
    cut = _cut(width, height, (left, top, right, bottom))
    if cut is not None:
        cutting = picking(1, columns, cut[0] + np.arange(width)), picking(0, rows, cut[1] + np.arange(height))
        return Plan(stages + cutting)
    across = _pass(1, kernel, columns, width, left, right)
    down = _pass(0, kernel, rows, height, top, bottom)
    columns_first = across and down and _columns_first(columns, rows, width, height, release)
    return Plan(stages + (down + across if columns_first else across + down))


def _pass(axis: Literal[0, 1], kernel: str, size: int, n: int, low: float, high: float) -> tuple[Stage, ...]:
    """One axis filtered; nothing where it keeps its samples."""
    if (n, low, high) == (size, 0, size):
        return ()
    made = taps(kernel, size, n, low, high)
    at, weights = tap_table(made.first, made.count, made.weights, size)
    return WeightedSum(axis, size, at, weights), Integer(_HALF, 1, 1 << _FRACTION_BITS)


def _cells(axis: Literal[0, 1], size: int, starts: NDArray[np.int64], end: int, factor: int) -> WeightedSum:
    """Sums of `factor` samples from each start on, those before `end`."""
    at = starts[:, None] + np.arange(factor)
    return WeightedSum(axis, size, np.minimum(at, end - 1), (at < end).astype(np.int64))
