"""pad: the picture on a larger ground of one colour."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Interval

from ..codec.framing import Box, Offset, ground, shaped
from ..codec.sizes import Rounding
from ..errors import LimitError, PictureError
from ..jpeg.entropy_decode import MAX_PIXELS
from .base import Context, Raster, Step

Side = Annotated[int, Interval(ge=0, le=65535)]
Sample = Annotated[int, Interval(ge=0, le=255)]
Share = Annotated[float, Interval(ge=0.0, le=1.0)]


@dataclass(frozen=True)
class Pad(Step):
    """Adds borders of one colour: up to a size (`width`, `height`), then to a shape (`aspect`), then to a multiple,
    then of so many pixels (`border`). Behind a `resize` that keeps the shape it makes pictures of one size.
    """

    name: ClassVar[str] = "pad"
    takes: ClassVar[type] = Raster
    gives: ClassVar[type] = Raster

    width: Side = 0
    """Pixels that a narrower picture gets; 0 for its own width."""
    height: Side = 0
    """Pixels that a lower picture gets; 0 for its own height."""
    aspect: tuple[Side, Side] = (0, 0)
    """Width to height of the smallest ground, such as 1, 1 for a square; 0, 0 for any."""
    rounding: Rounding = Rounding.HALF_UP
    """Of the side that `aspect` lengthens."""
    multiple: Annotated[int, Interval(ge=1, le=64)] = 1
    """What both sides are brought up to a multiple of."""
    gravity: tuple[Share, Share] = (0.5, 0.5)
    """Shares of the borders that lie at the left and at the top: 0.5 puts the picture into the middle."""
    offset_rounding: Offset = Offset.FLOOR
    """Of the pixels added at the left and at the top."""
    border: tuple[Side, Side, Side, Side] = (0, 0, 0, 0)
    """Pixels added at the left, top, right and bottom beside all that."""
    color: tuple[Sample, Sample, Sample] = (255, 255, 255)
    """Red, green, blue of the ground, 0 to 255; opaque. A grey picture takes the first."""

    def box(self, width: int, height: int) -> Box:
        """The ground in pixels of a picture of `width` x `height`: left and top 0 or less. Raises LimitError."""
        least = max(width, self.width), max(height, self.height)
        sides = [
            -(-side // self.multiple) * self.multiple
            for side in shaped(*least, self.aspect, self.rounding, larger=True)
        ]
        before, above, after, below = self.border
        x, across = ground(width, sides[0], self.gravity[0], self.offset_rounding)
        y, down = ground(height, sides[1], self.gravity[1], self.offset_rounding)
        left, top = x + before, y + above
        across, down = across + before + after, down + above + below
        if across * down > MAX_PIXELS:
            raise LimitError(f"{across} x {down} pixels", place="pad", expected=f"at most {MAX_PIXELS}")
        return -left, -top, across - left, down - top

    def exact(self, value: Raster, context: Context) -> Raster:
        """The picture with its borders, `[H, W, C]`. Raises PictureError for Y, Cb and Cr, LimitError above 2^28
        pixels."""
        left, top, right, bottom = self.box(value.width, value.height)
        if (left, top, right, bottom) == (0, 0, value.width, value.height):
            return value
        self._check(value)
        channels = value.pixels.shape[2]
        colors = channels - value.has_alpha
        ground = np.empty((bottom - top, right - left, channels), np.uint8)
        ground[:] = (*self.color[:colors], *((255,) if value.has_alpha else ()))
        ground[-top : value.height - top, -left : value.width - left] = value.pixels
        return replace(value, pixels=ground, before=None)

    def surrogate(self, value: Any, ops: Any) -> Any:
        """The same; the ground gets no gradient."""
        box = self.box(value.width, value.height)
        if box == (0, 0, value.width, value.height):
            return value
        self._check(value)
        return replace(ops.framed(value, box, self.color), before=None)

    @staticmethod
    def _check(value: Any) -> None:
        if value.space == "ycbcr":
            raise PictureError("Y, Cb and Cr", place="pad", expected="grey or RGB")
