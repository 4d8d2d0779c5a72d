"""APP13: which Photoshop image resources are there, and the IPTC records in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..jpeg.syntax import JpegStream
from ._photoshop import IPTC, records, resources
from .base import Observation, anomaly, plural, visible

SOURCE = "Adobe Photoshop File Formats, Image Resource Blocks"
IIM = "IPTC-NAA IIM 4.2"

NAMES = {
    "1:90": "coded character set",
    "2:00": "record version",
    "2:05": "object name",
    "2:25": "keywords",
    "2:40": "special instructions",
    "2:80": "by-line",
    "2:103": "original transmission reference",
    "2:116": "copyright notice",
    "2:120": "caption",
}
"""IIM 4.2, chapters 5 and 6. Facebook writes 2:40 (FBMD) and 2:103 (20 random characters)."""


def detect(stream: JpegStream) -> Iterator[Observation]:
    found = list(resources(stream))
    if not found:
        return
    at = found[0].offset
    rows: list[dict[str, Any]] = [{"id": f"{r.id:04x}", "bytes": r.declared, "offset": r.offset} for r in found]
    told = ", ".join(row["id"] for row in rows[:12]) + (" …" if len(rows) > 12 else "")
    yield Observation("photoshop", "resources", rows, f"image resources {told}", at, SOURCE)
    for r in found:
        if r.declared > len(r.data):
            yield anomaly(
                f"8BIM {r.id:04x} at {r.offset:#x}: says {r.declared} bytes, its segment has {len(r.data)}",
                r.offset,
                SOURCE,
            )
    iptc = [record for r in found if r.id == IPTC for record in records(r)]
    if not iptc:
        return
    listed = [
        {
            "record": r.name,
            "name": NAMES.get(r.name, ""),
            "bytes": r.declared,
            "text": visible(r.data),
            "offset": r.offset,
        }
        for r in iptc
    ]
    order = [r.name for r in iptc]
    yield Observation("iptc", "order", order, "records " + ", ".join(order[:12]), iptc[0].offset, IIM)
    yield Observation("iptc", "records", listed, plural(len(iptc), "record"), iptc[0].offset, IIM)
    for record in iptc:
        if record.declared > len(record.data):
            got = f"says {record.declared} bytes, has {len(record.data)}"
            yield anomaly(f"IPTC {record.name} at {record.offset:#x}: {got}", record.offset, IIM)
            return
