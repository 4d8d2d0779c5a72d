"""Transform coefficients to quantised levels, in the arithmetic of real encoders.

Source: PLAIN is libjpeg's (jcdctmgr's documented rule: divide by step times the transform's scale, round half
away from zero; float: multiply by the reciprocal, round half to even as libjpeg-turbo's SIMD conversion
does). RECIPROCAL15_HALF_EVEN is facts/facebook-classic.md, section 3. ROUNDING_OFFSET is the textbook's dead zone
with one offset; the golden pair of Google Photos, 2015, fits 120 or 121 of 256 (tests/learning).
"""

from __future__ import annotations

from math import cos, pi, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._jit import kernel
from ..errors import UnderstudyError
from . import _jpeg_js_kernels as jpeg_js
from .variants import Dct, Quantizer

__all__ = ["Quantizer", "quantize"]

_AAN = np.array([1.0] + [sqrt(2) * cos(k * pi / 16) for k in range(1, 8)])
"""What a one-dimensional Arai-Agui-Nakajima output is too large by (its DC: by 1)."""

_JPEG_JS_SCALE = np.array([1.0, 1.387039845, 1.306562965, 1.175875602, 1.0, 0.785694958, 0.541196100, 0.275899379])
"""The same as jpeg-js has it, with nine decimals."""


@kernel
def _divide(raw: Any, divisors: Any, reciprocals: Any, out: Any) -> None:
    """`(|x| + d // 2) // d` with the sign of x, by float32 reciprocals.

    Exact: with n = |x| + d // 2 < 2^21, (n + 1/2) / d is at least 1 / 2d away from an integer, and its
    rounding error is below n / d x 2^-22.
    """
    half = np.float32(0.5)
    for block in range(raw.shape[0]):
        for k in range(64):
            x = np.int32(raw[block, k])
            n = np.float32(np.int32(abs(x) + (divisors[k] >> 1)))
            level = np.int32((n + half) * reciprocals[k])
            out[block, k] = level if x >= 0 else -level


@kernel
def _multiply_float(raw: Any, factors: Any, out: Any) -> None:
    for block in range(raw.shape[0]):
        for k in range(64):
            out[block, k] = np.int32(np.rint(raw[block, k] * factors[k]))


@kernel
def _cut_off(raw: Any, divisors: Any, offsets: Any, out: Any) -> None:
    """`(|x| + offset) // d` with the sign of x, in float32 or integers as `raw`, `divisors` and `offsets` are."""
    for block in range(raw.shape[0]):
        for k in range(64):
            x = raw[block, k]
            level = np.int32((abs(x) + offsets[k]) // divisors[k])
            out[block, k] = level if x >= 0 else -level


@kernel
def _multiply_high(raw: Any, multipliers: Any, biases: Any, dc: int, out: Any) -> None:
    """`(|x| + bias) * multiplier`, its bits from the 16th on; DC is divided by `dc`, half up."""
    for block in range(raw.shape[0]):
        out[block, 0] = (np.int32(raw[block, 0]) + dc // 2) // dc
        for k in range(1, 64):
            x = np.int32(raw[block, k])
            level = np.int32((abs(x) + biases[k]) * multipliers[k]) >> 16
            out[block, k] = level if x >= 0 else -level


@kernel
def _reciprocal(raw: Any, multipliers: Any, shift: int, out: Any) -> None:
    """`|x| * multiplier`, shifted right by `shift`, half to even."""
    below_half = np.int32((1 << (shift - 1)) - 1)
    for block in range(raw.shape[0]):
        for k in range(64):
            x = np.int32(raw[block, k])
            a = np.int32(abs(x) * multipliers[k])
            level = np.int32(a + below_half + ((a >> shift) & 1)) >> shift
            out[block, k] = level if x >= 0 else -level


def _divisors(steps: NDArray[np.int64], dct: Dct) -> NDArray[np.int64]:
    """What an integer transform's results are divided by."""
    if dct in (Dct.ISLOW, Dct.FFMPEG):
        return steps << 3
    if dct == Dct.IFAST:
        # 14-bit scales, times the step, down to 3 fraction bits, half up.
        scale14 = np.rint(np.outer(_AAN, _AAN).reshape(64) * 16384).astype(np.int64)
        return np.asarray((steps * scale14 + 1024) >> 11, np.int64)
    return steps


def _plain(raw: NDArray[Any], steps: NDArray[np.int64], dct: Dct, out: NDArray[np.int16]) -> None:
    if dct == Dct.FLOAT:
        scale = np.outer(_AAN, _AAN).reshape(64)
        _multiply_float(raw, (1.0 / (steps * scale * 8.0)).astype(np.float32), out)
        return
    if dct == Dct.JPEG_JS:
        down, along = np.repeat(_JPEG_JS_SCALE, 8), np.tile(_JPEG_JS_SCALE, 8)
        jpeg_js.quantize(raw, 1.0 / (steps * down * along * 8.0), out)
        return
    divisors = _divisors(steps, dct)
    _divide(raw, divisors.astype(np.int32), (1.0 / divisors).astype(np.float32), out)


def _offset(raw: NDArray[Any], steps: NDArray[np.int64], dct: Dct, offset: int, out: NDArray[np.int16]) -> None:
    share = np.full(64, offset, np.int64)
    share[0] = 128
    if dct in (Dct.FLOAT, Dct.JPEG_JS):
        sizes = (steps * np.outer(_AAN, _AAN).reshape(64) * 8.0).astype(np.float32)
        _cut_off(raw, sizes, (sizes * share / 256).astype(np.float32), out)
        return
    divisors = _divisors(steps, dct)
    _cut_off(raw, divisors.astype(np.int32), (divisors * share >> 8).astype(np.int32), out)


def _ffmpeg(raw: NDArray[Any], steps: NDArray[np.int64], out: NDArray[np.int16]) -> None:
    """3/8 of a step is added before the product with 2^13 / step, rounded down; the bias is rounded to raw units."""
    multipliers = np.clip((1 << 17) // (16 * steps), 1, 32767)
    biases = ((96 << 8) + (multipliers >> 1)) // multipliers
    _multiply_high(raw, multipliers.astype(np.int32), biases.astype(np.int32), int(8 * steps[0]), out)


def quantize(
    raw: NDArray[Any], steps_natural: Any, dct: Dct, quantizer: Quantizer, rounding_offset: int = 128
) -> NDArray[np.int16]:
    """Levels, int16 [v_blocks, h_blocks, 8, 8] in natural order, of what `dct.forward` returned for `dct`.

    `steps_natural`: 64 step sizes in natural order, 1 to 65535. AP922 with PLAIN divides T.81's normalised
    integers; ISLOW with RECIPROCAL15_HALF_EVEN applies the rule to the exact eighths that islow gives. IFAST
    and FLOAT have no exact normalised value for the reciprocal, so that combination is an error.
    `rounding_offset`: 256ths of a step, 0 to 255, for ROUNDING_OFFSET, which alone looks at it.
    """
    steps = np.asarray(steps_natural, dtype=np.int64).reshape(64)
    if steps.min() < 1 or steps.max() > 65535:
        raise ValueError(f"step sizes from {steps.min()} to {steps.max()}, expected 1 to 65535")
    flat = np.ascontiguousarray(raw).reshape(-1, 64)
    out = np.empty(flat.shape, np.int16)
    dct, quantizer = Dct(dct), Quantizer(quantizer)
    if quantizer == Quantizer.MOZJPEG_TRELLIS:
        raise UnderstudyError(
            f"{quantizer}, which needs more than a block to choose levels", expected="mozjpeg.encode.forward"
        )
    if quantizer == Quantizer.PLAIN:
        _plain(flat, steps, dct, out)
    elif quantizer == Quantizer.ROUNDING_OFFSET:
        _offset(flat, steps, dct, rounding_offset, out)
    elif quantizer == Quantizer.FFMPEG and dct in (Dct.FFMPEG, Dct.ISLOW):
        _ffmpeg(flat, steps, out)
    elif quantizer == Quantizer.RECIPROCAL15_HALF_EVEN and dct in (Dct.AP922, Dct.ISLOW):
        _reciprocal(flat, ((32768 + (steps >> 1)) // steps).astype(np.int32), 18 if dct == Dct.ISLOW else 15, out)
    else:
        raise UnderstudyError(
            f"{quantizer} after {dct}, whose results have no exact normalised value",
            expected=f"{'ffmpeg' if quantizer == Quantizer.FFMPEG else 'ap922'} or islow with this quantiser",
        )
    return out.reshape(raw.shape)
