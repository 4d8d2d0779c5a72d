"""What of the encoder its headers do not state: colour conversion, chroma downsampling, edges, DCT, quantiser, engine.

Exact samples and the delivered levels leave nothing to chance: a wrong DCT changes 4 to 85 % of the blocks (facts/
learning-trials.md, 1). Colour, DCT and quantiser blur each other, so they are one question, asked of same-size pairs whose
samples are known. Engines that look at the whole picture (mozjpeg's trellis, jpegli) are tried only where the rounding
class (`tomography`) calls for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

from ...codec.encode import FACEBOOK_CLASSIC, GO, LIBJPEG, LIBJPEG_7, Arithmetic
from ...codec.mozjpeg.trellis import Tune
from ...codec.tables import Law
from ...codec.variants import Color, Dct, Decoder, Downsampling, DummyBlocks, Edge, Engine, Quantizer, Upsampling
from ...errors import UnderstudyError
from ...jpeg.compose import Huffman
from ...steps.decode import Decode
from ...steps.encode import PARTS, Encode
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

WHOLE = {
    "libjpeg": LIBJPEG,
    "libjpeg 7 to 9": LIBJPEG_7,
    "Go's image/jpeg": GO,
    "Facebook's classic encoder": FACEBOOK_CLASSIC,
}
"""Encoders of which every part is known, by what to call them; in the order of how often one meets them."""

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
LEAST_PROBABLE = 1e-3
"""A rounding class below this probability is not tried."""
GOOD_SIGMA = 1.3
"""Pixels: a prediction with a larger error says nothing about rounding. Source: facts/learning-trials.md, 2.1."""


def with_arithmetic(encode: Encode, arithmetic: Arithmetic) -> Encode:
    """`encode` with libjpeg's engine made of the parts of `arithmetic`."""
    return replace(
        encode, engine=Engine.LIBJPEG, color=arithmetic.color, downsampling=arithmetic.downsampling,
        edge=arithmetic.edge, dct=arithmetic.dct, quantizer=arithmetic.quantizer, dummy_blocks=arithmetic.dummy_blocks,
        overshoot_deringing=False,
    )  # fmt: skip


def as_jpegli(encode: Encode, adaptive: bool) -> Encode:
    """`encode` with jpegli's engine, which has none of libjpeg's parts."""
    fresh: dict[str, Any] = {part: getattr(Encode, part) for part in PARTS}
    return replace(encode, engine=Engine.JPEGLI, adaptive_quantization=adaptive, **fresh)


def can_trellis(encode: Encode) -> bool:
    """mozjpeg's trellis writes its own Huffman tables, always."""
    return encode.huffman == Huffman.OPTIMAL


def sampled(
    pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering
) -> tuple[Observed, list[Samples]] | None:
    """The first pair that the pipeline predicts well enough to say anything of rounding, with the samples of some
    boxes of it, planes made as libjpeg makes them; None where there is no such pair."""
    arithmetic = replace(LIBJPEG, color=pipeline.encode.color, downsampling=pipeline.encode.downsampling)
    if arithmetic.downsampling is Downsampling.LIBJPEG_7:
        arithmetic = replace(arithmetic, downsampling=Downsampling.LIBJPEG)
    for pair in pairs[:MOST_LOOKED_AT]:
        where = boxes(pair)
        try:
            raster = rendering.raster(pair, pipeline)
            if (raster.width, raster.height) != pair.size or raster.has_alpha:
                continue
            if pair.is_resized and fit(luma(raster.pixels), pair, where).sigma > GOOD_SIGMA:
                continue
            return pair, samples(raster, pair, where, with_arithmetic(pipeline.encode, arithmetic))
        except UnderstudyError:
            continue
    return None


def rounding_classes(pair: Observed, rows: Sequence[Samples]) -> dict[Rounding, float]:
    """The probability of each rounding class, from luma alone: encoders differ in what they do to chroma before."""
    return classify(_events(pair, rows))


def _events(pair: Observed, rows: Sequence[Samples]) -> Events:
    return events(rows[:1], slack=SLACK_OF_RESIZED if pair.is_resized else MARGIN - 0.5)


def name_of(encode: Encode) -> str:
    """What to call an encoder's arithmetic: a whole encoder's name, or its parts that are not libjpeg's."""
    if encode.engine is Engine.JPEGLI:
        return "jpegli" if encode.adaptive_quantization else "jpegli without adaptive quantisation"
    mine = Arithmetic(encode.color, encode.downsampling, encode.edge, encode.dct, encode.quantizer, encode.dummy_blocks)
    for name, arithmetic in WHOLE.items():
        if mine == arithmetic and not encode.overshoot_deringing:
            return f"{name}, islow" if arithmetic is LIBJPEG else name
    if encode.quantizer is Quantizer.MOZJPEG_TRELLIS:
        parts = ["mozjpeg's trellis"]
    else:
        parts = [str(encode.dct)]
        parts += [str(encode.quantizer)] if encode.quantizer is not Quantizer.PLAIN else []
        parts[-1] += f" {encode.rounding_offset}/256" if encode.quantizer is Quantizer.ROUNDING_OFFSET else ""
    parts += [f"{encode.color} colour"] if encode.color is not Color.LIBJPEG else []
    if encode.downsampling is not Downsampling.LIBJPEG:
        parts.append(f"{encode.downsampling} downsampling")
    parts += [f"{encode.edge} edges"] if encode.edge is not Edge.LIBJPEG else []
    parts += [f"{encode.dummy_blocks} dummy blocks"] if encode.dummy_blocks is not DummyBlocks.LIBJPEG else []
    parts += ["deringing"] if encode.overshoot_deringing else []
    return ", ".join(parts)


def listed(pipelines: Iterable[Pipeline], label: Any, habits: Any = None) -> list[Candidate]:
    """Candidates of the pipelines, each pipeline and each label once, habits in the order given unless told."""
    out: dict[tuple[str, ...], Candidate] = {}
    labels: set[str] = set()
    for pipeline in pipelines:
        if pipeline.keys not in out:
            text = str(label(pipeline))
            while text in labels:
                text += " (otherwise)"
            labels.add(text)
            rank = len(out) if habits is None else habits(pipeline)
            out[pipeline.keys] = Candidate(text, pipeline, rank)
    return list(out.values())


@dataclass(frozen=True)
class EncoderQuestion:
    """Colour conversion, DCT and quantiser together, known encoders whole, and engines of another kind."""

    name: ClassVar[str] = "encoder"
    step: ClassVar[str] = "encode"
    order: ClassVar[int] = 20
    would_tell: ClassVar[str] = (
        "a PNG of at least 256 x 256 pixels with strong colours and detail, delivered at its own size"
    )

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        return witnesses.for_encoder(pairs)

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        seen = sampled(pipeline, pairs, rendering)
        encodes = [*_blockwise(pipeline.encode)]
        if seen is not None:
            encodes += _costly(pipeline.encode, rounding_classes(*seen))
            encodes += _fitted(pipeline.encode, seen[1])
        else:
            encodes += _costly(pipeline.encode, {})
        made = [pipeline.having(encode) for encode in encodes]
        if pairs and all(p.is_jpeg for p in pairs):
            made += _with_decoders(pipeline)
        if pipeline.keys not in {p.keys for p in made}:
            made.append(pipeline)
        return listed(made, _label)

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
    """Everything that is cheap: encoders whole, then colour x DCT with the other parts as they are, then reciprocals."""
    for arithmetic in WHOLE.values():
        yield with_arithmetic(encode, arithmetic)
    kept = with_arithmetic(
        encode, replace(LIBJPEG, downsampling=encode.downsampling, edge=encode.edge, dummy_blocks=encode.dummy_blocks)
    )
    for color in (Color.LIBJPEG, Color.GO, Color.FACEBOOK_CLASSIC):
        for dct in Dct:
            yield replace(kept, color=color, dct=dct)
    for color in (Color.LIBJPEG, Color.FACEBOOK_CLASSIC):
        for dct in (Dct.ISLOW, Dct.AP922):
            yield replace(kept, color=color, dct=dct, quantizer=Quantizer.RECIPROCAL15_HALF_EVEN)


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


@dataclass(frozen=True)
class DeringingQuestion:
    """Whether white areas overshoot: mozjpeg's deringing, with its trellis or without."""

    name: ClassVar[str] = "overshoot deringing"
    step: ClassVar[str] = "encode"
    order: ClassVar[int] = 24
    would_tell: ClassVar[str] = "a PNG with black text on white, delivered at its own size"

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        if not self._possible(pipeline.encode):
            return []
        kind = witnesses.for_encoder(pairs)
        white = [
            p for p in kind if p.as_sent.pixels[:, :, : max(1, p.as_sent.pixels.shape[2] // 2 * 2 - 1)].max() == 255
        ]
        return white or kind

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        if not self._possible(pipeline.encode):
            return [Candidate("none", pipeline)]
        made = [pipeline.changed(Encode, overshoot_deringing=on) for on in (False, True)]
        return listed(made, lambda p: "deringing" if p.encode.overshoot_deringing else "none")

    @staticmethod
    def _possible(encode: Encode) -> bool:
        if encode.engine is not Engine.LIBJPEG or encode.dct is not Dct.ISLOW:
            return False
        if encode.downsampling is Downsampling.LIBJPEG_7:
            return False
        return encode.quantizer is Quantizer.MOZJPEG_TRELLIS or (
            encode.quantizer is Quantizer.PLAIN and can_trellis(encode)
        )


@dataclass(frozen=True)
class TrellisQuestion:
    """The options of mozjpeg's trellis: each changed alone, and the pairs of them that its users set together."""

    name: ClassVar[str] = "trellis options"
    step: ClassVar[str] = "encode"
    order: ClassVar[int] = 26
    would_tell: ClassVar[str] = "a detailed PNG, delivered at its own size"

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        if pipeline.encode.quantizer is not Quantizer.MOZJPEG_TRELLIS:
            return []
        return witnesses.for_encoder(pairs)[:2]

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        encode = pipeline.encode
        if encode.quantizer is not Quantizer.MOZJPEG_TRELLIS:
            return [Candidate("no trellis", pipeline)]
        made = [encode, replace(encode, trellis_quant_dc=not encode.trellis_quant_dc)]
        made += [replace(encode, trellis_tune=tune) for tune in Tune]
        made += [replace(encode, trellis_use_scans=not encode.trellis_use_scans)]
        made += [replace(encode, trellis_eob_opt=not encode.trellis_eob_opt)]
        made += [replace(encode, trellis_num_loops=loops) for loops in (1, 2, 3)]
        return listed([pipeline.having(e) for e in made], lambda p: _options(p.encode))


def _options(encode: Encode) -> str:
    parts = [str(encode.trellis_tune)]
    parts += [] if encode.trellis_quant_dc else ["AC only"]
    parts += ["multipass"] if encode.trellis_use_scans else []
    parts += ["whole blocks emptied"] if encode.trellis_eob_opt else []
    parts += [f"{encode.trellis_num_loops} loops"] if encode.trellis_num_loops != 1 else []
    return ", ".join(parts)


QUESTIONS: list[Question] = [
    EncoderQuestion(), DeringingQuestion(), TrellisQuestion(),
]  # fmt: skip
