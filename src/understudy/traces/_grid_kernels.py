"""The loops behind shifted.py and resampled.py: transforms at every position of a plane, and how rough its lines are.

Plain references stand in tests/traces.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._jit import kernel

FREQUENCIES = 10
"""(v, h) with v + h <= 3, in the order 00 01 10 11 02 20 12 21 03 30."""
BINS = 4096
"""Quarters of a unit of T.81's transform: sizes 0 to 1023.75."""
STRIP = 64
"""Rows whose row transforms are kept at a time."""


@kernel
def shift_histograms(plane: Any, basis: Any, least: float, out: Any) -> None:
    """Adds to `out[8 * (y % 8) + x % 8, f, b]` the 8x8 blocks at every (y, x) of a plane, by size of coefficient f.

    `plane` uint8 [H, W], H and W at least 8; `basis` float32 [4, 8], the DCT's lowest rows; `out` int32 [64, 10, BINS].
    Of DC, blocks count only where frequencies 01, 10 and 11 together exceed `least` in size: flat places, where DC
    tells the present grid's step at any shift, do not.
    """
    height, width = plane.shape
    across, down = width - 7, height - 7
    rows = np.empty((4, STRIP + 7, across), np.float32)
    values = np.empty((FREQUENCIES, across), np.float32)
    order_v = (0, 0, 1, 1, 0, 2, 1, 2, 0, 3)
    order_h = (0, 1, 0, 1, 2, 0, 2, 1, 3, 0)
    for top in range(0, down, STRIP):
        count = min(STRIP, down - top)
        for h in range(4):
            for i in range(count + 7):
                for x in range(across):
                    rows[h, i, x] = 0
                for t in range(8):
                    weight = basis[h, t]
                    for x in range(across):
                        rows[h, i, x] += weight * np.float32(plane[top + i, x + t])
        for i in range(count):
            y = top + i
            for f in range(FREQUENCIES):
                v, h = order_v[f], order_h[f]
                for x in range(across):
                    values[f, x] = 0
                for t in range(8):
                    weight = basis[v, t]
                    for x in range(across):
                        values[f, x] += weight * rows[h, i + t, x]
            first = 8 * (y % 8)
            for x in range(across):
                at = first + x % 8
                if abs(values[1, x]) + abs(values[2, x]) + abs(values[3, x]) > least:
                    out[
                        at, 0, int(abs(values[0, x] - np.float32(1024)) * np.float32(4) + np.float32(0.5)) & (BINS - 1)
                    ] += 1
                for f in range(1, FREQUENCIES):
                    b = int(abs(values[f, x]) * np.float32(4) + np.float32(0.5))
                    out[at, f, min(b, BINS - 1)] += 1


@kernel
def roughness(plane: Any, most: int, across: Any, down: Any) -> None:
    """Adds each sample's second difference, its size cut at `most`, to its column in `across` and its row in `down`.

    `plane` uint8 [H, W]; `across` int64 [W], `down` int64 [H]; the outermost columns (rows) stay 0.
    """
    height, width = plane.shape
    for y in range(height):
        for x in range(1, width - 1):
            size = abs(2 * np.int32(plane[y, x]) - np.int32(plane[y, x - 1]) - np.int32(plane[y, x + 1]))
            across[x] += min(size, most)
    for y in range(1, height - 1):
        for x in range(width):
            size = abs(2 * np.int32(plane[y, x]) - np.int32(plane[y - 1, x]) - np.int32(plane[y + 1, x]))
            down[y] += min(size, most)
