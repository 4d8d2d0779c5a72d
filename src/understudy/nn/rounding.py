"""The derivative that a rounding gets, and the smooth function that it is the derivative of.

A quantiser rounds u = coefficient / step to an integer, so its own derivative is 0 nearly everywhere. Where a picture
carries noise, or a method's steps move it, what counts is the mean over that noise: with n ~ N(0, r^2),
E[round(u + n)] has the derivative sum over k of phi((u - k - 1/2) / r) / r, phi the normal density. It is 1 where r is
large and a row of bells at the thresholds where r is small.
"""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

import torch
from torch import Tensor

Rounding = Literal["smoothed", "straight-through", "cubic"]
ROUNDINGS: tuple[str, ...] = get_args(Rounding)

_WIDE = 0.5
"""From this r on two terms of the Fourier series leave less than 1e-18 (e^(-18 pi^2 r^2)); below, six bells leave less
than 1e-6 of one."""


def derivative(u: Tensor, r: Tensor, rounding: str) -> Tensor:
    """The derivative of rounding at `u`; same shape and type. `r`: the noise in steps, > 0, broadcast against `u`.

    smoothed: of E[round(u + n)]; straight-through: 1; cubic: 3 (u - round(u))^2, of round(u) + (u - round(u))^3 (Shin
    and Song 2017), which knows no noise.
    """
    if rounding == "straight-through":
        return torch.ones_like(u)
    f = u - torch.round(u)
    if rounding == "cubic":
        return 3 * f * f
    wide = r >= _WIDE
    a = torch.where(wide, torch.full_like(r, _WIDE), r)
    scale = -0.5 / (a * a)
    bells = torch.zeros_like(f)
    for threshold in (-2.5, -1.5, -0.5, 0.5, 1.5, 2.5):
        bells = bells + torch.exp(scale * (f - threshold) ** 2)
    bells = bells / (a * math.sqrt(2 * math.pi))
    b = torch.where(wide, r, torch.full_like(r, _WIDE))
    wave = torch.cos(2 * math.pi * f)
    first, second = torch.exp(-2 * math.pi**2 * b * b), torch.exp(-8 * math.pi**2 * b * b)
    series = 1 - 2 * first * wave + 2 * second * (2 * wave * wave - 1)
    return torch.where(wide, series, bells)


def of_thresholds(u: Tensor, first: float, r: Tensor) -> Tensor:
    """The smoothed derivative of a quantiser whose magnitudes step up at first, first + 1, ...; it is even in `u`."""
    size = u.abs()
    out = derivative(size - first + 0.5, r, "smoothed")  # thresholds at first plus every integer, also below 0
    total = torch.zeros_like(u)
    for j in range(math.ceil(4 * float(r.max())) + 2):  # those below 0 are not there, their mirror images are
        total = total + torch.exp(-0.5 * ((size + first + j) / r) ** 2)
        total = total - torch.exp(-0.5 * ((size + 1 - first + j) / r) ** 2)
    return out + total / (r * math.sqrt(2 * math.pi))


def of_zone(u: Tensor, limit: Tensor, r: Tensor) -> Tensor:
    """What is added to the smoothed derivative where magnitudes below `limit` are set to 0, and others rounded.

    The thresholds 1/2, 3/2, ... below the limit, m of them, are replaced by one of m steps at the limit.
    """
    size, m = u.abs(), torch.ceil(limit - 0.5).clamp(min=0)

    def bells(threshold: Tensor) -> Tensor:
        return torch.exp(-0.5 * ((size - threshold) / r) ** 2) + torch.exp(-0.5 * ((size + threshold) / r) ** 2)

    total = m * bells(limit)
    for j in range(int(m.max())):
        total = total - bells(torch.full_like(limit, j + 0.5)) * (m > j)
    return total / (r * math.sqrt(2 * math.pi))


class _SmoothRound(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, u: Tensor, r: Tensor) -> Tensor:
        ctx.save_for_backward(u, r)
        base = torch.floor(u)
        f = u - base
        out = base
        span = max(2, math.ceil(float(r.max()) * 9))
        for k in range(-span, span + 1):  # the number of thresholds below u + n
            step = 0.5 * (1 + torch.erf((f - k - 0.5) / (r * math.sqrt(2))))
            out = out + (step if k >= 0 else step - 1)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        u, r = ctx.saved_tensors
        return grad * derivative(u, r, "smoothed"), None


def smooth_round(u: Tensor, r: Tensor) -> Tensor:
    """E[round(u + n)], n ~ N(0, r^2): what the smoothed derivative is the derivative of. No gradient to `r`."""
    out: Tensor = _SmoothRound.apply(u, r)  # type: ignore[no-untyped-call]
    return out
