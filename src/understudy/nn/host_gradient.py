"""The gradient of a JPEG generation of a batch in main memory, by the kernels of `_gradient_kernels`.

It equals jpeg_gradient.py's up to float32's rounding; recipes whose blocks are not 8x8 in both directions go there.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..codec.variants import Color, Decoder, Downsampling, Edge
from . import _gradient_kernels as kernels
from . import jpeg_gradient, linear
from .host import each, zero_below
from .recipe import Layout, Recipe

_HOW = {"smoothed": kernels.SMOOTHED, "straight-through": kernels.STRAIGHT, "cubic": kernels.CUBIC}

Float = NDArray[np.float32]


def handles(recipe: Recipe, dtype: torch.dtype) -> bool:
    """Whether `backward` here does this recipe and type."""
    return (
        dtype == torch.float32
        and recipe.decoder is Decoder.LIBJPEG_TURBO
        and recipe.eighths == 8
        and recipe.encode.downsampling is not Downsampling.LIBJPEG_7
        and not recipe.encode.smoothing
    )


def backward(
    grad: Tensor, samples: Tensor, levels: Tensor, steps: Tensor, sigma: Tensor, recipe: Recipe, rounding: str,
    of_steps: bool = False,
) -> tuple[Tensor, Tensor | None]:  # fmt: skip
    """As `jpeg_gradient.backward`, of float32 tensors on the CPU."""
    count, channels, height, width = samples.shape
    components = recipe.components(channels)
    layouts = recipe.layouts(components, height, width)
    grads, pictures, coded_levels, all_steps = (x.detach().contiguous().numpy() for x in (grad, samples, levels, steps))
    noise = [np.float32(s) for s in jpeg_gradient.noise(sigma.detach().float(), recipe, components)]
    limits = zero_below(samples, steps, recipe)
    none = np.zeros((0, 64), np.float32)
    out = torch.empty_like(samples, memory_format=torch.contiguous_format)
    result = out.numpy()
    to_steps = np.zeros((count, 2, 64)) if of_steps else np.zeros((count, 2, 0))

    def one(i: int) -> None:
        tables = all_steps[i % len(all_steps)]
        coded = _planes(pictures[i], recipe, layouts)
        quantised = np.split(coded_levels[i], np.cumsum([x.count for x in layouts])[:-1])
        planes = _through_decoder(grads[i], quantised, tables, layouts, recipe)
        for j, x in enumerate(layouts):
            kernels.through_rounding(
                planes[j][0], planes[j][1], coded[j], tables[x.table], noise[j], _HOW[rounding],
                quantised[j].reshape(-1, 64), to_steps[i, x.table],
                limits[j][i].reshape(-1, 64) if limits else none, np.float32(recipe.first_threshold),
            )  # fmt: skip
        _to_picture([p[0] for p in planes], layouts, recipe, result[i])

    each(count, one)
    return out, torch.from_numpy(to_steps).to(samples.dtype) if of_steps else None


def _planes(samples: Float, recipe: Recipe, layouts: list[Layout]) -> list[Float]:
    """Each component's samples before the DCT, minus 128, as `linear.planes` has them."""
    e = recipe.encode
    weights = linear.color_weights(e.color) if len(layouts) == 3 else [[1.0]]
    max_v = max(x.v for x in layouts)
    out = []
    for i, (x, row) in enumerate(zip(layouts, weights, strict=True)):
        plane = np.empty((8 * x.v_blocks, 8 * x.h_blocks), np.float32)
        rows = -(-x.full_height // max_v) * max_v // x.v if e.edge is Edge.LIBJPEG else len(plane)
        used = np.array(row if len(samples) == len(row) else [sum(row)], np.float32)
        offset = np.float32(0 if i and e.color is not Color.NONE else -128)
        kernels.component(samples, used, offset, x.h, x.v, min(rows, len(plane)), plane)
        out.append(plane)
    return out


def _through_decoder(
    grad: Float, quantised: list[NDArray[np.int16]], tables: Float, layouts: list[Layout], recipe: Recipe
) -> list[tuple[Float, Float]]:
    """(gradient to each component's decoded samples, those samples before clipping), both over whole blocks."""
    out = []
    for levels, x in zip(quantised, layouts, strict=True):
        shown = np.empty((8 * x.v_blocks, 8 * x.h_blocks), np.float32)
        kernels.decode(levels.reshape(-1, 64), tables[x.table], shown)
        out.append((np.zeros_like(shown), shown))
    if len(layouts) == 1:
        out[0][0][: grad.shape[1], : grad.shape[2]] = grad[0]
        return out
    x = layouts[1]
    (r_cr, r, b_cb) = linear.rgb_weights(recipe.decoder)
    weights = np.array([r_cr[2], -r[1], -r[2], b_cb[1]], np.float32)
    triangle = recipe.triangle(x.h, x.v, x.columns)
    (to_y, y), (to_cb, cb), (to_cr, cr) = out
    kernels.from_rgb(grad, y, cb, cr, x.rows, x.columns, x.h, x.v, triangle, weights, to_y, to_cb, to_cr)
    return out


def _to_picture(planes: list[Float], layouts: list[Layout], recipe: Recipe, out: Float) -> None:
    """The gradient to the picture, float32 [C, H, W], of that to the components' samples."""
    if recipe.encode.edge is Edge.LIBJPEG:
        max_v = max(x.v for x in layouts)
        for plane, x in zip(planes, layouts, strict=True):
            kernels.fold_rows(plane, min(len(plane), -(-x.full_height // max_v) * max_v // x.v))
    if len(planes) == 1:
        kernels.to_grey(planes[0], out[0])
        return
    weights = np.array(linear.color_weights(recipe.encode.color), np.float32)
    wide = out if len(out) == 3 else np.empty((3, *out.shape[1:]), np.float32)
    kernels.to_rgb(planes[0], planes[1], planes[2], layouts[1].h, layouts[1].v, weights, wide)
    if wide is not out:
        out[0] = wide.sum(axis=0)
