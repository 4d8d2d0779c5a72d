"""Quantisation tables, the laws that scale them by quality, and which law a given table obeys.

Every table is a tuple of 64 in NATURAL order (row by row, index 8 v + h). Imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache


class Law(StrEnum):
    """What makes a pair of tables (luma, chroma) out of a quality."""

    ANNEX_K = "annex-k"
    """T.81's example tables, scaled by libjpeg's law: libjpeg and nearly everyone."""
    MOZJPEG_3 = "mozjpeg-3"
    """mozjpeg's preset 3, its default (N. Robidoux, for ImageMagick); luma and chroma alike, the same law."""
    CUSTOM_DIAG = "facebook-custom-diag"
    """One fixed pair that Facebook and Messenger use, 20 files of deliveries.csv; it has no quality."""


Table = tuple[int, ...]

# fmt: off
ANNEX_K_LUMA_NATURAL: Table = (
    16, 11, 10, 16, 24, 40, 51, 61,
    12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77,
    24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103, 99,
)
"""T.81 table K.1."""
ANNEX_K_CHROMA_NATURAL: Table = (
    17, 18, 24, 47, 99, 99, 99, 99,
    18, 21, 26, 66, 99, 99, 99, 99,
    24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99,
    *(99,) * 32,
)
"""T.81 table K.2."""
MOZJPEG_3_NATURAL: Table = (
    16, 16, 16, 18, 25, 37, 56, 85,
    16, 17, 20, 27, 34, 40, 53, 75,
    16, 20, 24, 31, 43, 62, 91, 135,
    18, 27, 31, 40, 53, 74, 106, 156,
    25, 34, 43, 53, 69, 94, 131, 189,
    37, 40, 62, 74, 94, 124, 169, 238,
    56, 53, 91, 106, 131, 169, 226, 311,
    85, 75, 135, 156, 189, 238, 311, 418,
)
"""ImageMagick's recommended table (its www/quantization tables by N. Robidoux), mozjpeg's `-quant-table 3`.
Scaled, it gives all 45 files of deliveries.csv that have this law, q71 to q85."""
CUSTOM_DIAG_LUMA_NATURAL: Table = (
    7, 7, 7, 12, 17, 23, 30, 36,
    7, 7, 7, 12, 17, 23, 30, 36,
    7, 7, 12, 17, 23, 30, 36, 43,
    12, 12, 17, 23, 30, 36, 43, 50,
    17, 17, 23, 30, 36, 43, 50, 56,
    23, 23, 30, 36, 43, 50, 56, 56,
    30, 30, 36, 43, 50, 56, 56, 56,
    36, 36, 43, 50, 56, 56, 56, 56,
)
"""Measured: facts/platforms.md."""
CUSTOM_DIAG_CHROMA_NATURAL: Table = (
    9, 9, 14, 25, 59, 59, 59, 59,
    9, 13, 13, 40, 59, 59, 59, 59,
    14, 13, 33, 59, 59, 59, 59, 59,
    25, 40, 59, 59, 59, 59, 59, 59,
    *(59,) * 32,
)
"""Measured: facts/platforms.md."""
# fmt: on

_BASES: dict[Law, tuple[Table, Table]] = {
    Law.ANNEX_K: (ANNEX_K_LUMA_NATURAL, ANNEX_K_CHROMA_NATURAL),
    Law.MOZJPEG_3: (MOZJPEG_3_NATURAL, MOZJPEG_3_NATURAL),
}


def scale(base_natural: Sequence[int], quality: int, force_baseline: bool = True) -> Table:
    """A base table at a libjpeg quality, 1 to 100: percentage s = 5000 // Q below 50, else 200 - 2 Q; (t s +
    50) // 100.

    Clamped to 1..255, or to 1..32767 without `force_baseline`. Source: libjpeg's jpeg_quality_scaling and
    jpeg_add_quant_table, as documented in its libjpeg.txt.
    """
    if not 1 <= quality <= 100:
        raise ValueError(f"quality {quality}, expected 1 to 100")
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    top = 255 if force_baseline else 32767
    return tuple(min(max((t * percent + 50) // 100, 1), top) for t in base_natural)


def quant_tables(law: Law | str, quality: int | None = None, force_baseline: bool = True) -> tuple[Table, Table]:
    """(luma, chroma) of a law at a quality, natural order; CUSTOM_DIAG takes no quality."""
    law = Law(law)
    if law == Law.CUSTOM_DIAG:
        if quality is not None:
            raise ValueError(f"{law} is one fixed pair; quality {quality} has no meaning there")
        return CUSTOM_DIAG_LUMA_NATURAL, CUSTOM_DIAG_CHROMA_NATURAL
    if quality is None:
        raise ValueError(f"{law} needs a quality, 1 to 100")
    luma, chroma = _BASES[law]
    return scale(luma, quality, force_baseline), scale(chroma, quality, force_baseline)


@dataclass(frozen=True, slots=True)
class TableMatch:
    """What a table is, or is nearest to."""

    law: str
    """A Law's value."""
    quality: int | None
    """1 to 100; None where the law has no quality."""
    role: str
    """`luma`, `chroma`, or `both` where the law gives both the same table at this quality."""
    exact: bool
    residual: float
    """Mean absolute difference of the 64 steps; 0 if exact."""


@cache
def _known(force_baseline: bool) -> tuple[tuple[TableMatch, Table], ...]:
    """Every law at every quality and role with its table; the commoner law and the higher quality first."""
    out = []
    for law in Law:
        for quality in (None,) if law == Law.CUSTOM_DIAG else range(100, 0, -1):
            luma, chroma = quant_tables(law, quality, force_baseline)
            roles = {"both": luma} if luma == chroma else {"luma": luma, "chroma": chroma}
            out += [(TableMatch(law, quality, role, True, 0.0), table) for role, table in roles.items()]
    return tuple(out)


@cache
def _by_table(force_baseline: bool) -> dict[Table, tuple[TableMatch, ...]]:
    index: dict[Table, tuple[TableMatch, ...]] = {}
    for match, table in _known(force_baseline):
        index[table] = (*index.get(table, ()), match)
    return index


def candidates(steps_natural: Sequence[int]) -> tuple[TableMatch, ...]:
    """Every law, quality and role that gives exactly this table; empty if none does.

    More than one where tables tie: all ones is Q100 and all 255 is Q1 of both laws, all 255 also Q2 and Q3 of
    MOZJPEG_3 and of ANNEX_K's chroma. No other tables of these laws tie.
    """
    steps = tuple(int(q) for q in steps_natural)
    if len(steps) != 64:
        raise ValueError(f"{len(steps)} steps, expected 64")
    return _by_table(max(steps) <= 255).get(steps, ())


def identify(steps_natural: Sequence[int]) -> TableMatch:
    """The first of `candidates` (the commoner law, then the higher quality), else the nearest, not exact."""
    exact = candidates(steps_natural)
    if exact:
        return exact[0]

    def residual(table: Table) -> float:
        return sum(abs(a - int(b)) for a, b in zip(table, steps_natural, strict=True)) / 64

    match, table = min(_known(max(steps_natural) <= 255), key=lambda known: residual(known[1]))
    return TableMatch(match.law, match.quality, match.role, False, residual(table))
