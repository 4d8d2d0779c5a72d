"""Everything about a JPEG generation but its tables: a value that can be a string in a compiled graph."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, replace
from functools import cache

from pydantic import TypeAdapter

from ..codec.sampling import component_size, dct_ratio, ratio
from ..codec.scaled_dct import block_sizes
from ..codec.variants import Color, Dct, Decoder, Quantizer, Upsampling
from ..steps.encode import SAMPLINGS, Encode
from .text import as_json


@dataclass(frozen=True)
class Layout:
    """Where one component's samples and blocks are."""

    h: int
    v: int
    """Full-resolution samples to one of the component."""
    rows: int
    columns: int
    """The component's own samples, T.81 A.1.1."""
    v_blocks: int
    h_blocks: int
    """Blocks that hold a sample of the picture."""
    v_size: int
    h_size: int
    """Samples of the (downsampled) plane that a block is made from: 8, or 16 where libjpeg 7's DCT halves."""
    table: int
    """0 for luma's steps, 1 for chroma's."""
    full_height: int
    full_width: int
    """The picture's."""

    @property
    def count(self) -> int:
        """Coefficients."""
        return 64 * self.v_blocks * self.h_blocks


@dataclass(frozen=True)
class Recipe:
    """How a picture is encoded and how the result is decoded. Tables are apart: they may differ between pictures."""

    encode: Encode
    """Its tables and what depends on the sent file are settled elsewhere: `_APART` does not count here."""
    upsampling: Upsampling = Upsampling.FANCY
    decoder: Decoder = Decoder.LIBJPEG_TURBO
    eighths: int = 8
    inverse: Dct = Dct.ISLOW
    """The decoder's transform at 8 x 8."""

    @property
    def key(self) -> str:
        """The recipe as JSON; `of` reads it. Built by hand, so that torch.compile can follow."""
        fields = [f'"{name}": {as_json(getattr(self.encode, name))}' for name in _FIELDS]
        rest = f"{as_json(self.upsampling)}, {as_json(self.decoder)}, {self.eighths}, {as_json(self.inverse)}"
        return "[{" + ", ".join(fields) + "}, " + rest + "]"

    @staticmethod
    @cache
    def of(key: str) -> Recipe:
        """The recipe that `key` was made of."""
        changed, upsampling, decoder, eighths, inverse = json.loads(key)
        encode: Encode = TypeAdapter(Encode).validate_python(changed)
        return Recipe(encode, Upsampling(upsampling), Decoder(decoder), eighths, Dct(inverse))

    @property
    def outside_torch(self) -> str:
        """Why the forward goes through `codec` itself on every device; "" where there is an exact form in torch."""
        if reason := self.encode.outside_torch():
            return reason
        if self.decoder is not Decoder.LIBJPEG_TURBO or self.eighths != 8:
            return f"decoding to {self.eighths}/8 by {self.decoder}"
        if self.inverse is not Dct.ISLOW:
            return f"{self.inverse}'s inverse DCT"
        return ""

    @property
    def first_threshold(self) -> float:
        """Where an AC coefficient's magnitude, in steps, becomes 1; j further steps on it becomes j + 1. DC: 1/2.

        mozjpeg's trellis has no threshold: 0.62 lies between the two best of six values tried at quality 75 on two
        tiles by the cosine of benchmarks/channel.py at sigma 2: 0.60 gave 0.69, 0.65 gave 0.66, 1/2 gave 0.52.
        """
        if self.encode.quantizer is Quantizer.MOZJPEG_TRELLIS:
            return 0.62
        if self.encode.quantizer is Quantizer.ROUNDING_OFFSET:
            return 1 - self.encode.rounding_offset / 256
        return 0.625 if self.encode.quantizer is Quantizer.FFMPEG else 0.5

    def components(self, channels: int) -> int:
        """1 or 3: components of a picture of 1 or 3 channels. (`narrow` gives three: grey pixels look the same.)"""
        return 3 if channels == 3 or self.encode.grey == "widen" else 1

    def factors(self, components: int) -> tuple[tuple[int, int], ...]:
        """(h_samp_factor, v_samp_factor) of each component."""
        return ((1, 1),) if components == 1 else (SAMPLINGS[self.encode.sampling], (1, 1), (1, 1))

    def layouts(self, components: int, height: int, width: int) -> list[Layout]:
        """Each component's layout in a picture of height x width."""
        factors = self.factors(components)
        out = []
        for i in range(components):
            rows, columns = component_size(height, width, factors, i)
            h, v = ratio(factors, i)
            h_dct, v_dct = dct_ratio(factors, i, self.encode.downsampling)
            blocks = -(-rows // 8), -(-columns // 8)
            out.append(Layout(h, v, rows, columns, *blocks, 8 * v_dct, 8 * h_dct, min(i, 1), height, width))
        return out

    def size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) of what the decoder shows."""
        return -(-height * self.eighths // 8), -(-width * self.eighths // 8)

    def block_sizes(self, components: int) -> list[tuple[int, int]]:
        """(h_size, v_size) to which each component's blocks are decoded."""
        if self.decoder is Decoder.GO:
            return [(8, 8)] * components
        fancy = self.upsampling is Upsampling.FANCY
        return block_sizes(self.factors(components), self.eighths, self.decoder, fancy)

    def triangle(self, h: int, v: int, columns: int) -> bool:
        """Whether chroma of this ratio is brought to full size by the triangle filter (else it is repeated)."""
        if self.upsampling is not Upsampling.FANCY or self.decoder is not Decoder.LIBJPEG_TURBO or self.eighths == 1:
            return False
        return (h, v) == (1, 2) or ((h, v) in ((2, 1), (2, 2)) and columns > 2)

    @property
    def shows_ycbcr(self) -> bool:
        """Whether what is decoded stays in YCbCr: Go's image/jpeg, or a picture that never was RGB."""
        return self.decoder is Decoder.GO

    def with_color(self, color: Color) -> Recipe:
        """The same with another colour conversion."""
        return replace(self, encode=replace(self.encode, color=color))


_APART = ("quality", "keep_quality", "luma_steps", "chroma_steps", "keep_sampling", "fast_up_to")
"""What is settled before there is a recipe."""
_FIELDS = tuple(f.name for f in dataclasses.fields(Encode) if f.name not in _APART)
