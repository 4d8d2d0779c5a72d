"""libvips' resize in linear light: sRGB to floats from 0 to 1 (scRGB), filtered, and back: vips_thumbnail's `linear`.

The positions are those of 8 bits (`vips`), the weights doubles that are not rounded; each sum is a double that is kept
as a float32. Source: as `vips`, and libvips' documentation of vips_thumbnail (`linear`); every sample measured against
pyvips-binary's 8.18.7 (tests/codec/test_resample_vips_linear.py). The conversions are `codec.lab_sharpen`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._jit import kernel as compiled
from ..lab_sharpen import levels_of_light, linear_light

Floats = NDArray[np.float32]


@compiled
def _summed(source: Any, at: Any, weights: Any, divisor: float, out: Any) -> None:
    """Rows of `out` as weighed sums of rows of `source`, float32 `[H, N]`; at, weights: `[rows, taps]`."""
    for y in range(out.shape[0]):
        sums = np.zeros(out.shape[1], np.float64)
        for t in range(at.shape[1]):
            row, weight = source[at[y, t]], weights[y, t]
            for x in range(out.shape[1]):
                sums[x] += weight * np.float64(row[x])
        for x in range(out.shape[1]):
            out[y, x] = sums[x] / divisor


@compiled
def _summed_along(source: Any, channels: int, at: Any, weights: Any, divisor: float, out: Any) -> None:
    """As `_summed`, columns of `channels` samples instead of rows."""
    for y in range(out.shape[0]):
        line, made = source[y], out[y]
        for x in range(at.shape[0]):
            for c in range(channels):
                total = 0.0
                for t in range(at.shape[1]):
                    total += weights[x, t] * np.float64(line[at[x, t] * channels + c])
                made[x * channels + c] = total / divisor


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """What makes each output along an axis."""

    columns: bool
    """Whether down the columns; else along the rows."""
    at: NDArray[np.int64]
    """`[outputs, taps]`: samples."""
    weights: NDArray[np.float64] | None
    """Of the same form; None for the mean."""

    def __call__(self, light: Floats) -> Floats:
        """float32 `[H, W, C]` filtered."""
        height, width, channels = light.shape
        flat = np.require(light, requirements=["C", "W"]).reshape(height, width * channels)
        weights = np.ones(self.at.shape) if self.weights is None else self.weights
        divisor = float(self.at.shape[1]) if self.weights is None else 1.0
        if self.columns:
            out = np.empty((len(self.at), width * channels), np.float32)
            _summed(flat, self.at, weights, divisor, out)
        else:
            out = np.empty((height, len(self.at) * channels), np.float32)
            _summed_along(flat, channels, self.at, weights, divisor, out)
        return out.reshape(out.shape[0], -1, channels)


def resized_in_light(pixels: NDArray[np.uint8], passes: Sequence[Pass]) -> NDArray[np.uint8]:
    """uint8 `[height, width, 3 or 4]` of uint8 `[H, W, 3 or 4]`, as vips_thumbnail makes it in linear light; with four
    channels colours are multiplied by alpha before and divided after, and black where alpha is under 0.01."""
    alpha = pixels[:, :, -1:] / np.float32(255) if pixels.shape[2] == 4 else None
    light = linear_light()[pixels if alpha is None else pixels[:, :, :-1]]
    if alpha is not None:
        light = np.concatenate([light * alpha, alpha], axis=2)
    for one in passes:
        light = one(light)
    if alpha is None:
        return _levels(light)
    left = light[:, :, -1:]
    factor = np.divide(np.float32(1), left, out=np.zeros_like(left), where=np.abs(left) >= np.float32(0.01))
    opaque = np.clip(left * np.float32(255), 0, 255).astype(np.uint8)
    return np.concatenate([_levels(light[:, :, :-1] * factor), opaque], axis=2)


def _levels(light: Floats) -> NDArray[np.uint8]:
    """sRGB's levels of linear light, 0 to 1."""
    at = np.clip(light * np.float32(255), np.float32(0), np.float32(255))
    below, levels = at.astype(np.int64), levels_of_light()
    made: NDArray[np.uint8] = np.rint(
        levels[below] + (levels[below + 1] - levels[below]) * (at - below.astype(np.float32))
    ).astype(np.uint8)
    return made
