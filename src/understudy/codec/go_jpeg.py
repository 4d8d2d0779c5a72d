"""Go's image/jpeg: how it decodes, and how Go shows Y, Cb and Cr as R, G and B.

(How it encodes is `encode.GO`, made of the variants named `go`.)

Its inverse DCT is the one of the MPEG-2 reference decoder: Wang's algorithm in integers, 11-bit weights, 3 bits dropped
from each product of the column pass. It keeps a picture in Y, Cb and Cr, repeats subsampled chroma, and its encoder
takes Y, Cb and Cr as they are, so a JPEG that passes through Go is never RGB, unless a package in between makes it so.

Source: Z. Wang, Fast algorithms for the discrete W transform, IEEE Trans. ASSP 1984; ISO/IEC 13818-2 reference decoder;
Go's documentation of image.YCbCr and color.YCbCr. Checked against Go 1.19 (tests/codec/test_resample_go.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._jit import kernel
from .sampling import Factors, component_size, ratio, upsample
from .variants import Upsampling

__all__ = ["WEIGHTS", "inverse", "to_planes", "to_rgb", "to_rgb16"]

_W1, _W2, _W3, _W5, _W6, _W7 = (round(2048 * sqrt(2) * cos(k * pi / 16)) for k in (1, 2, 3, 5, 6, 7))
_R2 = round(256 / sqrt(2))


@kernel
def _pass(
    source: Any, target: Any, stride: int, step: int, even: int, half: int, bias: int, drop: int, last: int
) -> None:
    """Eight lines of eight values, `stride` from line to line and `step` within one; sums wrap to 32 bits.

    even, half: shift and rounding constant of the even sum; bias, drop: those of products; last: the result's shift.
    """
    for line in range(8):
        at = line * stride
        x0, x1, x2, x3 = source[at], source[at + step], source[at + 2 * step], source[at + 3 * step]
        x4, x5, x6, x7 = source[at + 4 * step], source[at + 5 * step], source[at + 6 * step], source[at + 7 * step]
        mean = np.int32((x0 << even) + half)
        other = np.int32(x4 << even)
        high, low = np.int32(_W2 * x2 + _W6 * x6 + bias) >> drop, np.int32(_W6 * x2 - _W2 * x6 + bias) >> drop
        a, b = np.int32(_W1 * x1 + _W7 * x7 + bias) >> drop, np.int32(_W7 * x1 - _W1 * x7 + bias) >> drop
        c, d = np.int32(_W5 * x5 + _W3 * x3 + bias) >> drop, np.int32(_W3 * x5 - _W5 * x3 + bias) >> drop
        e0, e3 = np.int32(mean + other + high), np.int32(mean + other - high)
        e1, e2 = np.int32(mean - other + low), np.int32(mean - other - low)
        o0, o3 = np.int32(a + c), np.int32(b + d)
        p, q = np.int32(a - c), np.int32(b - d)
        o1, o2 = np.int32(_R2 * np.int32(p + q) + 128) >> 8, np.int32(_R2 * np.int32(p - q) + 128) >> 8
        target[at], target[at + 7 * step] = np.int32(e0 + o0) >> last, np.int32(e0 - o0) >> last
        target[at + step], target[at + 6 * step] = np.int32(e1 + o1) >> last, np.int32(e1 - o1) >> last
        target[at + 2 * step], target[at + 5 * step] = np.int32(e2 + o2) >> last, np.int32(e2 - o2) >> last
        target[at + 3 * step], target[at + 4 * step] = np.int32(e3 + o3) >> last, np.int32(e3 - o3) >> last


@kernel
def _inverse(levels: Any, steps: Any, plane: Any) -> None:
    a, b = np.empty(64, np.int32), np.empty(64, np.int32)
    h_blocks = plane.shape[1] // 8
    for block in range(levels.shape[0]):
        for k in range(64):
            a[k] = np.int32(levels[block, k]) * np.int32(steps[k])
        _pass(a, b, 8, 1, 11, 128, 0, 0, 8)
        _pass(b, a, 1, 8, 8, 8192, 4, 3, 14)
        top, left = block // h_blocks * 8, block % h_blocks * 8
        for i in range(8):
            for j in range(8):
                plane[top + i, left + j] = min(max(a[8 * i + j] + 128, 0), 255)


def inverse(blocks: NDArray[np.int16], steps_natural: Any) -> NDArray[np.uint8]:
    """uint8 [8 v_blocks, 8 h_blocks]: the samples of quantised coefficients int16 [v_blocks, h_blocks, 8, 8].

    steps_natural: 64 (or [8, 8]) step sizes in natural order, 1 to 65535.
    """
    v_blocks, h_blocks = blocks.shape[:2]
    plane = np.empty((8 * v_blocks, 8 * h_blocks), np.uint8)
    steps = np.array(steps_natural, dtype=np.int32).reshape(64)
    _inverse(np.require(blocks, requirements=["C", "W"]).reshape(-1, 64), steps, plane)
    return plane


def to_planes(
    coefficients: Sequence[NDArray[np.int16]], steps: Sequence[Any], factors: Factors, width: int, height: int
) -> list[NDArray[np.uint8]]:
    """Each component's samples, uint8 [height, width], repeated where it is subsampled.

    Arguments as `decode.to_planes`.
    """
    planes = []
    for index, (blocks, table) in enumerate(zip(coefficients, steps, strict=True)):
        rows, columns = component_size(height, width, factors, index)
        samples = inverse(blocks[: -(-rows // 8), : -(-columns // 8)], table)[:rows, :columns]
        planes.append(upsample(samples, *ratio(factors, index), Upsampling.PLAIN, height, width))
    return planes


WEIGHTS = 91881, 22554, 46802, 116130
"""Of Cr in red, of Cb and Cr in what is taken from green, of Cb in blue, in 65536ths: JFIF's 1.402, 0.34414, 0.71414,
1.772. Y counts 65793 (0x10101): its byte three times."""
_R_CR, _G_CB, _G_CR, _B_CB = WEIGHTS


@kernel
def _shown(ycbcr: Any, drop: int, highest: int, rgb: Any) -> None:
    for i in range(ycbcr.shape[0]):
        y, b, r = np.int32(ycbcr[i, 0]) * np.int32(0x10101), np.int32(ycbcr[i, 1]) - 128, np.int32(ycbcr[i, 2]) - 128
        rgb[i, 0] = min(max((y + _R_CR * r) >> drop, 0), highest)
        rgb[i, 1] = min(max((y - _G_CB * b - _G_CR * r) >> drop, 0), highest)
        rgb[i, 2] = min(max((y + _B_CB * b) >> drop, 0), highest)


def to_rgb(ycbcr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """R, G and B of Y, Cb and Cr, uint8 [H, W, 3]: Go's color.YCbCrToRGB, cut off, not rounded."""
    rgb = np.empty(ycbcr.shape, np.uint8)
    _shown(np.ascontiguousarray(ycbcr).reshape(-1, 3), 16, 255, rgb.reshape(-1, 3))
    return rgb


def to_rgb16(ycbcr: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """The same in 16 bits, uint16 [H, W, 3], 0 to 65535: Go's color.YCbCr.RGBA, of which `to_rgb` has the upper 8."""
    rgb = np.empty(ycbcr.shape, np.uint16)
    _shown(np.ascontiguousarray(ycbcr).reshape(-1, 3), 8, 65535, rgb.reshape(-1, 3))
    return rgb
