"""Turning, flattening and greying of a channel: permutations of samples, and mixtures in whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ..codec import go_jpeg, matrices
from ..codec.variants import Color
from ..errors import ProfileError
from .picture import Picture

__all__ = ["flatten", "framed", "luma", "shown", "upright"]


def upright(picture: Picture) -> Picture:
    """The picture turned and mirrored as its EXIF orientation says, which is 1 afterwards; see `steps.orient`."""
    samples, orientation = picture.samples, picture.orientation
    if orientation >= 5:
        samples = samples.transpose(2, 3)
    turned = [axis for axis, which in ((3, (2, 3, 6, 7)), (2, (3, 4, 7, 8))) if orientation in which]
    samples = samples.flip(turned) if turned else samples
    return replace(picture, samples=samples.contiguous(), orientation=1)


def framed(picture: Picture, box: Sequence[int], color: Sequence[int]) -> Picture:
    """`[B, C, bottom - top, right - left]`: the samples of `box` (left, top, right, bottom), beyond the picture `color`
    (red, green, blue, 0 to 255), opaque."""
    left, top, right, bottom = box
    width, height = picture.width, picture.height
    samples = picture.samples[:, :, max(0, top) : min(bottom, height), max(0, left) : min(right, width)]
    beyond = (max(0, -left), max(0, right - width), max(0, -top), max(0, bottom - height))
    if any(beyond):
        colors = samples.shape[1] - picture.has_alpha
        ground = _row((*color[:colors], *((255,) if picture.has_alpha else ())), samples)
        samples = functional.pad(samples - ground, beyond) + ground
    return replace(picture, samples=samples.contiguous())


def flatten(picture: Picture, alpha: str, background: Sequence[int], rounding: str) -> Picture:
    """The picture without alpha, `[B, 1 or 3, H, W]`; arguments and errors as those of `steps.flatten`."""
    if not picture.has_alpha:
        return picture
    samples = picture.samples
    colours = samples[:, :-1]
    if alpha == "blend":
        ground = tuple(background[: colours.shape[1]])
        if rounding == "16-bit" and any(ground):
            raise ProfileError(f"16-bit onto {tuple(background)}", place="flatten", expected="onto black")
        colours = _Blend.apply(colours, samples[:, -1:], ground, rounding)  # type: ignore[no-untyped-call]
    return replace(picture, samples=colours.contiguous())


class _Blend(torch.autograd.Function):
    """(alpha c + (255 - alpha) b) / 255, rounded; the gradient is that of the quotient without rounding."""

    @staticmethod
    def forward(ctx: Any, colours: Tensor, alpha: Tensor, ground: tuple[int, ...], rounding: str) -> Tensor:
        ctx.save_for_backward(colours, alpha)
        ctx.ground = ground
        a, below = alpha.to(torch.int32), _row(ground, alpha).to(torch.int32)
        mixed = a * colours.to(torch.int32) + (255 - a) * below
        if rounding == "16-bit":
            made = torch.div(mixed * 257, 255, rounding_mode="floor") >> 8
        else:
            made = torch.div(mixed + (127 if rounding == "nearest" else 0), 255, rounding_mode="floor")
        return made.to(colours.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None, None]:
        colours, alpha = ctx.saved_tensors
        apart = (colours - _row(ctx.ground, alpha)) / 255
        return grad * (alpha / 255), (grad * apart).sum(1, keepdim=True), None, None


def luma(picture: Picture, code: Color) -> Picture:
    """`[B, 1, H, W]` of a picture of three channels: its Y, made by `code`'s arithmetic of RGB; see `steps.encode`."""
    if picture.space == "ycbcr":
        return replace(picture, samples=picture.samples[:, :1].contiguous(), space="rgb")
    if code in (Color.NONE, Color.RGB):
        raise ProfileError(f"grey luma with color {code}", place="encode.grey", expected="a color with a Y")
    return replace(picture, samples=_Luma.apply(picture.samples, code))  # type: ignore[no-untyped-call]


class _Luma(torch.autograd.Function):
    """Y of RGB in whole numbers; the gradient is that of its weights."""

    @staticmethod
    def forward(ctx: Any, samples: Tensor, code: Color) -> Tensor:
        matrix, shift = matrices.color_forward(code)
        r, g, b, constant = matrix.tolist()[0]
        ctx.weights = tuple(w / (1 << shift) for w in (r, g, b))
        red, green, blue = samples.to(torch.int32).unbind(1)
        y: Tensor = ((r * red + g * green + b * blue + constant) >> shift).clamp_(max=255)
        return y.unsqueeze(1).to(samples.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return torch.cat([grad * w for w in ctx.weights], 1), None


def shown(picture: Picture) -> Picture:
    """R, G and B of a picture in Y, Cb and Cr as Go has them (`codec.go_jpeg.to_rgb`); any other as it is."""
    if picture.space != "ycbcr":
        return picture
    return replace(picture, samples=_Shown.apply(picture.samples), space="rgb")  # type: ignore[no-untyped-call]


class _Shown(torch.autograd.Function):
    """RGB of Y, Cb, Cr in whole numbers, cut off; the gradient is that of the weights, nothing where it is clipped."""

    @staticmethod
    def forward(ctx: Any, samples: Tensor) -> Tensor:
        r_cr, g_cb, g_cr, b_cb = go_jpeg.WEIGHTS
        y, cb, cr = samples.to(torch.int32).unbind(1)
        y, cb, cr = y * 0x10101, cb - 128, cr - 128
        made = torch.stack([y + r_cr * cr, y - g_cb * cb - g_cr * cr, y + b_cb * cb], 1) >> 16
        ctx.save_for_backward((made >= 0) & (made <= 255))
        return made.clamp(0, 255).to(samples.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        r_cr, g_cb, g_cr, b_cb = (w / 65536 for w in go_jpeg.WEIGHTS)
        (inside,) = ctx.saved_tensors
        red, green, blue = (grad * inside).unbind(1)
        to_y = (red + green + blue) * (0x10101 / 65536)
        return torch.stack([to_y, b_cb * blue - g_cb * green, r_cr * red - g_cr * green], 1)


def _row(ground: Sequence[int], like: Tensor) -> Tensor:
    return torch.tensor(ground, dtype=like.dtype, device=like.device).view(1, -1, 1, 1)
