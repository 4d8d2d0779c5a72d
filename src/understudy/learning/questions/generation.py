"""Whether pictures went through a JPEG that nobody sees: encoded and decoded again before the resize, or behind it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_type_hints

import numpy as np
from numpy.typing import NDArray

from ...codec.stages import Plan
from ...codec.tables import Law, quant_tables
from ...errors import UnderstudyError
from ...steps.generation import Generation
from ...steps.resize import Resize
from .. import fit, resampling, tone_shift
from ..observed import Box, Observed, boxes
from ..pipeline import Pipeline
from ..question import Candidate, Question
from ..rendering import Rendering
from ..sharpening import REACH, applied, shares_after_resize, shares_of
from ..windows import rows

SUSPICIOUS = 0.6
"""Pixels of error up to which nothing but roundings is left, so that no earlier JPEG can hide."""
WORTH = 0.97
"""Share of the error without it that may be left with an earlier JPEG, else it is not tried exactly. Roundings of a
resize and a sharpening behind it can hide most of it: Facebook's chain of 2015 leaves 0.91."""
QUALITIES = range(40, 100)
LAWS = (Law.ANNEX_K, Law.MOZJPEG_3)

Where = Literal["before the resize", "before the filter", "before encoding"]


@dataclass(frozen=True)
class _Found:
    """A generation and the error that it leaves, in pixels."""

    sigma: float
    where: Where
    law: Law
    quality: int


class EarlierGeneration:
    """A hidden earlier encoding."""

    name = "earlier generation"
    step = "generation"
    order = 52

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        """All pairs, upright and opaque ones without ICC profile first, with much to count."""

        def rank(pair: Observed) -> tuple[bool, bool, bool, bool, int]:
            busy = int(np.count_nonzero(pair.coefficients.components[0].real))
            return pair.has_alpha, pair.icc is not None, pair.orientation != 1, pair.is_jpeg, -busy

        return sorted(pairs, key=rank)

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """None; and where a look at luma shows one, those qualities that leave the least error, with each sampling."""
        bare = pipeline.without("generation")
        out = {bare.keys: Candidate("none", bare)}
        out.setdefault(pipeline.keys, Candidate(_label(pipeline), pipeline, 1))
        if tone_shift.unexplained(pipeline, pairs):
            return list(out.values())
        key = ("generation", tuple(map(id, pairs[:2])), bare.keys[:-1])
        found = rendering.remembered(key, lambda: _shown(bare, pairs[:2], rendering))
        now = pipeline.find(Generation)
        samplings = get_type_hints(Generation)["sampling"].__args__[:3]
        for i, one in enumerate(found[:4]):
            tried_with = samplings if i == 0 else (now.sampling if now else "4:2:0",)
            for sampling, where in itertools.product(tried_with, _places(bare, one.where)):
                made = _with(bare, replace(now or Generation(), sampling=sampling), replace(one, where=where))
                out.setdefault(made.keys, Candidate(_label(made), made, len(out)))
        return list(out.values())


def _places(pipeline: Pipeline, shown: Where) -> tuple[Where, ...]:
    """Where a generation may stand that looks as if it stood there: before a resize that the pictures looked at were
    spared, as well."""
    if "resize" not in pipeline.names or shown == "before the resize":
        return (shown,)
    return "before the resize", shown


def _with(pipeline: Pipeline, step: Generation, one: _Found) -> Pipeline:
    """A pipeline without a generation, with one: where, by what tables `one` says, everything else as `step` has it."""
    step = replace(step, quality=one.quality, law=one.law)
    before = {"before the resize": "resize", "before encoding": "encode"}.get(one.where) or _filter(pipeline)
    return pipeline.inserted(step, before)


def _filter(pipeline: Pipeline) -> str:
    """The name of its first filter, else of the encoder."""
    return next((s.name for s in pipeline.steps if shares_of(s) is not None), "encode")


def _label(pipeline: Pipeline) -> str:
    step = pipeline.find(Generation)
    if step is None:
        return "none"
    names = pipeline.names
    after = names[names.index("generation") + 1 :]
    where = "before the resize" if "resize" in after else "before encoding"
    if where == "before encoding" and _filter(pipeline) in after[:-1]:
        where = "before the filter"
    return f"quality {step.quality} by {step.law}, {step.sampling}, {where}"


def _shown(pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> list[_Found]:
    """Generations that leave clearly less error on luma than none does, best first; none where nothing is missing."""
    looks = [look for p in pairs for look in [_look(p, pipeline, rendering)] if look is not None]
    if not looks:
        return []
    without = float(np.mean([look.sigma(None, "before encoding") for look in looks]))
    if without < SUSPICIOUS or math.isinf(without):
        return []
    places: list[Where] = ["before encoding"]
    if any(look.plan for look in looks):
        places.insert(0, "before the resize")
    elif any(look.shares is not None for look in looks):
        places.insert(0, "before the filter")
    found, seen = [], set()
    for where, law, quality in itertools.product(places, LAWS, QUALITIES):
        table = quant_tables(law, quality)[0]
        if (where, table) in seen:
            continue
        seen.add((where, table))
        steps = np.array(table, np.float32).reshape(8, 8)
        sigma = float(np.mean([look.sigma(steps, where) for look in looks]))
        found.append(_Found(sigma, where, law, quality))
    return sorted((f for f in found if f.sigma < WORTH * without), key=lambda f: f.sigma)


@dataclass(frozen=True, eq=False)
class _Look:
    """A pair with the luma before its resize, and what the resize is."""

    pair: Observed
    luma: NDArray[np.float32]
    plan: Plan | None
    boxes: tuple[Box, ...]
    shares: tuple[float, ...] | None
    """The filter behind the resize."""

    def sigma(self, steps: NDArray[np.float32] | None, where: Where) -> float:
        """The error that is left with an encoding by `steps` there; with None by none."""
        early, late = (None, steps) if where == "before encoding" else (steps, None)
        whole = np.empty((self.pair.size[1], self.pair.size[0]), np.float32)
        for left, top, right, bottom in self.boxes:
            part = self._filtered((left, top, right, bottom), early)
            whole[top:bottom, left:right] = part if late is None else _coded(part, late)
        return fit.fit(whole, self.pair, self.boxes).sigma

    def _filtered(self, box: Box, steps: NDArray[np.float32] | None) -> NDArray[np.float32]:
        if self.shares is None:
            return self._part(box, steps)
        left, top, right, bottom = box
        x0, y0, x1, y1 = max(0, left - REACH), max(0, top - REACH), right + REACH, bottom + REACH
        x1, y1 = min(x1, self.pair.size[0]), min(y1, self.pair.size[1])
        part = self._part((x0, y0, x1, y1), steps)
        beyond = ((y0 - top + REACH, bottom + REACH - y1), (x0 - left + REACH, right + REACH - x1))
        return applied(np.pad(part, beyond, mode="edge"), self.shares)

    def _part(self, box: Box, steps: NDArray[np.float32] | None) -> NDArray[np.float32]:
        left, top, right, bottom = box
        down = rows(self.plan, 0, top, bottom) if self.plan else None
        across = rows(self.plan, 1, left, right) if self.plan else None
        y0, y1 = (top, bottom) if down is None else (down.first, down.first + down.weights.shape[1])
        x0, x1 = (left, right) if across is None else (across.first, across.first + across.weights.shape[1])
        y, x = y0 // 8 * 8, x0 // 8 * 8
        source = self.luma[y : -(-y1 // 8) * 8, x : -(-x1 // 8) * 8]
        if steps is not None:
            source = _coded(source, steps)
        source = source[y0 - y : y1 - y, x0 - x : x1 - x]
        if down is not None:
            source = down.weights @ source
        return np.clip(source if across is None else source @ across.weights.T, 0, 255)


def _coded(plane: NDArray[np.float32], steps: NDArray[np.float32]) -> NDArray[np.float32]:
    """A plane encoded with `steps` and decoded, the roundings of both transforms left out; rests of blocks stay."""
    blocks = fit.transform(plane)
    made = np.rint(blocks / steps) * steps
    rows_, columns = made.shape[:2]
    samples = fit.basis().T @ made @ fit.basis()
    out = plane.copy()
    whole = samples.transpose(0, 2, 1, 3).reshape(rows_ * 8, columns * 8)
    out[: rows_ * 8, : columns * 8] = np.clip(np.rint(whole + 128), 0, 255)
    return out


def _look(pair: Observed, pipeline: Pipeline, rendering: Rendering) -> _Look | None:
    resize = pipeline.find(Resize)
    parts, shares = boxes(pair, resampling.WINDOW), shares_after_resize(pipeline, resized=pair.is_resized)
    if resize is None or not pair.is_resized:
        filters = [i for i, s in enumerate(pipeline.steps) if shares_of(s) is not None]
        try:
            raster = rendering.raster(pair, pipeline, min(filters, default=None))
        except UnderstudyError:
            return None
        fits = (raster.width, raster.height) == pair.size
        return _Look(pair, fit.plane_of(raster.pixels, pair, raster.space), None, parts, shares) if fits else None
    one = resampling.witness(pair, pipeline, rendering)
    if one is None or one.framed is not None:
        return None
    plan = one.plan(resampling.of(resize))
    return _Look(pair, one.luma, plan, parts, shares) if plan is not None else None


QUESTIONS: tuple[Question, ...] = (EarlierGeneration(),)
