"""How exactly pictures are cut, stretched or given borders: roundings that move them by less than a pixel or two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ...steps import Step
from ...steps.crop import Crop
from ...steps.pad import Pad
from ...steps.resize import Resize
from .. import framing, framing_fit
from ..framing import Framing
from ..observed import Observed
from ..pipeline import Pipeline
from ..question import Candidate, Decision, Question
from ..rendering import Rendering
from ..size_rules import Sizes

MOST = 20
"""Candidates that are rendered."""


class HowFramed:
    """Which framing of those that give the received sizes."""

    name = "framing"
    step = "crop"
    order = 41
    would_tell = "pictures of odd sides, wide and high ones"

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        """Pairs that the present framing cuts, stretches or gives borders; those without a turn or profile first."""
        present = of(pipeline)
        if present is None:
            return ()
        return sorted(pairs, key=lambda p: (p.orientation != 1, p.icc is not None, p.is_jpeg))

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """Every rounding of the present framing, and other kinds in the same place."""
        present = of(pipeline)
        if present is None:
            return [Candidate("none", pipeline)]
        sizes = _sizes(pairs)
        others = [f for f in framing.rivals(present) if f.gives(sizes)]
        same = [f for f in framing.variants(present) if f.gives(sizes)]
        out = {pipeline.keys: Candidate(_label(present), pipeline, round(10 * present.cost))}
        for one in framing.distinct([present, *sorted([*same, *others], key=lambda f: f.cost)], sizes):
            made = one.within(pipeline)
            out.setdefault(made.keys, Candidate(_label(one), made, round(10 * one.cost)))
        return list(out.values())[:MOST]

    def explained(
        self, decision: Decision, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering
    ) -> Decision:
        """Roundings that treat all of these pictures alike, and others otherwise, are not told apart."""
        present = of(pipeline)
        if present is None:
            return decision
        alike = framing.twins(present, _sizes(pairs))
        if not alike:
            return decision
        told = f"{decision.reason}; {len(alike)} other ways of rounding treat all of these pictures alike"
        tied = tuple(dict.fromkeys([*decision.tied, *(_label(f) for f in alike)]))
        return replace(decision, reason=told, tied=tied[:MOST], guess=True)


def _sizes(pairs: Sequence[Observed]) -> list[Sizes]:
    return [Sizes(p.name, p.sent_size, p.orientation, p.size) for p in pairs]


def of(pipeline: Pipeline) -> Framing | None:
    """The framing that a pipeline has; None where it neither cuts, stretches nor adds borders."""
    resize = pipeline.find(Resize)
    at = pipeline.names.index("resize") if resize is not None else len(pipeline.steps)
    parts: list[list[Step]] = [[], []]
    for i, step in enumerate(pipeline.steps):
        if isinstance(step, (Crop, Pad)):
            parts[i > at or resize is None].append(step)
    before, after = (tuple(p) for p in parts)
    if not before and not after and (resize is None or resize.fit not in framing.SHAPING):
        return None
    return framing.named(before, resize, after)


def _label(one: Framing) -> str:
    told = framing_fit.in_few_words(one)
    if one.resize is not None and one.kind in (framing.COVER, framing.BORDERS):
        told += f", other side rounded {one.resize.rounding}"
    roundings = {s.offset_rounding for s in (*one.before, *one.after) if isinstance(s, (Crop, Pad))}
    return told + "".join(f", place rounded {r}" for r in roundings)


QUESTIONS: tuple[Question, ...] = (HowFramed(),)
