"""Rust's image crate: `imageops::resize`, which `DynamicImage::resize` and its wrappers call.

Both axes are weighted sums in float32, the columns first, and nothing is rounded between them: each product and each
sum is a float32, in the order of the samples. A kernel is widened when a picture becomes smaller, its weights are
divided by their sum, and taps beyond the edges do not exist. Results are clipped and rounded half away from zero. Alpha
is a channel as any other.

Not covered: FilterType::Gaussian, whose exponential in float32 is not rounded correctly there (with one that is, 6 of
12,900,000 samples differ, by 1), and `thumbnail`, which averages.

Source: the crate's documentation of FilterType, its published source read for its number formats, and measurement
against photon of @cf-wasm/photon 0.4.0, which is built on it (tests/codec/test_rust_image.py).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._jit import kernel as jitted
from ..stages import Plan, Round, WeightedSum, tap_table

KERNELS = ("nearest", "triangle", "catmull_rom", "lanczos3")
_SUPPORT = {"nearest": 0.0, "triangle": 1.0, "catmull_rom": 2.0, "lanczos3": 3.0}

_F = np.float32


@dataclass(frozen=True, slots=True)
class _Taps:
    first: NDArray[np.int64]
    """`[n]`: each output's first sample."""
    count: NDArray[np.int64]
    weights: NDArray[np.float32]
    """`[n, k]`, 0 beyond `count`."""


def resize(pixels: NDArray[np.uint8], width: int, height: int, *, kernel: str) -> NDArray[np.uint8]:
    """uint8 `[height, width, C]` of uint8 `[H, W, C]`."""
    rows, columns, channels = pixels.shape
    down, across = _taps(kernel, rows, height), _taps(kernel, columns, width)
    out = np.empty((height, width, channels), np.uint8)
    _resized(np.require(pixels, requirements=["C", "W"]).reshape(rows, columns * channels), channels,
             down.first, down.count, down.weights, across.first, across.count, across.weights, out)  # fmt: skip
    return out


def plan(columns: int, rows: int, width: int, height: int, *, kernel: str) -> Plan:
    """`resize`, as data."""
    down, across = _taps(kernel, rows, height), _taps(kernel, columns, width)
    (y, x) = (tap_table(t.first, t.count, t.weights, size) for t, size in ((down, rows), (across, columns)))
    sums = WeightedSum(0, rows, *y, order="float32"), WeightedSum(1, columns, *x, order="float32")
    return Plan((*sums, Round("up")))


@jitted
def _resized(
    source: Any, channels: int, top: Any, rows: Any, down: Any, left: Any, columns: Any, across: Any, out: Any
) -> None:
    width = source.shape[1]
    line = np.empty(width, np.float32)
    for y in range(out.shape[0]):
        line[:] = np.float32(0)
        for t in range(rows[y]):
            weight, row = down[y, t], source[top[y] + t]
            for i in range(width):
                line[i] = line[i] + np.float32(row[i]) * weight
        for x in range(out.shape[1]):
            for c in range(channels):
                total = np.float32(0)
                at = left[x] * channels + c
                for t in range(columns[x]):
                    total = total + line[at] * across[x, t]
                    at += channels
                total = min(max(total, np.float32(0)), np.float32(255))
                whole = np.floor(total)
                out[y, x, c] = np.uint8(whole if total - whole < np.float32(0.5) else whole + np.float32(1))


@cache
def _taps(kernel: str, before: int, after: int) -> _Taps:
    """The weights of one axis, each step of their making in float32."""
    ratio = _F(before) / _F(after)
    scale = max(ratio, _F(1))
    reach = _F(_SUPPORT[kernel]) * scale
    centre = (np.arange(after, dtype=np.float32) + _F(0.5)) * ratio
    first = np.clip(np.floor(centre - reach).astype(np.int64), 0, before - 1)
    end = np.clip(np.ceil(centre + reach).astype(np.int64), first + 1, before)
    at = first[:, None] + np.arange(int((end - first).max()))
    x = (at.astype(np.float32) - (centre - _F(0.5))[:, None]) / scale
    weights = np.where(at < end[:, None], _KERNELS[kernel](x), _F(0)).astype(np.float32)
    total = np.zeros(after, np.float32)
    for column in weights.T:
        total = total + column
    return _Taps(first, end - first, weights / total[:, None])


def _box(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.ones_like(x)


def _triangle(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.where(np.abs(x) < 1, _F(1) - np.abs(x), _F(0))


def _catmull_rom(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mitchell and Netravali's cubic with B = 0, C = 1/2, as a polynomial over 6."""
    a = np.abs(x)
    square = a * a
    cube = square * a
    near = _F(9) * cube + _F(-15) * square + _F(6)
    far = _F(-3) * cube + _F(15) * square + _F(-24) * a + _F(12)
    made: NDArray[np.float32] = (np.where(a < 1, near, np.where(a < 2, far, _F(0))) / _F(6)).astype(np.float32)
    return made


def _sinc(x: NDArray[np.float32]) -> NDArray[np.float32]:
    a = x * _F(math.pi)
    sine = np.sin(a.astype(np.float64)).astype(np.float32)
    return np.where(x == 0, _F(1), sine / np.where(x == 0, _F(1), a))


def _lanczos3(x: NDArray[np.float32]) -> NDArray[np.float32]:
    made: NDArray[np.float32] = np.where(np.abs(x) < 3, _sinc(x) * _sinc(x / _F(3)), _F(0)).astype(np.float32)
    return made


_KERNELS = {
    "nearest": _box, "triangle": _triangle, "catmull_rom": _catmull_rom, "lanczos3": _lanczos3,
}  # fmt: skip
