"""Functions whose value is exact and whose gradient is another function's; entry to and exit from whole samples."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class _Exactly(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, exact: Tensor, smooth: Tensor) -> Tensor:
        return exact.view_as(exact)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[None, Tensor]:
        return None, grad


def exactly(exact: Tensor, smooth: Tensor) -> Tensor:
    """`exact` to the last bit; the gradient goes to `smooth`, of the same shape, unchanged.

    (`smooth + (exact - smooth).detach()` is not that: its sum is rounded.)
    """
    out: Tensor = _Exactly.apply(exact.detach(), smooth)  # type: ignore[no-untyped-call]
    return out


class _Clip(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.clamp(0, 255)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return grad.masked_fill((x < 0) | (x > 255), 0)


def clip(x: Tensor) -> Tensor:
    """`x` clamped to 0..255; the gradient passes where `x` lies there, both ends included."""
    out: Tensor = _Clip.apply(x)  # type: ignore[no-untyped-call]
    return out


class _Enter(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        wide = x if x.dtype == torch.float64 else x.float()
        return (wide * 255).round_().clamp_(0, 255)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        ends = torch.finfo(x.dtype)  # hardtanh's gradient leaves out its ends; just beyond them, 0 and 1 are within
        out: Tensor = torch.ops.aten.hardtanh_backward((grad * 255).to(x.dtype), x, -ends.tiny, 1 + ends.eps)
        return out


class _Leave(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, samples: Tensor, dtype: torch.dtype) -> Tensor:
        ctx.dtype = samples.dtype
        return (samples / 255).to(dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return grad.to(ctx.dtype) / 255, None


def enter(x: Tensor) -> Tensor:
    """Whole samples 0..255, float32 (float64 of float64), of a picture in [0, 1]: round(255 x), half to even, clamped.

    The gradient passes the rounding unchanged, and stops where `x` lies outside of [0, 1]. All 256 values k / 255 come
    back as k from float32, float16 and bfloat16.
    """
    out: Tensor = _Enter.apply(x)  # type: ignore[no-untyped-call]
    return out


def leave(samples: Tensor, dtype: torch.dtype) -> Tensor:
    """Samples 0..255 as a picture in [0, 1]: samples / 255, rounded once to `dtype`."""
    out: Tensor = _Leave.apply(samples, dtype)  # type: ignore[no-untyped-call]
    return out
