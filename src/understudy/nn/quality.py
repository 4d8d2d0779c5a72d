"""Quantisation tables of a batch of qualities, with a gradient to the qualities."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor

from ..codec.tables import Law, quant_tables
from ..errors import ProfileError


@cache
def _bank(law: Law, force_baseline: bool, is_420: bool, dtype: torch.dtype, device: torch.device) -> Tensor:
    """[101, 2, 64]: the tables of each quality in natural order; row 0 repeats row 1."""
    rows = [quant_tables(law, max(q, 1), force_baseline, is_420) for q in range(101)]
    return torch.tensor(rows, dtype=dtype, device=device)


class _Steps(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, quality: Tensor, bank: Tensor) -> Tensor:
        whole = quality.detach().double().round().long().clamp(1, 100)
        ctx.save_for_backward(whole, bank)
        ctx.dtype = quality.dtype
        return bank[whole]

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        whole, bank = ctx.saved_tensors
        above, below = (whole + 1).clamp(max=100), (whole - 1).clamp(min=1)
        slope = (bank[above] - bank[below]) / (above - below)[:, None, None]
        return (grad * slope).sum((1, 2)).to(ctx.dtype), None


def steps_of_quality(quality: Tensor, law: Law, force_baseline: bool, is_420: bool, dtype: torch.dtype) -> Tensor:
    """[B, 2, 64] of `dtype`: the tables of qualities [B], rounded to integers and clamped to 1..100, natural order.

    Their gradient to a quality is half the difference between its neighbours' tables. Raises ProfileError where the
    law has no quality.
    """
    if law is Law.CUSTOM_DIAG:
        raise ProfileError(f"a quality for {law}", place="encode", expected="none: it is one fixed pair of tables")
    bank = _bank(law, force_baseline, is_420, dtype, quality.device)
    out: Tensor = _Steps.apply(quality, bank)  # type: ignore[no-untyped-call]
    return out
