"""libgd's gdImageScale: PHP's imagescale, whose default `bilinear_fixed` is, and a few of its other modes.

The first samples of both pictures coincide, not their corners: output i lies at input i * (size / n). The default looks
at the four pixels around that place whatever the factor, in steps of 1/256; the others widen with the factor. Its
`bicubic` (IMG_BICUBIC, GD_BICUBIC and GD_BICUBIC_FIXED alike) is a B-spline along the rows of the nearest row above,
in the same steps whatever the factor, and 1.04 times that: it filters no columns. (Of fewer than three rows libgd reads
places that it never set, and may crash; here the nearest sample stands in.)

Source: libgd's documentation of gdInterpolationMethod; the filters are those of D. Schumacher, General filtered image
rescaling, in Graphics Gems III, 1992, and of Mitchell and Netravali, SIGGRAPH 1988; where samples lie, the fixed point,
edges and order of passes measured on libgd 2.3.3 (tests/codec/test_resample_gd.py). Its windowed modes are not here.
`mitchell` is 1 off in two samples of a thousand; B-spline and Gaussian were further off.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from ...errors import ProfileError
from ..stages import Indexes, Integer, Plan, Round, Stage, WeightedSum, tap_table
from . import _gd_kernels as kernels

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]


def _box(x: float) -> float:
    return 1.0 if -0.5 <= x < 0.5 else 0.0


def _triangle(x: float) -> float:
    return max(0.0, 1.0 - abs(x))


def _bell(x: float) -> float:
    """The quadratic B-spline."""
    x = abs(x)
    return 0.75 - x * x if x < 0.5 else 0.5 * (x - 1.5) * (x - 1.5) if x < 1.5 else 0.0


def _catmullrom(x: float) -> float:
    x = abs(x)
    if x < 1.0:
        return 1.0 + x * x * (1.5 * x - 2.5)
    return 0.5 * (4.0 + x * (x * (5.0 - x) - 8.0)) if x < 2.0 else 0.0


def _hermite(x: float) -> float:
    x = abs(x)
    return (2.0 * x - 3.0) * x * x + 1.0 if x < 1.0 else 0.0


def _mitchell(x: float) -> float:
    """B = C = 1/3."""
    x = abs(x)
    if x < 1.0:
        return (7.0 * x**3 - 12.0 * x * x + 16.0 / 3.0) / 6.0
    return (-7.0 / 3.0 * x**3 + 12.0 * x * x - 20.0 * x + 32.0 / 3.0) / 6.0 if x < 2.0 else 0.0


FILTERS: dict[str, tuple[Callable[[float], float], float]] = {
    "box": (_box, 0.5), "triangle": (_triangle, 1.0), "bell": (_bell, 1.5), "catmullrom": (_catmullrom, 2.0),
    "hermite": (_hermite, 1.0), "mitchell": (_mitchell, 2.0),
}  # fmt: skip
"""Weight at a distance, and up to which."""
KERNELS: tuple[str, ...] = ("bilinear_fixed", "bicubic", *FILTERS)
_FIXED = ("bilinear_fixed", "bicubic")


@cache
def _spline() -> Indexes:
    """int64 `[256, 4]`: weights, in 256ths, of the samples at -1, 0, 1 and 2 beside a place that lies so many 256ths
    behind that at 0: the cubic B-spline's (Schoenberg's truncated powers), each product of its cubes cut to 8 bits."""
    at = 256 * np.arange(-1, 3)[None] - np.arange(256)[:, None]
    total = np.zeros(at.shape, np.int64)
    for shift, times in ((512, 1), (256, -4), (0, 6), (-256, -4)):
        x = np.maximum(at + shift, 0)
        total += times * ((x * ((x * x) >> 8)) >> 8)
    made: Indexes = np.sign(total) * (np.abs(total) // 6)
    return made


@cache
def _spline_apart() -> tuple[Indexes, Indexes]:
    """int64 `[256, 4]`, `[256]`: weights along a row and one across, whose products are 65536 times the means of what
    sixteen cut products of `_spline` come to, over all places of the other axis."""
    one = _spline()
    cut = (one[:, :, None, None] * one[None, None] >> 8).sum(axis=1)  # by part across, part along, sample along
    along = np.rint(16 * cut.mean(axis=0)).astype(np.int64)
    across = np.rint(4096 * cut.sum(axis=2).mean(axis=1) / cut.sum(axis=2).mean()).astype(np.int64)
    return along, across


def resize(pixels: Pixels, width: int, height: int, *, kernel: str) -> Pixels:
    """uint8 `[height, width, C]` of uint8 `[H, W, C]`. Alpha, in libgd's 7 bits, is filtered as the colours are, and
    those are not multiplied by it. Raises ProfileError for alpha under others than `bilinear_fixed` and `bicubic`."""
    rows, columns, channels = pixels.shape
    has_alpha = channels in (2, 4)
    if has_alpha and kernel not in _FIXED:
        raise ProfileError(f"an alpha channel with {kernel}", place="resize by gd_scale", expected="grey or RGB",
                           remedy="add a flatten step before it")  # fmt: skip
    if kernel == "bicubic" and (columns, rows) == (width, height):
        return pixels.copy()
    if kernel not in _FIXED:
        wide = _filtered(pixels, kernel, width).transpose(1, 0, 2)
        return np.ascontiguousarray(_filtered(wide, kernel, height).transpose(1, 0, 2))
    source = pixels.copy()
    if has_alpha:
        source[:, :, -1] = 127 - (pixels[:, :, -1] >> 1)  # libgd has transparency
    out = np.empty((height, width, channels), np.uint8)
    places = *_places(columns, width), *_places(rows, height)
    if kernel == "bicubic":
        kernels.bicubic_fixed(source, *places, _spline(), out)
    else:
        kernels.bilinear_fixed(source, *places, out)
    if has_alpha:
        opaque = 127 - out[:, :, -1]
        out[:, :, -1] = (opaque << 1) + (opaque >> 6)
    return out


def plan(columns: int, rows: int, width: int, height: int, *, kernel: str) -> Plan:
    """`resize` of 1 or 3 channels, as data: exact but for those in fixed point, of which it is the linear part."""
    if kernel == "bicubic" and (columns, rows) == (width, height):
        return Plan(())
    if kernel == "bicubic":
        (at, part), (rows_at, rows_part) = _places(columns, width), _places(rows, height)
        four = np.clip(at[:, None] + np.arange(-1, 3), 0, columns - 1)
        along, across = _spline_apart()
        return Plan(
            (
                WeightedSum(0, rows, rows_at[:, None], across[rows_part][:, None]),
                WeightedSum(1, columns, four, along[part]),
                Integer(multiplier=266, divisor=1 << 32),
            ),
            "libgd cuts each product of two weights to 8 bits, and has other samples at its upper and lower edge",
        )
    if kernel != "bilinear_fixed":
        stages: list[Stage] = []
        if width != columns:
            taps = tap_table(*_weights(kernel, columns, width), columns)
            stages += [WeightedSum(1, columns, *taps, "float64"), Round("up")]
        if height != rows:
            taps = tap_table(*_weights(kernel, rows, height), rows)
            stages += [WeightedSum(0, rows, *taps, "float64"), Round("up")]
        return Plan(tuple(stages))
    passes = []
    for axis, size, n in ((1, columns, width), (0, rows, height)):
        at, part = _places(size, n)
        both = np.minimum(np.stack([at, at + 1], axis=1), size - 1)
        passes.append(WeightedSum(1 if axis else 0, size, both, np.stack([256 - part, part], axis=1)))
    return Plan(
        (*passes, Integer(divisor=65536)),
        "libgd cuts each product of two weights to 8 bits, and enlarges edges in its own way",
    )


def _filtered(pixels: Pixels, kernel: str, width: int) -> Pixels:
    """Its rows made `width` long; as they are where they are that, even by a kernel that blurs."""
    rows, columns, channels = pixels.shape
    if columns == width:
        return pixels
    out = np.empty((rows, width, channels), np.uint8)
    kernels.rows_float64(np.ascontiguousarray(pixels), *_weights(kernel, columns, width), out)
    return out


def _places(size: int, n: int) -> tuple[Indexes, Indexes]:
    """Of each of `n` outputs: the sample before it, and how many 256ths it lies behind that; both int64 `[n]`."""
    step = int(np.float32(size) / np.float32(n) * np.float32(256))
    at = np.arange(n) * step
    return at >> 8, at & 255


@lru_cache(maxsize=16)
def _weights(kernel: str, size: int, n: int) -> tuple[Indexes, Indexes, Floats]:
    """(first, count, weights) of each of `n` outputs, each sum of weights 1; samples beyond the picture have none."""
    function, support = FILTERS[kernel]
    scale = n / size
    narrow = min(scale, 1.0)
    reach = support / narrow
    first = np.array([max(0, int(np.floor(i / scale - reach))) for i in range(n)])
    last = np.array([min(size - 1, int(np.ceil(i / scale + reach))) for i in range(n)])
    count = last - first + 1
    weights = np.zeros((n, int(count.max())))
    for i in range(n):
        row = [narrow * function(narrow * (i / scale - k)) for k in range(int(first[i]), int(last[i]) + 1)]
        total = 0.0
        for weight in row:  # one after the other, as a loop in C adds
            total += weight
        weights[i, : len(row)] = [weight / total if total else 0.0 for weight in row]
    return first, count, weights
