"""What ImageMagick was told beside a filter: how far the filter reaches, to how many levels colours are brought after.

Levels lie between the samples that a file shows: 136 of them, as a recipe of the web has it, move each by less than one
of 255. So the resized picture is made once in 16 bits, brought to every number of levels in a few windows, and those
that leave the least error on luma are tried.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache

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
from ..windows import Rows, canvas, rows, same_map

CODE = "imagemagick"
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
        """Resized pairs, where the filter is one that ImageMagick has."""
        return resampling.best_first(pairs) if as_imagemagick(pipeline) is not None else ()

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """The present answer; where pairs show them, numbers of levels; with ImageMagick's filter each support."""
        resize, own = pipeline.find(Resize), as_imagemagick(pipeline)
        out = {pipeline.keys: Candidate("none" if resize is None else _label(resize), pipeline)}
        if resize is None or own is None or not pairs:
            return list(out.values())
        shown = [] if _explained(pairs[0], pipeline, rendering) else levels(own, pairs, rendering)
        wanted = own.get(Resize)
        bare = {n: v for n, v in wanted.options.items() if n not in NAMES}
        for count, support in itertools.product((0, *shown), SUPPORTS if shown or wanted is resize else ()):
            more: dict[str, Option] = {"posterize": count} if count else {}
            more |= {"support": support} if support else {}
            tried = own.having(replace(wanted, options=bare | more))
            out.setdefault(tried.keys, Candidate(_label(tried.get(Resize)), tried, len(out)))
        return list(out.values())


def as_imagemagick(pipeline: Pipeline) -> Pipeline | None:
    """The pipeline with ImageMagick's filter of the present one's weights (which, behind levels, no other library's
    could be told from); itself where it has that; None without a resize, or where ImageMagick has no such filter."""
    resize = pipeline.find(Resize)
    if resize is None or resize.code == CODE:
        return pipeline if resize is not None else None
    kernel = None if resize.options or resize.geometry == "common" else _like(resize.code, resize.kernel)
    return None if kernel is None else pipeline.changed(Resize, code=CODE, kernel=kernel)


@cache
def _like(code: str, kernel: str) -> str | None:
    """ImageMagick's filter with the weights of another library's, where pictures are made smaller."""

    def maps(code: str, kernel: str) -> tuple[Rows | None, Rows | None]:
        plan = resample.plan(code, 240, 160, 160, 107, kernel=kernel)
        return rows(plan, 0, 0, 107), rows(plan, 1, 0, 160)

    try:
        theirs = maps(code, kernel)
    except (UnderstudyError, ValueError):
        return None
    found = (k for k in imagemagick.KERNELS if k != "default" and all(map(same_map, maps(CODE, k), theirs)))
    return next(found, None)


def levels(pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> list[int]:
    """Numbers of levels that explain much of the error of a pair, best first; none where none does, or where there is
    nothing to explain."""
    resize = pipeline.get(Resize)
    options = {n: v for n, v in resize.options.items() if n != "posterize"}
    steps = pipeline.keys[: pipeline.names.index("resize")]

    def look(pair: Observed) -> list[tuple[float, int]]:
        return _errors(pair, pipeline.changed(Resize, options=options), rendering)

    for pair in pairs[: resampling.WITNESSES]:
        if _explained(pair, pipeline, rendering):
            return []
        key = ("levels", id(pair), steps, repr(replace(resize, options=options)))
        found = rendering.remembered(key, lambda pair=pair: look(pair))  # type: ignore[misc]
        if found:
            without = found[0][0]
            return [count for sigma, count in sorted(found[1:]) if sigma < BETTER * without][:MOST]
    return []


def _explained(pair: Observed, pipeline: Pipeline, rendering: Rendering) -> bool:
    try:
        return not rendering.agreement(pair, pipeline, boxes(pair)).unequal
    except UnderstudyError:
        return False


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
    return ", ".join(told) or "none"


QUESTIONS: tuple[Question, ...] = (Told(),)
