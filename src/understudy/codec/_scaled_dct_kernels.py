"""The kernels behind scaled_dct.py: two passes of integer matrices, `LANES` blocks side by side as in _dct_kernels.py.

A buffer holds element (i, j) of lane's block at `LANES * (16 * i + j) + lane`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._jit import kernel

LANES = 16
_ROW = 16 * LANES
_SIZE = 16 * _ROW


@kernel
def _pass(source: Any, target: Any, matrix: Any, used: int, lines: int, across: int, along: int, shift: int) -> None:
    """`matrix` times each of `lines` vectors; element k of a vector stands `across * k` on, the vectors `along` apart.

    Rounded once, half up, at `shift`; `used` elements of a vector count, the rest are taken for zero. (Unsigned
    positions: numba would look at signed ones for being negative, which keeps the compiler from vector loads.)
    """
    half, bits = np.int32((1 << shift) >> 1), np.int32(shift)
    total = np.empty(LANES, np.int32)
    for line in range(lines):
        for i in range(matrix.shape[0]):
            for n in range(LANES):
                total[n] = half
            k = 0
            while k + 4 <= used:
                m0, m1, m2, m3 = matrix[i, k], matrix[i, k + 1], matrix[i, k + 2], matrix[i, k + 3]
                at0 = np.uint64(along * line + across * k)
                at1, at2, at3 = at0 + np.uint64(across), at0 + np.uint64(2 * across), at0 + np.uint64(3 * across)
                for n in range(LANES):
                    lane = np.uint64(n)
                    two = np.int32(m0 * source[at0 + lane]) + np.int32(m1 * source[at1 + lane])
                    other = np.int32(m2 * source[at2 + lane]) + np.int32(m3 * source[at3 + lane])
                    total[lane] = np.int32(total[lane] + two + other)
                k += 4
            while k < used:
                m0, at0 = matrix[i, k], np.uint64(along * line + across * k)
                for n in range(LANES):
                    lane = np.uint64(n)
                    total[lane] += np.int32(m0 * source[at0 + lane])
                k += 1
            at0 = np.uint64(along * line + across * i)
            for n in range(LANES):
                lane = np.uint64(n)
                target[at0 + lane] = np.int32(total[lane] >> bits)


@kernel
def _inverse_pass(
    source: Any, target: Any, matrix: Any, used: int, lines: int, across: int, along: int, shift: int, odd_first: bool
) -> None:
    """As `_pass`, for matrices [n, 8] whose second half mirrors the first: frequency k has the sign (-1)^k there.

    odd_first: the odd frequencies' sum is rounded by itself, before it is added or subtracted.
    """
    half, bits, n = np.int32((1 << shift) >> 1), np.int32(shift), matrix.shape[0]
    step = np.uint64(across)
    for line in range(lines):
        at0 = np.uint64(along * line)
        at1, at2, at3 = at0 + step, at0 + np.uint64(2) * step, at0 + np.uint64(3) * step
        at4, at5 = at0 + np.uint64(4) * step, at0 + np.uint64(5) * step
        at6, at7 = at0 + np.uint64(6) * step, at0 + np.uint64(7) * step
        for i in range((n + 1) // 2):
            m0, m1, m2, m3 = matrix[i, 0], matrix[i, 1], matrix[i, 2], matrix[i, 3]
            m4, m5, m6, m7 = matrix[i, 4], matrix[i, 5], matrix[i, 6], matrix[i, 7]
            to, mirror = at0 + np.uint64(i) * step, at0 + np.uint64(n - 1 - i) * step
            for j in range(LANES):
                lane = np.uint64(j)
                even = np.int32(m0 * source[at0 + lane]) + np.int32(m2 * source[at2 + lane])
                odd = np.int32(m1 * source[at1 + lane]) + np.int32(m3 * source[at3 + lane])
                if used > 4:
                    even += np.int32(m4 * source[at4 + lane]) + np.int32(m6 * source[at6 + lane])
                    odd += np.int32(m5 * source[at5 + lane]) + np.int32(m7 * source[at7 + lane])
                if odd_first:
                    even, odd = np.int32(even >> bits), np.int32(np.int32(odd + half) >> bits)
                    target[to + lane], target[mirror + lane] = np.int32(even + odd), np.int32(even - odd)
                else:
                    even += half
                    target[to + lane] = np.int32(np.int32(even + odd) >> bits)
                    target[mirror + lane] = np.int32(np.int32(even - odd) >> bits)


@kernel
def inverse(
    coefficients: Any, steps: Any, columns: Any, rows: Any, used_columns: int, used_rows: int,
    odd_first: bool, shifts: Any, plane: Any,
) -> None:  # fmt: skip
    """Blocks int16 [n, 64] times steps int32 [64] to samples: columns [v, 8] and shifts[0], rows [h, 8] and shifts[1].

    `used_columns` elements of each column and `used_rows` of each row count.
    """
    v_size, h_size = columns.shape[0], rows.shape[0]
    h_blocks = plane.shape[1] // h_size
    a, b = np.zeros(_SIZE, np.int32), np.zeros(_SIZE, np.int32)
    for v in range(plane.shape[0] // v_size):
        for h in range(0, h_blocks, LANES):
            n = min(LANES, h_blocks - h)
            for lane in range(n):
                block = coefficients[v * h_blocks + h + lane]
                for i in range(used_columns):
                    for j in range(used_rows):
                        at = np.uint64(8 * i + j)
                        a[np.uint64(_ROW * i + LANES * j + lane)] = block[at] * steps[at]
            _inverse_pass(a, b, columns, used_columns, used_rows, _ROW, LANES, shifts[0], odd_first)
            _inverse_pass(b, a, rows, used_rows, v_size, LANES, _ROW, shifts[1], False)
            for i in range(v_size):
                line = plane[v_size * v + i, h_size * h : h_size * (h + n)]
                for lane in range(n):
                    for j in range(h_size):
                        sample = a[np.uint64(_ROW * i + LANES * j + lane)] + 128
                        line[np.uint64(h_size * lane + j)] = min(max(sample, 0), 255)


@kernel
def forward(plane: Any, rows: Any, columns: Any, shifts: Any, out: Any) -> None:
    """Samples to int16 [n, 64]: rows [8, h] and shifts[0] first, then columns [8, v] and shifts[1]."""
    v_size, h_size = columns.shape[1], rows.shape[1]
    h_blocks = plane.shape[1] // h_size
    a, b = np.zeros(_SIZE, np.int32), np.zeros(_SIZE, np.int32)
    for v in range(plane.shape[0] // v_size):
        for h in range(0, h_blocks, LANES):
            n = min(LANES, h_blocks - h)
            for i in range(v_size):
                for lane in range(n):
                    for j in range(h_size):
                        a[_ROW * i + LANES * j + lane] = plane[v_size * v + i, h_size * (h + lane) + j] - 128
            _pass(a, b, rows, h_size, v_size, LANES, _ROW, shifts[0])
            _pass(b, a, columns, v_size, 8, _ROW, LANES, shifts[1])
            for lane in range(n):
                for i in range(8):
                    for j in range(8):
                        out[v * h_blocks + h + lane, 8 * i + j] = a[_ROW * i + LANES * j + lane]
