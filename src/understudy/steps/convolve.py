"""convolve: every pixel a weighted sum of itself and its neighbours: the sharpening filters of common libraries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import ProfileError
from .base import Context, Raster, Step


@dataclass(frozen=True)
class Convolve(Step):
    """A square filter of 3 x 3 or 5 x 5 weights, in float64, rounded once and clipped to 8 bits; alpha stays."""

    name: ClassVar[str] = "convolve"
    takes: ClassVar[type] = Raster
    gives: ClassVar[type] = Raster

    weights: tuple[float, ...] = (-2.0, -2.0, -2.0, -2.0, 32.0, -2.0, -2.0, -2.0, -2.0)
    """9 or 25 weights, row by row from the upper left. The default is Pillow's ImageFilter.SHARPEN."""
    divisor: float = 16.0
    """What the sum is divided by."""
    rounding: Literal["half_up", "down"] = "half_up"
    """Of the quotient."""
    edge: Literal["repeat", "keep", "reflect"] = "keep"
    """Beyond the picture: `repeat` its outer samples; `reflect`, the samples before those, as OpenCV does (its
    BORDER_REFLECT_101); `keep` leaves those pixels as they are whose window reaches out, as Pillow does."""
    only_resized: bool = False
    """Whether pictures that kept their size pass as they are."""

    def exact(self, value: Raster, context: Context) -> Raster:
        """The same size and channels. Raises ProfileError for another number of weights or a divisor of 0."""
        size = self._size()
        if self.only_resized and not value.has_new_size:
            return value
        colours = value.pixels[:, :, :-1] if value.has_alpha else value.pixels
        out = self._filtered(colours, size)
        return replace(value, pixels=np.dstack([out, value.pixels[:, :, -1]]) if value.has_alpha else out)

    def surrogate(self, value: Any, ops: Any) -> Any:
        """The same samples; the gradient is the transpose of the weights, and stops where a sum is clipped."""
        self._size()
        if self.only_resized and not value.has_new_size:
            return value
        return ops.convolve(value, self)

    def _size(self) -> int:
        """Pixels a side of the filter."""
        size = {9: 3, 25: 5}.get(len(self.weights), 0)
        if not size or self.divisor == 0:
            raise ProfileError(
                f"{len(self.weights)} weights, divisor {self.divisor}", place="convolve", expected="9 or 25, not 0"
            )
        return size

    def _filtered(self, colours: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
        from ..codec._convolve_kernels import convolved

        height, width, channels = colours.shape
        reach = size // 2
        wide = colours[beyond(height, reach, self.edge)][:, beyond(width, reach, self.edge)]
        rounding = 0.5 if self.rounding == "half_up" else 0.0
        out = np.empty((height, width * channels), np.uint8)
        square = np.array(self.weights, np.float64).reshape(size, size)
        flat = np.ascontiguousarray(wide).reshape(len(wide), -1)
        convolved(flat, square, float(self.divisor), rounding, channels, np.empty(out.shape[1]), out)
        out = out.reshape(colours.shape)
        if self.edge == "keep":
            kept = colours.copy()
            inner = np.s_[reach : height - reach, reach : width - reach]
            if height > 2 * reach and width > 2 * reach:
                kept[inner] = out[inner]
            return kept
        return out


def beyond(n: int, reach: int, edge: str) -> NDArray[np.int64]:
    """int64 `[n + 2 reach]`: which of `n` samples stands at each place from `reach` before the first on."""
    at = np.arange(-reach, n + reach)
    if edge != "reflect" or n == 1:
        return np.clip(at, 0, n - 1)
    at %= 2 * (n - 1)
    return np.minimum(at, 2 * (n - 1) - at)
