"""Chroma down- and upsampling and the continuation of planes beyond the picture, as real encoders do them.

`h` and `v` are ratios: full-resolution samples to one sample of the component, horizontally and vertically.

Source: LIBJPEG and FANCY are libjpeg-turbo's, as its documentation and its output show them (tests/codec);
FACEBOOK_CLASSIC is facts/facebook-classic.md, section 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._jit import kernel
from ..errors import UnderstudyError
from .variants import Downsampling, Edge, Upsampling

__all__ = [
    "Downsampling",
    "Edge",
    "Upsampling",
    "component_planes",
    "component_size",
    "dct_ratio",
    "downsample",
    "ratio",
    "smooth",
    "upsample",
]

Plane = NDArray[np.uint8]
Factors = Sequence[tuple[int, int]]
"""Each component's (h_samp_factor, v_samp_factor), in the frame's order."""


def ratio(factors: Factors, component: int) -> tuple[int, int]:
    """(h, v) of a component against full resolution; an error where they are not whole numbers."""
    max_h, max_v = max(h for h, _ in factors), max(v for _, v in factors)
    h, v = factors[component]
    if max_h % h or max_v % v:
        raise UnderstudyError(
            f"component {component} has sampling factors {h}x{v} beside {max_h}x{max_v}",
            expected="factors that divide the largest",
            remedy="libjpeg does not do fractional sampling either",
        )
    return max_h // h, max_v // v


def component_size(height: int, width: int, factors: Factors, component: int) -> tuple[int, int]:
    """(rows, columns) of a component's own samples, without padding; T.81 A.1.1."""
    max_h, max_v = max(h for h, _ in factors), max(v for _, v in factors)
    h, v = factors[component]
    return -(-height * v // max_v), -(-width * h // max_h)


def dct_ratio(factors: Factors, component: int, method: Downsampling) -> tuple[int, int]:
    """(h, v), 1 or 2 each: by how much a component's blocks are larger than 8x8 samples before the forward DCT.

    LIBJPEG_7 halves along an axis inside the transform wherever `ratio` is even; nobody else does.
    """
    h, v = ratio(factors, component)
    return (2 - h % 2, 2 - v % 2) if method == Downsampling.LIBJPEG_7 else (1, 1)


# --- down


@kernel
def _down_h2v2(plane: Any, out: Any) -> None:
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            top = np.int32(plane[2 * y, 2 * x]) + np.int32(plane[2 * y, 2 * x + 1])
            low = np.int32(plane[2 * y + 1, 2 * x]) + np.int32(plane[2 * y + 1, 2 * x + 1])
            out[y, x] = np.int32(top + low + 1 + (x & 1)) >> 2


def downsample(plane: Plane, h: int, v: int, method: Downsampling) -> Plane:
    """uint8 [H / v, W / h] of uint8 [H, W]; H and W are multiples of v and h.

    LIBJPEG, and LIBJPEG_7 for what its DCT leaves: 2x1 (a + b + (x & 1)) >> 1; 2x2 (a + b + c + d + 1 +
    (x & 1)) >> 2, x the output column; elsewhere the mean rounded half up. FACEBOOK_CLASSIC knows 1x1 and the
    same 2x2 only; GO is the mean rounded half up (Go itself has 2x2 only).
    """
    height, width = plane.shape
    if height % v or width % h:
        raise ValueError(f"plane of {width} x {height} samples does not divide by {h} x {v}")
    if (h, v) == (1, 1):
        return plane
    if (h, v) == (2, 2) and method != Downsampling.GO:
        out = np.empty((height // 2, width // 2), np.uint8)
        _down_h2v2(np.ascontiguousarray(plane), out)
        return out
    if method == Downsampling.FACEBOOK_CLASSIC:
        raise UnderstudyError(f"{method} downsampling by {h}x{v} was never seen", expected="1x1 or 2x2")
    total = np.zeros((height // v, width // h), np.uint16)
    for dy in range(v):
        for dx in range(h):
            total += plane[dy::v, dx::h]
    if (h, v) == (2, 1):
        total += np.arange(width // 2, dtype=np.uint16) & np.uint16(1)
        return (total >> 1).astype(np.uint8)
    total += np.uint16(h * v // 2)
    return (total // np.uint16(h * v)).astype(np.uint8)


# --- smoothing


@kernel
def _smooth(plane: Any, smoothing: int, out: Any) -> None:
    member, other = 65536 - 512 * smoothing, 64 * smoothing
    rows, columns = plane.shape
    for y in range(rows):
        up, down = max(y - 1, 0), min(y + 1, rows - 1)
        for x in range(columns):
            left, right = max(x - 1, 0), min(x + 1, columns - 1)
            own = np.int32(plane[y, x])
            around = np.int32(plane[y, left]) + np.int32(plane[y, right])
            around += np.int32(plane[up, left]) + np.int32(plane[up, x]) + np.int32(plane[up, right])
            around += np.int32(plane[down, left]) + np.int32(plane[down, x]) + np.int32(plane[down, right])
            out[y, x] = (own * member + around * other + 32768) >> 16


@kernel
def _smooth_h2v2(plane: Any, smoothing: int, out: Any) -> None:
    member, other = 16384 - 80 * smoothing, 16 * smoothing
    rows, columns = plane.shape
    for i in range(out.shape[0]):
        y0, y1 = 2 * i, 2 * i + 1
        up, down = max(y0 - 1, 0), min(y1 + 1, rows - 1)
        for j in range(out.shape[1]):
            x0, x1 = 2 * j, 2 * j + 1
            left, right = max(x0 - 1, 0), min(x1 + 1, columns - 1)
            own = np.int32(plane[y0, x0]) + np.int32(plane[y0, x1])
            own += np.int32(plane[y1, x0]) + np.int32(plane[y1, x1])
            sides = np.int32(plane[up, x0]) + np.int32(plane[up, x1])
            sides += np.int32(plane[down, x0]) + np.int32(plane[down, x1])
            sides += np.int32(plane[y0, left]) + np.int32(plane[y1, left])
            sides += np.int32(plane[y0, right]) + np.int32(plane[y1, right])
            corners = np.int32(plane[up, left]) + np.int32(plane[up, right])
            corners += np.int32(plane[down, left]) + np.int32(plane[down, right])
            out[i, j] = (own * member + (2 * sides + corners) * other + 32768) >> 16


def smooth(plane: Plane, h: int, v: int, smoothing: int) -> Plane:
    """uint8 [H / v, W / h] of uint8 [H, W] with libjpeg's input smoothing, 1 to 100; `h` x `v` is 1x1 or 2x2.

    Each sample becomes 1 - 8 s of itself and s of each of its eight neighbours, s = smoothing / 1024; for 2x2 the mean
    of four of those. Rounded half up, once; beyond the plane its outermost samples go on.
    Source: libjpeg's documentation of `smoothing_factor` and cjpeg's of -smooth; that eight neighbours have equal
    weights, their share, the rounding and the edges are measured on cjpeg (tests/codec/test_smoothing.py).
    """
    out = np.empty((plane.shape[0] // v, plane.shape[1] // h), np.uint8)
    source = np.ascontiguousarray(plane)
    if (h, v) == (1, 1):
        _smooth(source, smoothing, out)
    else:
        _smooth_h2v2(source, smoothing, out)
    return out


# --- edges


def _extend(plane: Plane, height: int, width: int) -> Plane:
    """`plane` with its last column, then its last row repeated up to height x width; itself where it fits."""
    rows, columns = plane.shape
    if (rows, columns) == (height, width):
        return plane
    out = np.empty((height, width), np.uint8)
    out[:rows, :columns] = plane
    out[:rows, columns:] = plane[:, -1:]
    out[rows:] = out[rows - 1]
    return out


def component_planes(
    planes: Sequence[Plane], factors: Factors, downsampling: Downsampling, edge: Edge, smoothing: int = 0
) -> list[Plane]:
    """Each full-resolution plane, uint8 [H, W], downsampled to its component and continued to whole MCUs.

    Returns uint8 [8 v_samp_factor * MCU rows, 8 h_samp_factor * MCU columns] a component, times its `dct_ratio`.
    LIBJPEG repeats the last column and the last row up to a multiple of max_v at full resolution, downsamples, then
    repeats the component's last row; FACEBOOK_CLASSIC and GO repeat both at full resolution.
    smoothing: libjpeg's, 0 to 100, of the components whose ratio is 1x1 or 2x2 (it has none for others, and cjpeg says
    so); with it LIBJPEG repeats rows at full resolution too, of all components. Raises UnderstudyError where others
    than LIBJPEG's downsampling and edges are asked to smooth.
    """
    if smoothing and (downsampling, edge) != (Downsampling.LIBJPEG, Edge.LIBJPEG):
        raise UnderstudyError(
            f"smoothing {smoothing} with {downsampling} downsampling, {edge} edges", expected="libjpeg's of both"
        )
    if len(planes) != len(factors):
        raise ValueError(f"{len(planes)} planes for {len(factors)} components")
    max_h, max_v = max(h for h, _ in factors), max(v for _, v in factors)
    height, width = planes[0].shape
    full_height, full_width = -(-height // (8 * max_v)) * 8 * max_v, -(-width // (8 * max_h)) * 8 * max_h
    first_height = -(-height // max_v) * max_v if edge == Edge.LIBJPEG and not smoothing else full_height
    out = []
    for index, plane in enumerate(planes):
        by_dct = dct_ratio(factors, index, downsampling)
        h, v = (a // b for a, b in zip(ratio(factors, index), by_dct, strict=True))
        wide = _extend(plane, first_height, full_width)
        smooths = smoothing and (h, v) in ((1, 1), (2, 2))
        small = smooth(wide, h, v, smoothing) if smooths else downsample(wide, h, v, downsampling)
        out.append(_extend(small, full_height // v, full_width // h))
    return out


# --- up


@kernel
def _up_h2v2(plane: Any, out: Any) -> None:
    """3/4 of the nearer row, 1/4 of the other, the same for columns; one rounding, constants 8, 7 (of 16)."""
    rows, n = plane.shape
    total = np.empty(n, np.int32)
    for y in range(out.shape[0]):
        near = y >> 1
        far = min(max(near - 1 + 2 * (y & 1), 0), rows - 1)
        for x in range(n):
            total[x] = 3 * np.int32(plane[near, x]) + np.int32(plane[far, x])
        for x in range(1, n - 1):
            out[y, 2 * x] = np.int32(3 * total[x] + total[x - 1] + 8) >> 4
            out[y, 2 * x + 1] = np.int32(3 * total[x] + total[x + 1] + 7) >> 4
        out[y, 0] = (4 * total[0] + 8) >> 4
        out[y, 1] = (3 * total[0] + total[1] + 7) >> 4
        out[y, 2 * n - 2] = (3 * total[n - 1] + total[n - 2] + 8) >> 4
        out[y, 2 * n - 1] = (4 * total[n - 1] + 7) >> 4


def _up_h2v1(plane: Plane) -> Plane:
    """Columns: 3/4 of the nearer and 1/4 of the other, constants 1, 2 (of 4); the outermost are kept."""
    wide = 3 * plane.astype(np.uint16)
    out = np.empty((plane.shape[0], 2 * plane.shape[1]), np.uint8)
    out[:, 2::2] = (wide[:, 1:] + plane[:, :-1] + np.uint16(1)) >> 2
    out[:, 1:-1:2] = (wide[:, :-1] + plane[:, 1:] + np.uint16(2)) >> 2
    out[:, 0], out[:, -1] = plane[:, 0], plane[:, -1]
    return out


def _up_h1v2(plane: Plane) -> Plane:
    """Rows: 3/4 of the nearer and 1/4 of the other, constant 1 (of 4) for the upper, 2 for the lower."""
    tall = 3 * plane.astype(np.uint16)
    out = np.empty((2 * plane.shape[0], plane.shape[1]), np.uint8)
    above = np.concatenate([plane[:1], plane[:-1]])
    below = np.concatenate([plane[1:], plane[-1:]])
    out[0::2] = (tall + above + np.uint16(1)) >> 2
    out[1::2] = (tall + below + np.uint16(2)) >> 2
    return out


def upsample(plane: Plane, h: int, v: int, method: Upsampling, out_h: int, out_w: int) -> Plane:
    """uint8 [out_h, out_w] of a component's samples, uint8 [ceil(out_h / v), ceil(out_w / h)].

    Give the samples without padding: the outermost real sample is what the filter repeats. FANCY is
    libjpeg-turbo's triangle filter for 2x1 and 2x2 (more than 2 columns) and 1x2; all else is repetition.
    """
    if plane.shape != (-(-out_h // v), -(-out_w // h)):
        raise ValueError(f"{plane.shape} samples do not make {out_h} x {out_w} at {h}x{v}")
    if (h, v) == (1, 1):
        return plane
    if method == Upsampling.FANCY and (h, v) == (2, 2) and plane.shape[1] > 2:
        out = np.empty((out_h, 2 * plane.shape[1]), np.uint8)
        _up_h2v2(np.ascontiguousarray(plane), out)
    elif method == Upsampling.FANCY and (h, v) == (2, 1) and plane.shape[1] > 2:
        out = _up_h2v1(plane)
    elif method == Upsampling.FANCY and (h, v) == (1, 2):
        out = _up_h1v2(plane)
    else:
        out = plane.repeat(v, axis=0).repeat(h, axis=1)
    return out[:out_h, :out_w]
