"""Parts and borders of a picture in whole pixels: which part is cut out, where a picture lies on a larger ground.

Plain integers and Python floats; imports nothing heavy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from .sizes import Rounding

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom are not part of it. Negative or beyond the picture: a border."""


def offset(room: int, gravity: float, rounding: Rounding) -> int:
    """Pixels of `room` (0 or more) that lie to the left of, or above, a part: its share `gravity`, rounded."""
    return _rounded(room * gravity, rounding)


def shaped(width: int, height: int, aspect: Sequence[int], rounding: Rounding, *, larger: bool) -> tuple[int, int]:
    """(width, height) of the largest part of the shape `aspect` (width, height), or of the smallest ground; the size
    itself where `aspect` is (0, 0)."""
    across, down = aspect
    if not across or not down or width * down == height * across:
        return width, height
    if (width * down > height * across) is not larger:
        return max(1, _quotient(height * across, down, rounding)), height
    return width, max(1, _quotient(width * down, across, rounding))


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
