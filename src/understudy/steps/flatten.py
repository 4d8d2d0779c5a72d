"""flatten: what becomes of transparency."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Interval

from ..errors import ProfileError
from .base import Context, Raster, Step

Sample = Annotated[int, Interval(ge=0, le=255)]


@dataclass(frozen=True)
class Flatten(Step):
    """Removes the alpha channel: over a background, or by dropping it, which shows the stored colour."""

    name: ClassVar[str] = "flatten"
    takes: ClassVar[type] = Raster
    gives: ClassVar[type] = Raster

    alpha: Literal["blend", "drop"] = "blend"
    """`blend` over the background; `drop` forgets alpha, so that hidden colour shows."""
    background: tuple[Sample, Sample, Sample] = (255, 255, 255)
    """Red, green, blue, 0 to 255, under transparent places. A grey picture takes the first."""
    rounding: Literal["nearest", "down", "16-bit"] = "nearest"
    """Of (alpha c + (255 - alpha) b) / 255. `down` is what `cjpeg_qtables_scans` in the trials shows, and libvips.
    `16-bit`: 257 alpha c / 255, cut to an integer, its upper 8 bits; onto black only: Go's color.NRGBA."""

    def exact(self, value: Raster, context: Context) -> Raster:
        """Samples without alpha, `[H, W, 1 or 3]`. Raises ProfileError for a rounding that the background lacks."""
        if not value.has_alpha:
            return value
        colours = value.pixels[:, :, :-1]
        if self.alpha == "blend":
            alpha = value.pixels[:, :, -1:].astype(np.uint32)
            ground = np.array(self.background[: colours.shape[2]], np.uint32)
            mixed = alpha * colours + (255 - alpha) * ground
            if self.rounding == "16-bit":
                if ground.any():
                    raise ProfileError(f"16-bit onto {self.background}", place="flatten", expected="onto black")
                colours = (mixed * 257 // 255 >> 8).astype(np.uint8)
            else:
                half = 127 if self.rounding == "nearest" else 0
                colours = ((mixed + half) // 255).astype(np.uint8)
        return replace(value, pixels=np.ascontiguousarray(colours), space="rgb")

    def surrogate(self, value: Any, ops: Any) -> Any:
        """The picture without alpha; the gradient is that of the mixture before it is rounded."""
        return ops.flatten(value, self.alpha, self.background, self.rounding)
