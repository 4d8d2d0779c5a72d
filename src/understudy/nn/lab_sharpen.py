"""libvips' sharpen of a channel: the codec's own samples, with the gradient of the formulas behind its tables.

Linear light, L*a*b*, the blur and the curve are written here again without their roundings, in float64, so that
autograd differentiates them. One thing differs from libvips' tables on purpose: where those join whole levels of sRGB
by straight lines, this goes by the smooth curve.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..codec import lab_sharpen as codec
from .picture import Picture
from .text import as_json

__all__ = ["lab_sharpen"]

_TO_XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
_WHITE = (codec.WHITE_X / 100, codec.WHITE_Y / 100, codec.WHITE_Z / 100)


def lab_sharpen(picture: Picture, values: dict[str, float]) -> Picture:
    """The picture through `codec.lab_sharpen`; alpha stays."""
    samples = picture.samples
    colours = samples[:, :-1] if picture.has_alpha else samples
    made = torch.ops.understudy.lab_sharpen(colours.contiguous(), as_json(values))
    return replace(picture, samples=torch.cat([made, samples[:, -1:]], 1) if picture.has_alpha else made)


@torch.library.custom_op("understudy::lab_sharpen", mutates_args=())
def _lab_sharpen(samples: Tensor, options: str) -> Tensor:
    """Whole samples `[B, 1 or 3, H, W]` of such samples, in their dtype and on their device."""
    values = json.loads(options)
    whole = samples.detach().to("cpu", torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
    made = np.stack([codec.lab_sharpen(one, **values) for one in whole])
    return torch.from_numpy(made).permute(0, 3, 1, 2).to(samples).contiguous()


@_lab_sharpen.register_fake
def _(samples: Tensor, options: str) -> Tensor:
    return torch.empty_like(samples)


@torch.library.custom_op("understudy::lab_sharpen_gradient", mutates_args=())
def _gradient(grad: Tensor, samples: Tensor, options: str) -> Tensor:
    """The gradient with regard to `samples`, given that with regard to `_lab_sharpen`'s result."""
    with torch.enable_grad(), torch.autocast(samples.device.type, enabled=False):
        start = samples.detach().double().requires_grad_()
        smooth(start, json.loads(options)).backward(grad.double())  # type: ignore[no-untyped-call]
    assert start.grad is not None
    return start.grad.to(samples.dtype).contiguous()


@_gradient.register_fake
def _(grad: Tensor, samples: Tensor, options: str) -> Tensor:
    return torch.empty_like(samples)


def _save(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    samples, ctx.options = inputs
    ctx.save_for_backward(samples)


def _backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    (samples,) = ctx.saved_tensors
    return torch.ops.understudy.lab_sharpen_gradient(grad.contiguous(), samples, ctx.options), None


_lab_sharpen.register_autograd(_backward, setup_context=_save)


# ------------------------------------------------------------------------------------------------- without roundings


def smooth(samples: Tensor, values: dict[str, float]) -> Tensor:
    """What libvips' tables stand for, of `[B, 1 or 3, H, W]` in float64, 0 to 255: no roundings, clipped at the end."""
    grey = samples.shape[1] == 1
    to_xyz = samples.new_tensor(_TO_XYZ)
    white = samples.new_tensor(_WHITE).view(3, 1, 1)
    level = samples.expand(-1, 3, -1, -1) / 255
    light = torch.where(level <= 0.04045, level / 12.92, ((level.clamp(min=0.04) + 0.055) / 1.055) ** 2.4)
    xyz = torch.einsum("ij,bjhw->bihw", to_xyz, light) / white
    f = torch.where(xyz < 0.008856, 7.787 * xyz + 16 / 116, xyz.clamp(min=0.008) ** (1 / 3))
    lightness = 116 * f[:, 1] - 16
    sharp = (lightness + _added(lightness - _blurred(lightness, values["sigma"]), values)).clamp(0, 100)
    moved = f + ((sharp - lightness) / 116)[:, None]  # a* and b* are differences of the three
    xyz = torch.where(moved < 0.2069, (moved - 16 / 116) / 7.787, moved**3) * white
    light = torch.einsum("ij,bjhw->bihw", torch.linalg.inv(to_xyz), xyz)
    if grey:
        light = torch.einsum("j,bjhw->bhw", to_xyz[1], light)[:, None]
    bright = 1.055 * light.clamp(min=0.003) ** (1 / 2.4) - 0.055
    return (255 * torch.where(light <= 0.0031308, 12.92 * light, bright)).clamp(0, 255)


def _blurred(plane: Tensor, sigma: float) -> Tensor:
    """`[B, H, W]`, edges repeated."""
    weights = codec.taps(sigma)
    reach = len(weights) // 2
    for axis in (2, 1):
        n = plane.shape[axis]
        wide = plane.index_select(axis, torch.arange(-reach, n + reach, device=plane.device).clamp(0, n - 1))
        parts = [int(w) * wide.narrow(axis, i, n) for i, w in enumerate(weights)]
        plane = torch.stack(parts).sum(0) / int(weights.sum())
    return plane


def _added(difference: Tensor, values: dict[str, float]) -> Tensor:
    """`codec.curve` in units of L*."""
    x1, m1, m2 = values["x1"], values["m1"], values["m2"]
    inner = difference.clamp(-x1, x1)
    return (m1 * inner + m2 * (difference - inner)).clamp(-values["y3"], values["y2"])
