"""Quantisation tables of a batch of qualities, with a gradient to the qualities; one operator of torch."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor

from ..codec.tables import Law, quant_tables
from ..errors import ProfileError


@cache
def _bank(law: str, force_baseline: bool, is_420: bool, device: torch.device) -> Tensor:
    """float32 [101, 2, 64]: the tables of each quality in natural order; row 0 repeats row 1."""
    rows = [quant_tables(law, max(q, 1), force_baseline, is_420) for q in range(101)]
    return torch.tensor(rows, dtype=torch.float32, device=device)


def _whole(quality: Tensor) -> Tensor:
    return quality.double().round().long().clamp(1, 100)


@torch.library.custom_op(
    "understudy::steps_of_quality",
    mutates_args=(),
    schema="(Tensor quality, str law, bool force_baseline, bool is_420) -> Tensor",
)
def _steps(quality: Tensor, law: str, force_baseline: bool, is_420: bool) -> Tensor:
    return _bank(law, force_baseline, is_420, quality.device)[_whole(quality)]


@_steps.register_fake
def _steps_shape(quality: Tensor, law: str, force_baseline: bool, is_420: bool) -> Tensor:
    return quality.new_empty((quality.shape[0], 2, 64), dtype=torch.float32)


@torch.library.custom_op(
    "understudy::steps_of_quality_backward",
    mutates_args=(),
    schema="(Tensor grad, Tensor quality, str law, bool force_baseline, bool is_420) -> Tensor",
)
def _slope(grad: Tensor, quality: Tensor, law: str, force_baseline: bool, is_420: bool) -> Tensor:
    bank, whole = _bank(law, force_baseline, is_420, quality.device), _whole(quality)
    above, below = (whole + 1).clamp(max=100), (whole - 1).clamp(min=1)
    slope = (bank[above] - bank[below]) / (above - below)[:, None, None]
    return (grad * slope).sum((1, 2)).to(quality.dtype)


@_slope.register_fake
def _slope_shape(grad: Tensor, quality: Tensor, law: str, force_baseline: bool, is_420: bool) -> Tensor:
    return torch.empty_like(quality)


def _setup(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    quality, *ctx.law = inputs
    ctx.save_for_backward(quality)


def _backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    return _slope(grad, ctx.saved_tensors[0], *ctx.law), None, None, None


_steps.register_autograd(_backward, setup_context=_setup)


def steps_of_quality(quality: Tensor, law: str, force_baseline: bool, is_420: bool) -> Tensor:
    """float32 [B, 2, 64]: the tables of qualities [B], rounded to integers and clamped to 1..100, natural order.

    Their gradient to a quality is half the difference between its neighbours' tables. Raises ProfileError where the
    law has no quality.
    """
    if law == Law.CUSTOM_DIAG.value:
        raise ProfileError(f"a quality for {law}", place="encode", expected="none: it is one fixed pair of tables")
    out: Tensor = _steps(quality, law, force_baseline, is_420)
    return out
