"""FBMD: Facebook's note of where its scans stood, and so whether the file is as Facebook delivered it.

`FBMD`, two hex digits (a type), four (a count n), then n + 1 little-endian 32-bit numbers in hex: the offset
of SOS markers, and last the length of the file as delivered.

Source: measured, on 387 of 387 delivered files whose last number equals their length all positions are right
(November 2026). It is a note of positions, no signature: whoever changes bytes without moving any is not
seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..jpeg.syntax import COM, JpegStream, Opaque, Sos
from ._photoshop import IPTC, records, resources
from .base import Observation, placed, plural, size_of

SOURCE = "measured on 387 delivered files, November 2026"
EVERY_SCAN = frozenset({"01", "0a", "0f", "23"})
FIRST_AND_LAST = frozenset({"30"})
"""Types that note the first and the last scan only; `steps.envelope` writes them so."""
_NOTE = re.compile(rb"FBMD([0-9A-Fa-f]{2})([0-9A-Fa-f]{4})((?:[0-9A-Fa-f]{8})*)")
_MAX_HEX = 16 + 8 * 65_536


@dataclass(frozen=True, slots=True)
class Note:
    """One FBMD note as it stands."""

    offset: int
    where: str
    type: str
    count: int
    """What it says: how many positions follow, the length not counted."""
    numbers: tuple[int, ...]
    """What follows: positions, then the length; fewer than count + 1 where the note is cut off."""

    @property
    def complete(self) -> bool:
        return len(self.numbers) == self.count + 1


def detect(stream: JpegStream) -> Iterator[Observation]:
    notes = list(find(stream))
    if not notes:
        return
    note = notes[0]
    at = note.offset
    size = size_of(stream)
    scans = [offset for offset, _ in placed(stream, Sos)]
    intact, told, shift = judge(note, scans, size)
    yield Observation("fbmd", "type", note.type, f"FBMD type {note.type}, in {note.where}", at, SOURCE)
    yield Observation("fbmd", "where", note.where, f"stands in {note.where}", at, SOURCE)
    yield Observation("fbmd", "count", note.count, f"says {plural(note.count, 'position')}", at, SOURCE)
    yield Observation(
        "fbmd",
        "positions",
        list(note.numbers[: note.count]),
        f"{sum(p in scans for p in note.numbers[: note.count])} of {note.count} positions are scans here",
        at,
        SOURCE,
    )
    delivered = note.numbers[-1] if note.complete else None
    text = "the length is missing" if delivered is None else f"delivered with {plural(delivered, 'byte')}, has {size:,}"
    yield Observation("fbmd", "delivered_bytes", delivered, text, at, SOURCE)
    yield Observation("fbmd", "shift", shift, told if shift else "no common shift", at, SOURCE)
    yield Observation("fbmd", "intact", intact, told, at, SOURCE)
    if len(notes) > 1:
        yield Observation("fbmd", "notes", len(notes), f"{len(notes)} notes, the first one is told", at, SOURCE)


def find(stream: JpegStream) -> Iterator[Note]:
    """The notes in the file: IPTC 2:40 first, its rightful place, then any APPn or COM (editors carry it
    along)."""
    seen = False
    for resource in resources(stream):
        for record in records(resource) if resource.id == IPTC else ():
            for match in _NOTE.finditer(record.data[:_MAX_HEX]):
                seen = True
                start = record.offset + 5 + match.start()
                yield _note(match, start, f"IPTC {record.name}")
    if seen:
        return
    for offset, element in placed(stream, Opaque):
        if 0xE0 <= element.code <= 0xEF or element.code == COM:
            for match in _NOTE.finditer(element.data):
                yield _note(match, offset + 4 + match.start(), element.name)


def _note(match: re.Match[bytes], offset: int, where: str) -> Note:
    kind, count, digits = match.groups()
    n = int(count, 16)
    words = range(0, min(len(digits), 8 * (n + 1)), 8)
    numbers = tuple(int.from_bytes(bytes.fromhex(digits[i : i + 8].decode("ascii")), "little") for i in words)
    return Note(offset, where, kind.decode("ascii").lower(), n, numbers)


def judge(note: Note, scans: list[int], size: int) -> tuple[str, str, int | None]:
    """(`yes`, `no`, `stale` or `cannot tell`, the verdict in words, common shift of the scans or None).

    yes: every number fits. no: the scans are spaced as noted but moved, or bytes were added or lost behind
    them. stale: no number fits, so another encoder wrote these scans and kept the note. cannot tell: the note
    is damaged.
    """
    if not note.complete or not note.count:
        text = f"cannot tell: the note says {note.count} positions and holds {len(note.numbers)} numbers"
        return "cannot tell", text, None
    *positions, delivered = note.numbers
    ends = [scans[0], scans[-1]] if scans else []
    listings = {"every scan": scans, "the first and the last scan": ends}
    if note.type in EVERY_SCAN:
        del listings["the first and the last scan"]
    elif note.type in FIRST_AND_LAST:
        del listings["every scan"]
    fits = next((name for name, expected in listings.items() if positions == expected), "")
    if fits and delivered == size:
        return "yes", f"yes: {fits} and the length stand where Facebook noted them", None
    if fits:
        change = size - delivered
        did = f"{plural(change, 'byte')} more" if change > 0 else f"{plural(-change, 'byte')} fewer"
        return "no", f"no: the scans stand where Facebook noted them, but the file has {did}", None
    for expected in listings.values():
        shift = _common_shift(positions, expected)
        if shift:
            by = f"{plural(abs(shift), 'byte')} {'longer' if shift > 0 else 'shorter'}"
            return "no", f"no: the scans are spaced as noted, behind headers that are {by}", shift
    if any(p in scans for p in positions) or delivered == size:
        return "no", "no: some of what Facebook noted fits this file and some does not", None
    return "stale", "no: the note is stale, nothing in it fits; another writer made this file", None


def _common_shift(positions: list[int], scans: list[int]) -> int | None:
    """By how many bytes all scans moved together, None where they did not (a single scan shows nothing)."""
    if len(positions) != len(scans) or len(set(scans)) < 2:
        return None
    shifts = {actual - noted for noted, actual in zip(positions, scans, strict=True)}
    return shifts.pop() if len(shifts) == 1 else None
