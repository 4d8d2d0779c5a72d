"""Encoders as values: which are known whole, how one is put into a pipeline's last step, what to call it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from ...codec import encode as codec
from ...codec.encode import Arithmetic
from ...codec.variants import Color, Downsampling, Edge, Engine, Quantizer
from ...errors import UnderstudyError
from ...jpeg.compose import Huffman
from ...steps.encode import PARTS, Encode
from ..observed import Observed, boxes
from ..pipeline import Pipeline
from ..question import Candidate
from ..rendering import Rendering

_NAMES = {
    "LIBJPEG": "libjpeg",
    "LIBJPEG_7": "libjpeg 7 to 9",
    "GO": "Go's image/jpeg",
    "RUST_IMAGE": "Rust's image crate",
    "RUST_IMAGE_INTEGER": "Rust's image crate, later releases",
    "FACEBOOK_CLASSIC": "Facebook's classic encoder",
}
"""What people call them; any other constant of `codec.encode` goes by its own name."""


def _whole() -> dict[str, Arithmetic]:
    found = {name: value for name, value in vars(codec).items() if isinstance(value, Arithmetic)}
    first = {_NAMES[name]: found.pop(name) for name in _NAMES if name in found}
    return first | {name.lower().replace("_", "-"): value for name, value in sorted(found.items())}


WHOLE = _whole()
"""Every encoder of which all parts are known, `codec.encode`'s constants, by what to call it; commonest first."""


def with_arithmetic(encode: Encode, arithmetic: Arithmetic) -> Encode:
    """`encode` with libjpeg's engine made of the parts of `arithmetic`; what lies beyond the picture stays as it is, a
    question of its own. Stored R, G and B stay, which headers say."""
    color = encode.color if encode.color is Color.RGB else arithmetic.color
    return replace(
        encode, engine=Engine.LIBJPEG, color=color, downsampling=arithmetic.downsampling,
        edge=arithmetic.edge, dct=arithmetic.dct, quantizer=arithmetic.quantizer,
        rounding_offset=arithmetic.rounding_offset, overshoot_deringing=False,
    )  # fmt: skip


def arithmetic_of(encode: Encode) -> Arithmetic:
    """The parts of `encode` that `with_arithmetic` puts there; dummy blocks always libjpeg's."""
    return Arithmetic(
        encode.color, encode.downsampling, encode.edge, encode.dct, encode.quantizer,
        rounding_offset=encode.rounding_offset,
    )  # fmt: skip


def as_jpegli(encode: Encode, adaptive: bool) -> Encode:
    """`encode` with jpegli's engine, which has none of libjpeg's parts."""
    fresh: dict[str, Any] = {part: getattr(Encode, part) for part in (*PARTS, "rounding_offset")}
    return replace(encode, engine=Engine.JPEGLI, adaptive_quantization=adaptive, **fresh)


def can_trellis(encode: Encode) -> bool:
    """mozjpeg's trellis writes its own Huffman tables, always."""
    return encode.huffman == Huffman.OPTIMAL


def known_name(encode: Encode) -> str:
    """The name in WHOLE of an encoder with these parts; "" where none has them."""
    if encode.engine is not Engine.LIBJPEG or encode.overshoot_deringing:
        return ""
    mine = arithmetic_of(encode)
    mine = replace(mine, color=Color.LIBJPEG) if mine.color is Color.RGB else mine
    dummies = mine.dummy_blocks
    return next((name for name, a in WHOLE.items() if replace(a, dummy_blocks=dummies) == mine), "")


def name_of(encode: Encode) -> str:
    """What to call an encoder's arithmetic: a whole encoder's name, or its parts that are not libjpeg's."""
    if encode.engine is Engine.JPEGLI:
        return "jpegli" if encode.adaptive_quantization else "jpegli without adaptive quantisation"
    name = known_name(encode)
    if name:
        return f"{name}, islow" if name == "libjpeg" else name
    if encode.quantizer is Quantizer.MOZJPEG_TRELLIS:
        parts = ["mozjpeg's trellis"]
    else:
        parts = [str(encode.dct)]
        parts += [str(encode.quantizer)] if encode.quantizer is not Quantizer.PLAIN else []
        parts[-1] += f" {encode.rounding_offset}/256" if encode.quantizer is Quantizer.ROUNDING_OFFSET else ""
    parts += [f"{encode.color} colour"] if encode.color not in (Color.LIBJPEG, Color.RGB) else []
    parts += [f"{encode.downsampling} downsampling"] if encode.downsampling is not Downsampling.LIBJPEG else []
    parts += [f"{encode.edge} edges"] if encode.edge is not Edge.LIBJPEG else []
    parts += ["deringing"] if encode.overshoot_deringing else []
    return ", ".join(parts)


def is_near(pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> bool:
    """Whether the pipeline gives 99 of 100 coefficients of boxes of the best witness: else what few blocks show is not
    to be asked yet. True where there is no witness."""
    if not pairs:
        return True
    try:
        return rendering.agreement(pairs[0], pipeline, boxes(pairs[0])).share >= 0.99
    except UnderstudyError:
        return False


def listed(
    pipelines: Iterable[Pipeline],
    label: Callable[[Pipeline], str],
    habits: Callable[[Pipeline], int] | None = None,
) -> list[Candidate]:
    """Candidates of the pipelines, each pipeline and each label once, habits in the order given unless told."""
    out: dict[tuple[str, ...], Candidate] = {}
    labels: set[str] = set()
    for pipeline in pipelines:
        if pipeline.keys not in out:
            text = label(pipeline)
            while text in labels:
                text += " (otherwise)"
            labels.add(text)
            rank = len(out) if habits is None else habits(pipeline)
            out[pipeline.keys] = Candidate(text, pipeline, rank)
    return list(out.values())
