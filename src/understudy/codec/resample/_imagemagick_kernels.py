"""The loops of imagemagick.py: one pass over rows or columns of 16-bit samples, summed in double precision.

`first`, `count` int64 [n] and `weights` float64 [n, most]: the source samples of each destination sample.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._jit import kernel

_TO_SHARE = 1.0 / 65535.0


@kernel
def _clamped(x: float) -> int:
    """Half up, to 0..65535; what is not a number becomes 0, as a comparison makes it."""
    if x >= 65535.0:
        return 65535
    if x > 0.0:
        return int(x + 0.5)
    return 0


@kernel
def rows_opaque(source: Any, first: Any, count: Any, weights: Any, out: Any) -> None:
    """[H, W, C] to [H, n, C]."""
    height, width, channels = source.shape
    line = np.empty((channels, width))
    for y in range(height):
        for x in range(width):
            for c in range(channels):
                line[c, x] = source[y, x, c]
        for x in range(out.shape[1]):
            start, taps = first[x], count[x]
            for c in range(channels):
                total = 0.0
                for k in range(taps):
                    total += weights[x, k] * line[c, start + k]
                out[y, x, c] = _clamped(total)


@kernel
def columns_opaque(source: Any, first: Any, count: Any, weights: Any, out: Any) -> None:
    """[H, W, C] to [n, W, C]."""
    _, width, channels = source.shape
    total = np.empty((width, channels))
    for y in range(out.shape[0]):
        total[:] = 0.0
        for k in range(count[y]):
            weight, row = weights[y, k], first[y] + k
            for x in range(width):
                for c in range(channels):
                    total[x, c] += weight * source[row, x, c]
        for x in range(width):
            for c in range(channels):
                out[y, x, c] = _clamped(total[x, c])


@kernel
def _undone(gamma: float) -> float:
    """1 / gamma, at most 1e12."""
    if abs(gamma) >= 1e-12:
        return 1.0 / gamma
    return -1e12 if gamma < 0.0 else 1e12


@kernel
def rows_alpha(source: Any, first: Any, count: Any, weights: Any, out: Any) -> None:
    """[H, W, C] to [H, n, C]; the last channel is alpha."""
    height, _, channels = source.shape
    colours = channels - 1
    total = np.empty(colours)
    for y in range(height):
        for x in range(out.shape[1]):
            total[:] = 0.0
            gamma = 0.0
            opacity = 0.0
            for k in range(count[x]):
                weight, at = weights[x, k], first[x] + k
                alpha = float(source[y, at, colours])
                share = weight * _TO_SHARE * alpha
                for c in range(colours):
                    total[c] += share * source[y, at, c]
                opacity += weight * (65535.0 - alpha)
                gamma += share
            gamma = _undone(gamma)
            for c in range(colours):
                out[y, x, c] = _clamped(gamma * total[c])
            out[y, x, colours] = 65535 - _clamped(opacity)


@kernel
def columns_alpha(source: Any, first: Any, count: Any, weights: Any, out: Any) -> None:
    """[H, W, C] to [n, W, C]; the last channel is alpha."""
    _, width, channels = source.shape
    colours = channels - 1
    total = np.empty(colours)
    for y in range(out.shape[0]):
        for x in range(width):
            total[:] = 0.0
            gamma = 0.0
            opacity = 0.0
            for k in range(count[y]):
                weight, at = weights[y, k], first[y] + k
                alpha = float(source[at, x, colours])
                share = weight * _TO_SHARE * alpha
                for c in range(colours):
                    total[c] += share * source[at, x, c]
                opacity += weight * (65535.0 - alpha)
                gamma += share
            gamma = _undone(gamma)
            for c in range(colours):
                out[y, x, c] = _clamped(gamma * total[c])
            out[y, x, colours] = 65535 - _clamped(opacity)
