"""The linear maps inside a JPEG generation and their transposes, on float tensors: what its gradient is made of."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from ..codec import matrices
from ..codec.variants import Color, Decoder, Edge
from .exact_jpeg import extended, neighbourhood, smoothed_in
from .recipe import Recipe


@cache
def analysis(size: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """[8, size]: samples to a block's frequencies, T.81's normalisation of the picture at half size where `size` is 16.

    For 8 it is orthonormal, so its transpose is its inverse.
    """
    return torch.from_numpy(matrices.dct_basis(size) / (size / 8) ** 0.5).to(device, dtype)


@cache
def synthesis(size: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """[8, size]: the transpose of the inverse DCT that makes `size` samples of eight frequencies."""
    return torch.from_numpy(matrices.dct_basis(size) * (size / 8) ** 0.5).to(device, dtype)


def color_weights(color: Color) -> list[list[float]]:
    """Rows Y, Cb, Cr: the weights of R, G, B (of the three components themselves for NONE)."""
    if color is Color.NONE:
        return [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    matrix, shift = matrices.color_forward(color)
    return [[x / (1 << shift) for x in row[:3]] for row in matrix.tolist()]


def rgb_weights(decoder: Decoder) -> list[list[float]]:
    """Rows R, G, B: the weights of Y, Cb - 128, Cr - 128 in what a decoder shows (unchanged planes of GO)."""
    if decoder is Decoder.GO:
        return [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    r_cr, g_cb, g_cr, b_cb = (x / 65536 for x in matrices.color_inverse(decoder))
    return [[1.0, 0.0, r_cr], [1.0, -g_cb, -g_cr], [1.0, b_cb, 0.0]]


def mixed(planes: list[Tensor], weights: list[list[float]]) -> list[Tensor]:
    """Sums of planes: one a row of `weights`, zeros left out."""
    out = []
    for row in weights:
        terms = [(plane, w) for plane, w in zip(planes, row, strict=True) if w]
        total = terms[0][0] if terms[0][1] == 1 else terms[0][0] * terms[0][1]
        for plane, w in terms[1:]:
            total = total + plane if w == 1 else torch.add(total, plane, alpha=w)
        out.append(total)
    return out


def transposed(weights: list[list[float]]) -> list[list[float]]:
    """The transpose."""
    return [list(column) for column in zip(*weights, strict=True)]


def upsampled(plane: Tensor, h: int, v: int, triangle: bool) -> Tensor:
    """[B, v H, h W] of a float plane [B, H, W]: the triangle filter (ratios 1 and 2), or repetition."""
    if not triangle:
        return plane.repeat_interleave(v, 1).repeat_interleave(h, 2)
    for axis, times in ((1, v), (2, h)):
        if times == 2:
            n = plane.shape[axis]
            before = torch.cat([plane.narrow(axis, 0, 1), plane.narrow(axis, 0, n - 1)], axis)
            after = torch.cat([plane.narrow(axis, 1, n - 1), plane.narrow(axis, n - 1, 1)], axis)
            near = 0.75 * plane
            plane = torch.stack([near + 0.25 * before, near + 0.25 * after], axis + 1).flatten(axis, axis + 1)
    return plane


def upsampled_transposed(grad: Tensor, h: int, v: int, triangle: bool) -> Tensor:
    """The transpose of `upsampled`: [B, H, W] of [B, v H, h W]."""
    b, height, width = grad.shape
    if not triangle:
        return grad.reshape(b, height // v, v, width // h, h).sum((2, 4))
    for axis, times in ((2, h), (1, v)):
        if times == 2:
            n = grad.shape[axis] // 2
            shape = (*grad.shape[:axis], n, 2, *grad.shape[axis + 1 :])
            first, second = grad.reshape(shape).unbind(axis + 1)
            out = 0.75 * (first + second)
            if n > 1:
                out.narrow(axis, 0, n - 1).add_(first.narrow(axis, 1, n - 1), alpha=0.25)
                out.narrow(axis, 1, n - 1).add_(second.narrow(axis, 0, n - 1), alpha=0.25)
            out.narrow(axis, 0, 1).add_(first.narrow(axis, 0, 1), alpha=0.25)
            out.narrow(axis, n - 1, 1).add_(second.narrow(axis, n - 1, 1), alpha=0.25)
            grad = out
    return grad


def folded(grad: Tensor, height: int, width: int) -> Tensor:
    """The transpose of continuing a plane: what lies beyond `height` x `width` is added to the last row and column."""
    rows, columns = grad.shape[1:]
    if rows > height:
        grad = torch.cat([grad[:, : height - 1], grad[:, height - 1 :].sum(1, keepdim=True)], 1)
    if columns > width:
        grad = torch.cat([grad[:, :, : width - 1], grad[:, :, width - 1 :].sum(2, keepdim=True)], 2)
    return grad


def planes(samples: Tensor, recipe: Recipe) -> list[Tensor]:
    """`exact_jpeg.planes` with nothing rounded: each component's samples, float, minus 128."""
    height, width = samples.shape[2:]
    count = recipe.components(samples.shape[1])
    layouts = recipe.layouts(count, height, width)
    parts = list((samples.expand(-1, 3, -1, -1) if count == 3 else samples).unbind(1))
    if count == 3:
        parts = mixed(parts, color_weights(recipe.encode.color))
        grey = 0 if recipe.encode.color is Color.NONE else 128
    max_v, max_h = max(x.v for x in layouts), max(x.h for x in layouts)
    full_height, full_width = (-(-side // (8 * most)) * 8 * most for side, most in ((height, max_v), (width, max_h)))
    whole_rows = recipe.encode.edge is not Edge.LIBJPEG or recipe.encode.smoothing
    first = full_height if whole_rows else -(-height // max_v) * max_v
    out = []
    for i, (part, x) in enumerate(zip(parts, layouts, strict=True)):
        h, v = x.h * 8 // x.h_size, x.v * 8 // x.v_size
        plane = extended(part, first, full_width)
        if smoothed_in(recipe.encode.smoothing, h, v):
            plane = smoothed(plane, recipe.encode.smoothing)
        if (h, v) != (1, 1):
            b, rows, columns = plane.shape
            plane = plane.reshape(b, rows // v, v, columns // h, h).mean((2, 4))
        plane = extended(plane, x.v_size * x.v_blocks, x.h_size * x.h_blocks)
        out.append(plane if i and grey else plane - 128)
    return out


def smoothed(plane: Tensor, smoothing: int) -> Tensor:
    """`exact_jpeg.smooth` of the ratio 1 x 1 with nothing rounded."""
    share = smoothing / 1024
    return (1 - 9 * share) * plane + share * neighbourhood(plane)


def smoothed_transposed(grad: Tensor, smoothing: int) -> Tensor:
    """The transpose of `smoothed`."""
    share, around = smoothing / 1024, grad
    for axis in (1, 2):
        n = around.shape[axis]
        total = around.clone()
        total.narrow(axis, 0, n - 1).add_(around.narrow(axis, 1, n - 1))
        total.narrow(axis, 1, n - 1).add_(around.narrow(axis, 0, n - 1))
        total.narrow(axis, 0, 1).add_(around.narrow(axis, 0, 1))  # what lies beyond the plane is its outermost
        total.narrow(axis, n - 1, 1).add_(around.narrow(axis, n - 1, 1))
        around = total
    return (1 - 9 * share) * grad + share * around


def padded(grad: Tensor, height: int, width: int) -> Tensor:
    """The transpose of cutting a plane: zeros up to height x width."""
    rows, columns = grad.shape[1:]
    return grad if (rows, columns) == (height, width) else torch.nn.functional.pad(
        grad, (0, width - columns, 0, height - rows)
    )  # fmt: skip
