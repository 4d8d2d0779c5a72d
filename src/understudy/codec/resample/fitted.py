"""A separable filter whose kernel is given as samples: what `learn` writes where no library's kernel explains pairs.

It is fitted, not identified: float64 throughout, rows first, one rounding at the end, edges repeated, each output's
weights made to add up to 1. No library is claimed to do this.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import ProfileError
from ..stages import Plan, Round, WeightedSum
from ._float_sums import filtered

KERNELS: tuple[str, ...] = ("linear", "cubic")
"""How the kernel goes on between its samples: straight, or by Catmull and Rom's cubic."""

Floats = NDArray[np.float64]
TRIANGLE = "1 0.75 0.5 0.25 0"
Place = Literal["corners", "centres", "origins"]


def resize(
    pixels: NDArray[np.uint8],
    width: int,
    height: int,
    *,
    kernel: str = "linear",
    samples: str = TRIANGLE,
    step: float = 0.25,
    antialias: bool = True,
    shift: float = 0.0,
    factors: tuple[float, float] | None = None,
    aligned: Place = "corners",
) -> NDArray[np.uint8]:
    """uint8 `[height, width, C]` of uint8 `[H, W, C]`, every channel alike.

    samples: the kernel at 0, step, 2 step, ..., separated by blanks; it is symmetric, and 0 beyond the last.
    step: in output pixels with `antialias` where the picture shrinks, else in input pixels.
    shift: input pixels by which every centre lies to the right and below.
    factors: output to input pixels, horizontally and vertically; None for the ratio of the sizes.
    aligned: what coincides: the pictures' upper left corners, or their centres (which is the same unless `factors` are
    not that ratio), or the centres of their first samples.
    Raises ProfileError for samples that are no kernel.
    """
    values = _checked(kernel, samples, step)
    rows, columns, _ = pixels.shape
    x, y = factors or (width / columns, height / rows)
    across = _taps(columns, width, x, values, kernel, step, antialias, shift, aligned)
    down = _taps(rows, height, y, values, kernel, step, antialias, shift, aligned)
    out = filtered(pixels, across, down)
    return np.ascontiguousarray(np.clip(np.floor(out + 0.5), 0, 255).astype(np.uint8))


def plan(
    columns: int,
    rows: int,
    width: int,
    height: int,
    *,
    kernel: str = "linear",
    samples: str = TRIANGLE,
    step: float = 0.25,
    antialias: bool = True,
    shift: float = 0.0,
    factors: tuple[float, float] | None = None,
    aligned: Place = "corners",
) -> Plan:
    """`resize` as data."""
    values = _checked(kernel, samples, step)
    x, y = factors or (width / columns, height / rows)
    across = _taps(columns, width, x, values, kernel, step, antialias, shift, aligned)
    down = _taps(rows, height, y, values, kernel, step, antialias, shift, aligned)
    return Plan((WeightedSum(1, columns, *across, "float64"), WeightedSum(0, rows, *down, "float64"), Round("up")))


@lru_cache(maxsize=16)
def _checked(kernel: str, samples: str, step: float) -> tuple[float, ...]:
    """The samples as numbers."""
    if kernel not in KERNELS:
        raise ProfileError(f"kernel {kernel!r}", place="resampling by samples", expected=", ".join(KERNELS))
    try:
        values = tuple(float(word) for word in samples.split())
    except ValueError:
        values = ()
    if not 2 <= len(values) <= 64 or not np.isfinite(values).all() or not 1 / 64 <= step <= 1 or values[0] <= 0:
        raise ProfileError(
            f"samples {samples[:40]!r}, step {step}", place="resampling by samples",
            expected="2 to 64 numbers of which the first is positive, a step of 1/64 to 1",
        )  # fmt: skip
    return values


def between(kernel: str, x: Floats) -> Floats:
    """What a sample adds at a distance of `x` steps from it: 1 at 0, 0 at other whole numbers."""
    a = np.abs(x)
    if kernel == "linear":
        return np.asarray(np.maximum(1.0 - a, 0.0))
    inner, outer = (1.5 * a - 2.5) * a * a + 1.0, ((2.5 - 0.5 * a) * a - 4.0) * a + 2.0
    return np.where(a < 1, inner, np.where(a < 2, outer, 0.0))


def basis(kernel: str, count: int, x: Floats, *, symmetric: bool = True) -> Floats:
    """`[..., count]`: the share of each sample in the kernel at `x` steps from its centre.

    symmetric: samples stand at 0, 1, ..., and count on both sides; else at -(count // 2), ..., count // 2.
    """
    if not symmetric:
        return between(kernel, x[..., None] - (np.arange(count) - count // 2))
    at = np.arange(count)
    both = between(kernel, x[..., None] - at) + between(kernel, x[..., None] + at)
    both[..., 0] /= 2
    return np.asarray(both)


def centres(size: int, n: int, factor: float, shift: float, aligned: Place) -> Floats:
    """`[n]`: where each output's centre lies among `size` input samples, whose own centres are whole numbers."""
    margin = {"corners": 0.0, "centres": (size - n / factor) / 2, "origins": 0.5 - 0.5 / factor}[aligned]
    return np.asarray((np.arange(n) + 0.5) / factor - 0.5 + margin + shift)


def window(centre: Floats, reach: float) -> NDArray[np.int64]:
    """`[n, k]`: the input samples within `reach` of each centre, which may lie outside."""
    first = np.ceil(centre - reach).astype(np.int64)
    return first[:, None] + np.arange(int(2 * reach) + 2)


def _taps(
    size: int, n: int, factor: float, values: tuple[float, ...], kernel: str, step: float, antialias: bool,
    shift: float, aligned: Place,
) -> tuple[NDArray[np.int64], Floats]:  # fmt: skip
    """(samples, weights) of each output, both `[n, k]`."""
    stretch = step * (max(1.0 / factor, 1.0) if antialias else 1.0)
    centre = centres(size, n, factor, shift, aligned)
    at = window(centre, (len(values) + 1) * stretch)
    weights = basis(kernel, len(values), (at - centre[:, None]) / stretch) @ np.array(values)
    total = weights.sum(axis=1, keepdims=True)
    if (np.abs(total) < 1e-6).any():
        raise ProfileError("a kernel without weight", place="resampling by samples", expected="one that adds up")
    return np.clip(at, 0, size - 1), weights / total
