"""jpegli's colour conversion, downsampling, DCT and quantisation, in float32.

Order of operations as on x86-64 with fused multiply-add (AVX2 and later), where GCC also fuses products that go into
sums. Other machines differ in last bits: between jpegli's SSE2 and AVX-512 code 5 of 28,073,472 coefficients (five
photographs at qualities 65 and 80) were one apart.

Source: BT.601 weights of JFIF; the recursive radix-2 DCT and the order of all operations read in
libjxl's lib/jpegli (BSD-3-Clause) and measured: of the nine ways in which the products of colour and DCT
can be fused this one alone gives all of 9.4 million coefficients at a step of 1 (GCC 12 build of pyjpegli 0.3.2's
source), and pyjpegli's own files (tests/codec/test_jpegli_encode.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._jit import fma, kernel

F = np.float32

_R, _G, _B = F(0.299), F(0.587), F(0.114)
_CB = F(F(1) / F(_R + F(_G + F(0.886))))
_CR = F(F(1) / F(F(0.701) + F(_G + _B)))
_CENTRE, _HALF, _QUARTER, _EIGHTH = F(128), F(0.5), F(0.25), F(0.125)
_SQRT2 = F(1.41421356237)
# 1 / (2 cos((i + 1/2) pi / n)) for n = 4 and 8.
_A0, _A1 = F(0.541196100146197), F(1.3065629648763764)
_B0, _B1, _B2, _B3 = F(0.5097955791041592), F(0.6013448869350453), F(0.8999762231364156), F(2.5629154477415055)


@kernel
def convert(rgb: Any, y: Any, cb: Any, cr: Any) -> None:
    """Y, Cb, Cr of 0 to 255 of rgb uint8 [H, W, 3], into float32 planes with a border of one: sample (v, h) at
    [v + 1, h + 1]; what lies beyond the picture repeats its last column and row."""
    height, width = rgb.shape[0], rgb.shape[1]
    for v in range(height):
        for h in range(width):
            r, g, b = np.float32(rgb[v, h, 0]), np.float32(rgb[v, h, 1]), np.float32(rgb[v, h, 2])
            luma = fma(r, _R, fma(g, _G, b * _B))
            y[v + 1, h + 1] = luma
            cb[v + 1, h + 1] = fma(b - luma, _CB, _CENTRE)
            cr[v + 1, h + 1] = fma(r - luma, _CR, _CENTRE)
    _fill(y, height, width)
    _fill(cb, height, width)
    _fill(cr, height, width)


@kernel
def copy(grey: Any, y: Any) -> None:
    """Grey uint8 [H, W] as a float32 plane with a border, as `convert` makes them."""
    height, width = grey.shape
    for v in range(height):
        for h in range(width):
            y[v + 1, h + 1] = np.float32(grey[v, h])
    _fill(y, height, width)


@kernel
def _fill(plane: Any, height: int, width: int) -> None:
    for v in range(1, height + 1):
        plane[v, 0] = plane[v, 1]
        for h in range(width + 1, plane.shape[1]):
            plane[v, h] = plane[v, width]
    for h in range(plane.shape[1]):
        plane[0, h] = plane[1, h]
        for v in range(height + 1, plane.shape[0]):
            plane[v, h] = plane[height, h]


@kernel
def downsample(plane: Any, h_ratio: int, v_ratio: int, out: Any) -> None:
    """Means over v_ratio x h_ratio samples (2x1, 1x2, 2x2, 1x4), from one plane with a border into another."""
    for y in range(1, out.shape[0] - 1):
        for x in range(1, out.shape[1] - 1):
            v, h = v_ratio * (y - 1) + 1, h_ratio * (x - 1) + 1
            if h_ratio == 4:
                total = (plane[v, h] + plane[v, h + 1]) + (plane[v, h + 2] + plane[v, h + 3])
                out[y, x] = _QUARTER * total
            elif v_ratio == 1:
                out[y, x] = _HALF * (plane[v, h] + plane[v, h + 1])
            elif h_ratio == 1:
                out[y, x] = _HALF * (plane[v, h] + plane[v + 1, h])
            else:
                total = (plane[v, h] + plane[v, h + 1]) + (plane[v + 1, h] + plane[v + 1, h + 1])
                out[y, x] = _QUARTER * total


@kernel
def _dct8(p: Any, at: int, by: int) -> None:
    """An 8-point DCT in place, of p[at], p[at + by], ..., over 8."""
    p0, p1, p2, p3 = p[at], p[at + by], p[at + 2 * by], p[at + 3 * by]
    p4, p5, p6, p7 = p[at + 4 * by], p[at + 5 * by], p[at + 6 * by], p[at + 7 * by]
    # Even half: a 4-point DCT of the sums.
    s0, s1, s2, s3 = p0 + p7, p1 + p6, p2 + p5, p3 + p4
    sum0, sum1 = s0 + s3, s1 + s2
    low, high = s0 - s3, (s1 - s2) * _A1
    a, b = fma(low, _A0, high), fma(low, _A0, -high)
    p[at] = (sum0 + sum1) * _EIGHTH
    p[at + 2 * by] = fma(a, _SQRT2, b) * _EIGHTH
    p[at + 4 * by] = (sum0 - sum1) * _EIGHTH
    p[at + 6 * by] = b * _EIGHTH
    # Odd half: a 4-point DCT of the weighted differences, then sums of neighbours.
    d0, d1, d2, d3 = p0 - p7, p1 - p6, (p2 - p5) * _B2, (p3 - p4) * _B3
    sum0, sum1 = fma(d0, _B0, d3), fma(d1, _B1, d2)
    low, high = fma(d0, _B0, -d3), fma(d1, _B1, -d2) * _A1
    a, b = fma(low, _A0, high), fma(low, _A0, -high)
    q0, q1, q2 = sum0 + sum1, fma(a, _SQRT2, b), sum0 - sum1
    p[at + by] = fma(q0, _SQRT2, q1) * _EIGHTH
    p[at + 3 * by] = (q1 + q2) * _EIGHTH
    p[at + 5 * by] = (q2 + b) * _EIGHTH
    p[at + 7 * by] = b * _EIGHTH


@kernel
def quantise(
    plane: Any, per_step: Any, offset: Any, mul: Any, field: Any, v_ratio: int, h_ratio: int, v_real: int, h_real: int,
    out: Any,
) -> None:  # fmt: skip
    """Levels of the first v_real x h_real blocks of a plane with a border, into int16 [v_blocks, h_blocks, 64].

    per_step: float32 [64], 8 / step. offset, mul: thresholds (zero_bias.py). field: strengths, that of block (v, h) at
    [v_ratio v, h_ratio h].
    """
    block = np.empty(64, np.float32)
    for v in range(v_real):
        for h in range(h_real):
            for i in range(8):
                for j in range(8):
                    block[8 * i + j] = plane[8 * v + i + 1, 8 * h + j + 1]
            for j in range(8):
                _dct8(block, j, 8)
            for i in range(8):
                _dct8(block, 8 * i, 1)
            strength = field[v_ratio * v, h_ratio * h]
            for k in range(1, 64):
                level = block[k] * per_step[k]
                kept = abs(level) >= fma(mul[k], strength, offset[k])
                out[v, h, k] = np.int16(np.rint(level)) if kept else 0
            level = (block[0] - _CENTRE) * per_step[0]
            whole = np.trunc(level)  # half away from zero
            if abs(level - whole) >= _HALF:
                whole += np.copysign(np.float32(1), level)
            out[v, h, 0] = np.int16(whole)
