"""The loops of skia.py: bilinear mixtures of four pixels, with 4-bit and with 16-bit fractions.

An axis is three int64 arrays: the two source samples of each destination sample, and the second one's share.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._jit import kernel


@kernel
def mix4(source: Any, x0: Any, x1: Any, fx: Any, y0: Any, y1: Any, fy: Any, out: Any) -> None:
    """Shares in sixteenths; the sum of products is cut off, not rounded."""
    height, width, channels = out.shape
    for y in range(height):
        top, low, down = y0[y], y1[y], np.int32(fy[y])
        for x in range(width):
            left, right, across = x0[x], x1[x], np.int32(fx[x])
            w11 = across * down
            w10 = 16 * across - w11
            w01 = 16 * down - w11
            w00 = 256 - 16 * across - w01
            for c in range(channels):
                total = w00 * source[top, left, c] + w10 * source[top, right, c]
                total += w01 * source[low, left, c] + w11 * source[low, right, c]
                out[y, x, c] = total >> 8


@kernel
def _times(a: Any, b: Any) -> Any:
    """Of two 15-bit fractions with sign, rounded half up."""
    return (a * b + 0x4000) >> 15


@kernel
def mix16(source: Any, x0: Any, x1: Any, fx: Any, y0: Any, y1: Any, fy: Any, out: Any) -> None:
    """Shares in 65536ths. With t = 2 share - 1 in [-1, 1), each mixture is (t (b - a) + (b + a)) / 2.

    Across first, kept with 7 fraction bits, then down, rounded to whole numbers.
    """
    height, width, channels = out.shape
    for y in range(height):
        top, low, down = y0[y], y1[y], np.int32(fy[y] - 32768)
        for x in range(width):
            left, right, across = x0[x], x1[x], np.int32(fx[x] - 32768)
            for c in range(channels):
                a, b = np.int32(source[top, left, c]), np.int32(source[top, right, c])
                upper = (_times(across, (b - a) << 7) + ((a + b) << 7) + 1) >> 1
                a, b = np.int32(source[low, left, c]), np.int32(source[low, right, c])
                lower = (_times(across, (b - a) << 7) + ((a + b) << 7) + 1) >> 1
                out[y, x, c] = (_times(down, lower - upper) + (lower + upper) + 0x80) >> 8
