"""How well a predicted luma plane, rounding and all encoder arithmetic left out, explains delivered coefficients.

Each quantised coefficient C with step q says that the encoder's value lay within q/2 of q C. A prediction's error, in
pixels, follows from how often it falls outside: sigma. The share inside alone misleads, because zeros dominate it and a
trellis moves them. Source: facts/learning-trials.md, 2.1, which also has what the figures mean: up to 0.6 only 8-bit
rounding is left, 0.6 to 1.3 arithmetic, ICC or IDCT variants, 1.8 and more a wrong kernel or geometry, over 4 a missing
step.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Iterable, Sequence
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
    """The DCT of each whole 8x8 block of a plane `[..., H, W]`, less 128, in T.81's normalisation: float32 `[..., v, h,
    8, 8]`."""
    *many, height, width = plane.shape
    v, h = height // 8, width // 8
    rows = plane[..., : 8 * v, : 8 * h].astype(np.float32) - np.float32(128)
    down = basis() @ rows.reshape(-1, 8, 8 * h)
    across = down.reshape(-1, 8) @ basis().T  # one product for all blocks: eight by eight each would cost more to begin
    out: NDArray[np.float32] = across.reshape(*many, v, 8, h, 8).swapaxes(-3, -2)
    return out


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
    first = space == "ycbcr" or pair.remembered("is_rgb", lambda: is_rgb(pair.stream))
    return pixels[:, :, 0].astype(np.float32) if first else luma(pixels)


@dataclass(frozen=True, eq=False)
class Wanted:
    """What is delivered in a box, as `fit` compares it."""

    middle: NDArray[np.float32]
    """`[v, h, 8, 8]`, levels times steps."""
    half: NDArray[np.float32]
    """`[8, 8]`, half a step."""
    strong: NDArray[np.bool_]
    """`[v, h, 8, 8]`: AC coefficients of at least two steps."""
    weight: float
    """The sum of their steps' reciprocals."""
    large: int
    """How many they are."""
    grey: NDArray[np.bool_]
    """`[v, h]`: blocks whose mean is away from black and white."""


KEPT = 256 * 256
"""Pixels up to which what is wanted in a box is remembered; boxes of trials are smaller."""


def wanted(pair: Observed, box: Box) -> Wanted:
    """What the pair has in a box; its partial blocks, at the picture's edges, are not looked at."""
    left, top, right, bottom = box
    if (right - left) * (bottom - top) > KEPT:
        return _wanted(pair, box)
    return pair.remembered(("wanted", box), lambda: _wanted(pair, box))


def _wanted(pair: Observed, box: Box) -> Wanted:
    left, top, right, bottom = box
    component = pair.coefficients.components[0]
    q = component.steps.astype(np.float32)
    v, h = (bottom - top) // 8, (right - left) // 8
    levels = component.blocks[top // 8 : top // 8 + v, left // 8 : left // 8 + h]
    strong = np.abs(levels) >= 2
    strong[:, :, 0, 0] = False
    grey = np.abs(levels[:, :, 0, 0] * q[0, 0]) < 8 * 110
    return Wanted(levels * q, q / np.float32(2), strong, float((strong / q).sum()), int(np.count_nonzero(strong)), grey)


@dataclass(frozen=True)
class Tally:
    """The figures of a `Fit` before they are divided."""

    outside: int = 0
    large: int = 0
    weight: float = 0.0
    inside: int = 0
    everything: int = 0
    bias: float = 0.0
    dc: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.outside + other.outside, self.large + other.large, self.weight + other.weight,
            self.inside + other.inside, self.everything + other.everything,
            self.bias + other.bias, self.dc + other.dc,
        )  # fmt: skip

    @property
    def fit(self) -> Fit:
        return Fit(
            self.outside / (math.sqrt(2 / math.pi) * self.weight) if self.weight else math.inf,
            self.inside / self.everything if self.everything else 0.0,
            self.bias / self.dc if self.dc else 0.0,
            self.large,
        )


def tally(part: Plane, pair: Observed, box: Box) -> Tally:
    """How a predicted plane (`plane_of`) of one box, of its size, agrees with the pair's there."""
    to = wanted(pair, box)
    predicted = transform(part)
    off = np.abs(predicted - to.middle) > to.half
    off[:, :, 0, 0] = False
    everything = 63 * to.grey.size
    bias = float((to.middle[:, :, 0, 0] - predicted[:, :, 0, 0])[to.grey].sum()) / 8
    return Tally(
        int(np.count_nonzero(off & to.strong)), to.large, to.weight, everything - int(np.count_nonzero(off)),
        everything, bias, int(np.count_nonzero(to.grey)),
    )  # fmt: skip


def fit(plane: Plane, pair: Observed, boxes: Sequence[Box]) -> Fit:
    """The agreement of a predicted plane (`plane_of`), of the received picture's size, with the pair's in `boxes`.

    Boxes start at multiples of 8. Partial blocks at the picture's edges are not looked at.
    """
    parts = (
        tally(plane[top:bottom, left:right], pair, (left, top, right, bottom)) for left, top, right, bottom in boxes
    )
    return sum(parts, Tally()).fit


def sigma(pair: Observed, boxes: Sequence[Box], parts: Iterable[Plane], most: float = math.inf) -> float:
    """`Fit.sigma` of predicted planes, one a box. Where it will be more than `most` no more planes are asked for, and
    infinity is returned, so that what is far off costs little."""
    weight = math.sqrt(2 / math.pi) * sum(wanted(pair, box).weight for box in boxes)
    if not weight:
        return math.inf
    outside = 0
    for part, box in zip(parts, boxes, strict=False):
        to = wanted(pair, box)
        outside += int(np.count_nonzero((np.abs(transform(part) - to.middle) > to.half) & to.strong))
        if outside / weight > most:
            return math.inf
    return outside / weight


def mean_sigma(found: Sequence[tuple[Observed, Sequence[Box], Iterable[Plane]]], most: float = math.inf) -> float:
    """The mean of `sigma` over pairs, each with its boxes and what is predicted of them; infinity where it will be more
    than `most`."""
    sigmas: list[float] = []
    for pair, boxes, parts in found:
        left = (most * len(found) - sum(sigmas)) * (1 + 1e-9)  # what is just at the limit stays, whatever is rounded
        sigmas.append(sigma(pair, boxes, parts, left))
        if math.isinf(sigmas[-1]):
            break
    return float(np.mean(sigmas))


class Best:
    """The errors that stood out so far."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._errors: list[float] = []

    def add(self, error: float) -> None:
        insort(self._errors, error)
        del self._errors[self._most :]

    @property
    def limit(self) -> float:
        """What an error must not exceed to be among the best; infinity while there are fewer."""
        return self._errors[-1] if len(self._errors) == self._most else math.inf
