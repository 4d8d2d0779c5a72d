"""resize: a raster -> a raster of another size: a size rule, then the arithmetic of a named library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Interval

from ..codec import resample
from ..codec.framing import middle_of
from ..codec.sizes import Derive, Fit, Rounding, Target, target
from ..errors import LimitError, ProfileError
from ..jpeg.entropy_decode import MAX_PIXELS
from .base import Context, Raster, Rule, Step

Option = bool | int | float | str
Share = Annotated[float, Interval(ge=0.0, le=1.0)]


@dataclass(frozen=True)
class Resize(Step):
    """Makes a picture fit a limit; one that fits already passes unchanged.

    The rule looks at the picture as it stands, so it comes after `orient` where a platform turns pictures first.
    """

    name: ClassVar[str] = "resize"
    takes: ClassVar[type] = Raster
    gives: ClassVar[type] = Raster

    fit: Fit = Fit.LONGEST_SIDE
    """What the limit bounds."""
    limit: Annotated[int, Interval(ge=1, le=MAX_PIXELS)] | Rule = 2048
    """Pixels a side (of the whole picture where `fit` is `pixels`; percent where it is that), or a rule for them."""
    limit_height: Annotated[int, Interval(ge=0, le=65535)] = 0
    """The limit of the height where `fit` is a box; 0 for the same as the width's. Where `fit` is `percent`, what the
    limit is a part of; 0 for 100."""
    gravity: tuple[Share, Share] = (0.5, 0.5)
    """Where `fit` is `fill`: shares of what is left out that lie at the left and at the top."""
    upscale: bool = False
    """Whether a picture that is smaller than the limit is made larger."""
    derive: Derive = Derive.EXACT
    """How the other side is computed."""
    rounding: Rounding = Rounding.HALF_UP
    """How the other side is rounded."""
    multiple: Annotated[int, Interval(ge=1, le=64)] = 1
    """What derived sides are rounded to a multiple of."""
    code: str = "pillow"
    """The library whose arithmetic it is: a module of `codec.resample`."""
    kernel: str = "lanczos"
    """The filter, by that library's name for it."""
    geometry: Literal["per_axis", "common"] = "per_axis"
    """What maps output to input pixels: `per_axis`, the ratio of the sizes, which differs a little between the axes
    once a side is rounded; `common`, the rule's own ratio on both axes (OpenCV given fx and fy)."""
    as_shown: bool = False
    """Whether the rule bounds the sides that a viewer sees, where an EXIF orientation still waits to be applied: sharp
    resizes the stored picture, which comes before `orient`, by the width of the upright one."""
    sized_by: Literal["raster", "stored", "stored_part"] = "raster"
    """Which size the rule looks at where a decoder made the picture smaller: that of the smaller raster; that of the
    file's own samples; or that, and of the raster only what they fill is resampled, less than its last row or column
    (Image.thumbnail of an open JPEG)."""
    alpha: Literal["own", "premultiply", "straight"] = "own"
    """Whether colours are multiplied by alpha while they are filtered; `own`: as the library itself does."""
    at_own_size: bool = False
    """Whether the filter also runs on a picture that fits already: ImageMagick's blackens what is fully transparent."""
    options: Mapping[str, Option] = field(default_factory=dict)
    """Further options of the library's module, such as `{ release = 12 }` of `pillow`."""

    def exact(self, value: Raster, context: Context) -> Raster:
        """The resized raster. Raises ProfileError for what the library does not have, LimitError above 2^28 pixels."""
        to = self._size(value)
        if to is None:
            return value
        pixels = resample.resize(
            self.code, value.pixels, to.width, to.height, kernel=self.kernel, **self._options(to, value)
        )
        return replace(value, pixels=pixels, **self._after(to, value))

    def surrogate(self, value: Any, ops: Any) -> Any:
        """The resized picture. The gradient is the transpose of the library's weights."""
        to = self._size(value)
        if to is None:
            return value
        if value.space == "ycbcr" and self.shows_rgb:
            raise ProfileError(f"Y, Cb and Cr to {self.code}", place="resize in a channel", expected="RGB")
        made = ops.resize(value, self.code, to.width, to.height, kernel=self.kernel, **self._options(to, value))
        return replace(made, **self._after(to, value))

    @property
    def shows_rgb(self) -> bool:
        """Whether the library makes R, G and B of a picture in Y, Cb and Cr while it resizes it."""
        return "ycbcr" in resample.options(self.code)

    def outside_torch(self) -> str:
        """Why a forward pass goes through the library's own form here; "" where tensor operations give its samples."""
        options: dict[str, Any] = {name: given for name, given in self.options.items() if name != "box"}
        sizes = [(16, 16, 11, 11), (16, 16, 23, 23)] if self.upscale else [(16, 16, 11, 11)]
        plans = (resample.plan(self.code, *size, kernel=self.kernel, **options) for size in sizes)
        return next((made.inexact for made in plans if made.inexact), "")

    def _size(self, value: Any) -> Target | None:
        """The size that a raster (or a channel's picture) gets; None where it passes as it is. Raises LimitError."""
        to = self.target_of(value)
        if (to.width, to.height) == (value.width, value.height) and not self.at_own_size:
            return None
        if to.width * to.height > MAX_PIXELS:
            raise LimitError(f"{to.width} x {to.height} pixels", place="resize", expected=f"at most {MAX_PIXELS}")
        return to

    def target_of(self, value: Any) -> Target:
        """The size that a raster (or a channel's picture) gets, and how many pixels of it go to one of the raster's."""
        width, height = value.width, value.height
        by_stored = self.sized_by != "raster" and value.before is not None
        if by_stored:
            width, height, _ = value.before
        turned = self.as_shown and value.orientation >= 5
        to = self.target(height, width) if turned else self.target(width, height)
        scale = to.scale * 8 / value.before[2] if by_stored else to.scale
        return Target(to.height, to.width, scale) if turned else Target(to.width, to.height, scale)

    def _after(self, to: Target, value: Any) -> dict[str, Any]:
        """What is known of the picture once it is resized."""
        after = {"before": None, "resized": value.resized or (to.width, to.height) != (value.width, value.height)}
        return after | {"space": "rgb"} if self.shows_rgb else after

    def target(self, width: int, height: int) -> Target:
        """The size that a picture of `width` x `height` gets."""
        limit = self.limit(width, height) if isinstance(self.limit, Rule) else self.limit
        return target(
            width, height, self.fit, limit, self.limit_height,
            upscale=self.upscale, derive=self.derive, rounding=self.rounding, multiple=self.multiple,
        )  # fmt: skip

    def _options(self, to: Target, value: Any) -> dict[str, Any]:
        """The keyword options for the library's module."""
        known = resample.options(self.code)
        given: dict[str, Any] = dict(self.options)
        if "orientation" in known:
            given.setdefault("orientation", value.orientation)
        if value.space == "ycbcr" and self.shows_rgb:
            given["ycbcr"] = True
        if self.sized_by == "stored_part" and value.before is not None:
            if "box" not in known:
                raise ProfileError(
                    f"sized_by {self.sized_by!r} with code {self.code!r}", place="resize", expected="stored"
                )
            width, height, eighths = value.before
            given.setdefault("box", (0.0, 0.0, width * eighths / 8, height * eighths / 8))
        if self.fit is Fit.FILL:
            if "box" not in known:
                raise ProfileError(f"fit {str(self.fit)!r} with code {self.code!r}", place="resize", expected="stretch")
            given["box"] = middle_of(value.width, value.height, (to.width, to.height), self.gravity)
        if self.geometry == "common":
            if "factors" not in known:
                raise ProfileError(
                    f"geometry {self.geometry!r} with code {self.code!r}", place="resize", expected="per_axis"
                )
            given["factors"] = (to.scale, to.scale)
        if self.alpha != "own" and value.has_alpha:
            if "premultiply" in known:
                given["premultiply"] = self.alpha == "premultiply"
            elif self.alpha == "premultiply":
                raise ProfileError(f"alpha {self.alpha!r} with code {self.code!r}", place="resize", expected="own")
        return given
