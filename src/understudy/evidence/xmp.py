"""APP1: XMP packets."""

from __future__ import annotations

from collections.abc import Iterator

from ..jpeg.syntax import JpegStream
from .base import Observation, apps, plural

SOURCE = "XMP specification part 3, 1.1.3 (JPEG)"


def detect(stream: JpegStream) -> Iterator[Observation]:
    main = list(apps(stream, 1, b"http://ns.adobe.com/xap/1.0/\0"))
    for offset, data in main[:1]:
        yield Observation("xmp", "bytes", len(data), f"XMP, {plural(len(data), 'byte')}", offset, SOURCE)
        if b"hdrgm:" in data or b"hdr-gain-map" in data:
            yield Observation("xmp", "gain_map", True, "XMP speaks of a gain map (Ultra HDR)", offset, "Ultra HDR 1.1")
    extended = list(apps(stream, 1, b"http://ns.adobe.com/xmp/extension/\0"))
    if extended:
        n = len(extended)
        yield Observation(
            "xmp", "extended_segments", n, plural(n, "segment") + " of extended XMP", extended[0][0], SOURCE
        )
