"""Which encoder family wrote the container, as far as the headers show: encoders.toml, compared trait by trait.

A layout is never proof of an encoder: it says "consistent with", what supports that and what contradicts it.
Tables of quality say nothing here, since any encoder may be given any table. The picture data is not looked
at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..jpeg.syntax import JpegStream
from ._knowledge import Layout, Traits, compare, layouts
from ._traits import container, said
from .base import Observation

MAX_CONTRADICTIONS, MIN_SUPPORTS = 1, 5
"""What a family that does not fit may contradict at most, and must support, to be mentioned as near."""


def conclude(stream: JpegStream, observations: tuple[Observation, ...]) -> Iterator[Observation]:
    """Which layouts the traits agree with, each with what supports and contradicts it; nothing without a trait."""
    found = container(stream, said(observations))
    if not found:
        return
    rows = ranked(found)
    consistent = [r for r in rows if not r["contradicts"]]
    near = [r for r in rows if _near(r)]
    yield Observation("family", "traits", found, f"{len(found)} traits of the container", None, "the headers")
    names = [r["family"] for r in consistent]
    told = "the container is consistent with " + "; or ".join(names) if names else "no container layout known here fits"
    source = consistent[0]["source"] if consistent else ""
    yield Observation("family", "consistent_with", consistent, told, None, source)
    if near and not consistent:
        told = "; ".join(f"{r['family']}, but {r['contradicts'][0]}" for r in near)
        yield Observation("family", "nearest", near, f"nearest: {told}", None, near[0]["source"])


def ranked(found: Traits) -> list[dict[str, Any]]:
    """Every layout with what supports and contradicts it: the least contradicted first, then the best supported."""
    rows = (_row(layout, found) for layout in layouts())
    return sorted(rows, key=lambda r: (len(r["contradicts"]), -len(r["supports"]), r["family"]))


def _near(row: dict[str, Any]) -> bool:
    return 0 < len(row["contradicts"]) <= MAX_CONTRADICTIONS and len(row["supports"]) >= MIN_SUPPORTS


def _row(layout: Layout, found: Traits) -> dict[str, Any]:
    supports, contradicts = compare(layout.traits, found, layout.settable)
    contradicts += [f"{trait}: none with a name here" for trait in layout.needs if trait not in found]
    return {
        "family": layout.name,
        "id": layout.id,
        "supports": supports,
        "contradicts": contradicts,
        "not_distinguished": layout.note,
        "source": layout.source,
    }
