"""What a step's `surrogate` is handed: operations on batches, by name.

A surrogate only says what is to be done. Its operations are noted once for pictures of one form, and then repeated for
every batch of that form (plan.py); so what runs, and what a compiler sees, are tensors and constants.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ..codec import imagemagick_quality
from ..codec.variants import Color, Dct, Decoder, Engine, Upsampling
from ..errors import PictureError, ProfileError
from ..steps import Rule
from ..steps.encode import Encode
from . import color, geometry, lab_sharpen, neighbours, pointwise, resample
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
    if call.name == "generation_apart":
        return _apart(samples, run, *a)
    if call.name == "luma":
        return geometry.luma(picture, *a).samples
    if call.name == "shown":
        return geometry.shown(picture).samples
    if call.name == "resize":
        return resample.resize(picture, a[0], a[1], a[2], kernel=a[3], **dict(a[4])).samples
    if call.name == "three_tap":
        return resample.three_tap(picture, *a).samples
    if call.name == "convolve":
        return neighbours.convolve(picture, *a).samples
    if call.name == "unsharp":
        return neighbours.unsharp(picture, *a).samples
    if call.name == "lab_sharpen":
        return lab_sharpen.lab_sharpen(picture, dict(a[0])).samples
    if call.name == "tone":
        return pointwise.tone(picture, *a).samples
    if call.name == "upright":
        return geometry.upright(picture).samples
    if call.name == "framed":
        return geometry.framed(picture, *a).samples
    if call.name == "flatten":
        return geometry.flatten(picture, *a).samples
    assert call.name == "icc_to_srgb", "there are no others"
    return color.icc_to_srgb(picture, *a).samples


def _generation(
    samples: Tensor, run: Run, key: str, tables: tuple[tuple[int, ...], ...], law: str, force_baseline: bool,
    is_420: bool, of_channel: bool, slow: str, fast: str, fast_up_to: int,
) -> Tensor:  # fmt: skip
    if of_channel and run.steps is not None:
        steps = run.steps.to(samples)
    elif of_channel and run.quality is not None:
        steps = steps_of_quality(run.quality, law, force_baseline, is_420).to(samples)
        if fast_up_to:  # which DCT it is depends on each picture's quality
            quick = jpeg(samples, steps, run.sigma, fast, run.rounding)
            is_fast = (run.quality.double().round() <= fast_up_to).view(-1, 1, 1, 1)
            return torch.where(is_fast, quick, jpeg(samples, steps, run.sigma, slow, run.rounding))
    else:
        steps = torch.tensor(tables, dtype=samples.dtype, device=samples.device)[None]
    return jpeg(samples, steps, run.sigma, key, run.rounding)


def _apart(samples: Tensor, run: Run, *arguments: Any) -> Tensor:
    """Components that are R, G and B: three grey pictures, each with luma's tables."""
    count, channels, height, width = samples.shape
    own = {name: value.repeat_interleave(channels, 0) for name in ("quality", "steps")
           if (value := getattr(run, name)) is not None and value.ndim and len(value) == count > 1}  # fmt: skip
    made = _generation(samples.reshape(-1, 1, height, width), replace(run, **own), *arguments)
    return made.reshape(count, channels, *made.shape[2:])


class Ops:
    """The operations that a surrogate may ask for. Pictures here have a form and no data; `calls` is what was asked."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.of_platform = True
        """Whether the steps that ask now are the platform's; else those of who sends."""

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
        encode = _of_sent(encode, picture)
        if encode.color is Color.RGB and encode.sampling != "4:4:4":
            raise ProfileError(f"RGB components, {encode.sampling}", place="encode in a channel", expected="4:4:4")
        if encode.color is Color.RGB and encode.chroma_tbl_no == 1:
            raise ProfileError("a table for G and B", place="encode in a channel", expected="one for R, G and B")
        slow = encode
        if encode.fast_up_to >= encode.quality_for(picture.width, picture.height):
            encode = replace(encode, dct=Dct.IFAST)
        if encode.keep_sampling:
            sampling: Any = picture.sent_sampling or encode.sampling
            encode = replace(encode, sampling=sampling, keep_sampling=False)
        encode = replace(encode, keep_quality=False, fast_up_to=0)
        return Coded(picture, encode, of_channel and self.of_platform, slow.dct, slow.fast_up_to)

    def decoded(
        self,
        coded: Coded,
        upsampling: Upsampling = Upsampling.FANCY,
        decoder: Decoder = Decoder.LIBJPEG_TURBO,
        eighths: int = 8,
        inverse: Dct = Dct.ISLOW,
    ) -> Picture:
        """What a decoder shows of it; ICC profile and orientation as they were."""
        picture, encode = coded.picture, coded.encode
        apart = encode.color is Color.RGB and picture.samples.shape[1] == 3
        if apart:
            encode = replace(encode, color=Color.LIBJPEG)  # which one component does not use
        recipe = Recipe(encode, upsampling, decoder, eighths, inverse)
        factors = recipe.factors(recipe.components(picture.samples.shape[1]))
        is_420 = len(factors) == 3 and factors[0] == (2, 2)
        tables = encode.tables_for(picture.width, picture.height, is_420)
        name = "generation_apart" if apart else "generation"
        slow, fast = (replace(recipe, encode=replace(encode, dct=dct)).key for dct in (coded.slow_dct, Dct.IFAST))
        shown = self._note(
            name, picture, recipe.key, tables, str(encode.law), encode.force_baseline, is_420,
            coded.of_channel, slow, fast, coded.fast_up_to,
        )  # fmt: skip
        colours = shown.shape[1] == 3
        space: Any = "ycbcr" if recipe.shows_ycbcr and colours else "rgb"
        sampling = encode.sampling if colours else None
        return replace(
            picture, samples=shown, space=space, sent_sampling=sampling, sent_tables=tables[: 2 if colours else 1]
        )  # fmt: skip

    # --- rasters

    def resize(self, picture: Picture, code: str, width: int, height: int, *, kernel: str, **options: Any) -> Picture:
        """The picture at another size, in a library's arithmetic."""
        made = self._note("resize", picture, code, width, height, kernel, tuple(options.items()))
        return replace(picture, samples=made)

    def three_tap(self, picture: Picture, side: int) -> Picture:
        """Three taps along each axis; see `codec.three_tap`."""
        return replace(picture, samples=self._note("three_tap", picture, side))

    def convolve(self, picture: Picture, step: Any) -> Picture:
        """Filtered as a `convolve` step does it."""
        return replace(picture, samples=self._note("convolve", picture, step))

    def unsharp(self, picture: Picture, radius: float, percent: int, threshold: int) -> Picture:
        """Through an unsharp mask; see `codec.unsharp`."""
        return replace(picture, samples=self._note("unsharp", picture, radius, percent, threshold))

    def lab_sharpen(self, picture: Picture, values: Mapping[str, float]) -> Picture:
        """L* sharpened as libvips does it; see `codec.lab_sharpen`."""
        return replace(picture, samples=self._note("lab_sharpen", picture, tuple(values.items())))

    def tone(self, picture: Picture, step: Any) -> Picture:
        """Brightness and colours changed as a `tone` step does it."""
        return replace(picture, samples=self._note("tone", picture, step))

    def luma(self, picture: Picture, code: Color) -> Picture:
        """One channel: Y of an RGB picture, the first channel of any other. Raises ProfileError for colours without."""
        if picture.samples.shape[1] != 3:
            return picture
        return replace(picture, samples=self._note("luma", picture, code), space="rgb")

    def shown(self, picture: Picture) -> Picture:
        """R, G and B, in Go's arithmetic, of what it decoded as Y, Cb and Cr."""
        if picture.space != "ycbcr":
            return picture
        return replace(picture, samples=self._note("shown", picture), space="rgb")

    def upright(self, picture: Picture) -> Picture:
        """Turned as its EXIF orientation says."""
        return replace(picture, samples=self._note("upright", picture), orientation=1)

    def framed(self, picture: Picture, box: tuple[int, int, int, int], color: tuple[int, ...]) -> Picture:
        """A part of it, or it on a larger ground of one colour; see `steps.crop` and `steps.pad`."""
        if picture.space == "ycbcr" and min(box[:2]) < 0:
            raise PictureError("Y, Cb and Cr", place="pad", expected="grey or RGB")
        return replace(picture, samples=self._note("framed", picture, box, color))

    def flatten(self, picture: Picture, alpha: str, background: Sequence[int], rounding: str) -> Picture:
        """Without alpha."""
        return replace(picture, samples=self._note("flatten", picture, alpha, tuple(background), rounding))

    def icc_to_srgb(self, picture: Picture, step: Any) -> Picture:
        """Converted to sRGB as a `color` step does it."""
        return replace(picture, samples=self._note("icc_to_srgb", picture, step), icc=None)


def _of_sent(encode: Encode, picture: Picture) -> Encode:
    """The step with what it takes from a sent file put in: that of a sender who encodes; tensors come without one."""
    sent = picture.sent_tables
    quality = encode.quality
    own = imagemagick_quality.estimate(dict(enumerate(sent))) if sent is not None else None
    if isinstance(quality, Rule) and quality.by_sent:
        quality = quality.at(own) if own is not None and quality.by == "sent_quality" else quality.otherwise
    return replace(encode, quality=(own or quality) if encode.keep_quality else quality)
