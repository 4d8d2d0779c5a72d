"""APP11: JUMBF boxes, and among them a C2PA manifest (content credentials). Presence only: nothing is
verified."""

from __future__ import annotations

from collections.abc import Iterator

from ..jpeg.syntax import JpegStream
from .base import Observation, apps, plural

SOURCE = "ISO/IEC 19566-5 annex D; C2PA 2.1, A.3.1"


def detect(stream: JpegStream) -> Iterator[Observation]:
    boxes = list(apps(stream, 11, b"JP"))
    if not boxes:
        return
    offset = boxes[0][0]
    total = sum(len(data) for _, data in boxes)
    manifest = any(b"c2pa" in data[:256] for _, data in boxes)
    told = "a C2PA manifest is there (not verified)" if manifest else "JUMBF boxes, no C2PA label seen"
    yield Observation("c2pa", "manifest", manifest, told, offset, SOURCE)
    yield Observation(
        "c2pa", "bytes", total, f"{plural(total, 'byte')} in {plural(len(boxes), 'segment')}", offset, SOURCE
    )
