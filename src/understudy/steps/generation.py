"""generation: a hidden earlier encoding: encode and decode again, nothing but its traces left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np

from ..codec.decode import to_rgb
from ..codec.encode import Arithmetic, forward
from ..codec.tables import Law
from ..codec.variants import Color, Dct, Decoder, Downsampling, DummyBlocks, Edge, Quantizer, Upsampling
from ..errors import PictureError
from .base import Context, Raster, Rule, Step
from .encode import SAMPLINGS, Encode, Quality


@dataclass(frozen=True)
class Generation(Step):
    """A JPEG generation inside the platform: the picture is encoded and decoded, its file never seen.

    What it leaves is in the samples, so entropy coding does not matter here.
    """

    name: ClassVar[str] = "generation"
    takes: ClassVar[type] = Raster
    gives: ClassVar[type] = Raster

    quality: Quality | Rule = 85
    """Quality in the sense of `law`, or a rule that gives it."""
    law: Law = Law.ANNEX_K
    """The base tables, and how quality scales them."""
    sampling: Literal["4:4:4", "4:2:2", "4:2:0", "4:4:0", "4:1:1"] = "4:2:0"
    """Chroma sampling of three components."""
    color: Color = Color.LIBJPEG
    """RGB to YCbCr: which code's fixed-point arithmetic."""
    downsampling: Downsampling = Downsampling.LIBJPEG
    """How chroma is averaged where it is subsampled; `libjpeg-7` does it inside the DCT."""
    edge: Edge = Edge.LIBJPEG
    """How planes go on beyond the picture, up to whole MCUs."""
    dct: Dct = Dct.ISLOW
    """The forward DCT, named after the code that it equals."""
    quantizer: Quantizer = Quantizer.PLAIN
    """How a DCT value becomes a level."""
    upsampling: Upsampling = Upsampling.FANCY
    """How the decoder brings chroma back to full size."""
    decoder: Decoder = Decoder.LIBJPEG_TURBO
    """Whose inverse DCTs decode the chroma."""

    def exact(self, value: Raster, context: Context) -> Raster:
        """Samples `[H, W, 1 or 3]` of the decoded generation, ICC profile and orientation as they were.

        Raises PictureError for alpha (flatten it first).
        """
        if value.has_alpha:
            raise PictureError(
                "an alpha channel", place="generation", expected="grey or RGB", remedy="add a flatten step before it"
            )
        if value.space != "rgb":
            raise PictureError(f"{value.space} samples", place="generation", expected="grey or RGB")
        pixels = np.ascontiguousarray(value.pixels[:, :, 0] if value.pixels.shape[2] == 1 else value.pixels)
        steps = Encode(quality=self.quality, law=self.law).tables_for(value.width, value.height)
        factors = [(1, 1)] if pixels.ndim == 2 else [SAMPLINGS[self.sampling], (1, 1), (1, 1)]
        arithmetic = Arithmetic(self.color, self.downsampling, self.edge, self.dct, self.quantizer, DummyBlocks.LIBJPEG)
        blocks = forward(pixels, arithmetic, factors, *steps)
        tables = [np.array(steps[min(i, 1)], np.uint16) for i in range(len(blocks))]
        decoded = to_rgb(
            blocks, tables, factors, value.width, value.height, upsampling=self.upsampling, decoder=self.decoder
        )
        return replace(value, pixels=decoded if decoded.ndim == 3 else decoded[:, :, None])

    def surrogate(self, value: Any, ops: Any) -> Any:
        """`exact` on a batch of pictures."""
        if value.space != "rgb":
            raise PictureError(f"{value.space} samples", place="generation", expected="grey or RGB")
        encode = Encode(
            quality=self.quality, law=self.law, sampling=self.sampling, color=self.color,
            downsampling=self.downsampling, edge=self.edge, dct=self.dct, quantizer=self.quantizer,
        )  # fmt: skip
        shown = ops.decoded(ops.coded(value, encode, of_channel=False), self.upsampling, self.decoder)
        return replace(shown, space="rgb", sent_sampling=value.sent_sampling)

    def outside_torch(self) -> str:
        """Decoders other than libjpeg-turbo, and the arithmetic of jpeg-js, ffmpeg and Rust's image."""
        if self.dct in (Dct.JPEG_JS, Dct.FFMPEG) or self.quantizer is Quantizer.FFMPEG:
            return "the arithmetic of jpeg-js and ffmpeg"
        if self.dct is Dct.RUST_IMAGE or self.color is Color.RUST_IMAGE:
            return "the arithmetic of Rust's image crate"
        return "" if self.decoder is Decoder.LIBJPEG_TURBO else f"decoding by {self.decoder}"
