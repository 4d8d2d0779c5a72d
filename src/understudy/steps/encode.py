"""encode: a raster -> entropy-coded scans, in the arithmetic of a named encoder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Interval

from ..codec import scans, tables
from ..codec.encode import Arithmetic, forward
from ..codec.variants import Color, Dct, Downsampling, DummyBlocks, Edge, Quantizer
from ..errors import PictureError, ProfileError
from ..jpeg.compose import Encoded, Huffman, encode
from ..jpeg.entropy_encode import LIBJPEG_MOST_CORRECTIONS
from ..jpeg.syntax import NATURAL_OF_ZIGZAG, Dqt, Dri, FrameComponent, JpegStream, QuantTable, ScanSpec
from .base import Context, Raster, Rule, Step

SAMPLINGS: dict[str, tuple[int, int]] = {
    "4:4:4": (1, 1),
    "4:2:2": (2, 1),
    "4:2:0": (2, 2),
    "4:4:0": (1, 2),
    "4:1:1": (4, 1),
}
"""(h_samp_factor, v_samp_factor) of luma, chroma being 1x1."""

Quality = Annotated[int, Interval(ge=1, le=100)]
Steps64 = tuple[Annotated[int, Interval(ge=1, le=65535)], ...]


@dataclass(frozen=True)
class Encode(Step):
    """JPEG encoding up to the entropy-coded bits: colour, sampling, DCT, quantiser, scans, Huffman tables."""

    name: ClassVar[str] = "encode"
    takes: ClassVar[type] = Raster
    gives: ClassVar[type] = Encoded

    quality: Quality | Rule = 75
    """Quality in the sense of `law`, or a rule that gives it."""
    law: tables.Law = tables.Law.ANNEX_K
    luma_steps: Steps64 = ()
    """64 steps in natural order instead of `law` and `quality`."""
    chroma_steps: Steps64 = ()
    """64 steps in natural order instead of `law` and `quality`."""
    sampling: Literal["4:4:4", "4:2:2", "4:2:0", "4:4:0", "4:1:1"] = "4:2:0"
    grey: Literal["keep", "widen"] = "keep"
    """A grey picture: one component, or three as if it were RGB."""
    script: str | tuple[ScanSpec, ...] = "baseline"
    """A scan script of `codec.scans` by name, or the scans themselves."""
    huffman: Huffman = Huffman.STANDARD
    restart_interval: Annotated[int, Interval(ge=0, le=65535)] = 0
    """MCUs between RSTm markers; 0 for none."""
    most_corrections: Annotated[int, Interval(ge=1, le=4096)] = LIBJPEG_MOST_CORRECTIONS
    """Correction bits after which a run of end-of-bands is closed in refinement scans."""
    color: Color = Color.LIBJPEG
    downsampling: Downsampling = Downsampling.LIBJPEG
    edge: Edge = Edge.LIBJPEG
    dct: Dct = Dct.ISLOW
    quantizer: Quantizer = Quantizer.PLAIN
    dummy_blocks: DummyBlocks = DummyBlocks.LIBJPEG

    def exact(self, value: Raster, context: Context) -> Encoded:
        """The coded picture. Raises PictureError for alpha (flatten it first) and sides over 65,535."""
        if value.has_alpha:
            raise PictureError("an alpha channel", place="encode", expected="grey or RGB", remedy="add a flatten step")
        if max(value.width, value.height) > 65535:
            raise PictureError(
                f"{value.width} x {value.height}", place="encode", expected="sides up to 65535 (T.81 B.2.2)"
            )
        pixels = value.pixels
        if pixels.shape[2] == 1:
            pixels = np.repeat(pixels, 3, axis=2) if self.grey == "widen" else pixels[:, :, 0]
        count = 1 if pixels.ndim == 2 else 3
        luma, chroma = self.tables_for(value.width, value.height)
        factors = [(1, 1)] if count == 1 else [SAMPLINGS[self.sampling], (1, 1), (1, 1)]
        arithmetic = Arithmetic(self.color, self.downsampling, self.edge, self.dct, self.quantizer, self.dummy_blocks)
        blocks = forward(np.ascontiguousarray(pixels), arithmetic, factors, luma, chroma)
        script = scans.resolve(self.script, count)
        return encode(
            blocks,
            width=value.width,
            height=value.height,
            components=[FrameComponent(i + 1, h, v, min(i, 1)) for i, (h, v) in enumerate(factors)],
            quant_tables=[_quant_table(i, steps) for i, steps in enumerate((luma, chroma)[:count])],
            script=script,
            progressive=is_progressive(script),
            huffman=self.huffman,
            restart_interval=self.restart_interval,
            most_corrections=self.most_corrections,
        )

    def tables_for(self, width: int, height: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """(luma, chroma) steps in natural order for a picture of this size."""
        for steps in (self.luma_steps, self.chroma_steps):
            if len(steps) not in (0, 64):
                raise ProfileError(f"{len(steps)} steps", place="encode.luma_steps, encode.chroma_steps", expected="64")
        quality = self.quality(width, height) if isinstance(self.quality, Rule) else self.quality
        luma, chroma = tables.quant_tables(self.law, quality)
        return self.luma_steps or luma, self.chroma_steps or chroma

    def observe(self, delivered: JpegStream) -> Mapping[str, Any]:
        """Quality (if the tables follow `law` exactly), the tables, sampling, script and restart interval."""
        out: dict[str, Any] = {}
        frame = delivered.frame
        quant = {t.Tq: t.steps_natural for e in delivered.elements if isinstance(e, Dqt) for t in e.tables}
        if frame is not None and frame.components and frame.components[0].quant_tbl_no in quant:
            luma = quant[frame.components[0].quant_tbl_no]
            chroma = quant.get(frame.components[-1].quant_tbl_no, luma)
            out |= {"luma_steps": luma, "chroma_steps": chroma}
            wanted = (luma, chroma) if len(frame.components) == 3 else (luma,)
            fitting = [q for q in range(1, 101) if tables.quant_tables(self.law, q)[: len(wanted)] == wanted]
            if fitting:
                out["quality"] = fitting[0]
        if frame is not None and len(frame.components) == 3:
            ids = [c.id for c in frame.components]
            first, *others = [(c.h_samp_factor, c.v_samp_factor) for c in frame.components]
            names = [name for name, factors in SAMPLINGS.items() if factors == first]
            if names and others == [(1, 1), (1, 1)]:
                out["sampling"] = names[0]
            if all(c.id in ids for s in delivered.scans for c in s.components):
                script = tuple(
                    ScanSpec(tuple(ids.index(c.id) for c in s.components), s.Ss, s.Se, s.Ah, s.Al)
                    for s in delivered.scans
                )
                out["script"] = scans.name_of(script) or script
        intervals = [e.restart_interval for e in delivered.elements if isinstance(e, Dri)]
        out["restart_interval"] = intervals[0] if intervals else 0
        return out


def is_progressive(script: tuple[ScanSpec, ...]) -> bool:
    """Whether any scan carries less than whole coefficients of a whole block."""
    return any((s.Ss, s.Se, s.Ah, s.Al) != (0, 63, 0, 0) for s in script)


def _quant_table(Tq: int, steps_natural: tuple[int, ...]) -> QuantTable:
    zigzag = tuple(steps_natural[i] for i in NATURAL_OF_ZIGZAG)
    return QuantTable(Tq, zigzag, Pq=1 if max(zigzag) > 255 else 0)
