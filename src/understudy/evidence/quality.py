"""Quality: the law that gives the quantisation tables of all components together, exactly, or how far the nearest are.

One table says less than two: T.81's luma table is libjpeg 9e's and Java's too, and mozjpeg's flat presets come again at
neighbouring qualities. What still ties is told as a class.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..codec.tables import KIN
from ..jpeg.syntax import JpegStream
from ._traits import laws, said
from .base import Observation

SOURCE = "laws: codec/tables; each is compared at every quality"


def conclude(stream: JpegStream, observations: tuple[Observation, ...]) -> Iterator[Observation]:
    """One observation set, where the first component's table is there."""
    values = [o.value for o in observations if o.topic == "tables"]
    pair = laws(values, said(observations))
    if pair["luma"] is None:
        return
    at = next((v["offset"] for v in values), None)
    for name in ("law", "quality", "exact", "residual", "ties", "luma", "chroma"):
        yield Observation("quality", name, pair[name], text(pair), at, SOURCE)


def text(pair: dict[str, Any]) -> str:
    """`annex-k quality 85, exact`; what ties with it; or each table's own or nearest law."""
    if pair["exact"]:
        law = f"{named(pair)}, exact"
        kin = [t["law"] for t in pair["ties"] if {t["law"], pair["law"]} <= KIN and t["quality"] == pair["quality"]]
        others = [named(t) for t in pair["ties"] if t["law"] not in kin]
        law += (
            f", so too {', '.join(others[:3])}" + (f" and {len(others) - 3} more" if len(others) > 3 else "")
            if others
            else ""
        )
        return law
    parts = {role: pair[role] for role in ("luma", "chroma") if pair[role]}
    told = [f"{role} {own(part)}" for role, part in parts.items()]
    return f"no law known here gives {'both tables' if len(parts) > 1 else 'the table'}: " + ", ".join(told)


def named(match: dict[str, Any]) -> str:
    """`annex-k quality 85`, or the law alone where it has no quality."""
    return str(match["law"]) + ("" if match["quality"] is None else f" quality {match['quality']}")


def own(part: dict[str, Any]) -> str:
    """One table's law: exact, or how far the nearest is."""
    if part["exact"]:
        return f"{named(part)}, exact"
    return f"nearest {named(part)}, {part['residual']:.3g} off a step"
