"""Whether a platform changed brightness or colours, read off DC coefficients alone: cheap enough to ask of every pair.

Each 8x8 block's DC level is its mean, to within half a step over 8. What an encoder would have written for the sent
picture is compared with what was delivered, in flat parts of the picture, where neither a resampling nor a filter
changes a mean, those of like values together. Nothing is rendered for it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..steps.base import Pixels
from ..steps.decode import is_rgb
from ..steps.tone import Tone
from .colour_matrix import JFIF
from .observed import Observed
from .pipeline import Pipeline

Floats = NDArray[np.float32]

GROUPS = 12
"""Of blocks of like values, over which means are compared apart."""
LEAST = 10
"""Blocks in a group below which it says nothing."""
BY_ROUNDING = 0.9
"""Pixels by which flat parts of a picture that keeps its size may be off without any change of tone: encoders that cut
instead of rounding are off by half a pixel (facts/learning-trials.md, 2.4)."""
BY_RESAMPLING = 1.6
"""The same of a resized picture: a resampler that cuts in both passes is off by 0.99, Go's by 1.02 (there)."""
HIDDEN = 2.0
"""The step of means, in pixels, that a hidden encoding is thought to have at most: quality 50."""
MOST = 4
"""Pairs that are looked at."""


@dataclass(frozen=True)
class Shift:
    """By how much flat parts of a delivered picture are off, in pixels."""

    largest: float
    """The largest mean difference of blocks of like values, of any component, 0 to 255."""
    limit: float
    """What roundings may explain."""

    @property
    def is_seen(self) -> bool:
        """Whether tones were changed."""
        return self.largest > self.limit


def eligible(pair: Observed) -> bool:
    """Whether nothing else that changes tones is in question: upright, opaque, without an ICC profile."""
    return pair.orientation == 1 and pair.icc is None and not pair.has_alpha


def changed(pairs: Sequence[Observed]) -> bool:
    """Whether one of the first pairs that can tell shows a change of tones; those of unchanged size are asked first."""
    able = sorted((p for p in pairs if eligible(p)), key=lambda p: p.is_resized)
    return any(shift(p).is_seen for p in able[:MOST])


def unexplained(pipeline: Pipeline, pairs: Sequence[Observed]) -> bool:
    """Whether tones were changed and no step of the pipeline says how: then a filter or a hidden encoding would only
    take up some of what is missing."""
    return pipeline.find(Tone) is None and changed(pairs)


def shift(pair: Observed) -> Shift:
    """By how much a pair's flat parts are off; looked at once."""
    return pair.remembered(("tone shift",), lambda: _shift(pair))


def as_delivered_size(pair: Observed) -> Pixels:
    """The sent picture at the delivered size, RGB; means are kept, whatever kernel the platform has."""
    pixels = pair.as_sent.pixels
    rgb = np.repeat(pixels[:, :, :1], 3, axis=2) if pixels.shape[2] < 3 else pixels[:, :, :3]
    if (rgb.shape[1], rgb.shape[0]) == pair.size:
        return rgb
    image = Image.fromarray(np.ascontiguousarray(rgb))
    return np.asarray(image.resize(pair.size, Image.Resampling.BILINEAR))


def weights(pair: Observed) -> Floats:
    """float32 `[components, 3]`: what each delivered component is of red, green and blue."""
    return np.eye(3, dtype=np.float32) if is_rgb(pair.stream) else np.array(JFIF, np.float32)[: len(pair.factors)]


def centres(pair: Observed) -> Floats:
    """What a component of value 0 stands for: Y's (and R's, G's, B's) is 0, Cb's and Cr's 128."""
    return np.zeros(3, np.float32) if is_rgb(pair.stream) else np.array([0, 128, 128], np.float32)


def _shift(pair: Observed) -> Shift:
    means, spread = cells(as_delivered_size(pair))
    limit = BY_RESAMPLING if pair.is_resized else BY_ROUNDING
    largest = 0.0
    max_h, max_v = (max(f[axis] for f in pair.factors) for axis in (0, 1))
    for i, part in enumerate(pair.coefficients.components):
        h, v = max_h // pair.factors[i][0], max_v // pair.factors[i][1]
        rows, columns = means.shape[0] // v, means.shape[1] // h
        if not rows or not columns:
            continue
        mine = _grouped(means, v, h) @ weights(pair)[i] + centres(pair)[i] - 128
        rough = np.sqrt(_grouped(spread[:, :, None], v, h)[:, :, 0])
        q = float(part.steps[0, 0])
        levels = part.blocks[:rows, :columns, 0, 0].astype(np.float32)
        off = (levels - np.rint(8 * mine / q)) * (q / 8)
        largest = max(largest, _largest(mine.ravel(), rough.ravel(), off.ravel(), q / 8))
    return Shift(largest, limit)


def cells(pixels: Pixels) -> tuple[Floats, Floats]:
    """(mean of red, green, blue `[rows, columns, 3]`, mean variance of the three `[rows, columns]`) of each whole 8x8
    block."""
    rows, columns = pixels.shape[0] // 8, pixels.shape[1] // 8
    blocks = pixels[: rows * 8, : columns * 8].reshape(rows, 8, columns, 8, 3)
    means = blocks.mean(axis=(1, 3), dtype=np.float32)
    squares = np.square(blocks, dtype=np.float32).mean(axis=(1, 3), dtype=np.float32)
    return means, np.maximum(squares - means * means, 0).mean(axis=2)


def _grouped(values: Floats, v: int, h: int) -> Floats:
    """The mean over groups of v x h blocks."""
    rows, columns = values.shape[0] // v, values.shape[1] // h
    whole = values[: rows * v, : columns * h].reshape(rows, v, columns, h, -1)
    return np.asarray(whole.mean(axis=(1, 3)), np.float32)


def _largest(values: Floats, rough: Floats, off: Floats, step: float) -> float:
    """The largest difference of a group of like values that its own spread does not explain; the flatter half of the
    blocks counts. A mark or a caption covers some blocks: only the middle half of a group does.

    step: of means, in pixels. Where a group's blocks have one value, a rounding takes all of them the same way, that of
    a hidden encoding too; over two steps such roundings cancel.
    """
    flat = rough <= max(4.0, float(np.median(rough)))
    order = np.argsort(values[flat], kind="stable")
    most = 0.0
    parts = max(1, min(GROUPS, order.size // LEAST))
    for found, level in zip(
        np.array_split(off[flat][order], parts), np.array_split(values[flat][order], parts), strict=True
    ):
        if found.size >= LEAST:
            middle = np.sort(found)[found.size // 4 : found.size - found.size // 4]
            noise = float(middle.std()) / math.sqrt(middle.size)
            lone = float(level[level.size * 3 // 4] - level[level.size // 4]) < 2 * max(step, HIDDEN)
            most = max(most, abs(float(middle.mean())) - 3 * noise - (step + HIDDEN / 2 if lone else 0.0))
    return most
