"""libvips' sharpen of a channel: the codec's own samples, with the gradient of the formulas behind its tables.

Linear light, L*a*b*, the blur and the curve are differentiated here without their roundings, in float64. One thing
differs from libvips' tables on purpose: they join whole levels of sRGB by straight lines, this takes the smooth
curve.
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
    made = through(grad.double(), samples.double(), json.loads(options))
    return made.to(samples.dtype).contiguous()


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


def through(grad: Tensor, samples: Tensor, values: dict[str, float]) -> Tensor:
    """The gradient of libvips' formulas without their roundings: `grad` is with regard to the result, `[B, 1 or 3, H,
    W]` as `samples` (0 to 255), both float64."""
    grey = samples.shape[1] == 1
    to_xyz, white = samples.new_tensor(_TO_XYZ), samples.new_tensor(_WHITE).view(3, 1, 1)
    from_xyz = torch.linalg.inv(to_xyz)
    f, slope_f, slope_light = _of_white(samples.expand(-1, 3, -1, -1) / 255, to_xyz, white)
    lightness = 116 * f[:, 1] - 16
    difference = lightness - _blurred(lightness, values["sigma"])
    added, slope_added = _added(difference, values)
    sharp = lightness + added
    moved = f + ((sharp.clamp(0, 100) - lightness) / 116)[:, None]  # a* and b* are differences of the three
    xyz = torch.where(moved < 0.2069, (moved - 16 / 116) / 7.787, moved**3) * white
    light = torch.einsum("ij,bjhw->bihw", from_xyz, xyz)
    if grey:
        light = torch.einsum("j,bjhw->bhw", to_xyz[1], light)[:, None]

    of_light = grad * 255 * _slope_of_level(light)
    if grey:
        of_light = of_light * to_xyz[1].view(3, 1, 1)
    of_xyz = torch.einsum("ij,bihw->bjhw", from_xyz, of_light)
    of_moved = of_xyz * white * torch.where(moved < 0.2069, 1 / 7.787, 3 * moved**2)
    of_change = of_moved.sum(1) / 116
    of_sharp = of_change * ((sharp >= 0) & (sharp <= 100))
    of_difference = of_sharp * slope_added
    of_lightness = of_sharp - of_change + of_difference - _blur_transposed(of_difference, values["sigma"])
    of_f = of_moved + 116 * torch.stack(
        [torch.zeros_like(of_lightness), of_lightness, torch.zeros_like(of_lightness)], 1
    )
    made = torch.einsum("ij,bihw->bjhw", to_xyz, of_f * slope_f / white) * slope_light / 255
    return made.sum(1, keepdim=True) if grey else made


def _of_white(level: Tensor, to_xyz: Tensor, white: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(CIE's f of X, Y, Z as parts of white; its slope; the slope of linear light) of R, G, B, 0 to 1."""
    low = level <= 0.04045
    base = (level.clamp(min=0.04) + 0.055) / 1.055
    light = torch.where(low, level / 12.92, base**2.4)
    slope_light = torch.where(low, 1 / 12.92, 2.4 / 1.055 * base**1.4)
    xyz = torch.einsum("ij,bjhw->bihw", to_xyz, light) / white
    dark, root = xyz < 0.008856, xyz.clamp(min=0.008) ** (1 / 3)
    f = torch.where(dark, 7.787 * xyz + 16 / 116, root)
    return f, torch.where(dark, 7.787, 1 / (3 * root**2)), slope_light


def _slope_of_level(light: Tensor) -> Tensor:
    """The slope of sRGB's level, 0 to 1, of linear light; 0 where it is clipped."""
    bright = 1.055 / 2.4 * light.clamp(min=0.003) ** (1 / 2.4 - 1)
    slope = torch.where(light <= 0.0031308, 12.92, bright)
    return slope * ((light >= 0) & (light <= 1))


def _blurred(plane: Tensor, sigma: float) -> Tensor:
    """`[B, H, W]`, edges repeated."""
    weights = codec.taps(sigma)
    for axis in (2, 1):
        n = plane.shape[axis]
        wide = plane.index_select(axis, _at(n, len(weights), plane))
        plane = sum((float(w) * wide.narrow(axis, i, n) for i, w in enumerate(weights)), torch.zeros_like(plane))
        plane = plane / float(weights.sum())
    return plane


def _blur_transposed(grad: Tensor, sigma: float) -> Tensor:
    """The transpose of `_blurred`."""
    weights = codec.taps(sigma)
    for axis in (1, 2):
        n = grad.shape[axis]
        at = _at(n, len(weights), grad)
        wide = grad.new_zeros([len(at) if i == axis else k for i, k in enumerate(grad.shape)])
        for i, weight in enumerate(weights):
            wide.narrow(axis, i, n).add_(grad, alpha=float(weight / weights.sum()))
        grad = torch.zeros_like(grad).index_add_(axis, at, wide)
    return grad


def _at(n: int, taps: int, like: Tensor) -> Tensor:
    """Which of `n` samples stands at each place, `taps // 2` more on both sides."""
    return torch.arange(-(taps // 2), n + taps // 2, device=like.device).clamp(0, n - 1)


def _added(difference: Tensor, values: dict[str, float]) -> tuple[Tensor, Tensor]:
    """(`codec.curve` in units of L*, its slope)."""
    x1, m1, m2 = values["x1"], values["m1"], values["m2"]
    inner = difference.clamp(-x1, x1)
    added = m1 * inner + m2 * (difference - inner)
    slope = torch.where(difference.abs() < x1, m1, m2)
    return added.clamp(-values["y3"], values["y2"]), slope * ((added >= -values["y3"]) & (added <= values["y2"]))
