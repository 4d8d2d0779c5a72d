"""How Facebook resized in 2015: smoothing at whole pixels, then interpolation between two, per axis, in Q11 integers.

Each of the four calls gives 8-bit samples, rounded and clipped: horizontal smoothing and interpolation, then vertical.
The sharpening that follows is a step of its own (`steps.sharpen`), because that result is 8-bit, too.

Source: facts/facebook-resize.md, C.1 to 4: with the steps around it, exact in 99.86 % of the luma blocks of one pair of
2015 and 99.57 % of another's, 2464x1632 to 2048x1356; no other ratio was seen.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..._jit import kernel
from ...errors import ProfileError
from ..stages import Integer, Plan, Stage, WeightedSum
from ..three_tap import ONE, three_tap, three_tap_stages

KERNELS: tuple[str, ...] = ("smooth-linear",)


def _smoothing(n_in: int, n_out: int) -> int:
    """The side tap in Q11: the quadratic B-spline, as wide as an output pixel, sampled at -1, 0 and 1 and normalised.

    383 for 2464 to 2048. 0 where the picture grows to two thirds of a pixel or more.
    """
    x = n_out / n_in
    side = 0.75 - x * x if x <= 0.5 else max(1.5 - x, 0.0) ** 2 / 2
    return round(ONE * side / (0.75 + 2 * side))


@kernel
def _interpolate(source: Any, left: Any, fraction: Any, constant: int, out: Any) -> None:
    """source [outer, n, inner] to out [outer, m, inner]."""
    last = source.shape[1] - 1
    for o in range(out.shape[0]):
        for x in range(out.shape[1]):
            a, f = min(max(left[x], 0), last), np.int32(fraction[x])
            b, rest = min(max(left[x] + 1, 0), last), np.int32(2048 - fraction[x])
            for k in range(out.shape[2]):
                total = np.int32(rest * np.int32(source[o, a, k]) + f * np.int32(source[o, b, k]) + constant)
                out[o, x, k] = min(np.int32(total) >> 11, 255)


def _positions(n_in: int, n_out: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(left neighbour, 2048ths of the way to the right one, half up) of each output sample, in exact integers."""
    twice = (2 * np.arange(n_out, dtype=np.int64) + 1) * n_in - n_out  # 2 n_out times the position
    left = twice // (2 * n_out)
    rest = twice - left * 2 * n_out
    return left, (ONE * rest + n_out) // (2 * n_out)


def resize(
    pixels: NDArray[np.uint8],
    width: int,
    height: int,
    *,
    kernel: str = "smooth-linear",
    horizontal_constant: int = 0,
    vertical_constant: int = 1024,
) -> NDArray[np.uint8]:
    """uint8 [height, width, C] of uint8 [H, W, C], all channels alike, edges repeated.

    horizontal_constant, vertical_constant: what is added before the interpolation's shift by 11, 0 to 2047. 0 across
    stands for what was measured: 1040 at the ratio of 2464 to 2048 (77 to 64, where all fractions are multiples of 16),
    for a reason that is not known, and so 1024, which rounds half up, at any other ratio.
    """
    rows, columns, channels = pixels.shape
    horizontal_constant = _constant(kernel, columns, width, horizontal_constant, vertical_constant)
    smooth = three_tap(pixels, _smoothing(columns, width), axis=1)
    wide = np.empty((rows, width, channels), np.uint8)
    _interpolate(smooth, *_positions(columns, width), horizontal_constant, wide)
    smooth = three_tap(wide, _smoothing(rows, height), axis=0)
    out = np.empty((height, width, channels), np.uint8)
    lines, result = smooth.reshape(1, rows, width * channels), out.reshape(1, height, width * channels)
    _interpolate(lines, *_positions(rows, height), vertical_constant, result)
    return out


def plan(
    columns: int,
    rows: int,
    width: int,
    height: int,
    *,
    kernel: str = "smooth-linear",
    horizontal_constant: int = 0,
    vertical_constant: int = 1024,
) -> Plan:
    """`resize` as data."""
    horizontal_constant = _constant(kernel, columns, width, horizontal_constant, vertical_constant)
    return Plan(_axis_stages(1, columns, width, horizontal_constant) + _axis_stages(0, rows, height, vertical_constant))


def _axis_stages(axis: Literal[0, 1], size: int, n: int, constant: int) -> tuple[Stage, ...]:
    left, fraction = _positions(size, n)
    at = np.clip(left[:, None] + np.array([0, 1]), 0, size - 1)
    between = WeightedSum(axis, size, at, np.stack([ONE - fraction, fraction], axis=1))
    return (*three_tap_stages(size, _smoothing(size, n), axis), between, Integer(constant, 1, ONE))


def _constant(kernel: str, columns: int, width: int, horizontal: int, vertical: int) -> int:
    """What is added across. Raises ProfileError for a kernel or constant that does not exist."""
    if kernel not in KERNELS:
        raise ProfileError(f"kernel {kernel!r}", place="resampling by facebook", expected=", ".join(KERNELS))
    for constant in (horizontal, vertical):
        if type(constant) is not int or not 0 <= constant < ONE:
            raise ProfileError(
                f"constant {constant!r}", place="resampling by facebook", expected="an integer, 0 to 2047"
            )
    return horizontal or (1040 if 64 * columns == 77 * width else 1024)
