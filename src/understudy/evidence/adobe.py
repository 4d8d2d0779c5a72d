"""APP14: Adobe's marker, which says how the colours were transformed."""

from __future__ import annotations

from collections.abc import Iterator

from ..jpeg.syntax import JpegStream
from .base import Observation, anomaly, apps

SOURCE = "Adobe TN 5116, section 18 (ITU-T T.872 6.5.3)"
TRANSFORMS = {0: "none (RGB or CMYK)", 1: "YCbCr", 2: "YCCK"}


def detect(stream: JpegStream) -> Iterator[Observation]:
    for offset, data in list(apps(stream, 14, b"Adobe"))[:1]:
        if len(data) < 7:
            yield anomaly(f"Adobe marker at {offset:#x}: {len(data) + 5} bytes, expected 12", offset, SOURCE)
            return
        told = TRANSFORMS.get(data[6], f"unknown ({data[6]})")
        yield Observation("adobe", "version", int.from_bytes(data[:2], "big"), "Adobe marker", offset, SOURCE)
        yield Observation("adobe", "transform", data[6], f"Adobe marker, colour transform {told}", offset, SOURCE)
