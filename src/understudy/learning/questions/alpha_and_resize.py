"""Transparency where only resized pictures have it: flattening and its place are then one question, not two.

Which side of the resize a picture is flattened on, how alpha goes through the filter and what lies behind must all be
right before a single coefficient agrees better, so that asking them in turn stays where it began.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from ...errors import UnderstudyError
from ...steps.flatten import Flatten
from ...steps.resize import Resize
from ..observed import Observed, boxes
from ..pipeline import Pipeline
from ..question import Candidate, Question
from ..rendering import Rendering
from ..sharpening import FILTERS
from .alpha import choices, label
from .order import twins, with_alpha

EXACT = 0.9999
"""Share of a picture's coefficients from which on its transparency is taken to be explained."""


class AlphaAndResize:
    """Flattening, its side of the resize and alpha's way through the filter, tried together."""

    name = "transparency of resized pictures"
    step = "flatten"
    order = 47
    would_tell = "an RGBA PNG of a size that is kept, and the same picture larger than the limit"

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        """Transparent pairs, where every one of them was resized."""
        if pipeline.find(Resize) is None:
            return ()
        clear = [p for p in pairs if p.has_alpha]
        return clear if all(p.is_resized for p in clear) else ()

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """The present answer alone where it explains the pairs; else every way of flattening on both sides."""
        present = Candidate(_label(pipeline), pipeline)
        if not pairs or all(_explained(p, pipeline, rendering) for p in pairs):
            return [present]
        out = {pipeline.keys: present}
        steps = choices(pipeline, pairs, rendering)
        for rank, (step, placed) in enumerate(product(steps, _placed(pipeline))):
            for tried in _with_kernels(with_alpha([placed.having(step)], pairs)):
                out.setdefault(tried.keys, Candidate(_label(tried), tried, rank))
        return list(out.values())


def _explained(pair: Observed, pipeline: Pipeline, rendering: Rendering) -> bool:
    try:
        return rendering.agreement(pair, pipeline, boxes(pair)).share >= EXACT
    except UnderstudyError:
        return False


def _placed(pipeline: Pipeline) -> Iterator[Pipeline]:
    """Flattened just before the resize, and just after it (after its sharpening, where there is one)."""
    others = [n for n in pipeline.names if n != "flatten"]
    first = others.index("resize")
    last = max(i for i, n in enumerate(others) if n == "resize" or n in FILTERS) + 1
    for at in (first, last):
        yield pipeline.ordered((*others[:at], "flatten", *others[at:]))


def _with_kernels(pipelines: Iterable[Pipeline]) -> Iterator[Pipeline]:
    """Each with every name that the library has for the kernel: ImageMagick's own choice, of an opaque picture Lanczos,
    is another one where alpha goes through the resize."""
    for pipeline in pipelines:
        yield pipeline
        resize = pipeline.get(Resize)
        if pipeline.names.index("flatten") > pipeline.names.index("resize"):
            for kernel in twins(resize.code, resize.kernel)[1:]:
                yield pipeline.changed(Resize, kernel=kernel)


def _label(pipeline: Pipeline) -> str:
    resize, flatten = pipeline.find(Resize), pipeline.get(Flatten)
    if resize is None:
        return label(flatten)
    if pipeline.names.index("flatten") < pipeline.names.index("resize"):
        return f"{label(flatten)}, before the resize"
    told = f", alpha {resize.alpha}" if resize.alpha != "own" else ""
    return f"{label(flatten)}, after the resize by {resize.kernel}{told}"


QUESTIONS: tuple[Question, ...] = (AlphaAndResize(),)
