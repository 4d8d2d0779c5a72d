"""How large a resized picture becomes: a limit, which side it bounds, and how the other side is derived and rounded.

Plain integers and Python floats (IEEE double, as in the software that these rules come from); imports nothing heavy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum


class Fit(StrEnum):
    """What the limit bounds."""

    LONGEST_SIDE = "longest_side"
    SHORTEST_SIDE = "shortest_side"
    WIDTH = "width"
    HEIGHT = "height"
    BOX = "box"
    """Width and height, each by its own limit; the one that asks for the smaller picture decides."""
    BOX_IN_TURN = "box_in_turn"
    """First the width is brought to its limit, then the height of what came out, so a side may be rounded twice:
    nginx, Go's nfnt/resize (Thumbnail)."""
    COVER = "cover"
    """As `box`, but the one that asks for the larger picture decides, so that the picture covers the box."""
    STRETCH = "stretch"
    """Width and height become the limits, whatever the shape."""
    FILL = "fill"
    """The same, of the part of the picture that has the box's shape, in fractions of pixels: Pillow's ImageOps.fit."""
    PIXELS = "pixels"
    """Width times height; both sides are derived, by the square root of the ratio of areas."""
    PERCENT = "percent"
    """The limit is a percentage of each side (so many of its `limit_height`ths where that is given: 1 of 3 is a third);
    both are derived, in integers."""


class Derive(StrEnum):
    """How the other side is computed before it is rounded. They differ where the exact value is near a tie."""

    EXACT = "exact"
    """side * limit / bounded side, in integers."""
    SCALE = "scale"
    """side * (limit / bounded side), in float64."""
    SHRINK = "shrink"
    """side / (bounded side / limit), in float64."""
    ASPECT = "aspect"
    """limit * (side / bounded side), in float64."""
    SCALE_BOTH = "scale-both"
    """As `scale`, the bounded side too: rounded down it may end one short of its limit (1601 * (1600 / 1601) does), and
    it becomes a multiple where there is one."""
    SHRINK_BOTH = "shrink-both"
    """As `shrink`, the bounded side too."""
    VIPS = "vips"
    """As `shrink`, by way of two reciprocals more, of which the last bit decides: libvips, and so sharp."""
    PILLOW_THUMBNAIL = "pillow-thumbnail"
    """Image.thumbnail's: whichever of floor and ceil comes nearer to the aspect ratio; `rounding` is not used."""


class Rounding(StrEnum):
    """Of a derived side."""

    FLOOR = "floor"
    CEIL = "ceil"
    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    """Python's and OpenCV's round."""


class ShrinkOnLoad(StrEnum):
    """How much of a shrink a program leaves to the JPEG decoder; see `shrink_on_load`."""

    PILLOW = "pillow"
    """Image.draft(): as much as keeps both sides at or above the target; partial last samples are kept."""
    VIPS = "vips"
    """vips_thumbnail: half of it at most; partial last samples are dropped."""
    SHARP = "sharp"
    """sharp: less than all of it; partial last samples are dropped."""
    CHROMIUM = "chromium"
    """Chromium's canvas: all of one to three `halvings`, nothing of more; only of a JPEG of whole MCUs."""
    IMAGEMAGICK = "imagemagick"
    """-define jpeg:size (GraphicsMagick: -size): as often as both sides of that box go into the stored picture's, in
    whole numbers; a picture that is smaller is decoded at twice its size."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a size rule says of a picture."""

    width: int
    height: int
    scale: float
    """Output pixels to one input pixel as the rule asks for it, before a side is rounded; 1 where nothing changes."""


def target(
    width: int,
    height: int,
    fit: Fit,
    limit: int,
    limit_height: int = 0,
    *,
    upscale: bool = False,
    derive: Derive = Derive.EXACT,
    rounding: Rounding = Rounding.HALF_UP,
    multiple: int = 1,
) -> Target:
    """The size of a `width` x `height` picture after the rule.

    limit: pixels a side, of the whole picture with PIXELS, or percent; limit_height: that of a box's height, 0 for the
    same; with PERCENT what the limit is a part of, 0 for 100.
    upscale: whether a picture that fits is made larger. multiple: what a derived side is rounded to.
    No side becomes smaller than 1 (or than `multiple`).
    """
    vertical = limit_height or limit
    if fit is Fit.PIXELS:
        scale = math.sqrt(limit / (width * height))
        if not upscale and width * height <= limit:
            return Target(width, height, 1.0)
        new_width, new_height = (_rounded(side * scale, 1, rounding, multiple) for side in (width, height))
        return Target(new_width, new_height, scale)
    if fit is Fit.PERCENT:
        whole = limit_height or 100
        if limit == whole or (limit > whole and not upscale):
            return Target(width, height, 1.0)
        new_width, new_height = (_rounded(side * limit, whole, rounding, multiple) for side in (width, height))
        return Target(new_width, new_height, limit / whole)
    if fit in (Fit.STRETCH, Fit.FILL):
        return _stretched(width, height, fit, limit, vertical, upscale)
    if fit is Fit.BOX_IN_TURN:
        return _in_turn(width, height, limit, vertical, derive, rounding, multiple, upscale)
    by_width = {
        Fit.LONGEST_SIDE: width >= height,
        Fit.SHORTEST_SIDE: width <= height,
        Fit.WIDTH: True,
        Fit.HEIGHT: False,
        Fit.BOX: limit * height <= vertical * width,
        Fit.COVER: limit * height >= vertical * width,
    }[fit]
    bound = vertical if fit in (Fit.BOX, Fit.COVER) and not by_width else limit
    side, other = (width, height) if by_width else (height, width)
    if side == bound or (side < bound and not upscale):
        return Target(width, height, 1.0)
    derived = _derived(side, other, bound, by_width, derive, rounding, multiple)
    bounded = _derived(side, side, bound, by_width, derive, rounding, multiple) if derive in _BOTH else bound
    return Target(bounded if by_width else derived, derived if by_width else bounded, bound / side)


_BOTH = frozenset({Derive.SCALE_BOTH, Derive.SHRINK_BOTH})


def _stretched(width: int, height: int, fit: Fit, limit: int, vertical: int, upscale: bool) -> Target:
    """Without `upscale` no side becomes larger; a part of the picture is then cut out only where none would."""
    if not upscale and fit is Fit.FILL and (width < limit or height < vertical):
        return Target(width, height, 1.0)
    to = (limit, vertical) if upscale else (min(width, limit), min(height, vertical))
    return Target(*to, 1.0 if to == (width, height) else max(to[0] / width, to[1] / height))


def _in_turn(
    width: int, height: int, limit: int, vertical: int, derive: Derive, rounding: Rounding, multiple: int, upscale: bool
) -> Target:
    before = width, height
    if width > limit or (upscale and width < limit):
        height = _derived(width, height, limit, True, derive, rounding, multiple)
        width = limit
    if height > vertical:
        width = _derived(height, width, vertical, False, derive, rounding, multiple)
        height = vertical
    return Target(width, height, 1.0 if (width, height) == before else max(width / before[0], height / before[1]))


def _derived(
    side: int, other: int, bound: int, by_width: bool, derive: Derive, rounding: Rounding, multiple: int
) -> int:
    """What `other` becomes when `side` becomes `bound`."""
    match derive:
        case Derive.EXACT:
            return _rounded(other * bound, side, rounding, multiple)
        case Derive.SCALE | Derive.SCALE_BOTH:
            return _rounded(other * (bound / side), 1, rounding, multiple)
        case Derive.SHRINK | Derive.SHRINK_BOTH:
            return _rounded(other / (side / bound), 1, rounding, multiple)
        case Derive.VIPS:
            scale = 1.0 / (side / bound)
            return _rounded(other / (1.0 / scale) if scale < 1.0 else other * scale, 1, rounding, multiple)
        case Derive.ASPECT:
            return _rounded(bound * (other / side), 1, rounding, multiple)
        case Derive.PILLOW_THUMBNAIL:
            return _pillow_thumbnail(side, other, bound, by_width)


def _pillow_thumbnail(side: int, other: int, bound: int, by_width: bool) -> int:
    """The nearer of floor and ceil, by the difference of width / height; floor where they are equally near.

    Source: Image.thumbnail's documentation ("preserve the aspect"); tests/steps/test_resize.py asks Pillow.
    """
    aspect = side / other if by_width else other / side

    def distance(n: int) -> float:
        if by_width:
            return abs(aspect - bound / n) if n else 0.0
        return abs(aspect - n / bound)

    exact = bound / aspect if by_width else bound * aspect
    return max(min(math.floor(exact), math.ceil(exact), key=distance), 1)


def _rounded(value: int | float, divisor: int, rounding: Rounding, multiple: int) -> int:
    """`value / divisor` rounded to a multiple; exact where `value` is an integer."""
    divisor *= multiple
    whole = math.floor(value / divisor) if isinstance(value, float) else value // divisor
    rest = value - whole * divisor
    match rounding:
        case Rounding.FLOOR:
            up = False
        case Rounding.CEIL:
            up = rest > 0
        case Rounding.HALF_UP:
            up = 2 * rest >= divisor
        case Rounding.HALF_EVEN:
            up = 2 * rest > divisor or (2 * rest == divisor and whole % 2 == 1)
    return max(whole + up, 1) * multiple


def halvings(width: int, height: int, to_width: int, to_height: int) -> int:
    """How often Chromium halves a picture, sides rounded up, before it samples it: both stay as large as the target.

    Source: measured, tests/codec/test_resample_skia.
    """
    times, size = 0, (width, height)
    while size != (1, 1):
        smaller = (-(-width >> (times + 1)), -(-height >> (times + 1)))
        if smaller[0] < to_width or smaller[1] < to_height:
            break
        times, size = times + 1, smaller
    return times


def imagemagick_eighths(width: int, height: int, box_width: int, box_height: int) -> int:
    """1 to 16: the eighths at which ImageMagick and GraphicsMagick have a JPEG decoded that is to fill a box.

    Source: measured on ImageMagick 6.9.11 and GraphicsMagick 1.3.40 (tests/steps/test_shrink_generation_sharpen.py).
    """
    times = min(width // box_width, height // box_height)
    return -(-8 // times) if times else 16


def shrink_on_load(shrink: float, how: ShrinkOnLoad) -> int:
    """1, 2, 4 or 8: the part of `shrink` (old side / new side) that libjpeg's scaled inverse DCT does.

    Source: measured; VIPS on libvips 8.14.1 and 8.18.7, SHARP on sharp 0.35.5 (factors 1 to 32), in
    tests/codec/test_resample_vips.py; PILLOW in tests/steps.
    """
    least = 2 if how is ShrinkOnLoad.VIPS else 1
    chosen = next((n for n in (8, 4, 2) if shrink >= n * least), 1)
    return chosen // 2 if how is ShrinkOnLoad.SHARP and 1 < chosen == int(shrink) else chosen
