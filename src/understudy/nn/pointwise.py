"""Tones of a channel: the tone step's own samples on any device, with the gradient of its stages without roundings.

Products and sums are made one after the other in the types that the step states, so that the samples are those of its
numpy form to the last bit (tests/channel/test_channel_filters.py).
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

from ..steps.tone import LUMA, Tone
from .picture import Picture
from .text import as_json

__all__ = ["tone"]


def tone(picture: Picture, step: Tone) -> Picture:
    """The picture as the step makes it; alpha stays."""
    samples = picture.samples
    colours = samples[:, :-1] if picture.has_alpha else samples
    options = as_json({f.name: getattr(step, f.name) for f in fields(step)})
    made = torch.ops.understudy.tone(colours.contiguous(), options)
    return replace(picture, samples=torch.cat([made, samples[:, -1:]], 1) if picture.has_alpha else made)


@lru_cache(maxsize=64)
def _step(options: str) -> Tone:
    given: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in json.loads(options).items()}
    return Tone(**given)


@lru_cache(maxsize=64)
def _slopes(options: str) -> NDArray[np.float64]:
    """`[3, 256]`: how fast the curves rise, 0 where they are clipped."""
    curves = _step(options).curves()
    assert curves is not None, "asked where there are curves"
    clipped = np.clip(curves, 0, 255)
    rise: NDArray[np.float64] = np.gradient(clipped, axis=1) * ((curves >= 0) & (curves <= 255))
    return rise


@torch.library.custom_op("understudy::tone", mutates_args=())
def _tone(samples: Tensor, options: str) -> Tensor:
    """Whole samples `[B, 1 or 3, H, W]` of such samples, in their dtype and on their device."""
    step = _step(options)
    made = samples if step.enhance == "none" else _enhanced(samples, step)
    return _after(made, step).to(samples.dtype).contiguous().clone()


@_tone.register_fake
def _(samples: Tensor, options: str) -> Tensor:
    stays = samples.shape[1] == 3 or _step(options).keeps_grey()
    return samples.new_empty(samples.shape[0], samples.shape[1] if stays else 3, *samples.shape[2:])


def _enhanced(samples: Tensor, step: Tone) -> Tensor:
    """Whole float32 samples of `samples`."""
    own = samples.to(torch.float32)
    other = _reference(samples, step)
    far = (own - other) * float(np.float32(step.factor))
    return (other + far).clamp(0, 255).trunc()


def _reference(samples: Tensor, step: Tone) -> Tensor:
    """What an enhancement goes from, float32, to broadcast with the samples."""
    if step.enhance == "brightness":
        return torch.zeros((), device=samples.device)
    grey = _luma(samples)
    if step.enhance == "color":
        return grey.to(torch.float32)
    count = grey.shape[2] * grey.shape[3]
    means = [float(int(total / count + 0.5)) for total in grey.sum((1, 2, 3)).tolist()]
    return torch.tensor(means, dtype=torch.float32, device=samples.device).view(-1, 1, 1, 1)


def _luma(samples: Tensor) -> Tensor:
    """int64 `[B, 1, H, W]`: Pillow's L."""
    whole = samples.to(torch.int64)
    if samples.shape[1] == 1:
        return whole
    red, green, blue = whole.unbind(1)
    grey: Tensor = (red * LUMA[0] + green * LUMA[1] + blue * LUMA[2] + 0x8000) >> 16
    return grey.unsqueeze(1)


def _after(samples: Tensor, step: Tone) -> Tensor:
    """Curves and matrix of whole samples."""
    grey = samples.shape[1] == 1
    made = samples.expand(-1, 3, -1, -1) if grey else samples
    tables = step.tables()
    if tables is not None:
        made = _looked_up(made, tables)
    mixing = step.mixing()
    if mixing is not None:
        made = _mixed(made, step, *mixing)
    return made[:, :1] if grey and step.keeps_grey() else made


def _looked_up(samples: Tensor, tables: NDArray[Any]) -> Tensor:
    """Each channel's values by its table of 256."""
    on = torch.from_numpy(tables.astype(np.float64)).to(samples.device)
    return torch.stack([on[c][samples[:, c].to(torch.int64)] for c in range(3)], 1)


def _mixed(samples: Tensor, step: Tone, matrix: NDArray[Any], offset: NDArray[Any]) -> Tensor:
    kind = torch.float32 if step.arithmetic == "float32" else torch.float64
    numbers = np.dtype(step.arithmetic).type
    red, green, blue = samples.to(kind).unbind(1)
    rows = []
    for row, more in zip(matrix, offset, strict=True):
        r, g, b = (float(numbers(v)) for v in row)
        total = red * r
        total = total + green * g
        total = total + blue * b
        rows.append(total + float(numbers(more)))
    clipped = torch.stack(rows, 1).clamp(0, 255)
    if step.rounding == "half_even":
        return clipped.round()
    return (clipped + 0.5 if step.rounding == "half_up" else clipped).floor()


@torch.library.custom_op("understudy::tone_gradient", mutates_args=())
def _tone_gradient(grad: Tensor, samples: Tensor, options: str) -> Tensor:
    """The gradient with regard to `samples`, given that with regard to `_tone`'s result."""
    step = _step(options)
    enhanced = samples if step.enhance == "none" else _enhanced(samples, step).to(samples.dtype)
    grey = samples.shape[1] == 1
    wide = enhanced.expand(-1, 3, -1, -1) if grey else enhanced
    back = grad
    if grey and grad.shape[1] == 1:
        back = torch.cat([grad, torch.zeros_like(grad), torch.zeros_like(grad)], 1)
    tables, mixing = step.tables(), step.mixing()
    curved = wide if tables is None else _looked_up(wide, tables).to(samples.dtype)
    if mixing is not None:
        back = _through_matrix(back, curved, *mixing)
    if tables is not None:
        back = back * _looked_up(wide, _slopes(options)).to(back.dtype)
    if grey:
        back = back.sum(1, keepdim=True)
    if step.enhance != "none":
        back = _through_enhancement(back, samples, step)
    return back.to(samples.dtype).contiguous().clone()


@_tone_gradient.register_fake
def _(grad: Tensor, samples: Tensor, options: str) -> Tensor:
    return torch.empty_like(samples)


def _through_matrix(grad: Tensor, samples: Tensor, matrix: NDArray[Any], offset: NDArray[Any]) -> Tensor:
    weights = torch.from_numpy(matrix).to(samples.device, samples.dtype)
    more = torch.from_numpy(offset).to(samples.device, samples.dtype).view(1, 3, 1, 1)
    made = torch.einsum("ij,bjhw->bihw", weights, samples) + more
    inside = grad * ((made >= 0) & (made <= 255))
    return torch.einsum("ij,bihw->bjhw", weights, inside)


def _through_enhancement(grad: Tensor, samples: Tensor, step: Tone) -> Tensor:
    """`factor` of it goes to the samples, the rest to what they were compared with: their mean, or their luma."""
    other = _reference(samples, step).to(samples.dtype)
    made = other + step.factor * (samples - other)
    inside = grad * ((made >= 0) & (made <= 255))
    out = step.factor * inside
    if step.enhance == "brightness":
        return out
    rest = (1 - step.factor) * inside.sum(1, keepdim=True)
    if step.enhance == "contrast":
        rest = rest.sum((2, 3), keepdim=True) / (samples.shape[2] * samples.shape[3])
    if samples.shape[1] == 1:
        return out + rest
    shares = torch.tensor(LUMA, dtype=samples.dtype, device=samples.device).view(1, 3, 1, 1) / 65536
    return out + rest * shares


def _save(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    samples, ctx.options = inputs
    ctx.save_for_backward(samples)


def _backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
    (samples,) = ctx.saved_tensors
    return torch.ops.understudy.tone_gradient(grad.contiguous(), samples, ctx.options), None


_tone.register_autograd(_backward, setup_context=_save)
