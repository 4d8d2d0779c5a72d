"""What a step's `surrogate` is handed: operations on batches, by name.

A surrogate only says what is to be done. Its operations are noted once for pictures of one form, and then repeated for
every batch of that form (plan.py); so what runs, and what a compiler sees, are tensors and constants.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
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


@dataclass(frozen=True, eq=False)
class Run:
    """What one call of a channel decides."""

    sigma: Tensor
    rounding: str
    quality: Tensor | None = None
    """[B or 1], 1 to 100, instead of the encode step's own."""
    steps: Tensor | None = None
    """[B or 1, 2, 64] instead of the encode step's tables, natural order."""


@dataclass(frozen=True, eq=False)
class Call:
    """One operation, its arguments, and the picture that it was asked for: its samples have a shape and no data."""

    name: str
    icc: bytes | None
    orientation: int
    space: Any
    arguments: tuple[Any, ...]


def performed(call: Call, samples: Tensor, run: Run) -> Tensor:
    """The operation on a batch. (A function: torch.compile takes a plan for a constant, and calls no method of one.)"""
    picture = Picture(samples, call.icc, call.orientation, call.space)
    a = call.arguments
    if call.name == "generation":
        return _generation(samples, run, *a)
    if call.name == "resize":
        return resample.resize(picture, a[0], a[1], a[2], kernel=a[3], **dict(a[4])).samples
    if call.name == "three_tap":
        return resample.three_tap(picture, *a).samples
    if call.name == "upright":
        return geometry.upright(picture).samples
    if call.name == "flatten":
        return geometry.flatten(picture, *a).samples
    assert call.name == "icc_to_srgb", "there are no others"
    return color.icc_to_srgb(picture, *a).samples


def _generation(
    samples: Tensor, run: Run, key: str, tables: tuple[tuple[int, ...], ...], law: str, force_baseline: bool,
    is_420: bool, of_channel: bool,
) -> Tensor:  # fmt: skip
    if of_channel and run.steps is not None:
        steps = run.steps.to(samples)
    elif of_channel and run.quality is not None:
        steps = steps_of_quality(run.quality, law, force_baseline, is_420).to(samples)
    else:
        steps = torch.tensor(tables, dtype=samples.dtype, device=samples.device)[None]
    return jpeg(samples, steps, run.sigma, key, run.rounding)


class Ops:
    """The operations that a surrogate may ask for. Pictures here have a form and no data; `calls` is what was asked."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def _note(self, name: str, picture: Picture, *arguments: Any) -> Tensor:
        """Notes the operation; its result's form."""
        call = Call(name, picture.icc, picture.orientation, picture.space, arguments)
        self.calls.append(call)
        return performed(call, picture.samples, Run(torch.ones((), device="meta"), "smoothed"))

    # --- JPEG

    def coded(self, picture: Picture, encode: Encode, of_channel: bool = True) -> Coded:
        """The picture, to be encoded by this step; `of_channel`: with a call's own quality or tables, if it has any."""
        if picture.has_alpha:
            raise PictureError("an alpha channel", place="encode", expected="grey or RGB", remedy="add a flatten step")
        if picture.space == "ycbcr":
            if encode.engine is not Engine.LIBJPEG:
                raise PictureError("YCbCr samples", place=f"encode with {encode.engine}", expected="RGB")
            encode = replace(encode, color=Color.NONE)
        if encode.keep_sampling:
            sampling: Any = picture.sent_sampling or encode.sampling
            encode = replace(encode, sampling=sampling, keep_sampling=False)
        return Coded(picture, encode, of_channel)

    def decoded(
        self,
        coded: Coded,
        upsampling: Upsampling = Upsampling.FANCY,
        decoder: Decoder = Decoder.LIBJPEG_TURBO,
        eighths: int = 8,
    ) -> Picture:
        """What a decoder shows of it; ICC profile and orientation as they were."""
        picture, encode = coded.picture, coded.encode
        recipe = Recipe(encode, upsampling, decoder, eighths)
        factors = recipe.factors(recipe.components(picture.samples.shape[1]))
        is_420 = len(factors) == 3 and factors[0] == (2, 2)
        shown = self._note(
            "generation", picture, recipe.key, encode.tables_for(picture.width, picture.height, is_420),
            str(encode.law), encode.force_baseline, is_420, coded.of_channel,
        )  # fmt: skip
        colours = shown.shape[1] == 3
        space: Any = "ycbcr" if recipe.shows_ycbcr and colours else "rgb"
        return Picture(shown, picture.icc, picture.orientation, space, encode.sampling if colours else None)

    # --- rasters

    def resize(self, picture: Picture, code: str, width: int, height: int, *, kernel: str, **options: Any) -> Picture:
        """The picture at another size, in a library's arithmetic."""
        made = self._note("resize", picture, code, width, height, kernel, tuple(options.items()))
        return replace(picture, samples=made)

    def three_tap(self, picture: Picture, side: int) -> Picture:
        """Three taps along each axis; see `codec.three_tap`."""
        return replace(picture, samples=self._note("three_tap", picture, side))

    def upright(self, picture: Picture) -> Picture:
        """Turned as its EXIF orientation says."""
        return replace(picture, samples=self._note("upright", picture), orientation=1)

    def flatten(self, picture: Picture, alpha: str, background: Sequence[int], rounding: str) -> Picture:
        """Without alpha."""
        return replace(picture, samples=self._note("flatten", picture, alpha, tuple(background), rounding))

    def icc_to_srgb(self, picture: Picture, step: Any) -> Picture:
        """Converted to sRGB as a `color` step does it."""
        return replace(picture, samples=self._note("icc_to_srgb", picture, step), icc=None)
