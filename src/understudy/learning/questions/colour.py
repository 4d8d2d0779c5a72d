"""What becomes of a sent picture's ICC profile: its samples converted to sRGB, whose sRGB and how, or left alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...steps.color import Color
from ..observed import Observed
from ..pipeline import Pipeline
from ..question import Candidate, Question
from ..rendering import Rendering
from . import _witnesses as witnesses


class ProfileQuestion:
    """Converted to whose sRGB, with which intent and black point compensation; or the samples left as they are."""

    name = "ICC profile"
    step = "color"
    order = 34
    would_tell = "a picture with a Display P3 or Adobe RGB profile and strong colours, delivered at its own size"

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        with_profile = [p for p in pairs if p.icc is not None]
        same = [p for p in with_profile if not p.is_resized] or with_profile
        return sorted(same, key=lambda p: (not p.is_jpeg and p.has_alpha, p.orientation != 1, witnesses.pixels(p)))

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """`keep` and `drop` give the same samples: which of them, the received files' profiles say."""
        left = Color(icc="keep" if _keep(pairs) else "drop")
        steps = [left, Color()]
        steps += [
            Color(srgb="libvips"),
            Color(intent="relative"),
            Color(intent="relative", black_point_compensation=True),
        ]
        steps += [Color(black_point_compensation=True), Color(srgb="libvips", intent="relative")]
        steps += [Color(srgb="libvips", intent="relative", black_point_compensation=True)]
        steps += [Color(srgb="libvips", black_point_compensation=True)]
        steps += [Color(intent="saturation"), Color(intent="absolute"), Color(srgb="skia")]
        present = pipeline.get(Color)
        if present.icc == "srgb" and present not in steps:
            steps.append(present)
        return [Candidate(_label(step), pipeline.having(step), rank) for rank, step in enumerate(steps)]


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
