"""Magic Kernel Sharp as Facebook's published mobile library Spectrum has it: 11-bit fixed point.

Weights are computed in single precision and cut, not rounded, to 2048ths, so a row of them can add up to a little less
than 1. The horizontal pass keeps all 11 fraction bits; each product of the vertical pass and of the sharpening is cut
back to 11 by itself. One rounding, at the end.

Source: facebookincubator/spectrum (MIT), core/proc/legacy, read in November 2026; written anew from what it does. No
build of it was run here. Pictures of the target's size are passed on unsharpened there, so they are here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._jit import kernel
from ...errors import ProfileError
from ..stages import Integer, Plan, Stage, WeightedSum

KERNELS: tuple[str, ...] = ("magic-kernel", "magic-kernel-sharp")

_F = np.float32
Floats = NDArray[np.float32]


def _b_spline(z: Floats) -> Floats:
    """The quadratic B-spline, which Costella calls the Magic Kernel: float32, intermediate squares as in C++."""
    outer = np.abs(z.astype(np.float64)) - 1.5
    middle = 0.75 - (z * z).astype(np.float64)
    weights = np.where((z >= -0.5) & (z < 0.5), middle, 0.5 * outer * outer)
    return np.where((z < -1.5) | (z > 1.5), 0, weights).astype(_F)


def taps(n_in: int, n_out: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """(samples, weights in Q11) of each output sample, both [n_out, count]; unused places have weight 0.

    The weight that single precision lacks after normalising is added to the largest before it is cut.
    """
    scale = n_out / n_in
    half = 1.5 / scale
    centre = ((np.arange(n_out, dtype=_F) + _F(0.5)).astype(np.float64) / scale - 0.5).astype(_F)
    first = np.floor(centre - half).astype(np.int64)
    last = np.ceil(centre + half).astype(np.int64)
    j = first[:, None] + np.arange(int((last - first).max()) + 1)
    weights = _b_spline(((centre[:, None] - j.astype(_F)).astype(np.float64) * scale).astype(_F))
    weights[j > last[:, None]] = 0
    norm = (_F(1) / _summed(weights)).astype(np.float64)
    normal = (weights.astype(np.float64) * norm[:, None]).astype(_F)
    rows, largest = np.arange(n_out), weights.argmax(axis=1)
    normal[rows, largest] += _F(1) - _summed(normal)
    return np.clip(j, 0, n_in - 1), (normal * _F(2048)).astype(np.int32)


def _summed(weights: Floats) -> Floats:
    """The sum of each row, added from left to right in single precision."""
    total = np.zeros(len(weights), _F)
    for column in weights.T:
        total = total + column
    return total


@kernel
def _horizontal(pixels: Any, at: Any, weights: Any, out: Any) -> None:
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            for c in range(out.shape[2]):
                total = np.int32(0)
                for k in range(at.shape[1]):
                    total += np.int32(weights[x, k] * np.int32(pixels[y, at[x, k], c]))
                out[y, x, c] = total


@kernel
def _vertical(wide: Any, at: Any, weights: Any, out: Any) -> None:
    """wide [H, n], out [height, n], all Q11."""
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            out[y, x] = 0
        for k in range(at.shape[1]):
            row, weight = at[y, k], weights[y, k]
            if weight != 0:
                for x in range(out.shape[1]):
                    out[y, x] += np.int32(weight * wide[row, x]) >> 11


@kernel
def _three_tap(lines: Any, apart: int, side: int, out: Any) -> None:
    centre, length = np.int32(2048 + 2 * side), lines.shape[1]
    taken = np.int32(-side)
    for y in range(lines.shape[0]):
        for x in range(length):
            before = lines[y, x - apart] if x >= apart else lines[y, x]
            after = lines[y, x + apart] if x + apart < length else lines[y, x]
            cut = (np.int32(taken * before) >> 11) + (np.int32(taken * after) >> 11)
            out[y, x] = np.int32(cut + (np.int32(centre * lines[y, x]) >> 11))


def resize(
    pixels: NDArray[np.uint8], width: int, height: int, *, kernel: str = "magic-kernel-sharp", side: int = 506
) -> NDArray[np.uint8]:
    """uint8 [height, width, C] of uint8 [H, W, C], all channels alike, edges repeated.

    side: what `magic-kernel-sharp` takes from each neighbour, in 2048ths, 0 to 2047. Spectrum has 506. Instagram's
    strength of 1.32 (J. Costella) would be 668 of that, 676 of the exact quarter: documented as a factor only.
    """
    _check(kernel, side)
    rows, columns, channels = pixels.shape
    if (rows, columns) == (height, width):
        return pixels.copy()
    wide = np.empty((rows, width, channels), np.int32)
    _horizontal(np.require(pixels, requirements=["C", "W"]), *taps(columns, width), wide)
    small = np.empty((height, width * channels), np.int32)
    _vertical(wide.reshape(rows, -1), *taps(rows, height), small)
    if kernel == "magic-kernel-sharp":
        other = np.empty_like(small)
        _three_tap(small, channels, side, other)
        _three_tap(other.reshape(1, -1), width * channels, side, small.reshape(1, -1))
    out: NDArray[np.uint8] = np.clip((small + 1024) >> 11, 0, 255).astype(np.uint8).reshape(height, width, channels)
    return out


def plan(
    columns: int, rows: int, width: int, height: int, *, kernel: str = "magic-kernel-sharp", side: int = 506
) -> Plan:
    """`resize` as data."""
    _check(kernel, side)
    if (rows, columns) == (height, width):
        return Plan(())
    stages: list[Stage] = [
        WeightedSum(1, columns, *taps(columns, width)),
        WeightedSum(0, rows, *taps(rows, height), cut=11),
    ]
    if kernel == "magic-kernel-sharp":
        for n in (width, height):
            at = np.clip(np.arange(n)[:, None] + np.array([-1, 0, 1]), 0, n - 1)
            weights = np.tile(np.array([-side, 2048 + 2 * side, -side], np.int64), (n, 1))
            stages.append(WeightedSum(1 if len(stages) == 2 else 0, n, at, weights, cut=11))
    return Plan((*stages, Integer(1024, 1, 2048)))


def _check(kernel: str, side: int) -> None:
    if kernel not in KERNELS:
        raise ProfileError(f"kernel {kernel!r}", place="resampling by spectrum", expected=", ".join(KERNELS))
    if type(side) is not int or not 0 <= side < 2048:
        raise ProfileError(f"side {side!r}", place="resampling by spectrum", expected="an integer, 0 to 2047")
