"""Forward and inverse 8x8 DCTs, each in exactly the arithmetic of the code that it is named after.

Blocks are `[v_blocks, h_blocks, 8, 8]`, natural order: `[..., v, h]`, v the vertical frequency.

Source: islow is the algorithm of Loeffler, Ligtenberg and Moschytz (ICASSP 1989) in 13-bit fixed point with 2
more bits between the passes; ifast (8-bit fixed point) and float are that of Arai, Agui and Nakajima (Trans.
IEICE 1988); ap922 is facts/facebook-classic.md, section 2, measured on 685,696 luma coefficients of two
public pairs; ffmpeg is the same with its row pass rounded at bit 17, measured on ffmpeg 5.1.9
(tests/codec/test_ffmpeg.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _dct_kernels as kernels
from . import _jpeg_js_kernels as jpeg_js
from .variants import Dct

__all__ = ["Dct", "forward", "inverse_islow"]


def forward(plane: NDArray[np.uint8] | NDArray[np.int16], dct: Dct) -> NDArray[Any]:
    """The transform of every block of a plane, level-shifted by 128, in the variant's own scale.

    `plane` uint8 [8 * v_blocks, 8 * h_blocks], or int16 for samples over 255 (mozjpeg's overshoot). Returns
    [v_blocks, h_blocks, 8, 8] in natural order: for ISLOW and FFMPEG int16, 8 x T.81's normalisation; for IFAST int16
    and FLOAT float32, T.81's normalisation times 8 s[v] s[h] with s[0] = 1, s[k] = sqrt(2) cos(k pi / 16); for AP922
    int16 in T.81's normalisation; for JPEG_JS float64, scaled as FLOAT. FLOAT is libjpeg's float arithmetic on machines
    with IEEE single precision and no fused multiply-add, which is what x86-64 builds have.
    """
    height, width = plane.shape
    if height % 8 or width % 8:
        raise ValueError(f"plane of {width} x {height} samples is not made of whole 8 x 8 blocks")
    kind: type = {Dct.FLOAT: np.float32, Dct.JPEG_JS: np.float64}.get(Dct(dct), np.int16)
    out = np.empty((height // 8 * (width // 8), 64), kind)
    run = {
        Dct.ISLOW: kernels.forward_islow,
        Dct.IFAST: kernels.forward_ifast,
        Dct.FLOAT: kernels.forward_float,
        Dct.JPEG_JS: jpeg_js.forward,
        Dct.AP922: kernels.forward_ap922,
        Dct.FFMPEG: kernels.forward_ffmpeg,
    }[Dct(dct)]
    run(np.require(plane, requirements=["C", "W"]), out)  # numba would compile read-only planes apart
    return out.reshape(height // 8, width // 8, 8, 8)


def inverse_islow(coefficients: NDArray[np.int16], steps_natural: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """The samples that libjpeg-turbo's default decoder (islow) makes of quantised coefficients.

    `coefficients` int16 [v_blocks, h_blocks, 8, 8] and `steps_natural` [8, 8] (or 64), 1 to 65535, natural
    order. Returns uint8 [8 * v_blocks, 8 * h_blocks]. Values that no encoder writes (a product beyond 16
    bits, a result beyond 0..255) wrap and clip where libjpeg-turbo's x86-64 SIMD code does; its C code, which
    masks the result to 10 bits, differs there and only there.
    """
    v_blocks, h_blocks = coefficients.shape[:2]
    steps = np.array(steps_natural, dtype=np.uint16).reshape(64)
    plane = np.empty((8 * v_blocks, 8 * h_blocks), np.uint8)
    flat = np.ascontiguousarray(coefficients, dtype=np.int16).reshape(v_blocks * h_blocks, 64)
    kernels.inverse_islow(flat, steps, plane)
    return plane
