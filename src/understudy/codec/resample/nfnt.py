"""nfnt/resize, Go's commonest resizing package, for 8-bit pictures (RGBA, NRGBA, YCbCr, Gray).

Weights are cut to 1/256, not rounded, and not made to sum to 1: each pass divides by their sum, cutting the result to
an integer from 0 to 255. Rows first, then columns. Beyond the edges the outer sample is repeated.

Source: its documentation, and measurement against 0.0~git20180221 with Go 1.19 (tests/codec/test_resample_go.py).
Pictures of Y, Cb and Cr are filtered as such, at full resolution.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..stages import Integer, Plan, WeightedSum, tap_table
from ._separable import Taps, filter_columns, filter_rows

KERNELS = ("bilinear", "bicubic", "mitchell", "lanczos2", "lanczos3")

Pixels = NDArray[np.uint8]
_TAPS = {"bilinear": 2, "bicubic": 4, "mitchell": 4, "lanczos2": 4, "lanczos3": 6}


def resize(pixels: Pixels, width: int, height: int, *, kernel: str) -> Pixels:
    """Resize: uint8 `[height, width, C]` of uint8 `[H, W, C]`.

    With 2 or 4 channels the colours are multiplied by alpha (and cut to integers), then filtered; the result is Go's
    RGBA, which holds such products: colours over black. Its alpha is given as 255.
    """
    rows, columns, channels = pixels.shape
    if (columns, rows) == (width, height):
        return pixels.copy()
    if channels in (2, 4):
        products = pixels[:, :, :-1].astype(np.uint16) * pixels[:, :, -1:] // np.uint16(255)
        opaque = resize(products.astype(np.uint8), width, height, kernel=kernel)
        return np.concatenate([opaque, np.full((height, width, 1), 255, np.uint8)], axis=2)
    across = filter_rows(pixels, _taps(kernel, columns, width), 0, 0)
    return filter_columns(across, _taps(kernel, rows, height), 0, 0)


def plan(columns: int, rows: int, width: int, height: int, *, kernel: str) -> Plan:
    """`resize` of 1 or 3 channels, as data."""
    if (columns, rows) == (width, height):
        return Plan(())
    across, down = _taps(kernel, columns, width), _taps(kernel, rows, height)
    assert across.divisors is not None, "nfnt divides"
    assert down.divisors is not None, "nfnt divides"
    return Plan((
        WeightedSum(1, columns, *tap_table(across.first, across.count, across.weights, columns)),
        Integer(divisor=across.divisors.astype(np.int64)),
        WeightedSum(0, rows, *tap_table(down.first, down.count, down.weights, rows)),
        Integer(divisor=down.divisors.astype(np.int64)[:, None]),
    ))  # fmt: skip


def _value(kernel: str, x: float) -> float:
    a = abs(x)
    match kernel:
        case "bilinear":
            return max(1.0 - a, 0.0)
        case "bicubic":  # Keys' cubic, a = -1/2
            if a <= 1:
                return a * a * (1.5 * a - 2.5) + 1.0
            return a * (a * (2.5 - 0.5 * a) - 4.0) + 2.0 if a <= 2 else 0.0
        case "mitchell":  # with twelve digits, as the package has them
            if a <= 1:
                return (7.0 * a * a * a - 12.0 * a * a + 5.33333333333) * 0.16666666666
            inside = -2.33333333333 * a * a * a + 12.0 * a * a - 20.0 * a + 10.6666666667
            return inside * 0.16666666666 if a <= 2 else 0.0
        case _:
            lobes = 2 if kernel == "lanczos2" else 3
            return _sinc(x) * _sinc(x * (1 / lobes)) if a < lobes else 0.0


def _sinc(x: float) -> float:
    x = abs(x) * math.pi
    return math.sin(x) / x if x >= 1.220703e-4 else 1.0


def _taps(kernel: str, size: int, n: int) -> Taps:
    """Weights with 8 fraction bits; those of samples beyond an edge are added to the outer sample's."""
    scale = size / n
    length = _TAPS[kernel] * max(math.ceil(scale), 1)
    shrink = min(1.0 / scale, 1.0)
    first, count = np.zeros(n, np.int64), np.zeros(n, np.int64)
    weights = np.zeros((n, length), np.int32)
    for i in range(n):
        centre = scale * (i + 0.5) - 0.5
        start = int(centre) - length // 2 + 1
        begin = min(max(start, 0), size - 1)
        for t in range(length):
            at = min(max(start + t, 0), size - 1)
            weights[i, at - begin] += int(_value(kernel, ((centre - start) - t) * shrink) * 256)
        first[i], count[i] = begin, min(max(start + length - 1, 0), size - 1) - begin + 1
    return Taps(first, count, weights, weights.sum(axis=1, dtype=np.int32))
