"""crop: a part of the picture, in whole pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Interval

from ..codec.framing import Box, Offset, shaped, span, thumbors
from ..codec.sizes import Rounding
from ..errors import PictureError
from .base import Context, Raster, Step

Side = Annotated[int, Interval(ge=0, le=65535)]
Share = Annotated[float, Interval(ge=0.0, le=1.0)]


@dataclass(frozen=True)
class Crop(Step):
    """Cuts a part out: edges first (`inset`), then the largest part of a shape (`aspect`), then what is beyond a size
    (`width`, `height`), then what is beyond a multiple. Behind a `resize` whose `fit` is `cover` it makes pictures of
    one size; before one it makes them of one shape. (A part in fractions of pixels is `resize`'s: its `fit` is `fill`.)
    """

    name: ClassVar[str] = "crop"
    takes: ClassVar[type] = Raster
    gives: ClassVar[type] = Raster

    width: Side = 0
    """Pixels that are left of a wider picture; 0 for all."""
    height: Side = 0
    """Pixels that are left of a higher picture; 0 for all."""
    aspect: tuple[Side, Side] = (0, 0)
    """Width to height of the largest part that is left, such as 1, 1 for a square; 0, 0 for any."""
    aspect_by: Literal["largest", "wordpress", "thumbor"] = "largest"
    """Whose rule finds that part. `wordpress`: `aspect` is a size in pixels, of which a picture that is narrower or
    lower takes its own sides. `thumbor`: not by `rounding`, a width is rounded up and a height half to even, and a
    picture stays whole whose width / height is the same to two decimals."""
    rounding: Rounding = Rounding.HALF_UP
    """Of the side that `aspect` shortens."""
    multiple: Annotated[int, Interval(ge=1, le=64)] = 1
    """What both sides are cut down to a multiple of; a side below it is left."""
    gravity: tuple[Share, Share] = (0.5, 0.5)
    """Shares of what is cut off that lie at the left and at the top: 0.5 for the middle, 0 keeps that edge."""
    offset_rounding: Offset = Offset.FLOOR
    """Of the pixels cut off at the left and at the top."""
    inset: tuple[Side, Side, Side, Side] = (0, 0, 0, 0)
    """Pixels cut off at the left, top, right and bottom before anything else."""

    def box(self, width: int, height: int) -> Box:
        """The part of a picture of `width` x `height` that is left. Raises PictureError where nothing is."""
        left, top, right, bottom = self.inset
        across, down = width - left - right, height - top - bottom
        if across < 1 or down < 1:
            raise PictureError(f"{width} x {height} pixels", place="crop", expected=f"more than the inset {self.inset}")
        sides = []
        for side, limit in zip(self._shaped(across, down), (self.width, self.height), strict=True):
            kept = min(side, limit or side)
            sides.append(kept // self.multiple * self.multiple or kept)
        x, right = span(across, sides[0], self.gravity[0], self.offset_rounding)
        y, bottom = span(down, sides[1], self.gravity[1], self.offset_rounding)
        return left + x, top + y, left + right, top + bottom

    def _shaped(self, width: int, height: int) -> tuple[int, int]:
        """The size of the part that has the shape `aspect`."""
        if self.aspect_by == "thumbor":
            return thumbors(width, height, self.aspect)
        aspect = self.aspect
        if self.aspect_by == "wordpress":
            aspect = min(width, aspect[0]), min(height, aspect[1])
        return shaped(width, height, aspect, self.rounding, larger=False)

    def exact(self, value: Raster, context: Context) -> Raster:
        """The part, `[H, W, C]`. Raises PictureError where nothing is left of it."""
        left, top, right, bottom = self.box(value.width, value.height)
        if (left, top, right, bottom) == (0, 0, value.width, value.height):
            return value
        return replace(value, pixels=np.ascontiguousarray(value.pixels[top:bottom, left:right]), before=None)

    def surrogate(self, value: Any, ops: Any) -> Any:
        """The same part; what is cut off gets no gradient."""
        box = self.box(value.width, value.height)
        if box == (0, 0, value.width, value.height):
            return value
        return replace(ops.framed(value, box, (0, 0, 0)), before=None)
