"""Pillow's unsharp mask: a Gaussian blur made of three extended box filters, and what differs from it added again.

Source: Pillow's handbook, ImageFilter.UnsharpMask (radius, percent, threshold) and GaussianBlur ("a sequence of
extended box filters"); P. Gwosdek, S. Grewenig, A. Bruhn, J. Weickert, Theoretical Foundations of Gaussian Convolution
by Extended Box Filtering, 2011, for the box's radius. How samples are rounded (weights of 24 bits, 8 bits between
passes, a product that is cut towards 0) is that of Pillow 13.0.0: tests/codec/test_unsharp.py asks the installed one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.uint8]

PASSES = 3
BITS = 24


def box_radius(radius: float, passes: int = PASSES) -> np.float32:
    """The radius of the extended box filter that, run `passes` times, has the variance of a Gaussian of `radius`: whole
    pixels and, behind the point, the weight of the pixel beyond."""
    variance = np.float32(radius) * np.float32(radius) / np.float32(passes)
    length = np.float32(math.sqrt(12.0 * float(variance) + 1.0))
    whole = np.float32(math.floor((float(length) - 1.0) / 2.0))
    above = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance)
    below = 6 * (variance - (whole + 1) * (whole + 1))
    return np.float32(whole + np.float32(above / below))


def taps(radius: float) -> NDArray[np.float64]:
    """The blur's weights along one axis without its roundings, an odd number of them, adding up to 1."""
    reach = float(box_radius(radius))
    whole = int(reach)
    box = np.array([reach - whole, *[1.0] * (2 * whole + 1), reach - whole]) / (2 * reach + 1)
    out: NDArray[np.float64] = box
    for _ in range(PASSES - 1):
        out = np.convolve(out, box)
    return out


def gaussian_blur(samples: Samples, radius: float) -> Samples:
    """uint8 `[H, W, C]` blurred: three passes along the rows, then three down the columns. radius: the Gaussian's
    standard deviation in pixels."""
    reach = box_radius(radius)
    if reach == 0:
        return samples
    out = samples
    for axis in (1, 0):
        for _ in range(PASSES):
            out = _boxed(out, reach, axis)
    return out


def _boxed(samples: Samples, reach: np.float32, axis: int) -> Samples:
    """One pass of the extended box filter, edges repeated."""
    whole = int(reach)
    weight = int(np.float32(1 << BITS) / (reach * 2 + 1))
    rest = ((1 << BITS) - (2 * whole + 1) * weight) // 2
    margin = [(0, 0)] * 3
    margin[axis] = (whole + 1, whole + 1)
    wide = np.moveaxis(np.pad(samples, margin, mode="edge"), axis, 0).astype(np.int64)
    n = samples.shape[axis]
    sums = np.concatenate([np.zeros_like(wide[:1]), np.cumsum(wide, axis=0)])
    inner = sums[2 * whole + 2 : 2 * whole + 2 + n] - sums[1 : 1 + n]
    outer = wide[:n] + wide[2 * whole + 2 : 2 * whole + 2 + n]
    made = (inner * weight + outer * rest + (1 << (BITS - 1))) >> BITS
    out: Samples = np.moveaxis(made, 0, axis).astype(np.uint8)
    return out


def unsharp_mask(samples: Samples, radius: float, percent: int, threshold: int) -> Samples:
    """uint8 `[H, W, C]`: where a sample differs from the blurred one by more than `threshold`, `percent` hundredths of
    the difference are added to it, cut towards 0 and clipped."""
    return sharpened(samples.astype(np.int64), gaussian_blur(samples, radius), percent, threshold)


def sharpened(samples: NDArray[np.int64], blurred: NDArray[Any], percent: int, threshold: int) -> Samples:
    """`unsharp_mask` of samples of which the blur is known; of the same shape."""
    difference = samples - blurred
    change = np.sign(difference) * (np.abs(difference) * percent // 100)
    change[np.abs(difference) <= threshold] = 0
    return np.ascontiguousarray(np.clip(samples + change, 0, 255).astype(np.uint8))
