"""The quality that ImageMagick reads off a JPEG's tables, and writes with where it is told none.

Two figures of the tables, four of their steps added and all of them added, are compared with those of T.81's example
tables at each quality: the first quality whose figures the file's do not both stay below is the one, if it reaches the
file's in both or is above 50; otherwise there is none, and ImageMagick takes 92.

Source: the comparison as ImageMagick's users describe it, its thresholds computed here from ANNEX_K; proved on
`identify -format %Q` of 6.9.11-60 (tests/codec/test_imagemagick_quality.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from .tables import Law, quant_tables

DEFAULT = 92
"""What ImageMagick writes with where it finds no quality, and for formats that have none."""


@cache
def _thresholds(two: bool) -> tuple[tuple[int, int], ...]:
    """(four steps added, all added) of ANNEX_K at qualities 1 to 100; of luma alone without `two`."""
    return tuple(_figures(quant_tables(Law.ANNEX_K, quality)[: 2 if two else 1]) for quality in range(1, 101))


def _figures(tables: Sequence[Sequence[int]]) -> tuple[int, int]:
    first = tables[0][2] + tables[0][53]
    return first + (tables[1][0] + tables[1][63] if len(tables) > 1 else 0), sum(map(sum, tables))


def estimate(tables: Mapping[int, Sequence[int]]) -> int | None:
    """The quality, 1 to 100, of tables by their destination (T.81's Tq), 64 steps each in natural order.

    None where there is no table 0, or none of the qualities is near enough.
    """
    if 0 not in tables:
        return None
    two = 1 in tables
    some, _ = _figures([tables[0], tables[1]] if two else [tables[0]])
    every = sum(map(sum, tables.values()))
    for quality, (most_some, most_every) in enumerate(_thresholds(two), 1):
        if some < most_some and every < most_every:
            continue
        return quality if (some <= most_some and every <= most_every) or quality > 50 else None
    return None
