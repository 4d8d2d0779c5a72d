"""libgd's gdImageCopyResampled and gdImageCopyResized: PHP's imagecopyresampled, nginx's image_filter, and many more.

Source: libgd's documentation (an area mean, with alpha in 7 bits); the order of operations and the single precision
measured against libgd 2.3.3 (tests/codec/test_resample_gd.py: no sample differs).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..stages import Plan, Round, WeightedSum, picking, tap_table
from . import _gd_kernels as kernels
from ._separable import pick

KERNELS = ("resampled", "resized")

Pixels = NDArray[np.uint8]


def resize(pixels: Pixels, width: int, height: int, *, kernel: str, blend: bool = True) -> Pixels:
    """uint8 `[height, width, C]` of uint8 `[H, W, C]`.

    kernel: `resampled` is the mean over the area that an output pixel covers, and the nearest pixel where it covers one
    only; `resized` repeats or drops pixels.
    blend: for 2 or 4 channels: libgd's default, the result drawn onto a black canvas, so that its alpha is 255; False
    keeps alpha (gdImageAlphaBlending off), in steps of two because libgd's has 7 bits.
    """
    rows, columns, channels = pixels.shape
    has_alpha = channels in (2, 4)
    colours = pixels[:, :, :-1] if has_alpha else pixels
    opacity = pixels[:, :, -1] >> np.uint8(1) if has_alpha else np.full((rows, columns), 127, np.uint8)
    n = colours.shape[2]
    if kernel == "resized":
        y, x = _repeated(rows, height), _repeated(columns, width)
        out, out_opacity = pick(colours, y, x), pick(opacity[:, :, None], y, x)[:, :, 0]
    else:
        flat = np.ascontiguousarray(colours).reshape(rows, columns * n).copy()
        out_flat, out_opacity = np.empty((height, width * n), np.uint8), np.empty((height, width), np.uint8)
        across, down = _spans(columns, width), _spans(rows, height)
        kernels.resampled(flat, np.ascontiguousarray(opacity), *across, *down, n, out_flat, out_opacity)
        out = out_flat.reshape(height, width, n)
    if not has_alpha:
        return np.ascontiguousarray(out)
    if blend:
        weight = out_opacity[:, :, None].astype(np.int32)
        over_black = (out * weight // np.int32(127)).astype(np.uint8)
        return np.concatenate([over_black, np.full((height, width, 1), 255, np.uint8)], axis=2)
    return np.concatenate([out, ((out_opacity << 1) + (out_opacity >> 6))[:, :, None]], axis=2)


def _spans(size: int, n: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    first, count = np.zeros(n, np.int64), np.zeros(n, np.int64)
    parts = np.zeros((n, math.ceil(size / n) + 3), np.float32)
    kernels.spans(size, n, first, count, parts)
    return first, count, parts


def _repeated(size: int, n: int) -> NDArray[np.int64]:
    """Source index of each of `n` outputs: source `i` takes those from `n i // size` to `n (i + 1) // size`."""
    return np.repeat(np.arange(size), np.diff(n * np.arange(size + 1) // size))


def plan(columns: int, rows: int, width: int, height: int, *, kernel: str, blend: bool = True) -> Plan:
    """`resize` of 1 or 3 channels, as data: exact for `resized`, the linear part of `resampled`."""
    if kernel == "resized":
        return Plan((picking(1, columns, _repeated(columns, width)), picking(0, rows, _repeated(rows, height))))
    filters = []
    for axis, size, n in ((1, columns, width), (0, rows, height)):
        first, count, parts = _spans(size, n)
        inside = np.arange(parts.shape[1]) < np.minimum(count, size - first)[:, None]
        at, weights = tap_table(first, count, np.where(inside, parts, np.float32(0)).astype(np.float64), size)
        filters.append(WeightedSum(1 if axis else 0, size, at, weights / weights.sum(axis=1, keepdims=True), "float64"))
    return Plan((*filters, Round("up")), "libgd sums areas in float32, pixel by pixel")
