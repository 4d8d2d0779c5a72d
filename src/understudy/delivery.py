"""mimic: Profile + picture -> Delivery. The runner is the whole engine: each step's `exact`, in order.

(The module is not called `mimic`, because importing a submodule of that name would hide the function `us.mimic`.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .codec.color import ycbcr_to_rgb
from .codec.decode import to_rgb
from .errors import PictureError, UnderstudyError
from .files import Given, bytes_of
from .jpeg.coefficients import Blocks, Coefficients, Component, grids
from .jpeg.compose import Encoded
from .jpeg.entropy_decode import read_coefficients
from .jpeg.parse import parse
from .jpeg.syntax import JpegStream
from .profile import Profile, load_profile
from .steps import Context, Delivered, Raster, Source, Value
from .steps.base import Pixels
from .steps.decode import is_rgb

if TYPE_CHECKING:
    from PIL import Image

    Picture = Given | Image.Image | np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """What one step made."""

    step: str
    value: Value

    def pixels(self) -> Pixels | None:
        """The stage as a person sees it, uint8 `[H, W, 1 to 4]`; None for a sent file that is not decoded yet.

        What comes after encoding is decoded as libjpeg-turbo does by default.
        """
        if isinstance(self.value, Raster):
            pixels = self.value.pixels
            if self.value.space == "ycbcr":
                return ycbcr_to_rgb(pixels[:, :, 0], pixels[:, :, 1], pixels[:, :, 2])
            return pixels
        if isinstance(self.value, Encoded):
            return _decoded(self.value, self.value.rgb)
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    """What the platform hands out for a picture."""

    data: bytes
    stream: JpegStream
    profile: Profile
    """The profile that made it, overrides applied."""
    encoded: Encoded | None
    """The picture before it was arranged as a file; None where a file was passed through as it was sent."""
    stages: tuple[Stage, ...] = ()
    """What each step made, if `trace` was asked for."""
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Delivery({len(self.data):,} bytes, as {self.profile.name} delivers)"

    def pixels(self) -> Pixels:
        """The delivered picture as libjpeg-turbo decodes it (islow, fancy upsampling), uint8 `[H, W, 1 or 3]`."""
        if self.encoded is None:
            found = self.coefficients()
            blocks, steps = [c.blocks for c in found.components], [c.steps for c in found.components]
            return _as_shown(blocks, steps, found.factors, found.width, found.height, is_rgb(self.stream))
        return _decoded(self.encoded, is_rgb(self.stream))

    def coefficients(self) -> Coefficients:
        """The quantised coefficients. Raises JpegError for a damaged file that was passed through."""
        e = self.encoded
        if e is None:
            return read_coefficients(self.stream)
        layout = grids(e.width, e.height, [(c.h_samp_factor, c.v_samp_factor) for c in e.components])
        steps = {t.Tq: np.array(t.steps_natural, np.uint16).reshape(8, 8) for t in e.quant_tables}
        rows = zip(e.components, layout, e.blocks, strict=True)
        return Coefficients(e.width, e.height, tuple(Component(c, g, b, steps[c.quant_tbl_no]) for c, g, b in rows))


def mimic(
    picture: Picture,
    profile: str | Path | Profile,
    *,
    like: Given | JpegStream | None = None,
    trace: bool = False,
    **overrides: Any,
) -> Delivery:
    """The file that the platform of `profile` delivers for `picture`.

    picture: a file's bytes, a path, a Pillow image, or uint8 `[H, W]`, `[H, W, 3]` or `[H, W, 4]` (RGB, RGBA). An
    array or a Pillow image enters after the decode step, upright (an EXIF orientation that an image still bears is
    not applied, which a note says) and without an ICC profile unless the image has one.
    profile: see `load_profile`.
    like: a delivered file (bytes, a path, or parsed) whose values replace those that the profile declares free; it
    also decides between the eras of a platform named alone.
    trace: keep every stage.
    overrides: parameter values, `quality=92`, or `**{"encode.quality": 92}` where a name alone is ambiguous; they
    win over `like`.

    Raises PictureError, ProfileError, LimitError, JpegError.
    """
    stream = like if like is None or isinstance(like, JpegStream) else _parsed(like)
    chosen = load_profile(profile, stream, overrides).with_values(overrides)
    value: Value
    value, sent = _as_value(picture)
    context = Context(sent)
    if isinstance(value, Raster) and value.orientation != 1:
        value = replace(value, orientation=1)
        context.notes.append(
            "the image's EXIF orientation is not applied: give the file, or turn it with PIL.ImageOps.exif_transpose"
        )
    if stream is not None and (contradicted := chosen.contradictions(stream)):
        context.notes.append(f"the file to be like is not of {chosen.name}: it contradicts {', '.join(contradicted)}")
    stages = []
    encoded: Encoded | None = None
    sized = False
    for step in chosen.steps:
        if isinstance(value, Raster) and step.takes is Source and step.gives is Raster:
            if step != type(step)():
                context.notes.append(f"step {step.name} is left out, and what it changes: the picture came as samples")
            continue
        if not isinstance(value, step.takes):
            raise PictureError(
                f"a picture in memory, where step {step.name} wants a file", place="mimic", expected="bytes or a path"
            )
        value = step.exact(value, context)
        if isinstance(value, (Raster, Encoded)) and not sized:
            sized = True
            misfit = chosen.when.misfit(value.width, value.height)
            if misfit:
                context.notes.append(misfit)
        if isinstance(value, Encoded):
            encoded = value
        if trace:
            stages.append(Stage(step.name, value))
        if isinstance(value, Delivered):
            break  # at the last step, or where a file is passed through
    assert isinstance(value, Delivered), "a loaded profile ends in a delivered file"
    return Delivery(value.data, value.stream, chosen, encoded, tuple(stages), tuple(context.notes))


def _as_value(picture: Picture) -> tuple[Source | Raster, bytes | None]:
    """(what the first step takes, the sent bytes if there are any)."""
    if isinstance(picture, (str, Path, bytes, bytearray, memoryview)):
        data = bytes_of(picture)
        return Source(data), data
    if isinstance(picture, np.ndarray):
        return Raster(_samples(picture)), None
    return _raster_of_image(picture), None


def _parsed(like: Given) -> JpegStream:
    data = bytes_of(like, "like")
    try:
        return parse(data)
    except UnderstudyError as error:
        raise error.at("like" if not isinstance(like, (str, Path)) else f"like {like}") from None


def _samples(picture: np.ndarray[Any, Any]) -> Pixels:
    """The array as uint8 `[H, W, 1 to 4]`. Raises PictureError for others, and says how they become one."""
    shape = picture.shape
    if picture.dtype == np.uint8 and 0 not in shape and (len(shape) == 2 or (len(shape) == 3 and shape[2] <= 4)):
        return np.ascontiguousarray(picture if picture.ndim == 3 else picture[..., None])
    remedy = ""
    if picture.dtype.kind == "f":
        remedy = "of samples in [0, 1]: (255 * x).round().clip(0, 255).astype('uint8')"
    elif picture.dtype != np.uint8:
        remedy = "convert it to uint8, the way that you want it rounded"
    elif len(shape) == 3 and 1 <= shape[0] <= 4:
        remedy = "x.transpose(1, 2, 0) puts the channels last"
    elif len(shape) == 4:
        remedy = "one picture at a time"
    raise PictureError(
        f"{picture.dtype} array of shape {shape}", place="picture",
        expected="uint8 [H, W], or [H, W, 1 to 4]", remedy=remedy,
    )  # fmt: skip


def _raster_of_image(image: Any) -> Raster:
    from PIL import Image

    from .steps.decode import orientation_of, pixels_of

    if not isinstance(image, Image.Image):
        raise PictureError(
            type(image).__name__, place="picture", expected="bytes, a path, a Pillow image or a uint8 array",
            remedy="a tensor goes through us.Channel" if type(image).__name__ == "Tensor" else "",
        )  # fmt: skip
    try:
        image.load()
    except Exception as error:  # Pillow opens lazily, and its plugins raise many kinds on damaged files
        raise PictureError(f"{error}", place=f"{image.format} picture", expected="a whole file") from None
    return Raster(pixels_of(image), image.info.get("icc_profile") or None, orientation_of(image))


def _decoded(encoded: Encoded, rgb: bool) -> Pixels:
    steps = {t.Tq: np.array(t.steps_natural, np.uint16).reshape(8, 8) for t in encoded.quant_tables}
    return _as_shown(
        encoded.blocks,
        [steps[c.quant_tbl_no] for c in encoded.components],
        [(c.h_samp_factor, c.v_samp_factor) for c in encoded.components],
        encoded.width,
        encoded.height,
        rgb,
    )


def _as_shown(
    blocks: Sequence[Blocks], steps: Sequence[Any], factors: Sequence[tuple[int, int]], width: int, height: int,
    rgb: bool,
) -> Pixels:  # fmt: skip
    if len(blocks) not in (1, 3):
        raise UnderstudyError(f"{len(blocks)} components", place="decoding the delivery", expected="1 or 3")
    pixels = to_rgb(blocks, steps, factors, width, height, ycbcr=not rgb)
    return pixels if pixels.ndim == 3 else pixels[:, :, None]
