"""Looks at resampling that are remembered: the witnesses, the hypotheses by their error, and what both depend on."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Sequence

from ..steps.resize import Resize
from . import resampling, sharpening
from .observed import Observed
from .pipeline import Pipeline
from .rendering import Rendering


def witnesses(pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> list[resampling.Witness]:
    """The pairs that are looked at, best first."""
    able = (resampling.witness(p, pipeline, rendering) for p in pairs)
    return list(itertools.islice((w for w in able if w is not None), resampling.WITNESSES))


def ranking(pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> list[resampling.Scored]:
    """All hypotheses by their error on luma, best first; empty where no pair can be used. For reports, too."""

    def look() -> list[resampling.Scored]:
        seen_in = witnesses(pipeline, pairs, rendering)
        if not seen_in:
            return []
        key = ("ranking", alike(pipeline, seen_in, rendering))
        return rendering.remembered(key, lambda: resampling.scored(seen_in, list(resampling.hypotheses())))

    return rendering.remembered(("ranking", seen(pipeline, pairs)), look)


def alike(pipeline: Pipeline, looked_at: Sequence[resampling.Witness], rendering: Rendering) -> Hashable:
    """All that a look at resampling depends on, as the witnesses have it: their rasters before the resize, whatever
    made them. Another decoder, colour profile or background often makes the same of them."""
    at = pipeline.names.index("resize")
    rule = resampling.Hypothesis("pillow", "lanczos").within(pipeline.get(Resize))
    later = [s for s in pipeline.steps[at + 1 :] if s.name in ("crop", "pad", "tone")]  # a witness looks ahead to them
    looks = [(id(w.pair), rendering.likeness(w.pair, pipeline, at), w.scale, w.boxes, w.shares) for w in looked_at]
    return tuple(looks), repr(rule), repr(later)


def seen(pipeline: Pipeline, pairs: Sequence[Observed]) -> tuple[object, ...]:
    """All that a look at resampling depends on: the pairs, the steps before the resize, its rule, a filter behind."""
    rule = resampling.Hypothesis("pillow", "lanczos").within(pipeline.get(Resize))
    at = pipeline.names.index("resize")
    later = [s for s in pipeline.steps[at + 1 :] if s.name in ("orient", "crop", "pad", "tone")]
    return tuple(map(id, pairs)), pipeline.keys[:at], repr(rule), repr(later), sharpening.shares_after_resize(pipeline)
