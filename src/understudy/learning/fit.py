"""How well a predicted luma plane, rounding and all encoder arithmetic left out, explains delivered coefficients.

Each quantised coefficient C with step q says that the encoder's value lay within q/2 of q C. A prediction's error, in
pixels, follows from how often it falls outside: sigma. The share inside alone misleads, because zeros dominate it and a
trellis moves them. Source: facts/learning-trials.md, 2.1, which also has what the figures mean: up to 0.6 only 8-bit
rounding is left, 0.6 to 1.3 arithmetic, ICC or IDCT variants, 1.8 and more a wrong kernel or geometry, over 4 a missing
step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..steps.decode import is_rgb
from .observed import Box, Observed

Plane = NDArray[Any]
"""Luma `[H, W]`, 0 to 255, uint8 or float."""


@dataclass(frozen=True)
class Fit:
    """How a predicted plane agrees with delivered luma coefficients."""

    sigma: float
    """The prediction's error in pixels (standard deviation), from AC coefficients of at least two steps."""
    inside: float
    """Share, 0 to 1, of AC coefficients whose prediction lies within half a step."""
    bias: float
    """Mean of delivered minus predicted DC, in pixels, of blocks away from black and white."""
    counted: int
    """AC coefficients of at least two steps: what `sigma` stands on."""


@cache
def basis() -> NDArray[np.float32]:
    """The orthonormal DCT-II, `[frequency, sample]`. T.81 A.3.3."""
    k, n = np.arange(8)[:, None], np.arange(8)[None, :]
    rows = np.cos((2 * n + 1) * k * np.pi / 16) / 2
    rows[0] = math.sqrt(1 / 8)
    return rows.astype(np.float32)


def transform(plane: Plane) -> NDArray[np.float32]:
    """The DCT of each whole 8x8 block of a plane, less 128, in T.81's normalisation: float32 `[v, h, 8, 8]`."""
    height, width = (side // 8 * 8 for side in plane.shape)
    blocks = plane[:height, :width].astype(np.float32) - 128
    blocks = blocks.reshape(height // 8, 8, width // 8, 8).transpose(0, 2, 1, 3)
    return np.asarray(basis() @ blocks @ basis().T, np.float32)


def luma(pixels: NDArray[Any]) -> NDArray[np.float32]:
    """Float luma `[H, W]` of `[H, W, 1 to 4]` samples: JFIF's weights, no rounding; alpha is left out of account."""
    if pixels.shape[2] < 3:
        return pixels[:, :, 0].astype(np.float32)
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    out: NDArray[np.float32] = pixels[:, :, :3].astype(np.float32) @ weights
    return out


def plane_of(pixels: NDArray[Any], pair: Observed, space: str = "rgb") -> NDArray[np.float32]:
    """What the first delivered component is of `[H, W, 1 to 4]` samples: `luma`, or red where R, G and B are stored;
    Y of samples in `ycbcr`."""
    first = space == "ycbcr" or is_rgb(pair.stream)
    return pixels[:, :, 0].astype(np.float32) if first else luma(pixels)


def fit(plane: Plane, pair: Observed, boxes: Sequence[Box]) -> Fit:
    """The agreement of a predicted plane (`plane_of`), of the received picture's size, with the pair's in `boxes`.

    Boxes start at multiples of 8. Partial blocks at the picture's edges are not looked at.
    """
    component = pair.coefficients.components[0]
    q = component.steps.astype(np.float32)
    outside = inside = large = everything = 0
    weight, bias, dc = 0.0, 0.0, 0
    for left, top, right, bottom in boxes:
        predicted = transform(plane[top:bottom, left:right])
        v, h = predicted.shape[:2]
        levels = component.blocks[top // 8 : top // 8 + v, left // 8 : left // 8 + h]
        off = np.abs(predicted - levels * q) > q / 2
        strong = np.abs(levels) >= 2
        strong[:, :, 0, 0] = off[:, :, 0, 0] = False
        outside += int(np.count_nonzero(off & strong))
        large += int(np.count_nonzero(strong))
        weight += float((strong / q).sum())
        everything += 63 * v * h
        inside += 63 * v * h - int(np.count_nonzero(off))
        means = levels[:, :, 0, 0] * q[0, 0]
        grey = np.abs(means) < 8 * 110
        bias += float((means - predicted[:, :, 0, 0])[grey].sum()) / 8
        dc += int(np.count_nonzero(grey))
    sigma = outside / (math.sqrt(2 / math.pi) * weight) if weight else math.inf
    return Fit(sigma, inside / everything if everything else 0.0, bias / dc if dc else 0.0, large)
