"""What a step's `surrogate` is handed: operations on batches, by name. Each is one line; the work is in its module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from ..codec.variants import Color, Decoder, Engine, Upsampling
from ..errors import PictureError
from ..steps.encode import Encode
from . import color, geometry, resample
from .jpeg_op import jpeg
from .picture import Coded, Picture
from .quality import steps_of_quality
from .recipe import Recipe


class Ops:
    """The operations, with what one call of a channel decides: how roundings are differentiated, tables of its own."""

    def __init__(
        self, sigma: Tensor, rounding: str, quality: Tensor | None = None, steps: Tensor | None = None
    ) -> None:
        self.sigma = sigma
        self.rounding = rounding
        self.quality = quality
        """[B], 1 to 100, instead of the encode step's own."""
        self.steps = steps
        """[B or 1, 2, 64] instead of the encode step's tables, natural order."""

    # --- JPEG

    def coded(self, picture: Picture, encode: Encode, of_channel: bool = True) -> Coded:
        """The picture, to be encoded by this step; `of_channel`: with the call's own quality or tables, if any."""
        if picture.has_alpha:
            raise PictureError("an alpha channel", place="encode", expected="grey or RGB", remedy="add a flatten step")
        if picture.space == "ycbcr":
            if encode.engine is not Engine.LIBJPEG:
                raise PictureError("YCbCr samples", place=f"encode with {encode.engine}", expected="RGB")
            encode = replace(encode, color=Color.NONE)
        if encode.keep_sampling:
            encode = replace(encode, sampling=picture.sent_sampling or encode.sampling, keep_sampling=False)
        recipe = Recipe(encode)
        steps = self._steps(picture, recipe, of_channel)
        return Coded(picture, steps, recipe)

    def _steps(self, picture: Picture, recipe: Recipe, of_channel: bool) -> Tensor:
        samples, encode = picture.samples, recipe.encode
        factors = recipe.factors(recipe.components(samples.shape[1]))
        is_420 = len(factors) == 3 and factors[0] == (2, 2)
        if of_channel and self.steps is not None:
            return self.steps.to(samples)
        if of_channel and self.quality is not None:
            return steps_of_quality(self.quality, encode.law, encode.force_baseline, is_420, samples.dtype)
        tables: Sequence[Sequence[int]] = encode.tables_for(picture.width, picture.height, is_420)
        return torch.tensor(tables, dtype=samples.dtype, device=samples.device)[None]

    def decoded(
        self,
        coded: Coded,
        upsampling: Upsampling = Upsampling.FANCY,
        decoder: Decoder = Decoder.LIBJPEG_TURBO,
        eighths: int = 8,
    ) -> Picture:
        """What a decoder shows of it; ICC profile and orientation as they were."""
        p = coded.picture
        recipe = replace(coded.recipe, upsampling=upsampling, decoder=decoder, eighths=eighths)
        shown = jpeg(p.samples, coded.steps, self.sigma, recipe, self.rounding)
        space: Any = "ycbcr" if recipe.shows_ycbcr and shown.shape[1] == 3 else "rgb"
        sampling = recipe.encode.sampling if shown.shape[1] == 3 else None
        return Picture(shown, p.icc, p.orientation, space, sampling)

    # --- rasters

    def resize(self, picture: Picture, code: str, width: int, height: int, *, kernel: str, **options: Any) -> Picture:
        """The picture at another size, in a library's arithmetic."""
        return resample.resize(picture, code, width, height, kernel=kernel, **options)

    def three_tap(self, picture: Picture, side: int) -> Picture:
        """Three taps along each axis; see `codec.three_tap`."""
        return resample.three_tap(picture, side)

    def upright(self, picture: Picture) -> Picture:
        """Turned as its EXIF orientation says."""
        return geometry.upright(picture)

    def flatten(self, picture: Picture, alpha: str, background: Sequence[int], rounding: str) -> Picture:
        """Without alpha."""
        return geometry.flatten(picture, alpha, background, rounding)

    def icc_to_srgb(self, picture: Picture, step: Any) -> Picture:
        """Converted to sRGB as a `color` step does it."""
        return color.icc_to_srgb(picture, step)
