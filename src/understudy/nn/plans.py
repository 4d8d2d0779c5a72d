"""Plans (`codec.stages`) played on tensors: exactly, or as the linear map that they round, forwards and transposed.

Tensors are planes `[N, H, W]`. Sums of whole numbers are taken in float64, where those of 8-bit samples with any
library's weights stay far below 2^53, so that a matrix product is exact in whatever order it adds, on any device and
with TF32 allowed. Sums that a library takes in floats are played product by product, in its order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..codec.stages import Integer, Lerp, Mean32, Plan, Round, Stage, Times, To8, WeightedSum

_BLOCK = 32
"""Outputs that one small matrix makes: their windows overlap by a filter's support, which costs less the more they are,
and it is dense, which costs more."""


# ------------------------------------------------------------------------------------------------------- sparse maps


@dataclass(frozen=True, eq=False)
class Banded:
    """A sparse matrix whose rows look at neighbouring samples, as dense blocks over windows."""

    count: int
    """Rows: how many outputs."""
    index: NDArray[np.int64]
    """`[blocks, window]`: the samples that each block of `_BLOCK` rows sees."""
    matrices: NDArray[np.float64]
    """`[blocks, _BLOCK, window]`."""


def banded(rows: NDArray[np.int64], columns: NDArray[np.int64], values: NDArray[Any], n: int, size: int) -> Banded:
    """The `n` x `size` matrix that holds `values` at (`rows`, `columns`), values at one place added up."""
    blocks = -(-n // _BLOCK)
    low, high = np.full(blocks, size - 1), np.zeros(blocks, np.int64)
    np.minimum.at(low, rows // _BLOCK, columns)
    np.maximum.at(high, rows // _BLOCK, columns)
    low = np.minimum(low, high)  # a block of rows that nothing reaches
    window = int((high - low).max()) + 1
    matrices = np.zeros((blocks, _BLOCK, window))
    np.add.at(matrices, (rows // _BLOCK, rows % _BLOCK, columns - low[rows // _BLOCK]), values)
    return Banded(n, np.minimum(low[:, None] + np.arange(window), size - 1), matrices)


def apply(x: Tensor, index: Tensor, matrices: Tensor, count: int, axis: Literal[0, 1]) -> Tensor:
    """`[N, count, W]` (axis 0) or `[N, H, count]` (axis 1) of `[N, H, W]`, in x's dtype, which `matrices` have too."""
    n, height, width = x.shape
    blocks, window = index.shape
    with torch.autocast(x.device.type, enabled=False):
        if axis == 0:
            seen = x.index_select(1, index.flatten()).view(n, blocks, window, width)
            return torch.matmul(matrices, seen).flatten(1, 2)[:, :count]
        seen = x.index_select(2, index.flatten()).view(n * height, blocks, window).transpose(0, 1)
        made = torch.bmm(seen, matrices.transpose(1, 2)).transpose(0, 1)
        return made.reshape(n, height, blocks * _BLOCK)[..., :count]


# ------------------------------------------------------------------------------------------------------------ exactly


class Exact:
    """A plan whose stages give the library's samples to the last bit, its tables on one device."""

    def __init__(self, plan: Plan, device: torch.device) -> None:
        if plan.inexact:
            raise ValueError(f"a plan that is its library's linear part only: {plan.inexact}")
        self._device = device
        self._stages = [(stage, self._tables(stage)) for stage in plan.stages]

    def __call__(self, x: Tensor) -> Tensor:
        """Whole samples 0..255, float64 `[N, h, w]`, of such samples `[N, H, W]`."""
        x = x.to(torch.float64)
        for stage, tables in self._stages:
            x = _played(x, stage, tables)
        return x.to(torch.float64)

    def _tables(self, stage: Stage) -> tuple[Any, ...]:
        if isinstance(stage, WeightedSum):
            if stage.order == "any" and not stage.cut and stage.at.shape[1] > 1:
                rows = np.repeat(np.arange(len(stage.at)), stage.at.shape[1])
                made = banded(rows, stage.at.ravel(), stage.weights.ravel(), len(stage.at), stage.size)
                return self._put(made.index), self._put(made.matrices)
            kind = np.float32 if stage.order == "float32" else np.float64
            return self._put(stage.at.T), self._put(stage.weights.T.astype(kind))
        if isinstance(stage, Lerp):
            return self._put(stage.at.T), self._put(stage.t.astype(np.float64))
        if isinstance(stage, Integer):
            return tuple(self._put(np.asarray(a, np.float64)) for a in (stage.add, stage.multiplier, stage.divisor))
        if isinstance(stage, Times):
            return (self._put(np.asarray(stage.factors, np.float64)),)
        return (self._put(stage.counts.astype(np.float32)),) if isinstance(stage, Mean32) else ()

    def _put(self, array: NDArray[Any]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self._device)


def _played(x: Tensor, stage: Stage, tables: tuple[Any, ...]) -> Tensor:
    match stage:
        case WeightedSum():
            return _summed(x, stage, tables)
        case Lerp():
            (first, second), t = tables[0], _along(tables[1], stage.axis)
            a, b = x.index_select(stage.axis + 1, first), x.index_select(stage.axis + 1, second)
            product = torch.floor((t * (b - a) * stage.scale + 16384) / 32768)
            return torch.floor((product + (a + b) * stage.scale + stage.add) / 2**stage.shift)
        case Integer():
            add, multiplier, divisor = tables
            x = torch.floor((x.to(torch.float64) + add) * multiplier / divisor)
            return x.clamp(0, 255) if stage.clip else x
        case Mean32():
            return _mean32(x.to(torch.float32), tables[0], stage)
        case Round():
            return (x.round() if stage.ties == "even" else torch.floor(x + 0.5)).clamp(0, stage.highest)
        case Times():
            (factors,) = tables
            return torch.mul(x.to(torch.float64), factors)
        case To8():
            x = x + 128
            return torch.floor((x - torch.floor(x / 256)) / 256)


def _summed(x: Tensor, stage: WeightedSum, tables: tuple[Any, ...]) -> Tensor:
    at, weights = tables
    axis = stage.axis
    if weights.ndim == 3:
        return apply(x.to(torch.float64), at, weights, len(stage.at), axis)
    x = x.to(weights.dtype)
    if stage.before:
        x = torch.floor(x / 2**stage.before)
    total: Tensor | None = None
    for one, weight in zip(at, weights, strict=True):
        product = x.index_select(axis + 1, one) * _along(weight, axis)
        if stage.cut:
            product = product - 2.0**32 * torch.floor((product + 2.0**31) / 2.0**32)  # an int32, which may wrap round
            product = torch.floor(product / 2**stage.cut)
        total = product if total is None else total + product  # never one operation: it would round once, not twice
    assert total is not None, "a sum has products"
    return total


def _along(values: Tensor, axis: Literal[0, 1]) -> Tensor:
    return values[:, None] if axis == 0 else values


def _mean32(x: Tensor, counts: Tensor, stage: Mean32) -> Tensor:
    if stage.half_up:
        whole = torch.floor((x + 2) / 4)
    else:  # an array's operation: a Python number would be multiplied in float64 by some back ends
        whole = (x * torch.tensor(1 / np.float32(stage.whole), dtype=torch.float32, device=x.device)).round()
    part = torch.where(counts > 0, (x / counts.clamp(min=1)).round(), torch.zeros_like(x))
    return torch.where(counts == stage.whole, whole, part)


# ------------------------------------------------------------------------------------------------------------- linear


@dataclass(frozen=True, eq=False)
class Pass:
    """One sum of a plan without its roundings."""

    axis: Literal[0, 1]
    forward: Banded
    transposed: Banded
    scale: NDArray[np.float64] | None
    """What each sample is multiplied with afterwards, if that is not one number; broadcasts to [H, W]."""
    bounds: tuple[float, float] | None
    """Where the result is clipped."""


class Linear:
    """The linear map that a plan rounds, with its clipping: what the gradient is taken of. Any plan, inexact or not."""

    def __init__(self, plan: Plan) -> None:
        self._clips = plan.overshoots
        self.passes = _passes(plan)
        self._on = lru_cache(maxsize=8)(self._put)

    def __call__(self, x: Tensor) -> Tensor:
        """`[N, h, w]` of `[N, H, W]`, in x's dtype: sums and clipping without rounding."""
        return self._forward(x)[0]

    def transposed(self, x: Tensor, grad: Tensor) -> Tensor:
        """The gradient with regard to `x`, `[N, H, W]`, given that with regard to the result, in grad's dtype.

        A sample that is clipped passes nothing. A library clips after rounding, so the bounds here are half a sample
        wider than 0 and 255.
        """
        gates = self._forward(x.to(grad.dtype))[1] if self._clips else [None] * len(self.passes)
        tables = self._on(grad.device, grad.dtype)
        for one, (_, (index, matrices), scale), gate in zip(
            reversed(self.passes), reversed(tables), reversed(gates), strict=True
        ):
            grad = grad if gate is None else grad * gate
            grad = grad if scale is None else grad * scale
            grad = apply(grad, index, matrices, one.transposed.count, one.axis)
        return grad

    def _forward(self, x: Tensor) -> tuple[Tensor, list[Tensor | None]]:
        gates: list[Tensor | None] = []
        for one, ((index, matrices), _, scale) in zip(self.passes, self._on(x.device, x.dtype), strict=True):
            x = apply(x, index, matrices, one.forward.count, one.axis)
            x = x if scale is None else x * scale
            gates.append(None)
            if self._clips and one.bounds is not None:
                gates[-1] = (x >= one.bounds[0]) & (x <= one.bounds[1])
                x = x.clamp(*one.bounds)
        return x, gates

    def _put(self, device: torch.device, dtype: torch.dtype) -> list[tuple[Any, Any, Any]]:
        def put(array: NDArray[Any] | None) -> Tensor | None:
            if array is None:
                return None
            return torch.from_numpy(array).to(device, None if array.dtype == np.int64 else dtype)

        return [
            (
                (put(one.forward.index), put(one.forward.matrices)),
                (put(one.transposed.index), put(one.transposed.matrices)),
                put(one.scale),
            )
            for one in self.passes
        ]


def _passes(plan: Plan) -> list[Pass]:
    """Every sum with the factors of the roundings around it put into its weights, in units of 8-bit samples."""
    out: list[Pass] = []
    ahead = 1.0
    stages = list(plan.stages)
    while stages:
        stage = stages.pop(0)
        if not isinstance(stage, (WeightedSum, Lerp)):
            ahead *= float(stage.gain)
            continue
        weights = stage.weights * (stage.gain * ahead)
        ahead, scale, bounds = 1.0, None, None
        while stages and not isinstance(stages[0], (WeightedSum, Lerp)):
            finish = stages.pop(0)
            gain = np.asarray(finish.gain, np.float64)
            if gain.ndim == 0:
                weights = weights * gain
            else:
                scale = gain if scale is None else scale * gain
            if bounds is not None:
                bounds = (bounds[0] * float(gain), bounds[1] * float(gain))
            highest = finish.highest if isinstance(finish, Round) else 255
            if isinstance(finish, Round) or (isinstance(finish, Integer) and finish.clip):
                bounds = (-0.5, highest + 0.5)
        rows, columns = np.repeat(np.arange(len(stage.at)), stage.at.shape[1]), stage.at.ravel()
        used = weights.ravel() != 0
        rows, columns, values = rows[used], columns[used], weights.ravel()[used]
        forward = banded(rows, columns, values, len(stage.at), stage.size)
        transposed = banded(columns, rows, values, stage.size, len(stage.at))
        out.append(Pass(stage.axis, forward, transposed, scale, bounds))
    return out
