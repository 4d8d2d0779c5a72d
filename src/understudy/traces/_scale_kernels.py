"""The loops behind scaled.py: means of rectangles with fractional edges, on many grids.

Plain references stand in tests/traces.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._jit import kernel

BINS = 1026
"""Units of T.81's transform: sizes of DC, 0 to 1024, and one to spare for what is added before rounding down."""
GOLDEN = 0.6180339887498949
"""Of a unit, added from block to block to what is added before rounding down: blocks of 3 x 3 or 5 x 5 whole samples
have means in ninths and 25ths, which rounded to the nearest unit would gather about multiples of 4 and 8 by
themselves."""


@kernel
def integral(plane: Any, out: Any) -> None:
    """Into `out[y, x]`, float64 [H + 1, W + 1] of zeros, the sum of a uint8 plane's samples above y and left of x."""
    height, width = plane.shape
    for y in range(height):
        row, upper, lower = 0.0, out[y], out[y + 1]
        for x in range(width):
            row += plane[y, x]
            lower[x + 1] = upper[x + 1] + row


@kernel
def level_counts(blocks: Any, out: Any) -> None:
    """Into `out`, uint8 [n]: how many of each block's levels beyond DC, int16 [n, 64], are not 0."""
    for i in range(blocks.shape[0]):
        seen = 0
        for k in range(1, 64):
            seen += blocks[i, k] != 0
        out[i] = seen


@kernel
def mean_histograms(sums: Any, skipped: Any, grids: Any, out: Any, counts: Any) -> None:
    """The means of the blocks of many grids, as DC of T.81's transform, counted by size in whole units.

    `sums`: as `integral` gives it; `skipped` uint8 [rows, columns]: 1 for present 8x8 blocks that are not asked;
    `grids` float64 [n, 7]: a block's width and height in samples, how far right and down blocks may reach, at most the
    picture's size, the first block's left and upper edge, 0 and up, and of how many rows of blocks one is counted, the
    first being so; `out` int32 [n, BINS]; `counts` int64 [n]: blocks counted. Blocks with a corner in one that is not
    asked are left out.
    """
    last_y, last_x = sums.shape[0] - 2, sums.shape[1] - 2
    dithers = (np.arange(256) * GOLDEN) % 1
    for g in range(grids.shape[0]):
        width, height = grids[g, 0], grids[g, 1]
        first_x, first_y, every = grids[g, 4], grids[g, 5], int(grids[g, 6])
        across, down = int((grids[g, 2] - first_x) / width), int((grids[g, 3] - first_y) / height)
        at, cell = np.empty(across + 1, np.int64), np.empty(across + 1, np.int64)
        part, strip = np.empty(across + 1, np.float64), np.empty(across + 1, np.float64)
        above = np.zeros(across + 1, np.float64)
        here, before = np.zeros(across + 1, np.uint8), np.zeros(across + 1, np.uint8)
        for j in range(across + 1):
            at[j] = min(int(first_x + j * width), last_x)
            part[j] = first_x + j * width - at[j]
            cell[j] = at[j] >> 3
        scale, number = 8 / (width * height), 0
        for i in range(down + 1):
            if i % every > 1:
                continue
            y = min(int(first_y + i * height), last_y)
            share = first_y + i * height - y
            top, bottom, cells = sums[y], sums[y + 1], skipped[y >> 3]
            for j in range(across + 1):
                x = at[j]
                upper = top[x] + (top[x + 1] - top[x]) * part[j]
                lower = bottom[x] + (bottom[x + 1] - bottom[x]) * part[j]
                whole = upper + (lower - upper) * share
                strip[j] = whole - above[j]
                above[j] = whole
                before[j] = here[j]
                here[j] = cells[cell[j]]
            if i and (every == 1 or i % every == 1):
                for j in range(1, across + 1):
                    if not (here[j] | before[j] | here[j - 1] | before[j - 1]):
                        dither = dithers[(j + 37 * i) & 255]
                        out[g, int(abs((strip[j] - strip[j - 1]) * scale - 1024) + dither)] += 1
                        number += 1
        counts[g] = number
