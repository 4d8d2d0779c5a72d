"""Picture to quantised coefficients: the whole arithmetic of an encoder, before its entropy coding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import dct as transforms
from . import scaled_dct
from .color import rgb_to_ycbcr
from .quantize import quantize
from .sampling import Factors, component_planes, component_size, dct_ratio
from .variants import Color, Dct, Downsampling, DummyBlocks, Edge, Quantizer

__all__ = [
    "FACEBOOK_CLASSIC",
    "GO",
    "LIBJPEG",
    "LIBJPEG_7",
    "RUST_IMAGE",
    "RUST_IMAGE_INTEGER",
    "Arithmetic",
    "DummyBlocks",
    "forward",
]


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Which code an encoder's every step equals; the default is libjpeg-turbo's own."""

    color: Color = Color.LIBJPEG
    downsampling: Downsampling = Downsampling.LIBJPEG
    edge: Edge = Edge.LIBJPEG
    dct: Dct = Dct.ISLOW
    quantizer: Quantizer = Quantizer.PLAIN
    dummy_blocks: DummyBlocks = DummyBlocks.LIBJPEG
    rounding_offset: int = 128
    """256ths of a step, for Quantizer.ROUNDING_OFFSET alone."""
    smoothing: int = 0
    """libjpeg's smoothing_factor, 0 to 100: samples are smoothed before the DCT (see sampling.smooth)."""


LIBJPEG = Arithmetic()
"""libjpeg 6b, libjpeg-turbo, mozjpeg without trellis: the same coefficients (facts/encoders.md)."""
LIBJPEG_7 = Arithmetic(downsampling=Downsampling.LIBJPEG_7)
"""libjpeg 7 to 9f: subsampled chroma by a larger DCT; luma, grey and 4:4:4 as LIBJPEG. (9e's chroma table is another:
see `tables`.)"""
FACEBOOK_CLASSIC = Arithmetic(
    Color.FACEBOOK_CLASSIC,
    Downsampling.FACEBOOK_CLASSIC,
    Edge.FACEBOOK_CLASSIC,
    Dct.AP922,
    Quantizer.RECIPROCAL15_HALF_EVEN,
    DummyBlocks.FACEBOOK_CLASSIC,
)
"""Facebook, FBMD type 01, before 2014 to about 2021: facts/facebook-classic.md."""

GO = Arithmetic(Color.GO, Downsampling.GO, Edge.GO, Dct.ISLOW, Quantizer.PLAIN, DummyBlocks.GO)
"""Go's image/jpeg, 1.19 (tests/codec/test_resample_go.py); `color` is NONE for a picture that Go has in YCbCr."""

RUST_IMAGE = Arithmetic(color=Color.RUST_IMAGE, dct=Dct.RUST_IMAGE)
"""Rust's image crate, which writes 4:4:4 alone (tests/codec/test_rust_image.py)."""

RUST_IMAGE_INTEGER = replace(RUST_IMAGE, color=Color.RUST_IMAGE_INTEGER)
"""Later releases of the same crate."""

_STRIP_SAMPLES = 1 << 17
"""Samples transformed, then quantised, at a time: the raw coefficients stay in cache and fill no memory."""


def _quantised(
    plane: NDArray[np.uint8], steps_natural: Any, arithmetic: Arithmetic, h_size: int, v_size: int
) -> NDArray[np.int16]:
    """The levels of a plane whose blocks are `h_size` x `v_size` samples."""
    height, width = plane.shape
    out = np.empty((height // v_size, width // h_size, 8, 8), np.int16)
    rows = max(1, _STRIP_SAMPLES // (v_size * width))
    plain = (h_size, v_size) == (8, 8)
    dct = arithmetic.dct if plain else Dct.ISLOW  # libjpeg has no other transform of these sizes
    for v in range(0, len(out), rows):
        strip = plane[v_size * v : v_size * (v + rows)]
        raw = transforms.forward(strip, dct) if plain else scaled_dct.forward(strip, h_size, v_size)
        out[v : v + rows] = quantize(raw, steps_natural, dct, arithmetic.quantizer, arithmetic.rounding_offset)
    return out


def _fill_dummies(blocks: NDArray[np.int16], v_real: int, h_real: int, h_samp_factor: int, how: DummyBlocks) -> None:
    """Overwrites the blocks beyond `v_real` x `h_real` of `blocks`, which this module has just made."""
    if how == DummyBlocks.GO:
        return
    for dummies in (blocks[:, h_real:], blocks[v_real:]):
        dummies[:, :, 1:, :] = 0
        dummies[:, :, 0, 1:] = 0
    if how == DummyBlocks.LIBJPEG:
        blocks[:v_real, h_real:, 0, 0] = blocks[:v_real, h_real - 1, None, 0, 0]
        last_of_mcu = blocks[v_real - 1, h_samp_factor - 1 :: h_samp_factor, 0, 0]
        blocks[v_real:, :, 0, 0] = last_of_mcu.repeat(h_samp_factor)


def forward(
    picture: NDArray[np.uint8],
    arithmetic: Arithmetic,
    factors: Factors,
    luma_steps: Sequence[int],
    chroma_steps: Sequence[int] | None = None,
) -> list[NDArray[np.int16]]:
    """The quantised coefficients of each component, as this arithmetic gives them.

    `picture` uint8 [H, W, 3] (sRGB order R, G, B; three `factors`) or grey [H, W] (one). The steps are 64
    numbers in natural order; `chroma_steps` serve components 1 and 2. Returns int16 [v_blocks, h_blocks, 8,
    8] a component, natural order, covering whole MCUs: multiples of the component's sampling factors, dummy
    blocks included. (A scan of one component sends ceil(component size / 8) blocks only, T.81 A.2.2.)
    """
    height, width = picture.shape[:2]
    if min(height, width) < 1 or len(factors) != (1 if picture.ndim == 2 else 3):
        raise ValueError(f"a picture of shape {picture.shape} with {len(factors)} components")
    if picture.ndim == 2:
        planes: Sequence[NDArray[np.uint8]] = (picture,)
    else:
        planes = rgb_to_ycbcr(picture, arithmetic.color)
    components = component_planes(planes, factors, arithmetic.downsampling, arithmetic.edge, arithmetic.smoothing)
    del planes
    out = []
    for index, (h_samp_factor, _) in enumerate(factors):
        steps = chroma_steps if index and chroma_steps is not None else luma_steps
        h, v = dct_ratio(factors, index, arithmetic.downsampling)
        blocks = _quantised(components[index], steps, arithmetic, 8 * h, 8 * v)
        components[index] = components[index][:0]
        rows, columns = component_size(height, width, factors, index)
        _fill_dummies(blocks, -(-rows // 8), -(-columns // 8), h_samp_factor, arithmetic.dummy_blocks)
        out.append(blocks)
    return out
