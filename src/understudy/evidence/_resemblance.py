"""Known deliveries with the same headers, platform by platform: what is left to say where no platform can be told.

Counts of files that somebody gathered. They say which platforms are known to deliver such a file, not how likely one
is: LinkedIn's 13 files and Facebook's 300 are no sample of the pictures in the world, and other software writes the
same headers. Source: known_files.toml, which benchmarks/known_files.py makes from deliveries.csv.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ._knowledge import NONE, OR, SEVERAL, Traits, _toml
from ._traits import LONGEST

CODING = (
    "process",
    "law",
    "quality",
    "script",
    "sampling",
    "component ids",
    "Huffman codes",
    "quantisation tables",
)
"""What the encoder and its settings decide."""
CARRIED = ("JFIF", "metadata", "ICC", "density", "comment")
"""What the file carries along."""
SAME_HEADERS = "the same headers"
LEVELS = ((CODING + CARRIED, SAME_HEADERS), (CODING, "the same coding, but carry other things along"))


@dataclass(frozen=True, slots=True)
class Known:
    """Delivered files with the same traits."""

    traits: Mapping[str, str]
    platform: str
    source: str
    longest: tuple[int, ...]
    """The longest side of each file, in pixels."""


@cache
def known_files() -> tuple[Known, ...]:
    """The deliveries without FBMD, in the order of known_files.toml."""
    table = _toml("known_files.toml")
    names = table["traits"]
    return tuple(
        Known(dict(zip(names, row["traits"], strict=True)), row["platform"], row["source"], tuple(row["longest"]))
        for row in table["known"]
    )


def resembling(
    found: Traits, without_sources: Collection[str] = (), known: Collection[Known] | None = None
) -> dict[str, Any]:
    """The known deliveries without FBMD that have the traits of `found`, by platform.

    Returns compared (what was held against each other, in words), known (how many files), platforms: a row for each
    with platform, files (that have these traits), of (known of the platform), sources (of how many places), same_size
    (how many have the same longest side), longest (the longest of theirs), beyond (whether this file is longer). Sizes
    that agree come first, files longer than any known last; among equals the larger share of the platform's files.
    """
    rows = [k for k in (known_files() if known is None else known) if k.source not in without_sources]
    of: dict[str, int] = {}
    for row in rows:
        of[row.platform] = of.get(row.platform, 0) + len(row.longest)
    compared, same = LEVELS[0][1], list[Known]()
    for traits, words in LEVELS:
        alike = [row for row in rows if all(_agree(t, row.traits[t], found.get(t, NONE)) for t in traits)]
        if alike:
            compared, same = words, alike
            break
    size = int(found[LONGEST]) if found.get(LONGEST, "").isdecimal() else 0
    told = [_platform(p, [r for r in same if r.platform == p], of[p], size) for p in {r.platform: 0 for r in same}]
    told.sort(key=lambda r: (r["beyond"], not r["same_size"], -r["files"] / r["of"], r["platform"]))
    return {"compared": compared, "known": sum(of.values()), "platforms": told}


def _platform(platform: str, rows: list[Known], of: int, size: int) -> dict[str, Any]:
    longest = [side for row in rows for side in row.longest]
    return {
        "platform": platform,
        "files": len(longest),
        "of": of,
        "sources": len({row.source for row in rows}),
        "same_size": longest.count(size),
        "longest": max(longest),
        "beyond": size > max(longest),
    }


def _agree(trait: str, one: str, other: str) -> bool:
    """Whether the two say the same; of names joined by `or`, whether one is common."""
    if trait in SEVERAL and one != NONE:
        return bool(set(one.split(OR)) & set(other.split(OR)))
    return one == other
