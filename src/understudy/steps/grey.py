"""grey: colours become one channel, before what comes next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from ..codec.color import rgb_to_ycbcr
from ..codec.variants import Color
from ..errors import ProfileError
from .base import Context, Raster, Step


@dataclass(frozen=True)
class Grey(Step):
    """Makes a picture grey where it stands, so that a resize behind it filters one channel. (Without a resize
    `encode.grey = "luma"` says the same.)
    """

    name: ClassVar[str] = "grey"
    takes: ClassVar[type] = Raster
    gives: ClassVar[type] = Raster

    code: Color = Color.LIBJPEG
    """Whose luma: the Y of that conversion. Pillow's convert("L") has libjpeg's."""

    def exact(self, value: Raster, context: Context) -> Raster:
        """Samples `[H, W, 1 or 2]`, alpha kept; a grey picture as it is, Y of one in YCbCr. Raises ProfileError for a
        code without a Y."""
        self._check()
        if value.pixels.shape[2] < 3:
            return value
        if value.space == "ycbcr":
            luma = value.pixels[:, :, 0]
        else:
            luma = rgb_to_ycbcr(np.ascontiguousarray(value.pixels[:, :, :3]), self.code)[0]
        planes = [luma, value.pixels[:, :, 3]] if value.has_alpha else [luma]
        return replace(value, pixels=np.ascontiguousarray(np.stack(planes, axis=-1)), space="rgb")

    def surrogate(self, value: Any, ops: Any) -> Any:
        """The grey picture; the gradient is that of the weights."""
        self._check()
        return ops.luma(value, self.code)

    def _check(self) -> None:
        if self.code in (Color.NONE, Color.RGB):
            raise ProfileError(f"code {self.code}", place="grey", expected="one with a Y, such as libjpeg")
