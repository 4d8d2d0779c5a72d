"""RGB to YCbCr and back, in the fixed-point arithmetic of real encoders.

Source: LIBJPEG is JFIF 1.02's conversion (ITU-R BT.601 weights) in 16-bit fixed point, rounded half up,
chroma a hair below half; FACEBOOK_CLASSIC is facts/facebook-classic.md, section 1, measured on two public
pairs; RUST_IMAGE is JFIF's conversion with weights of four digits in float32, measured on 41,984 colours
(tests/codec/test_rust_image.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._jit import kernel
from .variants import Color, Decoder

__all__ = ["Color", "rgb_to_ycbcr", "ycbcr_to_rgb"]

Planes = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]


def _fix16(x: float) -> int:
    return round(x * 65536)


# Rows Y, Cb, Cr: the weights of R, G, B and the constant added before the arithmetic shift. Then the shift.
_MATRICES: dict[Color, tuple[NDArray[np.int32], int]] = {
    Color.LIBJPEG: (
        np.array(
            [
                [_fix16(0.29900), _fix16(0.58700), _fix16(0.11400), 32768],
                [-_fix16(0.16874), -_fix16(0.33126), 32768, (128 << 16) + 32767],
                [32768, -_fix16(0.41869), -_fix16(0.08131), (128 << 16) + 32767],
            ],
            dtype=np.int32,
        ),
        16,
    ),
    Color.GO: (
        np.array(
            [
                [19595, 38470, 7471, 32768],
                [-11056, -21712, 32768, (128 << 16) + 32768],
                [32768, -27440, -5328, (128 << 16) + 32768],
            ],
            dtype=np.int32,
        ),
        16,
    ),
    # 16266, not 16384: on the 2021 pair 16265 leaves 8 wrong coefficients, 16267 16, 16384 over 1,400.
    Color.FACEBOOK_CLASSIC: (
        np.array(
            [
                [9798, 19235, 3736, 16266],
                [-5529, -10855, 16384, (128 << 15) + 16384],
                [16384, -13720, -2664, (128 << 15) + 16384],
            ],
            dtype=np.int32,
        ),
        15,
    ),
}

_RUST_WEIGHTS = ((0.299, 0.587, 0.114), (-0.1687, -0.3313, 0.5), (0.5, -0.4187, -0.0813))
_RUST = np.array([[np.float32(255 * w) / np.float32(255) for w in row] for row in _RUST_WEIGHTS], np.float32)
"""Each weight, times 255, is a float32, which is divided by the highest sample: 0.4187 and 0.299 come out otherwise."""
_MATRICES[Color.RUST_IMAGE] = np.array([[*(_fix16(w) for w in row), 0] for row in _RUST_WEIGHTS], np.int32), 16
"""For gradients; its samples come from `_forward_float`."""
_MATRICES[Color.RUST_IMAGE][0][1:, 3] = 128 << 16

_MATRICES[Color.RUST_IMAGE_INTEGER] = _MATRICES[Color.LIBJPEG][0].copy(), 16
_MATRICES[Color.RUST_IMAGE_INTEGER][0][0, 1] = 38469
"""0.587 x 65536 is 38469.6. Measured with the constant 32768, of which 32763 to 32776 would do."""

_R_CR, _B_CB = _fix16(1.40200), _fix16(1.77200)
_GREEN: dict[Decoder, tuple[int, int]] = {
    Decoder.LIBJPEG_TURBO: (_fix16(0.34414), _fix16(0.71414)),
    Decoder.LIBJPEG_7: (_fix16(0.34414), _fix16(0.71414)),
    # 9a to 9f: measured, 0 of 65,536 pixels of noise differ; 38 do with the other pair.
    Decoder.LIBJPEG_9A: (_fix16(0.344136286), _fix16(0.714136286)),
}
"""Weights of Cb and Cr that are taken from green."""


@kernel
def _forward(rgb: Any, m: Any, shift: int, y: Any, cb: Any, cr: Any) -> None:
    m00, m01, m02, m03 = m[0, 0], m[0, 1], m[0, 2], m[0, 3]
    m10, m11, m12, m13 = m[1, 0], m[1, 1], m[1, 2], m[1, 3]
    m20, m21, m22, m23 = m[2, 0], m[2, 1], m[2, 2], m[2, 3]
    for i in range(y.size):
        r, g, b = np.int32(rgb[3 * i]), np.int32(rgb[3 * i + 1]), np.int32(rgb[3 * i + 2])
        y[i] = min(np.int32(m00 * r + m01 * g + m02 * b + m03) >> shift, 255)
        cb[i] = min(np.int32(m10 * r + m11 * g + m12 * b + m13) >> shift, 255)
        cr[i] = min(np.int32(m20 * r + m21 * g + m22 * b + m23) >> shift, 255)


@kernel
def _forward_float(rgb: Any, m: Any, y: Any, cb: Any, cr: Any) -> None:
    """float32, each product and sum rounded, from R on; 128 is added last."""
    m00, m01, m02 = m[0, 0], m[0, 1], m[0, 2]
    m10, m11, m12 = m[1, 0], m[1, 1], m[1, 2]
    m20, m21, m22 = m[2, 0], m[2, 1], m[2, 2]
    middle, least, most = np.float32(128), np.float32(0), np.float32(255)
    for i in range(y.size):
        r, g, b = np.float32(rgb[3 * i]), np.float32(rgb[3 * i + 1]), np.float32(rgb[3 * i + 2])
        y[i] = np.uint8(min(max(m00 * r + m01 * g + m02 * b, least), most))
        cb[i] = np.uint8(min(max(m10 * r + m11 * g + m12 * b + middle, least), most))
        cr[i] = np.uint8(min(max(m20 * r + m21 * g + m22 * b + middle, least), most))


@kernel
def _inverse(y: Any, cb: Any, cr: Any, g_cb: int, g_cr: int, rgb: Any) -> None:
    for i in range(y.size):
        s, b, r = np.int32(y[i]), np.int32(cb[i]) - 128, np.int32(cr[i]) - 128
        red = s + (np.int32(_R_CR * r + 32768) >> 16)
        green = s + (np.int32(32768 - g_cb * b - g_cr * r) >> 16)
        blue = s + (np.int32(_B_CB * b + 32768) >> 16)
        rgb[3 * i] = min(max(red, 0), 255)
        rgb[3 * i + 1] = min(max(green, 0), 255)
        rgb[3 * i + 2] = min(max(blue, 0), 255)


def rgb_to_ycbcr(rgb: NDArray[np.uint8], color: Color) -> Planes:
    """Y, Cb and Cr, each uint8 [H, W], 0 to 255, of `rgb` uint8 [H, W, 3]; its three planes where nothing converts."""
    height, width, _ = rgb.shape
    if color in (Color.NONE, Color.RGB):
        return rgb[:, :, 0], rgb[:, :, 1], rgb[:, :, 2]
    y, cb, cr = (np.empty((height, width), np.uint8) for _ in range(3))
    flat = np.ascontiguousarray(rgb).reshape(-1)
    if color == Color.RUST_IMAGE:
        _forward_float(flat, _RUST, y.reshape(-1), cb.reshape(-1), cr.reshape(-1))
        return y, cb, cr
    matrix, shift = _MATRICES[Color(color)]
    _forward(flat, matrix, shift, y.reshape(-1), cb.reshape(-1), cr.reshape(-1))
    return y, cb, cr


def cmyk_to_rgb(cmyk: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 [H, W, 3] of [H, W, 4], 0 to 255 for no ink to full ink: `w - C w / 255` rounded, w = 255 - K.

    Source: Pillow's `convert`, asked for every C and K (tests/steps/test_source_kinds.py).
    """
    white = 255 - cmyk[:, :, 3:].astype(np.int32)
    product = cmyk[:, :, :3] * white + 128
    return np.clip(white - ((product + (product >> 8)) >> 8), 0, 255).astype(np.uint8)


def ycbcr_to_rgb(
    y: NDArray[np.uint8], cb: NDArray[np.uint8], cr: NDArray[np.uint8], decoder: Decoder = Decoder.LIBJPEG_TURBO
) -> NDArray[np.uint8]:
    """uint8 [H, W, 3] of three uint8 [H, W]: libjpeg's decoder, 16-bit fixed point, clipped to 0..255."""
    rgb = np.empty((*y.shape, 3), np.uint8)
    flat = [np.ascontiguousarray(plane).reshape(-1) for plane in (y, cb, cr)]
    _inverse(flat[0], flat[1], flat[2], *_GREEN[Decoder(decoder)], rgb.reshape(-1))
    return rgb
