"""Resizing and sharpening of a channel: the library's own samples, with the gradient of the filter that made them.

On a CPU the samples come from the very code that `mimic` runs, elsewhere from its plan (`codec.stages`) played on the
device; tests hold the two against each other. The few libraries whose sums of floats no plan expresses go through the
former everywhere, and their step says so (`Resize.outside_torch`).

The gradient is the transpose of the plan's weights: rounding passes it unchanged, clipping stops it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..codec import resample as codec
from ..codec.stages import Plan
from ..codec.three_tap import three_tap as codec_three_tap
from ..codec.three_tap import three_tap_stages
from .picture import Picture
from .plans import Exact, Linear
from .text import as_json

__all__ = ["play", "resize", "three_tap"]

Pixels = NDArray[np.uint8]


def resize(picture: Picture, code: str, width: int, height: int, *, kernel: str, **options: Any) -> Picture:
    """The picture at `width` x `height`, as `codec.resample.resize` makes it; options as there.

    With 2 or 4 channels colours and alpha are weighed by alpha, or not, as the library does; the gradient then is that
    of each channel by itself.
    """
    text = as_json([kernel, options])
    return replace(picture, samples=_filtered(picture.samples, code, text, width, height))


def three_tap(picture: Picture, side: int) -> Picture:
    """`codec.three_tap` along the rows, then down the columns; alpha is left as it is."""
    samples = picture.samples
    colours = samples[:, :-1] if picture.has_alpha else samples
    sharp = _filtered(colours, "three_tap", as_json(["", {"side": side}]), picture.width, picture.height)
    return replace(picture, samples=torch.cat([sharp, samples[:, -1:]], 1) if picture.has_alpha else sharp)


def play(samples: Tensor, plan: Plan) -> Tensor:
    """A plan without `inexact`, played on float64 `[B, C, H, W]`: what runs on any device but a CPU."""
    made = Exact(plan, samples.device)(samples.flatten(0, 1))
    return made.view(*samples.shape[:2], *made.shape[1:])


def _filtered(samples: Tensor, code: str, options: str, width: int, height: int) -> Tensor:
    """As one node of the graph: a compiler may not put its sums in another order."""
    out: Tensor = torch.ops.understudy.filter(samples, code, options, width, height)
    return out


# ------------------------------------------------------------------------------------------- one filter of one size


@lru_cache(maxsize=64)
def _plan(code: str, options: str, columns: int, rows: int, width: int, height: int, channels: int) -> Plan:
    kernel, given = _parsed(options)
    if code == "three_tap":
        return Plan(three_tap_stages(columns, given["side"], 1) + three_tap_stages(rows, given["side"], 0))
    return codec.plan(code, columns, rows, width, height, kernel=kernel, channels=channels, **given)


@lru_cache(maxsize=64)
def _linear(code: str, options: str, columns: int, rows: int, width: int, height: int, channels: int) -> Linear:
    return Linear(_plan(code, options, columns, rows, width, height, channels))


@lru_cache(maxsize=16)
def _exact(
    code: str, options: str, columns: int, rows: int, width: int, height: int, channels: int, device: torch.device
) -> Callable[[Tensor], Tensor]:
    return Exact(_plan(code, options, columns, rows, width, height, channels), device)


def _parsed(options: str) -> tuple[str, dict[str, Any]]:
    kernel, given = json.loads(options)
    return kernel, {name: tuple(v) if isinstance(v, list) else v for name, v in given.items()}


def _by_codec(pixels: Pixels, code: str, options: str, width: int, height: int) -> Pixels:
    """One picture `[H, W, C]`."""
    kernel, given = _parsed(options)
    if code == "three_tap":
        return codec_three_tap(codec_three_tap(pixels, given["side"], axis=1), given["side"], axis=0)
    return codec.resize(code, pixels, width, height, kernel=kernel, **given)


@torch.library.custom_op("understudy::filter", mutates_args=())
def _filter(samples: Tensor, code: str, options: str, width: int, height: int) -> Tensor:
    """Whole samples `[B, C, height, width]` of such samples `[B, C, H, W]`, in their dtype and on their device."""
    b, c, rows, columns = samples.shape
    on_device = samples.device.type != "cpu" and c in (1, 3)
    if on_device and not _plan(code, options, columns, rows, width, height, c).inexact:
        made = _exact(code, options, columns, rows, width, height, c, samples.device)(samples.flatten(0, 1))
        return made.to(samples.dtype).view(b, c, height, width)
    pixels = samples.permute(0, 2, 3, 1).to("cpu", torch.uint8).contiguous().numpy()
    made8 = np.stack([_by_codec(one, code, options, width, height) for one in pixels])
    return torch.from_numpy(made8).permute(0, 3, 1, 2).to(samples.device, samples.dtype).contiguous()


@_filter.register_fake
def _(samples: Tensor, code: str, options: str, width: int, height: int) -> Tensor:
    return samples.new_empty(samples.shape[0], samples.shape[1], height, width)


@torch.library.custom_op("understudy::filter_gradient", mutates_args=())
def _filter_gradient(grad: Tensor, samples: Tensor, code: str, options: str) -> Tensor:
    """The gradient with regard to `samples`, given that with regard to `_filter`'s result."""
    height, width = grad.shape[2:]
    rows, columns = samples.shape[2:]
    linear = _linear(code, options, columns, rows, width, height, 1 if samples.shape[1] == 1 else 3)
    wide = grad if grad.dtype == torch.float64 else grad.float()
    made = linear.transposed(samples.flatten(0, 1), wide.flatten(0, 1))
    return made.to(samples.dtype).view_as(samples).clone()


@_filter_gradient.register_fake
def _(grad: Tensor, samples: Tensor, code: str, options: str) -> Tensor:
    return torch.empty_like(samples)


def _save(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    samples, ctx.code, ctx.options, _, _ = inputs
    ctx.save_for_backward(samples)


def _backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    (samples,) = ctx.saved_tensors
    made = torch.ops.understudy.filter_gradient(grad.contiguous(), samples, ctx.code, ctx.options)
    return made, None, None, None, None


_filter.register_autograd(_backward, setup_context=_save)
