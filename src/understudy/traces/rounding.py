"""What one file shows of its encoder's rounding: levels cut down instead of rounded (dimples), and the alternating bias
of libjpeg's chroma downsampling (wrinkles).

Source: dimples: Agarwal and Farid, "Photo forensics from JPEG dimples" (WIFS 2017). Wrinkles: Lorch and Riess, "Image
forensics from chroma subsampling of high-quality JPEG images" (IH&MMSec 2019). The tests below are made of the levels'
signs alone and are of this project; limits measured: docs/generations.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from ..codec.matrices import dct_basis
from ..jpeg.coefficients import Coefficients, Component

LEAST_ONES = 400
"""Levels of size 1 that the test for dimples needs."""
DOWN, UP = 0.8, 0.2
"""Share of -1 among levels of size 1 from which (up to which) levels were rounded down (up). Rounding down sends all of
(-1, 0) to -1 and only [1, 2) to 1, so at least three quarters; rounded to the nearest, pictures had 0.27 to 0.51."""
NEAR = 4
"""Units of T.81's transform beyond which a chroma coefficient counts as that large."""
SURE = 3.0
"""Standard errors that the whole alternation must measure before its absence means anything."""

_ODD = np.array([k for k in range(64) if (k // 8) % 2 or k % 2])
"""Frequencies whose sign turns in a mirrored picture, so that no scene prefers one."""


@dataclass(frozen=True, slots=True)
class Dimples:
    """How levels of size 1 divide into signs."""

    minus: int
    plus: int

    @property
    def share(self) -> float:
        """-1 among both, 0 to 1; one half where values are rounded to the nearest, or towards zero."""
        return self.minus / max(1, self.minus + self.plus)

    @property
    def answer(self) -> str:
        """`down`, `up`, `symmetric` or `cannot tell`."""
        if self.minus + self.plus < LEAST_ONES:
            return "cannot tell"
        return "down" if self.share >= DOWN else "up" if self.share <= UP else "symmetric"


def dimples(counts: NDArray[np.int64]) -> Dimples:
    """The signs of luma's levels of size 1. counts: as `aligned.histograms`."""
    plus, minus = counts[_ODD, :, 1].sum(axis=0)
    return Dimples(int(minus), int(plus))


@dataclass(frozen=True, slots=True)
class Wrinkles:
    """How much of libjpeg's alternating bias the chroma planes hold."""

    amplitude: float
    """1: all of it; 0: none (a constant bias, or none at all)."""
    error: float
    """Standard error of the amplitude; infinite where nothing could be measured."""

    @property
    def answer(self) -> str:
        """`yes`, `no` or `cannot tell`."""
        if self.error * SURE > 1:
            return "cannot tell"
        if self.amplitude > 0.5 and self.amplitude > (SURE + 0.5) * self.error:
            return "yes"
        return "no" if self.amplitude < 0.3 and 1 - self.amplitude > SURE * self.error else "cannot tell"


def wrinkles(coefficients: Coefficients) -> Wrinkles | None:
    """The alternation in chroma's columns; None unless chroma has half the columns of luma and a whole or half of its
    lines.

    libjpeg adds 1 and 2 in turn before it divides the sum of 2x2 samples by 4, and 0 and 1 where it divides 2x1 by 2;
    so every second column is 1/4 (1/2) level brighter on average.
    """
    parts = coefficients.components
    if len(parts) != 3 or coefficients.factors[0] not in ((2, 2), (2, 1)) or coefficients.factors[1:] != [(1, 1)] * 2:
        return None
    half = 0.125 if coefficients.factors[0] == (2, 2) else 0.25
    pattern = half * np.where(np.arange(8) % 2, 1.0, -1.0)
    expected = sqrt(8) * dct_basis(8) @ pattern
    top = bottom = 0.0
    for part in parts[1:]:
        for h in (1, 3, 5, 7):
            found = _column(part, h)
            if found is not None:
                mean, error, slope = found
                weight = float(expected[h]) * slope
                top += mean * weight / error**2
                bottom += (weight / error) ** 2
    return Wrinkles(top / bottom, 1 / sqrt(bottom)) if bottom > 0 else Wrinkles(0.0, float("inf"))


def _column(part: Component, h: int) -> tuple[float, float, float] | None:
    """(mean, its standard error, what of a small shift survives quantisation) of frequency (0, h), in T.81's units.

    Over blocks with vertical detail: in flat places sums of equal samples divide without a rest, and nothing
    alternates.
    """
    step = int(part.steps.reshape(64)[h])
    blocks = part.real.reshape(-1, 8, 8)
    most = max(1, NEAR // max(step, 1))
    levels = blocks[(blocks[:, 1:] != 0).any(axis=(1, 2)), 0, h].astype(np.int64)
    if len(levels) < 100 or step == 0:
        return None
    share = [float(np.count_nonzero(np.abs(levels) == n)) / len(levels) for n in range(most + 2)]
    if share[1] * len(levels) < 20:
        return None
    # At each threshold a shift d moves density * d values by one step. Between levels n and n + 1 the density is about
    # their geometric mean over the step; next to a sharp peak at 0 that of an exponential tail, extended, is lower.
    tail = share[1] * max(log(share[1] / max(share[2], 0.5 / len(levels))), 1.0)
    slope = min(2 * sqrt(share[0] * share[1] / 2), tail) + sum(sqrt(share[n] * share[n + 1]) for n in range(1, most))
    cut = np.clip(levels, -most, most)  # a scene's own large coefficients would drown the rest
    error = float(cut.std()) * step / sqrt(len(levels))
    return float(cut.mean()) * step, max(error, 1e-9), min(float(slope), 1.0)
