"""Pillow's unsharp mask: a Gaussian blur made of three extended box filters, and what differs from it added again.

Source: Pillow's handbook, ImageFilter.UnsharpMask (radius, percent, threshold) and GaussianBlur ("a sequence of
extended box filters"); P. Gwosdek, S. Grewenig, A. Bruhn, J. Weickert, Theoretical Foundations of Gaussian Convolution
by Extended Box Filtering, 2011, for the box's radius. How samples are rounded (weights of 24 bits, 8 bits between
passes, a product that is cut towards 0) is that of Pillow 13.0.0: tests/codec/test_unsharp.py asks the installed one.
"""

from __future__ import annotations

import math

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
    whole = int(reach)
    weight = int(np.float32(1 << BITS) / (reach * 2 + 1))
    rest = ((1 << BITS) - (2 * whole + 1) * weight) // 2
    across = _passes(np.ascontiguousarray(samples.transpose(1, 0, 2)), whole, weight, rest)
    return _passes(np.ascontiguousarray(across.transpose(1, 0, 2)), whole, weight, rest)


def _passes(samples: Samples, whole: int, weight: int, rest: int) -> Samples:
    """The passes of the extended box filter along the first axis of `[n, m, C]`, edges repeated."""
    from ._unsharp_kernels import boxed

    now = samples.reshape(len(samples), -1)
    sums = np.zeros(now.shape[1], np.int64)
    for _ in range(PASSES):
        out = np.empty_like(now)
        boxed(now, whole, weight, rest, BITS, sums, out)
        now = out
    return now.reshape(samples.shape)


def unsharp_mask(samples: Samples, radius: float, percent: int, threshold: int) -> Samples:
    """uint8 `[H, W, C]`: where a sample differs from the blurred one by more than `threshold`, `percent` hundredths of
    the difference are added to it, cut towards 0 and clipped."""
    return sharpened(samples, gaussian_blur(samples, radius), percent, threshold)


def sharpened(samples: Samples, blurred: Samples, percent: int, threshold: int) -> Samples:
    """`unsharp_mask` of samples of which the blur is known, uint8, of the same shape."""
    from ._unsharp_kernels import masked

    difference = np.arange(-255, 256)
    change = np.sign(difference) * (np.abs(difference) * percent // 100)
    change[np.abs(difference) <= threshold] = 0
    out: Samples = np.empty(samples.shape, np.uint8)
    masked(np.ascontiguousarray(samples).ravel(), np.ascontiguousarray(blurred).ravel(), change, out.reshape(-1))
    return out
