"""Which JPEG would tell answers apart that differ in how a large one is decoded smaller, and sized."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from types import SimpleNamespace

from ..errors import UnderstudyError
from ..steps.decode import Decode
from ..steps.resize import Resize
from .pipeline import Pipeline

SIDES = range(801, 4800, 7)
"""Sides that are tried: odd ones and even ones, few of them whole MCUs."""
ASPECTS = ((2, 3), (3, 4), (4, 5), (5, 8), (1, 2), (5, 7))
DRAFT_FIELDS = (
    "scale", "draft", "draft_limit", "draft_limit_height", "draft_derive", "draft_rounding", "draft_by", "draft_to",
)  # fmt: skip
SIZE_FIELDS = (
    "fit", "limit", "limit_height", "upscale", "derive", "rounding", "multiple", "sized_by", "as_shown",
)  # fmt: skip
"""What the size of a delivery goes by in `decode` and in `resize`."""
PIXELS = 14_000_000
"""At most: platforms refuse larger files, and detail of that size takes long to learn from."""


def jpeg_size(pipelines: Sequence[Pipeline]) -> tuple[int, int] | None:
    """(width, height) of an upright JPEG of which these pipelines make the most different things: sizes, or eighths to
    which it is decoded; the smallest such. None where all make the same of every size that is tried."""
    if len({_sizing(pipeline) for pipeline in pipelines}) < 2:
        return None  # most answers differ elsewhere: no need to try thousands of sizes
    best: tuple[int, int] | None = None
    most = 1
    for size in sizes():
        made = {outcome(pipeline, *size) for pipeline in pipelines}
        if len(made) > most:
            best, most = size, len(made)
            if most == len(pipelines):
                break
    return best


def _sizing(pipeline: Pipeline) -> Hashable:
    """All that `outcome` goes by."""
    decode, resize = pipeline.find(Decode) or Decode(), pipeline.find(Resize)
    drafts = tuple(getattr(decode, name) for name in DRAFT_FIELDS)
    return drafts, resize and tuple(getattr(resize, name) for name in SIZE_FIELDS)


def sizes() -> Iterator[tuple[int, int]]:
    """Sizes to try, few pixels first, upright and lying."""
    found = {
        size
        for long in SIDES
        for a, b in ASPECTS
        for short in (long * a // b, long * a // b + 1)
        if long * short <= PIXELS
        for size in ((long, short), (short, long))
    }
    return iter(sorted(found, key=lambda s: (s[0] * s[1], s)))


def outcome(pipeline: Pipeline, width: int, height: int) -> Hashable:
    """(eighths that are decoded, width and height of what is delivered), or the error, of a JPEG of these sides."""
    decode, resize = pipeline.find(Decode) or Decode(), pipeline.find(Resize)
    try:
        eighths = decode.eighths(width, height)
        value = SimpleNamespace(
            width=-(-width * eighths // 8), height=-(-height * eighths // 8), orientation=1, resized=False,
            before=None if eighths == 8 else (width, height, eighths),
        )  # fmt: skip
        if resize is None:
            return eighths, value.width, value.height
        to = resize.target_of(value)
        return eighths, to.width, to.height
    except UnderstudyError as error:
        return str(error)


def with_sizes_of(pipelines: Iterable[Pipeline], final: Pipeline, fields: Sequence[str]) -> list[Pipeline]:
    """The pipelines with the size rule (those fields of `resize`) of another."""
    own = final.find(Resize)
    out = []
    for pipeline in pipelines:
        same = own is not None and pipeline.find(Resize) is not None
        out.append(pipeline.changed(Resize, **{name: getattr(own, name) for name in fields}) if same else pipeline)
    return out
