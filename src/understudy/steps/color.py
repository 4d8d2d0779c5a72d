"""color: what happens to a picture that carries an ICC profile."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
from PIL import Image, ImageCms

from ..codec import skia_color
from ..codec.icc_profiles import SRGB_OF_LIBVIPS
from ..errors import PictureError
from .base import Context, Raster, Step

_INTENTS = {
    "perceptual": ImageCms.Intent.PERCEPTUAL,
    "relative": ImageCms.Intent.RELATIVE_COLORIMETRIC,
    "saturation": ImageCms.Intent.SATURATION,
    "absolute": ImageCms.Intent.ABSOLUTE_COLORIMETRIC,
}


@dataclass(frozen=True)
class Color(Step):
    """Converts a picture with an ICC profile to sRGB, or leaves its samples alone.

    The conversion is littlecms' (the one inside Pillow) or Skia's, 8 bit in and out. Pictures without a profile pass
    unchanged.
    """

    name: ClassVar[str] = "color"
    takes: ClassVar[type] = Raster
    gives: ClassVar[type] = Raster

    icc: Literal["srgb", "keep", "drop"] = "srgb"
    """`srgb` converts; `keep` leaves samples and profile; `drop` leaves the samples and forgets the profile."""
    intent: Literal["perceptual", "relative", "saturation", "absolute"] = "perceptual"
    """ICC.1 rendering intent."""
    black_point_compensation: bool = False
    """littlecms' black point compensation (Adobe's algorithm), off in Pillow unless asked for."""
    srgb: Literal["littlecms", "libvips", "skia"] = "littlecms"
    """Whose sRGB `srgb` converts to: the profile that littlecms makes, the one that libvips and sharp carry, or Skia's
    (Chromium), which is not littlecms' conversion either: no intent, no compensation, matrix profiles only."""

    def exact(self, value: Raster, context: Context) -> Raster:
        """Samples in sRGB without a profile, or as they were. Raises PictureError for a profile that does not fit."""
        if not self._converts(value):
            return value if self.icc == "keep" or value.icc is None else replace(value, icc=None)
        return replace(value, pixels=self._to_srgb(value), icc=None, space="rgb")

    def surrogate(self, value: Any, ops: Any) -> Any:
        """The same samples; the gradient follows the conversion's slopes between colours of a lattice."""
        if not self._converts(value):
            return value if self.icc == "keep" or value.icc is None else replace(value, icc=None)
        return ops.icc_to_srgb(value, self)

    def _converts(self, value: Any) -> bool:
        """Whether a raster (or a channel's picture) is converted. Raises PictureError if it is and has no RGB."""
        converts = value.icc is not None and self.icc == "srgb"
        if converts and value.space != "rgb":
            raise PictureError(f"{value.space} samples", place="color", expected="rgb ones, to convert them to sRGB")
        return converts

    def _to_srgb(self, value: Raster) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        colours = value.pixels[:, :, :-1] if value.has_alpha else value.pixels
        if self.srgb == "skia":
            rgb = np.repeat(colours, 3, axis=2) if colours.shape[2] == 1 else colours
            converted = skia_color.to_srgb(rgb, value.icc or b"")
            return np.dstack([converted, value.pixels[:, :, -1]]) if value.has_alpha else converted
        flags = ImageCms.Flags.BLACKPOINTCOMPENSATION if self.black_point_compensation else ImageCms.Flags.NONE
        mode = "L" if colours.shape[2] == 1 else "RGB"
        image = Image.fromarray(colours[:, :, 0] if mode == "L" else np.ascontiguousarray(colours), mode)
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(value.icc or b""))
            out = ImageCms.profileToProfile(
                image, source, self._destination(), _INTENTS[self.intent], outputMode="RGB", flags=flags
            )
        except (ImageCms.PyCMSError, OSError) as error:
            raise PictureError(
                f"{error}", place="ICC profile of the sent picture", expected=f"a profile for {mode} pixels",
                remedy="--set color.icc=drop leaves the samples as they are",
            ) from None  # fmt: skip
        assert out is not None, "profileToProfile returns None only when it works in place"
        converted = np.asarray(out)
        return np.dstack([converted, value.pixels[:, :, -1]]) if value.has_alpha else converted

    def _destination(self) -> ImageCms.ImageCmsProfile:
        if self.srgb == "libvips":
            return ImageCms.ImageCmsProfile(io.BytesIO(SRGB_OF_LIBVIPS))
        return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
