"""Huffman tables as the header has them: standard or custom, how they are grouped, what selects them.

Whether a custom table is optimal cannot be said without decoding, so it is not said here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..jpeg.huffman import STANDARD
from ..jpeg.syntax import Dht, HuffTable, JpegStream, Sos
from .base import Observation, anomaly, placed, plural

CLAUSE = "T.81 B.2.4.2"
MAX_UNDEFINED = 20

_STANDARD_NAME = {
    (t.Tc, t.counts, t.symbols): f"K.{3 + i} {'chroma' if t.Th else 'luma'}"
    for i, t in enumerate((STANDARD["DC 0"], STANDARD["DC 1"], STANDARD["AC 0"], STANDARD["AC 1"]))
}
"""T.81's table number of each typical table, by class and content."""


def standard_name(table: HuffTable) -> str:
    """`K.5 luma` where `table` is one of T.81's typical tables, in whatever destination; empty otherwise."""
    return _STANDARD_NAME.get((table.Tc, table.counts, table.symbols), "")


def detect(stream: JpegStream) -> Iterator[Observation]:
    segments = list(placed(stream, Dht))
    yield from _undefined(stream)
    if not segments:
        return
    at = segments[0][0]
    rows = list(_rows(stream))
    grouping = [[t.name for t in dht.tables] for _, dht in segments]
    yield Observation(
        "huffman",
        "tables",
        rows,
        f"{plural(len(rows), 'table')} in {plural(len(segments), 'segment')}",
        at,
        CLAUSE,
    )
    yield Observation("huffman", "dht_segments", len(segments), plural(len(segments), "DHT segment"), at, CLAUSE)
    yield Observation("huffman", "dht_tables", len(rows), plural(len(rows), "table"), at, CLAUSE)
    one_each = all(len(g) == 1 for g in grouping)
    yield Observation(
        "huffman",
        "grouping",
        grouping,
        "one table a segment" if one_each else "several tables share a segment",
        at,
        CLAUSE,
    )
    standard = sum(bool(row["standard"]) for row in rows)
    text = "all standard (T.81 K.3 to K.6)" if standard == len(rows) else "made for this picture or another custom set"
    if 0 < standard < len(rows):
        text = f"{standard} of {len(rows)} standard (T.81 K.3 to K.6)"
    yield Observation("huffman", "all_standard", standard == len(rows), text, at, "T.81 K.3.3")
    unused = [row for row in rows if row["replaced_unused"]]
    if unused:
        names = ", ".join(sorted({row["name"] for row in unused})[:8])
        yield Observation(
            "huffman",
            "replaced_unused",
            [row["name"] for row in unused[:100]],
            f"{names} written again before any scan used it",
            unused[0]["offset"],
            CLAUSE,
        )


def _rows(stream: JpegStream) -> Iterator[dict[str, Any]]:
    """One row a table, in file order; `before_scan` is the number of the scan that comes next."""
    scan = 0
    segment = 0
    latest: dict[str, dict[str, Any]] = {}
    rows: list[dict[str, Any]] = []
    for offset, element in stream.located():
        if isinstance(element, Sos):
            scan += 1
        if not isinstance(element, Dht):
            continue
        for table in element.tables:
            row: dict[str, Any] = {
                "name": table.name,
                "segment": segment,
                "offset": offset,
                "before_scan": scan,
                "codes": sum(table.counts),
                "longest": max((i for i, n in enumerate(table.counts, 1) if n), default=0),
                "standard": standard_name(table),
                "replaced_unused": False,
            }
            earlier = latest.get(table.name)
            if earlier is not None and earlier["before_scan"] == scan:
                earlier["replaced_unused"] = True
            latest[table.name] = row
            rows.append(row)
        segment += 1
    return iter(rows)


def _undefined(stream: JpegStream) -> Iterator[Observation]:
    """Tables that a scan selects though none was defined before it; T.81 B.2.3."""
    frame = stream.frame
    if frame is None or frame.code not in (0xC0, 0xC1, 0xC2):
        return
    if not any(isinstance(e, Dht) for e in stream.elements) and stream.scans:
        yield anomaly("no Huffman table (DHT) at all; Motion JPEG readers assume T.81 K.3 to K.6", 0, "T.81 B.2.4.2")
        return
    known: set[str] = set()
    found = 0
    for offset, element in stream.located():
        if isinstance(element, Dht):
            known.update(t.name for t in element.tables)
        if isinstance(element, Sos):
            missing = sorted(_needed(element, frame.progressive) - known)
            if missing and found < MAX_UNDEFINED:
                found += 1
                yield anomaly(
                    f"SOS at {offset:#x}: selects {missing[0]}, which no DHT before it defines",
                    offset,
                    "T.81 B.2.3",
                )


def _needed(sos: Sos, progressive: bool) -> set[str]:
    """The tables that a scan decodes with; DC refinement needs none (T.81 G.1.2.1)."""
    need: set[str] = set()
    for c in sos.components:
        if sos.Ss == 0 and not (progressive and sos.Ah):
            need.add(f"DC {c.dc_tbl_no}")
        if sos.Se > 0:
            need.add(f"AC {c.ac_tbl_no}")
    return need
