"""A JPEG generation as one operator of torch, `understudy::jpeg`, with its gradient as another.

A compiler sees one node each, so nothing that it does to the rest of a graph can change a bit in here. On a CPU the
kernels of `codec` do the work (host.py, host_gradient.py), on other devices torch does (exact_jpeg.py,
jpeg_gradient.py); what has no exact form in torch goes through main memory everywhere.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from . import exact_jpeg, host, host_gradient, jpeg_gradient
from .recipe import Recipe

__all__ = ["jpeg"]


@torch.library.custom_op(
    "understudy::jpeg",
    mutates_args=(),
    schema="(Tensor samples, Tensor steps, Tensor sigma, str recipe, str rounding) -> (Tensor, Tensor)",
)
def _jpeg(samples: Tensor, steps: Tensor, sigma: Tensor, recipe: str, rounding: str) -> tuple[Tensor, Tensor]:
    how = Recipe.of(recipe)
    if samples.device.type == "cpu":
        return host.generation(samples, steps, how)
    if how.outside_torch:
        out, levels = host.generation(samples.cpu(), steps.cpu(), how)
        return out.to(samples.device), levels.to(samples.device)
    with torch.autocast(samples.device.type, enabled=False):
        return exact_jpeg.generation(samples, steps, how)


@_jpeg.register_fake
def _jpeg_shapes(samples: Tensor, steps: Tensor, sigma: Tensor, recipe: str, rounding: str) -> tuple[Tensor, Tensor]:
    how = Recipe.of(recipe)
    b, channels, height, width = samples.shape
    components = how.components(channels)
    total = sum(x.count for x in how.layouts(components, height, width))
    shown = samples.new_empty((b, components, *how.size(height, width)))
    return shown, samples.new_empty((b, total), dtype=torch.int16)


@torch.library.custom_op(
    "understudy::jpeg_backward",
    mutates_args=(),
    schema="(Tensor grad, Tensor samples, Tensor levels, Tensor steps, Tensor sigma, str recipe, str rounding, "
    "bool of_steps) -> (Tensor, Tensor)",
)
def _jpeg_backward(
    grad: Tensor, samples: Tensor, levels: Tensor, steps: Tensor, sigma: Tensor, recipe: str, rounding: str,
    of_steps: bool,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    how = Recipe.of(recipe)
    fast = samples.device.type == "cpu" and host_gradient.handles(how, samples.dtype)
    backward = host_gradient.backward if fast else jpeg_gradient.backward
    with torch.autocast(samples.device.type, enabled=False):
        to_samples, to_steps = backward(grad, samples, levels, steps, sigma, how, rounding, of_steps)
    return to_samples.contiguous(), grad.new_empty(0) if to_steps is None else to_steps


@_jpeg_backward.register_fake
def _jpeg_backward_shapes(
    grad: Tensor, samples: Tensor, levels: Tensor, steps: Tensor, sigma: Tensor, recipe: str, rounding: str,
    of_steps: bool,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    shape = (grad.shape[0], 2, 64) if of_steps else (0,)
    return torch.empty_like(samples, memory_format=torch.contiguous_format), grad.new_empty(shape)


def _setup(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    samples, steps, sigma, ctx.recipe, ctx.rounding = inputs
    ctx.mark_non_differentiable(output[1])
    ctx.save_for_backward(samples, output[1], steps, sigma)


def _backward(ctx: Any, grad: Tensor, _: Any) -> tuple[Tensor | None, ...]:
    samples, levels, steps, sigma = ctx.saved_tensors
    of_steps = ctx.needs_input_grad[1]
    to_samples, to_steps = _jpeg_backward(grad, samples, levels, steps, sigma, ctx.recipe, ctx.rounding, of_steps)
    if of_steps and steps.shape[0] == 1:
        to_steps = to_steps.sum(0, keepdim=True)
    return to_samples, to_steps if of_steps else None, None, None, None


_jpeg.register_autograd(_backward, setup_context=_setup)


def jpeg(samples: Tensor, steps: Tensor, sigma: Tensor, recipe: str, rounding: str) -> Tensor:
    """What is shown of `samples` after a JPEG generation: [B, 1 or 3, H', W'], integers 0..255 in the same type.

    samples: [B, 1 or 3, H, W], float32 or float64, integers 0..255.
    steps: [B or 1, 2, 64], the same type, integers 1..65535, natural order: luma's and chroma's; gets a gradient.
    recipe: a `Recipe`'s key.
    sigma: 0-dim, > 0: the noise, in samples, that `rounding` "smoothed" averages over.
    """
    out: Tensor = _jpeg(samples, steps, sigma, recipe, rounding)[0]
    return out
