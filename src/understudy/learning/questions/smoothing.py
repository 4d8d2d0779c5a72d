"""Whether the encoder smoothed its samples, as libjpeg does where it is told a smoothing factor, and how much.

One number from 1 to 100, on luma alone, in windows of pictures whose samples are known: the factor whose prediction
leaves the least error is tried exactly, with its neighbours, and each with the three forward DCTs, since no DCT can be
told while samples are wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from ...codec.encode import LIBJPEG
from ...codec.sampling import smooth
from ...codec.variants import Dct, Engine
from ...errors import UnderstudyError
from ...steps.encode import Encode
from .. import fit, resampling
from ..observed import Observed, boxes
from ..pipeline import Pipeline
from ..question import Candidate, Question
from ..rendering import Rendering
from ..windows import canvas
from . import _witnesses as witnesses
from ._encoders import with_arithmetic
from .sharpen import without_filters

FACTORS = range(1, 101)
BETTER = 0.7
"""Share of the error without smoothing that a factor leaves where it may be tried though it does not give every
coefficient: of 100, 20, 5, 2 and 1 it was 0.01, 0.03, 0.11, 0.29 and 0.96 (kodim01, quality 80)."""
EXPLAINS = 0.99
"""Share of equal coefficients that such a factor must give."""


class Smoothing:
    """libjpeg's input smoothing."""

    name = "input smoothing"
    step = "encode"
    order = 24
    would_tell = "a detailed PNG, delivered at its own size"

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        """The purest witnesses that there are, where libjpeg's parts make the encoder."""
        return witnesses.for_encoder(pairs) if pipeline.encode.engine is Engine.LIBJPEG else ()

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """None; and factors that explain the first pair, without filters before the encoder."""
        out = {pipeline.keys: Candidate(_label(pipeline.encode), pipeline)}
        if not pairs:
            return list(out.values())
        plain = pipeline.changed(Encode, smoothing=0)
        out.setdefault(plain.keys, Candidate(_label(plain.encode), plain))
        for tried in _likely(without_filters(plain), pairs[0], rendering):
            out.setdefault(tried.keys, Candidate(_label(tried.encode), tried, len(out)))
        return list(out.values())


def _likely(plain: Pipeline, pair: Observed, rendering: Rendering) -> Iterator[Pipeline]:
    """Pipelines with a factor near the one that leaves the least error, that give every coefficient, or nearly so where
    that error is much less; none where there is nothing to explain."""
    where = boxes(pair)
    try:
        if not rendering.agreement(pair, plain, where).unequal:
            return
    except UnderstudyError:
        return
    key = ("smoothing", id(pair), plain.keys[:-1])
    factor, share = rendering.remembered(key, lambda: best(pair, plain, rendering))
    encode = with_arithmetic(plain.encode, LIBJPEG)
    for near in (factor, factor - 1, factor + 1):
        for dct in (Dct.ISLOW, Dct.IFAST, Dct.FLOAT):
            if near not in FACTORS:
                continue
            tried = plain.having(replace(encode, smoothing=near, dct=dct))
            try:
                found = rendering.agreement(pair, tried, where)
            except UnderstudyError:
                continue
            if not found.unequal or (share < BETTER and found.share >= EXPLAINS):
                yield tried


def best(pair: Observed, pipeline: Pipeline, rendering: Rendering) -> tuple[int, float]:
    """(the factor whose smoothing of luma leaves the least error, the share of the error without smoothing that it
    leaves); factor 0 where the pipeline does not give the picture its size."""
    try:
        raster = rendering.raster(pair, pipeline)
    except UnderstudyError:
        return 0, 1.0
    if (raster.width, raster.height) != pair.size:
        return 0, 1.0
    width, height = pair.size
    plane = fit.plane_of(raster.pixels, pair, raster.space).round().astype(np.uint8)
    where = boxes(pair, resampling.WINDOW)
    parts = []
    for left, top, right, bottom in where:
        x, y = max(0, left - 1), max(0, top - 1)
        part = plane[y : min(height, bottom + 1), x : min(width, right + 1)]
        parts.append((part, (slice(top - y, bottom - y), slice(left - x, right - x))))
    errors = {}
    for factor in (0, *FACTORS):
        made = [(smooth(part, 1, 1, factor) if factor else part)[inner].astype(np.float32) for part, inner in parts]
        errors[factor] = fit.fit(canvas(pair.size, where, made), pair, where).sigma
    least = min(FACTORS, key=errors.__getitem__)
    return least, errors[least] / max(errors[0], 1e-9)


def _label(encode: Encode) -> str:
    told = f"smoothed by {encode.smoothing} of 100" if encode.smoothing else "none"
    return told if encode.dct is Dct.ISLOW or not encode.smoothing else f"{told}, {encode.dct}"


QUESTIONS: tuple[Question, ...] = (Smoothing(),)
