"""jpegli from pixels to quantised coefficients.

Equal to pyjpegli 0.3.2's coefficients on x86-64 with AVX2 (what was compared: tests/codec/test_jpegli_encode.py). Its
entropy layer is jpeg/histogram_merge.py.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...jpeg.coefficients import Grid, grids
from . import kernels
from .adaptive import quant_field
from .zero_bias import thresholds

Plane = NDArray[np.float32]


def forward(
    picture: NDArray[np.uint8],
    factors: Sequence[tuple[int, int]],
    luma_steps: Sequence[int],
    chroma_steps: Sequence[int],
    *,
    adaptive: bool = True,
    force_baseline: bool = True,
    streaming: bool = False,
) -> list[NDArray[np.int16]]:
    """The quantised coefficients of each component, int16 [v_blocks, h_blocks, 8, 8], natural order, whole MCUs.

    picture: uint8 [H, W, 3] (R, G, B) or grey [H, W].
    factors: (h_samp_factor, v_samp_factor) of luma, of chroma (1, 1) twice; one pair for grey.
    luma_steps, chroma_steps: 64 steps each, natural order.
    adaptive: the adaptive quantisation field is on (jpegli's default); off, thresholds alone act.
    force_baseline: what the tables were clamped with; thresholds depend on it where a step is 255.
    streaming: a single scan without restarts. Blocks beyond the picture then repeat the DC before them; otherwise
    jpegli sends zeros.

    Raises ValueError for shapes that do not fit, or ratios of chroma other than 1, 2 and (4, 1).
    """
    height, width = picture.shape[:2]
    if min(height, width) < 1 or len(factors) != (1 if picture.ndim == 2 else 3):
        raise ValueError(f"a picture of shape {picture.shape} with {len(factors)} components")
    if len(factors) == 3 and (factors[1:] != [(1, 1), (1, 1)] or factors[0] not in _RATIOS):
        raise ValueError(f"sampling factors {factors}, expected chroma 1x1 and luma one of {_RATIOS}")
    layout = grids(width, height, factors)
    h_ratio, v_ratio = factors[0]
    planes = _planes(picture, layout, h_ratio, v_ratio)
    tables = [luma_steps, chroma_steps, chroma_steps][: len(factors)]
    luma = layout[0]
    if adaptive:
        field = quant_field(planes[0], luma.v_blocks, luma.h_real, luma_steps[1])
    else:
        field = np.zeros((luma.v_blocks, luma.h_real), np.float32)
    limits = thresholds(tables, adaptive=adaptive, force_baseline=force_baseline)
    out = []
    for i, (grid, steps) in enumerate(zip(layout, tables, strict=True)):
        blocks = np.zeros((grid.v_blocks, grid.h_blocks, 64), np.int16)
        per_step = np.float32(8) / np.asarray(steps, np.float32)
        offset, mul = limits[i]
        v, h = (v_ratio, h_ratio) if i else (1, 1)
        kernels.quantise(planes[i], per_step, offset, mul, field, v, h, grid.v_real, grid.h_real, blocks)
        if streaming:
            _repeat_dc(blocks, grid, factors[i][0])
        out.append(blocks.reshape(grid.v_blocks, grid.h_blocks, 8, 8))
    return out


def zero_below(
    picture: NDArray[np.uint8],
    factors: Sequence[tuple[int, int]],
    luma_steps: Sequence[int],
    chroma_steps: Sequence[int],
    *,
    adaptive: bool = True,
    force_baseline: bool = True,
) -> list[NDArray[np.float32]]:
    """The magnitudes, in steps, below which `forward` sets a coefficient to 0; arguments as there.

    float32 [v_blocks, h_blocks, 64] a component, natural order, blocks that hold a sample of the picture; 0 for DC.
    """
    height, width = picture.shape[:2]
    layout = grids(width, height, factors)
    h_ratio, v_ratio = factors[0]
    luma = layout[0]
    field = np.zeros((luma.v_blocks, luma.h_real), np.float32)
    if adaptive:
        field = quant_field(_planes(picture, layout, h_ratio, v_ratio)[0], luma.v_blocks, luma.h_real, luma_steps[1])
    tables = [luma_steps, chroma_steps, chroma_steps][: len(factors)]
    limits = thresholds(tables, adaptive=adaptive, force_baseline=force_baseline)
    out = []
    for i, (grid, (offset, mul)) in enumerate(zip(layout, limits, strict=True)):
        v, h = (v_ratio, h_ratio) if i else (1, 1)
        strength = field[: v * grid.v_real : v, : h * grid.h_real : h, None]
        made = offset + mul * strength
        made[..., 0] = 0
        out.append(np.ascontiguousarray(made, np.float32))
    return out


_RATIOS = [(1, 1), (2, 1), (1, 2), (2, 2), (4, 1)]


def _planes(picture: NDArray[np.uint8], layout: Sequence[Grid], h_ratio: int, v_ratio: int) -> list[Plane]:
    """Each component's samples, float32 with a border of one, over whole MCUs."""
    luma = layout[0]
    full = (8 * luma.v_blocks + 2, 8 * luma.h_blocks + 2)
    planes = [np.empty(full, np.float32) for _ in layout]
    if len(layout) == 1:
        kernels.copy(np.ascontiguousarray(picture), planes[0])
        return planes
    kernels.convert(np.ascontiguousarray(picture), *planes)
    if (h_ratio, v_ratio) == (1, 1):
        return planes
    small = [np.empty((8 * grid.v_blocks + 2, 8 * grid.h_blocks + 2), np.float32) for grid in layout[1:]]
    for plane, out in zip(planes[1:], small, strict=True):
        kernels.downsample(plane, h_ratio, v_ratio, out)
    return [planes[0], *small]


def _repeat_dc(blocks: NDArray[np.int16], grid: Grid, h_samp_factor: int) -> None:
    """Blocks beyond the picture take the DC that comes before them in their MCU."""
    blocks[: grid.v_real, grid.h_real :, 0] = blocks[: grid.v_real, grid.h_real - 1, None, 0]
    last_of_mcu = blocks[grid.v_real - 1, h_samp_factor - 1 :: h_samp_factor, 0]
    blocks[grid.v_real :, :, 0] = last_of_mcu.repeat(h_samp_factor)
