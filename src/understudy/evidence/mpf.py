"""APP2: the index of a multi-picture file (MPF), as gain maps and stereo pictures have it; where its pictures are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from ..jpeg.syntax import JpegStream
from ._tiff import first_directory
from .base import Observation, anomaly, apps, plural, size_of

SOURCE = "CIPA DC-007, 5.2"
NUMBER_OF_IMAGES = 0xB001
ENTRIES = 0xB002
MAX_PICTURES = 64
TYPES = {
    0x030000: "primary",
    0x010001: "large thumbnail (VGA)",
    0x010002: "large thumbnail (full HD)",
    0x020001: "panorama",
    0x020002: "disparity",
    0x020003: "another angle",
    0x040000: "original, kept",
    0x050000: "gain map",
    0x000000: "undefined",
}
"""Source: CIPA DC-007-2021, 5.2.3.3, MP type codes."""


def detect(stream: JpegStream) -> Iterator[Observation]:
    for offset, data in list(apps(stream, 2, b"MPF\0"))[:1]:
        directory = first_directory(data)
        if directory is None:
            yield anomaly(f"MPF at {offset:#x}: no TIFF header (II or MM)", offset, SOURCE)
            return
        images = directory.entries.get(NUMBER_OF_IMAGES)
        told = plural(images, "picture") if images is not None else "an unknown number of pictures"
        yield Observation("mpf", "images", images, f"a multi-picture file of {told}", offset, SOURCE)
        # Offsets count from the TIFF header: behind the marker, its length and the identifier.
        rows = _pictures(data, directory.order, offset + 8)
        if rows:
            said = "; ".join(f"{r['type']}, {r['bytes']:,} bytes at {r['offset']:#x}" for r in rows[:8])
            yield Observation("mpf", "pictures", rows, said, offset, "CIPA DC-007, 5.2.3.3")
            yield from _misplaced(rows, size_of(stream), offset)
        if images is not None and images != len(rows):
            yield anomaly(f"MPF at {offset:#x}: {images:,} pictures, {len(rows)} are listed", offset, SOURCE)


def _pictures(data: bytes, order: Literal["little", "big"], base: int) -> list[dict[str, Any]]:
    """The MP entries: 16 bytes each, attribute, size, offset (0: the file's first picture), two dependents."""
    at = int.from_bytes(data[4:8], order)
    count = min(int.from_bytes(data[at : at + 2], order), MAX_PICTURES)
    rows = (data[at + 2 + 12 * i : at + 14 + 12 * i] for i in range(count))
    found = next((r for r in rows if len(r) == 12 and int.from_bytes(r[:2], order) == ENTRIES), None)
    if found is None:
        return []
    size, start = int.from_bytes(found[4:8], order), int.from_bytes(found[8:12], order)
    out = []
    for i in range(start, start + min(size, 16 * MAX_PICTURES) - 15, 16):
        if i + 16 > len(data):
            break
        attribute, bytes_, offset = (int.from_bytes(data[i + j : i + j + 4], order) for j in (0, 4, 8))
        kind = attribute & 0xFFFFFF
        out.append(
            {
                "offset": base + offset if offset else 0,
                "bytes": bytes_,
                "type": TYPES.get(kind, f"type {kind:#08x}"),
                "attribute": attribute,
            }
        )
    return out


def _misplaced(rows: list[dict[str, Any]], total: int, offset: int) -> Iterator[Observation]:
    for number, row in enumerate(rows, 1):
        end = row["offset"] + row["bytes"]
        if end > total:
            yield anomaly(
                f"MPF at {offset:#x}: picture {number} ends at {end:#x}, the file at {total:#x}", offset, SOURCE
            )
