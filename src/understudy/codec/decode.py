"""Quantised coefficients to pixels, to the last bit: libjpeg-turbo's decoder (islow or ifast, fancy or plain) and
libjpeg 7's, at full size or scaled inside the inverse DCT."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UnderstudyError
from . import scaled_dct
from .color import ycbcr_to_rgb
from .sampling import Factors, upsample
from .variants import Dct, Decoder, Upsampling

__all__ = ["Decoder", "Upsampling", "to_planes", "to_rgb"]


def to_planes(
    coefficients: Sequence[NDArray[np.int16]],
    steps: Sequence[Any],
    factors: Factors,
    width: int,
    height: int,
    upsampling: Upsampling = Upsampling.FANCY,
    eighths: int = 8,
    decoder: Decoder = Decoder.LIBJPEG_TURBO,
    dct: Dct = Dct.ISLOW,
) -> list[NDArray[np.uint8]]:
    """Each component's samples at the picture's resolution, uint8 [height, width], in the components' own colour space.

    `coefficients`: int16 [v_blocks, h_blocks, 8, 8] a component, natural order, at least the blocks that the
    picture needs. `steps`: a component's 64 (or [8, 8]) step sizes, natural order.
    `eighths`: 1 to 16; the planes are ceil(height * eighths / 8) high, and so wide.
    `upsampling` FANCY with the libjpeg 7 decoders is the DCT's own; they know no triangle filter.
    `dct`: the inverse at 8 x 8, ISLOW or IFAST.
    """
    decoder, fancy = Decoder(decoder), upsampling == Upsampling.FANCY
    max_h, max_v = max(h for h, _ in factors), max(v for _, v in factors)
    out_height, out_width = -(-height * eighths // 8), -(-width * eighths // 8)
    sizes = scaled_dct.block_sizes(factors, eighths, decoder, fancy)
    planes = []
    for index, (blocks, table) in enumerate(zip(coefficients, steps, strict=True)):
        (h, v), (h_size, v_size) = factors[index], sizes[index]
        v_blocks, h_blocks = -(-height * v // (8 * max_v)), -(-width * h // (8 * max_h))
        if blocks.shape[0] < v_blocks or blocks.shape[1] < h_blocks:
            raise ValueError(f"component {index}: {blocks.shape[:2]} blocks, expected {(v_blocks, h_blocks)} or more")
        plane = scaled_dct.inverse(blocks[:v_blocks, :h_blocks], table, h_size, v_size, decoder, dct)
        rows, columns = -(-height * v * v_size // (8 * max_v)), -(-width * h * h_size // (8 * max_h))
        h_ratio, v_ratio = _whole(max_h * eighths, h * h_size, index), _whole(max_v * eighths, v * v_size, index)
        triangle = fancy and decoder == Decoder.LIBJPEG_TURBO and eighths > 1
        method = Upsampling.FANCY if triangle else Upsampling.PLAIN
        planes.append(upsample(plane[:rows, :columns], h_ratio, v_ratio, method, out_height, out_width))
    return planes


def _whole(full: int, part: int, component: int) -> int:
    if full % part:
        raise UnderstudyError(
            f"component {component} has {part} samples beside {full}",
            expected="sampling factors that divide the largest",
            remedy="libjpeg does not do fractional sampling either",
        )
    return full // part


def to_rgb(
    coefficients: Sequence[NDArray[np.int16]],
    steps: Sequence[Any],
    factors: Factors,
    width: int,
    height: int,
    upsampling: Upsampling = Upsampling.FANCY,
    ycbcr: bool = True,
    eighths: int = 8,
    decoder: Decoder = Decoder.LIBJPEG_TURBO,
    dct: Dct = Dct.ISLOW,
) -> NDArray[np.uint8]:
    """uint8 [height, width, 3] of three components (YCbCr, or RGB as they are), uint8 [height, width] of one.

    Arguments as `to_planes`. `ycbcr`: whether three components are YCbCr, as JFIF has it. For 8-bit files.
    """
    if len(coefficients) not in (1, 3):
        raise ValueError(f"{len(coefficients)} components make no RGB picture; to_planes gives them as they are")
    planes = to_planes(coefficients, steps, factors, width, height, upsampling, eighths, decoder, dct)
    if len(planes) == 1:
        return np.ascontiguousarray(planes[0])
    if not ycbcr:
        return np.stack(planes, axis=-1)
    y, cb, cr = planes
    return ycbcr_to_rgb(y, cb, cr, decoder)
