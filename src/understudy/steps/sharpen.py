"""sharpen: three taps along each axis, in 11-bit fixed point."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Interval

from ..codec.three_tap import three_tap
from .base import Context, Raster, Step


@dataclass(frozen=True)
class Sharpen(Step):
    """The sharpening of Magic Kernel Sharp, {-s/4, 1 + s/2, -s/4}, as Facebook does it: first along the rows, then down
    the columns, rounded half up and clipped to 8 bits after each.
    """

    name: ClassVar[str] = "sharpen"
    takes: ClassVar[type] = Raster
    gives: ClassVar[type] = Raster

    side: Annotated[int, Interval(ge=0, le=2048)] = 506
    """What each neighbour takes away, in 2048ths; the centre has 2048 + 2 side. Facebook in 2015: 505 to 508 were not
    told apart, and 506 is in its published Spectrum library. 512 would be the exact quarter, 676 a strength of 1.32."""
    only_resized: bool = False
    """Whether pictures that kept their size pass as they are."""

    def exact(self, value: Raster, context: Context) -> Raster:
        """The same size and channels; alpha is left as it is. Source: facts/facebook-resize.md, C.5 and 6."""
        if self.only_resized and not value.has_new_size:
            return value
        colours = value.pixels[:, :, :-1] if value.has_alpha else value.pixels
        sharp = three_tap(three_tap(colours, -self.side, axis=1), -self.side, axis=0)
        pixels = np.dstack([sharp, value.pixels[:, :, -1]]) if value.has_alpha else sharp
        return replace(value, pixels=pixels)

    def surrogate(self, value: Any, ops: Any) -> Any:
        """The sharpened picture; the gradient is the transpose of the taps, and stops where a pass clips."""
        if self.only_resized and not value.has_new_size:
            return value
        return ops.three_tap(value, -self.side)
