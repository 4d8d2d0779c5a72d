"""What becomes of a sent picture's ICC profile: its samples converted to sRGB, whose sRGB and how, or left alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from ...errors import UnderstudyError
from ...steps.color import Color
from ..observed import Observed
from ..pipeline import Pipeline
from ..question import Candidate, Decision, Question
from ..rendering import Rendering
from . import _witnesses as witnesses

EVERY = 8
"""Pixels from one looked at to the next."""


class ProfileQuestion:
    """Converted to whose sRGB, with which intent and black point compensation; or the samples left as they are."""

    name = "ICC profile"
    step = "color"
    order = 34
    would_tell = "a picture with a Display P3 or Adobe RGB profile and strong colours, delivered at its own size"

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        """Pairs with a profile, same-size ones if there are any, of each profile one before a second."""
        with_profile = [p for p in pairs if p.icc is not None]
        same = [p for p in with_profile if not p.is_resized] or with_profile
        ranked = sorted(same, key=lambda p: (not p.is_jpeg and p.has_alpha, witnesses.work(p)))
        first = {p.icc: p for p in reversed(ranked)}.values()
        ranked.sort(key=lambda p: p not in first)
        return witnesses.affordable(ranked, pipeline)

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """One of each group of conversions that these profiles cannot tell apart. Asked even while the resampling is
        not known: then a conversion has to stand out from leaving the samples alone (`standing`)."""
        steps = _steps(pipeline, pairs)
        chosen = [group[0] for group in _groups(steps, pipeline, pairs, rendering)]
        return [Candidate(_label(step), pipeline.having(step), steps.index(step)) for step in chosen]

    def explained(
        self, decision: Decision, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering
    ) -> Decision:
        """With the conversions that gave the same samples as the answer, so that only one of them was tried."""
        if not pairs or len(decision.trials) < 2:
            return decision
        steps = _steps(pipeline, pairs)
        groups = [[_label(step) for step in group] for group in _groups(steps, pipeline, pairs, rendering)]
        same = next((group for group in groups if decision.answer in group), [])
        tied = (*decision.tied, *(label for label in same if label not in (decision.answer, *decision.tied)))
        return replace(decision, tied=tied, guess=decision.guess or bool(tied))


def _steps(pipeline: Pipeline, pairs: Sequence[Observed]) -> list[Color]:
    """All conversions, the commonest first, the present one among them. `keep` and `drop` give the same samples: which
    of them, the received files' profiles say."""
    kinds = product(("perceptual", "relative", "saturation", "absolute"), (False, True), ("littlecms", "libvips"))
    out = [Color(icc="keep" if _keep(pairs) else "drop")]
    out += [Color("srgb", intent, compensated, srgb) for intent, compensated, srgb in kinds]  # type: ignore[arg-type]
    out.append(Color(srgb="skia"))
    present = pipeline.get(Color)
    return out if present in out or present.icc != "srgb" else [*out, present]


def _groups(
    steps: Sequence[Color], pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering
) -> list[list[Color]]:
    """The conversions that give the same samples on every `EVERY`th pixel of these pairs each way, the first first."""
    found: dict[tuple[object, ...], list[Color]] = {}
    at = pipeline.names.index("color")
    looks = []
    for pair in pairs:
        try:
            raster = rendering.raster(pair, pipeline, at)
        except UnderstudyError:
            continue
        looks.append((replace(raster, pixels=np.ascontiguousarray(raster.pixels[::EVERY, ::EVERY])), pair.context))
    for step in steps:
        key: list[object] = [] if looks else [step]
        for raster, context in looks:
            try:
                key.append(step.exact(raster, context).pixels.tobytes())
            except UnderstudyError as error:
                key.append(str(error))
        found.setdefault(tuple(key), []).append(step)
    return list(found.values())


def _keep(pairs: Sequence[Observed]) -> bool:
    """Whether received files carry the profile that was sent."""
    return any(p.icc is not None and p.icc in _profiles(p) for p in pairs)


def _profiles(pair: Observed) -> list[bytes]:
    """The received file's ICC profile, put together from its APP2 segments (ICC.1, B.4)."""
    parts = [p for p in pair.stream.app(2) if p[:12] == b"ICC_PROFILE\0"]
    return [b"".join(p[14:] for p in sorted(parts, key=lambda p: p[12:13]))] if parts else []


def _label(step: Color) -> str:
    if step.icc != "srgb":
        return "samples left, profile kept" if step.icc == "keep" else "samples left, profile dropped"
    if step.srgb == "skia":
        return "to Skia's sRGB"
    compensated = ", black point compensated" if step.black_point_compensation else ""
    return f"to {step.srgb}' sRGB, {step.intent}{compensated}"


QUESTIONS: list[Question] = [ProfileQuestion()]
