"""Square filters and unsharp masks of a channel: the steps' own samples on any device, with the filters' transposes.

Rounding passes the gradient unchanged, clipping and an unsharp mask's threshold stop it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..codec.unsharp import BITS, PASSES, box_radius
from ..steps.convolve import Convolve, beyond
from .picture import Picture
from .text import as_json

__all__ = ["convolve", "unsharp"]


def convolve(picture: Picture, step: Convolve) -> Picture:
    """The picture filtered; alpha stays."""
    values = {"weights": step.weights, "divisor": step.divisor, "rounding": step.rounding, "edge": step.edge}
    return _of_colours(picture, "convolve", values)


def unsharp(picture: Picture, radius: float, percent: int, threshold: int) -> Picture:
    """The picture through `codec.unsharp.unsharp_mask`; alpha stays."""
    return _of_colours(picture, "unsharp", {"radius": radius, "percent": percent, "threshold": threshold})


def _of_colours(picture: Picture, name: str, values: dict[str, Any]) -> Picture:
    samples = picture.samples
    colours = samples[:, :-1] if picture.has_alpha else samples
    made = torch.ops.understudy.neighbours(colours.contiguous(), name, as_json(values))
    return replace(picture, samples=torch.cat([made, samples[:, -1:]], 1) if picture.has_alpha else made)


@torch.library.custom_op("understudy::neighbours", mutates_args=())
def _neighbours(samples: Tensor, name: str, options: str) -> Tensor:
    """Whole samples `[B, C, H, W]` of such samples, in their dtype and on their device."""
    if name == "convolve":
        made = _convolved(samples, _convolution(options))
    else:
        made = _masked(samples, json.loads(options))
    return made.to(samples.dtype).contiguous().clone()


@_neighbours.register_fake
def _(samples: Tensor, name: str, options: str) -> Tensor:
    return torch.empty_like(samples)


@torch.library.custom_op("understudy::neighbours_gradient", mutates_args=())
def _neighbours_gradient(grad: Tensor, samples: Tensor, name: str, options: str) -> Tensor:
    """The gradient with regard to `samples`, given that with regard to `_neighbours`' result."""
    if name == "convolve":
        made = _through_convolution(grad, samples, _convolution(options))
    else:
        made = _through_mask(grad, samples, json.loads(options))
    return made.to(samples.dtype).contiguous().clone()


@_neighbours_gradient.register_fake
def _(grad: Tensor, samples: Tensor, name: str, options: str) -> Tensor:
    return torch.empty_like(samples)


def _save(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    samples, ctx.name, ctx.options = inputs
    ctx.save_for_backward(samples)


def _backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    (samples,) = ctx.saved_tensors
    return torch.ops.understudy.neighbours_gradient(grad.contiguous(), samples, ctx.name, ctx.options), None, None


_neighbours.register_autograd(_backward, setup_context=_save)


# --------------------------------------------------------------------------------------------------------- a square


@lru_cache(maxsize=64)
def _convolution(options: str) -> Convolve:
    given: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in json.loads(options).items()}
    return Convolve(**given)


def _sum(samples: Tensor, step: Convolve) -> tuple[Tensor, int]:
    """(float64 sums of weights, the filter's reach), products added row by row from the upper left as the step does."""
    size = 3 if len(step.weights) == 9 else 5
    reach = size // 2
    height, width = samples.shape[2:]
    wide = _widened(samples.to(torch.float64), reach, step.edge)
    total = torch.zeros_like(samples, dtype=torch.float64)
    for i, weight in enumerate(step.weights):
        if weight:
            y, x = divmod(i, size)
            product = wide[:, :, y : y + height, x : x + width] * weight
            total = total + product
    return total, reach


def _widened(samples: Tensor, reach: int, edge: str) -> Tensor:
    """The picture with what stands beyond it. (By index: `pad` does it for float tensors of some ranks alone.)"""
    rows, columns = (torch.from_numpy(beyond(n, reach, edge)).to(samples.device) for n in samples.shape[2:])
    return samples[:, :, rows][:, :, :, columns]


def _convolved(samples: Tensor, step: Convolve) -> Tensor:
    total, reach = _sum(samples, step)
    quotient = total / step.divisor
    if step.rounding == "half_up":
        quotient = quotient + 0.5
    made = quotient.floor().clamp(0, 255)
    if step.edge != "keep":
        return made
    inner = _inner(samples, reach)
    return torch.where(inner, made, samples.to(torch.float64))


def _inner(samples: Tensor, reach: int) -> Tensor:
    """bool `[H, W]`: the pixels whose window lies within the picture."""
    sides = []
    for n in samples.shape[2:]:
        at = torch.arange(n, device=samples.device)
        sides.append((at >= reach) & (at < n - reach))
    return sides[0][:, None] & sides[1][None, :]


def _through_convolution(grad: Tensor, samples: Tensor, step: Convolve) -> Tensor:
    total, reach = _sum(samples, step)
    quotient = total / step.divisor
    used = grad.to(torch.float64) * ((quotient >= 0) & (quotient <= 255))
    kept = torch.zeros_like(used)
    if step.edge == "keep":
        inner = _inner(samples, reach)
        kept = torch.where(inner, kept, grad.to(torch.float64))
        used = used * inner
    size, (height, width) = 2 * reach + 1, samples.shape[2:]
    wide = used.new_zeros((*used.shape[:2], height + 2 * reach, width + 2 * reach))
    for i, weight in enumerate(step.weights):
        if weight:
            y, x = divmod(i, size)
            wide[:, :, y : y + height, x : x + width] += used * (weight / step.divisor)
    return kept + _folded(_folded(wide, reach, 2, step.edge), reach, 3, step.edge)


def _folded(wide: Tensor, reach: int, axis: int, edge: str) -> Tensor:
    """The transpose of `_widened` along an axis."""
    n = wide.shape[axis] - 2 * reach
    out = wide.narrow(axis, reach, n).clone()
    at = beyond(n, reach, edge)
    for place in (*range(reach), *range(n + reach, n + 2 * reach)):
        out.narrow(axis, int(at[place]), 1).add_(wide.narrow(axis, place, 1))
    return out


# ------------------------------------------------------------------------------------------------------ unsharp mask


def _masked(samples: Tensor, given: dict[str, Any]) -> Tensor:
    """int64 samples of whole ones; see `codec.unsharp` for the arithmetic."""
    whole = samples.to(torch.int64)
    difference = whole - _blurred(whole, given["radius"])
    change = torch.div(difference.abs() * given["percent"], 100, rounding_mode="floor")
    change = torch.where(difference.abs() > given["threshold"], change * difference.sign(), 0)
    return (whole + change).clamp(0, 255)


def _blurred(whole: Tensor, radius: float) -> Tensor:
    reach = box_radius(radius)
    if reach == 0:
        return whole
    for axis in (3, 2):
        for _ in range(PASSES):
            whole = _boxed(whole, reach, axis)
    return whole


def _boxed(whole: Tensor, reach: np.float32, axis: int) -> Tensor:
    """One pass of the extended box filter, edges repeated, rounded to 8 bits."""
    r = int(reach)
    weight = int(np.float32(1 << BITS) / (reach * 2 + 1))
    rest = ((1 << BITS) - (2 * r + 1) * weight) // 2
    n = whole.shape[axis]
    at = torch.arange(-(r + 1), n + r + 1, device=whole.device).clamp(0, n - 1)
    wide = whole.index_select(axis, at)
    sums = torch.cat([torch.zeros_like(wide.narrow(axis, 0, 1)), wide.cumsum(axis)], axis)
    inner = sums.narrow(axis, 2 * r + 2, n) - sums.narrow(axis, 1, n)
    outer = wide.narrow(axis, 0, n) + wide.narrow(axis, 2 * r + 2, n)
    made: Tensor = (inner * weight + outer * rest + (1 << (BITS - 1))) >> BITS
    return made


def _through_mask(grad: Tensor, samples: Tensor, given: dict[str, Any]) -> Tensor:
    whole = samples.to(torch.int64)
    difference = whole - _blurred(whole, given["radius"])
    acts = difference.abs() > given["threshold"]
    share = given["percent"] / 100
    made = whole + torch.where(acts, difference * share, 0)
    used: Tensor = grad.to(torch.float64) * ((made >= 0) & (made <= 255))
    differs: Tensor = used * acts * share
    return used + differs - _blur_transposed(differs, given["radius"])


def _blur_transposed(grad: Tensor, radius: float) -> Tensor:
    """The transpose of the blur without its roundings."""
    reach = float(box_radius(radius))
    if reach == 0:
        return grad
    for axis in (2, 3):
        for _ in range(PASSES):
            grad = _box_transposed(grad, reach, axis)
    return grad


def _box_transposed(grad: Tensor, reach: float, axis: int) -> Tensor:
    """The transpose of one pass: the same box over zeros beyond the picture, what falls there added to its edges."""
    r, n = int(reach), grad.shape[axis]
    beyond = 2 * (r + 1)
    zeros = grad.new_zeros([beyond if i == axis else k for i, k in enumerate(grad.shape)])
    wide = torch.cat([zeros, grad, zeros], axis)
    count = n + 2 * (r + 1)
    sums = torch.cat([torch.zeros_like(wide.narrow(axis, 0, 1)), wide.cumsum(axis)], axis)
    inner = sums.narrow(axis, 2 * r + 2, count) - sums.narrow(axis, 1, count)
    outer = wide.narrow(axis, 0, count) + wide.narrow(axis, 2 * r + 2, count)
    made = (inner + (reach - r) * outer) / (2 * reach + 1)
    return _folded(made, r + 1, axis, "repeat")
