"""A filter of pictures as data: a list of sums and roundings, which other code can play, or play backwards.

`codec.resample` and `codec.three_tap` say with it what their kernels compute, one `Plan` for one size. The channel
plays plans on tensors (`nn.resample`), and their transposes for gradients, with the weights that the kernels have.

A picture is `[..., H, W]` here, one plane a channel; axis 0 is down the columns, axis 1 along the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Finish",
    "Integer",
    "Lerp",
    "Mean32",
    "Plan",
    "Round",
    "Stage",
    "Times",
    "To8",
    "WeightedSum",
    "picking",
    "tap_table",
]

Indexes = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class WeightedSum:
    """Each sample becomes a weighted sum of samples of its column or row."""

    axis: Literal[0, 1]
    size: int
    """How many samples there were along the axis."""
    at: Indexes
    """`[n, k]`: the samples of each of `n` outputs, 0 to size - 1; one may stand there twice."""
    weights: NDArray[Any]
    """`[n, k]`: whole numbers if `order` is `any`; 0 where an output has fewer samples."""
    order: Literal["any", "float32", "float64"] = "any"
    """`any`: the sum is exact, so its order does not matter. Otherwise products and sums are rounded to that type, one
    product after the other added from the first on."""
    before: int = 0
    """Bits that each sample loses (rounded down) before it is multiplied."""
    cut: int = 0
    """Bits that each product, an int32, loses (rounded down) before it is added."""

    @property
    def gain(self) -> float:
        """What the weights are in units of, apart from their roundings."""
        return float(2.0 ** -(self.before + self.cut))


@dataclass(frozen=True, slots=True, eq=False)
class Lerp:
    """Skia's mixture of two samples a and b: `(t (b - a) s + (a + b) s + add) >> shift`, t in [-1, 1) with 15 bits.

    The product with t is rounded half up by itself.
    """

    axis: Literal[0, 1]
    size: int
    at: Indexes
    """`[n, 2]`: a and b."""
    t: Indexes
    """`[n]`: -32768 to 32767."""
    scale: int
    add: int
    shift: int

    @property
    def gain(self) -> float:
        return float(self.scale * 2.0**-self.shift)

    @property
    def weights(self) -> NDArray[np.float64]:
        """`[n, 2]`, of a and b, before `gain`."""
        share = self.t / 32768.0
        return np.stack([1.0 - share, 1.0 + share], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Integer:
    """`floor((x + add) multiplier / divisor)` of whole numbers, each a number or an array that broadcasts to [H, W]."""

    add: Any = 0
    multiplier: Any = 1
    divisor: Any = 1
    clip: bool = True
    """To 0..255."""

    @property
    def gain(self) -> Any:
        return np.divide(self.multiplier, self.divisor)


@dataclass(frozen=True, slots=True, eq=False)
class Mean32:
    """Sums over cells divided by their counts as OpenCV does it: in float32, half to even."""

    counts: Indexes
    """`[H, W]`; 0 where a cell lies outside."""
    whole: int
    """The count whose reciprocal is multiplied with, instead of a division; an inner cell's."""
    half_up: bool = False
    """Whole cells (of 4) are rounded half up, in integers."""

    @property
    def gain(self) -> Any:
        return 1.0 / np.maximum(self.counts, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """Floats to whole numbers, clipped to 0..highest."""

    ties: Literal["even", "up"]
    highest: int = 255
    gain: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """Floats multiplied with factors of their own, in float64, without a rounding to whole numbers."""

    factors: Any
    """float64, broadcasts to [H, W]."""

    @property
    def gain(self) -> Any:
        return self.factors


@dataclass(frozen=True, slots=True, eq=False)
class To8:
    """16 bits to 8 as ImageMagick writes them: `(v + 128 - ((v + 128) >> 8)) >> 8`."""

    gain: float = 1 / 257


Finish = Integer | Mean32 | Round | Times | To8
Stage = WeightedSum | Lerp | Finish


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What a library does to the samples of an opaque picture of one size, stage by stage."""

    stages: tuple[Stage, ...]
    inexact: str = ""
    """Empty where playing the stages gives the library's samples to the last bit. Otherwise why it does not: then the
    stages are the library's linear part, the right weights without its order of sums."""

    @property
    def overshoots(self) -> bool:
        """Whether any weight is negative, so that clipping can change a result."""
        return any(isinstance(s, WeightedSum) and bool((s.weights < 0).any()) for s in self.stages)


def picking(axis: Literal[0, 1], size: int, at: Indexes) -> WeightedSum:
    """A filter that takes one sample each, `at` `[n]`."""
    return WeightedSum(axis, size, np.asarray(at, np.int64)[:, None], np.ones((at.size, 1), np.int64))


def tap_table(first: Indexes, count: Indexes, weights: NDArray[Any], size: int) -> tuple[Indexes, NDArray[Any]]:
    """(`at`, `weights`) `[n, k]` of runs of `count` samples from `first` on; weights beyond a run become 0."""
    k = np.arange(weights.shape[1])
    inside = k < count[:, None]
    at = np.clip(first[:, None] + k, 0, size - 1)
    return at, np.where(inside, weights, weights.dtype.type(0))
