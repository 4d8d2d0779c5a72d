"""Whose decoder read a sent JPEG: its inverse DCTs, and how chroma was brought to full size.

Where no lossless picture was sent at its own size, `encoder` tries the likeliest decoders with the likeliest DCTs; here
all of them are tried with the encoder as it is by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

from ...codec.png16 import is_png16
from ...codec.variants import Decoder, Depth16, Engine, Upsampling
from ...steps.decode import Decode
from ...steps.resize import Resize
from .. import habits
from ..observed import Observed
from ..pipeline import Pipeline
from ..question import Candidate, Decision, Question
from ..rendering import Rendering
from . import _witnesses as witnesses
from ._encoders import known_name, listed

DECODERS: dict[tuple[Decoder, Upsampling, Literal["islow", "ifast"]], str] = {
    (Decoder.LIBJPEG_TURBO, Upsampling.FANCY, "islow"): "libjpeg-turbo",
    (Decoder.LIBJPEG_TURBO, Upsampling.PLAIN, "islow"): "libjpeg-turbo, chroma repeated",
    (Decoder.LIBJPEG_7, Upsampling.FANCY, "islow"): "libjpeg 7 to 9",
    (Decoder.LIBJPEG_9A, Upsampling.FANCY, "islow"): "libjpeg 9a to 9f",
    (Decoder.GO, Upsampling.FANCY, "islow"): "Go's image/jpeg",
    (Decoder.LIBJPEG_TURBO, Upsampling.FANCY, "ifast"): "libjpeg-turbo, fast",
    (Decoder.LIBJPEG_TURBO, Upsampling.PLAIN, "ifast"): "libjpeg-turbo, fast, chroma repeated",
}
"""(decoder, upsampling, dct_method) by what to call them, the commonest first; any other decoder goes by its own
name."""
_NAMED = {decoder for decoder, _, _ in DECODERS}
EVERY = (*DECODERS, *((d, Upsampling.FANCY, "islow") for d in Decoder if d not in _NAMED))

MADE_RGB = ", made RGB"
"""What is added to Go's name where Y, Cb and Cr do not last."""

WRONG = 1.8
"""Pixels of error from which on the resampling is not known. Source: facts/learning-trials.md, 2.1."""
EXPLAINED = 0.999
"""Share of equal coefficients from which on a decoder is taken for identified: of the right ones, with everything else
right, none leaves any unequal; ffmpeg's own, which is not built, left 0.0019 beside the nearest (ffmpeg_q5 in
benchmarks/channels_after.py)."""


class DecoderQuestion:
    """Which decoder: libjpeg-turbo's with a triangle filter or repetition for chroma and either inverse DCT, libjpeg
    7's, 9a's, Go's, and whether the last's is made RGB at once."""

    name = "JPEG decoder"
    step = "decode"
    order = 30
    would_tell = "a JPEG with 4:2:0 chroma, strong colours and no ICC profile, delivered at its own size"

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        """Sent JPEGs, same-size ones if there are any, subsampled ones first: 4:4:4 tells Go's from others at most."""
        sent = [p for p in pairs if p.is_jpeg]
        for kind in (
            [p for p in sent if not p.is_resized and p.icc is None], [p for p in sent if not p.is_resized], sent,
        ):  # fmt: skip
            if kind:
                ranked = sorted(kind, key=lambda p: (not _was_subsampled(p), p.orientation != 1, witnesses.work(p)))
                return witnesses.affordable(ranked, pipeline)
        return []

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        decode = pipeline.get(Decode)
        if not witnesses.is_predicted(pipeline, pairs, rendering, WRONG):
            return [Candidate(_label(pipeline), pipeline)]
        made = [pipeline]
        for decoder, upsampling, dct_method in EVERY:
            one = replace(decode, decoder=decoder, upsampling=upsampling, dct_method=dct_method, to_rgb=False)
            if decoder is not Decoder.GO or _go_can(pipeline):
                made.append(pipeline.having(one))
            if decoder is Decoder.GO and _is_full_size(decode):
                made.append(pipeline.having(replace(one, to_rgb=True)))
        return sorted(listed(made, _label, lambda p: _habit(p, pipeline)), key=lambda c: c.habit)

    def explained(
        self, decision: Decision, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering
    ) -> Decision:
        """A decoder that nothing was held against, though the picture does not come out, is a guess; so is one that
        leaves more unequal than a right one does."""
        if len(decision.trials) == 1 and decision.trials[0].total.unequal:
            told = f"{decision.reason}; what follows is not known well enough to tell decoders apart"
            return replace(decision, guess=True, reason=told)
        if decision.trials and decision.trials[0].total.share < EXPLAINED:
            return replace(decision, guess=True, reason=f"{decision.reason}; the nearest that is known, not identified")
        return decision


def _label(pipeline: Pipeline) -> str:
    decode = pipeline.get(Decode)
    other = " ".join((decode.decoder, decode.upsampling, decode.dct_method))
    name = DECODERS.get((decode.decoder, decode.upsampling, decode.dct_method), other)
    return f"{name}{MADE_RGB}" if decode.to_rgb else name


def _habit(pipeline: Pipeline, present: Pipeline) -> int:
    """A program that encodes with libjpeg, Go, ... decodes with it as well."""
    decode, encode = pipeline.get(Decode), present.encode
    chosen = decode.decoder, decode.upsampling, decode.dct_method
    rank = EVERY.index(chosen) if chosen in EVERY else len(EVERY)
    same = known_name(encode) == _label(pipeline).removesuffix(MADE_RGB)
    return 2 * (0 if same else rank + 1) + (decode.to_rgb != _makes_rgb(present))


def _makes_rgb(pipeline: Pipeline) -> bool:
    """Whether the software with that resampler makes R, G and B of what Go decoded, by habit."""
    resize = pipeline.find(Resize)
    rows = habits.of_resampler(resize.code) if resize is not None else ()
    return any(row.habits.get("decode.to_rgb") is True for row in rows)


def _go_can(pipeline: Pipeline) -> bool:
    """Go's decoder leaves YCbCr, which jpegli's engine, a smaller scale or a conversion of colours cannot take."""
    return _is_full_size(pipeline.get(Decode)) and pipeline.encode.engine is Engine.LIBJPEG


def _is_full_size(decode: Decode) -> bool:
    return decode.scale == 8 and decode.draft == "none"


def _was_subsampled(pair: Observed) -> bool:
    stream = pair.context.sent_stream
    frame = stream.frame if stream is not None else None
    if frame is None or len(frame.components) != 3:
        return False
    return len({(c.h_samp_factor, c.v_samp_factor) for c in frame.components}) > 1


class SixteenBitQuestion:
    """How samples of 16 bits become 8."""

    name = "16-bit samples"
    step = "decode"
    order = 31
    would_tell = "a PNG of 16 bits a sample, delivered at its own size"

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        """PNGs of 16 bits, same-size ones if there are any."""
        deep = [p for p in pairs if is_png16(p.sent)]
        return witnesses.affordable(witnesses.smallest_first([p for p in deep if not p.is_resized] or deep), pipeline)

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """All ways that are known, the present one first."""
        present = pipeline.get(Decode).sixteen_bit
        kinds = [present, *(kind for kind in Depth16 if kind is not present)]
        return listed(
            [pipeline.changed(Decode, sixteen_bit=kind) for kind in kinds], lambda p: str(p.get(Decode).sixteen_bit)
        )


QUESTIONS: list[Question] = [DecoderQuestion(), SixteenBitQuestion()]
