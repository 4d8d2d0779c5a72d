"""The loops of qt.py: cell averages in 14-bit shares, linear interpolation in 8-bit ones, cut off, not rounded.

`at`, `share`, `whole` int64 `[n]`: the first source sample of each output; where the axis shrinks the share of that
sample and that of each whole one, in 16384ths; where it grows the share of the next sample, in 256ths.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._jit import kernel


@kernel
def _column_sum(source: Any, y: int, x: int, c: int, share: int, whole: int) -> Any:
    """A cell down a column, in 16384ths."""
    total = np.int64(source[y, x, c]) * share
    left = 16384 - share
    while left > whole:
        y += 1
        total += np.int64(source[y, x, c]) * whole
        left -= whole
    if left > 0:
        total += np.int64(source[y + 1, x, c]) * left
    return total


@kernel
def _row_sum(source: Any, y: int, x: int, c: int, share: int, whole: int) -> Any:
    """A cell along a row, in 16384ths."""
    total = np.int64(source[y, x, c]) * share
    left = 16384 - share
    while left > whole:
        x += 1
        total += np.int64(source[y, x, c]) * whole
        left -= whole
    if left > 0:
        total += np.int64(source[y, x + 1, c]) * left
    return total


@kernel
def both_smaller(source: Any, xs: Any, xshare: Any, xwhole: Any, ys: Any, yshare: Any, ywhole: Any, out: Any) -> None:
    """Each output is the mean of a cell: rows first, each cut to 10 bits of fraction, then down."""
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            for c in range(out.shape[2]):
                line, at, share, whole = ys[y], xs[x], xshare[x], xwhole[x]
                total = (_row_sum(source, line, at, c, share, whole) >> 4) * yshare[y]
                left = 16384 - yshare[y]
                while left > ywhole[y]:
                    line += 1
                    total += (_row_sum(source, line, at, c, share, whole) >> 4) * ywhole[y]
                    left -= ywhole[y]
                if left > 0:
                    total += (_row_sum(source, line + 1, at, c, share, whole) >> 4) * left
                out[y, x, c] = total >> 24


@kernel
def wider_lower(source: Any, xs: Any, xshare: Any, ys: Any, yshare: Any, ywhole: Any, out: Any) -> None:
    """Means down the columns, then between two of them."""
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            for c in range(out.shape[2]):
                total = _column_sum(source, ys[y], xs[x], c, yshare[y], ywhole[y])
                if xshare[x] > 0:
                    other = _column_sum(source, ys[y], xs[x] + 1, c, yshare[y], ywhole[y])
                    total = (total * (256 - xshare[x]) + other * xshare[x]) >> 8
                out[y, x, c] = total >> 14


@kernel
def narrower_higher(source: Any, xs: Any, xshare: Any, xwhole: Any, ys: Any, yshare: Any, out: Any) -> None:
    """Means along the rows, then between two of them."""
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            for c in range(out.shape[2]):
                total = _row_sum(source, ys[y], xs[x], c, xshare[x], xwhole[x])
                if yshare[y] > 0:
                    other = _row_sum(source, ys[y] + 1, xs[x], c, xshare[x], xwhole[x])
                    total = (total * (256 - yshare[y]) + other * yshare[y]) >> 8
                out[y, x, c] = total >> 14


@kernel
def both_larger(source: Any, xs: Any, xshare: Any, ys: Any, yshare: Any, out: Any) -> None:
    """Linear interpolation down, cut to 8 bits, then along."""
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            for c in range(out.shape[2]):
                v, h, top, at = yshare[y], xshare[x], ys[y], xs[x]
                left = np.int64(source[top, at, c])
                if v > 0:
                    left = (left * (256 - v) + np.int64(source[top + 1, at, c]) * v) >> 8
                if h > 0:
                    right = np.int64(source[top, at + 1, c])
                    if v > 0:
                        right = (right * (256 - v) + np.int64(source[top + 1, at + 1, c]) * v) >> 8
                    left = (left * (256 - h) + right * h) >> 8
                out[y, x, c] = left
