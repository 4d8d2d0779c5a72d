"""How exactly pictures are cut, stretched or given borders: roundings that move them by less than a pixel or two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ...codec.framing import Offset
from ...codec.sizes import Derive, Rounding
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
        present = framing.of(pipeline)
        if present is None:
            return ()
        return sorted(pairs, key=lambda p: (p.orientation != 1, p.icc is not None, p.is_jpeg))

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """Every rounding of the present framing, and other kinds in the same place."""
        present = framing.of(pipeline)
        if present is None:
            return [Candidate("none", pipeline)]
        sizes = _sizes(pairs)
        others = [f for f in framing.rivals(present) if f.gives(sizes)]
        same = [f for f in framing.variants(present) if f.gives(sizes)]
        resize = pipeline.find(Resize)
        code = resize.code if resize is not None else ""
        out = {pipeline.keys: Candidate(_label(present), pipeline, _habit(present, code))}
        for one in framing.distinct(sorted([present, *same, *others], key=lambda f: _habit(f, code)), sizes):
            made = one.within(pipeline)
            out.setdefault(made.keys, Candidate(_label(one), made, _habit(one, code)))
        return list(out.values())[:MOST]

    def explained(
        self, decision: Decision, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering
    ) -> Decision:
        """Roundings that treat all of these pictures alike, and others otherwise, are not told apart."""
        present = framing.of(pipeline)
        if present is None:
            return decision
        kinds = {type(s) for s in (*present.before, *present.after)}
        decision = replace(decision, step="pad" if Pad in kinds else "crop" if Crop in kinds else "resize")
        alike = framing.twins(present, _sizes(pairs))
        if not alike:
            return decision
        told = f"{decision.reason}; {len(alike)} other ways of rounding treat all of these pictures alike"
        tied = tuple(dict.fromkeys([*decision.tied, *(_label(f) for f in alike)]))
        return replace(decision, reason=told, tied=tied[:MOST], guess=True)


HABITS: dict[str, tuple[tuple[Derive, Rounding], tuple[Offset, ...], tuple[Offset, ...]]] = {
    "pillow": ((Derive.ASPECT, Rounding.HALF_EVEN), (Offset.FLOOR, Offset.HALF_EVEN), (Offset.HALF_EVEN, Offset.FLOOR)),
    "vips": ((Derive.VIPS, Rounding.HALF_UP), (Offset.FLOOR, Offset.HALF_UP), (Offset.FLOOR,)),
    "imagemagick": ((Derive.SCALE, Rounding.HALF_UP), (Offset.HALVES,), (Offset.HALVES,)),
    "graphicsmagick": ((Derive.SCALE, Rounding.HALF_UP), (Offset.HALVES,), (Offset.HALVES,)),
    "gd": ((Derive.EXACT, Rounding.FLOOR), (Offset.FLOOR,), (Offset.FLOOR,)),
    "imaging": ((Derive.EXACT, Rounding.HALF_UP), (Offset.FLOOR,), (Offset.HALVES,)),
    "jimp": ((Derive.EXACT, Rounding.HALF_UP), (Offset.HALF_UP,), (Offset.HALF_UP,)),
}
"""Whose resampler -> how its programs round a side, the place of a part, and that of a picture on a ground: Pillow's
ImageOps, vips_thumbnail and sharp, -resize with -extent, nginx, imaging.Fill, Jimp. Source: measured,
tests/steps/test_framing*.py."""


def _habit(one: Framing, code: str) -> int:
    """How unusual a framing is, for software with that resampler; see `Framing.cost`."""
    cost = one.cost
    if code in HABITS:
        sides, parts, grounds = HABITS[code]
        if one.resize is not None and one.kind in (framing.COVER, framing.BORDERS):
            cost += 0.0 if (one.resize.derive, one.resize.rounding) == sides else 1.0
        for step in (*one.before, *one.after):
            usual = parts if isinstance(step, Crop) else grounds
            if isinstance(step, (Crop, Pad)):
                how = step.offset_rounding
                cost += 0.2 * usual.index(how) if how in usual else 1.0
                cost -= 0.1 * framing.OFFSETS.index(how)
    return round(10 * cost)


class Smaller:
    """Whether pictures that are smaller than a framing's size are made larger."""

    name = "smaller pictures"
    step = "resize"
    order = 41
    would_tell = "a picture whose sides are both smaller than those that come back, and one of which one is"

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        """Pairs that are given another shape and have a side that is smaller than what the resize aims at."""
        resize = pipeline.find(Resize)
        if resize is None or framing.of(pipeline) is None:
            return ()
        limits = resize.limit, resize.limit_height or resize.limit
        return [p for p in pairs if any(a < b for a, b in zip(p.shown_size, limits, strict=True) if isinstance(b, int))]

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """Both."""
        resize = pipeline.find(Resize)
        if resize is None or framing.of(pipeline) is None:
            return [Candidate("none", pipeline)]
        ways = (True,) if not pairs and _enlarges(pipeline) else (True, False)
        made = [replace(resize, upscale=larger) for larger in ways]
        return [Candidate(LARGER[r.upscale], pipeline.having(r), int(r.upscale != resize.upscale)) for r in made]

    def explained(
        self, decision: Decision, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering
    ) -> Decision:
        """Where no pair bears on it, and the library's own framing makes them larger, that is a guess all the same."""
        if pairs or not _enlarges(pipeline):
            return decision
        told = "no pair bears on it; the library's own covers, fills and grounds make them larger"
        return replace(decision, reason=told, tied=(LARGER[False],), guess=True)


LARGER = {True: "made larger", False: "not made larger"}
ENLARGING = frozenset({"pillow", "vips", "imagemagick", "graphicsmagick", "imaging"})
"""Libraries whose own framings make smaller pictures larger: ImageOps' fit, cover and pad, vips_thumbnail with a crop,
sharp, -resize ^, imaging.Fill. Source: measured, tests/steps/test_framing*.py."""


def _enlarges(pipeline: Pipeline) -> bool:
    present, resize = framing.of(pipeline), pipeline.find(Resize)
    kinds = (framing.COVER, framing.FILL, framing.BORDERS)
    return present is not None and resize is not None and present.kind in kinds and resize.code in ENLARGING


def _sizes(pairs: Sequence[Observed]) -> list[Sizes]:
    return [Sizes(p.name, p.sent_size, p.orientation, p.size) for p in pairs]


def _label(one: Framing) -> str:
    told = framing_fit.in_few_words(one)
    if one.resize is not None and one.kind in (framing.COVER, framing.BORDERS):
        told += f", other side rounded {one.resize.rounding}"
    roundings = {s.offset_rounding for s in (*one.before, *one.after) if isinstance(s, (Crop, Pad))}
    return told + "".join(f", place rounded {r}" for r in roundings)


QUESTIONS: tuple[Question, ...] = (HowFramed(), Smaller())
