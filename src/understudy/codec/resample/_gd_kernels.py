"""The loop behind gd.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._jit import kernel


@kernel
def spans(size: int, n: int, first: Any, count: Any, weights: Any) -> None:
    """Each output's source samples and the part of each that it covers, all in float32.

    first, count: int64 [n]; weights: float32 [n, k]. An output goes from `i size / n` to `(i + 1) size / n`, each
    multiplied first and divided then; the first part is what remains of its sample, but no more than the whole span.
    """
    for i in range(n):
        low = np.float32(i) * np.float32(size) / np.float32(n)
        high = np.float32(i + 1) * np.float32(size) / np.float32(n)
        at = low
        t = 0
        first[i] = np.int64(np.floor(low))
        while True:
            floor = np.float32(np.floor(at))
            if floor == np.float32(np.floor(low)):
                part = np.float32(1.0 - np.float64(np.float32(at - floor)))
                part = min(part, np.float32(high - low))
                at = floor
            elif at == np.float32(np.floor(high)):
                part = np.float32(high - np.float32(np.floor(high)))
            else:
                part = np.float32(1.0)
            weights[i, t] = part
            t += 1
            at = np.float32(at + np.float32(1.0))
            if not at < high:
                break
        count[i] = t


@kernel
def resampled(
    source: Any, opacity: Any, first_x: Any, count_x: Any, parts_x: Any, first_y: Any, count_y: Any, parts_y: Any,
    colours: int, out: Any, out_opacity: Any,
) -> None:  # fmt: skip
    """Means of colours weighted by area and opacity, float32 in source order, half up.

    source: uint8 [H, W * colours]; opacity: uint8 [H, W], 0 to 127, 127 opaque; out, out_opacity: the same, resized.
    """
    sums = np.zeros(colours, np.float32)
    width, height = opacity.shape[1], opacity.shape[0]
    for y in range(out_opacity.shape[0]):
        for x in range(out_opacity.shape[1]):
            sums[:] = np.float32(0.0)
            area = np.float32(0.0)
            clear = np.float32(0.0)
            weight = np.float32(0.0)
            for j in range(count_y[y]):
                row = first_y[y] + j
                line, line_opacity = source[min(row, height - 1)], opacity[min(row, height - 1)]
                for i in range(count_x[x]):
                    column = first_x[x] + i
                    part = np.float32(parts_x[x, i] * parts_y[y, j])
                    if row >= height or column >= width:  # a span rounded beyond the picture: opaque black
                        weight = np.float32(weight + np.float32(np.float32(127.0) * part))
                        area = np.float32(area + part)
                        continue
                    opaque = np.int32(line_opacity[column])
                    factor = np.float32(np.float32(opaque) * part)
                    for c in range(colours):
                        sums[c] = np.float32(sums[c] + np.float32(np.float32(line[column * colours + c]) * factor))
                    clear = np.float32(clear + np.float32(np.float32(127 - opaque) * part))
                    weight = np.float32(weight + factor)
                    area = np.float32(area + part)
            if area != 0.0:
                clear = np.float32(clear / area)
            scale = np.float32(weight / area) if weight != 0.0 and area != 0.0 else np.float32(1.0)
            for c in range(colours):
                value = sums[c]
                if area != 0.0:
                    value = np.float32(value / area)
                if weight != 0.0:
                    value = np.float32(value / scale)
                out[y, x * colours + c] = min(np.int32(np.float32(value + np.float32(0.5))), 255)
            out_opacity[y, x] = max(127 - np.int32(np.float32(clear + np.float32(0.5))), 0)


@kernel
def bilinear_fixed(source: Any, at_x: Any, part_x: Any, at_y: Any, part_y: Any, out: Any) -> None:
    """Four pixels' mean, each weight a product of two in 256ths, cut to 8 bits; the sum is cut, too.

    source, out: uint8 [H, W, C]; at, part: int64 [n]. Beyond the last row or column the one before stands in, but for
    the pixel that lies diagonally: for that the first of the four does.
    """
    height, width, channels = source.shape
    for y in range(out.shape[0]):
        top, f = at_y[y], part_y[y]
        below = min(top + 1, height - 1)
        for x in range(out.shape[1]):
            left, g = at_x[x], part_x[x]
            right = min(left + 1, width - 1)
            inside = top + 1 < height and left + 1 < width
            w0, w1 = ((256 - f) * (256 - g)) >> 8, ((256 - f) * g) >> 8
            w2, w3 = (f * (256 - g)) >> 8, (f * g) >> 8
            for c in range(channels):
                diagonal = source[below, right, c] if inside else source[top, left, c]
                total = w0 * source[top, left, c] + w1 * source[top, right, c]
                out[y, x, c] = (total + w2 * source[below, left, c] + w3 * diagonal) >> 8


@kernel
def bicubic_fixed(source: Any, at_x: Any, part_x: Any, at_y: Any, part_y: Any, weights: Any, out: Any) -> None:
    """Sixteen products of two weights in 256ths, cut to 8 bits, of four samples of one row; times 266 / 256, cut.

    source, out: uint8 [H, W, C]; at, part: int64 [n]; weights: int64 [256, 4], by part: those of the samples at -1, 0,
    1 and 2. The weights across rows are of the same row; where the row that they mean lies beyond the picture, all four
    samples are the one at 0, and so is a sample beyond the picture's sides; but that at 0 for the row at 2 is then the
    one that was looked at for it last.
    """
    height, width, channels = source.shape
    last_y, last_x = -1, -1
    for y in range(out.shape[0]):
        row = at_y[y]
        for x in range(out.shape[1]):
            column = at_x[x]
            if row + 2 < height:
                last_y, last_x = row, column
            for c in range(channels):
                total = 0
                for i in range(4):
                    there = 0 <= row + i - 1 < height
                    for j in range(4):
                        weight = (weights[part_y[y], i] * weights[part_x[x], j]) >> 8
                        near = column + j - 1
                        value = source[row, near, c] if there and 0 <= near < width else source[row, column, c]
                        if i == 3 and j == 1 and not there and last_y >= 0:
                            value = source[last_y, last_x, c]
                        total += value * weight
                out[y, x, c] = min(max((total * 266) >> 16, 0), 255)


@kernel
def rows_float64(source: Any, first: Any, count: Any, weights: Any, out: Any) -> None:
    """uint8 [H, W, C] to [H, n, C]: sums in float64 from the first sample on, rounded half up.

    first, count: int64 [n]; weights: float64 [n, k].
    """
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            for c in range(out.shape[2]):
                total = 0.0
                for k in range(count[x]):
                    total += weights[x, k] * source[y, first[x] + k, c]
                out[y, x, c] = min(max(np.int64(np.floor(total + 0.5)), 0), 255)
