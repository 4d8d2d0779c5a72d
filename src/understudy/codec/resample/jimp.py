"""Jimp's resize without a mode, which is what most of its users call: Grant Galitz's image resizer of two passes.

An axis that becomes smaller is averaged by areas: an output covers its share of the samples, cut samples count by their
part; products are float64, each sum is rounded to float32 as it grows. Samples that are fully transparent do not count
towards colours there; other alpha weighs nothing. An axis that becomes larger is interpolated between two samples, the
outermost third of a step from the first one. Rows come first, and what they give is float32; the columns' result is
rounded half up, or cut off where they keep their number.

Not covered: the modes (bilinear, bicubic, hermite, bezier, nearest neighbour), which are other code.

Source: Jimp's documentation of `resize`; the resizer's published source (public domain) read for its number formats;
measurement against Jimp 1.6.1 (tests/codec/test_resample_jimp.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._jit import kernel as jitted
from ..stages import Plan, Round, Times, WeightedSum, tap_table

KERNELS = ("default",)


@dataclass(frozen=True, slots=True)
class _Taps:
    first: NDArray[np.int64]
    count: NDArray[np.int64]
    weights: NDArray[np.float64]
    """`[n, k]`: how much of each sample an output takes, 0 beyond `count`."""
    by_area: bool
    """Whether sums are rounded as they grow and divided by their weights' sum."""


def resize(pixels: NDArray[np.uint8], width: int, height: int, *, kernel: str) -> NDArray[np.uint8]:
    """uint8 `[height, width, C]` of uint8 `[H, W, C]`."""
    rows, columns, channels = pixels.shape
    across, down = _taps(columns, width, 4), _taps(rows, height, 4 * width)
    out = np.empty((height, width, channels), np.uint8)
    between = np.empty((rows, width, channels), np.float32)
    source = np.require(pixels, requirements=["C", "W"])
    _across(source, across.first, across.count, across.weights, across.by_area, between)
    if rows == height:
        out[:] = between  # cut off
        return out
    _down(between, down.first, down.count, down.weights, down.by_area, out)
    return out


def plan(columns: int, rows: int, width: int, height: int, *, kernel: str) -> Plan:
    """`resize`, as data; not to the last bit."""
    across, down = _taps(columns, width, 4), _taps(rows, height, 4 * width)
    x, y = (tap_table(t.first, t.count, t.weights, size) for t, size in ((across, columns), (down, rows)))
    sums = WeightedSum(1, columns, *x, order="float64"), WeightedSum(0, rows, *y, order="float64")
    shares = Times(1 / across.weights.sum(1)), Times(1 / down.weights.sum(1)[:, None])
    return Plan((sums[0], shares[0], sums[1], shares[1], Round("up")), inexact="Jimp rounds each sum to float32")


@jitted
def _across(source: Any, first: Any, count: Any, weights: Any, by_area: bool, out: Any) -> None:
    rows, width, channels = out.shape
    colours = channels - 1 if by_area and channels in (2, 4) else channels
    for y in range(rows):
        for x in range(width):
            for c in range(channels):
                total, seen = 0.0, 0.0
                for t in range(count[x]):
                    weight, at = weights[x, t], first[x] + t
                    transparent = colours < channels and source[y, at, colours] == 0
                    if c == colours or not transparent:
                        seen += weight
                        total += np.float64(source[y, at, c]) * weight
                        if by_area:
                            total = np.float64(np.float32(total))
                if by_area:
                    total *= 1.0 / seen if seen > 0.0 else 0.0
                out[y, x, c] = np.float32(total)


@jitted
def _down(source: Any, first: Any, count: Any, weights: Any, by_area: bool, out: Any) -> None:
    height, width, channels = out.shape
    colours = channels - 1 if by_area and channels in (2, 4) else channels
    line, seen = np.empty((width, channels), np.float64), np.empty((width, channels), np.float64)
    for y in range(height):
        line[:] = 0.0
        seen[:] = 0.0
        for t in range(count[y]):
            weight, row = weights[y, t], source[first[y] + t]
            for x in range(width):
                transparent = colours < channels and row[x, colours] == np.float32(0)
                for c in range(channels):
                    if c == colours or not transparent:
                        seen[x, c] += weight
                        line[x, c] += np.float64(row[x, c]) * weight
                        if by_area:
                            line[x, c] = np.float64(np.float32(line[x, c]))
        for x in range(width):
            for c in range(channels):
                share = 1.0
                if by_area:
                    share = 1.0 / seen[x, c] if seen[x, c] > 0.0 else 0.0
                out[y, x, c] = np.uint8(min(np.floor(line[x, c] * share + 0.5), 255.0))


@lru_cache(maxsize=64)
def _taps(before: int, after: int, stride: int) -> _Taps:
    """The shares of one axis. stride: bytes from sample to sample of RGBA, by which the place on the axis is counted,
    so that its rounding in float64 is right. An axis that stays has weights of 1."""
    if before == after:
        return _Taps(np.arange(after), np.ones(after, np.int64), np.ones((after, 1)), False)
    if before < after:
        return _between(before, after)
    ratio = before / after
    weights = np.zeros((after, int(ratio) + 3))
    first, count = np.zeros(after, np.int64), np.zeros(after, np.int64)
    sample, place = 0, 0.0
    for i in range(after):
        left = ratio
        first[i] = sample
        while left > 0 and sample < before:
            to_next = 1 + sample * stride - place
            weights[i, count[i]] = min(left, to_next)
            count[i] += 1
            if left < to_next:
                place += left
                break
            sample += 1
            place = float(sample * stride)
            left -= to_next
    return _Taps(first, count, weights, True)


def _between(before: int, after: int) -> _Taps:
    """Two samples each; one at both ends. The place is a sum that grows by the ratio."""
    first, weights = np.full(after, before - 1, np.int64), np.tile([1.0, 0.0], (after, 1))
    place, i = 0.0, 0
    while place < 1 / 3 and i < after:
        first[i] = 0
        place += before / after
        i += 1
    place -= 1 / 3
    while place < before - 1 and i < after:
        share = place % 1
        first[i], weights[i] = int(place), (1 - share, share)
        place += before / after
        i += 1
    return _Taps(first, np.where(weights[:, 1] > 0, 2, 1), weights, False)
