"""Picture to quantised coefficients as mozjpeg makes them: deringing before the DCT, trellis after it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...errors import UnderstudyError
from .. import dct as transforms
from ..color import rgb_to_ycbcr
from ..encode import Arithmetic, _fill_dummies
from ..quantize import quantize
from ..sampling import Factors, component_planes, component_size
from ..variants import Dct, Quantizer
from ._trellis_kernels import LARGEST
from .deringing import overflow, overshoot
from .trellis import Trellis, requantise

__all__ = ["forward"]


def forward(
    picture: NDArray[np.uint8],
    arithmetic: Arithmetic,
    factors: Factors,
    luma_steps: Sequence[int],
    chroma_steps: Sequence[int] | None = None,
    *,
    progressive: bool,
    restart_interval: int = 0,
    trellis: Trellis | None,
    overshoot_deringing: bool,
) -> list[NDArray[np.int16]]:
    """The levels of each component, -1023 to 1023; arguments and result as of `codec.encode.forward`.

    progressive, restart_interval: of the file; the trellis counts accordingly.
    trellis: None for plain rounding.
    Raises UnderstudyError for a DCT other than islow, and for another encoder's quantiser.
    """
    if arithmetic.dct != Dct.ISLOW or (trellis is None and arithmetic.quantizer != Quantizer.PLAIN):
        raise UnderstudyError(
            f"{arithmetic.dct}, {arithmetic.quantizer}", place="mozjpeg's trellis and deringing",
            expected="its default DCT, islow, with its own quantiser or plain rounding",
        )  # fmt: skip
    height, width = picture.shape[:2]
    planes = (picture,) if picture.ndim == 2 else rgb_to_ycbcr(picture, arithmetic.color)
    components = component_planes(planes, factors, arithmetic.downsampling, arithmetic.edge, arithmetic.smoothing)
    all_steps = [
        np.asarray(chroma_steps if index and chroma_steps is not None else luma_steps, np.int64)
        for index in range(len(factors))
    ]
    raws, blocks = [], []
    for plane, steps in zip(components, all_steps, strict=True):
        if overshoot_deringing:
            raws.append(transforms.forward(overshoot(plane, int(steps[0])), Dct.ISLOW))
            overflow(raws[-1])
        else:
            raws.append(transforms.forward(plane, Dct.ISLOW))
        blocks.append(quantize(raws[-1], steps, Dct.ISLOW, Quantizer.PLAIN).clip(-LARGEST, LARGEST))
    if trellis is not None:
        requantise(
            raws, blocks, all_steps, width=width, height=height, factors=factors, progressive=progressive,
            restart_interval=restart_interval, trellis=trellis,
        )  # fmt: skip
    for index, (h_samp_factor, _) in enumerate(factors):
        rows, columns = component_size(height, width, factors, index)
        _fill_dummies(blocks[index], -(-rows // 8), -(-columns // 8), h_samp_factor, arithmetic.dummy_blocks)
    return blocks
