"""decode: a file as it was sent -> a raster."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Interval
from PIL import Image, UnidentifiedImageError

from ..codec import go_jpeg
from ..codec.decode import to_rgb
from ..codec.sizes import Derive, Fit, Rounding, ShrinkOnLoad, halvings, shrink_on_load, target
from ..codec.variants import Decoder, Upsampling
from ..errors import LimitError, PictureError, ProfileError, UnderstudyError, UnsupportedJpegError
from ..jpeg.coefficients import Coefficients
from ..jpeg.entropy_decode import MAX_PIXELS, read_coefficients
from ..jpeg.parse import parse
from ..jpeg.syntax import JpegStream
from .base import Context, Raster, Rule, Source, Step


@dataclass(frozen=True)
class Decode(Step):
    """Reads the sent file.

    JPEG files go through our own decoder, which equals libjpeg-turbo's islow in every sample, so that a result does
    not depend on which libjpeg Pillow was built with. What it does not read (CMYK, arithmetic coding) and every other
    format goes through Pillow: PNG, BMP, TIFF, WebP, GIF (first frame).
    """

    name: ClassVar[str] = "decode"
    takes: ClassVar[type] = Source
    gives: ClassVar[type] = Raster

    upsampling: Upsampling = Upsampling.FANCY
    """How a JPEG's subsampled chroma is brought to full size; libjpeg 7's `fancy` is its larger inverse DCT."""
    decoder: Decoder = Decoder.LIBJPEG_TURBO
    """Whose inverse DCTs decode a JPEG's chroma and make it smaller or larger."""
    scale: Annotated[int, Interval(ge=1, le=16)] | Rule = 8
    """Eighths of its size to which a JPEG is decoded; a rule sees the stored picture's size. 8 is full size."""
    draft: Fit | Literal["none"] = "none"
    """Pillow's `Image.draft()`: a JPEG is decoded at the smallest of 1/1, 1/2, 1/4, 1/8 of its size of which no side is
    below the size that a later step aims at; this and the four that follow say what it aims at, as in `resize`."""
    draft_limit: Annotated[int, Interval(ge=1, le=MAX_PIXELS)] = 2048
    """Pixels a side (of the whole picture where `draft` is `pixels`)."""
    draft_limit_height: Annotated[int, Interval(ge=0, le=65535)] = 0
    """The limit of the height where `draft` is a box; 0 for the same as the width's."""
    draft_derive: Derive = Derive.EXACT
    """How the other side is computed."""
    draft_rounding: Rounding = Rounding.HALF_UP
    """How the other side is rounded."""
    draft_by: ShrinkOnLoad = ShrinkOnLoad.PILLOW
    """Whose rule `draft` follows. libvips and sharp look at the picture as shown, its EXIF orientation applied, keep
    more for the resampling that follows, and drop a last row or column that stands for too few stored pixels. Chromium
    decodes a JPEG smaller only where its sides are whole MCUs."""

    def exact(self, value: Source, context: Context) -> Raster:
        """Raster uint8 `[H, W, 1 to 4]` with the file's ICC profile and EXIF orientation, neither applied.

        Raises PictureError for what is no picture or is damaged, LimitError above 2^28 pixels (JPEG) or
        Pillow's own limit, 178 million (other formats).
        """
        if value.data[:2] == b"\xff\xd8":
            try:
                return self._jpeg(value.data)
            except UnsupportedJpegError as error:
                if self.scale != 8 or self.draft != "none":
                    raise
                context.notes.append(f"decoded by Pillow: {error}")
        return _through_pillow(value.data)

    def surrogate(self, value: Any, ops: Any) -> Any:
        """`exact` of a batch that was coded before it was sent, in a channel that is given what it is sent as."""
        p = value.picture
        if self.decoder is Decoder.GO and (self.scale != 8 or self.draft != "none"):
            raise ProfileError("a smaller size", place="decode by go", expected="scale = 8, no draft")
        if self.draft_by is not ShrinkOnLoad.PILLOW:
            raise ProfileError(f"draft_by {self.draft_by}", place="decode in a channel", expected="pillow")
        return ops.decoded(value, self.upsampling, self.decoder, self.eighths(p.width, p.height, p.orientation))

    def outside_torch(self) -> str:
        """Decoders other than libjpeg-turbo, and other sizes than the full one."""
        if self.decoder is Decoder.LIBJPEG_TURBO and self.scale == 8 and self.draft == "none":
            return ""
        return f"decoding by {self.decoder}, smaller"

    def _jpeg(self, data: bytes) -> Raster:
        stream = parse(data)
        if stream.frame is not None and len(stream.frame.components) not in (1, 3):
            raise UnsupportedJpegError(
                f"{len(stream.frame.components)} components", place="frame header", expected="1 or 3"
            )
        coefficients = read_coefficients(stream)
        if coefficients.anomalies:
            odd = coefficients.anomalies[0]
            raise PictureError(odd.text, place="sent JPEG", expected="whole scans", remedy="send an undamaged file")
        if not all(c.steps.any() for c in coefficients.components):
            raise PictureError(
                "a component without a quantisation table", place="sent JPEG", expected="DQT before its scan"
            )
        parts = coefficients.components
        icc, orientation = _metadata(data)
        eighths = self.eighths(coefficients.width, coefficients.height, orientation)
        if self.draft_by is ShrinkOnLoad.CHROMIUM and not _has_whole_mcus(coefficients):
            eighths = 8
        width, height = (-(-side * eighths // 8) for side in (coefficients.width, coefficients.height))
        if width * height > MAX_PIXELS:
            raise LimitError(f"{width} x {height} pixels", place="decode.scale", expected=f"at most {MAX_PIXELS}")
        if self.decoder == Decoder.GO:
            return self._by_go(data, stream, coefficients)
        pixels = to_rgb(
            [c.blocks for c in parts],
            [c.steps for c in parts],
            coefficients.factors,
            coefficients.width,
            coefficients.height,
            upsampling=self.upsampling,
            ycbcr=not _is_rgb(stream),
            eighths=eighths,
            decoder=self.decoder,
        )
        if self.draft_by is not ShrinkOnLoad.PILLOW:
            pixels = pixels[: max(1, coefficients.height * eighths // 8), : max(1, coefficients.width * eighths // 8)]
        return Raster(pixels if pixels.ndim == 3 else pixels[:, :, None], icc, orientation)

    def _by_go(self, data: bytes, stream: JpegStream, coefficients: Coefficients) -> Raster:
        if self.scale != 8 or self.draft != "none":
            raise ProfileError("a smaller size", place="decode by go", expected="scale = 8, no draft")
        parts = coefficients.components
        planes = go_jpeg.to_planes(
            [c.blocks for c in parts], [c.steps for c in parts], coefficients.factors,
            coefficients.width, coefficients.height,
        )  # fmt: skip
        icc, orientation = _metadata(data)
        ycbcr = len(planes) == 3 and not _is_rgb(stream)
        return Raster(np.stack(planes, axis=-1), icc, orientation, "ycbcr" if ycbcr else "rgb")

    def eighths(self, width: int, height: int, orientation: int = 1) -> int:
        """1 to 16: how many eighths of its size a JPEG of `width` x `height` is decoded to. Raises ProfileError."""
        scale = self.scale(width, height) if isinstance(self.scale, Rule) else self.scale
        if self.draft == "none":
            if not 1 <= scale <= 16:
                raise ProfileError(f"{scale} for {width} x {height}", place="decode.scale", expected="1 to 16")
            return scale
        if self.scale != 8:
            raise ProfileError("both scale and draft", place="decode", expected="one of them")
        if self.draft_by is not ShrinkOnLoad.PILLOW and orientation >= 5:
            width, height = height, width
        to = target(
            width, height, self.draft, self.draft_limit, self.draft_limit_height,
            derive=self.draft_derive, rounding=self.draft_rounding,
        )  # fmt: skip
        if self.draft_by is ShrinkOnLoad.CHROMIUM:
            times = halvings(width, height, to.width, to.height)
            return 8 >> times if times <= 3 else 8
        if self.draft_by is not ShrinkOnLoad.PILLOW:
            return 8 // shrink_on_load(1.0 / to.scale, self.draft_by)
        times = min(width // to.width, height // to.height)
        return next((8 // shrink for shrink in (8, 4, 2) if times >= shrink), 8)


def _has_whole_mcus(coefficients: Coefficients) -> bool:
    h, v = (max(factor[i] for factor in coefficients.factors) for i in (0, 1))
    return coefficients.width % (8 * h) == 0 and coefficients.height % (8 * v) == 0


def _is_rgb(stream: JpegStream) -> bool:
    """Whether three components are RGB, not YCbCr, by libjpeg's rule: JFIF, else Adobe's transform, else the ids."""
    frame = stream.frame
    if frame is None or len(frame.components) != 3 or any(p[:5] == b"JFIF\0" for p in stream.app(0)):
        return False
    for payload in stream.app(14):
        if payload[:5] == b"Adobe" and len(payload) >= 12:
            return payload[11] == 0
    return tuple(c.id for c in frame.components) == (0x52, 0x47, 0x42)


def _metadata(data: bytes) -> tuple[bytes | None, int]:
    """ICC profile and EXIF orientation as Pillow reads them, without decoding the picture."""
    try:
        with _opened(data) as image:
            return image.info.get("icc_profile") or None, _orientation(image)
    except (UnderstudyError, OSError, ValueError):
        return None, 1  # a header that Pillow refuses: the pixels are ours, the metadata is not known


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(0x0112, 1)
    except Exception:  # Pillow raises whatever its TIFF reader meets in damaged EXIF
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _opened(data: bytes) -> Image.Image:
    """The file as a lazy Pillow image; raises PictureError or LimitError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data))
    except UnidentifiedImageError:
        start = data[:8].hex(" ") or "no bytes"
        raise PictureError(
            f"starts with {start}", place="picture", expected="JPEG, PNG, BMP, TIFF, WebP or GIF"
        ) from None
    except Image.DecompressionBombError as error:
        raise LimitError(str(error), place="picture", expected=f"at most {MAX_PIXELS} pixels") from None
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise PictureError(f"{error}", place="picture", expected="a readable file") from None
    if image.width * image.height > MAX_PIXELS:
        raise LimitError(f"{image.width} x {image.height} pixels", place="picture", expected=f"at most {MAX_PIXELS}")
    return image


def _through_pillow(data: bytes) -> Raster:
    image = _opened(data)
    icc, orientation = image.info.get("icc_profile") or None, _orientation(image)
    try:
        image.load()
    except Exception as error:  # Pillow's plugins raise many kinds on damaged files
        raise PictureError(f"{error}", place=f"{image.format} picture", expected="a whole file") from None
    return Raster(pixels_of(image), icc, orientation)


def pixels_of(image: Image.Image) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A loaded Pillow image as uint8 `[H, W, channels]`: grey, grey and alpha, RGB, or RGB and alpha.

    Palettes are looked up, CMYK is turned to RGB by Pillow's plain formula. Raises PictureError for modes of more
    than 8 bit.
    """
    mode = image.mode
    if mode in ("P", "PA"):
        mode = "RGBA" if "transparency" in image.info or mode == "PA" else "RGB"
    elif mode == "1":
        mode = "L"
    elif mode in ("RGBX", "CMYK", "YCbCr", "HSV", "LAB"):
        mode = "RGB"
    elif mode in ("RGBa", "La"):
        mode = {"RGBa": "RGBA", "La": "LA"}[mode]
    elif mode in ("L", "RGB") and "transparency" in image.info:
        mode = {"L": "LA", "RGB": "RGBA"}[mode]
    if mode not in ("L", "LA", "RGB", "RGBA"):
        raise PictureError(
            f"mode {image.mode}", place=f"{image.format or 'Pillow'} picture", expected="8 bit a sample",
            remedy="convert it to 8 bit first, the way that you want it rounded",
        )  # fmt: skip
    pixels = np.asarray(image if mode == image.mode else image.convert(mode))
    return pixels if pixels.ndim == 3 else pixels[:, :, None]
