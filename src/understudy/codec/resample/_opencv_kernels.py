"""The loops behind opencv.py.

The filters with a fixed number of taps keep a ring of as many filtered source rows; a row is filtered when an output
row first needs it. Samples of all channels stand in a row: `column * channels + channel`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._jit import kernel

LINEAR, INTEGER, MIXED = 0, 1, 2
"""How `separable` sums rows; see opencv.py."""
_BODY = 8
"""Samples that OpenCV's vector loop takes at once (128 bit of int16); what remains of a row is summed in integers."""


@kernel
def _filter_row(source: Any, offsets: Any, weights: Any, channels: int, out: Any) -> None:
    """int32 `out[x * channels + c]`: the sum of `weights[x, t]` times `source[offsets[x, t] + c]`."""
    taps = offsets.shape[1]
    for x in range(offsets.shape[0]):
        for c in range(channels):
            total = np.int32(0)
            for t in range(taps):
                total += np.int32(source[offsets[x, t] + np.uint64(c)]) * weights[x, t]
            out[x * channels + c] = total


@kernel
def _sum_linear(a: Any, b: Any, wa: Any, wb: Any, out: Any) -> None:
    """Two rows; each product loses 4 bits before and 16 bits after it is made, the sum 2 more, half up."""
    for i in range(out.size):
        high = np.int32(np.int32(wa * np.int32(a[i] >> 4)) >> 16) + np.int32(np.int32(wb * np.int32(b[i] >> 4)) >> 16)
        out[i] = min(max(np.int32(high + 2) >> 2, 0), 255)


@kernel
def _sum_integers(ring: Any, slots: Any, weights: Any, begin: int, out: Any) -> None:
    """From sample `begin` on: int32 sums, half up at 22 bits."""
    for i in range(begin, out.size):
        total = np.int32(1 << 21)
        for t in range(slots.size):
            total += np.int32(ring[slots[t], i] * weights[t])
        out[i] = min(max(np.int32(total >> 22), 0), 255)


@kernel
def _sum_floats(ring: Any, slots: Any, weights: Any, end: int, out: Any) -> None:
    """Up to sample `end`: four rows in float32, added from the last to the first, half to even."""
    scale = np.float32(1.0 / (1 << 22))
    w0, w1 = np.float32(weights[0]) * scale, np.float32(weights[1]) * scale
    w2, w3 = np.float32(weights[2]) * scale, np.float32(weights[3]) * scale
    r0, r1, r2, r3 = ring[slots[0]], ring[slots[1]], ring[slots[2]], ring[slots[3]]
    for i in range(end):
        low = np.float32(r2[i]) * w2 + np.float32(r3[i]) * w3
        total = np.float32(r0[i]) * w0 + (np.float32(r1[i]) * w1 + low)
        out[i] = min(max(np.int32(np.rint(total)), 0), 255)


@kernel
def separable(
    source: Any, offsets: Any, x_weights: Any, rows: Any, y_weights: Any, channels: int, how: int, out: Any
) -> None:
    """`source` uint8 [H, W * channels] into `out` uint8 [h, w * channels].

    offsets: uint64 [w, taps], sample indexes of channel 0; rows: int64 [h, taps]; weights: int32, 11 fraction bits.
    """
    taps = rows.shape[1]
    ring = np.empty((taps, out.shape[1]), np.int32)
    held = np.full(taps, -1, np.int64)
    slots = np.empty(taps, np.int64)
    for y in range(out.shape[0]):
        for t in range(taps):
            slot = rows[y, t] % taps
            slots[t] = slot
            if held[slot] != rows[y, t]:
                held[slot] = rows[y, t]
                _filter_row(source[rows[y, t]], offsets, x_weights, channels, ring[slot])
        if how == LINEAR:
            _sum_linear(ring[slots[0]], ring[slots[1]], y_weights[y, 0], y_weights[y, 1], out[y])
            continue
        body = out.shape[1] // _BODY * _BODY if how == MIXED else 0
        if body:
            _sum_floats(ring, slots, y_weights[y], body, out[y])
        _sum_integers(ring, slots, y_weights[y], body, out[y])


@kernel
def cubic_in_floats(
    source: Any, offsets: Any, x_weights: Any, rows: Any, y_weights: Any, channels: int, out: Any
) -> None:
    """As `separable`, in float64 from end to end, half to even."""
    ring = np.empty((4, out.shape[1]), np.float64)
    held = np.full(4, -1, np.int64)
    for y in range(out.shape[0]):
        for t in range(4):
            row = rows[y, t]
            if held[row % 4] == row:
                continue
            held[row % 4] = row
            made, line = ring[row % 4], source[row]
            for x in range(offsets.shape[0]):
                for c in range(channels):
                    total = 0.0
                    for k in range(4):
                        total += line[offsets[x, k] + np.uint64(c)] * x_weights[x, k]
                    made[x * channels + c] = total
        r0, r1, r2, r3 = ring[rows[y, 0] % 4], ring[rows[y, 1] % 4], ring[rows[y, 2] % 4], ring[rows[y, 3] % 4]
        w0, w1, w2, w3 = y_weights[y, 0], y_weights[y, 1], y_weights[y, 2], y_weights[y, 3]
        made8 = out[y]
        for i in range(made8.size):
            total = r0[i] * w0 + r1[i] * w1 + r2[i] * w2 + r3[i] * w3
            made8[i] = min(max(np.int32(np.rint(total)), 0), 255)


@kernel
def area(
    source: Any,
    first: Any,
    count: Any,
    x_weights: Any,
    tops: Any,
    heights: Any,
    y_weights: Any,
    channels: int,
    out: Any,
) -> None:
    """Means over cells with fractional edges: float32 sums in the order of rows and of columns, half to even."""
    line = np.empty(out.shape[1], np.float32)
    total = np.empty(out.shape[1], np.float32)
    made_of = -1
    for y in range(out.shape[0]):
        for t in range(heights[y]):
            row = source[tops[y] + t]
            if made_of != tops[y] + t:  # a row on the border of two cells is summed once
                made_of = tops[y] + t
                for x in range(first.size):
                    at = np.uint64(first[x] * channels)
                    for c in range(channels):
                        value = np.float32(0.0)
                        i: Any = at + np.uint64(c)
                        for k in range(count[x]):
                            value += np.float32(row[i]) * x_weights[x, k]
                            i += np.uint64(channels)
                        line[x * channels + c] = value
            weight = y_weights[y, t]
            if t == 0:
                for i in range(total.size):
                    total[i] = weight * line[i]
            else:
                for i in range(total.size):
                    total[i] += weight * line[i]
        made = out[y]
        for i in range(made.size):
            made[i] = min(max(np.int32(np.rint(total[i])), 0), 255)


@kernel
def area_of_four(source: Any, channels: int, out: Any) -> None:
    """Means of 2 x 2 whole cells, half up; for outputs whose cells lie inside the picture."""
    for y in range(out.shape[0]):
        upper, lower, made = source[2 * y], source[2 * y + 1], out[y]
        at, i = np.uint64(0), np.uint64(0)
        step = np.uint64(channels)
        for _ in range(out.shape[1] // channels):
            for _ in range(channels):
                top = np.int32(upper[i]) + np.int32(upper[i + step])
                made[at] = np.int32(top + np.int32(lower[i]) + np.int32(lower[i + step]) + 2) >> 2
                at += np.uint64(1)
                i += np.uint64(1)
            i += step


@kernel
def area_of_whole_cells(source: Any, cell_w: int, cell_h: int, channels: int, half_up: bool, out: Any) -> None:
    """Means over cells of whole pixels, cut at the edges: integer sums times a float32 reciprocal, half to even.

    half_up: cells of 2 x 2 are rounded half up, in integers.
    """
    height, length = source.shape
    width = length // channels
    for y in range(out.shape[0]):
        rows = min(cell_h, height - y * cell_h)
        for x in range(out.shape[1] // channels):
            columns = min(cell_w, width - x * cell_w)
            for c in range(channels):
                total = np.int32(0)
                for j in range(rows):
                    line = source[y * cell_h + j]
                    for i in range(columns):
                        total += np.int32(line[(x * cell_w + i) * channels + c])
                if rows < cell_h or columns < cell_w:
                    mean = (
                        np.int32(np.rint(np.float32(total) / np.float32(rows * columns))) if rows * columns > 0 else 0
                    )
                elif half_up:
                    mean = np.int32(total + 2) >> 2
                else:
                    mean = np.int32(np.rint(np.float32(total) * (np.float32(1.0) / np.float32(cell_w * cell_h))))
                out[y, x * channels + c] = mean
