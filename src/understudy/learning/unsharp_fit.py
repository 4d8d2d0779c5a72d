"""Which unsharp mask pairs show: its radius, strength and threshold, by the error that each leaves on luma.

The masks are played exactly in a few windows of pictures that are known up to them. A blur is made once a radius, so
that strengths and thresholds cost little: first a coarse grid, then finer ones around the best.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..codec.unsharp import gaussian_blur, sharpened
from ..steps.unsharp import Unsharp
from . import fit
from .observed import Box, Observed
from .windows import canvas

RADII = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.5, 1.6, 1.8, 2.0, 2.5, 3.0, 4.0, 5.0)
PERCENTS = (20, 40, 60, 80, 100, 125, 150, 200, 300)
THRESHOLDS = (0, 3)
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

    def judged(steps: Iterable[tuple[float, int, int]]) -> dict[tuple[float, int, int], float]:
        return {
            s: float(np.mean([_sigma(o, w, *s[1:]) for o, w in zip(known, blurs[s[0]], strict=True)])) for s in steps
        }

    coarse = judged((r, p, t) for r in RADII for p in PERCENTS for t in THRESHOLDS)
    found = dict(coarse)
    near = list(dict.fromkeys(key[0] for key in sorted(coarse, key=coarse.__getitem__)))[:3]
    for radius in near:
        best = min((key for key in coarse if key[0] == radius), key=coarse.__getitem__)[1]
        percents = sorted({p for p in (best + d for d in FINE_PERCENTS) if p > 0})
        found |= judged((radius, p, t) for p in percents for t in FINE_THRESHOLDS)
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
        blurred = gaussian_blur(part, radius)[inner]
        out.append(((left, top, right, bottom), part[inner], blurred))
    return out


def _sigma(one: Known, parts: Sequence[_Window], percent: int, threshold: int) -> float:
    planes = [fit.plane_of(sharpened(part, blurred, percent, threshold), one.pair) for _, part, blurred in parts]
    return fit.fit(canvas(one.pair.size, one.boxes, planes), one.pair, one.boxes).sigma
