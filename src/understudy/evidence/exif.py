"""APP1: EXIF, its byte order and orientation."""

from __future__ import annotations

from collections.abc import Iterator

from ..jpeg.syntax import JpegStream
from ._tiff import first_directory
from .base import Observation, anomaly, apps, plural

SOURCE = "Exif 2.32, 4.5 and 4.6"
ORIENTATION = 0x0112


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
