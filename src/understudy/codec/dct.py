"""Forward and inverse 8x8 DCTs, each in exactly the arithmetic of the code that it is named after.

Blocks are `[v_blocks, h_blocks, 8, 8]`, natural order: `[..., v, h]`, v the vertical frequency.

Source: islow is the algorithm of Loeffler, Ligtenberg and Moschytz (ICASSP 1989) in 13-bit fixed point with 2
more bits between the passes; ifast (8-bit fixed point) and float are that of Arai, Agui and Nakajima (Trans.
IEICE 1988); ap922 is facts/facebook-classic.md, section 2, measured on 685,696 luma coefficients of two
public pairs; ffmpeg is the same with its row pass rounded at bit 17, measured on ffmpeg 5.1.9
(tests/codec/test_ffmpeg.py); rust-image is islow as files of Rust's image crate
have it (tests/codec/test_rust_image.py).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _dct_kernels as kernels
from . import _inverse_fast_kernels as fast
from . import _jpeg_js_kernels as jpeg_js
from .variants import Dct

__all__ = ["Dct", "forward", "inverse", "inverse_ifast", "inverse_islow"]


def forward(plane: NDArray[np.uint8] | NDArray[np.int16], dct: Dct) -> NDArray[Any]:
    """The transform of every block of a plane, level-shifted by 128, in the variant's own scale.

    `plane` uint8 [8 * v_blocks, 8 * h_blocks], or int16 for samples over 255 (mozjpeg's overshoot). Returns
    [v_blocks, h_blocks, 8, 8] in natural order: for ISLOW and FFMPEG int16, 8 x T.81's normalisation; for IFAST int16
    and FLOAT float32, T.81's normalisation times 8 s[v] s[h] with s[0] = 1, s[k] = sqrt(2) cos(k pi / 16); for AP922
    and RUST_IMAGE int16 in T.81's normalisation; for JPEG_JS float64, scaled as FLOAT. FLOAT is libjpeg's float
    arithmetic on machines with IEEE single precision and no fused multiply-add, which is what x86-64 builds have.
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
        Dct.RUST_IMAGE: kernels.forward_rust_image,
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


def inverse_ifast(coefficients: NDArray[np.int16], steps_natural: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """The samples that libjpeg-turbo's fast inverse transform (`djpeg -dct fast`) makes of quantised coefficients.

    Arguments and result as of `inverse_islow`. Steps are multiplied with the graph's scales, of 14 bits, and rounded to
    two bits beyond the samples'; the result loses its fraction downwards, which darkens by about half a sample.
    Source: Arai, Agui and Nakajima's flow graph (Trans. IEICE 1988), reversed; libjpeg's documentation of JDCT_IFAST
    (fast, less accurate); bits and roundings measured on djpeg 2.1.5 (tests/codec/test_inverse_fast.py).
    """
    v_blocks, h_blocks = coefficients.shape[:2]
    graph = [1.0, *(math.sqrt(2) * math.cos(k * math.pi / 16) for k in range(1, 8))]
    scales = np.rint(16384 * np.outer(graph, graph)).astype(np.int64).reshape(64)
    scaled = (np.array(steps_natural, np.int64).reshape(64) * scales + 2048) >> 12
    plane = np.empty((8 * v_blocks, 8 * h_blocks), np.uint8)
    flat = np.ascontiguousarray(coefficients, dtype=np.int16).reshape(v_blocks * h_blocks, 64)
    fast.inverse_ifast(flat, scaled.astype(np.int16), plane)
    return plane


def inverse(coefficients: NDArray[np.int16], steps_natural: NDArray[np.uint16], dct: Dct) -> NDArray[np.uint8]:
    """The samples by the inverse of that name, ISLOW or IFAST. Raises ValueError for others."""
    if dct == Dct.IFAST:
        return inverse_ifast(coefficients, steps_natural)
    if dct != Dct.ISLOW:
        raise ValueError(f"no inverse {dct}, expected islow or ifast")
    return inverse_islow(coefficients, steps_natural)
