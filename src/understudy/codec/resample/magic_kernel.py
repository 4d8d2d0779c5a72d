"""Costella's Magic Kernel and Magic Kernel Sharp in floating point, one rounding at the end.

The Magic Kernel m is the quadratic B-spline. Sharp convolves it with taps that stand one output pixel apart where the
picture shrinks, one input pixel where it grows:

    2013    -1/4, 3/2, -1/4
    2021    -1/144, 1/24, -35/144, 17/12, -35/144, 1/24, -1/144
    plus    -s/4, 1 + s/2, -s/4 with s = 1.32 (Instagram since 2015, as he says)

Source: J. Costella, johncostella.com/magic, and "Solving the mystery of Magic Kernel Sharp" (2021). Edges are repeated
and each output's weights made to add up to 1: our choices. Compared once with the 2013 kernel of pica 10.0.3, which is
fixed-point: 2 % of inner samples differ, by 1, over four sizes. That Facebook's or Instagram's servers give these very
pixels is not shown; what was measured is in resample.facebook.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ...errors import ProfileError
from ..stages import Plan, Round, WeightedSum
from ._float_sums import filtered

_SHARP: dict[str, tuple[Fraction, ...]] = {
    "magic-kernel": (Fraction(1),),
    "magic-kernel-sharp-2013": (Fraction(3, 2), Fraction(-1, 4)),
    "magic-kernel-sharp-2021": (Fraction(17, 12), Fraction(-35, 144), Fraction(1, 24), Fraction(-1, 144)),
    "magic-kernel-sharp-plus": (Fraction(166, 100), Fraction(-33, 100)),
}
"""The centre tap, then those at distance 1, 2, 3."""
KERNELS: tuple[str, ...] = tuple(_SHARP)

Floats = NDArray[np.float64]


def _b_spline(x: Floats) -> Floats:
    """3/4 - x^2 up to 1/2, (3/2 - |x|)^2 / 2 up to 3/2, 0 beyond."""
    x = np.abs(x)
    return np.where(x <= 0.5, 0.75 - x * x, np.maximum(1.5 - x, 0) ** 2 / 2)


def weight(kernel: str, x: Floats) -> Floats:
    """The kernel's value at x, in output pixels where the picture shrinks."""
    sharp = _SHARP[kernel]
    out = float(sharp[0]) * _b_spline(x)
    for distance, tap in enumerate(sharp[1:], 1):
        out += float(tap) * (_b_spline(x - distance) + _b_spline(x + distance))
    return out


def _taps(n_in: int, n_out: int, kernel: str) -> tuple[NDArray[np.int64], Floats]:
    """(samples, weights) of each output, both [n_out, count]."""
    scale = min(n_out / n_in, 1.0)
    support = (len(_SHARP[kernel]) + 0.5) / scale
    centre = (np.arange(n_out) + 0.5) * n_in / n_out - 0.5
    j = np.floor(centre - support).astype(np.int64)[:, None] + np.arange(int(2 * support) + 3)
    weights = weight(kernel, (j - centre[:, None]) * scale)
    return np.clip(j, 0, n_in - 1), weights / weights.sum(axis=1, keepdims=True)


def resize(
    pixels: NDArray[np.uint8], width: int, height: int, *, kernel: str = "magic-kernel-sharp-2021"
) -> NDArray[np.uint8]:
    """uint8 [height, width, C] of uint8 [H, W, C], all channels alike, half up and clipped."""
    if kernel not in KERNELS:
        raise ProfileError(f"kernel {kernel!r}", place="resampling by magic_kernel", expected=", ".join(KERNELS))
    out = filtered(pixels, _taps(pixels.shape[1], width, kernel), _taps(pixels.shape[0], height, kernel))
    return np.ascontiguousarray(np.clip(np.floor(out + 0.5), 0, 255).astype(np.uint8))


def plan(columns: int, rows: int, width: int, height: int, *, kernel: str = "magic-kernel-sharp-2021") -> Plan:
    """`resize` as data."""
    across, down = _taps(columns, width, kernel), _taps(rows, height, kernel)
    return Plan((WeightedSum(1, columns, *across, "float64"), WeightedSum(0, rows, *down, "float64"), Round("up")))
