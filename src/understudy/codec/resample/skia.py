"""Chromium's canvas: what `drawImage` into a smaller or larger rectangle gives, as Skia paints it without a GPU.

There is no antialiasing: every pixel is a bilinear mixture of four source pixels, whatever the ratio. Only when both
sides shrink by two or more is the picture first brought to a half, a quarter, ... of its size. `high`, `medium` and
`low` (`imageSmoothingQuality`) give the same pixels.

Source: measured on Chromium 156 (headless, --disable-gpu, x86-64) with getImageData (tests/codec/test_resample_skia);
the form of the two samplers follows Skia's descriptions of them: fixed point with 4-bit fractions for a picture that
keeps its axes (SkBitmapProcState), 16-bit fractions for one that is turned and for whatever makes the smaller
copies (the low-precision raster pipeline).
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..sizes import halvings
from ..stages import Integer, Lerp, Plan, Stage, WeightedSum
from ._skia_kernels import mix4, mix16

__all__ = ["KERNELS", "resize"]

KERNELS: tuple[str, ...] = ("high", "medium", "low")

Axis = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""Of each destination sample of an axis: the two source samples and the second one's share."""
_RUN = 127
"""Pixels of a row between which positions are added up in 32.32 fixed point; each run starts from float32."""


def _scale(source: np.float32, size: int) -> np.float32:
    return np.float32(np.float32(size) / source)


def _step(source: np.float32, size: int) -> np.float32:
    """Source samples to a destination sample: the reciprocal of the scale, both rounded to float32."""
    return np.float32(np.float32(1) / _scale(source, size))


def _centres(step: np.float32, size: int, mirrored_from: np.float32 | None) -> NDArray[np.float32]:
    """Where the centre of each destination sample lies on the source axis; or how far before `mirrored_from`."""
    centres = (np.arange(size, dtype=np.float32) + np.float32(0.5)) * step
    return centres if mirrored_from is None else mirrored_from - centres


def _axis(position: NDArray[np.int64], bits: int, before: int) -> Axis:
    """Of positions with `bits` fraction bits, half a sample already taken off; ends are repeated."""
    first = position >> bits
    share = position & ((1 << bits) - 1)
    return np.clip(first, 0, before - 1), np.clip(first + 1, 0, before - 1), share


def _axis4_rows(before: int, source: np.float32, size: int, mirrored: bool) -> Axis:
    step = _step(source, size)
    centres = _centres(step, size, np.float32(size) * step if mirrored else None)
    fixed = np.floor(centres.astype(np.float64) * 65536).astype(np.int64) - 32768
    return _axis(fixed >> 12, 4, before)


def _axis4_columns(before: int, source: np.float32, size: int, mirrored: bool) -> Axis:
    step = _step(source, size)
    starts = _centres(step, size, np.float32(size) * step if mirrored else None)[::_RUN].astype(np.float64)
    fixed = np.trunc(starts * 2.0**32).astype(np.int64) - (1 << 31)
    delta = int(float(step) * 2.0**32) * (-1 if mirrored else 1)
    position = (fixed[:, None] + np.arange(_RUN) * delta).reshape(-1)[:size]
    return _axis(position >> 28, 4, before)


def _far_end(source: np.float32, size: int) -> np.float32:
    """Where a mirrored axis starts: `size` mapped back in double precision, as a turning matrix is inverted."""
    return np.float32(size / float(_scale(source, size)))


def _axis16(before: int, step: np.float32, size: int, mirrored_from: np.float32 | None = None) -> Axis:
    centres = _centres(step, size, mirrored_from)
    fixed = np.floor(centres * np.float32(65536) + np.float32(0.5)).astype(np.int64) - 32768
    return _axis(fixed, 16, before)


def _halved(pixels: NDArray[Any], axis: int) -> tuple[NDArray[Any], int]:
    """Sums of 2 neighbours, or of 3 weighted 1 2 1 where the length is odd; and what their weights add up to."""
    p = np.moveaxis(pixels, axis, 0)
    if len(p) == 1:
        return pixels, 1
    if len(p) % 2 == 0:
        return np.moveaxis(p[0::2] + p[1::2], 0, axis), 2
    return np.moveaxis(p[0:-2:2] + 2 * p[1:-1:2] + p[2::2], 0, axis), 4


def _mipmap(pixels: NDArray[np.uint8], level: int) -> NDArray[np.uint8]:
    """The picture after `level` halvings, sizes and values rounded down."""
    for _ in range(level):
        down, rows = _halved(pixels.astype(np.uint16), 0)
        across, columns = _halved(down, 1)
        pixels = (across // np.uint16(rows * columns)).astype(np.uint8)
    return pixels


def _smaller_copy(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """The copy that is drawn from: bilinear, from the mipmap level of the geometric mean of both ratios."""
    rows, columns, channels = pixels.shape
    level, x, y = _copy_axes(columns, rows, width, height)
    out = np.empty((height, width, channels), np.uint8)
    mix16(_mipmap(pixels, level), *x, *y, out)
    return out


def _copy_axes(columns: int, rows: int, width: int, height: int) -> tuple[int, Axis, Axis]:
    """(mipmap level, x, y) of the smaller copy."""
    step_x, step_y = _step(np.float32(columns), width), _step(np.float32(rows), height)
    level = math.floor(0.5 * math.log2(float(step_x) * float(step_y)))
    wide, high = columns, rows
    for _ in range(level):
        wide, high = max(wide // 2, 1), max(high // 2, 1)
    if level:
        step_x = np.float32(step_x * np.float32(wide / columns))
        step_y = np.float32(step_y * np.float32(high / rows))
    return level, _axis16(wide, step_x, width), _axis16(high, step_y, height)


def _copy_size(columns: int, rows: int, width: int, height: int) -> tuple[int, int]:
    """(width, height) divided by the largest power of 2, rounded up, that still is as large as the destination."""
    times = halvings(columns, rows, width, height)
    return -(-columns >> times), -(-rows >> times)


def _draw(pixels: NDArray[np.uint8], width: int, height: int, orientation: int) -> NDArray[np.uint8]:
    rows, columns, channels = pixels.shape
    copy = _copy_size(columns, rows, width, height)
    source = _smaller_copy(pixels, *copy) if copy != (columns, rows) else pixels
    if copy == (width, height):
        return source
    out = np.empty((height, width, channels), np.uint8)
    x, y = _drawn_axes(columns, rows, copy, width, height, orientation)
    (mix16 if orientation >= 5 else mix4)(source, *x, *y, out)
    return out


def _drawn_axes(
    columns: int, rows: int, copy: tuple[int, int], width: int, height: int, orientation: int
) -> tuple[Axis, Axis]:
    """x and y of the last drawing, from a copy of another size; 16-bit shares for orientations 5 to 8, else 4-bit."""
    # The rectangle drawn from is scaled by copy / picture in float32, which need not give the copy's size back.
    source_w = np.float32(np.float32(columns) * np.float32(copy[0] / columns))
    source_h = np.float32(np.float32(rows) * np.float32(copy[1] / rows))
    mirrored_x, mirrored_y = orientation in (2, 3, 7, 8), orientation in (3, 4, 6, 7)
    if orientation >= 5:
        x = _axis16(copy[0], _step(source_w, width), width, _far_end(source_w, width) if mirrored_x else None)
        y = _axis16(copy[1], _step(source_h, height), height, _far_end(source_h, height) if mirrored_y else None)
    else:
        x = _axis4_columns(copy[0], source_w, width, mirrored_x)
        y = _axis4_rows(copy[1], source_h, height, mirrored_y)
    return _turned(x, mirrored_x), _turned(y, mirrored_y)


def _turned(axis: Axis, mirrored: bool) -> Axis:
    """Positions in the order of the stored picture."""
    return (axis[0][::-1].copy(), axis[1][::-1].copy(), axis[2][::-1].copy()) if mirrored else axis


def _premultiplied(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colours times alpha / 255, to the nearest (it is never a tie)."""
    alpha = pixels[:, :, -1:].astype(np.uint32)
    out = ((pixels * alpha * np.uint32(2) + np.uint32(255)) // np.uint32(510)).astype(np.uint8)
    out[:, :, -1] = pixels[:, :, -1]
    return out


def _divided(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colours over alpha / 255 in float32, half to even; 0 where alpha is 0."""
    share = pixels * np.float32(1 / 255)
    alpha = share[:, :, -1:]
    scale = np.divide(np.float32(1), alpha, out=np.zeros_like(alpha), where=alpha > 0)
    out: NDArray[np.uint8] = np.rint(np.minimum(share * scale * np.float32(255), np.float32(255))).astype(np.uint8)
    out[:, :, -1] = pixels[:, :, -1]
    return out


def resize(
    pixels: NDArray[np.uint8], width: int, height: int, *, kernel: str = "high", orientation: int = 1
) -> NDArray[np.uint8]:
    """uint8 `[height, width, C]` of uint8 `[H, W, C]`; C = 1 grey, 2 with alpha, 3 RGB, 4 with alpha.

    orientation: the EXIF orientation, 1 to 8, of a picture that is not turned yet and will be turned afterwards: the
    canvas mirrors or turns while it samples, and 5 to 8 take the finer sampler. Width and height are those of the
    stored picture.

    Alpha is not premultiplied; it is multiplied in before and divided out afterwards, as getImageData has it.
    Multiplying it in again (encoding as JPEG does: over black) gives back what the canvas holds.
    Raises ValueError for an unknown kernel, orientation or number of channels, or an empty picture.
    """
    if kernel not in KERNELS or not 1 <= orientation <= 8:
        raise ValueError(f"kernel {kernel!r}, orientation {orientation}, expected one of {KERNELS}, and 1 to 8")
    if min(*pixels.shape, width, height) < 1 or pixels.shape[2] > 4:
        raise ValueError(f"{pixels.shape} to {width} x {height}")
    if pixels.shape[2] in (1, 3):
        return _draw(np.ascontiguousarray(pixels), width, height, orientation)
    return _divided(_draw(_premultiplied(pixels), width, height, orientation))


def plan(columns: int, rows: int, width: int, height: int, *, kernel: str = "high", orientation: int = 1) -> Plan:
    """`resize` of 1 or 3 channels, as data."""
    copy = _copy_size(columns, rows, width, height)
    stages: list[Stage] = []
    if copy != (columns, rows):
        level, x, y = _copy_axes(columns, rows, *copy)
        wide, high = columns, rows
        for _ in range(level):
            stages += _halving_stages(wide, high)
            wide, high = max(wide // 2, 1), max(high // 2, 1)
        stages += _mix16_stages(wide, high, x, y)
    if copy != (width, height):
        x, y = _drawn_axes(columns, rows, copy, width, height, orientation)
        if orientation >= 5:
            stages += _mix16_stages(*copy, x, y)
        else:
            (x0, x1, fx), (y0, y1, fy) = x, y
            stages += [
                WeightedSum(1, copy[0], np.stack([x0, x1], 1), np.stack([16 - fx, fx], 1)),
                WeightedSum(0, copy[1], np.stack([y0, y1], 1), np.stack([16 - fy, fy], 1)),
                Integer(0, 1, 256),
            ]
    return Plan(tuple(stages))


def _mix16_stages(columns: int, rows: int, x: Axis, y: Axis) -> list[Stage]:
    return [
        Lerp(1, columns, np.stack(x[:2], 1), x[2] - 32768, 128, 1, 1),
        Lerp(0, rows, np.stack(y[:2], 1), y[2] - 32768, 1, 0x80, 8),
    ]


def _halving_stages(columns: int, rows: int) -> list[Stage]:
    """One step of `_mipmap`."""
    stages: list[Stage] = []
    total = 1
    sides: tuple[tuple[Literal[0, 1], int], ...] = ((0, rows), (1, columns))
    for axis, size in sides:
        if size == 1:
            continue
        weights = [1, 1] if size % 2 == 0 else [1, 2, 1]
        total *= sum(weights)
        at = 2 * np.arange(size // 2)[:, None] + np.arange(len(weights))
        stages.append(WeightedSum(axis, size, at, np.tile(np.array(weights, np.int64), (size // 2, 1))))
    return [*stages, Integer(0, 1, total)]
