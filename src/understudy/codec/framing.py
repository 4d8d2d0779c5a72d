"""Parts and borders of a picture in whole pixels: which part is cut out, where a picture lies on a larger ground.

Plain integers and Python floats; imports nothing heavy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum

from ..errors import ProfileError
from .sizes import Rounding

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom are not part of it. Negative or beyond the picture: a border."""


class Offset(StrEnum):
    """How the pixels that lie to the left of a part, or above it, become whole ones. They differ by one pixel, and in
    the middle only where the two sides differ by an odd number; `middle` also where both are odd."""

    FLOOR = "floor"
    """The share of what is left over, rounded down: libvips, libgd under nginx, Go's imaging, `(W - w) // 2`."""
    CEIL = "ceil"
    HALF_UP = "half_up"
    """sharp's cover, Jimp's cover and contain."""
    HALF_EVEN = "half_even"
    """Python's round: Pillow's ImageOps.pad."""
    HALVES = "halves"
    """Half of the larger side less half of the smaller, each rounded down, `W // 2 - w // 2`: ImageMagick,
    GraphicsMagick, Go's imaging.PasteCenter."""
    MIDDLE = "middle"
    """Half of the larger side rounded down less half of the smaller, half to even, `round(W // 2 - w / 2)`: thumbor."""
    EDGES = "edges"
    """Both edges to the nearest pixel, half to even, by which the part may become a pixel larger or smaller:
    Image.crop given `(W - w) / 2` and `(W + w) / 2`."""


def span(outer: int, inner: int, gravity: float, how: Offset) -> tuple[int, int]:
    """(begin, end) of `inner` pixels among `outer`, of which there are as many or more: the share `gravity` of what is
    left over lies before them.

    Source: measured; tests/steps/test_framing*.py ask the software that the members of Offset name.
    """
    room = outer - inner
    match how:
        case Offset.EDGES:
            begin = round(room * gravity)
            return begin, max(begin + 1, round(room * gravity + inner))
        case Offset.HALVES:
            begin = math.floor(outer * gravity) - math.floor(inner * gravity)
        case Offset.MIDDLE:
            begin = round(math.floor(outer * gravity) - inner * gravity)
        case _:
            begin = _rounded(room * gravity, Rounding(how))
    begin = min(max(begin, 0), room)
    return begin, begin + inner


def ground(inner: int, outer: int, gravity: float, how: Offset) -> tuple[int, int]:
    """(pixels before, pixels in all) of a ground of `outer` pixels around `inner`, of which there are as many or fewer:
    as if `inner` were a part of it. By `edges` the ground may become a pixel larger or smaller."""
    begin, _ = span(outer, inner, gravity, Offset.HALF_EVEN if how is Offset.EDGES else how)
    if how is Offset.EDGES:
        outer = begin + max(inner, round(outer - (outer - inner) * gravity))
    return begin, outer


def shaped(width: int, height: int, aspect: Sequence[int], rounding: Rounding, *, larger: bool) -> tuple[int, int]:
    """(width, height) of the largest part of the shape `aspect` (width, height), or of the smallest ground; the size
    itself where `aspect` is (0, 0). Raises ProfileError where one of its two is 0."""
    across, down = _checked(aspect, "pad" if larger else "crop")
    if not across or width * down == height * across:
        return width, height
    if (width * down > height * across) is not larger:
        return max(1, _quotient(height * across, down, rounding)), height
    return width, max(1, _quotient(width * down, across, rounding))


def thumbors(width: int, height: int, aspect: Sequence[int]) -> tuple[int, int]:
    """(width, height) of the part of the shape `aspect` (width, height) that thumbor cuts out: a width is rounded up, a
    height half to even, and a picture whose width / height is the same to two decimals stays whole. Raises as `shaped`.

    Source: measured on thumbor 7.8.0 (tests/steps/test_framing_recorded.py), its auto_crop for the two decimals.
    """
    across, down = _checked(aspect, "crop")
    if not across or round(width / height, 2) == round(across / down, 2):
        return width, height
    if across * height > down * width:
        return width, max(1, round(width * down / across))
    return max(1, math.ceil(across * height / down)), height


def middle_of(width: int, height: int, to: tuple[int, int], gravity: Sequence[float]) -> tuple[float, ...]:
    """Left, top, right, bottom of the part of the shape `to`, in fractions of pixels: Pillow's ImageOps.fit.

    Source: its documentation; tests/steps/test_framing.py asks Pillow for the samples.
    """
    shape, wanted = width / height, to[0] / to[1]
    across, down = float(width), float(height)
    if shape > wanted:
        across = wanted * height
    elif shape < wanted:
        down = width / wanted
    left, top = (width - across) * gravity[0], (height - down) * gravity[1]
    return left, top, left + across, top + down


def _checked(aspect: Sequence[int], place: str) -> tuple[int, int]:
    across, down = aspect
    if (across == 0) is not (down == 0):
        raise ProfileError(
            f"aspect {across} : {down}", place=place, expected="width and height of a shape, or 0 and 0 for none"
        )
    return across, down


def _quotient(value: int, divisor: int, rounding: Rounding) -> int:
    """`value / divisor` rounded, in integers."""
    whole, rest = divmod(value, divisor)
    match rounding:
        case Rounding.FLOOR:
            return whole
        case Rounding.CEIL:
            return whole + (rest > 0)
        case Rounding.HALF_UP:
            return whole + (2 * rest >= divisor)
        case Rounding.HALF_EVEN:
            return whole + (2 * rest > divisor or (2 * rest == divisor and whole % 2 == 1))


def _rounded(value: float, rounding: Rounding) -> int:
    match rounding:
        case Rounding.FLOOR:
            return math.floor(value)
        case Rounding.CEIL:
            return math.ceil(value)
        case Rounding.HALF_UP:
            return math.floor(value + 0.5)
        case Rounding.HALF_EVEN:
            return round(value)
