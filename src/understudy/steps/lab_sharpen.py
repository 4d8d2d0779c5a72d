"""lab_sharpen: libvips' sharpen: what a blur takes away from CIE L* is added to it again, by a curve."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Interval

from ..codec.lab_sharpen import lab_sharpen
from .base import Context, Raster, Step


@dataclass(frozen=True)
class LabSharpen(Step):
    """vips_sharpen of libvips 8.18, to the last bit: sharp's `sharpen({sigma})`; alpha stays.

    The way to L*a*b* and back alone changes dark pixels by some levels, as it does there.
    """

    name: ClassVar[str] = "lab_sharpen"
    takes: ClassVar[type] = Raster
    gives: ClassVar[type] = Raster

    sigma: Annotated[float, Interval(ge=0, le=100)] = 0.5
    """Standard deviation of the blur, pixels; its whole weights make near ones the same: up to 0.46 there is no blur.
    The defaults here are libvips'; sharp has no default for it, and 1 and 2 for `m1` and `m2`."""
    x1: Annotated[float, Interval(ge=0, le=1000)] = 2.0
    """Difference in L* (0 to 100) from which on `m2` counts, below it `m1`."""
    y2: Annotated[float, Interval(ge=0, le=1000)] = 10.0
    """By how much L* may rise."""
    y3: Annotated[float, Interval(ge=0, le=1000)] = 20.0
    """By how much it may fall."""
    m1: Annotated[float, Interval(ge=0, le=1000)] = 0.0
    """How much of a small difference is added: in flat parts."""
    m2: Annotated[float, Interval(ge=0, le=1000)] = 3.0
    """How much of what goes beyond `x1`: at edges."""
    only_resized: bool = False
    """Whether pictures that kept their size pass as they are."""

    def exact(self, value: Raster, context: Context) -> Raster:
        """The same size and channels."""
        if self.only_resized and not value.has_new_size:
            return value
        colours = value.pixels[:, :, :-1] if value.has_alpha else value.pixels
        out = lab_sharpen(colours, **self.values)
        return replace(value, pixels=np.dstack([out, value.pixels[:, :, -1]]) if value.has_alpha else out)

    @property
    def values(self) -> dict[str, float]:
        """What `codec.lab_sharpen` takes."""
        return {name: getattr(self, name) for name in ("sigma", "x1", "y2", "y3", "m1", "m2")}

    def surrogate(self, value: Any, ops: Any) -> Any:
        """The same samples; the gradient is that of the colour conversions and the curve without their roundings, and
        stops where a sample is clipped."""
        if self.only_resized and not value.has_new_size:
            return value
        return ops.lab_sharpen(value, self.values)

    def outside_torch(self) -> str:
        """Its look-ups are the codec's own."""
        return "libvips' conversions to L*a*b* and back"
