"""COM: text that a writer left."""

from __future__ import annotations

from collections.abc import Iterator

from ..jpeg.syntax import COM, JpegStream, Opaque
from .base import Observation, placed, visible

MAX_COMMENTS = 50


def detect(stream: JpegStream) -> Iterator[Observation]:
    found = [(offset, e.data) for offset, e in placed(stream, Opaque) if e.code == COM]
    for offset, data in found[:MAX_COMMENTS]:
        value = {"offset": offset, "bytes": len(data), "text": visible(data)}
        told = f'comment "{visible(data, 60)}"' if data.strip(b"\0") else "an empty comment"
        yield Observation("comments", "comment", value, told, offset, "T.81 B.2.4.5")
