"""golang.org/x/image/draw's scalers, onto Go's RGBA: NearestNeighbor, ApproxBiLinear, BiLinear, CatmullRom.

Samples are taken in 16 bits (257 v; of Y, Cb and Cr what Go's color model gives, which has more than 8), filtered in
float64 along the rows and then down the columns without a rounding between, and cut to 8 bits at last: the two kernels
after they are rounded to 16, ApproxBiLinear without. It takes two samples an axis, however much smaller the picture
becomes. Samples beyond the edges do not exist.

Grey comes out as R, G and B, which `encode.grey = "widen"` says. Not covered: samples of 16 bits, which it filters
whole (here `decode` makes 8 bits of them first), masks, and Transform.

Source: its documentation, its published source read for its number formats, and measurement against 0.5.0 with Go 1.19
on x86-64 (tests/codec/test_resample_go.py).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..go_jpeg import to_rgb, to_rgb16
from ..stages import Integer, Plan, Round, Times, WeightedSum, picking, tap_table
from ._go_sums import STRIP, Floats, Table, sums, total

KERNELS = ("nearest", "approx_bilinear", "bilinear", "catmull_rom")

Pixels = NDArray[np.uint8]


def resize(pixels: Pixels, width: int, height: int, *, kernel: str, ycbcr: bool = False) -> Pixels:
    """Scale: uint8 `[height, width, C]` of uint8 `[H, W, C]`, the whole picture onto an empty one.

    ycbcr: three channels are Y, Cb and Cr (the step says so); the result is R, G and B. With 2 or 4 channels the
    colours are multiplied by alpha in 16 bits; the result is Go's RGBA, which holds such products: colours over black.
    Its alpha is given as 255.
    """
    rows, columns, channels = pixels.shape
    if kernel == "nearest" or (columns, rows) == (width, height):
        made = to_rgb(pixels) if ycbcr and channels == 3 else pixels
        made = made[_nearest(rows, height)[:, None], _nearest(columns, width)]
        if channels in (2, 4):
            made = np.concatenate([_products(made)[..., :-1] >> 8, np.full((height, width, 1), 255)], axis=2)
        return np.ascontiguousarray(made, np.uint8)
    if channels in (2, 4):
        source = _products(pixels)
    else:
        source = to_rgb16(pixels) if ycbcr and channels == 3 else pixels * np.uint16(257)
    across, down = _table(kernel, columns, width), _table(kernel, rows, height)
    if kernel != "approx_bilinear":
        across = replace(across, factors=across.factors / 65535)
    between = sums(source, across).transpose(1, 0, 2)
    out = np.empty((width, height, channels), np.uint8)
    for left in range(0, width, STRIP):
        out[left : left + STRIP] = _cut(between[left : left + STRIP], down, kernel)
    return np.ascontiguousarray(out.transpose(1, 0, 2))


def plan(columns: int, rows: int, width: int, height: int, *, kernel: str, ycbcr: bool = False) -> Plan:
    """`resize` of 1 or 3 channels, as data; of R, G and B if there are three, whatever `ycbcr` says."""
    if kernel == "nearest" or (columns, rows) == (width, height):
        return Plan((picking(1, columns, _nearest(columns, width)), picking(0, rows, _nearest(rows, height))))
    across, down = _table(kernel, columns, width), _table(kernel, rows, height)
    x, y = (tap_table(t.first, t.count, t.weights, size) for t, size in ((across, columns), (down, rows)))
    wide = Integer(multiplier=257, clip=False)
    first, second = (WeightedSum(1, columns, *x, order="float64"), WeightedSum(0, rows, *y, order="float64"))
    if kernel == "approx_bilinear":
        return Plan((wide, first, second, Integer(divisor=256)))
    ends = Times(down.factors[:, None]), Times(np.float64(65535)), Round("up", 65535), Integer(divisor=256)
    return Plan((wide, first, Times(across.factors / 65535), second, *ends))


def _cut(between: Floats, down: Table, kernel: str) -> NDArray[np.uint8]:
    """uint8 `[W, n, C]` of sums `[W, H, C]` of columns; the last channel of 2 or 4 is alpha."""
    made = sums(between, down)
    if kernel != "approx_bilinear":
        if made.shape[2] in (2, 4):  # undivided sums, which a picture without alpha does not need: 65535 is the most
            made = sums(between, replace(down, factors=np.ones_like(down.factors)))
            made = np.minimum(made, made[:, :, -1:]) * down.factors[:, None]
        made = np.clip(np.floor(65535 * made + 0.5), 0, 65535)
    out: NDArray[np.uint8] = (made.astype(np.int64) >> 8).astype(np.uint8)
    if out.shape[2] in (2, 4):
        out[:, :, -1] = 255
    return out


def _products(pixels: Pixels) -> NDArray[np.uint16]:
    """Colours times alpha, and alpha, in 16 bits: Go's color.NRGBA."""
    alpha = pixels[:, :, -1:].astype(np.uint32) * 257
    products = pixels[:, :, :-1] * alpha // 255
    return np.concatenate([products, alpha], axis=2).astype(np.uint16)


def _nearest(before: int, after: int) -> NDArray[np.int64]:
    """Which sample each output takes."""
    return (2 * np.arange(after, dtype=np.int64) + 1) * before // (2 * after)


def _table(kernel: str, before: int, after: int) -> Table:
    """The weights of one axis, with the reciprocal of each output's sum; those of ApproxBiLinear add up to 1."""
    ratio = before / after
    centre = (np.arange(after) + 0.5) * ratio - 0.5
    if kernel == "approx_bilinear":
        first = np.clip(centre.astype(np.int64), 0, before - 1)
        share = np.where((centre < 0) | (first == before - 1), 0.0, centre - first)
        count = np.where(first == before - 1, 1, 2)
        return Table(first, count, np.stack([1 - share, share], axis=1), np.ones(after))
    support = 1.0 if kernel == "bilinear" else 2.0
    reach = support * ratio if ratio > 1 else support
    first = np.maximum(np.floor(centre - reach), 0).astype(np.int64)
    end = np.maximum(np.minimum(np.ceil(centre + reach), before).astype(np.int64), first)
    at = first[:, None] + np.arange(int((end - first).max()))
    x = np.abs((centre[:, None] - at) * (1 / ratio if ratio > 1 else 1.0))
    inside = (at < end[:, None]) & (x < support)
    weights = np.where(inside, 1 - x if kernel == "bilinear" else _catmull_rom(x), 0.0)
    return Table(first, end - first, weights, 1 / total(weights))


def _catmull_rom(x: Floats) -> Floats:
    return np.where(x < 1, (1.5 * x - 2.5) * x * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2)
