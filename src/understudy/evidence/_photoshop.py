"""APP13: Photoshop's image resources (8BIM) and the IPTC records in one of them, read without trusting a
length.

Source: Adobe Photoshop File Formats Specification, Image Resource Blocks; IPTC-NAA IIM 4.2, 1.5 and 1.6.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..jpeg.syntax import JpegStream
from .base import apps

IDENTIFIER = b"Photoshop 3.0\0"
IPTC = 0x0404
MAX_RESOURCES = 500
MAX_RECORDS = 500


@dataclass(frozen=True, slots=True)
class Resource:
    """One image resource block."""

    offset: int
    """In the file, of its signature."""
    id: int
    declared: int
    """Bytes that it says it has."""
    data: bytes
    data_offset: int


@dataclass(frozen=True, slots=True)
class Record:
    """One IIM data set."""

    offset: int
    """In the file, of its tag marker 1C."""
    record: int
    dataset: int
    declared: int
    data: bytes

    @property
    def name(self) -> str:
        return f"{self.record}:{self.dataset:02d}"


def resources(stream: JpegStream) -> Iterator[Resource]:
    """The resource blocks of all APP13 segments, each segment read on its own, until one cannot be read."""
    count = 0
    for marker_at, body in apps(stream, 13, IDENTIFIER):
        base = marker_at + 4 + len(IDENTIFIER)
        at = 0
        while body[at : at + 4] == b"8BIM" and count < MAX_RESOURCES:
            name_size = (body[at + 6] if at + 6 < len(body) else 0) + 1
            size_at = at + 6 + name_size + name_size % 2
            if size_at + 4 > len(body):
                break
            declared = int.from_bytes(body[size_at : size_at + 4], "big")
            start = size_at + 4
            data = body[start : start + declared]
            yield Resource(base + at, int.from_bytes(body[at + 4 : at + 6], "big"), declared, data, base + start)
            count += 1
            at = start + declared + declared % 2


def records(resource: Resource) -> Iterator[Record]:
    """The IIM records of a resource 0x0404, in order, until one cannot be read."""
    data, at, count = resource.data, 0, 0
    while data[at : at + 1] == b"\x1c" and at + 5 <= len(data) and count < MAX_RECORDS:
        size, start = int.from_bytes(data[at + 3 : at + 5], "big"), at + 5
        if size & 0x8000:  # extended: the low bits count the bytes of the length
            width = size & 0x7FFF
            if width > 4:
                return
            size, start = int.from_bytes(data[start : start + width], "big"), start + width
        yield Record(resource.data_offset + at, data[at + 1], data[at + 2], size, data[start : start + size])
        count += 1
        at = start + size
