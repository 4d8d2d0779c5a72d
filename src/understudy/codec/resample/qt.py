"""Qt's `QImage.scaled` with `Qt.SmoothTransformation`, opaque pictures: Telegram Desktop's resizing.

Where an axis shrinks an output is the mean of the source samples under it, the outer ones in proportion; where it
grows, it lies linearly between two samples. All of it in integers that are cut off, never rounded: 14 bits for the
shares of a mean, 8 for those of an interpolation.

Source: the method is imlib2's (M. Hankins' scaler), which Qt names as its origin; that shares are rounded as they are
here, and where results are cut, is measured on Qt 6.8.3 (tests/codec/test_resample_qt.py).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import ProfileError
from ..stages import Integer, Plan, Stage, WeightedSum, tap_table
from . import _qt_kernels as kernels

__all__ = ["KERNELS", "resize"]

KERNELS: tuple[str, ...] = ("smooth",)

_Table = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


def _axis(before: int, after: int) -> _Table:
    """(first sample, its share, the share of each whole sample) of each output; see _qt_kernels."""
    step = (before << 16) // after
    if after >= before:
        position = np.arange(after, dtype=np.int64) * step + (0x8000 * before // after - 0x8000)
        at = np.maximum(position >> 16, 0)
        inside = (position >= 0) & (position >> 16 < before - 1)
        return at, np.where(inside, (position >> 8) & 255, 0), np.zeros(after, np.int64)
    position = np.arange(after, dtype=np.int64) * step
    whole = -(-(after << 14) // before)
    share = ((0x10000 - (position & 0xFFFF)) * whole) >> 16
    return position >> 16, share, np.full(after, whole, np.int64)


def resize(pixels: NDArray[np.uint8], width: int, height: int, *, kernel: str = "smooth") -> NDArray[np.uint8]:
    """uint8 `[height, width, C]` of uint8 `[H, W, C]`, 0 to 255; C = 1 grey, 3 RGB.

    Raises ProfileError for alpha (Qt's premultiplied formats were not measured), ValueError for another kernel or an
    empty picture.
    """
    rows, columns, channels = pixels.shape
    if channels in (2, 4):
        raise ProfileError("an alpha channel", place="resize by qt", expected="grey or RGB",
                           remedy="add a flatten step before it")  # fmt: skip
    if min(rows, columns, width, height) < 1 or kernel not in KERNELS:
        raise ValueError(f"{pixels.shape} to {width} x {height} by {kernel!r}, expected smooth")
    if (columns, rows) == (width, height):
        return pixels.copy()
    out = np.empty((height, width, channels), np.uint8)
    source = np.ascontiguousarray(pixels)
    xs, xshare, xwhole = _axis(columns, width)
    ys, yshare, ywhole = _axis(rows, height)
    if width >= columns and height >= rows:
        kernels.both_larger(source, xs, xshare, ys, yshare, out)
    elif width >= columns:
        kernels.wider_lower(source, xs, xshare, ys, yshare, ywhole, out)
    elif height >= rows:
        kernels.narrower_higher(source, xs, xshare, xwhole, ys, yshare, out)
    else:
        kernels.both_smaller(source, xs, xshare, xwhole, ys, yshare, ywhole, out)
    return out


def plan(columns: int, rows: int, width: int, height: int, *, kernel: str = "smooth") -> Plan:
    """`resize` of 1 or 3 channels, as data."""
    if (columns, rows) == (width, height):
        return Plan(())
    across, down = _sum(1, columns, width), _sum(0, rows, height)
    if width >= columns:
        last = 8 if height >= rows else 22
        first: tuple[Stage, ...] = (down, Integer(divisor=256)) if height >= rows else (down,)
        return Plan((*first, across, Integer(divisor=1 << last)))
    if height >= rows:
        return Plan((across, down, Integer(divisor=1 << 22)))
    return Plan((across, Integer(divisor=16, clip=False), down, Integer(divisor=1 << 24)))


def _sum(axis: Literal[0, 1], before: int, after: int) -> WeightedSum:
    """One axis as a sum: weights in 256ths where it grows, else in 16384ths."""
    at, share, whole = _axis(before, after)
    if after >= before:
        taps = np.minimum(at[:, None] + np.arange(2), before - 1)
        return WeightedSum(axis, before, taps, np.stack([256 - share, share], axis=1))
    most = 2 + (16384 // int(whole[0]))
    weights = np.zeros((after, most), np.int64)
    for i in range(after):
        weights[i, 0], left, k = share[i], 16384 - int(share[i]), 1
        while left > whole[i]:
            weights[i, k], left, k = whole[i], left - int(whole[i]), k + 1
        if left > 0:
            weights[i, k] = left
    return WeightedSum(axis, before, *tap_table(at, np.full(after, most), weights, before))
