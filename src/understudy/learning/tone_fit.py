"""The tones that pairs show: curves and a colour matrix fitted to delivered means, by least squares.

The mean of a curve over a block is linear in the curve's values, with the block's histogram as weights, and means are
what DC levels hold. So some hundred flat blocks of every brightness give a curve to a fraction of a level, however many
samples are clipped, and a matrix where nothing is clipped. What is known of software is `tone_forms`; this is what the
pairs say by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..steps.base import Context, Pixels, Raster
from ..steps.tone import Tone, luma
from .observed import Observed
from .tone_shift import centres, weights

Floats = NDArray[np.float64]

KNOTS = 17
"""Of a fitted curve: 16 levels apart, each on some dozens of blocks. More would follow the noise."""
LEVELS, EACH = 32, 24
"""Bins of brightness, and the flattest units of each that are looked at."""
ROUNDING = 0.12
"""Variance of a mean that roundings of samples and of the encoder's colour conversion leave beside its own quantiser's:
two of 1/12, partly averaged away."""
STIFF = 0.02
"""What the bends of a fitted curve cost: enough to carry it over tones that no picture has, too little to bend it."""
CLEAR = 3.0
"""Samples from black and white within which a block may be clipped."""


@dataclass(frozen=True, eq=False)
class Sample:
    """The flattest units of one pair, some of each brightness. A unit is what one block of each component covers."""

    pair: Observed
    pixels: Pixels
    """`[units, height, width, 3]` of the picture that comes to the tone step."""
    delivered: Floats
    """`[units, components]`: delivered means, in samples of 255."""
    variance: Floats
    """`[components]`: of those means."""
    grey: float
    """Mean luma of the whole picture, as Pillow's contrast rounds it."""

    @cached_property
    def histograms(self) -> Floats:
        """`[3, units, 256]`: shares of values of red, green, blue."""
        units = len(self.pixels)
        flat = self.pixels.reshape(units, -1, 3)
        at = np.arange(units)[:, None] * 256
        counts = [np.bincount((at + flat[:, :, c]).ravel(), minlength=256 * units) for c in range(3)]
        return np.stack(counts).reshape(3, units, 256) / flat.shape[1]

    @cached_property
    def weights(self) -> Floats:
        """`[components, 3]`."""
        return weights(self.pair).astype(np.float64)[: self.delivered.shape[1]]

    @cached_property
    def target(self) -> Floats:
        """`[units, components]`: delivered means as sums of red, green and blue: chroma about 0."""
        return self.delivered - centres(self.pair)[: self.delivered.shape[1]]


@dataclass(frozen=True, eq=False)
class Shown:
    """What pairs show when all forms were fitted."""

    samples: tuple[Sample, ...]
    before: float
    """Error without any change of tone: root mean square over units and components, 1 for what quantising leaves."""
    curve: Floats
    """`[KNOTS]`: one curve for all channels."""
    curves: Floats
    """`[3, KNOTS]`: a curve a channel."""
    matrix: Floats
    """`[3, 4]`: a matrix and its offsets; not a number where nothing could be fitted."""
    errors: dict[str, float]
    """`curve`, `curves`, `matrix` -> error left, as `before`."""
    apart: float
    """The error left with a curve a channel for each picture by itself."""

    @property
    def best(self) -> float:
        return min(self.errors.values())

    @property
    def varies(self) -> bool:
        """Whether pictures were changed differently: their own curves fit, and none for all does."""
        return len(self.samples) > 1 and self.best > 2.0 and self.apart < 0.75 * self.best

    @property
    def seen(self) -> tuple[int, int]:
        """The darkest and the lightest sample of these units."""
        return min(int(s.pixels.min()) for s in self.samples), max(int(s.pixels.max()) for s in self.samples)


def sample(pair: Observed, pixels: Pixels) -> Sample | None:
    """The units of a pair that say most about tones. pixels: uint8 `[H, W, 1 or 3]` of the delivered size, as they
    come to the tone step. None where there are too few."""
    rgb = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels
    max_h, max_v = (max(f[axis] for f in pair.factors) for axis in (0, 1))
    height, width = 8 * max_v, 8 * max_h
    rows, columns = rgb.shape[0] // height, rgb.shape[1] // width
    if rows * columns < 2 * KNOTS:
        return None
    units = rgb[: rows * height, : columns * width].reshape(rows, height, columns, width, 3).swapaxes(1, 2)
    small = units[:, :, ::2, ::2].astype(np.float32)
    flatness = small.var(axis=(2, 3)).sum(axis=2).ravel()
    bright = np.clip(small.mean(axis=(2, 3, 4)).ravel() * (LEVELS / 256), 0, LEVELS - 1).astype(np.int64)
    order = np.argsort(flatness, kind="stable")
    chosen = np.sort(np.concatenate([order[bright[order] == level][:EACH] for level in range(LEVELS)]))
    means, variance = [], []
    for i, part in enumerate(pair.coefficients.components):
        h, v = pair.factors[i]
        q = float(part.steps[0, 0])
        dc = part.blocks[: rows * v, : columns * h, 0, 0].astype(np.float64) * (q / 8) + 128
        means.append(dc.reshape(rows, v, columns, h).mean(axis=(1, 3)).ravel()[chosen])
        variance.append((q / 8) ** 2 / 12 / (h * v) + ROUNDING / (h * v))
    grey = luma(rgb)
    mean = float(int(float(grey.mean()) + 0.5))
    picked = np.ascontiguousarray(units.reshape(-1, height, width, 3)[chosen])
    return Sample(pair, picked, np.stack(means, axis=1), np.array(variance), mean)


def shown(samples: Sequence[Sample]) -> Shown:
    """Everything fitted."""
    identity = np.linspace(0.0, 255.0, KNOTS)
    curve = fitted_curve(samples, shared=True)
    curves = fitted_curve(samples, shared=False)
    matrix = _matrix(samples)
    errors = {
        "curve": error(samples, Tone(curve=_knots(curve[0]))),
        "curves": error(samples, as_curves(curves)),
        "matrix": error(samples, as_matrix(matrix)) if np.isfinite(matrix).all() else np.inf,
    }
    single = [error([s], as_curves(fitted_curve([s], shared=False))) for s in samples]
    apart = float(np.sqrt(np.mean(np.square(single))))
    before = error(samples, Tone(curve=_knots(identity)))
    return Shown(tuple(samples), before, curve[0], curves, matrix, errors, apart)


def as_curves(curves: Floats) -> Tone:
    """The step of fitted curves `[3, KNOTS]` or `[KNOTS]`, to a hundredth of a level."""
    rows = [_knots(row) for row in np.atleast_2d(curves)]
    return Tone(curve=rows[0], curve_green=rows[1], curve_blue=rows[2]) if len(rows) == 3 else Tone(curve=rows[0])


def as_matrix(matrix: Floats) -> Tone:
    """The step of a fitted matrix `[3, 4]`, to four digits, offsets to a hundredth of a level."""
    offset = [round(float(v), 2) + 0.0 for v in matrix[:, 3]]
    return Tone(matrix=tuple(round(float(v), 4) + 0.0 for v in matrix[:, :3].ravel()),
                offset=(offset[0], offset[1], offset[2]))  # fmt: skip


def error(samples: Sequence[Sample], step: Tone) -> float:
    """What a step leaves: root mean square over units and components of what is off, in standard deviations of what
    quantising leaves; outliers (a mark, a caption) are held at ten."""
    total, count = 0.0, 0
    for one in samples:
        off = np.abs(one.target - predicted(one, step)) / np.sqrt(one.variance)
        total += float((np.minimum(off, 10.0) ** 2).sum())
        count += off.size
    return float(np.sqrt(total / count))


def predicted(one: Sample, step: Tone) -> Floats:
    """`[units, components]`: the means that a step gives, as `Sample.target`."""
    colours = _of_curves(one, step) if is_diagonal(step) else _of_pixels(one, step)
    return np.asarray(colours @ one.weights.T)


def is_diagonal(step: Tone) -> bool:
    """Whether a step looks at one channel at a time (at nothing else but the picture's mean)."""
    return step.enhance != "color" and not any(step.matrix[i] for i in (1, 2, 3, 5, 6, 7) if step.matrix)


def tables(step: Tone, grey: float = 0.0) -> Floats:
    """float64 `[3, 256]`: what such a step makes of each value in a picture whose mean luma is `grey`."""
    values: Pixels = np.arange(256, dtype=np.uint8)
    if step.enhance == "contrast":
        far = np.float32(step.factor) * (values.astype(np.float32) - np.float32(grey))
        values = np.clip(np.float32(grey) + far, 0, 255).astype(np.uint8)
        step = replace(step, enhance="none")
    ramp = np.repeat(values[None, :, None], 3, axis=2)
    made = step.exact(Raster(ramp), Context())
    assert isinstance(made, Raster), "tone makes rasters"
    return np.asarray(made.pixels[0].T, np.float64)


def _of_curves(one: Sample, step: Tone) -> Floats:
    """Mean red, green, blue by histograms: fast."""
    return np.stack([h @ table for h, table in zip(one.histograms, tables(step, one.grey), strict=True)], axis=1)


def _of_pixels(one: Sample, step: Tone) -> Floats:
    units = one.pixels
    made = step.exact(Raster(units.reshape(len(units), -1, 3)), Context())
    assert isinstance(made, Raster), "tone makes rasters"
    return np.asarray(np.mean(made.pixels, axis=1, dtype=np.float64), np.float64)


def _knots(row: Floats) -> tuple[float, ...]:
    return tuple(round(float(v), 2) + 0.0 for v in np.clip(row, 0.0, 255.0))


def basis() -> Floats:
    """`[256, KNOTS]`: how much of each knot every value takes."""
    at = np.arange(256) * ((KNOTS - 1) / 255)
    return np.asarray(np.maximum(0.0, 1.0 - np.abs(at[:, None] - np.arange(KNOTS))), np.float64)


def fitted_curve(samples: Sequence[Sample], *, shared: bool) -> Floats:
    """`[1 or 3, KNOTS]` by least squares, twice: outliers of the first are left out of the second."""
    knots, many = basis(), 1 if shared else 3
    rows, targets = [], []
    for one in samples:
        each = one.histograms @ knots  # [3, units, knots]
        for i, w in enumerate(one.weights):
            parts = [w[c] * each[c] for c in range(3)]
            made = np.sum(parts, axis=0) if shared else np.concatenate(parts, axis=1)
            rows.append(made / np.sqrt(one.variance[i]))
            targets.append(one.target[:, i] / np.sqrt(one.variance[i]))
    design, target = np.concatenate(rows), np.concatenate(targets)
    bends = np.diff(np.eye(KNOTS), n=2, axis=0)
    stiff = STIFF * np.kron(np.eye(many), bends.T @ bends) * max(1.0, len(design) / (KNOTS * many))
    # of grey deliveries only the sum of the three curves is known: they are held together
    bound = 1e-4 * (np.kron(np.eye(many) - 1.0 / many, np.eye(KNOTS))) + 1e-9 * np.eye(many * KNOTS)
    solved = np.zeros(many * KNOTS)
    kept = np.ones(len(design), bool)
    for _ in range(2):
        a, b = design[kept], target[kept]
        solved = np.linalg.solve(a.T @ a + stiff + bound, a.T @ b)
        off = np.abs(target - design @ solved)
        kept = off <= max(6.0, 4.0 * float(np.median(off)))
    return np.asarray(solved.reshape(many, KNOTS))


def _matrix(samples: Sequence[Sample]) -> Floats:
    """`[3, 4]` by least squares over units that are not clipped; not a number where there are too few or colours are
    too much alike."""
    flat = [one.pixels.reshape(len(one.pixels), -1, 3) for one in samples]
    solved: Any = np.full((3, 4), np.nan)
    kept: list[NDArray[np.bool_]] = [np.ones(len(one.pixels), bool) for one in samples]
    for turn in range(4):
        rows, targets = [], []
        for one, pixels, use in zip(samples, flat, kept, strict=True):
            means = np.column_stack([pixels[use].mean(axis=1, dtype=np.float64), np.ones(int(use.sum()))])
            for i, w in enumerate(one.weights):
                deviation = np.sqrt(one.variance[i])
                rows.append(np.concatenate([w[c] * means for c in range(3)], axis=1) / deviation)
                targets.append(one.target[use, i] / deviation)
        design, target = np.concatenate(rows), np.concatenate(targets)
        normal = design.T @ design
        if len(design) < 60 or np.linalg.cond(normal) > 1e13:
            return np.full((3, 4), np.nan)
        solved = np.linalg.solve(normal, design.T @ target).reshape(3, 4)
        if turn < 3:
            kept = [_unclipped(one, pixels, solved) for one, pixels in zip(samples, flat, strict=True)]
            kept = [use if use.sum() >= 20 else np.ones(len(use), bool) for use in kept]
    return np.asarray(solved)


def _unclipped(one: Sample, pixels: Pixels, matrix: Floats) -> NDArray[np.bool_]:
    """The units of which no sample is near black or white afterwards, and whose means fit."""
    made = pixels[:, ::3].astype(np.float64) @ matrix[:, :3].T + matrix[:, 3]
    inside = np.all((made > CLEAR) & (made < 255 - CLEAR), axis=(1, 2))
    off = np.abs(one.target - made.mean(axis=1) @ one.weights.T) / np.sqrt(one.variance)
    fits = np.all(off < max(8.0, 4.0 * float(np.median(off))), axis=1)
    return np.asarray(inside & fits, bool)
