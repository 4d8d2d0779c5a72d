"""What the parser found odd, and components without a quantisation table."""

from __future__ import annotations

from collections.abc import Iterator

from ..jpeg.syntax import Dqt, JpegStream, Sos
from .base import Observation, anomaly, visible

MAX_ANOMALIES = 200
"""Anomalies that are told one by one; the rest is counted."""


def detect(stream: JpegStream) -> Iterator[Observation]:
    for odd in stream.anomalies[:MAX_ANOMALIES]:
        yield anomaly(visible(odd.text, 400), odd.offset, odd.clause)
    more = len(stream.anomalies) - MAX_ANOMALIES
    if more > 0:
        yield anomaly(f"and {more:,} more", stream.anomalies[MAX_ANOMALIES].offset, "")
    yield from _without_table(stream)


def _without_table(stream: JpegStream) -> Iterator[Observation]:
    """T.81 B.2.2: Tqi names a table; decoders take the one in force at the component's first scan
    (B.2.4.1)."""
    frame = stream.frame
    if frame is None or frame.code in (0xC3, 0xC7, 0xCB, 0xCF):
        return
    known: set[int] = set()
    waiting = {c.id: c.quant_tbl_no for c in frame.components}
    for offset, element in stream.located():
        if isinstance(element, Dqt):
            known.update(t.Tq for t in element.tables)
        if isinstance(element, Sos):
            for c in element.components:
                Tq = waiting.pop(c.id, None)
                if Tq is not None and Tq not in known:
                    yield anomaly(
                        f"SOS at {offset:#x}: component {c.id} uses quantisation table {Tq}, which no DQT "
                        "before it defines",
                        offset,
                        "T.81 B.2.2, B.2.4.1",
                    )
