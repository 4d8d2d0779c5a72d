"""A JPEG generation in torch, equal to `codec.encode.forward` and `codec.decode.to_rgb` in every sample, on any device.

This is what runs on a GPU. On a CPU the kernels of `codec` do the same work (host.py); tests/channel compares the two.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..codec import matrices
from ..codec.variants import Color, Dct, Decoder, Downsampling, Edge
from ..errors import UnderstudyError
from . import exact_dct
from .recipe import Layout, Recipe


def encoded(samples: Tensor, steps: Tensor, recipe: Recipe) -> list[Tensor]:
    """The levels of each component, int32 [B, v_blocks, h_blocks, 8, 8], blocks that hold a sample of the picture.

    `samples` [B, C, H, W], integers 0..255 of any type; `steps` [B or 1, 2, 64], integers of any type.
    """
    e = recipe.encode
    out = []
    for plane, layout in zip(*planes(samples, recipe), strict=True):
        raw = exact_dct.forward(blocks_of(plane, layout.v_size, layout.h_size) - 128, e.dct)
        dct = e.dct if (layout.v_size, layout.h_size) == (8, 8) else Dct.ISLOW
        out.append(exact_dct.quantise(raw, table(steps, layout), dct, e.quantizer))
    return out


def decoded(levels: list[Tensor], steps: Tensor, recipe: Recipe, height: int, width: int) -> Tensor:
    """int32 [B, 1 or 3, H, W], 0..255: what libjpeg-turbo's decoder shows. Arguments as `encoded` gives them."""
    shown = []
    for blocks, layout in zip(levels, recipe.layouts(len(levels), height, width), strict=True):
        plane = plane_of(exact_dct.inverse(blocks, table(steps, layout)))[:, : layout.rows, : layout.columns]
        triangle = recipe.triangle(layout.h, layout.v, layout.columns)
        shown.append(upsample(plane, layout.h, layout.v, triangle)[:, :height, :width])
    if len(shown) == 1:
        return torch.stack(shown, 1)
    y, cb, cr = shown
    return to_rgb(y, cb, cr, recipe.decoder)


def table(steps: Tensor, layout: Layout) -> Tensor:
    """int64 [B or 1, 1, 1, 8, 8]: a component's steps, to broadcast against its blocks."""
    return steps[:, layout.table].reshape(-1, 1, 1, 8, 8).long()


def blocks_of(plane: Tensor, v_size: int, h_size: int) -> Tensor:
    """[B, v_blocks, h_blocks, v_size, h_size] of a plane [B, H, W] of whole blocks."""
    b, height, width = plane.shape
    split = plane.reshape(b, height // v_size, v_size, width // h_size, h_size)
    return split.transpose(2, 3)


def plane_of(blocks: Tensor) -> Tensor:
    """The plane [B, H, W] that `blocks_of` was given."""
    b, v, h, v_size, h_size = blocks.shape
    return blocks.transpose(2, 3).reshape(b, v * v_size, h * h_size)


def planes(samples: Tensor, recipe: Recipe) -> tuple[list[Tensor], list[Layout]]:
    """Each component's samples, int32 [B, v_size * v_blocks, h_size * h_blocks], downsampled and continued."""
    e = recipe.encode
    height, width = samples.shape[2:]
    count = recipe.components(samples.shape[1])
    layouts = recipe.layouts(count, height, width)
    if e.smoothing and (e.downsampling, e.edge) != (Downsampling.LIBJPEG, Edge.LIBJPEG):
        raise UnderstudyError(f"smoothing with {e.downsampling} downsampling, {e.edge} edges", expected="libjpeg's")
    whole = samples.int()
    if count > samples.shape[1]:
        whole = whole.expand(-1, 3, -1, -1)
    parts = whole.unbind(1) if count == 1 or e.color is Color.NONE else _to_ycbcr(whole, e.color)
    max_v, max_h = max(x.v for x in layouts), max(x.h for x in layouts)
    full_height, full_width = (-(-side // (8 * most)) * 8 * most for side, most in ((height, max_v), (width, max_h)))
    first = -(-height // max_v) * max_v if e.edge is Edge.LIBJPEG and not e.smoothing else full_height
    out = []
    for part, x in zip(parts, layouts, strict=True):
        by_h, by_v = x.h * 8 // x.h_size, x.v * 8 // x.v_size
        wide = extended(part, first, full_width)
        smooths = smoothed_in(e.smoothing, by_h, by_v)
        small = smooth(wide, by_h, e.smoothing) if smooths else downsample(wide, by_h, by_v, e.downsampling)
        out.append(extended(small, x.v_size * x.v_blocks, x.h_size * x.h_blocks))
    return out, layouts


def extended(plane: Tensor, height: int, width: int) -> Tensor:
    """[B, height, width]: the last column and row repeated, or what lies beyond cut off."""
    rows, columns = plane.shape[1:]
    plane = plane[:, :height, :width]
    if width > columns:
        plane = torch.cat([plane, plane[:, :, -1:].expand(-1, -1, width - columns)], 2)
    if height > rows:
        plane = torch.cat([plane, plane[:, -1:].expand(-1, height - rows, -1)], 1)
    return plane


def smoothed_in(smoothing: int, h: int, v: int) -> bool:
    """Whether a component of that ratio is smoothed."""
    return bool(smoothing) and (h, v) in ((1, 1), (2, 2))


def neighbourhood(plane: Tensor) -> Tensor:
    """[B, H, W]: the sum of each sample and its eight neighbours, the outermost going on beyond the plane."""
    for axis in (1, 2):
        n = plane.shape[axis]
        before = torch.cat([plane.narrow(axis, 0, 1), plane.narrow(axis, 0, n - 1)], axis)
        after = torch.cat([plane.narrow(axis, 1, n - 1), plane.narrow(axis, n - 1, 1)], axis)
        plane = before + plane + after
    return plane


def smooth(plane: Tensor, side: int, smoothing: int) -> Tensor:
    """`codec.sampling.smooth` of int32 [B, H, W], whose ratio is `side` x `side`, 1 or 2."""
    b, height, width = plane.shape

    def summed(x: Tensor) -> Tensor:
        return x.reshape(b, height // side, side, width // side, side).sum((2, 4), dtype=torch.int32)

    own, around = summed(plane), summed(neighbourhood(plane))
    each = 64 * smoothing // (side * side)
    total = own * (65536 // (side * side) - 9 * each) + around * each
    return (total + 32768) >> 16


def _to_ycbcr(rgb: Tensor, color: Color) -> list[Tensor]:
    matrix, shift = matrices.color_forward(color)
    r, g, b = rgb.unbind(1)
    rows = matrix.tolist()
    return [((m[0] * r + m[1] * g + m[2] * b + m[3]) >> shift).clamp_(max=255) for m in rows]


def downsample(plane: Tensor, h: int, v: int, method: Downsampling) -> Tensor:
    """`codec.sampling.downsample` of int32 [B, H, W]."""
    if (h, v) == (1, 1):
        return plane
    if method is Downsampling.FACEBOOK_CLASSIC and (h, v) != (2, 2):
        raise UnderstudyError(f"{method} downsampling by {h}x{v} was never seen", expected="1x1 or 2x2")
    b, height, width = plane.shape
    total = plane.reshape(b, height // v, v, width // h, h).sum((2, 4), dtype=torch.int32)
    odd = torch.arange(width // h, device=plane.device, dtype=torch.int32) & 1
    if (h, v) == (2, 2) and method is not Downsampling.GO:
        return (total + 1 + odd) >> 2
    if (h, v) == (2, 1):
        return (total + odd) >> 1
    return torch.div(total + h * v // 2, h * v, rounding_mode="floor")


def upsample(plane: Tensor, h: int, v: int, triangle: bool) -> Tensor:
    """`codec.sampling.upsample` of int32 [B, H, W], not yet cut to the picture."""
    if not triangle:
        return plane.repeat_interleave(v, 1).repeat_interleave(h, 2)
    if (h, v) == (1, 2):
        return _tall(3 * plane, plane, 1, 2, 2)
    if (h, v) == (2, 1):
        wide = _wide(3 * plane, plane, 1, 2, 2)
        wide[:, :, 0], wide[:, :, -1] = plane[:, :, 0], plane[:, :, -1]
        return wide
    tall = _tall(3 * plane, plane, 0, 0, 0)
    return _wide(3 * tall, tall, 8, 7, 4)


def _tall(near: Tensor, far: Tensor, upper: int, lower: int, shift: int) -> Tensor:
    """Rows: `near` and the row of `far` above (below), plus a constant, shifted; [B, 2 H, W]."""
    above, below = torch.cat([far[:, :1], far[:, :-1]], 1), torch.cat([far[:, 1:], far[:, -1:]], 1)
    return torch.stack([(near + above + upper) >> shift, (near + below + lower) >> shift], 2).flatten(1, 2)


def _wide(near: Tensor, far: Tensor, left: int, right: int, shift: int) -> Tensor:
    """Columns: the same; [B, H, 2 W]."""
    before, after = torch.cat([far[:, :, :1], far[:, :, :-1]], 2), torch.cat([far[:, :, 1:], far[:, :, -1:]], 2)
    return torch.stack([(near + before + left) >> shift, (near + after + right) >> shift], 3).flatten(2, 3)


def to_rgb(y: Tensor, cb: Tensor, cr: Tensor, decoder: Decoder) -> Tensor:
    """int32 [B, 3, H, W] of three int32 [B, H, W]: `codec.color.ycbcr_to_rgb`."""
    r_cr, g_cb, g_cr, b_cb = matrices.color_inverse(decoder)
    b, r = cb - 128, cr - 128
    red = y + ((r_cr * r + 32768) >> 16)
    green = y + ((32768 - g_cb * b - g_cr * r) >> 16)
    blue = y + ((b_cb * b + 32768) >> 16)
    return torch.stack([red, green, blue], 1).clamp_(0, 255)


def generation(samples: Tensor, steps: Tensor, recipe: Recipe) -> tuple[Tensor, Tensor]:
    """(samples [B, 1 or 3, H, W] as decoded, in the type of `samples`; levels int16 [B, coefficients], all components).

    Raises UnderstudyError for what has no exact form here (`recipe.outside_torch`).
    """
    if recipe.outside_torch:
        raise UnderstudyError(recipe.outside_torch, place="JPEG in torch", expected="what host.generation does")
    levels = encoded(samples, steps, recipe)
    height, width = samples.shape[2:]
    out = decoded(levels, steps, recipe, height, width).to(samples.dtype)
    return out, torch.cat([x.to(torch.int16).flatten(1) for x in levels], 1)
