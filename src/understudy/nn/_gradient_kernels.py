"""The gradient of a JPEG generation on a CPU: jpeg_gradient.py's arithmetic, in float32, picture by picture.

As in `codec._dct_kernels`, `LANES` blocks stand side by side: element (line, i) of lane's block at
`128 line + 16 i + lane`, and a pass reads lines and writes columns.
"""

from __future__ import annotations

from math import cos, pi, sqrt
from typing import Any

import numpy as np

from .._jit import kernel

LANES = 16
_LINE = 8 * LANES
_SIZE = 64 * LANES
_F = np.float32

# The orthonormal DCT: c_k = cos(k pi / 16) / 2; for k = 0 and 4 alike 1 / sqrt 8.
_C1, _C2, _C3, _C4, _C5, _C6, _C7 = (_F(cos(k * pi / 16) / 2) for k in range(1, 8))
_C4 = _F(1 / sqrt(8))

# e^x for x <= 0 as 2^(x log2 e): the fraction's power by a polynomial of degree 5 fitted on [0, 1] to 2e-7.
_LOG2E = _F(1.4426950408889634)
_P1, _P2, _P3, _P4, _P5 = _F(0.69315247), _F(0.24015281), _F(0.05583593), _F(0.00897338), _F(0.00188530)
_LOWEST = _F(-120)
# sin(2 pi t), |t| <= 1/4, Taylor to t^9: 4e-6.
_S1, _S3, _S5 = _F(2 * pi), _F(-((2 * pi) ** 3) / 6), _F((2 * pi) ** 5 / 120)
_S7, _S9 = _F(-((2 * pi) ** 7) / 5040), _F((2 * pi) ** 9 / 362880)

SMOOTHED, STRAIGHT, CUBIC = 0, 1, 2
_WIDE = _F(0.25)
"""Above this noise (in steps) the derivative's Fourier series, three terms, is within 1e-8; below, three bells within
1e-7."""


@kernel
def _exp(x: Any) -> Any:
    """e^x for x <= 0."""
    y = max(x * _LOG2E, _LOWEST)
    whole = np.floor(y)
    t = y - whole
    p = _F(1) + t * (_P1 + t * (_P2 + t * (_P3 + t * (_P4 + t * _P5))))
    return p * np.int32((np.int32(whole) + 127) << 23).view(np.float32)


@kernel
def _dct_pass(source: Any, target: Any) -> None:
    for line in range(8):
        for i in range(LANES):
            at = line * _LINE + i
            x0, x1, x2, x3 = source[at], source[at + LANES], source[at + 2 * LANES], source[at + 3 * LANES]
            x4, x5, x6, x7 = (
                source[at + 4 * LANES], source[at + 5 * LANES], source[at + 6 * LANES], source[at + 7 * LANES],
            )  # fmt: skip
            s0, s1, s2, s3 = x0 + x7, x1 + x6, x2 + x5, x3 + x4
            d0, d1, d2, d3 = x0 - x7, x1 - x6, x2 - x5, x3 - x4
            e0, e1, e2, e3 = s0 + s3, s1 + s2, s1 - s2, s0 - s3
            u = line * LANES + i
            target[u] = (e0 + e1) * _C4
            target[u + _LINE] = d0 * _C1 + d1 * _C3 + d2 * _C5 + d3 * _C7
            target[u + 2 * _LINE] = e3 * _C2 + e2 * _C6
            target[u + 3 * _LINE] = d0 * _C3 - d1 * _C7 - d2 * _C1 - d3 * _C5
            target[u + 4 * _LINE] = (e0 - e1) * _C4
            target[u + 5 * _LINE] = d0 * _C5 - d1 * _C1 + d2 * _C7 + d3 * _C3
            target[u + 6 * _LINE] = e3 * _C6 - e2 * _C2
            target[u + 7 * _LINE] = d0 * _C7 - d1 * _C5 + d2 * _C3 - d3 * _C1


@kernel
def _idct_pass(source: Any, target: Any) -> None:
    for line in range(8):
        for i in range(LANES):
            at = line * _LINE + i
            x0, x1, x2, x3 = source[at], source[at + LANES], source[at + 2 * LANES], source[at + 3 * LANES]
            x4, x5, x6, x7 = (
                source[at + 4 * LANES], source[at + 5 * LANES], source[at + 6 * LANES], source[at + 7 * LANES],
            )  # fmt: skip
            p, m = (x0 + x4) * _C4, (x0 - x4) * _C4
            q, w = x2 * _C2 + x6 * _C6, x2 * _C6 - x6 * _C2
            e0, e1, e2, e3 = p + q, m + w, m - w, p - q
            o0 = x1 * _C1 + x3 * _C3 + x5 * _C5 + x7 * _C7
            o1 = x1 * _C3 - x3 * _C7 - x5 * _C1 - x7 * _C5
            o2 = x1 * _C5 - x3 * _C1 + x5 * _C7 + x7 * _C3
            o3 = x1 * _C7 - x3 * _C5 + x5 * _C3 - x7 * _C1
            u = line * LANES + i
            target[u] = e0 + o0
            target[u + _LINE] = e1 + o1
            target[u + 2 * _LINE] = e2 + o2
            target[u + 3 * _LINE] = e3 + o3
            target[u + 4 * _LINE] = e3 - o3
            target[u + 5 * _LINE] = e2 - o2
            target[u + 6 * _LINE] = e1 - o1
            target[u + 7 * _LINE] = e0 - o0


@kernel
def decode(levels: Any, steps: Any, plane: Any) -> None:
    """Samples, not clipped, float32 [8 v, 8 h], of levels int16 [v h, 64] times steps float32 [64]."""
    h_blocks = plane.shape[1] // 8
    a, b = np.zeros(_SIZE, np.float32), np.zeros(_SIZE, np.float32)
    for v in range(plane.shape[0] // 8):
        for h in range(0, h_blocks, LANES):
            n = min(LANES, h_blocks - h)
            for lane in range(n):
                for k in range(64):
                    a[LANES * k + lane] = np.float32(levels[v * h_blocks + h + lane, k]) * steps[k]
            _idct_pass(a, b)
            _idct_pass(b, a)
            for lane in range(n):
                for i in range(8):
                    for j in range(8):
                        plane[8 * v + i, 8 * (h + lane) + j] = a[_LINE * i + LANES * j + lane] + _F(128)


@kernel
def _slopes(u: Any, how: int, r: np.float32, out: Any) -> None:
    """The derivative of rounding at u[:LANES], the noise being r steps."""
    if how == STRAIGHT:
        for i in range(LANES):
            out[i] = _F(1)
    elif how == CUBIC:
        for i in range(LANES):
            f = u[i] - np.rint(u[i])
            out[i] = _F(3) * f * f
    elif r >= _WIDE:
        power = np.float32(-2 * pi * pi) * r * r
        w1, w2, w3 = _F(-2) * _exp(power), _F(2) * _exp(_F(4) * power), _F(-2) * _exp(_F(9) * power)
        for i in range(LANES):
            t = abs(u[i] - np.rint(u[i])) - _F(0.25)
            tt = t * t
            c = -t * (_S1 + tt * (_S3 + tt * (_S5 + tt * (_S7 + tt * _S9))))  # cos 2 pi f
            c2 = _F(2) * c * c - _F(1)
            out[i] = _F(1) + w1 * c + w2 * c2 + w3 * c * (_F(2) * c2 - _F(1))
    else:
        scale, height = _F(-0.5) / (r * r), _F(0.3989422804014327) / r
        for i in range(LANES):
            f = abs(u[i] - np.rint(u[i]))
            a, b, c = _F(0.5) - f, _F(0.5) + f, _F(1.5) - f
            out[i] = height * (_exp(scale * a * a) + _exp(scale * b * b) + _exp(scale * c * c))


@kernel
def _slopes_of_thresholds(u: Any, first: Any, r: Any, shifted: Any, out: Any) -> None:
    """The smoothed derivative of a quantiser whose magnitudes step up at first, first + 1, ..."""
    scale, height = _F(-0.5) / (r * r), _F(0.3989422804014327) / r
    for i in range(LANES):
        shifted[i] = abs(u[i]) - first + _F(0.5)
    _slopes(shifted, SMOOTHED, r, out)
    for i in range(LANES):
        total = _F(0)
        for j in range(np.int32(np.ceil(_F(4) * r)) + 2):
            a, b = abs(u[i]) + first + np.float32(j), abs(u[i]) + _F(1) - first + np.float32(j)
            total += _exp(scale * a * a) - _exp(scale * b * b)
        out[i] += height * total


@kernel
def _bells(size: Any, threshold: Any, scale: Any) -> Any:
    """Of a threshold and its mirror image, at magnitude `size`."""
    a, b = size - threshold, size + threshold
    return _exp(scale * a * a) + _exp(scale * b * b)


@kernel
def _slopes_of_zone(u: Any, limits: Any, k: int, first: int, n: int, r: Any, zone: Any, out: Any) -> None:
    """Added to `out`: what becomes of the derivative where magnitudes below limits[first + lane, k] are set to 0.

    The thresholds 1/2, 3/2, ... below the limit, m of them, are replaced by one of m steps at the limit.
    """
    scale, height = _F(-0.5) / (r * r), _F(0.3989422804014327) / r
    largest = _F(0)
    for i in range(n):
        zone[i] = limits[first + i, k]
        largest = max(largest, zone[i])
    for i in range(LANES):  # m is 0 or 1 nearly everywhere
        size = abs(u[i])
        moved = _bells(size, zone[i], scale) - _bells(size, _F(0.5), scale)
        out[i] += height * moved if zone[i] > _F(0.5) else _F(0)
    if largest <= _F(1.5):
        return
    for i in range(n):
        for j in range(1, np.int32(np.ceil(zone[i] - _F(0.5)))):
            size = abs(u[i])
            out[i] += height * (_bells(size, zone[i], scale) - _bells(size, np.float32(j) + _F(0.5), scale))


@kernel
def component(samples: Any, weights: Any, offset: np.float32, h: int, v: int, rows: int, out: Any) -> None:
    """A component of a picture float32 [C, H, W], with nothing rounded: sums of channels, means of h x v samples.

    weights: float32, one a channel. rows: as many rows of `out` have samples of their own; the rest repeat the last.
    Beyond the picture its last row and column are repeated.
    """
    channels, height, width = samples.shape
    share = _F(1) / np.float32(h * v)
    row = np.empty(max(width, h * out.shape[1]), np.float32)
    for line in range(out.shape[0]):
        if line >= rows:
            for x in range(out.shape[1]):
                out[line, x] = out[rows - 1, x]
            continue
        for x in range(width):
            row[x] = _F(0)
        for i in range(v):
            at = min(v * line + i, height - 1)
            for c in range(channels):
                w = weights[c] * share
                for x in range(width):
                    row[x] += w * samples[c, at, x]
        for x in range(width, row.size):
            row[x] = row[width - 1]
        if h == 1:
            for x in range(out.shape[1]):
                out[line, x] = row[x] + offset
        elif h == 2:
            for x in range(out.shape[1]):
                out[line, x] = row[2 * x] + row[2 * x + 1] + offset
        else:
            for x in range(out.shape[1]):
                total = offset
                for i in range(h):
                    total += row[h * x + i]
                out[line, x] = total


@kernel
def through_rounding(
    grad: Any,
    shown: Any,
    coded: Any,
    steps: Any,
    noise: np.float32,
    how: int,
    levels: Any,
    of_steps: Any,
    limits: Any,
    first: np.float32,
) -> None:
    """The gradient to a component's decoded samples becomes, in place, that to its samples before the DCT.

    grad: float32 [8 v, 8 h]. shown: the samples as decoded before clipping, float32, the same shape: where they are
    clipped nothing passes. coded: float32, the samples before the DCT, minus 128, not rounded. steps: float32 [64].
    of_steps: float64 [64], to which the gradient to the steps is added, or empty. levels: int16 [v h, 64], for that.
    limits: float32 [v h, 64], magnitudes in steps below which the encoder sets a coefficient to 0, or empty.
    first: where an AC coefficient's magnitude becomes 1, in steps: 1/2 where it is rounded.
    """
    h_blocks = grad.shape[1] // 8
    a, b = np.zeros(_SIZE, np.float32), np.zeros(_SIZE, np.float32)
    c, u, slope = np.zeros(_SIZE, np.float32), np.zeros(LANES, np.float32), np.zeros(LANES, np.float32)
    shifted, zone = np.zeros(LANES, np.float32), np.zeros(LANES, np.float32)
    for v in range(grad.shape[0] // 8):
        for h in range(0, h_blocks, LANES):
            n = min(LANES, h_blocks - h)
            for lane in range(n):
                for i in range(8):
                    for j in range(8):
                        y, x = 8 * v + i, 8 * (h + lane) + j
                        value = shown[y, x]
                        inside = (value >= _F(-0.5)) & (value <= _F(255.5))
                        a[_LINE * i + LANES * j + lane] = grad[y, x] if inside else _F(0)
                        c[_LINE * i + LANES * j + lane] = coded[y, x]
            _dct_pass(a, b)
            _dct_pass(b, a)
            _dct_pass(c, b)
            _dct_pass(b, c)
            for k in range(64):
                per_step = _F(1) / steps[k]
                for i in range(LANES):
                    u[i] = c[LANES * k + i] * per_step
                if k and how == SMOOTHED and first != _F(0.5):
                    _slopes_of_thresholds(u, first, noise * per_step, shifted, slope)
                else:
                    _slopes(u, how, noise * per_step, slope)
                if limits.size and how == SMOOTHED:
                    _slopes_of_zone(u, limits, k, v * h_blocks + h, n, noise * per_step, zone, slope)
                if of_steps.size:
                    for lane in range(n):
                        moved = np.float32(levels[v * h_blocks + h + lane, k]) - u[lane] * slope[lane]
                        of_steps[k] += a[LANES * k + lane] * moved
                for i in range(LANES):
                    a[LANES * k + i] *= slope[i]
            _idct_pass(a, b)
            _idct_pass(b, a)
            for lane in range(n):
                for i in range(8):
                    for j in range(8):
                        grad[8 * v + i, 8 * (h + lane) + j] = a[_LINE * i + LANES * j + lane]


@kernel
def _clipped(x: Any) -> Any:
    return min(max(x, _F(0)), _F(255))


@kernel
def _chroma_row(plane: Any, near: int, far: int, weight: np.float32, h: int, triangle: bool, row: Any) -> None:
    """A row of chroma, minus 128, brought to full width: `weight` of row `far`, the rest of row `near`."""
    n = row.size // h
    other = _F(1) - weight
    if h == 1:
        for x in range(n):
            row[x] = other * _clipped(plane[near, x]) + weight * _clipped(plane[far, x]) - _F(128)
        return
    for x in range(n):
        value = other * _clipped(plane[near, x]) + weight * _clipped(plane[far, x]) - _F(128)
        for i in range(h):
            row[h * x + i] = value
    if triangle:
        before = row[0]
        for x in range(n - 1):
            value, after = row[2 * x], row[2 * x + 2]
            row[2 * x] = _F(0.75) * value + _F(0.25) * before
            row[2 * x + 1] = _F(0.75) * value + _F(0.25) * after
            before = value
        row[2 * n - 2] = _F(0.75) * row[2 * n - 1] + _F(0.25) * before


@kernel
def _add_row(row: Any, near: int, far: int, weight: np.float32, h: int, triangle: bool, plane: Any) -> None:
    """The transpose of `_chroma_row`: its gradient `row` is added to rows `near` and `far` of `plane`."""
    n = row.size // h
    other = _F(1) - weight
    for x in range(n):
        if h == 1:
            value = row[x]
        elif not triangle:
            value = _F(0)
            for i in range(h):
                value += row[h * x + i]
        else:
            value = _F(0.75) * (row[2 * x] + row[2 * x + 1])
            value += _F(0.25) * (row[2 * x - 1] if x else row[0])
            value += _F(0.25) * (row[2 * x + 2] if x < n - 1 else row[2 * n - 1])
        plane[near, x] += other * value
        plane[far, x] += weight * value


@kernel
def from_rgb(
    grad: Any, y: Any, cb: Any, cr: Any, rows: int, columns: int, h: int, v: int, triangle: bool, weights: Any,
    to_y: Any, to_cb: Any, to_cr: Any,
) -> None:  # fmt: skip
    """The gradient to R, G, B, float32 [3, H, W], becomes that to the three components' samples; zero-filled `to_...`.

    y, cb, cr: decoded samples before clipping. rows, columns: chroma's own. weights: of Cr in red, of Cb and Cr taken
    from green, of Cb in blue. A sample that was clipped passes nothing.
    """
    height, width = grad.shape[1], grad.shape[2]
    red_cr, green_cb, green_cr, blue_cb = weights[0], weights[1], weights[2], weights[3]
    b_row, r_row = np.zeros(h * columns, np.float32), np.zeros(h * columns, np.float32)
    low, high = _F(-0.5), _F(255.5)
    for line in range(height):
        near = line // v
        far, weight = near, _F(0)
        if triangle and v == 2:
            far, weight = min(max(near - 1 + 2 * (line & 1), 0), rows - 1), _F(0.25)
        _chroma_row(cb, near, far, weight, h, triangle, b_row)
        _chroma_row(cr, near, far, weight, h, triangle, r_row)
        for x in range(width):
            s, b, r = _clipped(y[line, x]), b_row[x], r_row[x]
            red, green, blue = s + red_cr * r, s - green_cb * b - green_cr * r, s + blue_cb * b
            g_r = grad[0, line, x] if (red >= low) & (red <= high) else _F(0)
            g_g = grad[1, line, x] if (green >= low) & (green <= high) else _F(0)
            g_b = grad[2, line, x] if (blue >= low) & (blue <= high) else _F(0)
            to_y[line, x] = g_r + g_g + g_b
            b_row[x] = blue_cb * g_b - green_cb * g_g
            r_row[x] = red_cr * g_r - green_cr * g_g
        for x in range(width, h * columns):
            b_row[x], r_row[x] = _F(0), _F(0)
        _add_row(b_row, near, far, weight, h, triangle, to_cb)
        _add_row(r_row, near, far, weight, h, triangle, to_cr)


@kernel
def _full_row(plane: Any, line: int, height: int, width: int, h: int, v: int, row: Any) -> None:
    """A component's gradient along a row of the picture: a sample's share goes to each pixel that it is the mean of,
    and what lies beyond the picture to its last row and column."""
    share = _F(1) / np.float32(h * v)
    n = plane.shape[1]
    last = v * plane.shape[0] if line == height - 1 else line + 1
    for x in range(width):
        row[x] = _F(0)
    for at in range(line, last):
        if h == 1:
            for x in range(width):
                row[x] += share * plane[at // v, x]
        elif h == 2:
            for x in range(width // 2):
                value = share * plane[at // v, x]
                row[2 * x] += value
                row[2 * x + 1] += value
            if width % 2:
                row[width - 1] += share * plane[at // v, width // 2]
        else:
            for x in range(width):
                row[x] += share * plane[at // v, x // h]
        for x in range(width, h * n):
            row[width - 1] += share * plane[at // v, x // h]


@kernel
def to_rgb(y: Any, cb: Any, cr: Any, h: int, v: int, weights: Any, out: Any) -> None:
    """The gradient to R, G, B, float32 [3, H, W], of that to three components' samples before their DCT.

    weights: float32 [3, 3], rows Y, Cb, Cr.
    """
    height, width = out.shape[1], out.shape[2]
    row_y, row_cb, row_cr = np.empty(width, np.float32), np.empty(width, np.float32), np.empty(width, np.float32)
    for line in range(height):
        _full_row(y, line, height, width, 1, 1, row_y)
        _full_row(cb, line, height, width, h, v, row_cb)
        _full_row(cr, line, height, width, h, v, row_cr)
        for c in range(3):
            a, b, d = weights[0, c], weights[1, c], weights[2, c]
            for x in range(width):
                out[c, line, x] = a * row_y[x] + b * row_cb[x] + d * row_cr[x]


@kernel
def to_grey(y: Any, out: Any) -> None:
    """The same of one component: float32 [H, W]."""
    for line in range(out.shape[0]):
        _full_row(y, line, out.shape[0], out.shape[1], 1, 1, out[line])


@kernel
def fold_rows(plane: Any, rows: int) -> None:
    """In place: rows from `rows` on are added to row `rows - 1` and cleared."""
    for line in range(rows, plane.shape[0]):
        for x in range(plane.shape[1]):
            plane[rows - 1, x] += plane[line, x]
            plane[line, x] = _F(0)
