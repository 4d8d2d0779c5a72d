"""The order of the markers, and the small facts that stand in them alone: restarts, trailing bytes, APPn
names."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from ..jpeg.syntax import APP0, Dri, JpegStream, Opaque, Segment
from .base import Observation, app_identifier, placed, plural, size_of

CLAUSE = "T.81 B.2.1"
MAX_ORDER = 2_000
"""Markers that the order line names; what follows is counted."""


def detect(stream: JpegStream) -> Iterator[Observation]:
    names = [e.name for e in stream.elements if isinstance(e, Segment)]
    more = [f"{len(names) - MAX_ORDER} more"] if len(names) > MAX_ORDER else []
    yield Observation("markers", "order", ">".join(names[:MAX_ORDER] + more), folded(names), 0, CLAUSE)
    restarts = [(offset, e.restart_interval) for offset, e in placed(stream, Dri) if e.restart_interval]
    for offset, interval in restarts[:1]:
        yield Observation(
            "markers",
            "restart_interval",
            interval,
            f"a restart every {plural(interval, 'MCU')}",
            offset,
            "T.81 B.2.4.4",
        )
    rows = [
        {"marker": e.name, "identifier": app_identifier(e.data), "bytes": len(e.data), "offset": offset}
        for offset, e in placed(stream, Opaque)
        if APP0 <= e.code <= APP0 + 15
    ]
    if rows:
        told = ", ".join(f"{r['marker']} {r['identifier']}".rstrip() for r in rows[:8])
        yield Observation("markers", "apps", rows[:1_000], told, None, "T.81 B.2.4.6")
    if stream.trailing:
        n = len(stream.trailing)
        at = size_of(stream) - n
        yield Observation("markers", "trailing_bytes", n, f"{plural(n, 'byte')} after EOI", at, CLAUSE)


def folded(names: list[str], limit: int = 40) -> str:
    """The order in one readable line, repeats folded: `SOI APP0 DQT×2 SOF2 DHT×2 SOS`."""
    runs = [(name, len(list(group))) for name, group in groupby(names)]
    told = " ".join(name if n == 1 else f"{name}×{n}" for name, n in runs[:limit])
    return told + (" …" if len(runs) > limit else "")
