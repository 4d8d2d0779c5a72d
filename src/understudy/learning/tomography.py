"""Threshold tomography: where an encoder switches from one level to the next, seen from outside.

A predicted raster gives each coefficient in steps, x = coefficient / q; the delivered file gives the level C that the
encoder made of it. Over all blocks the pairs (x, C) show, for each frequency and level, the value where it switches,
and what happens around it: plain rounding switches at n + 1/2 and nowhere else; another DCT blurs that on both sides;
a dead zone switches later, always; a trellis lowers levels of any size now and then; jpegli's adaptive quantisation
empties small ones and leaves the rest alone.

Source: facts/learning-trials.md, 1: the table of events by encoder, measured on the battery; here as the spread of each
class (`_CLASSES`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..codec.color import rgb_to_ycbcr
from ..codec.sampling import component_planes
from ..codec.variants import Color, Downsampling
from ..steps import Raster
from ..steps.encode import Encode
from .fit import transform
from .observed import Box, Observed

Values = NDArray[np.float32]
"""Coefficients in steps, before any rounding, `[blocks, 64]`, natural order."""
Levels = NDArray[np.int16]
"""Delivered levels of the same blocks, `[blocks, 64]`."""

MARGIN = 0.56
"""Steps beyond which a level is none of plain rounding's: half a step, and room for what a DCT's arithmetic moves."""

LEAST = 6
"""Coefficients on each side of a threshold below which none is told."""


@dataclass(frozen=True, eq=False)
class Samples:
    """One component's coefficients as predicted and as delivered."""

    component: int
    steps: NDArray[np.float32]
    """`[64]`, natural order."""
    values: Values
    levels: Levels


def samples(raster: Raster, pair: Observed, boxes: Sequence[Box], encode: Encode) -> list[Samples]:
    """What the raster predicts and what was delivered, block by block, for each component of the received file.

    raster: of the received picture's size, without alpha. boxes: corners on MCU boundaries or the picture's edge.
    encode: its colour conversion, downsampling and edges make the planes (box means for libjpeg 7, which downsamples
    within its DCT); the DCT is T.81's own, without rounding.
    """
    parts = pair.coefficients.components
    downsampling = encode.downsampling
    if downsampling is Downsampling.LIBJPEG_7:
        downsampling = Downsampling.LIBJPEG
    factors = pair.factors
    out: list[list[tuple[Values, Levels]]] = [[] for _ in parts]
    for left, top, right, bottom in boxes:
        planes = _planes(raster, (left, top, right, bottom), len(parts), encode)
        sampled = component_planes(planes, factors, downsampling, encode.edge, encode.smoothing)
        for i, (plane, part) in enumerate(zip(sampled, parts, strict=True)):
            h, v = (max(f[axis] for f in factors) // factors[i][axis] for axis in (0, 1))
            at_x, at_y = left // (8 * h), top // (8 * v)
            real = part.real[at_y : at_y + plane.shape[0] // 8, at_x : at_x + plane.shape[1] // 8]
            made = transform(plane)[: real.shape[0], : real.shape[1]] / part.steps.astype(np.float32)
            out[i].append((made.reshape(-1, 64).astype(np.float32), real.reshape(-1, 64)))
    return [
        Samples(
            i,
            part.steps.astype(np.float32).reshape(64),
            np.concatenate([values for values, _ in out[i]]),
            np.concatenate([levels for _, levels in out[i]]),
        )
        for i, part in enumerate(parts)
    ]


def _planes(raster: Raster, box: Box, count: int, encode: Encode) -> list[NDArray[np.uint8]]:
    left, top, right, bottom = box
    pixels = raster.pixels[top:bottom, left:right]
    if count == 1:
        grey = pixels[:, :, :1] if pixels.shape[2] == 1 else pixels[:, :, :3]
        if grey.shape[2] == 1:
            return [np.ascontiguousarray(grey[:, :, 0])]
        return [rgb_to_ycbcr(np.ascontiguousarray(grey), encode.color)[0]]
    rgb = np.repeat(pixels[:, :, :1], 3, axis=2) if pixels.shape[2] == 1 else pixels[:, :, :3]
    colour = Color.NONE if raster.space == "ycbcr" else encode.color
    return list(rgb_to_ycbcr(np.ascontiguousarray(rgb), colour))


# --- events


@dataclass(frozen=True)
class Events:
    """How often an encoder did what plain rounding does not, in AC coefficients unless said; (times, chances)."""

    blocks: int
    """Blocks looked at."""
    odd_blocks: int
    """Blocks in which any coefficient lies beyond `MARGIN`."""
    zeroed: tuple[int, int]
    """Level 0 where the value is between `MARGIN` (resized: 0.7) and 1 (0.95) steps."""
    lowered: tuple[int, int]
    """A level nearer to zero than plain rounding's, where that is at least 2."""
    raised: tuple[int, int]
    """A level further from zero, where plain rounding's is at least 1."""
    dc: tuple[int, int]
    """A DC level that is another than plain rounding's."""
    blurred: tuple[int, int]
    """Of the `zeroed` chances, those that one fixed threshold for each frequency does not explain."""

    @property
    def shares(self) -> dict[str, float]:
        """Each as a share of its chances, 0 to 1."""
        rows = {"zeroed": self.zeroed, "lowered": self.lowered, "raised": self.raised, "dc": self.dc}
        rows |= {"blurred": self.blurred, "odd_blocks": (self.odd_blocks, self.blocks)}
        return {name: times / chances if chances else 0.0 for name, (times, chances) in rows.items()}


def events(rows: Sequence[Samples], slack: float = MARGIN - 0.5) -> Events:
    """The events in these samples.

    slack: steps by which a prediction may be off: a level counts as lowered, raised or odd from half a step and this.
    """
    totals = np.zeros((5, 2), np.int64)
    blocks = odd_blocks = 0
    for row in rows:
        size, level = np.abs(row.values), np.where(row.values < 0, -row.levels, row.levels)
        off = np.abs(size - level) > 0.5 + slack
        blocks, odd_blocks = blocks + len(off), odd_blocks + int(off.any(axis=1).sum())
        totals[3] += int(off[:, 0].sum()), len(off)
        size, level, off = size[:, 1:], level[:, 1:], off[:, 1:]
        near = (size > 0.5 + slack) & (size < 1 - min(slack, 0.05) * (slack > MARGIN - 0.5))
        totals[0] += int((near & (level <= 0)).sum()), int(near.sum())
        two, one = size >= 1.5 + slack, size >= 0.5 + slack
        totals[1] += int((two & off & (level < size)).sum()), int(two.sum())
        totals[2] += int((one & off & (level > size)).sum()), int(one.sum())
        totals[4] += _unexplained(size, level, near)
    pairs = [(int(a), int(b)) for a, b in totals]
    return Events(blocks, odd_blocks, pairs[0], pairs[1], pairs[2], pairs[3], pairs[4])


def _unexplained(size: NDArray[Any], level: NDArray[Any], near: NDArray[Any]) -> tuple[int, int]:
    """(coefficients on the wrong side of the best threshold of their frequency, coefficients) among `near`."""
    wrong = counted = 0
    for k in range(size.shape[1]):
        at = near[:, k]
        if np.count_nonzero(at) >= 2 * LEAST:
            errors = _errors(size[at, k], level[at, k] > 0)[1]
            wrong, counted = wrong + int(errors.min()), counted + int(np.count_nonzero(at))
    return wrong, counted


def _errors(values: NDArray[Any], above: NDArray[np.bool_]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """(values ascending, how many samples a threshold after the first i of them puts on the wrong side, i = 0 to n)."""
    order = np.argsort(values, kind="stable")
    flags = above[order]
    before = np.concatenate([[0], np.cumsum(flags)])
    after = np.concatenate([np.cumsum(~flags[::-1])[::-1], [0]])
    return values[order], before + after


# --- thresholds


@dataclass(frozen=True)
class Threshold:
    """Where an encoder goes from level n to n + 1 in one frequency, both signs together."""

    component: int
    v: int
    h: int
    """Vertical and horizontal frequency, 0 to 7."""
    level: int
    """The lower of the two levels, n >= 0."""
    at: float
    """Steps: the value that puts the fewest samples on the wrong side."""
    low: float
    high: float
    """Steps: from where to where at most two more samples would be on the wrong side: how well `at` is known."""
    wrong: int
    """Samples on the wrong side."""
    counted: int
    """Samples within half a step of n + 1/2."""


def thresholds(rows: Sequence[Samples], levels: int = 2) -> list[Threshold]:
    """The thresholds of all frequencies that have at least six samples on each side, up to `levels` a frequency."""
    out = []
    for row in rows:
        size = np.abs(row.values)
        level = np.where(row.values < 0, -row.levels, row.levels)
        for k in range(64):
            for n in range(levels):
                found = _threshold(size[:, k], level[:, k], n)
                if found is not None:
                    out.append(Threshold(row.component, k // 8, k % 8, n, *found))
    return out


def _threshold(size: NDArray[Any], level: NDArray[Any], n: int) -> tuple[float, float, float, int, int] | None:
    """(at, low, high, wrong, counted); None with too few samples."""
    near = np.abs(size - (n + 0.5)) < 0.5
    above = level[near] > n
    if min(np.count_nonzero(above), np.count_nonzero(~above)) < LEAST:
        return None
    values, errors = _errors(size[near], above)
    return *_best(values, errors), int(errors.min()), len(values)


def _best(values: NDArray[Any], errors: NDArray[np.int64]) -> tuple[float, float, float]:
    """(the threshold with the fewest errors, the least and the greatest with at most two more)."""
    best, close = np.flatnonzero(errors == errors.min()), np.flatnonzero(errors <= errors.min() + 2)

    def edge(i: int) -> float:
        return float(values[min(max(i, 0), len(values) - 1)])

    at = (edge(int(best[0]) - 1) + edge(int(best[-1]))) / 2
    return at, edge(int(close[0]) - 1), edge(int(close[-1]))


@dataclass(frozen=True)
class Offset:
    """One threshold for all AC coefficients and levels: where between two levels the encoder goes to the upper one."""

    at: float
    """Steps above the lower level; 1/2 is plain rounding."""
    low: float
    high: float
    """From where to where at most two more coefficients would be on the wrong side."""
    wrong: int
    """Coefficients on the wrong side of `at`."""
    wrong_at_half: int
    """Coefficients on the wrong side of 1/2."""
    counted: int

    @property
    def in_256ths(self) -> int:
        """As `Encode.rounding_offset`: what is added before cutting off."""
        return min(255, max(0, round(256 * (1 - self.at))))

    @property
    def matters(self) -> bool:
        """Whether it is another than a half, which a transform's own rounding may pass for, and explains clearly more
        than a half does: at most six tenths of what a half gets wrong."""
        other = abs(self.in_256ths - 128) > 2
        return other and self.wrong_at_half >= 2 * LEAST and self.wrong <= 0.6 * self.wrong_at_half


def offset(rows: Sequence[Samples]) -> Offset | None:
    """The one threshold that these samples fit best; None where too few lie on either side."""
    fractions, above = [], []
    for row in rows:
        size = np.abs(row.values[:, 1:])
        over = np.where(row.values < 0, -row.levels, row.levels)[:, 1:] - np.floor(size)
        between = (over == 0) | (over == 1)
        fractions.append((size - np.floor(size))[between])
        above.append(over[between] == 1)
    values, flags = np.concatenate(fractions), np.concatenate(above)
    if min(np.count_nonzero(flags), np.count_nonzero(~flags)) < LEAST:
        return None
    ascending, errors = _errors(values, flags)
    at, low, high = _best(ascending, errors)
    half = int(errors[np.searchsorted(ascending, 0.5)])
    return Offset(at, low, high, int(errors.min()), half, len(values))


# --- classes


class Rounding(StrEnum):
    """How an encoder makes levels of coefficients, as far as outsiders can see."""

    PLAIN = "plain"
    """To the nearest level, with the transform that was supposed."""
    OTHER_TRANSFORM = "another-transform"
    """To the nearest level of values that are a little off both ways: another DCT, colour conversion or decoder."""
    DEAD_ZONE = "dead-zone"
    """One fixed threshold a frequency, later than n + 1/2."""
    TRELLIS = "trellis"
    """Levels of all sizes are lowered now and then."""
    ADAPTIVE = "adaptive"
    """Small coefficients are emptied, block by block in another measure; large ones are left alone: jpegli."""
    UNKNOWN = "unknown"
    """None of these explains the events better than any rates at all would."""


_CLASSES: dict[Rounding, tuple[tuple[float, float], ...]] = {
    Rounding.PLAIN: ((0.5, 300), (0.5, 300), (0.5, 300), (0.5, 300), (0.5, 300)),
    Rounding.OTHER_TRANSFORM: ((1, 20), (1.5, 40), (1.5, 40), (0.5, 100), (1, 20)),
    Rounding.DEAD_ZONE: ((1, 1), (1, 1), (0.5, 300), (0.5, 5), (0.5, 100)),
    Rounding.TRELLIS: ((3, 15), (2, 50), (0.5, 100), (0.5, 200), (2, 12)),
    Rounding.ADAPTIVE: ((6, 3), (0.5, 200), (0.5, 200), (1, 25), (2, 6)),
    Rounding.UNKNOWN: ((1, 1), (1, 1), (1, 1), (1, 1), (1, 1)),
}
"""Beta distributions (a, b) of the shares zeroed, lowered, raised, dc, blurred in each class, wide on purpose."""

MOST_CHANCES = 400
"""Chances that count of each event: coefficients of one picture are not independent, so more would feign certainty."""


def classify(found: Events) -> dict[Rounding, float]:
    """The probability of each class given the events, all classes equally probable before: sums to 1.

    Beta-binomial likelihoods of the five shares, each with at most `MOST_CHANCES` chances.
    """
    rows = (found.zeroed, found.lowered, found.raised, found.dc, found.blurred)
    logs = {}
    for name, spreads in _CLASSES.items():
        logs[name] = sum(_log_likelihood(row, spread) for row, spread in zip(rows, spreads, strict=True))
    top = max(logs.values())
    weights = {name: math.exp(value - top) for name, value in logs.items()}
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}


def _log_likelihood(row: tuple[int, int], spread: tuple[float, float]) -> float:
    times, chances = row
    if chances > MOST_CHANCES:
        times, chances = round(times * MOST_CHANCES / chances), MOST_CHANCES
    a, b = spread
    return _log_beta(times + a, chances - times + b) - _log_beta(a, b)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


# --- where


@dataclass(frozen=True)
class Differences:
    """Where in a picture delivered levels are not the predicted ones."""

    blocks: int
    """Luma blocks with any difference."""
    of: int
    """Luma blocks in all."""
    box: Box
    """Left, top, right, bottom in pixels around them all."""
    share: float
    """The box's share of the picture, 0 to 1."""

    @property
    def is_local(self) -> bool:
        """Whether one small place has them all, a mark that was drawn there for instance."""
        return self.share < 0.25


def differences(pair: Observed, luma_levels: NDArray[np.int16]) -> Differences | None:
    """Where the pair's luma differs from predicted levels, int16 `[v_blocks, h_blocks, 8, 8]`; None where nowhere."""
    real = pair.coefficients.components[0].real
    unequal = (luma_levels[: real.shape[0], : real.shape[1]] != real).any(axis=(2, 3))
    if not unequal.any():
        return None
    width, height = pair.size
    ys, xs = np.flatnonzero(unequal.any(axis=1)), np.flatnonzero(unequal.any(axis=0))
    box = int(xs[0]) * 8, int(ys[0]) * 8, min(width, int(xs[-1]) * 8 + 8), min(height, int(ys[-1]) * 8 + 8)
    share = (box[2] - box[0]) * (box[3] - box[1]) / (width * height)
    return Differences(int(unequal.sum()), unequal.size, box, share)
