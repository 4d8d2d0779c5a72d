"""What a step is, what flows between steps, and the rules by which a parameter may depend on the picture."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..codec import imagemagick_quality
from ..errors import JpegError, PictureError, ProfileError
from ..jpeg.compose import Encoded
from ..jpeg.parse import parse
from ..jpeg.syntax import Dqt, JpegStream

Pixels = npt.NDArray[np.uint8]
"""Samples `[height, width, channels]`, 0 to 255; channels: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A file as it was sent."""

    data: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Raster:
    """A decoded picture. Not to be changed in place: steps return new ones."""

    pixels: Pixels
    icc: bytes | None = None
    """The embedded ICC profile; None means that the picture came without one."""
    orientation: int = 1
    """EXIF orientation, 1 to 8, not yet applied; 1 is upright."""
    space: Literal["rgb", "ycbcr"] = "rgb"
    """What three channels are: R, G, B or, where a platform never makes RGB of a JPEG, Y, Cb, Cr."""
    before: tuple[int, int, int] | None = None
    """Of a picture that its decoder made smaller or larger: (width, height) of the file's own samples, turned as
    `pixels` are, and the eighths of them that were decoded; None for full size, and once it was resized."""
    resized: bool = False
    """Whether a `resize` has given it another size: for filters that run only then."""

    def __post_init__(self) -> None:
        p = self.pixels
        if p.dtype != np.uint8 or p.ndim != 3 or p.shape[2] not in (1, 2, 3, 4) or 0 in p.shape:
            raise PictureError(
                f"{p.dtype} array of shape {p.shape}", place="raster", expected="uint8 [height, width, 1 to 4]"
            )

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def has_alpha(self) -> bool:
        return self.pixels.shape[2] in (2, 4)

    @property
    def has_new_size(self) -> bool:
        """Whether a resize or the decoder made it smaller or larger."""
        return self.resized or self.before is not None


@dataclass(frozen=True, slots=True, eq=False)
class Delivered:
    """A file as the platform hands it out."""

    data: bytes
    stream: JpegStream


Value = Source | Raster | Encoded | Delivered


@dataclass(frozen=True)
class Context:
    """What a step may know beside the value that it is given: the file as it was sent, if there was one."""

    sent: bytes | None = None
    notes: list[str] = field(default_factory=list, compare=False)
    """Things that a reader of the trace should know, such as a fallback that was taken."""

    @cached_property
    def sent_stream(self) -> JpegStream | None:
        """The sent file's segments, if it was a JPEG."""
        try:
            return parse(self.sent) if self.sent is not None else None
        except JpegError:
            return None

    @cached_property
    def sent_size(self) -> tuple[int, int] | None:
        """(width, height) of the sent file's samples, as its header states them; None without a file that has them."""
        if self.sent is None:
            return None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                with Image.open(io.BytesIO(self.sent)) as picture:
                    return picture.size
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            return None

    @cached_property
    def sent_quality(self) -> int | None:
        """A sent JPEG's quality, 1 to 100, as ImageMagick reads it off its tables; None for others."""
        if self.sent_stream is None:
            return None
        tables = {t.Tq: t.steps_natural for e in self.sent_stream.elements if isinstance(e, Dqt) for t in e.tables}
        return imagemagick_quality.estimate(tables)

    def sent_measure(self, what: str) -> int | None:
        """`longest_side`, `pixels`, `bytes` or `quality` of the sent file; None where there is none."""
        if what == "quality":
            return self.sent_quality
        if what == "bytes":
            return None if self.sent is None else len(self.sent)
        if self.sent_size is None:
            return None
        return max(self.sent_size) if what == "longest_side" else self.sent_size[0] * self.sent_size[1]


@dataclass(frozen=True)
class Rule:
    """A number that depends on the picture at the step's input, as a table that a person can read; or on the file as it
    was sent, which `encode.quality` alone may go by.

    `{by = "longest_side", up_to = [[960, 71]], otherwise = 85}` means: 71 up to 960, 85 above.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    by: Literal[
        "longest_side", "shortest_side", "width", "height", "pixels",
        "sent_longest_side", "sent_pixels", "sent_bytes", "sent_quality",
    ]  # fmt: skip
    """`sent_quality`: of a JPEG, as ImageMagick reads it off the tables; another file has `otherwise`."""
    up_to: tuple[tuple[int, int], ...]
    """(limit, value), limits ascending: the first limit that the picture does not exceed decides."""
    otherwise: int

    @property
    def by_sent(self) -> bool:
        """Whether it goes by the file as it was sent."""
        return self.by.startswith("sent_")

    def of_sent(self, context: Context) -> int:
        """The value for a file as it was sent; `otherwise` where there is none, or it does not have the measure."""
        measure = context.sent_measure(self.by.removeprefix("sent_"))
        return self.otherwise if measure is None else self.at(measure)

    def __call__(self, width: int, height: int) -> int:
        """The value for a picture of `width` x `height` pixels. Raises ProfileError where the rule goes by the file."""
        if self.by_sent:
            raise ProfileError(f"a rule by {self.by}", expected="a rule by size; only encode.quality goes by the file")
        size = {
            "longest_side": max(width, height),
            "shortest_side": min(width, height),
            "width": width,
            "height": height,
            "pixels": width * height,
        }[self.by]
        return self.at(size)

    def at(self, measure: int) -> int:
        """The value for what it goes by, in pixels, bytes or units of quality."""
        return next((value for limit, value in self.up_to if measure <= limit), self.otherwise)

    def __str__(self) -> str:
        what = self.by.replace("sent_", "the sent file's ").replace("_", " ")
        return ", ".join(f"{v} up to {what} {limit}" for limit, v in self.up_to) + f", otherwise {self.otherwise}"


class Step:
    """One thing that a platform does to a picture. A step is a frozen dataclass; its fields are its parameters.

    A subclass is the only one in its file in `steps/`, names itself and its types, and gives `exact`. It may give
    `observe`, and satisfy `Differentiable` and `Estimable`; whatever it gives is held to the contract tests.
    """

    name: ClassVar[str]
    takes: ClassVar[type]
    gives: ClassVar[type]
    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    def exact(self, value: Any, context: Context) -> Value:
        """The true integer result. `value` is of type `takes` and is not changed; the result is of type `gives`."""
        raise NotImplementedError

    def observe(self, delivered: JpegStream) -> Mapping[str, Any]:
        """Parameter values that a delivered file shows outright (its quality, its ICC profile): what `--like` takes.

        What depends on other parameters (a quality on its law) is left out where the file does not agree with them.
        """
        return {}

    def outside_torch(self) -> str:
        """Why a channel's forward sends this step's pictures through `exact` itself; "" where torch gives the same."""
        return ""


@runtime_checkable
class Differentiable(Protocol):
    """A step with a `surrogate`: `exact` on tensors, with a useful gradient.

    The tensor operations are handed in as `ops`, so that no step imports torch.
    """

    def surrogate(self, value: Any, ops: Any) -> Any: ...


@runtime_checkable
class Estimable(Protocol):
    """A step whose parameters can be estimated from pairs: ranked candidates, each with its evidence."""

    @classmethod
    def estimate(cls, pairs: Any) -> Any: ...
