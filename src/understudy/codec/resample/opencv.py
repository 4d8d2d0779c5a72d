"""OpenCV's cv2.resize for 8-bit pictures: INTER_NEAREST, LINEAR, CUBIC, LANCZOS4, AREA and LINEAR_EXACT.

The x86-64 wheels of OpenCV give cubic pictures of 1, 3 and 4 channels to Intel's IPP, which works in floating point;
`ipp=False` is OpenCV's own form (2 channels in those wheels, all elsewhere, as far as its vectors are 128 bits wide).

Source: OpenCV's documentation (geometric image transformations: resize), the arithmetic measured against
opencv-python-headless 5.0.0 (tests/codec/test_resample_opencv.py). Equal in every sample, but for IPP's cubic, where
about one sample in 100,000 is 1 off.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..stages import Integer, Mean32, Plan, Round, WeightedSum, picking, tap_table
from . import _opencv_kernels as kernels
from ._separable import pick

KERNELS = ("nearest", "linear", "cubic", "lanczos4", "area", "linear_exact")
LINEAR = ("linear", "linear_exact")
"""By 2 x 2 both take means of four (`linear_exact` of 2 channels does not)."""

Pixels = NDArray[np.uint8]
_ONE = np.float32(2048)
"""Weights have 11 fraction bits, of which `linear_exact` uses the upper 8."""


def resize(
    pixels: Pixels,
    width: int,
    height: int,
    *,
    kernel: str,
    factors: tuple[float, float] | None = None,
    ipp: bool = True,
) -> Pixels:
    """cv2.resize: uint8 `[height, width, C]` of uint8 `[H, W, C]`.

    kernel: one of KERNELS.
    factors: OpenCV's fx and fy, output pixels to one input pixel horizontally and vertically; None takes the ratios of
    the sizes. (cv2.resize then makes the size itself, half to even; here the size is given too.)
    ipp: cubic as Intel's IPP has it, for 1, 3 or 4 channels.
    """
    rows, columns, channels = pixels.shape
    if (columns, rows) == (width, height):
        return pixels.copy()
    factor_x, factor_y = factors or (width / columns, height / rows)
    flat = np.require(pixels, requirements=["C", "W"]).reshape(rows, columns * channels)
    out = np.empty((height, width * channels), np.uint8)
    if kernel == "nearest":
        return pick(pixels, _nearest_at(rows, height, factor_y), _nearest_at(columns, width, factor_x))
    scale_x, scale_y = 1.0 / factor_x, 1.0 / factor_y
    cell = _whole(scale_x), _whole(scale_y)
    means = kernel == "linear" or (kernel == "linear_exact" and channels != 2)
    if (means and cell == (2, 2)) or (kernel == "area" and min(cell) > 0):
        half_up = cell == (2, 2) and channels != 2
        if half_up and 2 * width <= columns and 2 * height <= rows:
            kernels.area_of_four(flat, channels, out)
        else:
            kernels.area_of_whole_cells(flat, cell[0], cell[1], channels, half_up, out)
    elif kernel == "area" and min(scale_x, scale_y) >= 1:
        across, down = _cells(columns, width, scale_x), _cells(rows, height, scale_y)
        kernels.area(flat, *across, *down, channels, out)
    else:
        _interpolate(flat, columns, channels, (width, height), (factor_x, factor_y), kernel, ipp, out)
    return out.reshape(height, width, channels)


def _nearest_at(size: int, n: int, factor: float) -> NDArray[np.int64]:
    at: NDArray[np.int64] = np.minimum(np.floor(np.arange(n) * (1.0 / factor)), size - 1).astype(np.int64)
    return at


def _whole(scale: float) -> int:
    """The scale if it is a whole number of at least 1, else 0."""
    nearest = round(scale)
    return nearest if nearest >= 1 and abs(scale - nearest) < np.finfo(np.float64).eps else 0


def _interpolate(
    flat: Pixels,
    columns: int,
    channels: int,
    size: tuple[int, int],
    factors: tuple[float, float],
    kernel: str,
    ipp: bool,
    out: Pixels,
) -> None:
    """The kernels with 2, 4 or 8 taps, whatever the scale; `area` upwards is linear with its own positions."""
    in_floats = kernel == "cubic" and ipp and channels != 2
    at, x_weights, rows, y_weights = _fixed_taps(columns, flat.shape[0], size, factors, kernel, in_floats)
    offsets = (at * channels).astype(np.uint64)
    if in_floats:
        kernels.cubic_in_floats(flat, offsets, x_weights, rows, y_weights, channels, out)
        return
    integer = kernels.INTEGER
    how = {"cubic": kernels.MIXED, "lanczos4": integer, "linear_exact": integer}.get(kernel, kernels.LINEAR)
    kernels.separable(flat, offsets, x_weights, rows, y_weights, channels, how, out)


def _fixed_taps(
    columns: int, rows: int, size: tuple[int, int], factors: tuple[float, float], kernel: str, in_floats: bool
) -> tuple[NDArray[np.int64], NDArray[Any], NDArray[np.int64], NDArray[Any]]:
    """(columns taken, their weights, rows taken, their weights), each `[n, taps]`; int32 weights unless `in_floats`."""
    double = in_floats or kernel == "linear_exact"
    x, x_part = _positions(size[0], factors[0], kernel == "area", double)
    y, y_part = _positions(size[1], factors[1], kernel == "area", double)
    taps = {"cubic": 4, "lanczos4": 8}.get(kernel, 2)
    if taps == 2:  # beyond the outer centres the outer sample alone; in y both taps are kept, and rounded apart
        outside = (x < 0) | (x >= columns - 1)
        x, x_part = np.clip(x, 0, columns - 1), np.where(outside, np.float32(0), x_part)
    reach = np.arange(taps) - (taps // 2 - 1)
    across = np.clip(x[:, None] + reach, 0, columns - 1)
    down = np.clip(y[:, None] + reach, 0, rows - 1)
    if in_floats:
        return across, _cubic(x_part), down, _cubic(y_part)
    if kernel == "linear_exact":
        y_part = np.where((y < 0) | (y >= rows - 1), 0.0, y_part)
        x_part, y_part = np.rint(x_part * 256) / 256, np.rint(y_part * 256) / 256
    weigh = {"cubic": _cubic, "lanczos4": _lanczos4}.get(kernel, _linear)
    x_weights, y_weights = (np.rint(weigh(part) * _ONE).astype(np.int32) for part in (x_part, y_part))
    return across, x_weights, down, y_weights


def _positions(n: int, factor: float, area: bool, double: bool) -> tuple[NDArray[np.int64], NDArray[np.floating]]:
    """Each output's sample to the left of its centre (may lie outside) and the centre's distance from it, 0 to 1."""
    scale, i = 1.0 / factor, np.arange(n)
    if area:
        left = np.floor(i * scale).astype(np.int64)
        part = ((i + 1) - (left + 1) * factor).astype(np.float32)
        return left, np.where(part <= 0, np.float32(0), part - np.floor(part))
    centre = (i + 0.5) * scale - 0.5
    if not double:
        centre = centre.astype(np.float32)
    left = np.floor(centre).astype(np.int64)
    return left, centre - left.astype(centre.dtype)


def _linear(part: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.stack([np.float32(1) - part, part], axis=1)


def _cubic(part: NDArray[np.floating]) -> NDArray[np.floating]:
    """Keys' cubic with a = -3/4, in the precision of `part`; the last weight is what lacks to 1."""
    a = part.dtype.type(-0.75)
    w0 = ((a * (part + 1) - 5 * a) * (part + 1) + 8 * a) * (part + 1) - 4 * a
    w1 = ((a + 2) * part - (a + 3)) * part * part + 1
    w2 = ((a + 2) * (1 - part) - (a + 3)) * (1 - part) * (1 - part) + 1
    return np.stack([w0, w1, w2, 1 - w0 - w1 - w2], axis=1)


def _lanczos4(part: NDArray[np.floating]) -> NDArray[np.floating]:
    """sin(pi t) sin(pi t / 4) / t^2 over 8 taps (sin(pi t) has the same size for all, its sign alternates), sum 1."""
    t = part[:, None] + np.float32(3) - np.arange(8, dtype=np.float32)
    start = -(part + np.float32(3)).astype(np.float64) * math.pi * 0.25
    s = math.sqrt(0.5)
    across, along = np.array([1, -s, 0, s, -1, s, 0, -s]), np.array([0, -s, 1, -s, 0, s, -1, s])
    sines = np.sin(start)[:, None] * across + np.cos(start)[:, None] * along
    at = -t.astype(np.float64) * math.pi * 0.25
    on_a_sample = np.abs(t) < 1e-6
    raw = np.full(t.shape, np.float32(1e30))  # so large that after the division it alone is left
    np.divide(sines, at * at, out=raw, where=~on_a_sample, casting="same_kind")
    total = raw[:, 0].copy()
    for k in range(1, 8):
        total += raw[:, k]
    return np.asarray(raw * (np.float32(1) / total)[:, None])


def _cells(size: int, n: int, scale: float) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """First sample, number of samples and float32 weights of each output's cell; slivers up to 0.001 are left out."""
    first, count = np.zeros(n, np.int64), np.zeros(n, np.int64)
    weights = np.zeros((n, math.ceil(scale) + 2), np.float32)
    for i in range(n):
        low = i * scale
        high = low + scale
        width = min(scale, size - low)
        last = min(math.floor(high), size - 1)
        begin = min(math.ceil(low), last)
        cell = [1.0 / width] * (last - begin)
        first[i] = begin
        if begin - low > 1e-3:
            first[i] = begin - 1
            cell.insert(0, (begin - low) / width)
        if high - last > 1e-3:
            cell.append(min(min(high - last, 1.0), width) / width)
        count[i] = len(cell)
        weights[i, : len(cell)] = cell
    return first, count, weights


def plan(
    columns: int,
    rows: int,
    width: int,
    height: int,
    *,
    kernel: str,
    factors: tuple[float, float] | None = None,
    ipp: bool = True,
) -> Plan:
    """`resize` of 1 or 3 channels, as data: exact but for cubic without IPP, whose vectors sum in float32."""
    if (columns, rows) == (width, height):
        return Plan(())
    factor_x, factor_y = factors or (width / columns, height / rows)
    if kernel == "nearest":
        x, y = _nearest_at(columns, width, factor_x), _nearest_at(rows, height, factor_y)
        return Plan((picking(1, columns, x), picking(0, rows, y)))
    scale_x, scale_y = 1.0 / factor_x, 1.0 / factor_y
    cell = _whole(scale_x), _whole(scale_y)
    if (kernel in LINEAR and cell == (2, 2)) or (kernel == "area" and min(cell) > 0):
        return _plan_of_whole_cells(columns, rows, width, height, *cell)
    if kernel == "area" and min(scale_x, scale_y) >= 1:
        across = tap_table(*_cells(columns, width, scale_x), columns)
        down = tap_table(*_cells(rows, height, scale_y), rows)
        return Plan(
            (WeightedSum(1, columns, *across, "float32"), WeightedSum(0, rows, *down, "float32"), Round("even"))
        )
    in_floats = kernel == "cubic" and ipp
    x, wx, y, wy = _fixed_taps(columns, rows, (width, height), (factor_x, factor_y), kernel, in_floats)
    if in_floats:
        floats = (
            WeightedSum(1, columns, x, wx.astype(np.float64), "float64"),
            WeightedSum(0, rows, y, wy.astype(np.float64), "float64"),
        )
        return Plan((*floats, Round("even")))
    if kernel in ("cubic", "lanczos4", "linear_exact"):
        end = Integer(1 << 21, 1, 1 << 22)
        inexact = "" if kernel != "cubic" else "OpenCV's own cubic sums in float32 as its vectors fall"
        return Plan((WeightedSum(1, columns, x, wx), WeightedSum(0, rows, y, wy), end), inexact)
    return Plan((WeightedSum(1, columns, x, wx), WeightedSum(0, rows, y, wy, before=4, cut=16), Integer(2, 1, 4)))


def _plan_of_whole_cells(columns: int, rows: int, width: int, height: int, cell_w: int, cell_h: int) -> Plan:
    """`linear` by 2 x 2 and `area` by whole numbers."""
    x, y = (
        np.arange(width)[:, None] * cell_w + np.arange(cell_w),
        np.arange(height)[:, None] * cell_h + np.arange(cell_h),
    )
    counts = np.outer((y < rows).sum(axis=1), (x < columns).sum(axis=1))
    return Plan((
        WeightedSum(0, rows, np.minimum(y, rows - 1), (y < rows).astype(np.int64)),
        WeightedSum(1, columns, np.minimum(x, columns - 1), (x < columns).astype(np.int64)),
        Mean32(counts, cell_w * cell_h, half_up=(cell_w, cell_h) == (2, 2)),
    ))  # fmt: skip
