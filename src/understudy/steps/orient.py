"""orient: the picture upright, as its EXIF orientation says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from .base import Context, Pixels, Raster, Step


@dataclass(frozen=True)
class Orient(Step):
    """Applies or ignores the EXIF orientation. Either way it is gone afterwards."""

    name: ClassVar[str] = "orient"
    takes: ClassVar[type] = Raster
    gives: ClassVar[type] = Raster

    apply: bool = True
    """Turn and mirror the samples; False leaves them as they were stored."""

    def exact(self, value: Raster, context: Context) -> Raster:
        """A lossless permutation of samples."""
        pixels = upright(value.pixels, value.orientation) if self.apply else value.pixels
        return replace(value, pixels=pixels, orientation=1)

    def surrogate(self, value: Any, ops: Any) -> Any:
        """The same permutation."""
        return ops.upright(value) if self.apply else replace(value, orientation=1)


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """`pixels` `[H, W, C]` stored with an EXIF orientation from 1 to 8, turned so that it reads 1.

    Source: EXIF 2.32, tag 0x0112; TIFF 6.0, Orientation: the value names where row 0 and column 0 stand.
    """
    if orientation >= 5:  # rows and columns change places
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
