"""The loops under `vips.py` that are not a plain filter: box shrinking and libvips' two ways of enlarging.

Pictures come flat, uint8 `[H, W * channels]`; positions and weights are tables, so the loops hold integers only.
Inner loops run along slices of rows (numba checks plain indices for being negative, which costs vector loads).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._jit import kernel

_CHUNK = 2048
"""Samples of a row at a time: the sums stay in the first-level cache."""


@kernel
def box_columns(source: Any, size: int, multiplier: int, out: Any) -> None:
    """Each row of `out` the mean of `size` rows of `source`, the last row standing in for those below the picture.

    multiplier: 0 rounds half up; otherwise the sum plus half of `size` is multiplied by it and shifted by 24.
    """
    last, length = source.shape[0] - 1, source.shape[1]
    sums = np.empty(_CHUNK, np.uint32)
    for left in range(0, length, _CHUNK):
        n = min(_CHUNK, length - left)
        for y in range(out.shape[0]):
            sums[:] = np.uint32(size // 2)
            for t in range(size):
                row = source[min(y * size + t, last), left : left + n]
                for i in range(n):
                    sums[i] = np.uint32(sums[i] + np.uint32(row[i]))
            made = out[y, left : left + n]
            if multiplier:
                for i in range(n):
                    made[i] = np.uint32(np.uint32(sums[i] * np.uint32(multiplier)) >> np.uint32(24))
            else:
                for i in range(n):
                    made[i] = sums[i] // np.uint32(size)


@kernel
def box_rows(source: Any, channels: int, size: int, multiplier: int, out: Any) -> None:
    """As `box_columns`, with each column of `out` the mean of `size` columns."""
    last = source.shape[1] // channels - 1
    half = np.uint32(size // 2)
    for y in range(source.shape[0]):
        line, made = source[y], out[y]
        for x in range(out.shape[1] // channels):
            for c in range(channels):
                total = half
                for t in range(size):
                    total = np.uint32(total + np.uint32(line[min(x * size + t, last) * channels + c]))
                if multiplier:
                    made[x * channels + c] = np.uint32(np.uint32(total * np.uint32(multiplier)) >> np.uint32(24))
                else:
                    made[x * channels + c] = total // np.uint32(size)


@kernel
def cubic_rows(source: Any, channels: int, first: Any, weights: Any, out: Any) -> None:
    """int32 `out`: four columns a column, 12 fraction bits, rounded and not clipped.

    first: int64 `[n]`, each output column's second column, which may lie outside; weights: int32 `[n, 4]`.
    """
    last = source.shape[1] // channels - 1
    for y in range(source.shape[0]):
        line, made = source[y], out[y]
        for x in range(first.size):
            w0, w1, w2, w3 = weights[x, 0], weights[x, 1], weights[x, 2], weights[x, 3]
            at = first[x]
            i0 = min(max(at - 1, 0), last) * channels
            i1 = min(max(at, 0), last) * channels
            i2 = min(max(at + 1, 0), last) * channels
            i3 = min(max(at + 2, 0), last) * channels
            for c in range(channels):
                total = w0 * line[i0 + c] + w1 * line[i1 + c] + w2 * line[i2 + c] + w3 * line[i3 + c]
                made[x * channels + c] = (total + 2048) >> 12


@kernel
def cubic_columns(source: Any, first: Any, weights: Any, out: Any) -> None:
    """uint8 `out` of the int32 rows that `cubic_rows` makes: four rows a row, 12 fraction bits, rounded and clipped."""
    last = source.shape[0] - 1
    for y in range(first.size):
        w0, w1, w2, w3 = weights[y, 0], weights[y, 1], weights[y, 2], weights[y, 3]
        at = first[y]
        a0, a1 = source[min(max(at - 1, 0), last)], source[min(max(at, 0), last)]
        a2, a3 = source[min(max(at + 1, 0), last)], source[min(max(at + 2, 0), last)]
        made = out[y]
        for i in range(made.size):
            total = w0 * a0[i] + w1 * a1[i] + w2 * a2[i] + w3 * a3[i]
            made[i] = min(max((total + np.int32(2048)) >> np.int32(12), np.int32(0)), np.int32(255))


@kernel
def bilinear(source: Any, channels: int, xs: Any, x_weights: Any, ys: Any, y_weights: Any, out: Any) -> None:
    """uint8 `out`: four neighbours a sample; fractions of 12 bits, the products cut to 12 bits again.

    xs, ys: int64, each output's left and upper neighbour, which may lie outside; x_weights, y_weights: int32, 0 to
    4096, of the right and lower one.
    """
    bottom, right = source.shape[0] - 1, source.shape[1] // channels - 1
    for y in range(ys.size):
        upper, lower = source[min(max(ys[y], 0), bottom)], source[min(max(ys[y] + 1, 0), bottom)]
        below = y_weights[y]
        made = out[y]
        for x in range(xs.size):
            w11 = (below * x_weights[x]) >> 12
            w10 = below - w11
            w01 = ((4096 - below) * x_weights[x]) >> 12
            w00 = 4096 - below - w01
            i, j = min(max(xs[x], 0), right) * channels, min(max(xs[x] + 1, 0), right) * channels
            for c in range(channels):
                total = w00 * upper[i + c] + w01 * upper[j + c] + w10 * lower[i + c] + w11 * lower[j + c]
                made[x * channels + c] = (total + 2048) >> 12
