"""Whether pixels were sharpened or smoothed, and by which filter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ...errors import UnderstudyError
from ...steps import Step
from ...steps.resize import Resize
from .. import fit, resampling, sharpening
from ..observed import Observed, boxes
from ..pipeline import Pipeline
from ..question import Candidate, Question
from ..rendering import Rendering

SUSPICIOUS = 0.8
"""Pixels of error from which a picture of unchanged size must have been filtered, if it was not decoded otherwise: an
encoder's own arithmetic leaves 0.05 to 0.3."""


class Sharpening:
    """The filter behind everything else."""

    name = "sharpening"
    step = "convolve"
    order = 48

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        """All pairs where there is a filter already; else those of unchanged size, opaque, upright, without ICC profile
        first; resized ones where there are no others, if their resampling is known to be this far off."""
        same = [p for p in pairs if not p.is_resized]
        ranked = sorted(same, key=lambda p: (p.has_alpha, p.icc is not None, p.orientation != 1, p.is_jpeg))
        return ranked or (resampling.best_first(pairs) if pipeline.find(Resize) is not None else ())

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """None; and where the pairs show a neighbourhood that explains them, the filters that have it."""
        now = [s for s in pipeline.steps if sharpening.shares_of(s) is not None]
        bare = pipeline
        for step in now:
            bare = bare.without(step.name)
        out = {bare.keys: Candidate("none", bare)}
        out.setdefault(pipeline.keys, Candidate(_label(now), pipeline, 1))
        key = ("neighbourhood", tuple(map(id, pairs[:3])), bare.keys[:-1])
        found = rendering.remembered(key, lambda: _shown(bare, pairs, rendering))
        if found is not None and found.before > SUSPICIOUS and found.helps:
            for label, step in sharpening.forms(found):
                tried = placed(bare, step)
                out.setdefault(tried.keys, Candidate(label, tried, len(out)))
        return list(out.values())


def placed(pipeline: Pipeline, step: Step) -> Pipeline:
    """The pipeline with a filter right behind the resize, or where nothing is resized right before encoding."""
    names = pipeline.names
    return pipeline.inserted(step, names[names.index("resize") + 1] if "resize" in names else "encode")


def _label(steps: Sequence[Step]) -> str:
    if not steps:
        return "none"
    return next((label for label, one in sharpening.KNOWN.items() if one == steps[0]), f"the {steps[0].name} of now")


def _shown(pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> sharpening.Neighbourhood | None:
    """The neighbourhood that up to three pairs show behind a pipeline without a filter."""
    found = []
    for pair in pairs[:3]:
        try:
            raster = rendering.raster(pair, pipeline)
        except UnderstudyError:
            continue
        if (raster.width, raster.height) != pair.size:
            continue
        r = sharpening.REACH
        wide = np.pad(fit.luma(raster.pixels), r, mode="edge")
        parts = boxes(pair, resampling.WINDOW)
        found.append((pair, parts, [wide[y0 : y1 + 2 * r, x0 : x1 + 2 * r] for x0, y0, x1, y1 in parts]))
    return sharpening.neighbourhood(found) if found else None


QUESTIONS: tuple[Question, ...] = (Sharpening(),)
