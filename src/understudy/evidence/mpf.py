"""APP2: the index of a multi-picture file (MPF), as gain maps and stereo pictures have it."""

from __future__ import annotations

from collections.abc import Iterator

from ..jpeg.syntax import JpegStream
from ._tiff import first_directory
from .base import Observation, anomaly, apps, plural

SOURCE = "CIPA DC-007, 5.2"
NUMBER_OF_IMAGES = 0xB001


def detect(stream: JpegStream) -> Iterator[Observation]:
    for offset, data in list(apps(stream, 2, b"MPF\0"))[:1]:
        directory = first_directory(data)
        if directory is None:
            yield anomaly(f"MPF at {offset:#x}: no TIFF header (II or MM)", offset, SOURCE)
            return
        images = directory.entries.get(NUMBER_OF_IMAGES)
        told = plural(images, "picture") if images is not None else "an unknown number of pictures"
        yield Observation("mpf", "images", images, f"a multi-picture file of {told}", offset, SOURCE)
