"""Quantised coefficients to pixels: libjpeg-turbo's default decoder (islow, fancy), to the last bit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .color import ycbcr_to_rgb
from .dct import inverse_islow
from .sampling import Factors, component_size, ratio, upsample
from .variants import Upsampling

__all__ = ["Upsampling", "to_planes", "to_rgb"]


def to_planes(
    coefficients: Sequence[NDArray[np.int16]],
    steps: Sequence[Any],
    factors: Factors,
    width: int,
    height: int,
    upsampling: Upsampling = Upsampling.FANCY,
) -> list[NDArray[np.uint8]]:
    """Each component's samples at full resolution, uint8 [height, width], in the components' own colour
    space.

    `coefficients`: int16 [v_blocks, h_blocks, 8, 8] a component, natural order, at least the blocks that the
    picture needs. `steps`: a component's 64 (or [8, 8]) step sizes, natural order.
    """
    planes = []
    for index, (blocks, table) in enumerate(zip(coefficients, steps, strict=True)):
        rows, columns = component_size(height, width, factors, index)
        v_blocks, h_blocks = -(-rows // 8), -(-columns // 8)
        if blocks.shape[0] < v_blocks or blocks.shape[1] < h_blocks:
            raise ValueError(f"component {index}: {blocks.shape[:2]} blocks, expected {(v_blocks, h_blocks)} or more")
        plane = inverse_islow(blocks[:v_blocks, :h_blocks], table)[:rows, :columns]
        h, v = ratio(factors, index)
        planes.append(upsample(plane, h, v, upsampling, height, width))
    return planes


def to_rgb(
    coefficients: Sequence[NDArray[np.int16]],
    steps: Sequence[Any],
    factors: Factors,
    width: int,
    height: int,
    upsampling: Upsampling = Upsampling.FANCY,
    ycbcr: bool = True,
) -> NDArray[np.uint8]:
    """uint8 [height, width, 3] of three components (YCbCr, or RGB as they are), uint8 [height, width] of one.

    Arguments as `to_planes`. `ycbcr`: whether three components are YCbCr, as JFIF has it. For 8-bit files.
    """
    if len(coefficients) not in (1, 3):
        raise ValueError(f"{len(coefficients)} components make no RGB picture; to_planes gives them as they are")
    planes = to_planes(coefficients, steps, factors, width, height, upsampling)
    if len(planes) == 1:
        return np.ascontiguousarray(planes[0])
    return ycbcr_to_rgb(*planes) if ycbcr else np.stack(planes, axis=-1)
