"""A bounded look into a TIFF structure (EXIF, MPF): byte order and the entries of its directories."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

MAX_ENTRIES = 512
MAX_TEXT = 200


@dataclass(frozen=True, slots=True)
class Directory:
    """The first image file directory of a TIFF structure; TIFF 6.0, section 2."""

    order: Literal["little", "big"]
    declared: int
    """How many entries it says it has."""
    entries: dict[int, int]
    """The first value of each entry of type BYTE, SHORT or LONG that fits in its row, by tag."""
    texts: dict[int, bytes] = field(default_factory=dict)
    """Each entry of type ASCII, by tag, without its NUL, at most MAX_TEXT bytes."""
    next_at: int = 0
    """Where the next directory stands; 0 for none."""


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
    if len(data) < 8:
        return Directory(order, 0, {})
    return directory_at(data, order, at)


def directory_at(data: bytes, order: Literal["little", "big"], at: int) -> Directory:
    """The directory at an offset; an empty one where there is none to be read."""
    if at + 2 > len(data):
        return Directory(order, 0, {})
    declared = int.from_bytes(data[at : at + 2], order)
    entries: dict[int, int] = {}
    texts: dict[int, bytes] = {}
    for i in range(min(declared, MAX_ENTRIES)):
        row = data[at + 2 + 12 * i : at + 14 + 12 * i]
        if len(row) < 12:
            break
        tag, kind = int.from_bytes(row[:2], order), int.from_bytes(row[2:4], order)
        width = {1: 1, 3: 2, 4: 4}.get(kind)
        if width:
            entries.setdefault(tag, int.from_bytes(row[8 : 8 + width], order))
        elif kind == 2:
            texts.setdefault(tag, _text(data, row, order))
    end = at + 2 + 12 * declared
    return Directory(order, declared, entries, texts, int.from_bytes(data[end : end + 4], order))


def _text(data: bytes, row: bytes, order: Literal["little", "big"]) -> bytes:
    """TIFF 6.0, section 2: a value of up to four bytes stands in the row, a longer one where the row points."""
    size, start = int.from_bytes(row[4:8], order), int.from_bytes(row[8:12], order)
    raw = row[8 : 8 + size] if size <= 4 else data[start : start + min(size, MAX_TEXT)]
    return raw.split(b"\0")[0]
