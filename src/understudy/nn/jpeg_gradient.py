"""The gradient of a JPEG generation, in torch: transposes of its linear parts, and a derivative for each rounding.

With c = A x the coefficients of a picture (colour, chroma means, DCT) and q their steps, the generation is
clip(S q round(c / q)). Its gradient here is A^T D S^T: D holds the derivative of each rounding (rounding.py), S^T stops
where the decoder clips. D is taken at c / q of a picture whose colour and chroma means are NOT rounded to whole
samples: what a noisy picture's coefficients are on average. (Taken at the rounded ones, the cosine with the real
codec's smoothed response falls from 0.99 to 0.97 at quality 50, sigma 2; six tiles, 4,000 pairs.) The rounding itself
then counts as noise of variance 1/12.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..codec.variants import Edge, Engine
from . import exact_jpeg, host, linear
from .recipe import Layout, Recipe
from .rounding import derivative, of_thresholds, of_zone


def noise(sigma: Tensor, recipe: Recipe, components: int) -> list[Tensor]:
    """The standard deviation that each component's coefficients have where R, G and B have sigma, independently.

    A mean over h x v samples has 1 / (h v) of their variance; rounding adds 1/12 to the full-size samples, and again to
    the means. (jpegli rounds neither.) Smoothing takes from it too, more from high frequencies: here alike from all.
    """
    layouts, n = recipe.layouts(components, 8, 8), recipe.encode.smoothing
    factors = [(x.h, x.v, exact_jpeg.smoothed_in(n, x.h * 8 // x.h_size, x.v * 8 // x.v_size)) for x in layouts]
    rows = linear.color_weights(recipe.encode.color) if components == 3 else [[1.0]]
    rounded = 0.0 if recipe.encode.engine is Engine.JPEGLI else 1 / 12
    out = []
    for row, (h, v, smooths) in zip(rows, factors, strict=True):
        variance = sigma * sigma * sum(w * w for w in row) + (rounded if components == 3 else 0.0)
        kept = _kept(n / 1024, h * v) if smooths else 1.0
        out.append(torch.sqrt(kept * variance / (h * v) + (rounded if h * v > 1 or smooths else 0.0)))
    return out


def _kept(share: float, samples: int) -> float:
    """What smoothing leaves of the variance of noise that is alike at all frequencies: the sum of its squared weights,
    over that without it. share: a neighbour's weight; samples: 1, or 4 whose mean is taken."""
    if samples == 1:
        return (1 - 8 * share) ** 2 + 8 * share**2
    return (1 - 5 * share) ** 2 + 8 * share**2 + share**2


def _split(levels: Tensor, layouts: list[Layout], dtype: torch.dtype) -> list[Tensor]:
    """[B, v_blocks, h_blocks, 8, 8] a component of what `generation` returned."""
    parts: tuple[Tensor, ...] = torch.split(levels, [x.count for x in layouts], 1)
    return [p.reshape(-1, x.v_blocks, x.h_blocks, 8, 8).to(dtype) for p, x in zip(parts, layouts, strict=True)]


def _inside(grad: Tensor, value: Tensor) -> Tensor:
    """`grad` where a decoder's `value` is not clipped."""
    return grad.masked_fill((value < -0.5) | (value > 255.5), 0)


def backward(
    grad: Tensor, samples: Tensor, levels: Tensor, steps: Tensor, sigma: Tensor, recipe: Recipe, rounding: str,
    of_steps: bool = False,
) -> tuple[Tensor, Tensor | None]:  # fmt: skip
    """(gradient to `samples`, gradient to `steps` [B, 2, 64] if asked for) of `grad`, that to what is shown.

    samples, levels, steps: what `generation` was given and returned. sigma: 0-dim tensor, in samples of the picture.
    """
    height, width = samples.shape[2:]
    components = recipe.components(samples.shape[1])
    layouts = recipe.layouts(components, height, width)
    quantised = _split(levels, layouts, grad.dtype)
    tables = [exact_jpeg.table(steps, x).to(grad.dtype) for x in layouts]
    spectra = _through_decoder(grad, quantised, tables, layouts, recipe)
    planes = linear.planes(samples.to(grad.dtype), recipe)
    by_table = torch.zeros((len(grad), 2, 64), dtype=grad.dtype, device=grad.device) if of_steps else None
    limits = host.zero_below(samples, steps, recipe)
    out = []
    widths = noise(sigma.to(grad.dtype), recipe, components)
    for i, x in enumerate(layouts):
        v, h = (linear.analysis(n, grad.dtype, grad.device) for n in (x.v_size, x.h_size))
        blocks = exact_jpeg.blocks_of(planes[i], x.v_size, x.h_size)
        u = (v @ blocks @ h.T) / tables[i]
        slope = derivative(u, widths[i] / tables[i], rounding)
        if recipe.first_threshold != 0.5 and rounding == "smoothed":
            ac = of_thresholds(u, recipe.first_threshold, widths[i] / tables[i])
            slope = torch.cat([slope.flatten(-2)[..., :1], ac.flatten(-2)[..., 1:]], -1).reshape(u.shape)
        if limits and rounding == "smoothed":
            zone = torch.from_numpy(limits[i]).to(u).reshape(u.shape)
            slope = slope + of_zone(u, zone, widths[i] / tables[i])
        if by_table is not None:
            by_table[:, x.table] += (spectra[i] * (quantised[i] - u * slope)).sum((1, 2)).flatten(1)
        out.append(_to_picture(v.T @ (spectra[i] * slope) @ h, x, layouts, recipe, height, width))
    weights = linear.color_weights(recipe.encode.color) if components == 3 else [[1.0]]
    parts = linear.mixed(out, linear.transposed(weights))
    total = torch.stack(parts, 1)
    return (total if total.shape[1] == samples.shape[1] else total.sum(1, keepdim=True)), by_table


def _through_decoder(
    grad: Tensor, quantised: list[Tensor], tables: list[Tensor], layouts: list[Layout], recipe: Recipe
) -> list[Tensor]:
    """The gradient to each component's dequantised coefficients."""
    height, width = grad.shape[2:]
    sizes = recipe.block_sizes(len(layouts))
    weights = linear.rgb_weights(recipe.decoder) if len(layouts) == 3 else [[1.0]]
    ratios: list[tuple[int, int, bool, int, int]] = []
    planes: list[Tensor] = []
    shown: list[Tensor] = []
    for levels, table, x, (h_size, v_size) in zip(quantised, tables, layouts, sizes, strict=True):
        v, h = (linear.synthesis(n, grad.dtype, grad.device) for n in (v_size, h_size))
        rows, columns = -(-x.full_height * v_size // (8 * x.v)), -(-x.full_width * h_size // (8 * x.h))
        plane = exact_jpeg.plane_of(v.T @ (levels * table) @ h) + 128
        planes.append(plane)
        ratio = (x.h * recipe.eighths // h_size, x.v * recipe.eighths // v_size)
        ratios.append((*ratio, recipe.triangle(*ratio, columns), rows, columns))
        full = linear.upsampled(plane[:, :rows, :columns].clamp(0, 255), *ratios[-1][:3])
        shown.append(full[:, :height, :width] - (128 if len(shown) else 0))
    values = linear.mixed(shown, weights)
    clipped = [_inside(g, value) for g, value in zip(grad.unbind(1), values, strict=True)]
    del shown, values
    out = []
    for i, back in enumerate(linear.mixed(clipped, linear.transposed(weights))):
        h_ratio, v_ratio, triangle, rows, columns = ratios[i]
        back = linear.padded(back, rows * v_ratio, columns * h_ratio)
        back = linear.upsampled_transposed(back, h_ratio, v_ratio, triangle)
        back = _inside(linear.padded(back, *planes[i].shape[1:]), planes[i])
        h_size, v_size = sizes[i]
        v, h = (linear.synthesis(n, grad.dtype, grad.device) for n in (v_size, h_size))
        out.append(v @ exact_jpeg.blocks_of(back, v_size, h_size) @ h.T)
    return out


def _to_picture(
    blocks: Tensor, layout: Layout, layouts: list[Layout], recipe: Recipe, height: int, width: int
) -> Tensor:
    """The gradient to a component at full resolution, [B, H, W], of that to the samples its blocks are made from."""
    max_v = max(x.v for x in layouts)
    h, v = layout.h * 8 // layout.h_size, layout.v * 8 // layout.v_size
    smoothing = recipe.encode.smoothing
    plane = exact_jpeg.plane_of(blocks)
    if recipe.encode.edge is Edge.LIBJPEG and not smoothing:  # below, a component's own last row is repeated
        plane = linear.folded(plane, min(plane.shape[1], -(-height // max_v) * max_v // v), plane.shape[2])
    if (h, v) != (1, 1):
        plane = plane.mul(1 / (h * v)).repeat_interleave(v, 1).repeat_interleave(h, 2)
    if exact_jpeg.smoothed_in(smoothing, h, v):
        mcu_h, mcu_v = 8 * max(x.h for x in layouts), 8 * max_v
        plane = linear.padded(plane, -(-height // mcu_v) * mcu_v, -(-width // mcu_h) * mcu_h)
        plane = linear.smoothed_transposed(plane, smoothing)
    return linear.folded(plane, height, width)
