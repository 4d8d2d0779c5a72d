"""Counts of quantised coefficients for each frequency, in one pass over the blocks."""

from __future__ import annotations

from typing import Any

from .._jit import kernel


@kernel
def count(blocks: Any, counts: Any, dc: Any) -> None:
    """Adds to `counts`, int64 [4, 64]: of each frequency, row by row, how many values are nonzero, are 1 or -1, are
    odd, and the sum of their sizes; and to `dc`, float64 [2], the sum of the DC values and of their squares.

    blocks: int16 [v_blocks, h_blocks, 8, 8].
    """
    for row in range(blocks.shape[0]):
        for column in range(blocks.shape[1]):
            value = float(blocks[row, column, 0, 0])
            dc[0] += value
            dc[1] += value * value
            for v in range(8):
                for h in range(8):
                    size = abs(int(blocks[row, column, v, h]))
                    if size:
                        k = 8 * v + h
                        counts[0, k] += 1
                        counts[1, k] += size == 1
                        counts[2, k] += size & 1
                        counts[3, k] += size
