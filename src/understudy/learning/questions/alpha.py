"""What becomes of transparency: dropped, or blended over a background whose colour is solved for, not looked up.

Where a picture is clear or nearly so, what was delivered is a c + (1 - a) b: stored colour c and alpha a are known, so
the background b follows by least squares, and the more so the more of the picture is clear.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...codec.decode import to_rgb
from ...errors import UnderstudyError
from ...steps import Raster
from ...steps.flatten import Flatten
from ..observed import Observed
from ..pipeline import Pipeline
from ..question import Candidate, Question
from ..rendering import Rendering
from . import _witnesses as witnesses

Colour = tuple[int, int, int]

USUAL: tuple[Colour, ...] = ((0, 0, 0), (255, 255, 255))
"""Backgrounds that software has by itself; any other was chosen by somebody."""
MOST_BACKGROUNDS = 5
WRONG = 2.2
"""Pixels of error from which on the resampling is not known; a wrong background alone may leave as much."""
CLEAR = 0.5
"""Opacity, 0 to 1, up to which a pixel says something of what is behind it."""


class AlphaQuestion:
    """Dropped or blended, over which colour, and how the blend is rounded."""

    name = "transparency"
    step = "flatten"
    order = 32
    would_tell = (
        "an RGBA PNG with half-transparent slopes, whose clear parts hide a colour that is neither black nor white"
    )

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        see_through = [p for p in pairs if not p.is_jpeg and p.has_alpha]
        same = [p for p in see_through if not p.is_resized] or see_through
        return witnesses.affordable(witnesses.smallest_first(same), pipeline)

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        if not witnesses.is_predicted(pipeline, pairs, rendering, WRONG):
            return [Candidate(label(pipeline.get(Flatten)), pipeline)]
        steps = choices(pipeline, pairs, rendering)
        return [Candidate(label(step), pipeline.having(step), rank) for rank, step in enumerate(steps)]


def choices(pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> list[Flatten]:
    """Ways of flattening that are worth a trial, the usual ones first, the present one among them."""
    backgrounds = _backgrounds(pipeline, pairs, rendering)
    steps = [Flatten(alpha="drop")]
    roundings: tuple[Literal["nearest", "down"], ...] = ("nearest", "down")
    steps += [Flatten("blend", b, rounding) for b, rounding in product(backgrounds, roundings)]
    if (0, 0, 0) in backgrounds:
        steps.append(Flatten("blend", (0, 0, 0), "16-bit"))
    present = pipeline.get(Flatten)
    if pairs and present.alpha == "blend" and present.background not in USUAL:
        steps += [replace(present, background=near) for near in _one_off(present.background)]
    return list(dict.fromkeys([*steps, present]))


def label(step: Flatten) -> str:
    """What to call it: `dropped`, `onto white, rounded down`."""
    if step.alpha == "drop":
        return "dropped"
    names = {(0, 0, 0): "black", (255, 255, 255): "white"}
    return f"onto {names.get(step.background, step.background)}, rounded {step.rounding}"


def _backgrounds(pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> list[Colour]:
    """White, black, and what the clearest pair says, with its neighbours where it is not certain of the last digit."""
    found: list[Colour] = list(USUAL)
    for pair in pairs[:2]:
        try:
            raster = rendering.raster(pair, pipeline, pipeline.names.index("flatten"))
        except UnderstudyError:
            continue
        solved = background(raster, pair)
        if solved is None:
            continue
        colour, error = solved
        rounded = tuple(int(np.clip(round(c), 0, 255)) for c in colour)
        options = [_simplest(colour, error), rounded]
        options += [tuple(int(np.clip(c + d, 0, 255)) for c in rounded) for d in (-1, 1)]
        found = list(dict.fromkeys([*found, *options]))  # type: ignore[list-item]
    return found[: len(USUAL) + MOST_BACKGROUNDS]


def _one_off(colour: Colour) -> Iterator[Colour]:
    """The colours that differ by one in one channel: round by round the search walks to the best one."""
    for channel, by in product(range(3), (-1, 1)):
        near = list(colour)
        near[channel] = min(255, max(0, near[channel] + by))
        yield near[0], near[1], near[2]


def background(raster: Raster, pair: Observed) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """(red, green and blue of the background, 0 to 255; their standard errors), by least squares over pixels whose
    opacity is at most a half; None where too few are.

    raster: as flatten would take it, at the size of the received picture or the sent one.
    """
    if not raster.has_alpha or pair.orientation != 1:
        return None
    alpha = _sized(raster.pixels[:, :, -1], pair.size) / 255.0
    stored = np.stack([_sized(raster.pixels[:, :, c], pair.size) for c in range(raster.pixels.shape[2] - 1)], -1)
    stored = np.repeat(stored, 3, axis=2) if stored.shape[2] == 1 else stored
    clear = alpha <= CLEAR
    for shift, axis in ((4, 0), (-4, 0), (4, 1), (-4, 1)):  # away from edges, where the JPEG rings
        clear &= np.roll(alpha, shift, axis) <= CLEAR
    if np.count_nonzero(clear) < 64:
        return None
    weight = (1 - alpha[clear])[:, None]
    behind = _received(pair)[clear] - alpha[clear][:, None] * stored[clear]
    colour = (weight * behind).sum(0) / (weight**2).sum()
    residual = behind - weight * colour
    # Blocks of 64 pixels err together, and a flat one by up to half a DC step, an eighth of the table's first.
    spread = np.sqrt((residual**2).mean(0) / max(1.0, weight.sum() / 64)) + pair.tables[0][0] / 16
    return colour, spread


def _sized(plane: NDArray[Any], size: tuple[int, int]) -> NDArray[np.float64]:
    if (plane.shape[1], plane.shape[0]) == size:
        return plane.astype(np.float64)
    image = Image.fromarray(np.ascontiguousarray(plane)).resize(size, Image.Resampling.BOX)
    return np.asarray(image, np.float64)


def _received(pair: Observed) -> NDArray[np.float64]:
    """The received picture decoded, float `[H, W, 3]`."""
    c = pair.coefficients
    decoded = to_rgb(
        [part.blocks for part in c.components], [part.steps for part in c.components], c.factors, c.width, c.height
    )
    return np.asarray(decoded if decoded.ndim == 3 else np.repeat(decoded[:, :, None], 3, axis=2), np.float64)


def _simplest(colour: NDArray[np.float64], error: NDArray[np.float64]) -> Colour:
    """The colour within two standard errors that people write most easily: multiples of 255, 51, 17, 16, 5, or 1."""
    for unit in (255, 51, 17, 16, 5, 1):
        near = np.clip(np.round(colour / unit) * unit, 0, 255)
        if (np.abs(near - colour) <= np.maximum(2 * error, 0.5)).all():
            break
    red, green, blue = (int(c) for c in near)
    return red, green, blue


QUESTIONS: list[Question] = [AlphaQuestion()]
