"""mozjpeg's overshoot deringing: white areas are let overshoot, so that edges beside them ring less.

In each block the samples at the top of the range are found along the zigzag line. A run of them is replaced by the
arch that a Catmull-Rom spline draws between its two edges, rounded up. What overshoots is clipped again by every
decoder.

Source: mozjpeg's jcdctmgr.c (4.0.3) and K. Lesinski's description of the method, read for these facts; proved on the
bytes of libvips' mozjpeg (tests/codec/test_mozjpeg*.py).
"""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._jit import kernel
from ...jpeg.syntax import NATURAL_OF_ZIGZAG

__all__ = ["overflow", "overshoot"]

_ROW = np.array(NATURAL_OF_ZIGZAG, np.int64) // 8
_COLUMN = np.array(NATURAL_OF_ZIGZAG, np.int64) % 8
_TOP = 127
"""The largest sample, 128 taken off."""


@kernel
def _arch(t: np.float32, rise: int, fall: int, length: int) -> np.float32:
    """Height over _TOP's own of a spline from _TOP to _TOP at `t` in 0 to 1, in float32.

    rise, fall: how far the points before and after lie below _TOP; the tangents are these, times the run's length.
    """
    t2 = np.float32(t * t)
    t3 = np.float32(t2 * t)
    top = np.float32(_TOP)
    start = np.float32(2) * t3 - np.float32(3) * t2 + np.float32(1)
    end = np.float32(-2) * t3 + np.float32(3) * t2
    leave = t3 - np.float32(2) * t2 + t
    arrive = t3 - t2
    first, last = np.float32(rise * length), np.float32(-fall * length)
    return top * start + first * leave + top * end + last * arrive


@kernel
def _overshoot_block(out: Any, y: int, x: int, dc_step: int) -> None:
    """Changes one block of `out`, whose samples are 0 to 255."""
    total = tops = 0
    for i in range(8):
        for j in range(8):
            sample = int(out[y + i, x + j])
            total += sample - 128
            tops += sample == 255
    if tops == 0 or tops == 64:
        return
    most = _TOP + min(min(31, 2 * dc_step), (_TOP * 64 - total) // tops)
    n = 0
    while n < 64:
        if out[y + _ROW[n], x + _COLUMN[n]] < 255:
            n += 1
            continue
        start = n
        while n < 64 and out[y + _ROW[n], x + _COLUMN[n]] >= 255:
            n += 1
        # The two samples before the run and the two behind it; the slope into it may have been flattened by clipping.
        a, b = max(start - 1, 0), max(start - 2, 0)
        c, d = min(n, 63), n + 1 if n < 62 else 63
        near, far = out[y + _ROW[a], x + _COLUMN[a]] - 128, out[y + _ROW[b], x + _COLUMN[b]] - 128
        rise = max(near - far, _TOP - near)
        near, far = out[y + _ROW[c], x + _COLUMN[c]] - 128, out[y + _ROW[d], x + _COLUMN[d]] - 128
        fall = max(near - far, _TOP - near)
        if start == 0:
            rise = fall
        if n == 64:
            fall = rise
        length = n - start
        step = np.float32(1) / np.float32(length + 1)
        t = step
        for i in range(start, n):
            out[y + _ROW[i], x + _COLUMN[i]] = 128 + min(ceil(_arch(t, rise, fall, length)), most)
            t = np.float32(t + step)
        n += 1


@kernel
def _overshoot_all(out: Any, dc_step: int) -> None:
    for y in range(0, out.shape[0], 8):
        for x in range(0, out.shape[1], 8):
            _overshoot_block(out, y, x, dc_step)


def overshoot(plane: NDArray[np.uint8], dc_step: int) -> NDArray[np.int16]:
    """The plane with its arches, int16 of the same shape: 0 to 255, and up to 286 in runs of 255.

    plane: uint8 [8 * v_blocks, 8 * h_blocks]. dc_step: the DC's quantisation step; an arch is at most twice as high.
    """
    out = plane.astype(np.int16)
    _overshoot_all(out, dc_step)
    return out


@kernel
def _overflow(raw: Any) -> None:
    """raw: [blocks, 64]."""
    for block in range(raw.shape[0]):
        for k in range(0, 64, 32):
            for j in range(k, k + 8):
                if raw[block, j] > 8191 or raw[block, j] < -8192:
                    raw[block, j] = -8192


def overflow(raw: NDArray[np.int16]) -> None:
    """What the 16-bit sums of libjpeg-turbo's x86-64 islow do to coefficients beyond their range, in place.

    raw: islow's int16 [v_blocks, h_blocks, 8, 8]. In rows 0 and 4, which are sums without multiplications, what is over
    8191 or under -8192 becomes -8192, whatever its sign. Overshooting samples can reach that in stripes and boards of
    black and white; samples of 0 to 255 cannot. The C code (so mozjpeg compiled to WebAssembly) has no such limit.

    Source: measured on libvips' mozjpeg with the 128 sign patterns of the DCT, at five qualities each.
    """
    _overflow(raw.reshape(-1, 64))
