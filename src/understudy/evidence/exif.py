"""APP1: EXIF, its byte order and orientation."""

from __future__ import annotations

from collections.abc import Iterator

from ..jpeg.syntax import JpegStream
from ._tiff import directory_at, first_directory
from .base import Observation, anomaly, apps, plural, visible

SOURCE = "Exif 2.32, 4.5 and 4.6"
ORIENTATION = 0x0112
TEXTS = {0x010F: "make", 0x0110: "model", 0x0131: "software"}
"""Fields that say who wrote the picture, and how they are called here."""
THUMBNAIL_AT, THUMBNAIL_BYTES = 0x0201, 0x0202
"""JPEGInterchangeFormat and its length, in the second directory."""


def detect(stream: JpegStream) -> Iterator[Observation]:
    for offset, data in list(apps(stream, 1, b"Exif\0"))[:1]:
        yield from describe(data[1:], offset)


def describe(tiff: bytes, offset: int) -> Iterator[Observation]:
    """What the TIFF structure of EXIF says, for any file that carries one. offset: where its carrier begins."""
    yield Observation("exif", "bytes", len(tiff), f"EXIF, {plural(len(tiff), 'byte')}", offset, SOURCE)
    directory = first_directory(tiff)
    if directory is None:
        yield anomaly(f"EXIF at {offset:#x}: no TIFF header (II or MM)", offset, SOURCE)
        return
    told = "little-endian (II)" if directory.order == "little" else "big-endian (MM)"
    yield Observation("exif", "byte_order", directory.order, told, offset, SOURCE)
    fields = f"{plural(directory.declared, 'field')} in its first directory"
    yield Observation("exif", "entries", directory.declared, fields, offset, SOURCE)
    if ORIENTATION in directory.entries:
        value = directory.entries[ORIENTATION]
        yield Observation("exif", "orientation", value, f"orientation {value}", offset, SOURCE)
    for tag, name in TEXTS.items():
        if tag in directory.texts:
            text = visible(directory.texts[tag])
            yield Observation("exif", name, text, f'{name} "{text}"', offset, SOURCE)
    if directory.next_at:
        second = directory_at(tiff, directory.order, directory.next_at).entries
        start, size = second.get(THUMBNAIL_AT, 0), second.get(THUMBNAIL_BYTES, 0)
        there = tiff[start : start + size]
        if size:
            kind = "a JPEG thumbnail" if there.startswith(b"\xff\xd8") else "a thumbnail that is no JPEG"
            found = {"bytes": size, "jpeg": there.startswith(b"\xff\xd8"), "whole": len(there) == size}
            cut = "" if len(there) == size else ", cut off"
            yield Observation("exif", "thumbnail", found, f"{kind}, {plural(size, 'byte')}{cut}", offset, SOURCE)
