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
        if not self.apply:
            return replace(value, orientation=1)
        pixels = upright(value.pixels, value.orientation)
        return replace(value, pixels=pixels, orientation=1, before=turned(value.before, value.orientation))

    def surrogate(self, value: Any, ops: Any) -> Any:
        """The same permutation."""
        if not self.apply:
            return replace(value, orientation=1)
        return replace(ops.upright(value), before=turned(value.before, value.orientation))


def turned(before: tuple[int, int, int] | None, orientation: int) -> tuple[int, int, int] | None:
    """`Raster.before` of the picture turned: width and height change places where rows and columns do."""
    return (before[1], before[0], before[2]) if before is not None and orientation >= 5 else before


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
