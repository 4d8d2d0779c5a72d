"""libvips' vips_sharpen: what a blur takes away from CIE L* is added to it again, by a curve of three straight pieces.

The way there is libvips' own: sRGB to linear light, XYZ, Lab and L* in 32767ths of 100, a* and b* in 256ths, then the
same way back, in float32 with look-ups at every turn. The last of them, linear light to sRGB, goes by a table of 256
whole levels with straight lines between, so that dark pixels change even where nothing is sharpened.

Source: libvips' documentation of vips_sharpen (parameters, their ranges and meaning; "the L channel of LabS"),
vips_gaussmat (taps of 20 exp(-x^2 / 2 sigma^2) down to `min_ampl`), vips_colourspace (which conversions); IEC 61966-2-1
for sRGB, CIE 15 for L*a*b*. In what precision each stage is taken and where it is cut was measured on each of libvips'
conversions alone, of pyvips-binary 8.18.7: all 2^24 colours give its LabS and come back as its sRGB
(tests/codec/test_lab_sharpen.py takes some). The curve is read one place off: a difference of d is sharpened as d + 1.
Debian's 8.14.1 has an older matrix and more of it in float64: of 8-bit samples 0.7 % come out one level apart.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._jit import kernel

Samples = NDArray[np.uint8]

ROOTS = 100_000
"""Steps of the table of cube roots, 0 to 1."""
L_UNIT = 327.67
"""LabS of L* = 1."""
WHITE_X, WHITE_Y, WHITE_Z = 95.0470, 100.0, 108.8827
"""D65."""
LEAST = 0.1
"""Part of a blur's middle weight under which a tap is left out."""


@lru_cache(maxsize=1)
def linear_light() -> NDArray[np.float32]:
    """float32 `[256]`: the light of each level, 0 to 1."""
    f = np.float32
    level = np.arange(256, dtype=f) / f(255)
    base = (level + f(0.055)) / f(1.055)
    # numpy's own float32 power may be an ulp off
    bright = np.array([math.pow(float(x), float(f(2.4))) for x in base]).astype(f)
    made: NDArray[np.float32] = np.where(level <= f(0.04045), level / f(12.92), bright).astype(f)
    return made


@lru_cache(maxsize=1)
def _roots() -> NDArray[np.float32]:
    """float32 `[ROOTS + 1]`: CIE's f of each share of white."""
    f = np.float32
    y = np.arange(ROOTS + 1, dtype=f) / f(ROOTS)
    root = np.cbrt(y.astype(np.float64)).astype(f)
    made: NDArray[np.float32] = np.where(y < f(0.008856), f(7.787) * y + f(16 / 116), root).astype(f)
    return made


@lru_cache(maxsize=1)
def levels_of_light() -> NDArray[np.float32]:
    """float32 `[257]`: the whole level of each 255th of light; the last is never weighed."""
    light = np.arange(257) / 255
    bright = 1.055 * np.power(np.maximum(light, 1e-9), 1 / 2.4) - 0.055
    levels = np.where(light <= 0.0031308, 12.92 * light, bright) * 255
    made: NDArray[np.float32] = np.minimum(np.rint(levels), 255).astype(np.float32)
    return made


@kernel
def _root(table: Any, value: Any, white: Any) -> Any:
    """CIE's f of a part of XYZ, float32: the table's steps joined by straight lines."""
    at = np.float32(np.float64(np.float32(100000.0) * value) / white)
    i = min(max(int(at), 0), 99998)
    return table[i] + (at - np.float32(i)) * (table[i + 1] - table[i])


@kernel
def _to_labs(pixels: Any, linear: Any, roots: Any, out: Any) -> None:
    """uint8 `[N, 3]` R, G, B to int16 `[N, 3]` L*, a*, b* of LabS, cut towards 0."""
    hundred = np.float32(100.0)
    for i in range(pixels.shape[0]):
        r, g, b = linear[pixels[i, 0]] * hundred, linear[pixels[i, 1]] * hundred, linear[pixels[i, 2]] * hundred
        x = np.float32(0.4124) * r + np.float32(0.3576) * g + np.float32(0.1805) * b
        y = np.float32(0.2126) * r + np.float32(0.7152) * g + np.float32(0.0722) * b
        z = np.float32(0.0193) * r + np.float32(0.1192) * g + np.float32(0.9505) * b
        of_x, of_y, of_z = _root(roots, x, WHITE_X), _root(roots, y, WHITE_Y), _root(roots, z, WHITE_Z)
        lightness = np.float32(116.0) * of_y - np.float32(16.0)
        out[i, 0] = np.int16(np.float64(lightness) * L_UNIT)
        out[i, 1] = np.int16(np.float32(500.0) * (of_x - of_y) * np.float32(256.0))
        out[i, 2] = np.int16(np.float32(200.0) * (of_y - of_z) * np.float32(256.0))


@kernel
def _unroot(t: Any, white: Any) -> Any:
    """The part of XYZ that has this f: of float64, as float32."""
    if t < 0.2069:
        return np.float32(white * (t - 0.13793) / 7.787)
    return np.float32(white * t * t * t)


@kernel
def _level(levels: Any, light: Any) -> Any:
    """The level of linear light, 0 to 1 in float32; light beyond is clipped."""
    at = min(max(light * np.float32(255.0), np.float32(0.0)), np.float32(255.0))
    i = int(at)
    return np.uint8(np.rint(levels[i] + (levels[i + 1] - levels[i]) * (at - np.float32(i))))


@kernel
def _light(x: Any, y: Any, z: Any, of_x: Any, of_y: Any, of_z: Any) -> Any:
    """One of R, G, B as linear light, float32."""
    return np.float32(of_x) * x + np.float32(of_y) * y + np.float32(of_z) * z


@kernel
def _from_labs(labs: Any, levels: Any, grey: bool, out: Any) -> None:
    """int16 `[N, 3]` of LabS to uint8 `[N, 3]` R, G, B; to `[N, 1]` where `grey`, by the luma of linear light."""
    hundred = np.float32(100.0)
    for i in range(labs.shape[0]):
        lightness = np.float64(np.float32(labs[i, 0] / L_UNIT))
        if lightness < 8.0:
            y = np.float32(lightness * WHITE_Y / 903.3)
            of_y = 7.787 * (np.float64(y) / WHITE_Y) + 16.0 / 116.0
        else:
            of_y = (lightness + 16.0) / 116.0
            y = np.float32(WHITE_Y * of_y * of_y * of_y)
        x = _unroot(labs[i, 1] / 256.0 / 500.0 + of_y, WHITE_X) / hundred
        z = _unroot(of_y - labs[i, 2] / 256.0 / 200.0, WHITE_Z) / hundred
        y = y / hundred
        r = _light(x, y, z, 3.240625, -1.537208, -0.498629)
        g = _light(x, y, z, -0.968931, 1.875756, 0.041518)
        b = _light(x, y, z, 0.055710, -0.204021, 1.056996)
        if grey:
            out[i, 0] = _level(levels, np.float32(0.2126) * r + np.float32(0.7152) * g + np.float32(0.0722) * b)
        else:
            out[i, 0], out[i, 1], out[i, 2] = _level(levels, r), _level(levels, g), _level(levels, b)


def taps(sigma: float) -> NDArray[np.int64]:
    """The blur's whole weights along one axis, an odd number of them, the middle one 20; one alone up to 0.46."""
    side: list[int] = []
    while sigma > 0 and (tap := math.exp(-((len(side) + 1) ** 2) / (2 * sigma * sigma))) >= LEAST:
        side.append(round(20 * tap))
    return np.array([*reversed(side), 20, *side], np.int64)


def blurred(plane: NDArray[np.int16], sigma: float) -> NDArray[np.int64]:
    """int64 `[H, W]`: the rows blurred, then the columns, each rounded half up, edges repeated."""
    weights = taps(sigma)
    total, reach = int(weights.sum()), len(weights) // 2
    out = plane.astype(np.int64)
    for axis in (1, 0):
        lines = np.moveaxis(out, axis, 0)
        n = len(lines)
        wide = lines[np.clip(np.arange(-reach, n + reach), 0, n - 1)]
        sums = np.zeros_like(lines)
        for i, weight in enumerate(weights):
            sums += weight * wide[i : i + n]
        out = np.moveaxis((sums + total // 2) // total, 0, axis)
    return out


def curve(x1: float, y2: float, y3: float, m1: float, m2: float) -> NDArray[np.int64]:
    """`[65536]`: what is added to L* for a difference to the blur of -32767 to 32768, in its 32767ths of 100.

    Slope `m1` up to `x1` units of L* on both sides of 0, `m2` beyond; never more than `y2`, never less than -`y3`."""
    v = np.arange(-32767, 32769) / L_UNIT
    beyond = np.where(v < 0, (v + x1) * m2 - x1 * m1, (v - x1) * m2 + x1 * m1)
    added = np.where((v < -x1) | (v >= x1), beyond, v * m1)
    made: NDArray[np.int64] = np.rint(np.clip(added, -y3, y2) * L_UNIT).astype(np.int64)
    return made


def lab_sharpen(
    samples: Samples, sigma: float = 0.5, x1: float = 2.0, y2: float = 10.0, y3: float = 20.0, m1: float = 0.0,
    m2: float = 3.0,
) -> Samples:  # fmt: skip
    """uint8 `[H, W, 1 or 3]` sharpened: grey or R, G, B. sigma: the blur's, in pixels; the rest: see `curve`."""
    labs = to_labs(samples)
    labs[:, :, 0] = sharpened(labs[:, :, 0], blurred(labs[:, :, 0], sigma), curve(x1, y2, y3, m1, m2))
    return from_labs(labs, grey=samples.shape[2] == 1)


def sharpened(plane: NDArray[np.int16], blur: NDArray[np.int64], added: NDArray[np.int64]) -> NDArray[np.int16]:
    """L* of LabS, `[H, W]`, given its blur and what is added by difference."""
    # a difference of d stands at d + 32767, and the next one is taken, as libvips does
    made: NDArray[np.int16] = np.clip(plane + added[plane - blur + 32768], 0, 32767).astype(np.int16)
    return made


def to_labs(samples: Samples) -> NDArray[np.int16]:
    """int16 `[H, W, 3]` of LabS: L* 0 to 32767 for 0 to 100, a* and b* in 256ths. samples: `[H, W, 1 or 3]`."""
    height, width, channels = samples.shape
    out = np.empty((height * width, 3), np.int16)
    colours = np.broadcast_to(samples, (height, width, 3)) if channels == 1 else samples
    _to_labs(np.require(colours, requirements=["C", "W"]).reshape(-1, 3), linear_light(), _roots(), out)
    return out.reshape(height, width, 3)


def from_labs(labs: NDArray[np.int16], *, grey: bool = False) -> Samples:
    """uint8 `[H, W, 3]` of such, or grey `[H, W, 1]`."""
    height, width, _ = labs.shape
    out = np.empty((height * width, 1 if grey else 3), np.uint8)
    _from_labs(np.ascontiguousarray(labs).reshape(-1, 3), levels_of_light(), grey, out)
    return out.reshape(height, width, -1)
