"""An earlier JPEG compression of a picture that was then made smaller or larger: its grid, scaled.

The mean of each 8x8 block was a multiple of DC's earlier step. Resizing keeps the means of areas, all but what crosses
their edges; so on a grid of 8 s x 8 s samples, s the factor, means still gather about multiples of that step, blurred
by the present compression. They are read from sums of rectangles with fractional edges, on every grid from the
picture's corner that an earlier size between 0.52 and 2.3 times the present one gives: first in the corner, where few
sizes differ, then in larger and larger parts with those that stand out, at last in the whole picture. What a grid
says is judged beside what wrong grids say; low frequencies then name the table.

Not to be seen this way: factors within 4 % of 1 and beyond those limits, earlier steps clearly smaller than the
present ones times the reduction (a camera's fine steps, made smaller by 2 and more), a picture that was cropped at its
left or upper side or turned between the two (unless its sides were multiples of 8), columns and rows resized by
different factors, two resizes, filters that skip samples (nearest, box by less than 2). The search starts in one
corner: where that tells nothing, as a brick wall or a night sky, a size that the whole picture would show is missed.

Source: periodicity of coefficients after undoing a known resize is Bianchi and Piva's, "Reverse engineering of double
JPEG compression in the presence of image resizing" (WIFS 2012); means of rectangles, the search for the size and the
controls are of this project: docs/generations.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..codec.matrices import dct_basis
from ..jpeg.coefficients import Component
from . import _scale_kernels as kernels
from . import shifted
from ._grid_kernels import BINS
from .aligned import Table, known_tables, surprise

Floats = NDArray[np.float64]

STEPS = np.arange(3, 49)
"""DC's earlier steps that are tried."""
RANGES = ((0.52, 0.96), (1.04, 2.3))
"""Earlier sides in present ones. Nearer to 1 the present grid is taken for the earlier one, beyond them too little is
left or too few blocks are."""
FIRST = (192, 256, 320, 384, 448, 512)
"""Samples a side of the corner that is asked first: the first that has `ENOUGH` present blocks that are asked."""
ENOUGH = 400
LEAST_LEVELS = 1
"""Levels beyond DC that a present block must have to be asked: in flat places DC tells the present step."""
LARGE, LARGE_SIDE, LARGE_BLOCKS = 1_000_000, 1500, 2500
"""Samples from which a picture is large; then so large a corner is asked first, of rows of blocks only so many that
this many blocks are read. Of 24 files of a mosaic of 1.6 and 3.5 megapixels 15 are found so, 12 from a small corner."""
CALM = 0.9
"""The share of such blocks that is asked, those with the fewest levels: in the busiest, means are off by what crosses
the edges. Of 240 pictures compressed twice 157 are found with 0.9, 152 with 1, 150 with 0.55."""
GROWTH = 1.5
"""How much larger the part of the picture is that is asked next."""
DRIFT = 0.8
"""Samples of the earlier picture between neighbouring sizes, at the asked part's far edge."""
KEPT = 1e-6
"""What the present compression must leave of a comb's contrast for a step to be tried."""
FULL = 0.8
"""Of the picture's longer side, from which the whole picture is asked instead."""
NEAR = np.array([-0.6, 0.0, 0.6])
"""Sizes about those that stand out that are asked next, in `DRIFT`s."""
MOST = 100
"""Sizes that are kept at most."""
BLOCKS = (300_000, 200_000)
"""Blocks that each part of the search reads: at any size, and a megapixel more."""
CONTROLS = np.array([-0.13, -0.1, -0.08, -0.06, -0.045, -0.03, 0.03, 0.045, 0.06, 0.08, 0.1, 0.13])
"""Wrong sizes beside the found one, as a share of it: their mean and spread say what stands out."""
ALOOF = 2.0
"""How many times further than the best of the wrong sizes the found one must stand out, in standard deviations of
chance. Of 176 files of known past, 2.1 and more in all; in an even gradient, which suits many sizes, 1.5 to 2."""
STILL = np.zeros((1, 2))
HALVES = np.array([[0.5, 0.0], [0.0, 0.5], [0.5, 0.5]])
"""Moves by half a block, by which even gradients keep their evenly spaced means and a former grid does not."""
HELD = 0.5
"""The share of what the found size stands out by that no moved grid may reach, in either direction: 0.41 at most in
those 176 files. Of 285 files of drawn gradients and shapes 3 are taken for resized, without this 115."""
THRESHOLD = 5.5
"""Standard deviations above the controls from which an earlier size is believed. False alarms: docs/generations.md."""
FALSE_ALARMS = (0, 3096)
"""Alarms and files compressed once by four encoders at nine qualities: 0 of 1,296 of the 18 photographs that the
threshold was chosen on, 0 of 1,800 of 38 others."""
MARGIN = 4.0
"""Log-likelihood within which two tables are not told apart."""
UNUSUAL = 12.0
"""Log-likelihood that a table of an unusual law must have more."""
LEAST_SIDE = 128
"""Samples a side that a picture must have."""
NAMED_SIDE = 640
"""Samples a side of the corner that names the table."""


@dataclass(frozen=True, slots=True)
class Scaled:
    """The earlier size that stands out most, believed or not."""

    score: float
    """Standard deviations above wrong sizes."""
    size: tuple[int, int]
    """(width, height) before, in samples; each may be off by one or two."""
    factors: tuple[float, float]
    """New width / old width, new height / old height."""
    step: int
    """DC's earlier step."""
    table: Table | None
    """The known table that fits best; None where nothing was found or none has that step for DC."""
    rivals: tuple[Table, ...]
    """Tables within `MARGIN` of it."""

    @property
    def found(self) -> bool:
        """Whether the score is above the threshold whose false alarms were measured."""
        return self.score >= THRESHOLD


def earlier_size(plane: NDArray[np.uint8], luma: Component) -> Scaled | None:
    """The earlier size that stands out most; None where the picture is too small to ask.

    plane: luma's samples as decoded, from its first row; luma: their levels and steps.
    """
    if min(plane.shape) < LEAST_SIDE:
        return None
    asked = _Asked(plane, luma)
    score, ratios, step = asked.judged(_searched(asked)[:2])
    if score >= THRESHOLD:
        # Halves and thirds of the earlier blocks gather too, though less
        for part in (2, 3):
            other = ratios[0] / part
            if any(first <= other <= last for first, last in RANGES):
                score, ratios, step = max((score, ratios, step), asked.judged(np.array([other])))
    height, width = plane.shape
    before = round(ratios[0] * width), round(ratios[1] * height)
    factors = width / before[0], height / before[1]
    named: list[Table] = []
    if score >= THRESHOLD:
        named = _named(plane, ratios, step, asked.steps)
    return Scaled(score, before, factors, step, named[0] if named else None, tuple(named[1:]))


class _Asked:
    """One picture, and what the means on any grid say of every step."""

    def __init__(self, plane: NDArray[np.uint8], luma: Component) -> None:
        self.height, self.width = plane.shape
        self.longest = max(plane.shape)
        self.steps = luma.steps.astype(np.float64).reshape(8, 8)
        self.sums = np.zeros((self.height + 1, self.width + 1))
        kernels.integral(np.ascontiguousarray(plane), self.sums)
        rows = luma.real[: -(-self.height // 8)]
        levels = np.zeros(rows.shape[:2], np.uint8)
        kernels.level_counts(np.ascontiguousarray(rows).reshape(-1, 64), levels.reshape(-1))
        live = levels >= LEAST_LEVELS
        most = np.quantile(levels[live], CALM) if live.any() else 0
        self.skipped = (~live | (levels > most)).astype(np.uint8)

    def start(self) -> tuple[float, int]:
        """(side of the corner that is asked first, of how many rows of blocks one)."""
        if self.width * self.height >= LARGE:
            side = min(LARGE_SIDE, self.longest)
            blocks = min(side, self.width) * min(side, self.height) / 64 * 1.5**2
            return side, max(1, round(blocks / LARGE_BLOCKS))
        for side in FIRST:
            if np.count_nonzero(self.skipped[: side // 8, : side // 8] == 0) >= ENOUGH:
                break
        return min(side, self.longest), 1

    def standings(
        self, across: Floats, down: Floats, side: float = np.inf, moved: Floats = STILL, every: int = 1
    ) -> Floats:
        """`[n, len(STEPS)]`: how far means gather about multiples of each step, in standard deviations of chance.

        across, down: earlier widths (heights) in present ones; side: of the corner that is asked; moved: how far to the
        right and down the grid lies, in its blocks, `[n or 1, 2]`; every: of so many rows of blocks one is asked.
        """
        blocks = np.stack([8 / across, 8 / down], axis=1)
        reach = np.minimum(np.full_like(blocks, side), [self.width, self.height])
        histograms = np.zeros((len(across), kernels.BINS), np.int32)
        counts = np.zeros(len(across), np.int64)
        grids = np.concatenate([blocks, reach, moved * blocks, np.full((len(across), 1), every)], axis=1)
        kernels.mean_histograms(self.sums, self.skipped, grids, histograms, counts)
        out: Floats = (histograms.astype(np.float32) @ _waves()) / np.sqrt(counts / 2 + 1)[:, None]
        return out

    def usable(self, ratios: Floats) -> NDArray[np.bool_]:
        """`[n, len(STEPS)]`: whether the present compression leaves enough of a step's comb."""
        out: NDArray[np.bool_] = _kept(STEPS, blur(self.steps, ratios)[:, None]) > KEPT
        return out

    def judged(self, ratios: Floats) -> tuple[float, tuple[float, float], int]:
        """(score, earlier width and height in present ones, step): the best of the sizes about some, beside wrong
        ones."""
        near, wide, high = np.arange(-1, 2), np.round(ratios * self.width), np.round(ratios * self.height)
        widths = ((wide[:, None] + np.repeat(near, 3)) / self.width).ravel()
        heights = ((high[:, None] + np.tile(near, 3)) / self.height).ravel()
        z = np.where(self.usable(widths), self.standings(widths, heights), -np.inf)
        best, q = np.unravel_index(int(np.argmax(z)), z.shape)
        beside = self.standings(widths[best] * (1 + CONTROLS), heights[best] * (1 + CONTROLS))[:, q]
        stray = max(float(beside.std(ddof=1)), 1.0) * np.sqrt(1 + 1 / len(CONTROLS))
        moved = self.standings(np.repeat(widths[best], 3), np.repeat(heights[best], 3), moved=HALVES)[:, q]
        # Where no step can be asked nothing stands out, nor where a wrong size or place does nearly as well
        alone = max(ALOOF * float(beside.max()), float(np.abs(moved).max()) / HELD)
        believed = np.isfinite(z[best, q]) and z[best, q] >= alone
        score = float((z[best, q] - beside.mean()) / stray) if believed else 0.0
        return score, (float(widths[best]), float(heights[best])), int(STEPS[q])


def _searched(asked: _Asked) -> Floats:
    """Earlier sides in present ones, the likeliest first."""
    side, every = asked.start()
    first_side, apart = side * every**-0.5, DRIFT / side
    ratios = np.concatenate([np.arange(first, last, apart) for first, last in RANGES])
    z = asked.standings(ratios, ratios, side, every=every)
    # What means gather by at any size, as flat places do, grows with the part's side as chance's multiples do
    middle = np.median(z, axis=0)
    stray = np.maximum(1.4826 * np.median(np.abs(z - middle), axis=0), 1)
    above = (z - middle) / stray
    while True:
        order = np.argsort(-np.where(asked.usable(ratios), above, -np.inf).max(axis=1), kind="stable")
        if side >= asked.longest and every == 1:
            return ratios[order]
        side = asked.longest if side * GROWTH > FULL * asked.longest else side * GROWTH
        apart = DRIFT / side
        blocks = min(side, asked.width) * min(side, asked.height) / 64 * float(np.median(ratios)) ** 2
        budget = BLOCKS[0] + BLOCKS[1] * asked.width * asked.height / 1e6
        most = int(np.clip(budget / blocks / len(NEAR), 4, MOST))
        ratios, every = (ratios[order[:most], None] + NEAR * apart).ravel(), 1
        above = (asked.standings(ratios, ratios, side) - middle * side / first_side) / stray


@cache
def _waves() -> NDArray[np.float32]:
    """Cosines of each size in each step, `[BINS, len(STEPS)]`."""
    return np.cos(2 * np.pi * np.arange(kernels.BINS)[:, None] / STEPS).astype(np.float32)


def _kept(steps: NDArray[np.int64], sigma: Floats) -> Floats:
    """What rounding with a standard deviation leaves of a comb's contrast."""
    out: Floats = np.exp(-2 * np.pi**2 * sigma**2 / np.maximum(steps, 1) ** 2)
    return out


def blur(steps: Floats, ratios: Floats) -> Floats:
    """`[n]`: standard deviation that rounding by the present steps gives DC of a block of 8 / ratio samples.

    If every frequency's error were evenly spread over its step; 1.2 to 1.5 times what drawn errors give, as waves end
    at the present blocks' edges. steps: 8 x 8, natural order.
    """
    response = np.sinc(np.arange(8) / (2 * ratios[:, None])) ** 2
    out: Floats = np.sqrt(np.einsum("nv,vh,nh->n", response, steps**2 / 12, response, optimize=True))
    return out


def _named(plane: NDArray[np.uint8], ratios: tuple[float, float], step: int, present: Floats) -> list[Table]:
    """The known tables that have `step` for DC and fit ten low frequencies, the best first, then its rivals."""
    across, down = (_analysis(min(n, NAMED_SIDE), ratio) for n, ratio in zip(plane.shape[::-1], ratios, strict=True))
    part = plane[: down.shape[1], : across.shape[1]].astype(np.float32) - 128
    low = (down @ part @ across.T).reshape(-1, 4, across.shape[0] // 4, 4).transpose(1, 3, 0, 2).reshape(16, -1)
    sizes = np.abs(low[[4 * (k // 8) + k % 8 for k in shifted.ORDER_NATURAL]])
    # Flat places tell the present grid's DC: left out there, as in shifted.py
    sizes[0, sizes[1:4].sum(axis=0) <= shifted.LEAST_SIZE] = np.nan
    histogram = np.zeros((1, len(sizes), BINS), np.int32)
    for f, values in enumerate(sizes):
        quarters = np.minimum(np.rint(4 * values[np.isfinite(values)]), BINS - 1).astype(np.int64)
        histogram[0, f] = np.bincount(quarters, minlength=BINS)
    z = shifted.gathered(histogram)[0]
    tables = known_tables()
    wanted = np.array([[t.steps_natural[k] for k in shifted.ORDER_NATURAL] for t in tables])
    asked = (wanted >= shifted.STEPS[0]) & (wanted <= shifted.STEPS[-1])
    picked = z[np.arange(len(z)), np.clip(wanted - shifted.STEPS[0], 0, len(shifted.STEPS) - 1)]
    # A comb of unknown contrast gains z^2 / 2 of log-likelihood; where means gather between multiples, it loses
    scores = np.where(asked, np.sign(picked) * picked**2 / 2, 0).sum(axis=1) - UNUSUAL * surprise()
    scores[wanted[:, 0] != step] = -np.inf
    order = np.argsort(-scores, kind="stable")[:9]
    return [tables[int(i)] for i in order if np.isfinite(scores[i]) and scores[i] > scores[order[0]] - MARGIN]


def _analysis(samples: int, ratio: float) -> NDArray[np.float32]:
    """`[4 * blocks, samples]`: the four lowest frequencies of each whole earlier block, from present samples.

    Lanczos' kernel of three lobes between the samples, then T.81's transform.
    """
    blocks = int(samples * ratio / 8 + 1e-9)
    distance = (np.arange(8 * blocks)[:, None] + 0.5) / ratio - 0.5 - np.arange(samples)
    distance *= min(1.0, ratio)
    weights = np.where(np.abs(distance) < 3, np.sinc(distance) * np.sinc(distance / 3), 0)
    weights /= weights.sum(axis=1, keepdims=True)
    out: Floats = np.einsum("kt,bts->bks", dct_basis(8)[:4], weights.reshape(blocks, 8, samples), optimize=True)
    return np.ascontiguousarray(out.reshape(4 * blocks, samples), np.float32)
