"""How levels were chosen: each to the nearest, by trellis (mozjpeg), or with small ones emptied by activity (jpegli).

A likelihood: one file shows what was kept, not what was there, so this weighs four habits of its levels against those
of photographs whose encoder is known, and mostly says that it cannot tell.

Source: means and spreads of the habits were measured in November 2026 on 14 pictures of 0.2 to 0.4 megapixels (Kodak's,
scikit-image's), made by Pillow, libvips' mozjpeg (presets 0 and 3) and pyjpegli at three or four qualities each, then
rounded by hand. How often the answers are right: docs/generations.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..jpeg.coefficients import Component
from ..jpeg.syntax import NATURAL_OF_ZIGZAG
from . import _run_kernels as kernels

LEAST_COUNT = 15
"""Levels of the largest size asked that a frequency must have."""
LEAST_LEVELS = 2000
"""Luma AC levels other than 0 that a file must have."""
CLAIM = 0.95
"""Probability from which a class is named, all three being equally probable before. Of the 17 real deliveries that the
tests have, a Facebook file of the classic encoder, which has no trellis, reaches 0.908 for trellis."""
PEAKED = 12.0
"""Degrees of freedom of Student's distribution: pictures differ more than a normal one would allow."""

_HABITS: dict[str, tuple[tuple[float, float], ...]] = {
    "nearest": ((0.29, 0.30), (0.15, 0.18), (1.80, 0.45), (2.65, 0.70)),
    "trellis": ((0.53, 0.35), (-0.28, 0.32), (1.30, 0.75), (1.95, 0.85)),
    "adaptive": ((-0.11, 0.46), (0.14, 0.19), (1.56, 0.50), (2.29, 0.60)),
}
"""(mean, spread) of the four habits in each class."""


@dataclass(frozen=True, slots=True)
class Habits:
    """Four habits of luma's levels; NaN where a file has too few levels."""

    bend_2: float
    """log(N1 N3 / N2^2), N the counts of levels of size 1, 2, 3, over frequencies: emptied 1s make it negative."""
    bend_3: float
    """The same of sizes 2, 3, 4: trellis, which lowers all sizes, makes it negative."""
    lone_last: float
    """log of how much oftener a block's last level is a 1 after 3 zeros or more than other levels are: trellis drops
    those."""
    lone_far: float
    """The same after 7 zeros or more."""
    levels: int
    """AC levels other than 0."""

    @property
    def probabilities(self) -> dict[str, float]:
        """The probability of `nearest` (or a dead zone), `trellis`, `adaptive`: sums to 1."""
        values = (self.bend_2, self.bend_3, self.lone_last, self.lone_far)
        logs = {}
        for name, rows in _HABITS.items():
            # The two of each kind tell nearly the same, so each counts half
            logs[name] = sum(
                weight * (-math.log(spread) - (PEAKED + 1) / 2 * math.log1p(((x - mean) / spread) ** 2 / PEAKED))
                for x, (mean, spread), weight in zip(values, rows, (1.0, 1.0, 0.5, 0.5), strict=True)
                if not math.isnan(x)
            )
        top = max(logs.values())
        weights = {name: math.exp(value - top) for name, value in logs.items()}
        return {name: weight / sum(weights.values()) for name, weight in weights.items()}

    @property
    def answer(self) -> str:
        """The class that is as good as sure, else `cannot tell`."""
        if self.levels < LEAST_LEVELS or math.isnan(self.bend_3):
            return "cannot tell"
        name, value = max(self.probabilities.items(), key=lambda item: item[1])
        return name if value >= CLAIM else "cannot tell"


def habits(component: Component, counts: NDArray[np.int64]) -> Habits:
    """The habits of one component. counts: as `aligned.histograms`."""
    sizes = counts.sum(axis=1)[1:].astype(np.float64)
    table = np.zeros((2, 2, 4), np.int64)
    blocks = np.ascontiguousarray(component.real).reshape(-1, 64)
    kernels.runs(blocks, np.array(NATURAL_OF_ZIGZAG), table)
    last, others = table[1].sum() + 1, table[0].sum() + 1

    def lone(after: int) -> float:
        ends, inside = table[1, 1, after:].sum() + 1, table[0, 1, after:].sum() + 1
        return float(np.log(ends / last / (inside / others)))

    return Habits(_bend(sizes, 1), _bend(sizes, 2), lone(2), lone(3), int(table.sum()))


def _bend(sizes: NDArray[np.float64], n: int) -> float:
    """log(N[n] N[n + 2] / N[n + 1]^2), the mean over frequencies, each weighing as its levels of size n + 2."""
    rows = sizes[(sizes[:, n + 2] >= LEAST_COUNT) & (sizes[:, n] > 0) & (sizes[:, n + 1] > 0)]
    if not len(rows):
        return math.nan
    bends = np.log(rows[:, n] * rows[:, n + 2] / rows[:, n + 1] ** 2)
    return float(np.average(bends, weights=rows[:, n + 2]))
