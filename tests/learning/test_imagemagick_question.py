"""What ImageMagick was told beside a filter, learned from what convert just made: samples first, levels, a support."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest

from codec.test_resample_imagemagick import CONVERT
from learning.resizing import asked, photograph, start
from oracles import pillow
from understudy.learning.observed import Observed
from understudy.learning.pipeline import Pipeline
from understudy.learning.questions import imagemagick, order, resize
from understudy.learning.questions.alpha_and_resize import AlphaAndResize
from understudy.learning.questions.imagemagick import Told, levels
from understudy.learning.questions.resize import LargeReductions, Resampling
from understudy.learning.rendering import Rendering
from understudy.learning.search import Search
from understudy.steps.flatten import Flatten
from understudy.steps.resize import Resize

LIMIT = 150


def by_convert(sizes: tuple[tuple[int, int], ...], *words: str, alpha: bool = False) -> list[Observed]:
    out = []
    for i, (width, height) in enumerate(sizes):
        pixels = photograph(width, height, i)
        if alpha:
            slope = np.linspace(0, 255, width).astype(np.uint8)[None].repeat(height, axis=0)
            pixels = np.dstack([pixels, slope])
        sent = pillow(pixels, "PNG")
        ends = ("-quality", "95", "-sampling-factor", "2x2", "jpg:-")
        done = subprocess.run([CONVERT, "-limit", "thread", "1", "-", *words, *ends], input=sent, capture_output=True)
        assert done.returncode == 0, done.stderr
        out.append(Observed(f"{i}", sent, done.stdout))
    return out


def found(search: Search) -> Resize:
    return search.pipeline.get(Resize)


def test_thumbnails_that_are_sampled_first() -> None:
    """Where only some of them are: the others tell the filter, these tell the sample."""
    pairs = by_convert(((300, 200), (600, 401), (533, 700)), "-thumbnail", f"{LIMIT}x{LIMIT}>")
    search, decisions = asked(pairs, Resampling(), LargeReductions(), limit=LIMIT)
    assert (found(search).code, dict(found(search).options)) == ("imagemagick", {"thumbnail": True})
    assert sum(search.agreement(p, search.pipeline).unequal for p in pairs) == 0
    assert "thumbnail" in decisions["large reductions"].answer


@pytest.mark.parametrize("count", [24, 136])
def test_levels_after_the_resize(count: int) -> None:
    words = ("-filter", "Triangle", "-define", "filter:support=2", "-resize", f"{LIMIT}x{LIMIT}>")
    pairs = by_convert(((400, 267), (281, 400)), *words, "-dither", "None", "-posterize", str(count))
    search, decisions = asked(pairs, Resampling(), Told(), limit=LIMIT)
    assert found(search).kernel == "triangle"
    assert found(search).options["posterize"] == count
    assert sum(search.agreement(p, search.pipeline).unequal for p in pairs) == 0
    assert f"{count} levels" in decisions[Told.name].answer


def test_no_levels_where_there_are_none() -> None:
    pairs = by_convert(((400, 267), (281, 400)), "-resize", f"{LIMIT}x{LIMIT}>")
    search, _ = asked(pairs, Resampling(), Told(), limit=LIMIT)
    assert "posterize" not in found(search).options
    known = start(pairs, LIMIT)
    known = known.having(Resize(limit=LIMIT, code="imagemagick", kernel="lanczos"))
    assert levels(known, pairs, Rendering()) == []


def test_levels_at_own_size_too() -> None:
    words = ("-filter", "Triangle", "-resize", f"{LIMIT}x{LIMIT}>", "-dither", "None", "-posterize", "32")
    pairs = by_convert(((400, 267), (140, 100)), *words)
    search, _ = asked(pairs, Resampling(), Told(), order.OwnSize(), limit=LIMIT)
    assert found(search).at_own_size
    assert sum(search.agreement(p, search.pipeline).unequal for p in pairs) == 0


def test_it_is_asked_of_filters_that_imagemagick_has() -> None:
    pairs = by_convert(((400, 267),), "-resize", f"{LIMIT}x{LIMIT}>")
    for code, kernel, asks in (("gd", "resampled", 0), ("pillow", "bilinear", 1), ("imagemagick", "hann", 1)):
        pipeline = start(pairs, LIMIT).having(Resize(limit=LIMIT, code=code, kernel=kernel))
        assert len(Told().bearing(pairs, pipeline)) == asks, code
    bare = Pipeline(tuple(s for s in start(pairs, LIMIT).steps if s.name != "resize"))
    assert [c.label for c in Told().candidates(bare, [], Rendering())] == ["none"]
    assert imagemagick.QUESTIONS[0].order > resize.QUESTIONS[1].order


def test_the_filter_that_alpha_calls_for_is_found_with_the_side_of_the_resize() -> None:
    """ImageMagick's own choice of a filter is another one where alpha goes through the resize."""
    opaque = by_convert(((400, 267),), "-resize", f"{LIMIT}x{LIMIT}>")
    clear = by_convert(((281, 400),), "-resize", f"{LIMIT}x{LIMIT}>", alpha=True)
    pairs = [*opaque, *(Observed("clear", p.sent, p.received) for p in clear)]
    pipeline = start(pairs, LIMIT).having(Resize(limit=LIMIT, code="imagemagick", kernel="lanczos"))
    search = Search(pairs, pipeline.having(Flatten(alpha="drop")))
    search.run([AlphaAndResize(), *order.QUESTIONS[:1]])
    names = search.pipeline.names
    assert names.index("flatten") > names.index("resize")
    assert found(search).kernel == "default"
    assert sum(search.agreement(p, search.pipeline).unequal for p in pairs) == 0
