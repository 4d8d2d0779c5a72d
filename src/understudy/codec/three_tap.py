"""A filter of three taps in 11-bit fixed point along one axis: Facebook's smoothing before, sharpening after resizing.

Source: facts/facebook-resize.md, C.1, 3, 5, 6, measured on two public pairs of 2015.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .._jit import kernel
from .stages import Integer, Stage, WeightedSum

ONE = 2048
"""1 in Q11."""


@kernel
def _three_tap(lines: Any, apart: int, side: int, out: Any) -> None:
    """Each line holds samples whose neighbours stand `apart` before and after; the outermost are repeated."""
    centre, length = np.int32(2048 - 2 * side), lines.shape[1]
    weight = np.int32(side)
    for y in range(lines.shape[0]):
        for x in range(min(apart, length)):
            after = lines[y, x + apart] if x + apart < length else lines[y, x]
            total = np.int32(centre * lines[y, x] + weight * (np.int32(lines[y, x]) + after) + 1024) >> 11
            out[y, x] = min(max(total, 0), 255)
        for x in range(apart, length - apart):
            total = np.int32(weight * (np.int32(lines[y, x - apart]) + np.int32(lines[y, x + apart])))
            total = np.int32(total + centre * np.int32(lines[y, x]) + 1024) >> 11
            out[y, x] = min(max(total, 0), 255)
        for x in range(max(apart, length - apart), length):
            total = np.int32(centre * lines[y, x] + weight * (np.int32(lines[y, x - apart]) + lines[y, x]) + 1024) >> 11
            out[y, x] = min(max(total, 0), 255)


def three_tap(pixels: NDArray[np.uint8], side: int, axis: int) -> NDArray[np.uint8]:
    """`(side (left + right) + (2048 - 2 side) centre + 1024) >> 11`, clipped to 0..255, the edges repeated.

    pixels: uint8 [H, W, C]; the result has the same form. axis: 0 down the columns, 1 along the rows. side: -2048 to
    1024; negative sharpens.
    """
    if not -ONE <= side <= ONE // 2:
        raise ValueError(f"side tap {side}, expected -{ONE} to {ONE // 2}")
    height, width, channels = pixels.shape
    out = np.empty((height, width, channels), np.uint8)
    shape, apart = ((height, width * channels), channels) if axis else ((1, -1), width * channels)
    lines = np.require(pixels, requirements=["C", "W"]).reshape(shape)
    _three_tap(lines, apart, side, out.reshape(shape))
    return out


def three_tap_stages(size: int, side: int, axis: Literal[0, 1]) -> tuple[Stage, ...]:
    """`three_tap` of lines of `size` samples, as data."""
    at = np.clip(np.arange(size)[:, None] + np.array([-1, 0, 1]), 0, size - 1)
    weights = np.tile(np.array([side, ONE - 2 * side, side], np.int64), (size, 1))
    return WeightedSum(axis, size, at, weights), Integer(ONE // 2, 1, ONE)
