"""What of the encoder its headers do not state: colour conversion, chroma downsampling, edges, DCT, quantiser, engine.

Exact samples and the delivered levels leave nothing to chance: a wrong DCT changes 4 to 85 % of the blocks (facts/
learning-trials.md, 1). Colour, DCT and quantiser blur each other, so they are one question, asked of same-size pairs
whose samples are known. Engines that look at the whole picture (mozjpeg's trellis, jpegli) are tried only where the
rounding class (`tomography`) calls for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from itertools import product

from ...codec.encode import GO, LIBJPEG, LIBJPEG_7
from ...codec.tables import Law
from ...codec.variants import Color, Dct, Decoder, Engine, Quantizer, Upsampling
from ...errors import UnderstudyError
from ...steps.decode import Decode
from ...steps.encode import Encode
from ..fit import fit, luma
from ..observed import Observed, boxes, whole
from ..pipeline import Pipeline
from ..question import Candidate, Decision, Question
from ..rendering import Rendering
from ..tomography import (
    MARGIN,
    Events,
    Rounding,
    Samples,
    classify,
    differences,
    events,
    offset,
    samples,
    thresholds,
)
from . import _witnesses as witnesses
from ._encoders import WHOLE, as_jpegli, can_trellis, listed, name_of, with_arithmetic

_DECODERS = (
    (Decoder.LIBJPEG_TURBO, Upsampling.FANCY),
    (Decoder.LIBJPEG_TURBO, Upsampling.PLAIN),
    (Decoder.LIBJPEG_7, Upsampling.FANCY),
)
"""Decoders that are tried together with the DCT where only JPEGs were sent."""

MOST_LOOKED_AT = 3
"""Pairs that are tried for one whose samples are known."""
SLACK_OF_RESIZED = 0.2
"""Steps by which a prediction through a resize may be off: facts/learning-trials.md, 1 (use .70 to .95)."""
MOST_TRIED = 14
"""Block by block encoders that reach exact trials on several boxes and pairs."""
LEAST_PROBABLE = 1e-3
"""A rounding class below this probability is not tried."""
GOOD_SIGMA = 1.3
"""Pixels: a prediction with a larger error says nothing about rounding. Source: facts/learning-trials.md, 2.1."""


def sampled(
    pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering
) -> tuple[Observed, list[Samples]] | None:
    """The first pair that the pipeline predicts well enough to say anything of rounding, with the samples of some
    boxes of it; None where there is no such pair."""
    for pair in pairs[:MOST_LOOKED_AT]:
        where = boxes(pair)
        try:
            raster = rendering.raster(pair, pipeline)
            if (raster.width, raster.height) != pair.size or raster.has_alpha:
                continue
            if pair.is_resized and fit(luma(raster.pixels), pair, where).sigma > GOOD_SIGMA:
                continue
            return pair, samples(raster, pair, where, pipeline.encode)
        except UnderstudyError:
            continue
    return None


def rounding_classes(pair: Observed, rows: Sequence[Samples]) -> dict[Rounding, float]:
    """The probability of each rounding class, from luma alone: encoders differ in what they do to chroma before."""
    return classify(_events(pair, rows))


def _events(pair: Observed, rows: Sequence[Samples]) -> Events:
    return events(rows[:1], slack=SLACK_OF_RESIZED if pair.is_resized else MARGIN - 0.5)


class EncoderQuestion:
    """Colour conversion, DCT and quantiser together, known encoders whole, and engines of another kind."""

    name = "encoder"
    step = "encode"
    order = 20
    would_tell = "a PNG of at least 256 x 256 pixels with strong colours and detail, delivered at its own size"

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        return witnesses.for_encoder(pairs)

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        seen = sampled(pipeline, pairs, rendering)
        cheap = [pipeline.having(encode) for encode in _blockwise(pipeline.encode)]
        if pairs and all(p.is_jpeg for p in pairs):
            cheap += _with_decoders(pipeline)
        if seen is not None:
            cheap += [pipeline.having(encode) for encode in _fitted(pipeline.encode, seen[1])]
        made = _screened([*{p.keys: p for p in cheap}.values()], pairs, rendering)
        classes = {} if seen is None else rounding_classes(*seen)
        made += [pipeline.having(encode) for encode in _costly(pipeline.encode, classes)]
        return listed([*made, pipeline], _label)

    def explained(
        self, decision: Decision, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering
    ) -> Decision:
        """With tomography's figures of one pair, and where the differences lie if there are any."""
        seen = sampled(pipeline, pairs, rendering)
        if seen is None:
            return decision
        pair, rows = seen
        found, classes = _events(pair, rows), rounding_classes(pair, rows)
        likeliest = max(classes, key=lambda name: classes[name])
        at = offset(rows)
        evidence: dict[str, object] = {
            "pair": pair.name,
            "rounding": {str(name): share for name, share in classes.items()},
            "events": found.shares | {"blocks": found.blocks},
            "offset": None if at is None else asdict(at),
            "thresholds": [asdict(t) for t in thresholds(rows[:2])],
        }
        reason = decision.reason
        if pipeline.encode.quantizer is Quantizer.ROUNDING_OFFSET:
            reason += "; fitted, not identified: no encoder known here rounds so"
        elif decision.trials and decision.trials[0].total.unequal:
            reason += f"; not exact: rounding looks {likeliest}"
            where = differences(pair, rendering.levels(pair, pipeline, whole(pair)[0])[0])
            evidence["differences"] = None if where is None else asdict(where)
            if where is not None and where.is_local:
                reason += f", and all differences lie in {where.share:.1%} of the picture"
        return replace(decision, reason=reason, evidence={**decision.evidence, **evidence})


def _label(pipeline: Pipeline) -> str:
    decode = pipeline.find(Decode)
    name = name_of(pipeline.encode)
    if decode is None or (decode.decoder, decode.upsampling) == _DECODERS[0]:
        return name
    return f"{name}, after {decode.decoder} {decode.upsampling}"


def _blockwise(encode: Encode) -> Iterator[Encode]:
    """Everything that is cheap: encoders whole, then colour x DCT x rounding with the other parts as they are."""
    for arithmetic in WHOLE.values():
        yield with_arithmetic(encode, arithmetic)
    kept = replace(LIBJPEG, downsampling=encode.downsampling, edge=encode.edge)
    for color, dct, quantizer in product(Color, Dct, Quantizer):
        if color is not Color.NONE and quantizer not in (Quantizer.MOZJPEG_TRELLIS, Quantizer.ROUNDING_OFFSET):
            yield with_arithmetic(encode, replace(kept, color=color, dct=dct, quantizer=quantizer))


def _screened(pipelines: Sequence[Pipeline], pairs: Sequence[Observed], rendering: Rendering) -> list[Pipeline]:
    """Those that agree best with the busiest box of the best witness, at most `MOST_TRIED`, in the order given;
    encoders that cannot take the picture are none of them. All of them where there is no witness."""
    if not pairs or len(pipelines) <= MOST_TRIED:
        return list(pipelines)
    where = boxes(pairs[0])
    box = where[min(1, len(where) - 1)]
    unequal = []
    for pipeline in pipelines:
        try:
            unequal.append(rendering.agreement(pairs[0], pipeline, (box,)).unequal)
        except UnderstudyError:
            unequal.append(1 << 62)
    best = sorted(range(len(pipelines)), key=lambda i: (unequal[i], i))[:MOST_TRIED]
    return [pipelines[i] for i in sorted(best) if unequal[i] < 1 << 62]


def _costly(encode: Encode, classes: dict[Rounding, float]) -> Iterator[Encode]:
    """Engines that need the whole picture, as far as the rounding class or the headers call for them."""
    if encode.engine is Engine.JPEGLI or encode.quantizer is Quantizer.MOZJPEG_TRELLIS:
        yield encode
    probable = {name for name, share in classes.items() if share >= LEAST_PROBABLE}
    if probable & {Rounding.TRELLIS, Rounding.UNKNOWN} and can_trellis(encode):
        for deringing in (False, True):
            plain = with_arithmetic(encode, LIBJPEG)
            yield replace(plain, quantizer=Quantizer.MOZJPEG_TRELLIS, overshoot_deringing=deringing)
    if encode.law is Law.JPEGLI or probable & {Rounding.ADAPTIVE, Rounding.DEAD_ZONE, Rounding.UNKNOWN}:
        for adaptive in (True, False):
            yield as_jpegli(encode, adaptive)


def _fitted(encode: Encode, rows: Sequence[Samples]) -> Iterator[Encode]:
    """A dead zone that no known encoder has, where the thresholds show one: its offset, and its neighbours as far as
    they are as likely; each after the three commonest DCTs."""
    at = offset(rows)
    kept = replace(encode, engine=Engine.LIBJPEG, overshoot_deringing=False)
    if at is None or not at.matters or encode.engine is Engine.JPEGLI:
        return
    first, last = (round(256 * (1 - bound)) for bound in (at.high, at.low))
    near = [at.in_256ths + d for d in (0, -1, 1) if first - 1 <= at.in_256ths + d <= last + 1]
    for dct in (Dct.ISLOW, Dct.FLOAT, Dct.IFAST):
        for value in near if dct is not Dct.IFAST else near[:1]:
            fitted = replace(kept, dct=dct, quantizer=Quantizer.ROUNDING_OFFSET)
            yield replace(fitted, rounding_offset=min(255, max(0, value)))


def _with_decoders(pipeline: Pipeline) -> Iterator[Pipeline]:
    """The likeliest DCTs after the likeliest decoders; Go's and libjpeg 7's encoders after their own."""
    decode = pipeline.find(Decode)
    if decode is None or decode.decoder is Decoder.GO:
        return
    for decoder, upsampling in _DECODERS:
        for dct in (Dct.ISLOW, Dct.IFAST, Dct.FLOAT):
            encode = replace(with_arithmetic(pipeline.encode, LIBJPEG), dct=dct)
            yield pipeline.having(replace(decode, decoder=decoder, upsampling=upsampling)).having(encode)
    for decoder, arithmetic in ((Decoder.LIBJPEG_7, LIBJPEG_7), (Decoder.GO, GO)):
        if decoder is Decoder.GO and (decode.scale != 8 or decode.draft != "none"):
            continue
        after = pipeline.having(replace(decode, decoder=decoder, upsampling=Upsampling.FANCY))
        yield after.having(with_arithmetic(pipeline.encode, arithmetic))


QUESTIONS: list[Question] = [EncoderQuestion()]
