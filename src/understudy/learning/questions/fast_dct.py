"""Whether the forward DCT goes by the quality: ImageMagick takes libjpeg's fast one up to quality 90."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...codec.variants import Dct, Engine, Quantizer
from ...steps.encode import Encode
from ..observed import Observed
from ..pipeline import Pipeline
from ..question import Candidate, Question
from ..rendering import Rendering

LIMIT = 90
"""Measured with ImageMagick 6.9.11-60: every coefficient is ifast's up to 90 and islow's from 91
(tests/learning/test_fast_dct.py)."""


class FastDct:
    """One DCT for all files, or the fast one up to a quality."""

    name = "DCT by quality"
    step = "encode"
    order = 21
    would_tell = f"pictures delivered at a quality of {LIMIT} or less, and above"

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        """Files on both sides of the limit; none where all stand on one side, or no such DCT is in question."""
        encode = pipeline.encode
        if encode.engine is not Engine.LIBJPEG or encode.quantizer is not Quantizer.PLAIN:
            return ()
        sides: dict[bool, list[Observed]] = {False: [], True: []}
        for pair in sorted(pairs, key=lambda p: (p.is_resized, p.is_jpeg)):
            quality = quality_of(encode, pair)
            if quality is not None:
                sides[quality <= LIMIT].append(pair)
        if not sides[False] or not sides[True]:
            return ()
        first = [side[0] for side in sides.values()]
        return (*first, *(p for p in (*sides[True], *sides[False]) if p not in first))

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """The present answer; with pairs on both sides, islow above the limit as well."""
        yield Candidate(label(pipeline.encode), pipeline)
        if not pairs:
            return
        for limit, dct in ((LIMIT, Dct.ISLOW), (0, Dct.ISLOW), (0, Dct.IFAST), (0, Dct.FLOAT)):
            made = pipeline.changed(Encode, fast_up_to=limit, dct=dct)
            if made.keys != pipeline.keys:
                yield Candidate(label(made.encode), made)


def quality_of(encode: Encode, pair: Observed) -> int | None:
    """The delivered file's quality in the sense of the law; None where its tables are none of it."""
    quality = encode.observe(pair.stream).get("quality")
    return quality if isinstance(quality, int) else None


def label(encode: Encode) -> str:
    """`islow`, or `ifast up to quality 90, islow above`."""
    return f"ifast up to quality {encode.fast_up_to}, {encode.dct} above" if encode.fast_up_to else str(encode.dct)


QUESTIONS: tuple[Question, ...] = (FastDct(),)
