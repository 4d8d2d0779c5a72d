"""Which unsharp mask pairs show: its radius, strength and threshold, by the error that each leaves on luma.

The masks are played exactly in a few windows of pictures that are known up to them. A blur is made once a radius, so
that strengths and thresholds cost little: first a coarse grid, then finer ones around the best.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..codec.unsharp import gaussian_blur, sharpened
from ..steps.unsharp import Unsharp
from . import fit
from .observed import Box, Observed

RADII = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.5, 1.6, 1.8, 2.0, 2.5, 3.0, 4.0, 5.0)
PERCENTS = (20, 40, 60, 80, 100, 125, 150, 200, 300)
THRESHOLDS = (0, 3)
FINER = 3
"""Radii around which finer grids are tried."""
FINE_PERCENTS = range(-30, 35, 5)
FINE_THRESHOLDS = range(11)
MARGIN = 24
"""Pixels around a window: more than the widest blur above reaches."""


@dataclass(frozen=True, eq=False)
class Known:
    """A pair with the picture that the mask was laid on."""

    pair: Observed
    pixels: NDArray[np.uint8]
    """`[H, W, C]` of the received size."""
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Found:
    """A mask and the error that it leaves, in pixels."""

    step: Unsharp
    sigma: float


def masks(known: Sequence[Known], most: int = 8) -> list[Found]:
    """Masks by the error that they leave, mean over the pairs, best first."""
    blurs = {radius: [_windows(one, radius) for one in known] for radius in RADII}
    found: dict[tuple[float, int, int], float] = {}
    best = fit.Best(most)

    def judge(radius: float, percent: int, threshold: int, limit: float) -> None:
        made = [_planes(one, w, percent, threshold) for one, w in zip(known, blurs[radius], strict=True)]
        looks = [(one.pair, one.boxes, planes) for one, planes in zip(known, made, strict=True)]
        found[radius, percent, threshold] = error = fit.mean_sigma(looks, limit)
        best.add(error)

    nearest = dict.fromkeys(RADII, math.inf)
    for radius, percent, threshold in product(RADII, PERCENTS, THRESHOLDS):
        # beyond the best masks and the best radii no error need be known
        judge(radius, percent, threshold, max(best.limit, sorted(nearest.values())[FINER - 1]))
        nearest[radius] = min(nearest[radius], found[radius, percent, threshold])
    coarse = sorted(found, key=found.__getitem__)
    for radius in list(dict.fromkeys(key[0] for key in coarse))[:FINER]:
        middle = next(key[1] for key in coarse if key[0] == radius)
        percents = sorted({p for p in (middle + d for d in FINE_PERCENTS) if p > 0})
        for percent, threshold in product(percents, FINE_THRESHOLDS):
            if (radius, percent, threshold) not in found:
                judge(radius, percent, threshold, best.limit)
    ranked = sorted(found.items(), key=lambda item: item[1])
    return [Found(Unsharp(*key), sigma) for key, sigma in ranked[:most]]


_Window = tuple[Box, NDArray[np.uint8], NDArray[np.uint8]]


def _windows(one: Known, radius: float) -> list[_Window]:
    """(box, samples, blurred samples) of each window."""
    height, width = one.pixels.shape[:2]
    out = []
    for left, top, right, bottom in one.boxes:
        x0, y0, x1, y1 = (
            max(0, left - MARGIN),
            max(0, top - MARGIN),
            min(width, right + MARGIN),
            min(height, bottom + MARGIN),
        )
        part = one.pixels[y0:y1, x0:x1]
        inner = np.s_[top - y0 : bottom - y0, left - x0 : right - x0]
        both = part, gaussian_blur(part, radius)
        bare, blurred = (np.ascontiguousarray(samples[inner]) for samples in both)
        out.append(((left, top, right, bottom), bare, blurred))
    return out


def _planes(one: Known, parts: Sequence[_Window], percent: int, threshold: int) -> Iterator[fit.Plane]:
    """What is predicted of each window with a mask."""
    return (fit.plane_of(sharpened(part, blurred, percent, threshold), one.pair) for _, part, blurred in parts)
