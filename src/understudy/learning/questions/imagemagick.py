"""What ImageMagick was told beside a filter: how far the filter reaches, to how many levels colours are brought after.

Levels lie between the samples that a file shows: 136 of them, as a recipe of the web has it, move each by less than one
of 255. So the resized picture is made once in 16 bits, brought to every number of levels in a few windows, and those
that leave the least error on luma are tried.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from ...codec import resample
from ...codec.resample import imagemagick
from ...errors import UnderstudyError
from ...steps.resize import Option, Resize
from .. import fit, resampling
from ..observed import Observed, boxes
from ..pipeline import Pipeline
from ..question import Candidate, Question
from ..rendering import Rendering
from ..windows import canvas

NAMES = ("posterize", "support")
SUPPORTS = (0.0, 2.0)
"""The filter's own, and what the recipe asks of the triangle, whose weights beyond 1 are 0: of millions of samples, a
few that are rounded fall on the other side (D. Newton, Efficient Image Resizing With ImageMagick, 2015)."""
LEVELS = range(2, 257)
MOST = 3
"""Numbers of levels that are tried exactly."""
BETTER = 0.9
"""Share of the error without levels that those leave that are tried: the right ones of 136, the most that is known in
use, leave 0.6 of it at quality 82, wrong ones at least 0.98 (tests/learning/test_imagemagick_question.py)."""


class Told:
    """Levels after the resize, and the filter's support."""

    name = "ImageMagick's options"
    step = "resize"
    order = 43
    would_tell = "a large PNG with slow gradients, delivered smaller at a high quality"

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        """Resized pairs, where ImageMagick's arithmetic is in question at all."""
        resize = pipeline.find(Resize)
        if resize is None or not set(NAMES) <= set(resample.options(resize.code)):
            return ()
        return resampling.best_first(pairs)

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """The present answer; and where pairs show them, numbers of levels, each with each support."""
        resize = pipeline.find(Resize)
        if resize is None:
            return [Candidate("none", pipeline)]
        out = {pipeline.keys: Candidate(_label(resize), pipeline)}
        bare = {n: v for n, v in resize.options.items() if n not in NAMES}
        shown = levels(pipeline, pairs, rendering) if pairs else []
        for count, support in itertools.product((0, *shown) if pairs else (), SUPPORTS):
            more: dict[str, Option] = {"posterize": count} if count else {}
            more |= {"support": support} if support else {}
            for own in (False, True) if count and any(not p.is_resized for p in pairs) else (resize.at_own_size,):
                tried = pipeline.having(replace(resize, options=bare | more, at_own_size=own))
                out.setdefault(tried.keys, Candidate(_label(tried.get(Resize)), tried, len(out)))
        return list(out.values())


def levels(pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> list[int]:
    """Numbers of levels that explain much of the error of a pair, best first; none where none does."""
    resize = pipeline.get(Resize)
    options = {n: v for n, v in resize.options.items() if n != "posterize"}
    steps = pipeline.keys[: pipeline.names.index("resize")]

    def look(pair: Observed) -> list[tuple[float, int]]:
        return _errors(pair, pipeline.changed(Resize, options=options), rendering)

    for pair in pairs[: resampling.WITNESSES]:
        key = ("levels", id(pair), steps, repr(replace(resize, options=options)))
        found = rendering.remembered(key, lambda pair=pair: look(pair))  # type: ignore[misc]
        if found:
            without = found[0][0]
            return [count for sigma, count in sorted(found[1:]) if sigma < BETTER * without][:MOST]
    return []


def _errors(pair: Observed, pipeline: Pipeline, rendering: Rendering) -> list[tuple[float, int]]:
    """(the error on luma in pixels, levels), first that without, 0; empty where the pipeline does not give the pair's
    size."""
    resize, at = pipeline.get(Resize), pipeline.names.index("resize")
    try:
        raster = rendering.raster(pair, pipeline, at)
        to = resize.target_of(raster)
    except UnderstudyError:
        return []
    if (to.width, to.height) != pair.size or raster.space != "rgb":
        return []
    given = {n: v for n, v in resize.options.items() if n in ("thumbnail", "support")}
    wide = raster.pixels.astype(np.uint16) * np.uint16(257)
    made = imagemagick.resize16(wide, to.width, to.height, kernel=resize.kernel, **given)  # type: ignore[arg-type]
    colours = made[:, :, : made.shape[2] - raster.has_alpha]
    where = boxes(pair, resampling.WINDOW)
    parts = [colours[top:bottom, left:right] for left, top, right, bottom in where]
    out = []
    for count in (0, *LEVELS):
        counted = [imagemagick.posterized(p, count, p.shape[2]) if count else p for p in parts]
        planes = [fit.plane_of(imagemagick.to8(p), pair) for p in counted]
        out.append((fit.fit(canvas(pair.size, where, planes), pair, where).sigma, count))
    return out


def _label(resize: Resize) -> str:
    told = [f"{resize.options[n]} levels" for n in ("posterize",) if n in resize.options]
    told += [f"support {resize.options[n]}" for n in ("support",) if n in resize.options]
    told += ["at own size, too"] if told and resize.at_own_size else []
    return ", ".join(told) or "none"


QUESTIONS: tuple[Question, ...] = (Told(),)
