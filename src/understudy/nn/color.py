"""ICC conversion of a channel: the step's own samples, with the gradient of the conversion's local slopes.

littlecms and Skia look at one pixel at a time, so on a device the conversion is a table of all colours, made once a
profile by the step itself (48 MiB for RGB). The gradient is that of straight lines between a lattice's 17 x 17 x 17
colours, averaged over each cell.
"""

from __future__ import annotations

import json
from dataclasses import fields, replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..steps.base import Context, Raster
from ..steps.color import Color
from .picture import Picture
from .text import as_json

__all__ = ["icc_to_srgb"]

_NODES = np.array([*range(0, 241, 16), 255], np.uint8)
"""A lattice's values of one channel: cells are 16 levels wide, so that outputs rounded to whole levels still show their
slope, and curves hardly bend within one."""
_AT_ONCE = 1 << 21
"""Colours converted at a time while a table is made."""


def icc_to_srgb(picture: Picture, step: Color) -> Picture:
    """`[B, 3, H, W]` (4 with alpha) in sRGB, of a picture with an ICC profile, grey or RGB. Raises as the step does."""
    assert picture.icc is not None, "the step asks only for pictures with a profile"
    samples = picture.samples
    colours = samples[:, :-1] if picture.has_alpha else samples
    values = {f.name: getattr(step, f.name) for f in fields(step)}
    options = as_json(values)
    made = torch.ops.understudy.icc_to_srgb(colours.contiguous(), picture.icc.decode("latin-1"), options)
    return replace(picture, samples=torch.cat([made, samples[:, -1:]], 1) if picture.has_alpha else made, icc=None)


def _converted(pixels: NDArray[np.uint8], icc: str, options: str) -> NDArray[np.uint8]:
    """uint8 `[H, W, 3]` of `[H, W, 1 or 3]`."""
    raster = Color(**json.loads(options)).exact(Raster(pixels, icc.encode("latin-1")), Context())
    assert isinstance(raster, Raster), "the step makes rasters"
    return raster.pixels


@lru_cache(maxsize=4)
def _table(icc: str, options: str, channels: int, device: torch.device) -> Tensor:
    """uint8 `[256 ** channels, 3]`: what every colour becomes."""
    return torch.from_numpy(table(icc, options, channels)).to(device)


def table(icc: str, options: str, channels: int) -> NDArray[np.uint8]:
    """uint8 `[256 ** channels, 3]`: what the step makes of every colour, the last channel counting fastest."""
    count = 256**channels
    out = np.empty((count, 3), np.uint8)
    for start in range(0, count, _AT_ONCE):
        number = np.arange(start, min(start + _AT_ONCE, count), dtype=np.uint32)
        shifts = [8 * (channels - 1 - c) for c in range(channels)]
        pixels = np.stack([(number >> np.uint32(shift)).astype(np.uint8) for shift in shifts], axis=1)
        out[start : start + number.size] = _converted(pixels[None], icc, options)[0]
    return out


@lru_cache(maxsize=8)
def slopes(icc: str, options: str, channels: int) -> NDArray[np.float64]:
    """`[16] * channels + [3, channels]`: d output / d input of each cell of the lattice."""
    nodes = np.stack(np.meshgrid(*[_NODES] * channels, indexing="ij"), axis=-1)
    flat = np.ascontiguousarray(nodes.reshape(1, -1, channels))
    made = _converted(flat, icc, options)[0].astype(np.float64).reshape(*nodes.shape[:-1], 3)
    width = np.diff(_NODES.astype(np.float64))
    out = np.empty((*[16] * channels, 3, channels))
    for c in range(channels):
        rise = np.diff(made, axis=c) / width.reshape([-1 if a == c else 1 for a in range(channels)] + [1])
        for other in range(channels):
            if other != c:  # the mean over the cell's edges that run this way
                rise = (np.delete(rise, -1, axis=other) + np.delete(rise, 0, axis=other)) / 2
        out[..., c] = rise
    return out


@torch.library.custom_op("understudy::icc_to_srgb", mutates_args=())
def _icc_to_srgb(samples: Tensor, icc: str, options: str) -> Tensor:
    """Whole samples `[B, 3, H, W]` of such samples `[B, 1 or 3, H, W]`, in their dtype and on their device."""
    channels = samples.shape[1]
    if samples.device.type == "cpu":
        pixels = samples.permute(0, 2, 3, 1).to(torch.uint8).contiguous().numpy()
        made = torch.from_numpy(np.stack([_converted(one, icc, options) for one in pixels]))
    else:
        made = look_up(samples, _table(icc, options, channels, samples.device))
    return made.permute(0, 3, 1, 2).to(samples.dtype).contiguous()


def look_up(samples: Tensor, colours: Tensor) -> Tensor:
    """uint8 `[B, H, W, 3]` of whole samples `[B, C, H, W]`, from a `table` on the same device."""
    number = samples[:, 0].long()
    for c in range(1, samples.shape[1]):
        number = number * 256 + samples[:, c].long()
    return colours[number]


@_icc_to_srgb.register_fake
def _(samples: Tensor, icc: str, options: str) -> Tensor:
    return samples.new_empty(samples.shape[0], 3, *samples.shape[2:])


@torch.library.custom_op("understudy::icc_gradient", mutates_args=())
def _icc_gradient(grad: Tensor, samples: Tensor, icc: str, options: str) -> Tensor:
    """The gradient with regard to `samples`, given that with regard to `_icc_to_srgb`'s result."""
    channels = samples.shape[1]
    table = torch.from_numpy(slopes(icc, options, channels)).to(grad.device, grad.dtype).flatten(0, channels - 1)
    cell = torch.zeros_like(samples[:, 0], dtype=torch.long)
    for c in range(channels):
        cell = cell * 16 + (samples[:, c].long() // 16).clamp(0, 15)
    local = table[cell]
    return (grad.permute(0, 2, 3, 1).unsqueeze(3) @ local).squeeze(3).permute(0, 3, 1, 2).to(samples.dtype).contiguous()


@_icc_gradient.register_fake
def _(grad: Tensor, samples: Tensor, icc: str, options: str) -> Tensor:
    return torch.empty_like(samples)


def _save(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    samples, ctx.icc, ctx.options = inputs
    ctx.save_for_backward(samples)


def _backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    (samples,) = ctx.saved_tensors
    return torch.ops.understudy.icc_gradient(grad.contiguous(), samples, ctx.icc, ctx.options), None, None


_icc_to_srgb.register_autograd(_backward, setup_context=_save)
