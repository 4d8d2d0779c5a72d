"""The limits that received sizes allow, solved for: one number, a box, an area, or a table of limits by size."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, NamedTuple

from ..codec.sizes import Fit, Rounding
from ..steps.base import Rule

Measure = Literal["longest_side", "shortest_side", "width", "height", "pixels"]
MEASURES: tuple[Measure, ...] = ("longest_side", "pixels", "shortest_side", "width", "height")
SIDES = (Fit.LONGEST_SIDE, Fit.WIDTH, Fit.HEIGHT, Fit.SHORTEST_SIDE)
PASSES = 65535
"""A limit that no JPEG exceeds (T.81 B.2.2): pictures pass as they are."""
MULTIPLES = (1, 2, 4, 8, 16, 32)
"""What sides are rounded to multiples of."""
SMALL_MULTIPLES = (1, 2, 4)
"""Those for which every limit of a box that may have become the sides is tried, not only usual ones."""
MOST_PIECES = 3
"""Limits of a table; with more, a table is a list of the pairs."""


ALONE = 4.0
"""Oddity of a table's limit that one pair speaks for: such a pair may as well belong to something else."""


class View(NamedTuple):
    """What a rule sees of a pair and what it makes of it, (width, height) each."""

    sent: tuple[int, int]
    received: tuple[int, int]

    @property
    def is_resized(self) -> bool:
        return self.sent != self.received


@dataclass(frozen=True)
class Limit:
    """A limit that the resized pictures allow; whether it gives every size depends on the rounding too."""

    fit: Fit
    limit: int | Rule
    height: int = 0
    """That of a box's height; 0 for the same."""
    oddity: float = 0.0
    """0 for a number that people choose, up to 2."""
    derived: bool = False
    """Whether no side was received at the limit itself, so that only rules which derive both sides can have it."""


COMMON = frozenset({360, 480, 540, 576, 640, 720, 750, 768, 800, 828, 900, 960, 1024, 1080, 1125, 1242, 1280, 1366,
                    1440, 1536, 1600, 1920, 2048, 2160, 2560, 2880, 3840, 4096})  # fmt: skip
"""Sides of screens and of video, which people choose as limits."""


def oddity(number: int) -> float:
    """0 for a side that people choose, 2 for one that nobody would: an opinion that orders rules which fit alike."""
    if number in COMMON or number % 100 == 0 or number & (number - 1) == 0 or number == PASSES:
        return 0.0
    if number % 50 == 0 or number % 64 == 0:
        return 0.3
    return 0.8 if number % 10 == 0 or number % 16 == 0 else 2.0


def limits(views: Sequence[View], by_size: bool) -> Iterator[Limit]:
    """The limits worth a trial. by_size: tables instead of single limits."""
    resized = [v for v in views if v.is_resized]
    if by_size:
        for fit in SIDES:
            for measure in MEASURES:
                table = _table(fit, measure, views)
                if table is not None:
                    yield Limit(fit, table, 0, _table_oddity(fit, table, resized))
        return
    for fit in SIDES:
        bounded = {_bounded(fit, v) for v in resized}
        if len(bounded) == 1:
            limit = next(iter(bounded))
            yield Limit(fit, limit, 0, oddity(limit))
        yield from _missed(fit, bounded, resized)
    yield from _boxes(resized)
    yield from _areas(views)
    if len(resized) == len(views) > 1:
        yield from _percentages(resized)


def _boxes(resized: Sequence[View]) -> Iterator[Limit]:
    """Boxes: each side's limit is the largest that was received, or near it where derived sides are rounded up or no
    side is left as it is."""
    widths, heights = ({v.received[i] for v in resized} for i in (0, 1))
    if min(widths) < max(widths) and min(heights) < max(heights):
        yield Limit(Fit.COVER, min(widths), min(heights), oddity(min(widths)) + oddity(min(heights)))
    both = max(*widths, *heights)
    yield Limit(Fit.BOX_IN_TURN, both, 0, oddity(both))
    for derived in (False, True):
        for width, height in product(_largest(widths, derived), _largest(heights, derived)):
            if width != height:  # a box of equal sides is the longest side's rule
                for fit in (Fit.BOX,) if derived else (Fit.BOX, Fit.BOX_IN_TURN):
                    yield Limit(fit, width, height, oddity(width) + oddity(height), derived)


def _largest(sides: set[int], derived: bool) -> list[int]:
    """The largest two; for rules that derive both sides, the limits near the largest, and those that a small multiple,
    which all of the sides are of, may have rounded up."""
    if not derived:
        return sorted(sides)[-2:]
    high = max(sides)
    multiple = max(m for m in SMALL_MULTIPLES if all(side % m == 0 for side in sides))
    return sorted({*_nearby({high}), *range(high - multiple + 1, high + 1)})


def _missed(fit: Fit, bounded: set[int], resized: Sequence[View]) -> Iterator[Limit]:
    """Limits that the bounded sides may have missed: by one where both sides are rounded down, by less than a multiple
    where both become one."""
    for limit in sorted({*_nearby(bounded), *_within(bounded, _common_multiple(resized))}):
        yield Limit(fit, limit, 0, oddity(limit), True)


def _common_multiple(resized: Sequence[View]) -> int:
    """The largest of MULTIPLES that all received sides are of."""
    return max(m for m in MULTIPLES if all(side % m == 0 for v in resized for side in v.received))


def _within(bounded: set[int], multiple: int) -> list[int]:
    """Every limit that may have become these sides by rounding to a multiple; none where there is no multiple."""
    low, high = min(bounded), max(bounded)
    return [] if high - low > multiple else list(range(max(1, high - multiple + 1), low + multiple))


def _nearby(bounded: set[int]) -> list[int]:
    """The limits that people choose near these sides, and one above."""
    low, high = min(bounded), max(bounded)
    multiple = max(m for m in (*MULTIPLES, 64) if all(side % m == 0 for side in bounded))
    nearby = {limit for limit in (high, high + 1) if high - low <= 1}
    near_high = COMMON | {high // 100 * 100, high // 100 * 100 + 100}
    nearby |= {limit for limit in near_high if high - multiple < limit < low + multiple}
    nearby |= {low, high} if high - low <= multiple else set()
    return sorted(nearby)


def _bounded(fit: Fit, view: View) -> int:
    """The side that the rule would bring to its limit, as it was received."""
    (w, h), received = view.sent, view.received
    by_width = {
        Fit.LONGEST_SIDE: w >= h, Fit.SHORTEST_SIDE: w <= h, Fit.WIDTH: True, Fit.HEIGHT: False,
    }[fit]  # fmt: skip
    return received[0] if by_width else received[1]


def _percentages(resized: Sequence[View]) -> Iterator[Limit]:
    """Whole percentages that give each side to less than a pixel, or to less than a multiple that all sides are of."""
    sides = [pair for v in resized for pair in zip(v.sent, v.received, strict=True)]
    multiple = _common_multiple(resized)
    low = max(100 * (made - multiple) / side for side, made in sides)
    high = min(100 * (made + multiple) / side for side, made in sides)
    for percent in range(max(1, math.ceil(low)), math.floor(high) + 1):
        yield Limit(Fit.PERCENT, percent, 0, 0.0 if percent % 25 == 0 else 0.5 if percent % 5 == 0 else 2.0)
    for parts in PARTS:
        for count in range(max(1, math.ceil(low * parts / 100)), math.floor(high * parts / 100) + 1):
            if math.gcd(count, parts) == 1:
                yield Limit(Fit.PERCENT, count, parts, 1.0 if parts < 10 else 3.0)


PARTS = (3, 6, 7, 8, 9, 1000)
"""What a scale may be a part of where it is no whole percentage: a third, eighths, three decimals."""
ERRORS = {Rounding.FLOOR: (0.0, 1.0), Rounding.HALF_UP: (0.5, 0.5), Rounding.CEIL: (1.0, 0.0)}
"""By how much a side may lie below and above what was rounded to it."""


def _areas(views: Sequence[View]) -> Iterator[Limit]:
    """Areas that could give the received sizes under some rounding, the roundest number of each interval."""
    made = [side for v in views if v.is_resized for side in v.received]
    multiples = [m for m in MULTIPLES if all(side % m == 0 for side in made)]
    seen = set()
    for (down, up), multiple in product(ERRORS.values(), multiples):
        interval = _area(views, down * multiple, up * multiple)
        number = roundest(*interval) if interval else None
        if number is not None and number not in seen:
            seen.add(number)
            yield Limit(Fit.PIXELS, number, 0, _area_oddity(number))


def _area(views: Sequence[View], down: float, up: float) -> tuple[int, int] | None:
    """The areas (least, most) for which each side is at most `down` below and `up` above side * sqrt(limit / area)."""
    low, high = 0.0, math.inf
    for view in views:
        area = view.sent[0] * view.sent[1]
        if not view.is_resized:
            low = max(low, area)
            continue
        for side, made in zip(view.sent, view.received, strict=True):
            low = max(low, (max(0.0, made - down) / side) ** 2 * area)
            high = min(high, ((made + up) / side) ** 2 * area)
    return (math.ceil(low), math.floor(high)) if low < high < math.inf else None


def roundest(low: int, high: int) -> int | None:
    """The number from `low` to `high` that people would choose: in tens of millions, millions, ... or a product of
    common sides; None if there is none at all."""
    if low > high:
        return None
    for unit in (10**7, 10**6, 1 << 20, 10**5, 10**4, 10**3):
        number = -(-low // unit) * unit
        if number <= high:
            return number
        if unit == 1 << 20:
            products = sorted({a * b for a in COMMON for b in COMMON if low <= a * b <= high})
            if products:
                return products[0]
    for unit in (100, 10):
        if -(-low // unit) * unit <= high:
            return -(-low // unit) * unit
    return low


def _area_oddity(number: int) -> float:
    if number % 100_000 == 0 or number % (1 << 18) == 0:
        return 0.0
    products = {a * b for a in COMMON for b in COMMON}
    return 0.3 if number in products else 0.6 if number % 1000 == 0 else 2.0


def _measure(measure: Measure, size: tuple[int, int]) -> int:
    w, h = size
    return {
        "longest_side": max(w, h), "shortest_side": min(w, h), "width": w, "height": h, "pixels": w * h,
    }[measure]  # fmt: skip


def _table(fit: Fit, measure: Measure, views: Sequence[View]) -> Rule | None:
    """Limits by size: views in the order of their measure, cut where one limit cannot serve both sides; None where that
    takes more than MOST_PIECES pieces, or where each resized pair would have a piece of its own."""
    ordered = sorted(views, key=lambda v: _measure(measure, v.sent))
    pieces: list[list[View]] = []
    for view in ordered:
        if pieces and _served(fit, [*pieces[-1], view]) is not None:
            pieces[-1].append(view)
        else:
            pieces.append([view])
    resized = sum(v.is_resized for v in views)
    if not 2 <= len(pieces) <= MOST_PIECES or resized < len(pieces):
        return None
    values = [_served(fit, piece) for piece in pieces]
    up_to = []
    for before, after, value in zip(pieces, pieces[1:], values, strict=False):
        low, high = _measure(measure, before[-1].sent), _measure(measure, after[0].sent) - 1
        edge = roundest(low, high)
        if edge is None or value is None:
            return None  # two pictures of one measure that were treated differently
        up_to.append((edge, value))
    last = values[-1]
    return Rule(measure, tuple(up_to), last) if last is not None else None


def _table_oddity(fit: Fit, table: Rule, resized: Sequence[View]) -> float:
    """That of its limits, and ALONE for each that a single resized pair speaks for."""
    values = [*(value for _, value in table.up_to), table.otherwise]
    support = Counter(table(*v.sent) for v in resized)
    alone = sum(support[value] < 2 for value in values if value != PASSES)
    return sum(oddity(value) for value in values) + ALONE * alone


def _served(fit: Fit, piece: Sequence[View]) -> int | None:
    """The one limit that serves these views; None where there is none."""
    made = {_bounded(fit, v) for v in piece if v.is_resized}
    kept = [_bounded(fit, v) for v in piece if not v.is_resized]
    if not made:
        return PASSES
    if len(made) > 1:
        return None
    limit = made.pop()
    return limit if all(side <= limit for side in kept) else None
