"""Whether the sent picture's EXIF orientation is applied.

Sizes decide it for a picture that lies on its side (orientation 5 to 8) and is not square; for one upside down or
mirrored (2 to 4) only its samples do. Both are asked the same way: the pipeline is rendered with and without.
Whether the turning comes before the resize is asked with the order of steps; but where neither answer gives the
received size in the present order, turning after the resize is offered here too, so that the search does not start from
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ...steps.crop import Crop
from ...steps.orient import Orient
from ...steps.pad import Pad
from ...steps.resize import Resize
from ..observed import Observed
from ..pipeline import Pipeline
from ..question import Candidate, Question
from ..rendering import Rendering

LABELS = {True: "applied", False: "ignored"}
WITNESSES = 4
"""Pairs that are enough: two treatments of a picture differ in most blocks."""


class Orientation:
    """EXIF orientation: applied or ignored."""

    name = "EXIF orientation"
    step = "orient"
    order = 5

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        """Pairs whose picture was stored turned; those that were not resized first, then the small ones."""
        turned = [p for p in pairs if p.orientation != 1]
        return sorted(turned, key=lambda p: (p.is_resized, p.size[0] * p.size[1]))[:WITNESSES]

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """Both answers; for sizes that neither gives, also turning the resized picture."""
        present = pipeline.get(Orient).apply
        plain = [
            Candidate(LABELS[apply], pipeline.changed(Orient, apply=apply), int(not apply)) for apply in (True, False)
        ]
        if pairs and not any(_gives_sizes(c.pipeline, pairs) for c in plain):
            plain += [c for c in _after_resize(pipeline) if _gives_sizes(c.pipeline, pairs)]
        return sorted(plain, key=lambda c: c.pipeline.get(Orient).apply != present)


def _gives_sizes(pipeline: Pipeline, pairs: Sequence[Observed]) -> bool:
    return all(size_given(pipeline, p) == p.size for p in pairs)


def size_given(pipeline: Pipeline, pair: Observed) -> tuple[int, int]:
    """(width, height) that the steps make of the pair's picture, decoding at full size."""
    width, height = pair.sent_size
    waiting = pair.orientation
    for step in pipeline.steps:
        if isinstance(step, Orient):
            if step.apply and waiting >= 5:
                width, height = height, width
            waiting = 1
        elif isinstance(step, Resize):
            turned = step.as_shown and waiting >= 5
            to = step.target(height, width) if turned else step.target(width, height)
            width, height = (to.height, to.width) if turned else (to.width, to.height)
        elif isinstance(step, (Crop, Pad)):
            left, top, right, bottom = step.box(width, height)
            width, height = right - left, bottom - top
    return width, height


def _after_resize(pipeline: Pipeline) -> list[Candidate]:
    """Turning after the resize, whose rule sees the picture as stored or as shown."""
    resize = pipeline.find(Resize)
    names = pipeline.names
    if resize is None or names.index("orient") > names.index("resize"):
        return []
    rest = [n for n in names if n != "orient"]
    at = rest.index("resize") + 1
    later = pipeline.ordered([*rest[:at], "orient", *rest[at:]]).changed(Orient, apply=True)
    return [
        Candidate(f"applied after the resize, by the size as {'shown' if shown else 'stored'}",
                  later.having(replace(resize, as_shown=shown)), 2 + shown)
        for shown in (False, True)
    ]  # fmt: skip


QUESTIONS: tuple[Question, ...] = (Orientation(),)
