"""A bounded look into a TIFF structure (EXIF, MPF): byte order and the entries of its first directory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MAX_ENTRIES = 512


@dataclass(frozen=True, slots=True)
class Directory:
    """The first image file directory of a TIFF structure; TIFF 6.0, section 2."""

    order: Literal["little", "big"]
    declared: int
    """How many entries it says it has."""
    entries: dict[int, int]
    """The first value of each entry of type BYTE, SHORT or LONG that fits in its row, by tag."""


def first_directory(data: bytes) -> Directory | None:
    """The first directory of the TIFF structure in `data`; None where there is none to be read."""
    order: Literal["little", "big"]
    if data[:4] == b"II*\0":
        order = "little"
    elif data[:4] == b"MM\0*":
        order = "big"
    else:
        return None
    at = int.from_bytes(data[4:8], order)
    if len(data) < 8 or at + 2 > len(data):
        return Directory(order, 0, {})
    declared = int.from_bytes(data[at : at + 2], order)
    entries: dict[int, int] = {}
    for i in range(min(declared, MAX_ENTRIES)):
        row = data[at + 2 + 12 * i : at + 14 + 12 * i]
        if len(row) < 12:
            break
        width = {1: 1, 3: 2, 4: 4}.get(int.from_bytes(row[2:4], order))
        if width:
            entries.setdefault(int.from_bytes(row[:2], order), int.from_bytes(row[8 : 8 + width], order))
    return Directory(order, declared, entries)
