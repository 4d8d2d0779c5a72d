"""Java's Graphics2D.drawImage to another size, bilinear or bicubic: how most Java programs make a picture smaller.

Two (or four) samples an axis around the output's centre, however much smaller the picture becomes; its place is found
by adding up the ratio of the sizes in 32 bits of fraction, of which 8 weigh the samples. Weights are whole 256ths, the
sum over both axes is rounded once, half up. Samples beyond the edges are those at the edges.

Not covered: VALUE_INTERPOLATION_NEAREST_NEIGHBOR, which another loop of Java's does, and pictures with alpha, whose
colours Java multiplies by it; here each channel is filtered for itself. Programs that halve a picture again and again
before the last step (Thumbnailator, imgscalr) do more than one of these.

Source: Java's documentation of RenderingHints (bilinear: a linear combination of the 4 nearest samples; bicubic: of 9
and more, Keys' cubic, a = -1/2), published source of OpenJDK read for its number formats, and measurement against
OpenJDK 17 (tests/codec/test_resample_java2d.py).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._jit import kernel as jitted
from ..stages import Integer, Plan, WeightedSum

KERNELS = ("bilinear", "bicubic")

Indexes = NDArray[np.int64]


def resize(pixels: NDArray[np.uint8], width: int, height: int, *, kernel: str) -> NDArray[np.uint8]:
    """uint8 `[height, width, C]` of uint8 `[H, W, C]`."""
    rows, columns, channels = pixels.shape
    (top, down), (left, across) = _taps(kernel, rows, height), _taps(kernel, columns, width)
    out = np.empty((height, width, channels), np.uint8)
    flat = np.require(pixels, requirements=["C", "W"]).reshape(rows, columns * channels)
    _resized(flat, channels, top, down.astype(np.int32), left * channels, across.astype(np.int32), out)
    return out


def plan(columns: int, rows: int, width: int, height: int, *, kernel: str) -> Plan:
    """`resize`, as data."""
    down, across = _taps(kernel, rows, height), _taps(kernel, columns, width)
    sums = WeightedSum(0, rows, *down), WeightedSum(1, columns, *across)
    return Plan((*sums, Integer(add=1 << 15, divisor=1 << 16)))


@jitted
def _resized(source: Any, channels: int, top: Any, down: Any, left: Any, across: Any, out: Any) -> None:
    width, taps = source.shape[1], down.shape[1]
    line = np.empty(width, np.int32)
    for y in range(out.shape[0]):
        line[:] = np.int32(0)
        for t in range(taps):
            weight, row = down[y, t], source[top[y, t]]
            for i in range(width):
                line[i] = np.int32(line[i] + np.int32(row[i]) * weight)
        for x in range(out.shape[1]):
            for c in range(channels):
                total = np.int32(1 << 15)
                for t in range(taps):
                    total = np.int32(total + line[left[x, t] + c] * across[x, t])
                out[y, x, c] = min(max(total >> 16, 0), 255)


def _taps(kernel: str, before: int, after: int) -> tuple[Indexes, Indexes]:
    """(samples, weights in 256ths), each `[after, 2 or 4]`."""
    ratio = before / after
    step, start = int(ratio * (1 << 32)), int(ratio * 0.5 * (1 << 32)) - (1 << 31)
    at = start + np.arange(after, dtype=np.int64) * step
    first, share = at >> 32, (at & 0xFFFFFFFF) >> 24
    if kernel == "bilinear":
        weights = np.stack([256 - share, share], axis=1)
    else:
        cubic = _cubic()
        weights = np.stack([cubic[256 + share], cubic[share], cubic[256 - share], cubic[512 - share]], axis=1)
        first = first - 1
    samples = np.clip(first[:, None] + np.arange(weights.shape[1]), 0, before - 1)
    return samples, weights


@cache
def _cubic() -> Indexes:
    """`[513]`: Keys' cubic at distances of 256ths up to 2, in 256ths, cut towards zero. From 3/2 on it is what makes
    four weights add up to 256."""
    x = np.arange(385) / 256
    near, far = (1.5 * x - 2.5) * x * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
    table = np.zeros(513, np.int64)
    table[:385] = np.trunc(256 * np.where(x < 1, near, far))
    table[384] = (256 - 2 * table[128]) // 2
    for i in range(385, 513):
        table[i] = 256 - table[512 - i] - table[i - 256] - table[768 - i]
    return table
