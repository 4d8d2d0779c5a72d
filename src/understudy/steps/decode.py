"""decode: a file as it was sent -> a raster."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Interval
from PIL import Image, UnidentifiedImageError

from ..codec import go_jpeg, png16
from ..codec.color import cmyk_to_rgb, ycbcr_to_rgb
from ..codec.decode import to_planes, to_rgb
from ..codec.sizes import Derive, Fit, Rounding, ShrinkOnLoad, halvings, imagemagick_eighths, shrink_on_load, target
from ..codec.variants import Dct, Decoder, Depth16, Upsampling
from ..errors import LimitError, PictureError, ProfileError, UnderstudyError, UnsupportedJpegError
from ..jpeg.coefficients import Coefficients
from ..jpeg.entropy_decode import MAX_PIXELS, read_coefficients
from ..jpeg.parse import parse
from ..jpeg.syntax import JpegStream
from .base import Context, Pixels, Raster, Rule, Source, Step


@dataclass(frozen=True)
class Decode(Step):
    """Reads the sent file.

    JPEG files go through our own decoder, which equals libjpeg-turbo's islow in every sample, so that a result does
    not depend on which libjpeg Pillow was built with; CMYK and YCCK become RGB by Pillow's plain formula, their inks
    inverted as Adobe stores them. What it does not read (arithmetic coding) and every other format goes through Pillow:
    PNG, BMP, TIFF, WebP, GIF (first frame).
    """

    name: ClassVar[str] = "decode"
    takes: ClassVar[type] = Source
    gives: ClassVar[type] = Raster

    upsampling: Upsampling = Upsampling.FANCY
    """How a JPEG's subsampled chroma is brought to full size; libjpeg 7's `fancy` is its larger inverse DCT."""
    decoder: Decoder = Decoder.LIBJPEG_TURBO
    """Whose inverse DCTs decode a JPEG's chroma and make it smaller or larger."""
    dct_method: Literal["islow", "ifast"] = "islow"
    """libjpeg's name for the inverse DCT of a JPEG's blocks at 8 x 8: accurate, or fast (`djpeg -dct fast`). What is
    decoded smaller has others. (Of no other decoder than libjpeg's.)"""
    to_rgb: bool = False
    """Whether what Go decoded as Y, Cb and Cr becomes R, G and B at once, in Go's arithmetic: what imaging's Clone
    does, and with it its Fit and Fill of a picture that has the size already. (Other decoders give R, G and B.)"""
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
    decodes a JPEG smaller only where its sides are whole MCUs. ImageMagick is told a box of its own: the limits."""

    draft_as_shown: bool = True
    """Whether libvips and sharp do look at the picture as shown: not where they leave it unturned (`--no-rotate`, no
    autoOrient)."""
    draft_to: Literal["size", "limits"] = "size"
    """What Pillow's rule keeps both sides at or above: the size that `draft` gives the picture, or the limits
    themselves, width and height each (Image.thumbnail drafts to the box that it is given times its reducing_gap)."""

    sixteen_bit: Depth16 = Depth16.STRIP
    """How samples of 16 bits (PNG, TIFF) become 8, before anything else. (A library that resizes in 16 bits, such as
    ImageMagick, does it later: of a picture that it resizes, this is not it.)"""

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
        return _through_pillow(value.data, self.sixteen_bit, context)

    def surrogate(self, value: Any, ops: Any) -> Any:
        """`exact` of a batch that was coded before it was sent, in a channel that is given what it is sent as."""
        p = value.picture
        if self.decoder is Decoder.GO and (self.scale != 8 or self.draft != "none"):
            raise ProfileError("a smaller size", place="decode by go", expected="scale = 8, no draft")
        if self.draft_by is not ShrinkOnLoad.PILLOW:
            raise ProfileError(f"draft_by {self.draft_by}", place="decode in a channel", expected="pillow")
        eighths = self.eighths(p.width, p.height, p.orientation)
        before = None if eighths == 8 else (p.width, p.height, eighths)
        decoded = ops.decoded(value, self.upsampling, self.decoder, eighths, Dct(self.dct_method))
        return replace(ops.shown(decoded) if self.to_rgb else decoded, before=before)

    def outside_torch(self) -> str:
        """Decoders other than libjpeg-turbo, its fast inverse DCT, and other sizes than the full one."""
        if self.dct_method != "islow":
            return f"{self.dct_method}'s inverse DCT"
        if self.decoder is Decoder.LIBJPEG_TURBO and self.scale == 8 and self.draft == "none":
            return ""
        return f"decoding by {self.decoder}, smaller"

    def _jpeg(self, data: bytes) -> Raster:
        stream = parse(data)
        known = (1, 3) if self.decoder == Decoder.GO else (1, 3, 4)
        if stream.frame is not None and len(stream.frame.components) not in known:
            raise UnsupportedJpegError(
                f"{len(stream.frame.components)} components", place="frame header", expected=f"one of {known}"
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
        blocks, steps = [c.blocks for c in parts], [c.steps for c in parts]
        given = (blocks, steps, coefficients.factors, coefficients.width, coefficients.height, self.upsampling)
        if len(parts) == 4:
            pixels = self._of_inks(to_planes(*given, eighths, self.decoder, Dct(self.dct_method)), _is_ycck(stream))
        else:
            how: dict[str, Any] = {"eighths": eighths, "decoder": self.decoder, "dct": Dct(self.dct_method)}
            pixels = to_rgb(*given, ycbcr=not is_rgb(stream), **how)
        if self.draft_by not in (ShrinkOnLoad.PILLOW, ShrinkOnLoad.IMAGEMAGICK):
            pixels = pixels[: max(1, coefficients.height * eighths // 8), : max(1, coefficients.width * eighths // 8)]
        before = None if eighths == 8 else (coefficients.width, coefficients.height, eighths)
        return Raster(pixels if pixels.ndim == 3 else pixels[:, :, None], icc, orientation, before=before)

    def _of_inks(self, planes: Sequence[Pixels], ycck: bool) -> Pixels:
        """RGB of C, M, Y, K or of Y, Cb, Cr, K, as stored: 255 for no ink, as Adobe has it and Pillow assumes."""
        if ycck:
            stored = np.dstack([255 - ycbcr_to_rgb(planes[0], planes[1], planes[2], self.decoder), planes[3]])
        else:
            stored = np.dstack(planes)
        return cmyk_to_rgb(255 - stored)

    def _by_go(self, data: bytes, stream: JpegStream, coefficients: Coefficients) -> Raster:
        if self.scale != 8 or self.draft != "none":
            raise ProfileError("a smaller size", place="decode by go", expected="scale = 8, no draft")
        parts = coefficients.components
        planes = go_jpeg.to_planes(
            [c.blocks for c in parts], [c.steps for c in parts], coefficients.factors,
            coefficients.width, coefficients.height,
        )  # fmt: skip
        icc, orientation = _metadata(data)
        ycbcr = len(planes) == 3 and not is_rgb(stream)
        pixels = np.stack(planes, axis=-1)
        if ycbcr and self.to_rgb:
            return Raster(go_jpeg.to_rgb(pixels), icc, orientation)
        return Raster(pixels, icc, orientation, "ycbcr" if ycbcr else "rgb")

    def eighths(self, width: int, height: int, orientation: int = 1) -> int:
        """1 to 16: how many eighths of its size a JPEG of `width` x `height` is decoded to. Raises ProfileError."""
        scale = self.scale(width, height) if isinstance(self.scale, Rule) else self.scale
        if self.draft == "none":
            if not 1 <= scale <= 16:
                raise ProfileError(f"{scale} for {width} x {height}", place="decode.scale", expected="1 to 16")
            return scale
        if self.scale != 8:
            raise ProfileError("both scale and draft", place="decode", expected="one of them")
        if self.draft_by is ShrinkOnLoad.IMAGEMAGICK:
            box = self.draft_limit, self.draft_limit_height or self.draft_limit
            return imagemagick_eighths(width, height, *box)
        if self.draft_by is not ShrinkOnLoad.PILLOW and self.draft_as_shown and orientation >= 5:
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
        if self.draft_to == "limits":
            times = min(width // self.draft_limit, height // (self.draft_limit_height or self.draft_limit))
        else:
            times = min(width // to.width, height // to.height)
        return next((8 // shrink for shrink in (8, 4, 2) if times >= shrink), 8)


def _has_whole_mcus(coefficients: Coefficients) -> bool:
    h, v = (max(factor[i] for factor in coefficients.factors) for i in (0, 1))
    return coefficients.width % (8 * h) == 0 and coefficients.height % (8 * v) == 0


def is_rgb(stream: JpegStream) -> bool:
    """Whether three components are RGB, not YCbCr, by libjpeg's rule: JFIF, else Adobe's transform, else the ids."""
    frame = stream.frame
    if frame is None or len(frame.components) != 3 or any(p[:5] == b"JFIF\0" for p in stream.app(0)):
        return False
    for payload in stream.app(14):
        if payload[:5] == b"Adobe" and len(payload) >= 12:
            return payload[11] == 0
    return tuple(c.id for c in frame.components) == (0x52, 0x47, 0x42)


def _is_ycck(stream: JpegStream) -> bool:
    """Whether four components are YCCK, not CMYK, by libjpeg's rule: where Adobe's transform is not 0."""
    adobe = [p for p in stream.app(14) if p[:5] == b"Adobe" and len(p) >= 12]
    return bool(adobe) and adobe[-1][11] != 0


def _metadata(data: bytes) -> tuple[bytes | None, int]:
    """ICC profile and EXIF orientation as Pillow reads them, without decoding the picture."""
    try:
        with _opened(data) as image:
            return image.info.get("icc_profile") or None, orientation_of(image)
    except (UnderstudyError, OSError, ValueError):
        return None, 1  # a header that Pillow refuses: the pixels are ours, the metadata is not known


def orientation_of(image: Image.Image) -> int:
    """The EXIF orientation that a Pillow image bears, 1 to 8; 1 where there is none, or none that can be read."""
    try:
        value = image.getexif().get(0x0112, 1)
    except Exception:  # Pillow raises whatever its TIFF reader meets in damaged EXIF
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


_BEGINNINGS = {b"\x89PNG": "PNG", b"BM": "BMP", b"II*\0": "TIFF", b"MM\0*": "TIFF", b"RIFF": "WebP", b"GIF8": "GIF"}


def _begins_as(data: bytes) -> str:
    """Which of the formats that Pillow reads here the bytes begin as; "" for none."""
    return next((name for start, name in _BEGINNINGS.items() if data.startswith(start)), "")


def _opened(data: bytes) -> Image.Image:
    """The file as a lazy Pillow image; raises PictureError or LimitError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data))
    except UnidentifiedImageError:
        known = _begins_as(data)
        if known:
            got, expected = f"a {known} whose header cannot be read", "an undamaged file"
        else:
            got = f"starts with {data[:8].hex(' ')}" if data else "an empty file"
            expected = "JPEG, PNG, BMP, TIFF, WebP or GIF"
        raise PictureError(got, place="picture", expected=expected) from None
    except Image.DecompressionBombError as error:
        found = re.search(r"\d+", str(error))
        got = f"{found[0]} pixels" if found else str(error)
        most = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        raise LimitError(got, place="picture", expected=f"at most {most} pixels in formats other than JPEG") from None
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise PictureError(f"{error}", place="picture", expected="a readable file") from None
    if image.width * image.height > MAX_PIXELS:
        raise LimitError(f"{image.width} x {image.height} pixels", place="picture", expected=f"at most {MAX_PIXELS}")
    return image


def _through_pillow(data: bytes, sixteen_bit: Depth16, context: Context) -> Raster:
    image = _opened(data)
    if _has_several(image):
        context.notes.append(f"the {image.format} holds several pictures: the first is taken")
    icc, orientation = image.info.get("icc_profile") or None, orientation_of(image)
    try:
        image.load()
    except Exception as error:  # Pillow's plugins raise many kinds on damaged files
        raise PictureError(f"{error}", place=f"{image.format} picture", expected="a whole file") from None
    return Raster(_eight_bit(image, data, sixteen_bit), icc, orientation)


def _has_several(image: Image.Image) -> bool:
    try:
        return bool(getattr(image, "is_animated", False))  # of a GIF it looks for the second, no further
    except Exception:  # as in `load`
        return False


def _eight_bit(image: Image.Image, data: bytes, how: Depth16) -> Pixels:
    """A loaded image's samples, those of 16 bits brought to 8."""
    if image.mode.startswith("I;16"):
        grey = np.asarray(image).astype(np.uint32)[:, :, None]
        if how == Depth16.SCALE:
            return _scaled(grey)
        return (np.minimum(grey, 255) if how == Depth16.PILLOW else grey >> 8).astype(np.uint8)
    if how == Depth16.SCALE:
        if png16.is_png16(data):
            return _scaled(png16.read(data).astype(np.uint32))
        if image.format == "TIFF" and _tiff_bits(image) == 16:
            raise PictureError(
                "colours of 16 bits", place="TIFF picture", expected="8 bits, or a PNG", remedy="or sixteen_bit = strip"
            )
    return pixels_of(image)


def _tiff_bits(image: Image.Image) -> int:
    bits = getattr(image, "tag_v2", {}).get(258, 8)  # TIFF 6.0, BitsPerSample
    return int(max(bits) if isinstance(bits, tuple) else bits)


def _scaled(samples: np.ndarray[Any, np.dtype[np.uint32]]) -> Pixels:
    """libpng's documentation of png_set_scale_16: `(v * 255 + 32895) >> 16`, which is v / 257 rounded."""
    return ((samples * 255 + 32895) >> 16).astype(np.uint8)


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
