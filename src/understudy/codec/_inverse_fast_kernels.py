"""The loop of libjpeg's fast inverse DCT: Arai, Agui and Nakajima's graph backwards, in 16-bit fixed point.

The scales that the graph leaves out are in the steps that coefficients are multiplied with, which have 2 bits more than
samples; each product with one of the four constants loses its fraction at once, downwards.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._jit import kernel

_C2, _C4, _C6, _C26 = 473, 362, 277, 669
"""256 times 2 cos(pi/8), sqrt(2), 2 (cos(pi/8) - sin(pi/8)) and 2 (cos(pi/8) + sin(pi/8)), rounded."""


@kernel
def _times(x: Any, c: int) -> Any:
    """x c / 256 downwards, of a 16-bit x whose fourfold wraps to 16 bits: what is multiplied in a register."""
    return np.int32(np.int16(np.int32(x) << 2)) * c >> 10


@kernel
def _line(a: Any, at: int, by: int) -> None:
    """Eight values from `at` on, `by` apart, in place; sums wrap to 16 bits, as SIMD registers do."""
    x0, x1, x2, x3 = a[at], a[at + by], a[at + 2 * by], a[at + 3 * by]
    x4, x5, x6, x7 = a[at + 4 * by], a[at + 5 * by], a[at + 6 * by], a[at + 7 * by]
    p, m = np.int16(x0 + x4), np.int16(x0 - x4)
    s, d = np.int16(x2 + x6), np.int16(x2 - x6)
    d = np.int16(_times(d, _C4) - s)
    e0, e3, e1, e2 = np.int16(p + s), np.int16(p - s), np.int16(m + d), np.int16(m - d)
    u, w = np.int16(x5 + x3), np.int16(x5 - x3)
    t, z = np.int16(x1 + x7), np.int16(x1 - x7)
    o7 = np.int16(t + u)
    both = _times(np.int16(w + z), _C2)
    o6 = np.int16(_times(w, 256 - _C26) - w + both - o7)
    o5 = np.int16(_times(np.int16(t - u), _C4) - o6)
    o4 = np.int16(_times(z, _C6) - both + o5)
    a[at], a[at + 7 * by] = np.int16(e0 + o7), np.int16(e0 - o7)
    a[at + by], a[at + 6 * by] = np.int16(e1 + o6), np.int16(e1 - o6)
    a[at + 2 * by], a[at + 5 * by] = np.int16(e2 + o5), np.int16(e2 - o5)
    a[at + 4 * by], a[at + 3 * by] = np.int16(e3 + o4), np.int16(e3 - o4)


@kernel
def inverse_ifast(coefficients: Any, scaled: Any, plane: Any) -> None:
    """`coefficients` int16 [n, 64]; `scaled` int16 [64], steps times 4 and the graph's scales; `plane` uint8."""
    h_blocks = plane.shape[1] // 8
    a = np.empty(64, np.int16)
    for v in range(plane.shape[0] // 8):
        for h in range(h_blocks):
            for k in range(64):
                a[k] = np.int16(coefficients[v * h_blocks + h, k] * np.int32(scaled[k]))
            for i in range(8):
                _line(a, i, 8)
            for i in range(8):
                _line(a, 8 * i, 1)
            for i in range(8):
                for j in range(8):
                    plane[8 * v + i, 8 * h + j] = min(max((a[8 * i + j] >> 5) + 128, 0), 255)
