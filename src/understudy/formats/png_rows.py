"""The filter of each row of a PNG, found by unpacking its data in bounded pieces; the rows are not kept.

Source: PNG specification (W3C, third edition), 7.2 (scanlines), 8.1 (Adam7), 9.2 (filters), 10.1 (IDAT is one stream).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from .base import be

MAX_UNPACKED = 1 << 27
"""Bytes of rows that are unpacked at most: 44 megapixels of RGB, about a third of a second."""
MAX_BY_ROW = 4096
"""Rows whose filter is kept one by one."""
_PIECE = 1 << 20
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""First column and row, and the steps, of each pass. Source: 8.1."""


@dataclass(slots=True)
class Rows:
    """What the rows of one picture show."""

    filters: list[int] = field(default_factory=lambda: [0] * 6)
    """How many rows have filter 0 to 4, and how many another."""
    count: int = 0
    by_row: str = ""
    """The filters of the first MAX_BY_ROW rows, a digit each (`?` for one above 4)."""
    extra: int = 0
    """Bytes after the last row, or after the compressed stream's end."""
    limited: bool = False
    trouble: str = ""


def passes(head: bytes) -> list[tuple[int, int]]:
    """(bytes a row with its filter byte, rows) of each pass of a picture with this IHDR; one if not interlaced."""
    width, height = be(head, 0, 4), be(head, 4, 4)
    bits = head[8] * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(head[9], 1)
    if not head[12]:
        return [(1 + -(-width * bits // 8), height)] if width and height else []
    sizes = [(-(-(width - x) // dx), -(-(height - y) // dy)) for x, y, dx, dy in _ADAM7]
    return [(1 + -(-w * bits // 8), h) for w, h in sizes if w > 0 and h > 0]


def read_rows(data: bytes, spans: Sequence[tuple[int, int]], head: bytes) -> Rows:
    """The rows of the picture whose IDAT chunks' data stands at `spans` (begin, end) of `data`."""
    out = Rows()
    left = passes(head)
    stream = zlib.decompressobj()
    total, skip = 0, 0
    for number, (begin, end) in enumerate(spans):
        packed = data[begin:end]
        while packed and not stream.eof:
            try:
                piece = stream.decompress(packed, _PIECE)
            except zlib.error as error:
                out.trouble = f"{error}, in row {out.count:,}"
                return out
            packed = stream.unconsumed_tail
            total += len(piece)
            skip = _take(out, left, piece, skip)
            if total > MAX_UNPACKED:
                out.limited = True
                return out
        if stream.eof:
            out.extra += len(stream.unused_data) + sum(b - a for a, b in spans[number + 1 :])
            break
    if left:
        out.trouble = f"the data ends in row {out.count:,}"
    return out


def _take(out: Rows, left: list[tuple[int, int]], piece: bytes, skip: int) -> int:
    """Notes the filters in `piece`, of which `skip` bytes belong to a row that has begun; how many of the next do."""
    at = skip
    while left and at < len(piece):
        line, rows = left[0]
        filters = piece[at : at + line * rows : line]
        out.count += len(filters)
        for kind in range(5):
            out.filters[kind] += filters.count(kind)
        out.filters[5] = out.count - sum(out.filters[:5])
        room = MAX_BY_ROW - len(out.by_row)
        out.by_row += "".join(str(f) if f < 5 else "?" for f in filters[: max(0, room)])
        at += line * len(filters)
        if len(filters) == rows:
            left.pop(0)
        else:
            left[0] = line, rows - len(filters)
    if not left:
        out.extra += max(0, len(piece) - at) if at <= len(piece) else 0
    return max(0, at - len(piece))
