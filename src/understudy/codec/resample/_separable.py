"""One pass of a separable filter in fixed point: the loop under Pillow's resizing and its like.

A sample becomes `clip((start + sum(weight * sample)) >> shift)` in 32-bit integers, or that sum over a divisor of the
output's own, cut to an integer (Go's packages). The one kernel filters columns;
rows go through it too, in strips that are transposed into cache and back. Its inner loop runs along a row over slices
(numba checks plain indices for being negative, which keeps the compiler from vector loads).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._jit import kernel

_CHUNK = 1024
"""Samples of a row at a time: the sums stay in the first-level cache."""
_NONE = np.zeros(0, np.int32)
_STRIP = 32
"""Rows transposed at a time."""


@dataclass(frozen=True, slots=True)
class Taps:
    """Which samples make each output, with which weights."""

    first: NDArray[np.int64]
    """`[n]`: index of each output's first sample."""
    count: NDArray[np.int64]
    """`[n]`: how many samples it takes."""
    weights: NDArray[np.int32]
    """`[n, k]`: the weights, those beyond `count` unused."""
    divisors: NDArray[np.int32] | None = None
    """`[n]`: what each output's sum is divided by, 1 to 2^10, for sums up to 2^20; None for the shift alone."""


@kernel
def _columns(
    source: Any, first: Any, count: Any, weights: Any, divisors: Any, start: int, shift: int, out: Any
) -> None:
    """`divisors`: int32, empty for none. Division is exact: `(sum + 1/2) / d` is at least 1/2d from an integer."""
    length = source.shape[1]
    sums = np.empty(_CHUNK, np.int32)
    for left in range(0, length, _CHUNK):
        n = min(_CHUNK, length - left)
        right = left + n
        for y in range(out.shape[0]):
            sums[:] = np.int32(start)
            t = 0
            while t + 4 <= count[y]:
                w0, w1, w2, w3 = weights[y, t], weights[y, t + 1], weights[y, t + 2], weights[y, t + 3]
                row = first[y] + t
                a0, a1 = source[row, left:right], source[row + 1, left:right]
                a2, a3 = source[row + 2, left:right], source[row + 3, left:right]
                for i in range(n):
                    two = np.int32(np.int32(a0[i]) * w0) + np.int32(np.int32(a1[i]) * w1)
                    other = np.int32(np.int32(a2[i]) * w2) + np.int32(np.int32(a3[i]) * w3)
                    sums[i] = np.int32(sums[i] + two + other)
                t += 4
            while t < count[y]:
                w0 = weights[y, t]
                a0 = source[first[y] + t, left:right]
                for i in range(n):
                    sums[i] = np.int32(sums[i] + np.int32(np.int32(a0[i]) * w0))
                t += 1
            made = out[y, left:right]
            if divisors.size > 0:
                inverse = np.float32(1.0) / np.float32(divisors[y])
                for i in range(n):
                    quotient = np.int32((np.float32(max(sums[i], np.int32(0))) + np.float32(0.5)) * inverse)
                    made[i] = min(quotient, np.int32(255))
                continue
            for i in range(n):
                made[i] = min(max(np.int32(sums[i] >> np.int32(shift)), np.int32(0)), np.int32(255))


@kernel
def _turn(source: Any, top: int, rows: int, strip: Any) -> None:
    """`rows` lines of `source` [H, N] from `top` on, as the first columns of `strip` [N, >= rows]."""
    for r in range(rows):
        line = source[top + r]
        for i in range(line.size):
            strip[i, r] = line[i]


@kernel
def _turn_back(strip: Any, top: int, rows: int, out: Any) -> None:
    """The inverse of `_turn`."""
    for r in range(rows):
        line = out[top + r]
        for i in range(line.size):
            line[i] = strip[i, r]


@kernel
def _pick(pixels: Any, rows: Any, offsets: Any, channels: int, out: Any) -> None:
    """Rows `rows` of `pixels` [H, N], of each the `channels` samples from every offset (uint64) on."""
    for y in range(out.shape[0]):
        source, made = pixels[rows[y]], out[y]
        at = np.uint64(0)
        if channels == 3:
            for x in range(offsets.size):
                i = offsets[x]
                made[at] = source[i]
                made[at + np.uint64(1)] = source[i + np.uint64(1)]
                made[at + np.uint64(2)] = source[i + np.uint64(2)]
                at += np.uint64(3)
            continue
        for x in range(offsets.size):
            for c in range(channels):
                made[at] = source[offsets[x] + np.uint64(c)]
                at += np.uint64(1)


def pick(pixels: NDArray[np.uint8], rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.uint8]:
    """uint8 `[rows.size, columns.size, C]`: the pixels at these rows and columns, which lie inside."""
    height, width, channels = pixels.shape
    if rows.min() < 0 or rows.max() >= height or columns.min() < 0 or columns.max() >= width:
        raise ValueError(f"rows or columns outside a picture of {width} x {height}")
    out = np.empty((rows.size, columns.size * channels), np.uint8)
    flat = np.require(pixels, requirements=["C", "W"]).reshape(height, width * channels)
    _pick(flat, rows, (columns * channels).astype(np.uint64), channels, out)
    return out.reshape(rows.size, columns.size, channels)


def _divisors(taps: Taps) -> NDArray[np.int32]:
    return _NONE if taps.divisors is None else taps.divisors


def filter_columns(pixels: NDArray[np.uint8], taps: Taps, start: int, shift: int) -> NDArray[np.uint8]:
    """uint8 `[n, W, C]` of uint8 `[H, W, C]`: each output row a sum of rows."""
    height, width, channels = pixels.shape
    flat = np.require(pixels, requirements=["C", "W"]).reshape(height, width * channels)
    out = np.empty((taps.first.size, width * channels), np.uint8)
    _columns(flat, taps.first, taps.count, taps.weights, _divisors(taps), start, shift, out)
    return out.reshape(-1, width, channels)


def filter_rows(pixels: NDArray[np.uint8], taps: Taps, start: int, shift: int) -> NDArray[np.uint8]:
    """uint8 `[H, n, C]` of uint8 `[H, W, C]`: each output column a sum of columns."""
    height, width, channels = pixels.shape
    flat = np.require(pixels, requirements=["C", "W"]).reshape(height, width * channels)
    n = taps.first.size
    out = np.empty((height, n * channels), np.uint8)
    strip, filtered = np.zeros((width * channels, _STRIP), np.uint8), np.empty((n * channels, _STRIP), np.uint8)
    as_rows = strip.reshape(width, -1), filtered.reshape(n, -1)
    for top in range(0, height, _STRIP):
        rows = min(_STRIP, height - top)
        _turn(flat, top, rows, strip)
        _columns(as_rows[0], taps.first, taps.count, taps.weights, _divisors(taps), start, shift, as_rows[1])
        _turn_back(filtered, top, rows, out)
    return out.reshape(height, n, channels)
