"""tone: brightness, contrast, saturation, curves and colour matrices: what becomes of a pixel by its colour alone."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Interval
from numpy.typing import NDArray

from ..errors import PictureError, ProfileError
from .base import Context, Pixels, Raster, Step

LUMA = (19595, 38470, 7471)
"""Red, green, blue in 65536ths, half up: the L that Pillow's `convert` makes (its documentation: ITU-R 601-2)."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tone(Step):
    """Up to three stages, each rounded to 8 bits: an enhancement of Pillow's, a curve a channel, a matrix; alpha stays.

    A grey picture stays grey where all three channels come out alike, else it becomes RGB.
    """

    name: ClassVar[str] = "tone"
    takes: ClassVar[type] = Raster
    gives: ClassVar[type] = Raster

    enhance: Literal["none", "brightness", "contrast", "color"] = "none"
    """Pillow's ImageEnhance of that name: `factor` times as far from black, from the grey of the picture's mean luma
    (so it differs from picture to picture) or from each pixel's own luma; float32, cut off."""
    factor: Annotated[float, Interval(ge=0, le=100)] = 1.0
    """The enhancement's; 1 changes nothing."""
    gamma: Annotated[float, Interval(ge=0, le=100)] = 1.0
    """255 (v/255)^(1/gamma), what the curve is given; above 1 is brighter. Not 0."""
    curve: tuple[float, ...] = ()
    """Values, 0 to 255, at evenly spaced inputs from 0 to 255, straight lines between; 256 of them are a table. Red's,
    and the other channels' where they have none of their own. Empty: none."""
    curve_green: tuple[float, ...] = ()
    """Green's own."""
    curve_blue: tuple[float, ...] = ()
    """Blue's own."""
    matrix: tuple[float, ...] = ()
    """Nine numbers: red, green and blue of red, green and blue, row by row. Empty: none."""
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Added to the matrix' red, green, blue, in samples of 255; a matrix of none is the unit matrix then."""
    rounding: Literal["half_up", "half_even", "down"] = "half_up"
    """Of curve and matrix, each to whole samples after clipping to 0..255."""
    arithmetic: Literal["float64", "float32"] = "float64"
    """The type in which the matrix' products are made and added one after the other, red's first, the offset last; so
    that software which has the same factors but other roundings can be told apart. Curves are always float64."""

    def exact(self, value: Raster, context: Context) -> Raster:
        """The same size. Raises ProfileError for curves and matrices of another form, PictureError for YCbCr."""
        self.check(value.space)
        alpha = value.pixels[:, :, -1:] if value.has_alpha else None
        colours = value.pixels[:, :, :-1] if alpha is not None else value.pixels
        if self.enhance != "none":
            colours = self._enhanced(colours)
        tables, mixing = self.tables(), self.mixing()
        if colours.shape[2] == 1 and not self.keeps_grey():
            colours = np.repeat(colours, 3, axis=2)
        if colours.shape[2] == 1:
            colours = self._of_greys()[:, 0][colours]
        else:
            if tables is not None:
                colours = np.stack([tables[c][colours[:, :, c]] for c in range(3)], axis=2)
            if mixing is not None:
                colours = self._mixed(colours, *mixing)
        pixels = colours if alpha is None else np.concatenate([colours, alpha], axis=2)
        return replace(value, pixels=np.ascontiguousarray(pixels))

    def surrogate(self, value: Any, ops: Any) -> Any:
        """The same samples; the gradient is that of each stage without its rounding, and stops where one clips."""
        self.check(value.space)
        return ops.tone(value, self)

    def check(self, space: str = "rgb") -> None:
        """Raises what `exact` raises for this step's parameters and pictures of that colour space."""
        if space != "rgb":
            raise PictureError(f"{space} samples", place="tone", expected="grey or RGB")
        curves = (self.curve, self.curve_green, self.curve_blue)
        if any(len(c) == 1 or len(c) > 256 for c in curves) or (not self.curve and any(curves)):
            lengths = ", ".join(str(len(c)) for c in curves)
            raise ProfileError(f"curves of {lengths} values", place="tone", expected="2 to 256, red's if any")
        if not self.gamma > 0:
            raise ProfileError(f"gamma {self.gamma}", place="tone", expected="more than 0")
        if len(self.matrix) not in (0, 9):
            raise ProfileError(f"a matrix of {len(self.matrix)} numbers", place="tone", expected="9, or none")
        if not all(math.isfinite(v) for v in (*self.curve, *curves[1], *curves[2], *self.matrix, *self.offset)):
            raise ProfileError("a number that is not finite", place="tone", expected="finite curves and matrices")

    def curves(self) -> Floats | None:
        """float64 `[3, 256]`: what red, green and blue become of 0 to 255 by gamma and curve, neither rounded nor
        clipped; None where both are none."""
        if self.gamma == 1.0 and not self.curve:
            return None
        at = 255.0 * (np.arange(256) / 255.0) ** (1.0 / self.gamma)
        rows = (self.curve, self.curve_green or self.curve, self.curve_blue or self.curve)
        return np.stack([np.interp(at, np.linspace(0.0, 255.0, len(own)), own) if own else at for own in rows])

    def tables(self) -> NDArray[np.uint8] | None:
        """uint8 `[3, 256]`: `curves` rounded and clipped."""
        made = self.curves()
        return None if made is None else self._rounded(made)

    def mixing(self) -> tuple[Floats, Floats] | None:
        """(`[3, 3]`, `[3]`): the matrix and the offset; None where both are none."""
        if not self.matrix and not any(self.offset):
            return None
        return np.array(self.matrix or np.eye(3), np.float64).reshape(3, 3), np.array(self.offset)

    def keeps_grey(self) -> bool:
        """Whether grey pictures stay grey: equal channels come out equal."""
        made = self._of_greys()
        return bool((made == made[:, :1]).all())

    def _of_greys(self) -> NDArray[np.uint8]:
        """uint8 `[256, 3]`: what the greys become by curve and matrix."""
        greys = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
        tables, mixing = self.tables(), self.mixing()
        if tables is not None:
            greys = np.ascontiguousarray(tables.T)
        return greys if mixing is None else self._mixed(greys, *mixing)

    def _enhanced(self, colours: Pixels) -> Pixels:
        factor = np.float32(self.factor)
        if self.enhance == "brightness":
            other: Any = np.float32(0)
        elif self.enhance == "contrast":
            grey = luma(colours)
            other = np.float32(int(float(grey.sum()) / grey.size + 0.5))
        else:
            other = luma(colours)[:, :, None].astype(np.float32)
        made: Pixels = np.clip(other + factor * (colours.astype(np.float32) - other), 0, 255).astype(np.uint8)
        return made

    def _mixed(self, colours: Pixels, matrix: Floats, offset: Floats) -> NDArray[np.uint8]:
        """uint8 `[..., 3]` of `[..., 3]`."""
        kind = np.dtype(self.arithmetic)
        planes = [colours[..., c].astype(kind) for c in range(3)]
        rows = []
        for row, more in zip(matrix.astype(kind), offset.astype(kind), strict=True):
            rows.append(planes[0] * row[0] + planes[1] * row[1] + planes[2] * row[2] + more)
        return self._rounded(np.stack(rows, axis=-1))

    def _rounded(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        clipped = np.clip(values, 0, 255)
        half = values.dtype.type(0.5 if self.rounding == "half_up" else 0.0)
        whole = np.rint(clipped) if self.rounding == "half_even" else np.floor(clipped + half)
        made: NDArray[np.uint8] = whole.astype(np.uint8)
        return made


def luma(colours: Pixels) -> NDArray[np.uint8]:
    """uint8 `[H, W]`: Pillow's L of `[H, W, 1 or 3]`."""
    if colours.shape[2] == 1:
        return colours[:, :, 0]
    total = sum(colours[:, :, c].astype(np.uint32) * np.uint32(LUMA[c]) for c in range(3))
    return ((np.asarray(total) + np.uint32(0x8000)) >> np.uint32(16)).astype(np.uint8)
