"""The kernels behind dct.py: all numba, all flat.

`LANES` blocks at a time stand side by side in a flat buffer, `buffer[128 * line + LANES * element + lane]`,
so every step of a one-dimensional transform is a loop over lanes that the compiler turns into vector
instructions. A pass reads lines and writes them as columns, so the same pass twice is rows, then columns.
"""

from __future__ import annotations

from math import cos, pi, sqrt
from typing import Any

import numpy as np

from .._jit import inline, kernel

LANES = 16
"""Blocks side by side in a kernel's buffer: two AVX2 registers of int32."""
_LINE = 8 * LANES
_SIZE = 64 * LANES

# Loeffler, Ligtenberg, Moschytz, ICASSP 1989, figure 1, times sqrt(2), in 13-bit fixed point. libjpeg's islow
# rounds each of these twelve multipliers, then only adds and multiplies until one rounding shift a pass; so a
# pass is an integer matrix, whose entries are sums of rounded multipliers (hence 11362 beside 11363).
_C = tuple(sqrt(2) * cos(k * pi / 16) for k in range(8))


def _fix13(x: float) -> int:
    return round(x * 8192)


_M0 = _fix13(-_C[1] + _C[3] + _C[5] - _C[7])  # 0.298631336
_M1 = _fix13(_C[1] + _C[3] - _C[5] + _C[7])  # 2.053119869
_M2 = _fix13(_C[1] + _C[3] + _C[5] - _C[7])  # 3.072711026
_M3 = _fix13(_C[1] + _C[3] - _C[5] - _C[7])  # 1.501321110
_Z1 = _fix13(_C[3] - _C[7])  # 0.899976223
_Z2 = _fix13(_C[1] + _C[3])  # 2.562915447
_Z3 = _fix13(_C[3] + _C[5])  # 1.961570560
_Z4 = _fix13(_C[3] - _C[5])  # 0.390180644
_Z5 = _fix13(_C[3])  # 1.175875602
_E = _fix13(_C[6])  # 0.541196100
_E2 = _E + _fix13(_C[2] - _C[6])  # 0.541196100 + 0.765366865
_E6 = _E - _fix13(_C[2] + _C[6])  # 0.541196100 - 1.847759065

# The odd half of the matrix: _Ojk multiplies x[k] - x[7 - k] on its way to frequency j.
_O10, _O11, _O12, _O13 = _M3 - _Z1 - _Z4 + _Z5, _Z5, _Z5 - _Z4, _Z5 - _Z1
_O30, _O31, _O32, _O33 = _Z5, _M2 - _Z2 - _Z3 + _Z5, _Z5 - _Z2, _Z5 - _Z3
_O50, _O51, _O52, _O53 = _Z5 - _Z4, _Z5 - _Z2, _M1 - _Z2 - _Z4 + _Z5, _Z5
_O70, _O71, _O72, _O73 = _Z5 - _Z1, _Z5 - _Z3, _Z5, _M0 - _Z1 - _Z3 + _Z5

# Arai, Agui, Nakajima, Trans. IEICE 1988: the five multiplications, in libjpeg's 8-bit (ifast) and float32
# forms.
_A1, _A5 = cos(4 * pi / 16), cos(6 * pi / 16)
_A2, _A3 = cos(2 * pi / 16) - _A5, cos(2 * pi / 16) + _A5
_I1, _I2, _I3, _I5 = round(256 * _A1), round(256 * _A2), round(256 * _A3), round(256 * _A5)
_F1, _F2, _F3, _F5 = np.float32(_A1), np.float32(_A2), np.float32(_A3), np.float32(_A5)

# Intel AP-922 (1999). The tangents of the column pass: 2^16 tan(pi/16), 2^16 tan(pi/8), 2^16 (tan(3 pi/16) -
# 1), and 2^15 cos(pi/4). The row pass's c1 to c7, by pairs of rows: 2^15 cos(k pi/16), times the scale of the
# row.
_T1, _T2, _T3, _T4 = 13036, 27146, -21746, 23170
_AP922_04 = (22725, 21407, 19266, 16384, 12873, 8867, 4520)
_AP922_17 = (31521, 29692, 26722, 22725, 17855, 12299, 6270)
_AP922_26 = (29692, 27969, 25172, 21407, 16819, 11585, 5906)
_AP922_35 = (26722, 25172, 22654, 19266, 15137, 10426, 5315)
_AP922_ROWS = (_AP922_04, _AP922_17, _AP922_26, _AP922_35, _AP922_04, _AP922_35, _AP922_26, _AP922_17)


# --- between planes and lanes


@kernel
def _load(plane: Any, y: int, x: int, n: int, row: int, column: int, lines: Any) -> None:
    """`n` blocks of samples from (y, x) on, minus 128, into lanes: sample (i, j) at row * i + column * j."""
    for lane in range(n):
        for i in range(8):
            for j in range(8):
                lines[row * i + column * j + lane] = plane[y + i, x + 8 * lane + j] - 128


@kernel
def _store(lines: Any, row: int, column: int, block: int, n: int, out: Any) -> None:
    """`n` lanes into `out[block:block + n]`, each 64 values in natural order."""
    for lane in range(n):
        for i in range(8):
            for j in range(8):
                out[block + lane, 8 * i + j] = lines[row * i + column * j + lane]


@inline
def _eight(lines: Any, at: int) -> Any:
    """The eight elements of one line and lane."""
    return (
        lines[at],
        lines[at + LANES],
        lines[at + 2 * LANES],
        lines[at + 3 * LANES],
        lines[at + 4 * LANES],
        lines[at + 5 * LANES],
        lines[at + 6 * LANES],
        lines[at + 7 * LANES],
    )


@inline
def _folded(lines: Any, at: int) -> Any:
    """int32: the sums s[k] = x[k] + x[7 - k], folded once more; then the four differences x[k] - x[7 - k]."""
    x0, x1, x2, x3, x4, x5, x6, x7 = _eight(lines, at)
    s0, s1, s2, s3 = np.int32(x0 + x7), np.int32(x1 + x6), np.int32(x2 + x5), np.int32(x3 + x4)
    return (
        np.int32(s0 + s3),
        np.int32(s1 + s2),
        np.int32(s1 - s2),
        np.int32(s0 - s3),
        np.int32(x0 - x7),
        np.int32(x1 - x6),
        np.int32(x2 - x5),
        np.int32(x3 - x4),
    )


# --- islow


@kernel
def _islow_pass(source: Any, target: Any, shift: int, odd_shift: int) -> None:
    """One dimension of islow: each output is a row of the matrix, rounded once, half up, at `shift`; odd frequencies
    with the constant that belongs to `odd_shift`, which is another in Rust's image crate alone."""
    half, odd = np.int32(1 << (shift - 1)), np.int32(1 << (odd_shift - 1))
    for line in range(8):
        for i in range(LANES):
            e0, e1, e2, e3, d0, d1, d2, d3 = _folded(source, line * _LINE + i)
            u = line * LANES + i
            target[u] = np.int32(((e0 + e1) << 13) + half) >> shift
            target[u + _LINE] = np.int32(d0 * _O10 + d1 * _O11 + d2 * _O12 + d3 * _O13 + odd) >> shift
            target[u + 2 * _LINE] = np.int32(e3 * _E2 + e2 * _E + half) >> shift
            target[u + 3 * _LINE] = np.int32(d0 * _O30 + d1 * _O31 + d2 * _O32 + d3 * _O33 + odd) >> shift
            target[u + 4 * _LINE] = np.int32(((e0 - e1) << 13) + half) >> shift
            target[u + 5 * _LINE] = np.int32(d0 * _O50 + d1 * _O51 + d2 * _O52 + d3 * _O53 + odd) >> shift
            target[u + 6 * _LINE] = np.int32(e3 * _E + e2 * _E6 + half) >> shift
            target[u + 7 * _LINE] = np.int32(d0 * _O70 + d1 * _O71 + d2 * _O72 + d3 * _O73 + odd) >> shift


@kernel
def forward_islow(plane: Any, out: Any) -> None:
    h_blocks = plane.shape[1] // 8
    a, b = np.zeros(_SIZE, np.int32), np.zeros(_SIZE, np.int32)
    for v in range(plane.shape[0] // 8):
        for h in range(0, h_blocks, LANES):
            n = min(LANES, h_blocks - h)
            _load(plane, 8 * v, 8 * h, n, _LINE, LANES, a)
            _islow_pass(a, b, 11, 11)  # 2 extra bits kept between the passes
            _islow_pass(b, a, 15, 15)
            _store(a, _LINE, LANES, v * h_blocks + h, n, out)


@kernel
def forward_rust_image(plane: Any, out: Any) -> None:
    """islow, whose column pass rounds odd frequencies with the row pass's constant, so almost always down; the extra
    scale of 8 is then cut off towards zero."""
    h_blocks = plane.shape[1] // 8
    a, b = np.zeros(_SIZE, np.int32), np.zeros(_SIZE, np.int32)
    for v in range(plane.shape[0] // 8):
        for h in range(0, h_blocks, LANES):
            n = min(LANES, h_blocks - h)
            _load(plane, 8 * v, 8 * h, n, _LINE, LANES, a)
            _islow_pass(a, b, 11, 11)
            _islow_pass(b, a, 15, 11)
            for i in range(_SIZE):
                a[i] = (abs(a[i]) >> 3) * (1 if a[i] >= 0 else -1)
            _store(a, _LINE, LANES, v * h_blocks + h, n, out)


@kernel
def _inverse_islow_pass(source: Any, target: Any, shift: int, low: int, high: int) -> None:
    """One dimension of the inverse, clipped to low..high; four sums wrap to 16 bits, as SIMD registers do."""
    half = np.int32(1 << (shift - 1))
    for line in range(8):
        for i in range(LANES):
            x0, x1, x2, x3, x4, x5, x6, x7 = _eight(source, line * _LINE + i)
            u = line * LANES + i
            p = np.int32((np.int32(np.int16(x0 + x4)) << 13) + half)
            m = np.int32((np.int32(np.int16(x0 - x4)) << 13) + half)
            q = np.int32(x2 * _E2 + x6 * _E)
            w = np.int32(x2 * _E + x6 * _E6)
            e0, e1, e2, e3 = np.int32(p + q), np.int32(m + w), np.int32(m - w), np.int32(p - q)
            z3, z4 = np.int32(np.int16(x7 + x3)), np.int32(np.int16(x5 + x1))
            a = np.int32(z3 * (_Z5 - _Z3) + z4 * _Z5)
            b = np.int32(z3 * _Z5 + z4 * (_Z5 - _Z4))
            o0 = np.int32(x1 * (_M3 - _Z1) - x7 * _Z1 + b)
            o1 = np.int32(x3 * (_M2 - _Z2) - x5 * _Z2 + a)
            o2 = np.int32(x5 * (_M1 - _Z2) - x3 * _Z2 + b)
            o3 = np.int32(x7 * (_M0 - _Z1) - x1 * _Z1 + a)
            target[u] = min(max(np.int32(e0 + o0) >> shift, low), high)
            target[u + _LINE] = min(max(np.int32(e1 + o1) >> shift, low), high)
            target[u + 2 * _LINE] = min(max(np.int32(e2 + o2) >> shift, low), high)
            target[u + 3 * _LINE] = min(max(np.int32(e3 + o3) >> shift, low), high)
            target[u + 4 * _LINE] = min(max(np.int32(e3 - o3) >> shift, low), high)
            target[u + 5 * _LINE] = min(max(np.int32(e2 - o2) >> shift, low), high)
            target[u + 6 * _LINE] = min(max(np.int32(e1 - o1) >> shift, low), high)
            target[u + 7 * _LINE] = min(max(np.int32(e0 - o0) >> shift, low), high)


@kernel
def _dequantise(coefficients: Any, steps: Any, block: int, n: int, lines: Any) -> None:
    """`n` blocks times `steps`, wrapped to 16 bits, into lanes whose lines are the columns.

    A block whose rows 1 to 7 are zero takes libjpeg-turbo's shortcut: what leaves 14 bits in row 0 wraps,
    where the full transform clips. (No encoder writes that.)
    """
    for lane in range(n):
        for i in range(8):
            for j in range(8):
                x = np.int16(coefficients[block + lane, 8 * i + j] * steps[8 * i + j])
                lines[_LINE * j + LANES * i + lane] = x
        large = np.int32(0)
        for j in range(8):
            large |= np.int32(lines[_LINE * j + lane] + 8192) >> 14
        if large != 0:
            below = 0
            for k in range(8, 64):
                below |= coefficients[block + lane, k]
            if below == 0:
                for j in range(8):
                    lines[_LINE * j + lane] = np.int16(lines[_LINE * j + lane] << 2) >> 2


@kernel
def inverse_islow(coefficients: Any, steps: Any, plane: Any) -> None:
    h_blocks = plane.shape[1] // 8
    a, b = np.zeros(_SIZE, np.int32), np.zeros(_SIZE, np.int32)
    for v in range(plane.shape[0] // 8):
        for h in range(0, h_blocks, LANES):
            n = min(LANES, h_blocks - h)
            _dequantise(coefficients, steps, v * h_blocks + h, n, a)
            _inverse_islow_pass(a, b, 11, -32768, 32767)
            _inverse_islow_pass(b, a, 18, -128, 127)
            for lane in range(n):
                for i in range(8):
                    for j in range(8):
                        plane[8 * v + i, 8 * (h + lane) + j] = a[_LINE * j + LANES * i + lane] + 128


# --- Arai, Agui, Nakajima


@kernel
def _ifast_pass(source: Any, target: Any) -> None:
    """One dimension of ifast: each product is cut, not rounded, to an integer at once."""
    for line in range(8):
        for i in range(LANES):
            e0, e1, e2, e3, d0, d1, d2, d3 = _folded(source, line * _LINE + i)
            u = line * LANES + i
            z1 = np.int32((e2 + e3) * _I1) >> 8
            a, b, c = np.int32(d3 + d2), np.int32(d2 + d1), np.int32(d1 + d0)
            z5 = np.int32((a - c) * _I5) >> 8
            z2 = np.int32((np.int32(a * _I2) >> 8) + z5)
            z4 = np.int32((np.int32(c * _I3) >> 8) + z5)
            z3 = np.int32(b * _I1) >> 8
            p, m = np.int32(d0 + z3), np.int32(d0 - z3)
            target[u] = e0 + e1
            target[u + _LINE] = p + z4
            target[u + 2 * _LINE] = e3 + z1
            target[u + 3 * _LINE] = m - z2
            target[u + 4 * _LINE] = e0 - e1
            target[u + 5 * _LINE] = m + z2
            target[u + 6 * _LINE] = e3 - z1
            target[u + 7 * _LINE] = p - z4


@kernel
def _float_pass(source: Any, target: Any) -> None:
    """One dimension of float: float32 throughout, in this order of operations, nothing fused."""
    for line in range(8):
        for i in range(LANES):
            x0, x1, x2, x3, x4, x5, x6, x7 = _eight(source, line * _LINE + i)
            u = line * LANES + i
            d0, d1, d2, d3 = x0 - x7, x1 - x6, x2 - x5, x3 - x4
            s0, s1, s2, s3 = x0 + x7, x1 + x6, x2 + x5, x3 + x4
            e0, e1, e2, e3 = s0 + s3, s1 + s2, s1 - s2, s0 - s3
            z1 = (e2 + e3) * _F1
            a, b, c = d3 + d2, d2 + d1, d1 + d0
            z5 = (a - c) * _F5
            z2 = _F2 * a + z5
            z4 = _F3 * c + z5
            z3 = b * _F1
            p, m = d0 + z3, d0 - z3
            target[u] = e0 + e1
            target[u + _LINE] = p + z4
            target[u + 2 * _LINE] = e3 + z1
            target[u + 3 * _LINE] = m - z2
            target[u + 4 * _LINE] = e0 - e1
            target[u + 5 * _LINE] = m + z2
            target[u + 6 * _LINE] = e3 - z1
            target[u + 7 * _LINE] = p - z4


@kernel
def forward_ifast(plane: Any, out: Any) -> None:
    h_blocks = plane.shape[1] // 8
    a, b = np.zeros(_SIZE, np.int32), np.zeros(_SIZE, np.int32)
    for v in range(plane.shape[0] // 8):
        for h in range(0, h_blocks, LANES):
            n = min(LANES, h_blocks - h)
            _load(plane, 8 * v, 8 * h, n, _LINE, LANES, a)
            _ifast_pass(a, b)
            _ifast_pass(b, a)
            _store(a, _LINE, LANES, v * h_blocks + h, n, out)


@kernel
def forward_float(plane: Any, out: Any) -> None:
    h_blocks = plane.shape[1] // 8
    a, b = np.zeros(_SIZE, np.float32), np.zeros(_SIZE, np.float32)
    for v in range(plane.shape[0] // 8):
        for h in range(0, h_blocks, LANES):
            n = min(LANES, h_blocks - h)
            _load(plane, 8 * v, 8 * h, n, _LINE, LANES, a)
            _float_pass(a, b)
            _float_pass(b, a)
            _store(a, _LINE, LANES, v * h_blocks + h, n, out)


# --- AP-922


@kernel
def _ap922_columns(source: Any, target: Any) -> None:
    """The column pass: 16-bit products cut to their high half, and four results made odd (`| 1`)."""
    for line in range(8):
        for i in range(LANES):
            x0, x1, x2, x3, x4, x5, x6, x7 = _eight(source, line * _LINE + i)
            u = line * LANES + i
            s0, s1 = np.int32((x0 + x7) << 3), np.int32((x1 + x6) << 3)
            s2, s3 = np.int32((x2 + x5) << 3), np.int32((x3 + x4) << 3)
            d0, d1 = np.int32((x0 - x7) << 3), np.int32((x1 - x6) << 4)
            d2, d3 = np.int32((x2 - x5) << 4), np.int32((x3 - x4) << 3)
            a, b, c, d = np.int32(s0 + s3), np.int32(s0 - s3), np.int32(s1 + s2), np.int32(s1 - s2)
            p = (np.int32((d1 + d2) * _T4) >> 16) | 1
            m = np.int32((d1 - d2) * _T4) >> 16
            e, f, g, h = np.int32(d3 + m), np.int32(d3 - m), np.int32(d0 + p), np.int32(d0 - p)
            target[u] = a + c
            target[u + _LINE] = np.int32(g + (np.int32(e * _T1) >> 16)) | 1
            target[u + 2 * _LINE] = np.int32(b + (np.int32(d * _T2) >> 16)) | 1
            target[u + 3 * _LINE] = h - (np.int32(f * _T3) >> 16) - f
            target[u + 4 * _LINE] = a - c
            target[u + 5 * _LINE] = (np.int32(h * _T3) >> 16) + h + f
            target[u + 6 * _LINE] = np.int32((np.int32(b * _T2) >> 16) - d) | 1
            target[u + 7 * _LINE] = (np.int32(g * _T1) >> 16) - e


@kernel
def _ap922_rows(source: Any, target: Any, shift: int) -> None:
    """The row pass: sums of exact products, one rounding shift; the constants depend on the row."""
    half = np.int32(1 << (shift - 1))
    for line in range(8):
        c1, c2, c3, c4, c5, c6, c7 = _AP922_ROWS[line]
        for i in range(LANES):
            e0, e1, e2, e3, d0, d1, d2, d3 = _folded(source, line * _LINE + i)
            u = line * LANES + i
            target[u] = np.int32((e0 + e1) * c4 + half) >> shift
            target[u + _LINE] = np.int32(d0 * c1 + d1 * c3 + d2 * c5 + d3 * c7 + half) >> shift
            target[u + 2 * _LINE] = np.int32(e3 * c2 + e2 * c6 + half) >> shift
            target[u + 3 * _LINE] = np.int32(d0 * c3 - d1 * c7 - d2 * c1 - d3 * c5 + half) >> shift
            target[u + 4 * _LINE] = np.int32((e0 - e1) * c4 + half) >> shift
            target[u + 5 * _LINE] = np.int32(d0 * c5 - d1 * c1 + d2 * c7 + d3 * c3 + half) >> shift
            target[u + 6 * _LINE] = np.int32(e3 * c6 - e2 * c2 + half) >> shift
            target[u + 7 * _LINE] = np.int32(d0 * c7 - d1 * c5 + d2 * c3 - d3 * c1 + half) >> shift


@kernel
def forward_ap922(plane: Any, out: Any) -> None:
    h_blocks = plane.shape[1] // 8
    a, b = np.zeros(_SIZE, np.int32), np.zeros(_SIZE, np.int32)
    for v in range(plane.shape[0] // 8):
        for h in range(0, h_blocks, LANES):
            n = min(LANES, h_blocks - h)
            _load(plane, 8 * v, 8 * h, n, LANES, _LINE, a)
            _ap922_columns(a, b)
            _ap922_rows(b, a, 20)
            _store(a, LANES, _LINE, v * h_blocks + h, n, out)


@kernel
def forward_ffmpeg(plane: Any, out: Any) -> None:
    h_blocks = plane.shape[1] // 8
    a, b = np.zeros(_SIZE, np.int32), np.zeros(_SIZE, np.int32)
    for v in range(plane.shape[0] // 8):
        for h in range(0, h_blocks, LANES):
            n = min(LANES, h_blocks - h)
            _load(plane, 8 * v, 8 * h, n, LANES, _LINE, a)
            _ap922_columns(a, b)
            _ap922_rows(b, a, 17)
            _store(a, LANES, _LINE, v * h_blocks + h, n, out)
