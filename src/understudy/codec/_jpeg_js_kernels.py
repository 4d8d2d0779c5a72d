"""The forward DCT of jpeg-js and its quantiser: Arai, Agui and Nakajima's algorithm in float64.

Source: Y. Arai, T. Agui, M. Nakajima, A fast DCT-SQ scheme for images, Trans. IEICE 1988; the nine digits of its
constants, the order of operations and the rounding were read off jpeg-js 0.4.4's encoder, an offspring of Adobe's
JPGEncoder for ActionScript, and put to the proof on its files (tests/codec/test_recorded_encoders.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._jit import kernel

_C2, _C4, _C6, _C26 = 1.306562965, 0.707106781, 0.382683433, 0.541196100


@kernel
def _eight_points(x: Any, first: int, step: int) -> None:
    """One dimension, in place: the samples `x[first + k * step]`, k from 0 to 7."""
    at = first
    sum0, sum1 = x[at] + x[at + 7 * step], x[at + step] + x[at + 6 * step]
    sum2, sum3 = x[at + 2 * step] + x[at + 5 * step], x[at + 3 * step] + x[at + 4 * step]
    diff0, diff1 = x[at] - x[at + 7 * step], x[at + step] - x[at + 6 * step]
    diff2, diff3 = x[at + 2 * step] - x[at + 5 * step], x[at + 3 * step] - x[at + 4 * step]
    outer, inner = sum0 + sum3, sum1 + sum2
    rest = sum0 - sum3
    turned = ((sum1 - sum2) + rest) * _C4
    x[at], x[at + 4 * step] = outer + inner, outer - inner
    x[at + 2 * step], x[at + 6 * step] = rest + turned, rest - turned
    low, middle, high = diff3 + diff2, diff2 + diff1, diff1 + diff0
    both = (low - high) * _C6
    a, b, c = _C26 * low + both, _C2 * high + both, middle * _C4
    p, m = diff0 + c, diff0 - c
    x[at + 5 * step], x[at + 3 * step] = m + a, m - a
    x[at + step], x[at + 7 * step] = p + b, p - b


@kernel
def forward(plane: Any, out: Any) -> None:
    """The transform of every 8x8 block of `plane`, level-shifted, into the rows of `out`, float64; rows first."""
    h_blocks = plane.shape[1] // 8
    for v in range(plane.shape[0] // 8):
        for h in range(h_blocks):
            block = out[v * h_blocks + h]
            for y in range(8):
                for x in range(8):
                    block[8 * y + x] = np.float64(plane[8 * v + y, 8 * h + x]) - 128.0
            for line in range(8):
                _eight_points(block, 8 * line, 1)
            for line in range(8):
                _eight_points(block, line, 8)


@kernel
def quantize(raw: Any, factors: Any, out: Any) -> None:
    """Each value times its factor, rounded half away from zero."""
    for block in range(raw.shape[0]):
        for k in range(64):
            scaled = raw[block, k] * factors[k]
            out[block, k] = np.int32(scaled + 0.5) if scaled > 0.0 else np.int32(scaled - 0.5)
