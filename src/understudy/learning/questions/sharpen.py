"""Whether pixels were sharpened or smoothed, by which filter, and whether only pictures that were resized."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, zip_longest

import numpy as np

from ...errors import UnderstudyError
from ...steps import Step
from ...steps.lab_sharpen import LabSharpen
from ...steps.resize import Resize
from .. import lab_sharpen_fit, resampling, sharpening, tone_shift, unsharp_fit
from ..observed import Observed, boxes
from ..pipeline import Pipeline
from ..question import Candidate, Question
from ..rendering import Rendering
from ..sharpening import Filter

SUSPICIOUS = 0.8
"""Pixels of error from which a picture of unchanged size must have been filtered, if it was not decoded otherwise: an
encoder's own arithmetic leaves 0.05 to 0.3."""
WRONG_KERNEL = 1.3
"""Pixels of error that a filter may leave behind a resize; with more the kernel is wrong, which no filter mends
(facts/learning-trials.md, 2.1)."""
FITTED = "a fitted filter"
LOOKS = 2
"""Pairs of a kind on which a neighbourhood and masks are fitted."""


class Sharpening:
    """The filter behind everything else."""

    name = "sharpening"
    step = "convolve"
    order = 48
    would_tell = "a picture with sharp edges that keeps its size, and one larger than the limit"

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        """All pairs, opaque, upright ones without ICC profile first, those of unchanged size and resized ones in turn:
        a platform may filter the ones and not the others."""
        same = [p for p in pairs if not p.is_resized]
        ranked = sorted(same, key=lambda p: (p.has_alpha, p.icc is not None, p.orientation != 1, p.is_jpeg))
        resized = resampling.best_first(pairs) if pipeline.find(Resize) is not None else []
        return [p for p in chain.from_iterable(zip_longest(ranked, resized)) if p is not None]

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """None; and where pairs of a kind show a neighbourhood that explains them, the filters that have it, on all
        pictures and on resized ones alone."""
        now = filters(pipeline)
        bare = without_filters(pipeline)
        out = {bare.keys: Candidate("none", bare)}
        shown = [] if tone_shift.unexplained(pipeline, pairs) else _shown(bare, pairs, rendering)
        found = dict.fromkeys([*(replace(step, only_resized=False) for step in now), *shown])
        fitted = 0
        for step in found:
            label = sharpening.label(step)
            if label == FITTED:
                fitted += 1
                label += f" {fitted}"
            for only in (False, True) if pipeline.find(Resize) is not None else (False,):
                tried = placed(bare, replace(step, only_resized=only))
                told = f"{label}, where resized" if only else label
                out.setdefault(tried.keys, Candidate(told, tried, len(out)))
        if now:
            out.setdefault(pipeline.keys, Candidate(f"{sharpening.label(now[0])}, where it stands", pipeline, len(out)))
        return list(out.values())


def filters(pipeline: Pipeline) -> list[Filter]:
    """The filter steps of a pipeline."""
    return [s for s in pipeline.steps if isinstance(s, Filter)]


def without_filters(pipeline: Pipeline) -> Pipeline:
    """The pipeline without them."""
    for step in filters(pipeline):
        pipeline = pipeline.without(step.name)
    return pipeline


def placed(pipeline: Pipeline, step: Step) -> Pipeline:
    """The pipeline with a filter right behind the resize, or where nothing is resized right before encoding."""
    names = pipeline.names
    if "resize" not in names:
        return pipeline.inserted(step, "encode")
    at = names.index("resize") + 1
    while isinstance(step, LabSharpen) and names[at] in ("orient", "color"):
        at += 1  # as `order` has it
    return pipeline.inserted(step, names[at])


def _shown(bare: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> list[Filter]:
    """All that the pairs of one kind or the other may have gone through; empty where they show nothing."""
    out: list[Filter] = []
    for resized in (False, True):
        kind = [p for p in pairs if p.is_resized == resized][:LOOKS]
        if kind:
            key = ("neighbourhood", tuple(map(id, kind)), bare.keys[:-1])
            out += rendering.remembered(key, partial(_forms, bare, kind, rendering))
    return out


def _forms(bare: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> list[Filter]:
    """The filters that the neighbourhood shown by these pairs allows."""
    known = _known(bare, pairs, rendering)
    if not known:
        return []
    resize = bare.find(Resize)
    in_lab = resize is None or resize.code == "vips"
    likenesses = tuple(rendering.likeness(one.pair, bare, len(bare.steps) - 1) for one in known)
    key = ("forms", tuple(id(one.pair) for one in known), likenesses, tuple(map(id, pairs)), in_lab)
    return rendering.remembered(key, lambda: _forms_of(known, pairs, in_lab))


def _forms_of(known: Sequence[unsharp_fit.Known], pairs: Sequence[Observed], in_lab: bool) -> list[Filter]:
    r = sharpening.REACH
    parts = []
    for one in known:
        wide = np.pad(one.pixels.astype(np.float32), ((r, r), (r, r), (0, 0)), mode="edge")
        cut = [wide[y0 : y1 + 2 * r, x0 : x1 + 2 * r] for x0, y0, x1, y1 in one.boxes]
        parts.append((one.pair, one.boxes, cut))
    found = sharpening.neighbourhood(parts, with_known=True)
    if found.before <= SUSPICIOUS or not found.helps or (pairs[0].is_resized and found.after > WRONG_KERNEL):
        return []
    out = sharpening.forms(found)
    if min(found.shares) < 0 and not any(p.has_alpha for p in pairs):
        out = [*(m.step for m in unsharp_fit.masks(known) if m.sigma < found.everywhere), *out]
        if in_lab:
            out = [*(s.step for s in lab_sharpen_fit.sharpenings(known) if s.sigma < found.everywhere), *out]
    return out


def _known(bare: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> list[unsharp_fit.Known]:
    """The pairs that a pipeline without a filter gives the right size, with what it makes of them."""
    out = []
    for pair in pairs:
        try:
            raster = rendering.raster(pair, bare)
        except UnderstudyError:
            continue
        if (raster.width, raster.height) == pair.size:
            out.append(unsharp_fit.Known(pair, raster.pixels, boxes(pair, resampling.WINDOW)))
    return out


QUESTIONS: tuple[Question, ...] = (Sharpening(),)
