"""Kinds of scan scripts: what an optimiser can choose, where a script has no name of its own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import product

Scan = tuple[tuple[int, ...], int, int, int, int]
"""(component indexes, Ss, Se, Ah, Al)."""

MOZJPEG = "mozjpeg-optimised"
LUMA_LAST = "facebook-30-optimised"
LUMA_FIRST = "facebook-cdn-optimised"

KINDS: dict[str, str] = {
    MOZJPEG: "one of the 1,296 scripts (24 for grey) among which mozjpeg's scan optimisation chooses",
    LUMA_LAST: "DC of luma, DC of both chroma, luma's bands but for the lowest bit, chroma's bands, luma's lowest bit",
    LUMA_FIRST: "DC of luma, DC of both chroma, luma's bands and refinement, then each chroma's bands and refinement",
}
"""What a kind is. Sources: mozjpeg 4.0.3 (codec/mozjpeg/scan_search.py, with which tests compare the list); each script
of 86 deliveries with FBMD30; 14 deliveries of Facebook's CDN, 2024 and 2025 (facts: platforms, deliveries.csv)."""

_SPLITS = (63, 2, 8, 5, 12, 18)
MOST_SCANS = 200


def kinds_of(script: Sequence[Sequence[object]]) -> tuple[str, ...]:
    """The kinds that a script `[[component indexes], Ss, Se, Ah, Al], ...` belongs to; empty for most."""
    if not 2 <= len(script) <= MOST_SCANS:
        return ()
    scans = tuple((tuple(row[0]), *row[1:]) for row in script)  # type: ignore[arg-type]
    found = [MOZJPEG] if scans in _mozjpeg() else []
    if scans[:2] == (((0,), 0, 0, 0, 0), ((1, 2), 0, 0, 0, 0)):
        rest = scans[2:]
        order = _order(rest)  # type: ignore[arg-type]
        if order == [(0, 1), (1, 0), (2, 0)] and rest[-1] == ((0,), 1, 63, 1, 0):
            found.append(LUMA_LAST)
        if [c for c, _ in order] == [0, 1, 2] and _luma_first(rest, dict(order)):  # type: ignore[arg-type]
            found.append(LUMA_FIRST)
    return tuple(found)


def _order(scans: Sequence[Scan]) -> list[tuple[int, int]]:
    """(component, Al) of each run of first AC scans that covers 1 to 63 without a gap; empty if one does not."""
    runs: list[tuple[int, int]] = []
    at = 64
    for components, Ss, Se, Ah, Al in scans:
        if Ah:
            continue
        if len(components) != 1:
            return []
        if at == 64:
            runs.append((components[0], Al))
            at = 1
        if (components[0], Al) != runs[-1] or Ss != at or Se < Ss:
            return []
        at = Se + 1
    return runs if at == 64 else []


def _luma_first(scans: Sequence[Scan], Al_of: dict[int, int]) -> bool:
    """Whether every component's refinement scans follow its own bands at once."""
    expected: list[Scan] = []
    for c, most in Al_of.items():
        expected += [scan for scan in scans if scan[0] == (c,) and not scan[3]]
        expected += [((c,), 1, 63, Al + 1, Al) for Al in range(most - 1, -1, -1)]
    return list(scans) == expected


@cache
def _mozjpeg() -> frozenset[tuple[Scan, ...]]:
    """Every script that mozjpeg's scan optimisation can end with, for one and for three components."""
    out = set()
    for luma, split in product(range(4), _SPLITS):
        out.add((_dc(0), *_bands((0,), split, luma), *_refined((0,), luma, 0)))
        for chroma, chroma_split in product(range(3), _SPLITS):
            both = min(luma, chroma)
            ac = (
                *_bands((0,), split, luma),
                *_refined((0,), luma, both),
                *_bands((1, 2), chroma_split, chroma),
                *_refined((1, 2), chroma, both),
                *_refined((0, 1, 2), both, 0),
            )
            for dc in ((_dc(0, 1, 2),), (_dc(0), _dc(1), _dc(2)), (_dc(0), _dc(1, 2))):
                out.add((*dc, *ac))
    return frozenset(out)


def _dc(*components: int) -> Scan:
    return components, 0, 0, 0, 0


def _bands(components: Sequence[int], split: int, Al: int) -> list[Scan]:
    bands = [(1, split)] + ([(split + 1, 63)] if split < 63 else [])
    return [((c,), Ss, Se, 0, Al) for c in components for Ss, Se in bands]


def _refined(components: Sequence[int], top: int, down_to: int) -> list[Scan]:
    """Refinement scans, bit by bit; the components take turns."""
    return [((c,), 1, 63, Al + 1, Al) for Al in range(top - 1, down_to - 1, -1) for c in components]
