"""The kernel of square filters (`steps.convolve`): weighted sums of neighbours in float64, rounded once, clipped."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._jit import kernel


@kernel
def convolved(wide: Any, weights: Any, divisor: float, add: float, channels: int, sums: Any, out: Any) -> None:
    """uint8 `[h, w C]` into `out`, of uint8 `[h + s - 1, (w + s - 1) C]`, by float64 weights `[s, s]`: products are
    added from the upper left on, those of a weight 0 left out; the sum over `divisor`, and `add`, is rounded down.
    sums: float64 `[w C]`, room for a row's."""
    n = out.shape[1]
    for y in range(out.shape[0]):
        for j in range(n):
            sums[j] = 0.0
        for dy in range(weights.shape[0]):
            for dx in range(weights.shape[1]):
                weight = weights[dy, dx]
                if weight != 0.0:
                    row = wide[y + dy, dx * channels : dx * channels + n]
                    for j in range(n):
                        sums[j] += weight * np.float64(row[j])
        for j in range(n):
            out[y, j] = min(max(np.floor(sums[j] / divisor + add), 0.0), 255.0)
