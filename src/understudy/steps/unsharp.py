"""unsharp: an unsharp mask as Pillow does it: what a blur takes away is added, where it is more than a threshold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Interval

from ..codec.unsharp import unsharp_mask
from .base import Context, Raster, Step


@dataclass(frozen=True)
class Unsharp(Step):
    """Pillow's ImageFilter.UnsharpMask, to the last bit; alpha stays."""

    name: ClassVar[str] = "unsharp"
    takes: ClassVar[type] = Raster
    gives: ClassVar[type] = Raster

    radius: Annotated[float, Interval(ge=0, le=100)] = 2.0
    """Standard deviation of the blur, pixels; 2, 150 and 3 are Pillow's own defaults."""
    percent: Annotated[int, Interval(ge=0, le=10000)] = 150
    """How much of the difference is added."""
    threshold: Annotated[int, Interval(ge=0, le=255)] = 3
    """Differences up to this one change nothing."""
    only_resized: bool = False
    """Whether pictures that kept their size pass as they are."""

    def exact(self, value: Raster, context: Context) -> Raster:
        """The same size and channels."""
        if self.only_resized and not value.has_new_size:
            return value
        colours = value.pixels[:, :, :-1] if value.has_alpha else value.pixels
        out = unsharp_mask(colours, self.radius, self.percent, self.threshold)
        return replace(value, pixels=np.dstack([out, value.pixels[:, :, -1]]) if value.has_alpha else out)

    def surrogate(self, value: Any, ops: Any) -> Any:
        """The same samples; the gradient is that of the mask without its roundings: nothing is added where a difference
        is within the threshold, and it stops where a sample is clipped."""
        if self.only_resized and not value.has_new_size:
            return value
        return ops.unsharp(value, self.radius, self.percent, self.threshold)
