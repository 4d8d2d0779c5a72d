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
from typing import Literal

from ...codec.encode import GO, LIBJPEG, LIBJPEG_7
from ...codec.tables import Law
from ...codec.variants import Color, Dct, Decoder, Engine, Quantizer, Upsampling
from ...errors import UnderstudyError
from ...steps.decode import Decode
from ...steps.encode import Encode
from ..colour_matrix import colour_matrix
from ..fit import fit, plane_of
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

_DECODERS: tuple[tuple[Decoder, Upsampling, Literal["islow", "ifast"]], ...] = (
    (Decoder.LIBJPEG_TURBO, Upsampling.FANCY, "islow"),
    (Decoder.LIBJPEG_TURBO, Upsampling.PLAIN, "islow"),
    (Decoder.LIBJPEG_7, Upsampling.FANCY, "islow"),
    (Decoder.LIBJPEG_TURBO, Upsampling.FANCY, "ifast"),
    (Decoder.LIBJPEG_TURBO, Upsampling.PLAIN, "ifast"),
)
"""Decoders that are tried together with the DCT where only JPEGs were sent."""

MOST_LOOKED_AT = 3
"""Pairs that are tried for one whose samples are known."""
SLACK_OF_RESIZED = 0.2
"""Steps by which a prediction through a resize may be off: facts/learning-trials.md, 1 (use .70 to .95)."""
MOST_TRIED = 14
"""Block by block encoders that reach exact trials on several boxes and pairs."""
NEAR = 1e-3
"""Share of unequal coefficients up to which an encoder may be right though something small is not: a wrong colour
conversion leaves as little as 2e-4, a mark drawn on the picture 2e-3."""
FAR = 0.02
"""Share of unequal coefficients above which an engine is not the one, whatever its options: mozjpeg's trellis with
other options than its own leaves less, jpegli's adaptive quantisation on or off 0.07."""
NEVER = 1 << 62
"""Unequal coefficients of an encoder that cannot take the picture."""
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
            plane = plane_of(raster.pixels, pair, raster.space)
            if pair.is_resized and fit(plane, pair, where).sigma > GOOD_SIGMA:
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
        """The purest witnesses that there are."""
        return witnesses.for_encoder(pairs)

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """The best of what is made of parts, and what the rounding class calls for beside."""
        seen = sampled(pipeline, pairs, rendering)
        if seen is None and pairs and all(p.is_resized for p in pairs):
            return [Candidate(_label(pipeline), pipeline)]  # the resampling is not known yet: any answer would be noise
        cheap = [pipeline.having(encode) for encode in _blockwise(pipeline.encode)]
        if pairs and all(p.is_jpeg for p in pairs):
            cheap += _with_decoders(pipeline)
        if seen is not None:
            cheap += [pipeline.having(encode) for encode in _fitted(pipeline.encode, *seen)]
        made = _screened([*{p.keys: p for p in cheap}.values()], pairs, rendering)
        classes = {} if seen is None else rounding_classes(*seen)
        costly = [pipeline.having(encode) for encode in _costly(pipeline.encode, classes)]
        made += _plausible(costly, cheap[0], pairs, rendering)
        return listed([*made, pipeline], _label)

    def explained(
        self, decision: Decision, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering
    ) -> Decision:
        """With tomography's figures of one pair, and where the differences lie if there are any."""
        seen = sampled(pipeline, pairs, rendering)
        if seen is None:
            unknown = "no pair's samples are known well enough to tell encoders apart"
            return replace(decision, guess=True, reason=unknown) if pairs else decision
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
        matrix = colour_matrix(rendering.raster(pair, pipeline), pair)
        evidence["colour"] = None if matrix is None else asdict(matrix) | {"is_jfif": matrix.is_jfif}
        reason, where = decision.reason, None
        if pipeline.encode.quantizer is Quantizer.ROUNDING_OFFSET:
            reason += "; fitted, not identified: no encoder known here rounds so"
        elif decision.trials and decision.trials[0].total.unequal:
            reason += f"; not exact: rounding looks {likeliest}"
            where = differences(pair, rendering.levels(pair, pipeline, whole(pair)[0])[0])
            evidence["differences"] = None if where is None else asdict(where)
            if where is not None and where.is_local:
                reason += f", and all differences lie in {where.share:.1%} of the picture"
            if matrix is not None and not matrix.is_jfif:
                reason += "; its colour matrix is not JFIF's"
        alone = len(decision.trials) == 1 and decision.trials[0].total.share < 1 - NEAR
        if alone:
            reason += "; none comes near, so no other was tried"
        disproved = not (where is not None and where.is_local) and _disproved(decision, pairs)
        if disproved:
            reason += "; of no lossless picture all coefficients are equal: the nearest that is known, not identified"
        guess = decision.guess or alone or disproved
        return replace(decision, guess=guess, reason=reason, evidence={**decision.evidence, **evidence})


def _disproved(decision: Decision, pairs: Sequence[Observed]) -> bool:
    """Whether the answer leaves differences in every lossless pair of its own size that nothing else is in question of:
    there one coefficient is proof (facts/learning-trials.md, 1). False where no such pair was tried."""
    pure = {p.name for p in pairs if not p.is_resized and not p.is_jpeg and witnesses.is_plain(p)}
    tried = [a.unequal for name, a in decision.trials[0].agreements if name in pure] if decision.trials else []
    return bool(tried) and all(tried)


def _label(pipeline: Pipeline) -> str:
    decode = pipeline.find(Decode)
    name = name_of(pipeline.encode)
    if decode is None or (decode.decoder, decode.upsampling, decode.dct_method) == _DECODERS[0]:
        return name
    fast = " ifast" if decode.dct_method != "islow" else ""
    return f"{name}, after {decode.decoder} {decode.upsampling}{fast}" + (", made RGB" if decode.to_rgb else "")


def _blockwise(encode: Encode) -> Iterator[Encode]:
    """Everything that is cheap: encoders whole, then colour x DCT x rounding with the other parts as they are."""
    rgb = encode.color is Color.RGB  # which libjpeg alone is known to write, islow, ifast or float
    for arithmetic in WHOLE.values():
        if not rgb or arithmetic.color is Color.LIBJPEG:
            yield with_arithmetic(encode, arithmetic)
    kept = replace(LIBJPEG, downsampling=encode.downsampling, edge=encode.edge)
    for color, dct, quantizer in product(Color, Dct, Quantizer):
        if color not in (Color.NONE, Color.RGB) and quantizer not in (
            Quantizer.MOZJPEG_TRELLIS,
            Quantizer.ROUNDING_OFFSET,
        ):
            yield with_arithmetic(encode, replace(kept, color=color, dct=dct, quantizer=quantizer))


def _screened(pipelines: Sequence[Pipeline], pairs: Sequence[Observed], rendering: Rendering) -> list[Pipeline]:
    """Those that agree best with the busiest box of the best witness, at most `MOST_TRIED`, in the order given;
    encoders that cannot take the picture are none of them. All of them where there is no witness.

    Where none comes near and none is twice as good as the first, libjpeg, something else is amiss (another step, an
    engine that is not made of parts): the first alone is left, since any other would be claimed without ground.
    """
    if not pairs:
        return list(pipelines)
    where = boxes(pairs[0])
    box = where[min(1, len(where) - 1)]
    unequal, compared = [], 1
    for pipeline in pipelines:
        try:
            found = rendering.agreement(pairs[0], pipeline, (box,))
            unequal.append(found.unequal)
            compared = max(compared, found.compared)
        except UnderstudyError:
            unequal.append(NEVER)
    best = sorted(range(len(pipelines)), key=lambda i: (unequal[i], i))[:MOST_TRIED]
    if unequal[best[0]] > NEAR * compared and 2 * unequal[best[0]] > unequal[0] and unequal[0] < NEVER:
        return [pipelines[0]]
    return [pipelines[i] for i in sorted(best) if unequal[i] < NEVER]


def _plausible(
    engines: Sequence[Pipeline], plain: Pipeline, pairs: Sequence[Observed], rendering: Rendering
) -> list[Pipeline]:
    """The engines that give at least 98 of 100 coefficients of the best witness, and half of those that plain libjpeg
    does not: a blur before the encoder lowers coefficients too, and must not pass for an engine."""
    if not pairs:
        return list(engines)
    out = []
    for pipeline in engines:
        try:
            ours, theirs = (rendering.agreement(pairs[0], p, boxes(pairs[0])) for p in (pipeline, plain))
        except UnderstudyError:
            continue
        if ours.unequal <= FAR * ours.compared and 2 * ours.unequal <= theirs.unequal:
            out.append(pipeline)
    return out


def _costly(encode: Encode, classes: dict[Rounding, float]) -> Iterator[Encode]:
    """Engines that need the whole picture, as far as the rounding class or the headers call for them."""
    if encode.engine is Engine.JPEGLI or encode.quantizer is Quantizer.MOZJPEG_TRELLIS:
        yield encode
    if encode.color is Color.RGB:
        return  # no engine that needs the whole picture is known to write RGB
    probable = {name for name, share in classes.items() if share >= LEAST_PROBABLE}
    if probable & {Rounding.TRELLIS, Rounding.UNKNOWN} and can_trellis(encode):
        for deringing in (False, True):
            plain = with_arithmetic(encode, LIBJPEG)
            yield replace(plain, quantizer=Quantizer.MOZJPEG_TRELLIS, overshoot_deringing=deringing)
    if encode.law is Law.JPEGLI or probable & {Rounding.ADAPTIVE, Rounding.DEAD_ZONE, Rounding.UNKNOWN}:
        for adaptive in (True, False):
            yield as_jpegli(encode, adaptive)


def _fitted(encode: Encode, pair: Observed, rows: Sequence[Samples]) -> Iterator[Encode]:
    """A dead zone that no known encoder has, where the thresholds of a pair that was not resized show one: its offset,
    and its neighbours as far as they are as likely; each after the three commonest DCTs."""
    if pair.is_resized:
        return
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
    for decoder, upsampling, dct_method in _DECODERS:
        for dct in (Dct.ISLOW, Dct.IFAST, Dct.FLOAT):
            encode = replace(with_arithmetic(pipeline.encode, LIBJPEG), dct=dct)
            decoded = replace(decode, decoder=decoder, upsampling=upsampling, dct_method=dct_method)
            yield pipeline.having(decoded).having(encode)
    for decoder, arithmetic in ((Decoder.LIBJPEG_7, LIBJPEG_7), (Decoder.GO, GO)):
        if decoder is Decoder.GO and (decode.scale != 8 or decode.draft != "none"):
            continue
        plain = replace(decode, decoder=decoder, upsampling=Upsampling.FANCY, dct_method="islow")
        for to_rgb in (False, True) if decoder is Decoder.GO else (False,):
            after = pipeline.having(replace(plain, to_rgb=to_rgb))
            yield after.having(with_arithmetic(pipeline.encode, arithmetic))


QUESTIONS: list[Question] = [EncoderQuestion()]
