"""Kernels of the unsharp mask (`codec.unsharp`, which has the sources): one pass of the extended box filter, the mask.

Both in whole numbers. A sum of a pass is at most 255 * 2^24, so that with the half that rounds it an int64 is ample.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._jit import kernel


@kernel
def boxed(samples: Any, whole: int, weight: int, rest: int, bits: int, inner: Any, out: Any) -> None:
    """Down the columns of uint8 `[n, m]` into `out`, edges repeated: `weight` times each of the 2 `whole` + 1 samples
    around, `rest` times the two beyond, in 2^`bits`ths, rounded. inner: int64 `[m]`, room for the running sums."""
    n, m = samples.shape
    half = 1 << (bits - 1)
    for j in range(m):
        inner[j] = 0
    for i in range(-whole, whole + 1):
        at = min(max(i, 0), n - 1)
        for j in range(m):
            inner[j] += samples[at, j]
    for i in range(n):
        first, before, after = max(i - whole, 0), max(i - whole - 1, 0), min(i + whole + 1, n - 1)
        for j in range(m):
            outer = np.int64(samples[before, j]) + np.int64(samples[after, j])
            out[i, j] = (inner[j] * weight + outer * rest + half) >> bits
            inner[j] += np.int64(samples[after, j]) - np.int64(samples[first, j])


@kernel
def masked(samples: Any, blurred: Any, change: Any, out: Any) -> None:
    """uint8 `[n]`: to each sample what `change`, int64 `[511]`, has for its difference from the blurred one, the first
    for -255; clipped."""
    for i in range(samples.shape[0]):
        made = samples[i] + change[np.int64(samples[i]) - np.int64(blurred[i]) + 255]
        out[i] = min(max(made, 0), 255)
