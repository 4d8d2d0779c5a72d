"""Separable filters in float64 without a rounding between the passes: along the rows first, then down the columns."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._jit import kernel

Floats = NDArray[np.float64]
Table = tuple[NDArray[np.int64], Floats]
"""Which samples make each output, and their weights, both `[n, k]`."""

_CHUNK = 1024
"""Samples of a row at a time: the sums stay in the first-level cache."""


@kernel
def _down(source: Any, at: Any, weights: Any, out: Any) -> None:
    """Rows of float64 `[n, N]`, each the weighted sum of rows of `source` [m, N]; products are added in turn."""
    length = source.shape[1]
    for left in range(0, length, _CHUNK):
        right = min(left + _CHUNK, length)
        for y in range(out.shape[0]):
            made = out[y, left:right]
            made[:] = 0.0
            for k in range(at.shape[1]):
                weight = weights[y, k]
                if weight != 0.0:
                    row = source[at[y, k], left:right]
                    for i in range(right - left):
                        made[i] += weight * np.float64(row[i])


def _along_first(samples: NDArray[Any], table: Table) -> Floats:
    """`[n, B, C]` of `[m, B, C]`."""
    at, weights = table
    out = np.empty((len(at), samples.shape[1] * samples.shape[2]))
    _down(np.ascontiguousarray(samples).reshape(len(samples), -1), at, weights, out)
    return out.reshape(len(at), *samples.shape[1:])


def filtered(pixels: NDArray[np.uint8], across: Table, down: Table) -> Floats:
    """float64 `[height, width, C]` of uint8 `[H, W, C]`. Samples' indexes lie inside the picture."""
    wide = _along_first(pixels.transpose(1, 0, 2), across)
    return _along_first(wide.transpose(1, 0, 2), down)
