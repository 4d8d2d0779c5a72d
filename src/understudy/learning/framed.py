"""Where a delivered picture lies in the one that was resized, where it was cut or got borders afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..steps.crop import Crop
from ..steps.pad import Pad
from .observed import Box, Observed
from .pipeline import Pipeline

LEAST = 64
"""Pixels a side of a window between borders."""


@dataclass(frozen=True)
class Framed:
    """A resized picture, and where the delivered one begins in it."""

    size: tuple[int, int]
    """(width, height) of the resized picture."""
    left: int
    top: int
    """Of the delivered picture in it; negative where there is a border."""

    def content(self, delivered: tuple[int, int]) -> Box:
        """The part of a delivered picture of that size that shows the resized one."""
        right, bottom = self.size[0] - self.left, self.size[1] - self.top
        return max(0, -self.left), max(0, -self.top), min(right, delivered[0]), min(bottom, delivered[1])

    def inside(self, boxes: Sequence[Box], delivered: tuple[int, int]) -> tuple[Box, ...]:
        """Those of the boxes that lie between the borders; where none does, one in the middle, on a grid of 32."""
        left, top, right, bottom = self.content(delivered)
        kept = tuple(b for b in boxes if left <= b[0] and top <= b[1] and b[2] <= right and b[3] <= bottom)
        if kept:
            return kept
        one = (-(-left // 32) * 32, -(-top // 32) * 32, right // 32 * 32, bottom // 32 * 32)
        return (one,) if min(one[2] - one[0], one[3] - one[1]) >= LEAST else ()


def framed_after(pipeline: Pipeline, pair: Observed, resized: tuple[int, int]) -> Framed | None:
    """Where the steps behind the resize put a picture of the size that it gives; None where they leave it alone. A
    picture that is turned behind the resize is taken for one that is not: it is cut in its middle, or wherever.

    Raises UnderstudyError where the steps cannot take it."""
    size, left, top = resized, 0, 0
    for step in pipeline.steps[pipeline.names.index("resize") + 1 :]:
        if isinstance(step, (Crop, Pad)):
            box = step.box(*size)
            left, top, size = left + box[0], top + box[1], (box[2] - box[0], box[3] - box[1])
    return None if size == resized and (left, top) == (0, 0) else Framed(resized, left, top)
