"""What a resampling makes of a few windows of a picture: the linear part of its plan, without any rounding.

`codec.resample.plan` says which samples make each output with which weights. A window of the output needs few of them,
so that a hypothesis costs milliseconds; roundings are left out, which `fit` sees as an error of about 0.4 pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..codec.stages import Lerp, Plan, WeightedSum
from .observed import Box

Matrix = NDArray[np.float32]
Axis = Literal[0, 1]
SAME = 1e-5
"""Difference of weights that is nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The rows of an axis' linear map that make outputs `begin` to `begin + len(weights)`."""

    begin: int
    first: int
    """The source sample of the weights' first column."""
    weights: Matrix
    """`[outputs, sources]`, each row adding up to 1."""

    def __call__(self, plane: NDArray[Any], axis: Axis) -> NDArray[np.float32]:
        """The outputs of a plane `[H, W]` along `axis`."""
        end = self.first + self.weights.shape[1]
        taken = plane[self.first : end] if axis == 0 else plane[:, self.first : end]
        out: NDArray[np.float32] = self.weights @ taken if axis == 0 else taken @ self.weights.T
        return out


def rows(plan: Plan, axis: Axis, begin: int, end: int) -> Rows | None:
    """The linear map of one axis of a plan for outputs `begin` to `end`; None where the plan leaves the axis alone.

    Every library here keeps a flat picture flat, so what its integer weights lack to 1 is made up.
    """
    stages = [s for s in plan.stages if isinstance(s, (WeightedSum, Lerp)) and s.axis == axis]
    made: NDArray[np.float64] | None = None
    low, high = begin, end
    for stage in reversed(stages):
        at = stage.at[low:high]
        first, last = int(at.min()), int(at.max()) + 1
        dense = np.zeros((high - low, last - first))
        np.add.at(dense, (np.arange(high - low)[:, None], at - first), stage.weights[low:high].astype(np.float64))
        made = dense if made is None else made @ dense
        low, high = first, last
    if made is None:
        return None
    total = made.sum(axis=1, keepdims=True)
    made /= np.where(total == 0, 1, total)
    return Rows(begin, low, made.astype(np.float32))


def outputs(plan: Plan, axis: Axis) -> int:
    """How many samples a plan gives along an axis; 0 where it leaves it alone. (libvips' nearest, given a scale, may
    give one fewer than was asked for.)"""
    stages = [s for s in plan.stages if isinstance(s, (WeightedSum, Lerp)) and s.axis == axis]
    return len(stages[-1].at) if stages else 0


def windows(
    plan: Plan, plane: NDArray[np.float32], boxes: Sequence[Box], size: tuple[int, int], margin: int = 0
) -> list[NDArray[np.float32]]:
    """The predicted luma of each box of a picture of `size` (width, height), `[bottom - top, right - left]`, clipped to
    0 to 255; with `margin` more pixels on every side, beyond the picture its edge repeated."""
    out = []
    for left, top, right, bottom in boxes:
        x0, y0, x1, y1 = max(0, left - margin), max(0, top - margin), right + margin, bottom + margin
        x1, y1 = min(x1, size[0]), min(y1, size[1])
        down, across = rows(plan, 0, y0, y1), rows(plan, 1, x0, x1)
        needed = slice(x0, x1) if across is None else slice(across.first, across.first + across.weights.shape[1])
        part = plane[y0:y1, needed] if down is None else down(plane[:, needed], 0)
        part = part if across is None else part @ across.weights.T
        part = np.clip(part, 0, 255)
        if margin:
            beyond = ((y0 - top + margin, bottom + margin - y1), (x0 - left + margin, right + margin - x1))
            part = np.pad(part, beyond, mode="edge")
        out.append(part)
    return out


def canvas(size: tuple[int, int], boxes: Sequence[Box], parts: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """A plane of (width, height) that holds `parts` at `boxes` and nothing elsewhere: what `fit` takes."""
    out = np.empty((size[1], size[0]), np.float32)  # untouched pages cost nothing
    for (left, top, right, bottom), part in zip(boxes, parts, strict=True):
        out[top:bottom, left:right] = part
    return out


def same_map(a: Rows | None, b: Rows | None) -> bool:
    """Whether two maps give equal outputs for all but the last digits of their weights."""
    if a is None or b is None:
        return a is b
    if len(a.weights) != len(b.weights):
        return False
    parts = slice(0, 1), slice(1, None)  # mostly the first output tells them apart
    return all(_alike(a.weights[part], a.first, b.weights[part], b.first) for part in parts)


def _alike(a: Matrix, of_a: int, b: Matrix, of_b: int) -> bool:
    """Whether weights from sample `of_a` and from `of_b` on are the same but for their last digits."""
    low, high = max(of_a, of_b), min(of_a + a.shape[1], of_b + b.shape[1])
    if low >= high:
        return bool(_largest(a) < SAME and _largest(b) < SAME)
    alone = (a[:, : low - of_a], a[:, high - of_a :], b[:, : low - of_b], b[:, high - of_b :])
    both = a[:, low - of_a : high - of_a] - b[:, low - of_b : high - of_b]
    return all(_largest(part) < SAME for part in (*alone, both))


def _largest(part: Matrix) -> float:
    return float(np.abs(part).max(initial=0.0))
