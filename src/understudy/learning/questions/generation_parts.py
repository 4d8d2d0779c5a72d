"""The arithmetic of a hidden earlier JPEG generation: how its chroma was made smaller, its DCT, how it was decoded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product

from ...codec.variants import Dct, Decoder, Downsampling, Upsampling
from ...steps.generation import Generation
from ..observed import Observed
from ..pipeline import Pipeline
from ..question import Candidate, Question
from ..rendering import Rendering
from . import _witnesses as witnesses
from ._encoders import listed
from .generation import EarlierGeneration

_DECODERS = (
    (Decoder.LIBJPEG_TURBO, Upsampling.FANCY),
    (Decoder.LIBJPEG_TURBO, Upsampling.PLAIN),
    (Decoder.LIBJPEG_7, Upsampling.FANCY),
)
_DCTS = (Dct.ISLOW, Dct.IFAST, Dct.FLOAT)


class GenerationParts:
    """Chroma's way down and up, and the DCT, of a generation that is known to be there."""

    name = "earlier generation's arithmetic"
    step = "generation"
    order = 53
    would_tell = "a PNG with strong colours and detail, delivered at its own size"

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        """Those that the generation itself is asked of, in colour, lossless ones of unchanged size first; none where
        there is no generation."""
        if pipeline.find(Generation) is None:
            return []
        ranked = EarlierGeneration().bearing([p for p in pairs if len(p.factors) == 3], pipeline)
        plain = [p for p in ranked if witnesses.is_plain(p)]
        return witnesses.affordable(sorted(plain or ranked, key=lambda p: (p.is_resized, p.is_jpeg)), pipeline)

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """Ways down with ways up, after the DCT as it is by now; other DCTs with the ways as they are."""
        step = pipeline.find(Generation)
        if step is None:
            return [Candidate("nothing to tell", pipeline)]
        ways = [
            replace(step, downsampling=down, decoder=decoder, upsampling=up)
            for down, (decoder, up) in product((Downsampling.LIBJPEG, Downsampling.LIBJPEG_7), _DECODERS)
        ]
        made = [*ways, *(replace(step, dct=dct) for dct in _DCTS), step]
        return listed([pipeline.having(one) for one in made], _label)


def _label(pipeline: Pipeline) -> str:
    step = pipeline.get(Generation)
    down = "libjpeg 7's downsampling" if step.downsampling is Downsampling.LIBJPEG_7 else f"{step.downsampling}'s means"
    up = {
        _DECODERS[0]: "decoded as libjpeg-turbo does",
        _DECODERS[1]: "decoded with chroma repeated",
        _DECODERS[2]: "decoded as libjpeg 7 does",
    }.get((step.decoder, step.upsampling), f"decoded by {step.decoder}, {step.upsampling}")
    return f"{step.dct}, {down}, {up}"


QUESTIONS: tuple[Question, ...] = (GenerationParts(),)
