"""Picture to quantised coefficients: the whole arithmetic of an encoder, before its entropy coding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import dct as transforms
from .color import rgb_to_ycbcr
from .quantize import quantize
from .sampling import Factors, component_planes, component_size
from .variants import Color, Dct, Downsampling, DummyBlocks, Edge, Quantizer

__all__ = ["FACEBOOK_CLASSIC", "LIBJPEG", "Arithmetic", "DummyBlocks", "forward"]


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Which code an encoder's every step equals; the default is libjpeg-turbo's own."""

    color: Color = Color.LIBJPEG
    downsampling: Downsampling = Downsampling.LIBJPEG
    edge: Edge = Edge.LIBJPEG
    dct: Dct = Dct.ISLOW
    quantizer: Quantizer = Quantizer.PLAIN
    dummy_blocks: DummyBlocks = DummyBlocks.LIBJPEG


LIBJPEG = Arithmetic()
"""libjpeg 6b, libjpeg-turbo, mozjpeg without trellis: the same coefficients (facts/encoders.md)."""
FACEBOOK_CLASSIC = Arithmetic(
    Color.FACEBOOK_CLASSIC,
    Downsampling.FACEBOOK_CLASSIC,
    Edge.FACEBOOK_CLASSIC,
    Dct.AP922,
    Quantizer.RECIPROCAL15_HALF_EVEN,
    DummyBlocks.FACEBOOK_CLASSIC,
)
"""Facebook, FBMD type 01, before 2014 to about 2021: facts/facebook-classic.md."""

_STRIP_SAMPLES = 1 << 17
"""Samples transformed, then quantised, at a time: the raw coefficients stay in cache and fill no memory."""


def _quantised(plane: NDArray[np.uint8], steps_natural: Any, arithmetic: Arithmetic) -> NDArray[np.int16]:
    height, width = plane.shape
    out = np.empty((height // 8, width // 8, 8, 8), np.int16)
    rows = max(1, _STRIP_SAMPLES // (8 * width))
    for v in range(0, height // 8, rows):
        raw = transforms.forward(plane[8 * v : 8 * (v + rows)], arithmetic.dct)
        out[v : v + rows] = quantize(raw, steps_natural, arithmetic.dct, arithmetic.quantizer)
    return out


def _fill_dummies(blocks: NDArray[np.int16], v_real: int, h_real: int, h_samp_factor: int, how: DummyBlocks) -> None:
    """Overwrites the blocks beyond `v_real` x `h_real` of `blocks`, which this module has just made."""
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
    components = component_planes(planes, factors, arithmetic.downsampling, arithmetic.edge)
    del planes
    out = []
    for index, (h_samp_factor, _) in enumerate(factors):
        steps = chroma_steps if index and chroma_steps is not None else luma_steps
        blocks = _quantised(components[index], steps, arithmetic)
        components[index] = components[index][:0]
        rows, columns = component_size(height, width, factors, index)
        _fill_dummies(blocks, -(-rows // 8), -(-columns // 8), h_samp_factor, arithmetic.dummy_blocks)
        out.append(blocks)
    return out
