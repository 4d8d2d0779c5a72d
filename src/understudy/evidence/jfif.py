"""APP0: the JFIF header."""

from __future__ import annotations

from collections.abc import Iterator

from ..jpeg.syntax import JpegStream
from .base import Observation, anomaly, apps

SOURCE = "JFIF 1.02, JFIF APP0 marker segment (ITU-T T.871 10.1)"
UNITS = {0: "only an aspect ratio", 1: "dots an inch", 2: "dots a centimetre"}


def detect(stream: JpegStream) -> Iterator[Observation]:
    """One `jfif` observation set for the first header; further ones are an anomaly."""
    found = list(apps(stream, 0, b"JFIF\0"))
    for offset, _ in found[1:3]:
        yield anomaly(f"a second JFIF header at {offset:#x}, expected one", offset, SOURCE)
    for offset, data in found[:1]:
        if len(data) < 9:
            yield anomaly(f"JFIF header at {offset:#x}: {len(data) + 5} bytes, expected 14 or more", offset, SOURCE)
            return
        version = f"{data[0]}.{data[1]:02d}"
        x, y = int.from_bytes(data[3:5], "big"), int.from_bytes(data[5:7], "big")
        yield Observation("jfif", "version", version, f"JFIF {version}", offset, SOURCE)
        units = UNITS.get(data[2], f"unknown units {data[2]}")
        yield Observation("jfif", "units", data[2], units, offset, SOURCE)
        yield Observation("jfif", "density", [x, y], f"density {x} x {y}, {units}", offset, SOURCE)
        yield Observation(
            "jfif",
            "thumbnail",
            [data[7], data[8]],
            f"thumbnail {data[7]} x {data[8]}" if data[7] and data[8] else "no thumbnail",
            offset,
            SOURCE,
        )
        if len(data) != 9 + 3 * data[7] * data[8]:
            yield anomaly(
                f"JFIF header at {offset:#x}: {len(data) - 9} bytes of thumbnail, expected {3 * data[7] * data[8]}",
                offset,
                SOURCE,
            )
    for offset, data in list(apps(stream, 0, b"JFXX\0"))[:1]:
        yield Observation("jfif", "extension", data[0] if data else None, "a JFXX thumbnail", offset, SOURCE)
