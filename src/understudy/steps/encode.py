"""encode: a raster -> entropy-coded scans, in the arithmetic of a named encoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Interval

from ..codec import scans, tables
from ..codec.color import rgb_to_ycbcr
from ..codec.encode import Arithmetic, forward
from ..codec.jpegli import encode as jpegli
from ..codec.mozjpeg import encode as mozjpeg
from ..codec.mozjpeg.scan_search import DcScans, search
from ..codec.mozjpeg.trellis import Trellis, Tune
from ..codec.variants import Color, Dct, Downsampling, DummyBlocks, Edge, Engine, Quantizer
from ..errors import PictureError, ProfileError
from ..jpeg.coefficients import Blocks
from ..jpeg.compose import Encoded, Huffman, encode
from ..jpeg.entropy_encode import LIBJPEG_MOST_CORRECTIONS
from ..jpeg.syntax import NATURAL_OF_ZIGZAG, Dqt, Dri, FrameComponent, JpegStream, QuantTable, ScanSpec
from .base import Context, Pixels, Raster, Rule, Step
from .decode import is_rgb

SAMPLINGS: dict[str, tuple[int, int]] = {
    "4:4:4": (1, 1),
    "4:2:2": (2, 1),
    "4:2:0": (2, 2),
    "4:4:0": (1, 2),
    "4:1:1": (4, 1),
}
"""(h_samp_factor, v_samp_factor) of luma, chroma being 1x1."""

SEARCHES: dict[str, DcScans] = {
    "mozjpeg-optimised": DcScans.TOGETHER,
    "mozjpeg-optimised-dc1": DcScans.APART,
    "mozjpeg-optimised-dc2": DcScans.SMALLEST,
}
"""mozjpeg's scan optimisation by the names of the parameter `script`, with the number of its `-dc-scan-opt`."""

PARTS = ("color", "smoothing", "downsampling", "edge", "dct", "quantizer", "overshoot_deringing", "dummy_blocks")
"""What the engine `libjpeg` is made of."""

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
    keep_quality: bool = False
    """A sent JPEG's own quality, as ImageMagick reads it off the tables, wins over `quality`: ImageMagick where it is
    told none; its `quality` is 92 then."""
    law: tables.Law = tables.Law.ANNEX_K
    """The base tables, and how quality scales them. `facebook-custom-diag` is one fixed pair, whatever the quality."""
    luma_steps: Steps64 = ()
    """64 steps in natural order instead of `law` and `quality`."""
    chroma_steps: Steps64 = ()
    """64 steps in natural order instead of `law` and `quality`."""
    chroma_tbl_no: Annotated[int, Interval(ge=-1, le=1)] = -1
    """The table of the second and third component (T.81's Tq; libjpeg's quant_tbl_no, `cjpeg -qslots`): 0 for luma's, 1
    for chroma's. -1 as usual: 1 for Cb and Cr, 0 for G and B."""
    force_baseline: bool = True
    """Steps that `law` gives end at 255; without it at 32767, and a table above 255 is written in 16 bits."""
    sampling: Literal["4:4:4", "4:2:2", "4:2:0", "4:4:0", "4:1:1"] = "4:2:0"
    """Chroma's share of the samples, in the field's usual names."""
    keep_sampling: bool = False
    """A sent JPEG's own sampling (where it is one of these) wins over `sampling`: ImageMagick."""
    grey: Literal["keep", "widen", "narrow", "luma"] = "keep"
    """A grey picture: one component, or three as if it were RGB. `narrow`: an RGB picture of which every pixel is grey
    gets one component too (ImageMagick). `luma`: every picture gets one, Y of `color` (`cjpeg -grayscale`, Pillow's
    `convert("L")`)."""
    grey_factors: bool = False
    """One component states the factors of `sampling`, not 1x1; they change nothing else (ImageMagick when it is told
    a sampling)."""
    unused_tables: bool = False
    """A grey picture's file carries the table for chroma too: Go's image/jpeg."""
    script: str | tuple[ScanSpec, ...] = "baseline"
    """A scan script of `codec.scans` by name, or the scans themselves, or `mozjpeg-optimised` for a script found by
    coding candidates (4.0: all DC in one scan; `-dc1`, 3.0: each apart; `-dc2`: luma apart, chroma as is smaller)."""
    huffman: Huffman = Huffman.STANDARD
    """Where the Huffman tables come from; progressive scans need `optimal` or `jpegli`."""
    restart_interval: Annotated[int, Interval(ge=0, le=65535)] = 0
    """MCUs between RSTm markers; 0 for none."""
    restart_rows: Annotated[int, Interval(ge=0, le=65535)] = 0
    """Rows of MCUs between RSTm markers, instead of `restart_interval`; 0 for none. Each scan counts its own MCUs
    (`cjpeg -restart N`). (Not with jpegli's tables, nor with mozjpeg's trellis: not measured.)"""
    most_corrections: Annotated[int, Interval(ge=1, le=4096)] = LIBJPEG_MOST_CORRECTIONS
    """Correction bits after which a run of end-of-bands is closed in refinement scans."""
    always_pad: bool = False
    """A scan that ends with a whole byte is padded with a byte of ones all the same: jpeg-js. (Not with jpegli's
    tables, nor where restarts occur.)"""
    engine: Engine = Engine.LIBJPEG
    """Whose arithmetic: `libjpeg` is made of the parts that follow, `jpegli` has none of them."""
    adaptive_quantization: bool = True
    """jpegli's, which sets small coefficients of busy blocks to zero; other engines have none."""
    color: Color = Color.LIBJPEG
    """RGB to YCbCr: which code's fixed-point arithmetic."""
    smoothing: Annotated[int, Interval(ge=0, le=100)] = 0
    """libjpeg's smoothing_factor (`cjpeg -smooth N`): each sample takes N / 1024 of each of its eight neighbours, luma
    as well as chroma, but for chroma whose ratio is neither 1x1 nor 2x2. 0 for none."""
    downsampling: Downsampling = Downsampling.LIBJPEG
    """How chroma is averaged where it is subsampled."""
    edge: Edge = Edge.LIBJPEG
    """How planes go on beyond the picture, up to whole MCUs."""
    dct: Dct = Dct.ISLOW
    """The forward DCT, named after the code that it equals."""
    fast_up_to: Annotated[int, Interval(ge=0, le=100)] = 0
    """Up to this quality the DCT is `ifast`, whatever `dct` says: 90 in ImageMagick (measured, 6.9.11-60)."""
    quantizer: Quantizer = Quantizer.PLAIN
    """How a DCT value becomes a level."""
    rounding_offset: Annotated[int, Interval(ge=0, le=255)] = 128
    """256ths of a step that the quantizer `rounding-offset` adds to AC values before it cuts them off; 128 rounds."""
    trellis_quant_dc: bool = True
    """The quantizer `mozjpeg-trellis` chooses DC levels too. It alone looks at the parameters `trellis_...`."""
    trellis_use_scans: bool = False
    """Low and high frequencies are chosen apart, each with its own counts; Squoosh calls it multipass."""
    trellis_num_loops: Annotated[int, Interval(ge=1, le=50)] = 1
    """Times that levels are counted and chosen again."""
    trellis_eob_opt: bool = False
    """Whole blocks are emptied where that makes runs of end-of-blocks cheaper."""
    trellis_tune: Tune = Tune.HVS_PSNR
    """How much an error weighs, by what mozjpeg tuned that for."""
    overshoot_deringing: bool = False
    """mozjpeg: white areas may overshoot, so that edges beside them ring less."""
    dummy_blocks: DummyBlocks = DummyBlocks.LIBJPEG
    """What the blocks of partial MCUs beyond the picture hold."""

    def exact(self, value: Raster, context: Context) -> Encoded:
        """The coded picture. Raises PictureError for alpha (flatten it first) and sides over 65,535."""
        blocks, factors = self.levels(value, context)
        return self.given(context).coded(blocks, value.width, value.height, factors)

    def given(self, context: Context) -> Encode:
        """The same step with what it takes from the sent file put in: the quality that `keep_quality` keeps, or that a
        rule by the sent file gives."""
        quality = self.quality
        if isinstance(quality, Rule) and quality.by_sent:
            quality = quality.of_sent(context)
        if self.keep_quality:
            quality = context.sent_quality or quality
        return replace(self, quality=quality, keep_quality=False) if quality is not self.quality else self

    def surrogate(self, value: Any, ops: Any) -> Any:
        """`exact` on a batch: a `Coded` that is computed when it is decoded, in one operation with one gradient."""
        return ops.coded(ops.luma(value, self.color) if self.grey == "luma" else value, self)

    def outside_torch(self) -> str:
        """jpegli, mozjpeg's trellis and deringing, a fitted rounding offset, jpeg-js, ffmpeg, Rust's image,
        libjpeg's smoothing."""
        if self.engine is Engine.JPEGLI:
            return "jpegli"
        if self.quantizer is Quantizer.MOZJPEG_TRELLIS:
            return "mozjpeg's trellis"
        if self.quantizer is Quantizer.ROUNDING_OFFSET:
            return "a fitted rounding offset"
        if self.dct in (Dct.JPEG_JS, Dct.FFMPEG) or self.quantizer is Quantizer.FFMPEG:
            return "the arithmetic of jpeg-js and ffmpeg"
        if self.dct is Dct.RUST_IMAGE or self.color is Color.RUST_IMAGE:
            return "the arithmetic of Rust's image crate"
        return "mozjpeg's deringing" if self.overshoot_deringing else ""

    def levels(self, value: Raster, context: Context) -> tuple[list[Blocks], list[tuple[int, int]]]:
        """The quantised coefficients, int16 `[v_blocks, h_blocks, 8, 8]` a component in natural order, before any
        entropy coding, and the components' (h_samp_factor, v_samp_factor). Raises as `exact`."""
        if value.has_alpha:
            raise PictureError("an alpha channel", place="encode", expected="grey or RGB", remedy="add a flatten step")
        if max(value.width, value.height) > 65535:
            raise PictureError(
                f"{value.width} x {value.height}", place="encode", expected="sides up to 65535 (T.81 B.2.2)"
            )
        self = self.given(context)
        if self.fast_up_to >= self.quality_for(value.width, value.height):
            self = replace(self, dct=Dct.IFAST)
        pixels = value.pixels
        if pixels.shape[2] == 3 and self.grey == "luma":
            pixels = self._luma(value)
        elif pixels.shape[2] == 1:
            pixels = np.repeat(pixels, 3, axis=2) if self.grey == "widen" else pixels[:, :, 0]
        elif self.grey == "narrow" and value.space == "rgb" and (pixels == pixels[:, :, :1]).all():
            pixels = pixels[:, :, 0]
        count = 1 if pixels.ndim == 2 else 3
        one = SAMPLINGS[self.sampling] if self.grey_factors else (1, 1)
        factors = [one] if count == 1 else [SAMPLINGS[self.sampling_for(context)], (1, 1), (1, 1)]
        luma, chroma = self.tables_for(value.width, value.height, _is_420(factors))
        script, progressive = self._scans(count)
        if value.space == "ycbcr":
            if self.engine is not Engine.LIBJPEG or self.color is Color.RGB:
                raise PictureError("YCbCr samples", place=f"encode with {self.engine}, {self.color}", expected="RGB")
            self = replace(self, color=Color.NONE)
        sampled = factors if count > 1 else [(1, 1)]  # T.81 A.2.2: a scan of one component knows no factors
        return self._blocks(np.ascontiguousarray(pixels), sampled, luma, chroma, script, progressive), factors

    def _luma(self, value: Raster) -> Pixels:
        """uint8 `[H, W]`: Y of an RGB or YCbCr raster. Raises ProfileError for colours that give none."""
        if value.space == "ycbcr":
            return value.pixels[:, :, 0]
        if self.color in (Color.NONE, Color.RGB):
            raise ProfileError(f"grey luma with color {self.color}", place="encode.grey", expected="a color with a Y")
        return rgb_to_ycbcr(value.pixels, self.color)[0]

    def coded(self, blocks: Sequence[Blocks], width: int, height: int, factors: Sequence[tuple[int, int]]) -> Encoded:
        """The coded picture of coefficients that are quantised already: tables, scans, Huffman codes and bits.

        blocks: int16 `[v_blocks, h_blocks, 8, 8]` a component, natural order; factors: (h_samp_factor, v_samp_factor).
        """
        count = len(blocks)
        rgb = count == 3 and self.color is Color.RGB
        if self.restart_rows and self.quantizer is Quantizer.MOZJPEG_TRELLIS:
            raise ProfileError("restart_rows with mozjpeg-trellis", place="encode", expected="restart_interval")
        quant = self.tables_for(width, height, _is_420(factors))[: self._n_tables(count)]
        script, progressive = self._scans(count)
        wanted = SEARCHES.get(self.script) if isinstance(self.script, str) else None
        return encode(
            blocks,
            width=width,
            height=height,
            components=[
                FrameComponent(i + 1, h, v, self._second_table if i else 0) for i, (h, v) in enumerate(factors)
            ],
            quant_tables=[_quant_table(i, steps) for i, steps in enumerate(quant)],
            script=script if wanted is None else search(count, wanted),
            progressive=progressive,
            huffman=self.huffman,
            restart_interval=self.restart_interval,
            restart_rows=self.restart_rows,
            most_corrections=self.most_corrections,
            force_baseline=self.force_baseline,
            always_pad=self.always_pad,
            rgb=rgb,
        )

    def _scans(self, count: int) -> tuple[scans.Script, bool]:
        """(the script for `count` components, empty where it is searched for; whether it is progressive)."""
        if isinstance(self.script, str) and self.script in SEARCHES:
            return (), True
        script = scans.resolve(self.script, count)
        return script, is_progressive(script)

    def _blocks(
        self, pixels: Pixels, factors: list[tuple[int, int]], luma: tables.Table, chroma: tables.Table,
        script: scans.Script, progressive: bool,
    ) -> list[Blocks]:  # fmt: skip
        """The quantised coefficients of each component, in the engine's arithmetic."""
        if self.engine == Engine.JPEGLI:
            changed = [part for part in PARTS if getattr(self, part) != getattr(Encode, part)]
            if changed:
                raise ProfileError(
                    f"{changed[0]} = {getattr(self, changed[0])}", place="encode with engine jpegli",
                    expected="its default: jpegli has no parts to choose",
                )  # fmt: skip
            return jpegli.forward(
                pixels,
                factors,
                luma,
                chroma,
                adaptive=self.adaptive_quantization,
                force_baseline=self.force_baseline,
                streaming=len(script) == 1 and self.restart_interval == self.restart_rows == 0,
            )
        arithmetic = Arithmetic(
            self.color, self.downsampling, self.edge, self.dct, self.quantizer, self.dummy_blocks, self.rounding_offset,
            self.smoothing,
        )  # fmt: skip
        trellis = None
        if self.quantizer is Quantizer.MOZJPEG_TRELLIS:
            trellis = Trellis(
                self.trellis_quant_dc, self.trellis_use_scans, self.trellis_num_loops, self.trellis_eob_opt,
                self.trellis_tune,
            )  # fmt: skip
        if trellis is None and not self.overshoot_deringing:
            return forward(pixels, arithmetic, factors, luma, chroma)
        if self.color is Color.RGB:
            raise ProfileError("RGB components", place="encode with mozjpeg's trellis or deringing", expected="YCbCr")
        if trellis is not None and self.huffman is not Huffman.OPTIMAL:
            raise ProfileError(
                f"{self.huffman} Huffman tables with mozjpeg-trellis", place="encode.huffman", expected="optimal"
            )
        return mozjpeg.forward(
            pixels, arithmetic, factors, luma, chroma, progressive=progressive,
            restart_interval=self.restart_interval, trellis=trellis, overshoot_deringing=self.overshoot_deringing,
        )  # fmt: skip

    def _n_tables(self, components: int) -> int:
        return 2 if self.unused_tables else min(components, 1 + self._second_table)

    @property
    def _second_table(self) -> int:
        """Tq of all components but the first."""
        return self.chroma_tbl_no if self.chroma_tbl_no >= 0 else int(self.color is not Color.RGB)

    def sampling_for(self, context: Context) -> str:
        """A key of SAMPLINGS: `sampling`, or with `keep_sampling` that of the sent JPEG of three components."""
        sent = context.sent_stream if self.keep_sampling else None
        return (_sampling_of(sent) if sent is not None else None) or self.sampling

    def quality_for(self, width: int, height: int) -> int:
        """The quality of a picture of this size."""
        return self.quality(width, height) if isinstance(self.quality, Rule) else self.quality

    def tables_for(self, width: int, height: int, is_420: bool = True) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """(luma, chroma) steps in natural order for a picture of this size; `is_420` matters to jpegli's law."""
        for steps in (self.luma_steps, self.chroma_steps):
            if len(steps) not in (0, 64):
                raise ProfileError(f"{len(steps)} steps", place="encode.luma_steps, encode.chroma_steps", expected="64")
        quality = self.quality_for(width, height)
        if not 1 <= quality <= 100:
            raise ProfileError(f"{quality} for {width} x {height}", place="encode.quality", expected="1 to 100")
        luma, chroma = self._law_tables(quality, is_420)
        luma = self.luma_steps or luma
        return luma, self.chroma_steps or chroma if self._second_table else luma

    def _law_tables(self, quality: int, is_420: bool) -> tuple[tables.Table, tables.Table]:
        fixed = self.law == tables.Law.CUSTOM_DIAG
        return tables.quant_tables(self.law, None if fixed else quality, self.force_baseline, is_420)

    def observe(self, delivered: JpegStream) -> Mapping[str, Any]:
        """Quality (if the tables follow `law` exactly), the tables, sampling, script and restart interval."""
        out: dict[str, Any] = {}
        frame = delivered.frame
        quant = {t.Tq: t.steps_natural for e in delivered.elements if isinstance(e, Dqt) for t in e.tables}
        if frame is not None and frame.components and frame.components[0].quant_tbl_no in quant:
            luma = quant[frame.components[0].quant_tbl_no]
            chroma = quant.get(frame.components[-1].quant_tbl_no, luma)
            if 0 not in luma + chroma:  # T.81 B.2.4.1 does not allow 0; a damaged file may have it
                out |= {"luma_steps": luma, "chroma_steps": chroma}
            wanted = (luma, chroma) if len(frame.components) == 3 and not is_rgb(delivered) else (luma,)
            is_420 = _sampling_of(delivered) == "4:2:0"
            fitting = [q for q in range(1, 101) if self._law_tables(q, is_420)[: len(wanted)] == wanted]
            if fitting:
                out["quality"] = fitting[0]
        if frame is not None and len(frame.components) == 1:
            out["sampling"] = self.sampling  # a grey file has no chroma: every value gives its bytes
        if frame is not None and len(frame.components) == 3:
            ids = [c.id for c in frame.components]
            sampling = _sampling_of(delivered)
            if sampling is not None:
                out["sampling"] = sampling
            if all(c.id in ids for s in delivered.scans for c in s.components):
                script = tuple(
                    ScanSpec(tuple(ids.index(c.id) for c in s.components), s.Ss, s.Se, s.Ah, s.Al)
                    for s in delivered.scans
                )
                out["script"] = scans.name_of(script) or script
        intervals = [e.restart_interval for e in delivered.elements if isinstance(e, Dri)]
        out["restart_interval"] = intervals[0] if intervals else 0
        return out


def _sampling_of(stream: JpegStream) -> str | None:
    """The key of SAMPLINGS that a frame of three components follows; None for any other."""
    if stream.frame is None or len(stream.frame.components) != 3:
        return None
    first, *others = [(c.h_samp_factor, c.v_samp_factor) for c in stream.frame.components]
    names = [name for name, factors in SAMPLINGS.items() if factors == first]
    return names[0] if names and others == [(1, 1), (1, 1)] else None


def _is_420(factors: Sequence[tuple[int, int]]) -> bool:
    return len(factors) == 3 and factors[0] == (2, 2)


def is_progressive(script: tuple[ScanSpec, ...]) -> bool:
    """Whether any scan carries less than whole coefficients of a whole block."""
    return any((s.Ss, s.Se, s.Ah, s.Al) != (0, 63, 0, 0) for s in script)


def _quant_table(Tq: int, steps_natural: tuple[int, ...]) -> QuantTable:
    zigzag = tuple(steps_natural[i] for i in NATURAL_OF_ZIGZAG)
    return QuantTable(Tq, zigzag, Pq=1 if max(zigzag) > 255 else 0)
