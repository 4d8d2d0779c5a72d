"""What a profile's steps ask for, for pictures of one form, as a list of operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ..steps import Step
from ..steps.base import Differentiable
from .ops import Call, Ops, Run, performed
from .picture import Coded, Picture


def plan(
    steps: Sequence[Step], shape: tuple[int, int, int], icc: bytes | None = None, orientation: int = 1, senders: int = 0
) -> tuple[Call, ...]:
    """The operations that these steps ask for, for pictures of `shape` (C, H, W) with that profile and orientation.

    senders: as many steps, the first ones, are done before the platform has the picture.

    The last one decodes the delivery. Raises what the steps raise for such pictures.
    """
    ops = Ops()
    value: Any = Picture(torch.empty((1, *shape), device="meta"), icc, orientation)
    for number, step in enumerate(steps):
        ops.of_platform = number >= senders
        assert isinstance(step, Differentiable), "the channel has looked"
        value = step.surrogate(value, ops)
    assert isinstance(value, Coded), "a loaded profile ends in a delivered file"
    ops.decoded(value)
    return tuple(ops.calls)


def played(calls: Sequence[Call], samples: Tensor, run: Run) -> Tensor:
    """The operations on a batch of the form that they were planned for."""
    for call in calls:
        samples = performed(call, samples, run)
    return samples
